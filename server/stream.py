"""Who has a stream open in this process, and what of that which happens is for whom.

One connection of each process listens for events (``storage.events``). An event finds its listeners by
channel: a new or edited post's channels are asked of the database once, among the accounts that have a
stream open here (and once more for each list of theirs that may show it), all other events name them. Where nobody listens nothing is asked at all. Then the
event is rendered once for each account that is to have it, with what only that account sees (its marks,
its filters, whom it blocks): what may not be seen renders to nothing and is not sent.

Events are dealt out one after the other, in the order in which they were committed. Each listener has a
short queue; who reads too slowly is dropped, and so is everybody where events come faster than they can
be dealt out, or where the connection to PostgreSQL was lost: news was missed then, and a client that
connects again asks for it. A token that ends closes its streams in every process, at once; every
``SWEEP`` seconds each token is looked up besides, for the accounts that were suspended meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict, deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import structlog

from server.errors import TooMany, Unavailable
from storage import db, events, lists, oauth
from storage.accounts import Account
from storage.events import Event

log = structlog.get_logger()

FRAMES = 100  # that wait for one listener
BACKLOG = 5000  # events that wait to be dealt out
RENDERING = 4  # at once, each on a connection of the pool
SWEEP = 30.0  # seconds
RECONNECT = 1.0
PATIENCE = 5.0  # seconds that a newcomer waits for our own connection
SOCKETS = 4096  # in one process
SOCKETS_EACH = 16  # of one token, or of one address without a token
SUBSCRIPTIONS = 32  # of one listener


class End(Enum):
    """Why a listener is closed, by us."""

    SLOW = "slow"
    REVOKED = "revoked"
    MISSED = "missed"
    STOPPING = "stopping"


@dataclass(frozen=True, slots=True)
class Subscription:
    """``labels``: what the client calls it; ``channels``: where it hears from."""

    labels: tuple[str, ...]
    channels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Frame:
    """``payload``: JSON or an id as text; None where the event alone says all."""

    labels: tuple[str, ...]
    event: str
    payload: str | None


Render: TypeAlias = Callable[[Account | None, Event], Awaitable[str | None]]
"""An event as one viewer sees it; None where the viewer does not."""


class Listener:
    """One open stream. ``key`` is whose it is for the limits: a token or an address."""

    def __init__(self, key: str, token_id: int | None, account: Account | None) -> None:
        self.key = key
        self.token_id = token_id
        self.account = account
        self.subscriptions: set[Subscription] = set()
        self.end: End | None = None
        self.ended = asyncio.Event()
        self._frames: deque[Frame] = deque()
        self._bell = asyncio.Event()

    def give(self, frame: Frame) -> None:
        """Queue it; a listener whose queue is full is dropped."""
        if len(self._frames) >= FRAMES:
            self.drop(End.SLOW)
        elif self.end is None:
            self._frames.append(frame)
            self._bell.set()

    def drop(self, end: End) -> None:
        """Whoever serves it closes it, and sends nothing more."""
        if self.end is None:
            self.end = end
            self._frames.clear()
            self.ended.set()

    async def next(self, seconds: float | None = None) -> Frame | None:
        """The next frame, or None where none came in so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while not self._frames:
                    self._bell.clear()
                    await self._bell.wait()
                return self._frames.popleft()
        return None


class Hub:
    """All listeners of one process."""

    def __init__(self, pool: db.Pool, database_url: str, render: Render) -> None:
        self._pool = pool
        self._database_url = database_url
        self._render = render
        self._listeners: set[Listener] = set()
        self._by_channel: defaultdict[str, set[tuple[Listener, Subscription]]] = defaultdict(set)
        self._accounts: Counter[int] = Counter()
        self._arrived: deque[Event] = deque()
        self._bell = asyncio.Event()
        self._hearing = asyncio.Event()
        self._gate = asyncio.Semaphore(RENDERING)

    def __len__(self) -> int:
        return len(self._listeners)

    # Coming and going

    async def join(self, listener: Listener) -> None:
        """Raises ``Unavailable`` and ``TooMany``."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self._hearing.wait()
        if not self._hearing.is_set() or len(self) >= SOCKETS:
            raise Unavailable("No more streams can be opened just now.")
        if sum(other.key == listener.key for other in self._listeners) >= SOCKETS_EACH:
            raise TooMany("Too many streams are open: please close some.", retry_after=60)
        self._listeners.add(listener)
        if listener.account:
            self._accounts[listener.account.id] += 1
        await self.sweep([listener])  # its token may have ended before it stood here

    def leave(self, listener: Listener) -> None:
        if listener not in self._listeners:
            return
        self._listeners.discard(listener)
        for subscription in list(listener.subscriptions):
            self.unsubscribe(listener, subscription)
        if listener.account:
            self._accounts -= Counter([listener.account.id])

    def subscribe(self, listener: Listener, subscription: Subscription) -> None:
        """Again is as once. Raises ``TooMany``."""
        if len(listener.subscriptions) >= SUBSCRIPTIONS:
            raise TooMany("Too many subscriptions on one socket.", retry_after=60)
        listener.subscriptions.add(subscription)
        for channel in subscription.channels:
            self._by_channel[channel].add((listener, subscription))

    def unsubscribe(self, listener: Listener, subscription: Subscription) -> None:
        listener.subscriptions.discard(subscription)
        for channel in subscription.channels & self._by_channel.keys():
            self._by_channel[channel].discard((listener, subscription))
            if not self._by_channel[channel]:
                del self._by_channel[channel]

    def drop_all(self, end: End) -> None:
        for listener in self._listeners:
            listener.drop(end)

    def stop(self) -> None:
        """Close what is open, and let nobody in."""
        self._hearing.clear()
        self.drop_all(End.STOPPING)

    # Hearing

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None]:
        """Listen and deal out, until the block is left."""
        tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._deal_out())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self) -> None:
        while True:
            with suppress(*db.LOST):
                await self._listen_once()
            await asyncio.sleep(RECONNECT)

    async def _listen_once(self) -> None:
        lost = asyncio.Event()
        conn = await db.connect(self._database_url)
        try:
            conn.add_termination_listener(lambda _conn: lost.set())
            await conn.add_listener(events.CHANNEL, self._hear)
            self._hearing.set()
            while not lost.is_set():
                with suppress(TimeoutError):
                    async with asyncio.timeout(SWEEP):
                        await lost.wait()
                await self.sweep()
        finally:
            self._hearing.clear()
            self._arrived.clear()
            self.drop_all(End.MISSED)
            await conn.close()

    def _hear(self, _conn: object, _pid: object, _channel: object, payload: object) -> None:
        if not self._listeners:
            return
        try:
            event = events.decode(str(payload))
        except ValueError:
            log.warning("stream.unreadable", payload=str(payload)[:200])
            return
        if event.kind == events.REVOKED:
            self._revoke({event.id})
        elif len(self._arrived) >= BACKLOG:
            log.error("stream.overrun", waiting=len(self._arrived))
            self._arrived.clear()
            self.drop_all(End.MISSED)
        else:
            self._arrived.append(event)
            self._bell.set()

    def _revoke(self, tokens: set[int]) -> None:
        for listener in self._listeners:
            if listener.token_id in tokens:
                listener.drop(End.REVOKED)

    async def sweep(self, listeners: Iterable[Listener] | None = None) -> None:
        """End the streams of tokens that are no longer good; of all listeners, unless some are named."""
        some = self._listeners if listeners is None else listeners
        tokens = {who.token_id for who in some if who.token_id is not None}
        if tokens:
            async with self._pool.acquire() as conn:
                self._revoke(tokens - await oauth.still_good(conn, sorted(tokens)))

    # Dealing out

    async def _deal_out(self) -> None:
        while True:
            while not self._arrived:
                self._bell.clear()
                await self._bell.wait()
            event = self._arrived.popleft()
            try:
                await self._deal(event)
            except Exception:
                log.exception("stream.fault", kind=event.kind, id=event.id)

    async def _deal(self, event: Event) -> None:
        found = self._found(await self._channels(event))
        by_account: defaultdict[int | None, list[tuple[Listener, Subscription]]] = defaultdict(list)
        for listener, subscription in found:
            account = listener.account
            by_account[account.id if account else None].append((listener, subscription))
        await asyncio.gather(*(self._hand(event, same) for same in by_account.values()))

    async def _channels(self, event: Event) -> Sequence[str]:
        if event.channels or not self._by_channel:
            return event.channels
        async with self._pool.acquire() as conn:
            audience = await events.audience(
                conn, event.id, sorted(self._accounts), boosted=event.kind == events.EDIT
            )
            if audience is None:
                return ()
            asked = [channel for channel in audience.lists if channel in self._by_channel]
            shown = [c for c in asked if await lists.shows(conn, events.list_of(c), event.id)]
            return [*audience.channels, *shown]

    def _found(self, channels: Iterable[str]) -> set[tuple[Listener, Subscription]]:
        known: Mapping[str, set[tuple[Listener, Subscription]]] = self._by_channel
        return {each for channel in channels for each in known.get(channel, ())}

    async def _hand(self, event: Event, same: Sequence[tuple[Listener, Subscription]]) -> None:
        """To all listeners of one account (or of nobody), who see the same."""
        payload = None
        if event.kind in (events.DELETE, events.ANNOUNCEMENT_GONE):
            payload = str(event.id)
        elif event.kind not in (events.FILTERS, events.MERGED):
            async with self._gate:
                payload = await self._render(same[0][0].account, event)
            if payload is None:
                return
        for listener, subscription in same:
            if subscription in listener.subscriptions:  # it may have left meanwhile
                listener.give(Frame(subscription.labels, event.kind, payload))
