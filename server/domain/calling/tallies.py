"""Counts that travel between servers of Beckon: how many of its people answered a call, and never who.

Of a petition and the like (kinds that are not *named*, ``server/domain/calling/kinds.py``) each server counts its own people and
tells the call's server how many, in a signed tally by its own actor, at most every three minutes and only
where there is somebody. Each tally replaces the last one; its number grows, so that an old one that comes
late, or again, changes nothing. It is a time in seconds where that is greater: so it grows even where a
database was set back to an older copy.

``standing`` puts what is known together (``server/domain/calling/counting.py``): what was counted here is believed, what others
tell of themselves counts up to a cap.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from server.domain import distribution, policy, wire_calls
from server.domain.calling import counting, kinds
from server.domain.calling.counting import Counter, Known, Range
from server.domain.tx import Tx
from storage import accounts, calls, outbox, participations, polls
from storage import posts as post_rows
from storage import tallies as rows
from storage.accounts import Account
from storage.calls import Call
from storage.outbox import Host
from storage.posts import Post
from storage.tallies import Counted, Tally

INTERVAL = timedelta(minutes=3)
SETTLED = timedelta(days=7)
"""How old an account of ours is before its answer is confirmed, where its address was not shown to be theirs;
before, it counts as a vote does."""
GRACE = timedelta(hours=1)
"""How long after a call was over what other servers counted may come: it was delivered twice or thrice by then."""
JOB = "tell_tally"
BECKON = "beckon"


@dataclass(frozen=True, slots=True)
class Share:
    """How many people of a server count. ``host``: None for all that are not large, together."""

    host: str | None
    people: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How many take part in a call of ours, as one range and by tier."""

    range: Range
    own: int
    email: int
    joined: int
    by_tally: int
    expressed: int
    servers: tuple[Share, ...]


async def standing(tx: Tx, post: Post) -> Standing:
    """Of a call of ours."""
    return (await standings(tx, [post.id]))[post.id]


async def standings(tx: Tx, ids: Sequence[int]) -> dict[int, Standing]:
    """Of each of these calls of ours, with four statements, however many they are."""
    here = await _counted(tx, ids)
    by_host = await _by_host(tx, ids)
    others: dict[int, list[Counter]] = defaultdict(list)
    for told in await rows.heard(tx.conn, ids):
        others[told.post_id].append(Counter(told.host, told.own, told.email, told.expressed))
    counters = {id_: [_mine(tx, here[id_], by_host[id_]), *others[id_]] for id_ in ids}
    hosts = await _hosts(tx, [each for found in counters.values() for each in found])
    return {id_: _standing(tx, here[id_], counters[id_], hosts) for id_ in ids}


def _standing(
    tx: Tx, here: Counted, counters: list[Counter], hosts: Mapping[str, Host]
) -> Standing:
    names = {name for counter in counters for name in (counter.host, *counter.expressed)}
    known = _known(tx, {name: host for name, host in hosts.items() if name in names})
    kept = counting.kept(counters, known)
    return Standing(
        range=counting.count(counters, known),
        own=here.settled,
        email=here.email,
        joined=here.joined,
        by_tally=sum(counter.total for counter in kept if not counter.vouched),
        expressed=here.expressed + here.young,
        servers=_shares(tx, kept, hosts),
    )


async def _counted(tx: Tx, ids: Sequence[int]) -> dict[int, Counted]:
    return await rows.counted(tx.conn, ids, tx.now - SETTLED, by_mail=tx.site.mail)


async def _by_host(tx: Tx, ids: Sequence[int]) -> dict[int, dict[str, int]]:
    """By call, how many people of each other server take part."""
    found: dict[int, dict[str, int]] = {id_: {} for id_ in ids}
    for row in await participations.counted_by_host(tx.conn, ids):
        if row.host:
            found[row.post_id][row.host] = row.people
    return found


def _mine(tx: Tx, here: Counted, by_host: Mapping[str, int]) -> Counter:
    young = {us(tx): here.young} if here.young else {}
    return Counter(us(tx), here.settled, here.email, {**by_host, **young}, vouched=True)


def us(tx: Tx) -> str:
    """Our own name among servers."""
    return tx.site.urls.base.partition("://")[2]


async def _hosts(tx: Tx, counters: list[Counter]) -> dict[str, Host]:
    names = {name for counter in counters for name in (counter.host, *counter.expressed)}
    return await outbox.hosts(tx.conn, sorted(names))


def _known(tx: Tx, hosts: Mapping[str, Host]) -> Known:
    """Of a roof over several servers, the greatest that one of them says. We need no word about ourselves."""
    users: dict[str, int] = {}
    for name, host in hosts.items():
        if host.active_users is not None:
            roof = wire_calls.roof(name)
            users[roof] = max(host.active_users, users.get(roof, 0))
    users[wire_calls.roof(us(tx))] = counting.COUNT_MAX
    return Known(users, wire_calls.roof)


async def known(tx: Tx, names: Set[str]) -> Known:
    """What is known of these servers."""
    return _known(tx, await outbox.hosts(tx.conn, sorted(names)))


def _shares(tx: Tx, kept: list[Counter], hosts: Mapping[str, Host]) -> tuple[Share, ...]:
    """We, then large servers by name, the greatest first, then all others."""
    people: dict[str, int] = {}
    for counter in kept:
        own = {counter.host: counter.own + counter.email}
        for name, number in (*own.items(), *counter.expressed.items()):
            people[name] = people.get(name, 0) + number
    told = counting.merged(people, lambda name: name == us(tx) or _is_large(hosts, name))
    small = told.pop(counting.SMALL, 0)
    ours = [(name, told.pop(name)) for name in (us(tx),) if name in told]
    named = sorted(told.items(), key=lambda share: (-share[1], share[0]))
    shares = [Share(name, number) for name, number in (*ours, *named)]
    return (*shares, *([Share(None, small)] if small else []))


def _is_large(hosts: Mapping[str, Host], name: str) -> bool:
    found = hosts.get(name)
    return found is not None and (found.active_users or 0) >= counting.LARGE


async def elsewhere(tx: Tx, told: Sequence[tuple[Post, Call]]) -> dict[int, Range]:
    """Of calls of other servers: what those say, with our own people, whom they may have counted or not."""
    here = await _counted(tx, [post.id for post, _ in told])
    return {post.id: _elsewhere(post, call, here[post.id]) for post, call in told}


def _elsewhere(post: Post, call: Call, here: Counted) -> Range:
    ours = 0 if kinds.by_name(call.kind, post.visibility) else here.settled + here.young
    return Range(max(call.counted, ours), call.counted + ours, 0)


MILESTONES = "milestones"


async def moved(tx: Tx, call: Call) -> None:
    """The count of a call of ours may have: whoever has a goal is nearer to it, or not (``milestones.py``)."""
    if call.goal:
        args = {"post_id": call.post_id}
        await tx.later(f"call:{call.post_id}", MILESTONES, args, tx.now + INTERVAL)


# Telling


async def due(tx: Tx, post: Post) -> None:
    """One of ours answered a call of another server, or took it back: its server is told in a while."""
    last = await rows.of_host(tx.conn, post.id, "")
    at = max(tx.now, last.told_at + INTERVAL) if last else tx.now
    await tx.later(f"tally:{post.id}", JOB, {"post_id": post.id}, at)


async def tell(tx: Tx, post_id: int) -> datetime | None:
    """Tell the server of a call how many of ours take part, where that has changed. Gives the time to look
    again, when some that are young now are not any more."""
    post = await post_rows.by_id(tx.conn, post_id)
    call = await calls.lock(tx.conn, post_id)
    if post is None or call is None or post.local or kinds.by_name(call.kind, post.visibility):
        return None
    last = await rows.of_host(tx.conn, post_id, "")
    here = (await _counted(tx, [post_id]))[post_id]
    told = await _told(tx, post, here, last.seq if last else 0)
    same = last is not None and told == replace(last, seq=told.seq, told_at=tx.now)
    if (last or told.people) and not same:
        await rows.put(tx.conn, told)
        await _send(tx, post, told)
    return tx.now + SETTLED if here.young else None


async def _told(tx: Tx, post: Post, here: Counted, last: int) -> Tally:
    mine = _mine(tx, here, (await _by_host(tx, [post.id]))[post.id])
    hosts = await _hosts(tx, [mine])
    return Tally(
        post_id=post.id,
        host="",
        seq=max(last + 1, int(tx.now.timestamp())),
        own=mine.own,
        email=mine.email,
        withdrawn=here.withdrawn,
        told_at=tx.now,
        expressed=counting.merged(
            mine.expressed, lambda name: name == us(tx) or _is_large(hosts, name)
        ),
    )


async def _send(tx: Tx, post: Post, told: Tally) -> None:
    actor = await accounts.by_uri(tx.conn, tx.site.urls.instance_actor)
    host = await accounts.by_id(tx.conn, post.account_id)
    if actor and host:
        await distribution.tally(tx, actor, post, host, told)


# Hearing


async def hear(tx: Tx, by: Account, post: Post, told: Tally) -> None:
    """Another server tells how many of its people take part in a call of ours. Raises ``Forbidden``.

    ``told``: with the post and the host of ``by``.
    """
    call = await calls.lock(tx.conn, post.id)
    host = await outbox.host(tx.conn, by.host)
    policy.may_tell(
        is_instance=by.kind == "application",
        beckon=host is not None and host.software == BECKON,
        named=call is None or kinds.by_name(call.kind, post.visibility),
        late=call is not None and await _is_late(tx, call),
    ).require()
    policy.may_replace(later=await rows.put(tx.conn, told)).require()
    assert call, "named otherwise"
    await moved(tx, call)


async def _is_late(tx: Tx, call: Call) -> bool:
    """Whether a call took no answers any more ``GRACE`` ago."""
    poll = await polls.by_id(tx.conn, call.post_id)
    ends = [call.over_at, poll.closed_at if poll else None]
    return any(at is not None and at + GRACE < tx.now for at in ends)
