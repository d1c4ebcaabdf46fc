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
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog

from federation import activities, jsonld, parse
from federation.errors import Gone, Refused, Unreachable
from server.arriving import passed_on, receive, receive_calls, resolve, shapes, vouching
from server.arriving.acts import Act
from server.arriving.budgets import OverBudget
from server.arriving.resolve import Net
from server.domain.members import moves
from server.domain.tx import Arrived, Tx
from server.errors import BeckonError, Forbidden, Invalid
from storage import accounts, db, inbox, lanes
from storage.db import MOVED, UniqueViolation
from storage.inbox import Item

log = structlog.get_logger()

AT_ONCE = 32
ITEMS_EACH = 20
BYTES_EACH = 256 * 1024
"""Of a lane so much is read at once, or one item: with a megabyte for each a few lanes would fill the memory."""
LEASE = timedelta(minutes=5)
MAX_ATTEMPTS = 8
IN_THE_WAY = 2


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
    act: Act | None = await passed_on.act_of(net, activity, arrived)
    await _require_asked(net, act)
    if isinstance(act.activity, activities.Announce) and act.activity.embedded:
        act = await passed_on.unwrap(net, act, act.activity)
    if act:
        act = await _prepare(net, act)
    async with net.work.transaction() as tx:
        await db.plan_once(tx.conn)
        if act:
            await receive.apply(tx, act)
        await inbox.finish(tx.conn, item.id, "done", None, tx.now)
        if ends:
            await inbox.settle(tx.conn, [ends], {}, tx.now)


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
        case activities.Follow() | activities.Join() | activities.Offer():
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
            await passed_on.confirm_left(net, act.by)
        case activities.Move(object=old, target=new):
            await resolve.moving(net, act.by, old, new)
        case _:
            pass


async def known_actor(net: Net, uri: str) -> bool:
    """Whether we have met an actor: a Delete of a stranger needs no look-up."""
    async with net.work.reading() as tx:
        return await accounts.by_uri(tx.conn, uri) is not None
