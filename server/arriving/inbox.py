"""The durable inbox: what arrives is written down before anybody says 202, and applied after.

Arrival: the door proves the sender and gives an ``Arrival`` to ``Arrivals``, which writes many at once as
soon as its last write is done (group commit, no timer), one row each, unique by origin and id. Then the
door says 202. A crash before the row is on disk is an error to the sender, who tries again; a crash
after it loses nothing.

Applying: a worker leases lanes (one per object and sender, so that order holds), and for each waiting
row: parses it or refuses it with a named reason; fetches what is unknown, outside any transaction; then,
in one transaction, carries the verb out and writes the outcome on the row. A crash in between leaves the row
waiting, and doing it again is no event. Where an origin does not answer, its row waits longer each time
and at last is refused; only its own lane waits with it.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

import structlog

from federation import activities, jsonld, parse, proofs
from federation.errors import Gone, Refused, Unreachable
from federation.origin import host_of, same_origin
from server.arriving import receive, receive_calls, resolve, shapes, vouching
from server.arriving.acts import Act
from server.arriving.budgets import OverBudget
from server.arriving.resolve import Net
from server.domain.members import moves
from server.domain.tx import Arrived, Tx, Work
from server.errors import BeckonError, Forbidden, Invalid
from storage import accounts, db, inbox, lanes, outbox
from storage import posts as post_rows
from storage.accounts import Account
from storage.db import MOVED, UniqueViolation
from storage.inbox import Arrival, Item

log = structlog.get_logger()

MAX_BATCH = 500
AT_ONCE = 32
ITEMS_EACH = 20
BYTES_EACH = 256 * 1024
"""Of a lane so much is read at once, or one item: with a megabyte for each a few lanes would fill the memory."""
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 8
IN_THE_WAY = 2
MAX_WAITING = 64 * 1024 * 1024
"""Bytes of arrivals that may wait to be written; beyond it the door says 503."""
WAITING_OF_DOMAIN = 5_000
BYTES_OF_DOMAIN = 128 * 1024 * 1024
"""Arrivals of one domain that may wait to be applied; beyond it the door says 503 to that domain."""
LOOK_AGAIN = timedelta(seconds=1)
RETRY_AFTER = timedelta(minutes=5)
NOT_TRIED = timedelta(minutes=10)
"""A host that took nothing is tried again at once when it speaks, but not as often as it speaks."""

NESTING = frozenset({"Accept", "Announce", "Reject", "TentativeAccept", "Undo"})
MAX_NESTING = 3


class Arrivals:
    """Writes arrivals in batches: whoever comes while a write is under way is in the next one."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._waiting: list[tuple[Arrival, asyncio.Future[None]]] = []
        self._writer: asyncio.Task[None] | None = None
        self._bytes = 0
        self._shares: dict[str, tuple[int, int]] = {}
        self._looked_at: datetime | None = None

    async def require_room(self, domain: str) -> None:
        """Raises ``OverBudget`` where too much of this domain waits to be applied: nobody else notices."""
        now = self._work.clock.now()
        if self._looked_at is None or not timedelta() <= now - self._looked_at < LOOK_AGAIN:
            self._looked_at = now
            async with self._work.reading() as tx:
                rows = await inbox.by_domain(tx.conn)
            self._shares = {row.domain: (row.waiting, row.size) for row in rows}
        waiting, size = self._shares.get(domain, (0, 0))
        if waiting >= WAITING_OF_DOMAIN or size >= BYTES_OF_DOMAIN:
            raise OverBudget("arrivals", domain, int(RETRY_AFTER.total_seconds()))

    async def put(self, arrival: Arrival) -> None:
        """Returns when the row is on disk (or was there before). Raises what the database raises."""
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, written))
        self._bytes += len(arrival.body)
        waiting, size = self._shares.get(arrival.domain, (0, 0))
        self._shares[arrival.domain] = (waiting + 1, size + len(arrival.body))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write_all())
        await written

    @property
    def full(self) -> bool:
        return self._bytes >= MAX_WAITING

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
            self._bytes -= sum(len(arrival.body) for arrival, _ in batch)
            try:
                await self._write([arrival for arrival, _ in batch])
            except Exception:
                await self._write_singly(batch)
            else:
                for _, written in batch:
                    _resolve(written, None)

    async def _write(self, arrivals: list[Arrival]) -> None:
        async with self._work.transaction() as tx:
            await db.plan_once(tx.conn)
            await inbox.receive(tx.conn, arrivals, tx.now)
            hosts = [host_of(arrival.signer) for arrival in arrivals]
            await outbox.awake(tx.conn, hosts, tx.now, tx.now - NOT_TRIED)

    async def _write_singly(self, batch: list[tuple[Arrival, asyncio.Future[None]]]) -> None:
        for arrival, written in batch:
            try:
                await self._write([arrival])
            except Exception as error:
                _resolve(written, error)
            else:
                _resolve(written, None)


def _resolve(written: asyncio.Future[None], error: Exception | None) -> None:
    if written.done():
        return  # who waited is gone
    if error:
        written.set_exception(error)
    else:
        written.set_result(None)


def lane_of(sender: str, document: Mapping[str, object]) -> str:
    """What orders an activity: the object it is about, as far as one sender tells of it.

    Between senders the network keeps no order, and none of them may make the others wait.
    """
    return hashlib.sha256(f"{sender} {subject_of(document)}".encode()).hexdigest()


def subject_of(document: Mapping[str, object]) -> str:
    """The object that orders an activity: what it is about, through Undo, Accept and Announce."""
    about = document
    for _ in range(MAX_NESTING):
        inner = about.get("object")
        if isinstance(inner, str):
            return inner
        if not isinstance(inner, dict):
            break
        about = cast("Mapping[str, object]", inner)
        kind = about.get("type")
        nests = isinstance(kind, str) and kind in NESTING
        if not nests and "actor" not in about:
            break
    found = about.get("id")
    return found if isinstance(found, str) else str(document.get("id"))


@dataclass(frozen=True, slots=True)
class Lane:
    """A leased lane with the oldest of what waits in it."""

    key: str
    items: list[Item]

    def ends_with(self, item: Item) -> bool:
        """Whether nothing is known to wait behind an item."""
        return self.items[-1].id == item.id


async def claim(net: Net, limit: int, worker: int | None = None) -> list[Lane]:
    """Lease lanes that are ready, at most ``limit``."""
    async with net.work.transaction() as tx:
        await db.plan_once(tx.conn)
        turns = await _turns(net, tx, tx.now + LEASE, limit, worker)
        keys = [turn.key for turn in turns]
        items = await inbox.waiting(tx.conn, keys, ITEMS_EACH, BYTES_EACH) if keys else []
    begun = asyncio.get_running_loop().time()
    net.turns.places.update((turn.key, (turn.share, begun)) for turn in turns)
    by_subject: dict[str, list[Item]] = {key: [] for key in keys}
    for item in items:
        by_subject[item.subject].append(item)
    return [Lane(subject, queue) for subject, queue in by_subject.items()]


async def _turns(
    net: Net, tx: Tx, until: datetime, limit: int, worker: int | None
) -> list[lanes.Turn]:
    """As many lanes of each domain; where there were more domains than places, on from there next time."""
    full, each = net.turns.full(asyncio.get_running_loop().time()), net.turns.each
    found: list[lanes.Turn] = []
    for after in dict.fromkeys((net.turns.last, "")):
        found = found or await lanes.claim_in_turns(
            tx.conn, lanes.INBOX, tx.now, until, limit, worker, after, full, each
        )
    net.turns.last = max((turn.share for turn in found), default="") if len(found) >= limit else ""
    return found


async def run(net: Net, lane: Lane) -> None:
    """Apply what waits in a lane, and give it back: with the last of it, or at the end."""
    try:
        given_back, at = await _lane(net, lane)
        if not given_back:
            async with net.work.transaction() as tx:
                await inbox.settle(tx.conn, [lane.key], {lane.key: at} if at else {}, tx.now)
    finally:
        net.turns.places.pop(lane.key, None)


async def work_once(net: Net) -> bool:
    """Apply what is ready now, to the end. False where nothing was."""
    leased = await claim(net, AT_ONCE)
    await asyncio.gather(*(run(net, lane) for lane in leased))
    return bool(leased)


async def _lane(net: Net, lane: Lane) -> tuple[bool, datetime | None]:
    """Apply the items of one lane in order. Gives whether it was given back with the last of them, else the
    time to come back where one has to wait.

    A lane whose servers are slow is left before its lease ends, and others get their turn.
    """
    until = net.work.clock.now() + LEASE / 2
    given_back = False
    for item in lane.items:
        if net.work.clock.now() > until:
            return False, net.work.clock.now()
        ends = lane.key if lane.ends_with(item) else None
        given_back, later = await _item(net, item, ends)
        if later:
            return False, later
    return given_back, None


async def _item(net: Net, item: Item, ends: str | None) -> tuple[bool, datetime | None]:
    """Whether its lane ``ends``, the last of which it is, was given back with it; or when to come back."""
    try:
        await _process(net, item, ends)
    except Unreachable as error:
        wait = error.retry_after if isinstance(error, OverBudget) else 0
        return False, await _postpone(net, item, error.reason, timedelta(seconds=wait))
    except Refused as refusal:
        await _finish(net, item, refusal.reason)
    except Gone:
        await _finish(net, item, "gone")
    except BeckonError as error:
        await _finish(net, item, _reason(error))
    except UniqueViolation as error:
        log.info("inbox.conflict", activity=item.activity_id, detail=str(error))
        await _finish(net, item, "id_taken")
    except Exception:
        log.exception("inbox.fault", activity=item.activity_id)
        return False, await _postpone(net, item, "fault")
    else:
        return ends is not None, None
    return False, None


async def _process(net: Net, item: Item, ends: str | None) -> None:
    """Again at once where somebody else was in the way: made the same row, or held what we waited for."""
    for _ in range(IN_THE_WAY):
        try:
            await process(net, item, ends)
        except MOVED as error:
            log.info("inbox.again", activity=item.activity_id, detail=str(error))
        else:
            return
    await process(net, item, ends)


def _reason(error: BeckonError) -> str:
    """The stable name of what a verb refused."""
    named = error.reason if isinstance(error, Forbidden) else ""
    named = error.field if isinstance(error, Invalid) else named
    return named or type(error).__name__.lower()


async def _postpone(
    net: Net, item: Item, reason: str, wait: timedelta = timedelta()
) -> datetime | None:
    """``wait``: at least. A budget is there again when its window ends, and not before."""
    if item.attempts + 1 >= MAX_ATTEMPTS:
        await _finish(net, item, reason)
        return None
    async with net.work.transaction() as tx:
        await inbox.postpone(tx.conn, item.id, reason)
        return tx.now + max(wait, resolve.backoff(item.attempts + 1))


async def _finish(net: Net, item: Item, reason: str) -> None:
    log.info("inbox.refused", activity=item.activity_id, reason=reason)
    async with net.work.transaction() as tx:
        await inbox.finish(tx.conn, item.id, "refused", reason, tx.now)


async def process(net: Net, item: Item, ends: str | None = None) -> None:
    """Parse, fetch what is missing, apply, and write the outcome with it; and give back the lane that ends."""
    document = await shapes.plain(jsonld.loads(item.body))
    activity = parse.parse_activity({"id": item.activity_id, **document})
    if activity.actor != item.signer:
        raise Refused("foreign_actor", "Somebody else's activity was signed.")
    # What a community of ours passes on is this document: hidden recipients stay hidden.
    arrived = Arrived(activity.id, parse.strip_private(document))
    act: Act | None = await _act(net, activity, arrived)
    await _require_asked(net, act)
    if isinstance(act.activity, activities.Announce) and act.activity.embedded:
        act = await _unwrap(net, act, act.activity)
    if act:
        act = await _prepare(net, act)
    async with net.work.transaction() as tx:
        await db.plan_once(tx.conn)
        if act:
            await receive.apply(tx, act)
        await inbox.finish(tx.conn, item.id, "done", None, tx.now)
        if ends:
            await inbox.settle(tx.conn, [ends], {}, tx.now)


async def _act(net: Net, activity: activities.Activity, arrived: Arrived) -> Act:
    if isinstance(activity, activities.Delete) and activity.is_self:
        return Act(await _leaving(net, activity.actor), activity, arrived)
    return Act(await resolve.actor(net, activity.actor), activity, arrived)


async def _leaving(net: Net, uri: str) -> Account:
    """Who deletes themselves: as we knew them, for nothing may be left to be asked of their server."""
    async with net.work.reading() as tx:
        known = await accounts.by_uri(tx.conn, uri)
    if known is None:
        raise Gone(uri)
    return known


async def _unwrap(net: Net, outer: Act, announce: activities.Announce) -> Act | None:
    """A group's Announce of an activity: the signature of the group distributes, it proves nothing.

    The inner activity counts by its own proof; else what it is about is asked of its origin.
    """
    assert announce.embedded, "the caller looked"
    group = outer.by
    inner = parse.parse_activity(announce.embedded)
    if net.work.site.urls.is_ours(inner.actor):
        return await _own(net, outer, inner)
    if await vouching.through(net, group, inner):
        act = await _act(net, inner, Arrived(inner.id, announce.embedded))
        return replace(act, through=group, vouched=group)
    if not await proven(net, announce.embedded, inner.actor):
        return await _ask_origin(net, outer, inner)
    _require_for_groups(inner)
    if isinstance(inner, activities.Update) and await _may_be_old(net, inner):
        return await _ask_origin(net, outer, inner)
    act = await _act(net, inner, Arrived(inner.id, announce.embedded))
    return replace(act, through=group)


def _require_for_groups(inner: activities.Activity) -> None:
    """A proof never ends, so a group could repeat for ever what somebody once did and took back: only
    what stands in threads is taken from it, and never an answer, a vote, a follow or a boost."""
    match inner:
        case activities.Create(votes=()) | activities.Update() | activities.Delete():
            return
        case activities.Like() | activities.Dislike():
            return
        case activities.Undo(inner=activities.Like() | activities.Dislike()):
            return
        case _:
            raise Refused("not_for_groups", "Groups do not pass on what this is.")


async def _may_be_old(net: Net, update: activities.Update) -> bool:
    """Whether an Update does not say when it was made, and a later one may be known."""
    post = await resolve.known_post(net, update.object)
    dated = update.post is not None and update.post.updated is not None
    return post is not None and post.edited_at is not None and not dated


async def _own(net: Net, outer: Act, inner: activities.Activity) -> Act | None:
    """A community of another server has taken what one of ours wrote: its members here see it. What one of
    ours did as its moderator is the group's own word now."""
    if await vouching.through(net, outer.by, inner):
        said = Arrived(inner.id, outer.arrived.document)
        return Act(outer.by, inner, said, through=outer.by, vouched=outer.by)
    post = (
        await resolve.known_post(net, inner.object)
        if isinstance(inner, activities.Create)
        else None
    )
    if post is None or not post.local or post.community_id != outer.by.id:
        raise Refused("own_activity", "We know what we did ourselves.")
    return _as_boost(outer, post)


def _as_boost(outer: Act, post: post_rows.Post) -> Act | None:
    """The Announce of an activity, seen as what it means for home: a boost of a thread's head."""
    boosted = activities.Announce(
        id=outer.activity.id,
        actor=outer.activity.actor,
        object=post.uri,
        published=outer.activity.published,
    )
    return replace(outer, activity=boosted) if post.is_head else None


async def proven(net: Net, document: Mapping[str, object], actor_uri: str) -> bool:
    """Whether the actor's own proof stands on a document. One that fails is none: the origin decides."""
    try:
        key_id = proofs.proof_key_id(document)
        if key_id is None or not same_origin(key_id, actor_uri):
            return False
        key = await resolve.key(net, key_id)
        proofs.verify_proof(document, key, net.work.clock.now())
    except (Refused, Gone) as refusal:
        log.info("inbox.proof_refused", reason=str(refusal), actor=actor_uri)
        return False
    return key.owner == actor_uri


async def _ask_origin(net: Net, outer: Act, inner: activities.Activity) -> Act | None:
    """Without a proof: fetch what was created or changed; believe a Delete where it is gone."""
    match inner:
        case activities.Create(object=uri) if not inner.votes:
            post = await resolve.post(net, uri)
        case activities.Update(object=uri, person=None):
            post = await _fetched_again(net, uri)
        case activities.Delete(object=uri):
            await _confirm_gone(net, uri, outer.by)
            return None
        case _ if await vouching.vote(net, outer.by, inner):
            return None
        case _:
            raise Refused("unproven", "A group passed on what nobody proved.")
    return _as_boost(outer, post) if post else None


async def _fetched_again(net: Net, uri: str) -> post_rows.Post | None:
    found = await resolve.document(net, uri)
    value = parse.parse_object(found)
    if not isinstance(value, resolve.Post) or value.id != uri:
        raise Refused("not_a_post", "This is not a post.")
    by = await resolve.actor(net, value.attributed_to)
    update = activities.Update(id=f"{uri}#fetched", actor=by.uri, object=uri, post=value)
    async with net.work.transaction() as tx:
        await receive.apply(tx, Act(by, update, Arrived(uri, {})))
    return None


async def _confirm_left(net: Net, account: Account) -> None:
    """An actor is gone when its origin says so too: somebody else may have its key by now.

    Raises ``Unreachable`` while it is there: servers differ in what they do first, so it is asked again.
    """
    with suppress(Gone):
        found = await resolve.document(net, account.uri)
        if found.get("type") != "Tombstone":
            raise Unreachable("still_there", "The actor is still there.")


async def _confirm_gone(net: Net, uri: str, group: Account) -> None:
    post = await resolve.known_post(net, uri)
    if post is None or post.local:
        raise Refused("unknown_object", "There is nothing of others here to delete.")
    ours = post.visibility == "members" and post.community_id == group.id
    if not post.is_public and not ours:
        # To a request of the instance it looks gone while it is there.
        raise Refused("not_public", "Its author has to say so.")
    try:
        found = await resolve.document(net, uri)
    except Gone:
        found = {"type": "Tombstone"}
    if found.get("type") != "Tombstone":
        raise Refused("not_gone", "Its origin still has it.")
    async with net.work.transaction() as tx:
        await receive.gone(tx, uri)


async def _require_asked(net: Net, act: Act) -> None:
    """What makes us fetch or keep something of others concerns somebody here.

    Only then is anything fetched: else a stranger could send us anywhere, and fill our tables.
    """
    async with net.work.reading() as tx:
        receive.require_welcome(act.by)
        match act.activity:
            case activities.Announce(embedded=None, object=uri):
                asked = await receive.is_known(tx, uri) or await receive.is_followed(tx, act.by)
            case activities.Announce(embedded=embedded) if embedded:
                asked = await receive.is_followed(tx, act.by) or await _answers_us(tx, embedded)
            case activities.Create(post=value) if value and not value.card_for:
                asked = await receive.is_for_us(tx, act.by, value)
            case activities.QuoteRequest(object=uri):
                asked = tx.site.urls.is_ours(uri) and await receive.is_known(tx, uri)
            case activities.Invite(target=uri):
                invited = await accounts.by_uri(tx.conn, uri)
                asked = invited is not None and invited.local
            case activities.Move(object=uri):
                asked = await moves.concerns_us(tx, uri)
            case activities.Create(post=None, votes=()) | activities.Add():
                named = (*act.activity.to, *act.activity.cc)
                asked = await receive.concerns_us(tx, act.by, named, None)
            case _:
                return
    if not asked:
        raise Refused("nobody_asked", "Nobody here follows or is addressed.")


async def _answers_us(tx: Tx, embedded: Mapping[str, object]) -> bool:
    """A group that nobody here has joined tells of what became of something that is here."""
    inner = parse.parse_activity(embedded)
    if tx.site.urls.is_ours(inner.actor):
        return True  # refused with a better reason
    post = inner.post if isinstance(inner, activities.Create) else None
    if post and await receive_calls.is_started_from_ours(tx, post):
        return True
    about = post.in_reply_to if post else getattr(inner, "object", None)
    return isinstance(about, str) and await receive.is_known(tx, about)


async def _prepare(net: Net, act: Act) -> Act:
    """Fetch what the activity needs before it can be applied."""
    if act.through is None:
        act = replace(act, vouched=await vouching.directly(net, act))
    match act.activity:
        case activities.Create(post=None, votes=(), object=uri):
            await resolve.post(net, uri)
        case activities.Create(post=value) if value and not value.card_for:
            await resolve.needs(net, value)
            return replace(act, stamp=await resolve.quoted(net, value))
        case activities.Update(post=value) if value and await resolve.known_post(net, value.id):
            return replace(act, stamp=await resolve.quoted(net, value))
        case activities.QuoteRequest(post=None, instrument=uri):
            await resolve.post(net, uri)
        case activities.QuoteRequest(post=value) if value:
            await resolve.needs(net, value)
        case activities.Announce(object=uri):
            await resolve.post(net, uri)
        case activities.Invite(object=uri):
            await resolve.search(net, uri)
        case activities.Add(object=uri, target=target):
            await vouching.listed(net, act, uri, target)
        case activities.Tell(tally=tally):
            await resolve.describe(net, act.by.host, people=tally.own + tally.email)
        case activities.Follow() | activities.Join():
            await resolve.describe(net, act.by.host)
        case _:
            await _ask_actors(net, act)
    return act


async def _ask_actors(net: Net, act: Act) -> None:
    """What is about actors themselves counts as they describe themselves now."""
    match act.activity:
        case activities.Update(person=person) if person:
            await resolve.actor(net, act.by.uri, refresh=True)
        case activities.Delete(is_self=True):
            await _confirm_left(net, act.by)
        case activities.Move(object=old, target=new):
            await resolve.moving(net, act.by, old, new)
        case _:
            pass


async def known_actor(net: Net, uri: str) -> bool:
    """Whether we have met an actor: a Delete of a stranger needs no look-up."""
    async with net.work.reading() as tx:
        return await accounts.by_uri(tx.conn, uri) is not None
