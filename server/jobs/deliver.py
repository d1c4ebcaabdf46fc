"""Sending: lanes of deliveries, one per host.

A worker leases many ready hosts at once and takes what waits for each, oldest first. To one host up to
four go out at a time, but those about one object one after the other. The outcomes of a host are
written in one transaction: delivered and refused ones are gone, the others stay. Where a host takes
nothing, its lane waits longer each time, so a dead host costs one row; after two weeks it is given up
and its followers are kept. A delivery that fails three times while its host takes others steps aside, and is dropped
after two weeks.

A host that comes back, perhaps after days, is first sent one activity, then two at a time, then four, and
of what waited for it only what was not superseded (``server/domain/relevance.py``). It is asked at once when
something arrives from it (``server/arriving/arrivals.py``), else by the clock, once a day at last. After it was given
up that still holds: what it missed is gone, but what is new waits for the next try. An inbox that is not
there any more has its actor read again (``server/jobs/moved.py``).

A crash between sending and writing sends again: at least once, and the receiver knows the id.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from federation import deliver, keys
from federation.deliver import Outcome, Result
from federation.errors import Refused
from server.arriving import resolve
from server.arriving.resolve import Net
from server.domain import wire
from server.jobs import follower_sync, moved
from storage import lanes, outbox
from storage.outbox import Delivery, Failure

log = structlog.get_logger()

AT_ONCE = 64
EACH = 50
PARALLEL = 4
LEASE = timedelta(minutes=15)
STEP_ASIDE = 3
PROBES = 4
"""Activities in a row that a host may fail to take, while it answers, until it is left alone for now."""
PAUSE = timedelta(minutes=1)
"""For a host that says 429 and not how long."""
MAX_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Failed:
    """One more time: ``attempts`` counts this one."""

    delivery_id: int
    reason: str
    attempts: int
    created_at: datetime


@dataclass(slots=True)
class Visit:
    """What became of the deliveries to one host in one round."""

    host: str
    finished: list[int] = field(default_factory=list[int])
    failures: list[Failed] = field(default_factory=list[Failed])
    took: int = 0
    scheme: str | None = None
    asked_to_wait: timedelta | None = None
    moved: dict[str, bool] = field(default_factory=dict[str, bool])
    silent: bool = False

    @property
    def over(self) -> bool:
        """It takes nothing now, or asked for a pause: the rest waits with its lane."""
        refuses = not self.took and (self.silent or len(self.failures) >= PROBES)
        return refuses or bool(self.asked_to_wait)


class Flow:
    """How many go out at a time: one to a host that comes back, twice as many with each that it takes."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._under_way = 0
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def place(self) -> AsyncGenerator[None]:
        async with self._changed:
            await self._changed.wait_for(lambda: self._under_way < self._allowed)
            self._under_way += 1
        try:
            yield
        finally:
            async with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def widen(self) -> None:
        """One was taken."""
        self._allowed = min(2 * self._allowed, PARALLEL)


@dataclass(frozen=True, slots=True)
class Lane:
    """A leased host with the oldest of what waits for it."""

    host: outbox.Host
    queue: list[Delivery]

    @property
    def key(self) -> str:
        return self.host.host


async def claim(net: Net, limit: int, worker: int | None = None) -> list[Lane]:
    """Lease hosts that are ready, at most ``limit``."""
    async with net.work.transaction() as tx:
        hosts = await lanes.claim(tx.conn, lanes.DELIVERY, tx.now, tx.now + LEASE, limit, worker)
        known = await outbox.hosts(tx.conn, hosts) if hosts else {}
        for host in known.values():
            if host.failures:
                await outbox.clear(tx.conn, host.host)
        ready = await outbox.ready(tx.conn, hosts, tx.now, EACH) if hosts else []
    by_host: dict[str, list[Delivery]] = {host: [] for host in hosts}
    for delivery in ready:
        by_host[delivery.host].append(delivery)
    return [Lane(known.get(h) or _stranger(h), queue) for h, queue in by_host.items()]


async def run(net: Net, lane: Lane) -> None:
    """Send what waits for one host, write down what became of it, and give the lane back."""
    visit = Visit(lane.host.host)
    by_subject: dict[str, list[Delivery]] = {}
    for delivery in lane.queue:
        by_subject.setdefault(delivery.subject, []).append(delivery)
    flow = Flow(1 if lane.host.failures else PARALLEL)
    await asyncio.gather(
        *(_send_in_order(net, lane.host, q, visit, flow) for q in by_subject.values())
    )
    await _record(net, lane.host, visit)


async def work_once(net: Net) -> bool:
    """Send what is ready now, to the end. False where nothing was."""
    leased = await claim(net, AT_ONCE)
    await asyncio.gather(*(run(net, lane) for lane in leased))
    return bool(leased)


def _stranger(host: str) -> outbox.Host:
    return outbox.Host(host)


async def _send_in_order(
    net: Net, host: outbox.Host, queue: list[Delivery], visit: Visit, flow: Flow
) -> None:
    for delivery in queue:
        async with flow.place():
            if visit.over:
                return
            goes_on = _note(visit, delivery, await send(net, host, delivery), host)
            if visit.took:
                flow.widen()
        if not goes_on:
            return


async def send(net: Net, host: outbox.Host, delivery: Delivery) -> Outcome:
    """One delivery, signed by its actor, in the scheme that this host took last.

    To a host that was shut out while it waited nothing goes: the block drops what it finds waiting, not what a
    worker holds already, nor what moves there later.
    """
    try:
        await net.stances.require_open(delivery.host)
    except Refused as refusal:
        return Outcome(Result.FINAL, refusal.reason)
    key = await _key_of(net, delivery.account_id)
    other = "rfc9421" if host.scheme == "cavage" else "cavage"
    extra = await follower_sync.headers(net, delivery)
    return await deliver.post(
        net.egress,
        delivery.inbox,
        delivery.body,
        resolve.signer(net, key, host.scheme, extra),
        resolve.signer(net, key, other, extra),
    )


async def _key_of(net: Net, account_id: int) -> keys.SigningKey:
    known = net.signing.get(account_id)
    if known is None:
        async with net.work.reading() as tx:
            known = await wire.signing_key(tx, account_id, "rsa")
        if len(net.signing) >= MAX_KEYS:
            net.signing.clear()
        net.signing[account_id] = known
    return known


def _note(visit: Visit, delivery: Delivery, outcome: Outcome, host: outbox.Host) -> bool:
    """Remember an outcome; False where what follows about the same object must wait."""
    if outcome.result is Result.DELIVERED:
        visit.took += 1
        visit.finished.append(delivery.id)
        if outcome.scheme == "second":
            visit.scheme = "rfc9421" if host.scheme == "cavage" else "cavage"
        return True
    log.info(
        "deliver.failed",
        host=delivery.host,
        inbox=delivery.inbox,
        reason=outcome.reason,
        detail=outcome.detail[:200],
        attempts=delivery.attempts + 1,
    )
    if outcome.moved and not delivery.attempts:
        visit.took += 1  # it answers
        visit.moved[delivery.inbox] = outcome.status == 410
        visit.failures.append(_failed(delivery, outcome, STEP_ASIDE + 1))
        return False
    if outcome.result is Result.FINAL:
        visit.took += outcome.status is not None  # it answers: the host is not dead
        visit.finished.append(delivery.id)
        return True
    visit.failures.append(_failed(delivery, outcome, delivery.attempts + 1))
    visit.silent |= outcome.status is None
    asked = outcome.retry_after or (PAUSE if outcome.status == 429 else timedelta())
    visit.asked_to_wait = max(visit.asked_to_wait or timedelta(), asked)
    return False


def _failed(delivery: Delivery, outcome: Outcome, attempts: int) -> Failed:
    return Failed(delivery.id, outcome.reason, attempts, delivery.created_at)


def _is_hopeless(visit: Visit, failed: Failed, now: datetime) -> bool:
    """Not taken for two weeks, while its host takes others: else one inbox that errs would be tried for ever."""
    old = now - failed.created_at > deliver.GIVE_UP_AFTER
    return bool(visit.took) and failed.attempts > STEP_ASIDE and old


async def _record(net: Net, host: outbox.Host, visit: Visit) -> None:
    async with net.work.transaction() as tx:
        hopeless = [f.delivery_id for f in visit.failures if _is_hopeless(visit, f, tx.now)]
        failures = [
            _failure(visit, f, tx.now) for f in visit.failures if f.delivery_id not in hopeless
        ]
        await outbox.record(tx.conn, [*visit.finished, *hopeless], failures)
        if visit.scheme:
            await outbox.set_scheme(tx.conn, visit.host, visit.scheme)
        later: dict[str, datetime] = {}
        if visit.failures and not visit.took:
            later[visit.host] = tx.now + _wait(host, visit)
            await outbox.host_failed(tx.conn, visit.host, tx.now)
            if host.failing_since and tx.now - host.failing_since > deliver.GIVE_UP_AFTER:
                log.warning("deliver.given_up", host=visit.host, since=host.failing_since)
                await outbox.give_up(tx.conn, visit.host, tx.now)
        elif visit.took:
            await outbox.host_accepted(tx.conn, visit.host, tx.now)
            if visit.failures:
                pause = deliver.backoff(1, random.random())  # noqa: S311
                later[visit.host] = tx.now + max(pause, visit.asked_to_wait or timedelta())
        for inbox in sorted(visit.moved):
            args = {"host": visit.host, "inbox": inbox, "gone": visit.moved[inbox]}
            await tx.later(f"moved:{visit.host}", moved.JOB, args, tx.now)
        await outbox.settle(tx.conn, [visit.host], later, tx.now)


def _failure(visit: Visit, failed: Failed, now: datetime) -> Failure:
    """It steps aside only where its host takes others: of a dead host the lane waits, in its order."""
    over = failed.attempts - STEP_ASIDE
    if not visit.took or over < 0:
        return Failure(failed.delivery_id, failed.reason, now)
    later = now + deliver.backoff(over + 1, random.random())  # noqa: S311
    return Failure(failed.delivery_id, failed.reason, later)


def _wait(host: outbox.Host, visit: Visit) -> timedelta:
    own = deliver.backoff(host.failures + 1, random.random())  # noqa: S311 - spreads load, no secret
    return max(own, visit.asked_to_wait or timedelta())
