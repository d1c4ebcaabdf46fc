"""Following. An accepted follow of a community is membership.

A community of ours may take in so many people and no more. Who is let in while it is full waits in line, and
so does everybody behind them, whatever door they come through: all joins of one community happen under the
lock of its row (``hold``). Whoever leaves frees a place; a job moves the line, one person at a time, since it
locks the next one together with the community, in the order common to all.

Local and remote differ only before the call: a remote act brings the id of its activity (``uri``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain import effects, policy
from server.domain.groups import histories, letters, roles
from server.domain.members import featured
from server.domain.tx import Tx
from server.errors import Forbidden, NotFound
from storage import (
    accounts,
    communities,
    community_links,
    follows,
    handovers,
    invitations,
    joins,
    notifications,
    persons,
    posts,
    timelines,
)
from storage.accounts import Account
from storage.follows import Follow


@dataclass(frozen=True, slots=True)
class Options:
    """What of an account reaches the follower."""

    reblogs: bool = True
    notify: bool = False  # to be told of each post
    languages: Sequence[str] | None = None  # in lower case; None: all


ALL = Options()
LEFT = "left_community"
"""The job that gives back the places of who left (calling/participations.py)."""
LINE = "move_line"
"""The job by which those who wait get the places that are free."""


async def follow(
    tx: Tx,
    actor: Account,
    target: Account,
    *,
    uri: str | None = None,
    options: Options = ALL,
    admitted: bool = False,
) -> Follow:
    """Follow an account, or ask to; a repeat changes the options. ``admitted``: somebody who may lets in has
    said yes before.

    Raises ``Forbidden``, and ``NotFound`` for whom nobody sees.
    """
    if target.is_hidden:
        raise NotFound
    await follows.hold(tx.conn, actor.id, target.id)
    blocked = await follows.blocked(tx.conn, actor.id, target.id)
    moved = (
        target.moved_to is not None and await follows.between(tx.conn, actor.id, target.id) is None
    )
    policy.may_follow(same=actor.id == target.id, blocked=blocked, moved=moved).require()
    if target.local and await persons.shut_out(tx.conn, target.id, actor.id, tx.now):
        policy.BANNED.require()
    uri = uri or await effects.new_id(tx)
    let_in = target.local and not await _must_ask(tx, actor, target, admitted=admitted)
    waits = let_in and await _is_full(tx, target, actor)
    at_once = let_in and not waits
    made = await follows.insert(
        tx.conn, uri, actor.id, target.id, tx.now if at_once else None, tx.now,
        reblogs=options.reblogs, notify=options.notify, languages=options.languages,
    )  # fmt: skip
    if made is None:
        return await _again(tx, actor, target, uri, options)
    if actor.local and not target.local:
        await effects.follow(tx, actor, target, uri)
        await featured.looked_at(tx, target)
    elif at_once:
        await _welcome(tx, actor, target, made)
    if waits:
        await _line_up(tx, actor, target, made)
    elif target.local:
        told = "follow" if at_once else "follow_request"
        await effects.tell(tx, await _who_decides(tx, target), told, actor, None)
    return made


async def asked(tx: Tx, actor: Account, target: Account, uri: str) -> None:
    """A Follow of another server: of who has moved away it is answered by a Reject, so that nobody waits.

    Raises as ``follow``.
    """
    try:
        await follow(tx, actor, target, uri=uri)
    except Forbidden as refused:
        if refused.reason != policy.MOVED.reason:
            raise
        await effects.answer_follow(tx, target, actor, uri, accepted=False)


async def _must_ask(tx: Tx, actor: Account, target: Account, *, admitted: bool) -> bool:
    """Whether the follower waits. Raises ``Forbidden`` where only who was invited may ask."""
    community = await communities.by_id(tx.conn, target.id)
    if community is None:
        return target.locked
    invited = admitted or await communities.is_invited(tx.conn, target.id, actor.id)
    people = actor.kind in ("person", "service")
    policy.may_join(
        community.policy, invited=invited, reads=people or community.visibility != "private"
    ).require()
    return community.policy != "open" and not invited


# The line


async def _is_full(tx: Tx, target: Account, actor: Account) -> bool:
    """Whether the next to come waits; the caller holds the community."""
    community = await communities.by_id(tx.conn, target.id) if target.is_group else None
    if community is None or community.capacity is None or actor.kind not in ("person", "service"):
        return False
    if await joins.length(tx.conn, target.id):
        return True
    return await communities.members(tx.conn, target.id) >= community.capacity


async def _line_up(tx: Tx, follower: Account, target: Account, made: Follow) -> None:
    """Let in, and waiting for a place: they are told which. The first who waits is a word to the organisers."""
    if not await joins.queue(tx.conn, made.id, target.id, tx.now):
        return
    place = await joins.place(tx.conn, made.id) or 0
    if await letters.may_ring(tx, target, follower, "full"):
        await letters.send(tx, target, follower, "full", place=place)
    for steward in await communities.stewards(tx.conn, target.id) if place == 1 else ():
        if await letters.may_ring(tx, target, steward, "reached"):
            await letters.send(tx, target, steward, "reached")


async def free_places(tx: Tx, community_id: int) -> None:
    """Somebody went, or there are more places: the line moves, if there is one."""
    if await joins.length(tx.conn, community_id):
        await tx.later(f"line:{community_id}", LINE, {"community_id": community_id}, tx.now)


async def move_line(tx: Tx, community_id: int) -> datetime | None:
    """Let in who waits longest, if there is a place. Gives the time to go on: at once, while people wait."""
    group = await accounts.by_id(tx.conn, community_id)
    made = await _next(tx, community_id)
    follower = await accounts.by_id(tx.conn, made.follower_id) if made else None
    if group is None or made is None or follower is None:
        return None
    await follows.hold(tx.conn, follower.id, group.id)
    community = await communities.by_id(tx.conn, group.id)
    if community is None or await _next(tx, group.id) != made:
        return tx.now
    if community.capacity and await communities.members(tx.conn, group.id) >= community.capacity:
        return None
    if await follows.accept(tx.conn, made, tx.now):
        await _welcome(tx, follower, group, made)
        await letters.send(tx, group, follower, "let_in", url=group.url)
    return tx.now


async def _next(tx: Tx, community_id: int) -> Follow | None:
    found = await joins.next_in_line(tx.conn, community_id)
    return await follows.by_id(tx.conn, found) if found else None


async def _who_decides(tx: Tx, target: Account) -> list[Account]:
    return await communities.stewards(tx.conn, target.id) if target.is_group else [target]


async def _again(tx: Tx, actor: Account, target: Account, uri: str, options: Options) -> Follow:
    """A second Follow: the options are set, and a remote follower is answered again (it asked again)."""
    known = await follows.between(tx.conn, actor.id, target.id)
    if known is None:
        raise NotFound
    await follows.set_options(
        tx.conn,
        known,
        reblogs=options.reblogs,
        notify=options.notify,
        languages=options.languages,
    )
    if not actor.local:
        await follows.set_uri(tx.conn, known, uri)
        if known.accepted_at:
            await effects.answer_follow(tx, target, actor, uri, accepted=True)
    return known


async def _welcome(tx: Tx, follower: Account, target: Account, made: Follow) -> None:
    if target.is_group and target.local:
        await _enter(tx, follower, target, made)
    if target.is_group and follower.local:
        await invitations.joined(tx.conn, follower.id, target.id)
    await effects.answer_follow(tx, target, follower, made.uri, accepted=True)
    if follower.local:
        await timelines.gather(tx.conn, follower.id, target.id)
        if target.is_group and not target.local:
            await histories.begin(tx, target)
    introduced = target.is_group or target.kind == "application"
    if introduced and target.local and not follower.local:
        args = {"community_id": target.id, "account_id": follower.id}
        await tx.later(f"introduce:{follower.host}", "introduce", args, tx.now)


async def _enter(tx: Tx, follower: Account, community: Account, made: Follow) -> None:
    """Of a new member of ours: what was asked is answered, the link counts, and the welcome is told."""
    await communities.end_invite(tx.conn, community.id, follower.id)
    link = await joins.decided(tx.conn, made.id)
    if link:
        await community_links.use(tx.conn, link)
    row = await communities.by_id(tx.conn, community.id)
    welcome = await posts.by_id(tx.conn, row.welcome_post_id or 0) if row else None
    if welcome and follower.kind in ("person", "service"):
        await letters.send(tx, community, follower, "welcome", url=welcome.url)


async def accept(tx: Tx, target: Account, made: Follow, follower: Account) -> None:
    """The target (or who decides for it) says yes; by its own activity where it is remote. Where a community
    of ours is full they wait in line from now on."""
    await follows.hold(tx.conn, follower.id, target.id)
    if await _waits(tx, target, made, follower):
        return
    if not await follows.accept(tx.conn, made, tx.now):
        return
    await _welcome(tx, follower, target, made)
    await _answered(tx, target, follower)


async def _waits(tx: Tx, target: Account, made: Follow, follower: Account) -> bool:
    now = await follows.by_id(tx.conn, made.id) if target.local else None
    if now is None or now.accepted_at or not await _is_full(tx, target, follower):
        return False
    await _line_up(tx, follower, target, now)
    await _answered(tx, target, follower)
    return True


async def _answered(tx: Tx, target: Account, follower: Account) -> None:
    """Nobody has to decide about this follower any more."""
    for decider in await _who_decides(tx, target):
        await notifications.withdraw(tx.conn, decider.id, "follow_request", follower.id, None)


async def doubt(tx: Tx, host: str) -> None:
    """Whoever has this host now need not be who was let in: each asks again, as far as one of ours decides
    who follows. Nothing that is for followers goes there until then, and no role is kept."""
    await communities.revoke_of_host(tx.conn, host)
    known = await follows.let_in(tx.conn, host)
    people = await accounts.by_ids(
        tx.conn, [i for f in known for i in (f.follower_id, f.target_id)]
    )
    for made in known:
        follower, target = people[made.follower_id], people[made.target_id]
        await follows.hold(tx.conn, follower.id, target.id)
        if await follows.doubt(tx.conn, made):
            told = await _who_decides(tx, target)
            await effects.tell(tx, told, "follow_request", follower, None)
            await free_places(tx, target.id)


async def reject(tx: Tx, target: Account, made: Follow, follower: Account) -> None:
    """The target says no, or takes back its yes."""
    await follows.hold(tx.conn, follower.id, target.id)
    if target.local and target.is_group:
        await roles.end(tx, follower, target)
    if await follows.delete(tx.conn, made):
        await effects.answer_follow(tx, target, follower, made.uri, accepted=False)
        await _answered(tx, target, follower)
        await _gone(tx, follower, target)


async def remove_follower(tx: Tx, actor: Account, follower: Account) -> None:
    """Take back the yes (or say no) to who follows the actor; theirs is told by a Reject."""
    await follows.hold(tx.conn, actor.id, follower.id)
    known = await follows.between(tx.conn, follower.id, actor.id)
    if known:
        await reject(tx, actor, known, follower)


async def unfollow(tx: Tx, actor: Account, target: Account) -> None:
    """Stop following, or take back the request; a repeat is no event.

    Raises ``Forbidden`` for the last organiser of a community.
    """
    await follows.hold(tx.conn, actor.id, target.id)
    known = await follows.between(tx.conn, actor.id, target.id)
    if known is None:
        return
    await roles.leave(tx, actor, target)
    if not await follows.delete(tx.conn, known):
        return
    await _gone(tx, actor, target)
    if actor.local:
        await timelines.forget(tx.conn, actor.id, target.id)
        if not target.local and known.uri:
            await effects.undo_follow(tx, actor, target, known.uri)


async def _gone(tx: Tx, follower: Account, target: Account) -> None:
    """Who left a community of ours invites nobody there, offers no role, and frees a place; those in its calls, where
    these are for members, soon: calls are locked before their community."""
    if target.local and target.is_group:
        args = {"community_id": target.id, "account_id": follower.id}
        await tx.later(f"left:{follower.id}", LEFT, args, tx.now)
        await community_links.end(tx.conn, follower.id, target.id)
        await handovers.end(tx.conn, target.id, follower.id)
        await free_places(tx, target.id)


async def block(tx: Tx, actor: Account, target: Account, *, uri: str | None = None) -> None:
    """Neither sees or reaches the other from now on."""
    if actor.id == target.id:
        policy.SELF.require()
    await follows.hold(tx.conn, actor.id, target.id)
    await follows.block(tx.conn, uri, actor.id, target.id, tx.now)
    await unfollow(tx, actor, target)
    await timelines.forget_wholly(tx.conn, actor.id, target.id)
    await notifications.drop_from(tx.conn, actor.id, target.id)
    back = await follows.between(tx.conn, target.id, actor.id)
    if back:
        await reject(tx, actor, back, target)


async def unblock(tx: Tx, actor: Account, target: Account) -> None:
    await follows.unblock(tx.conn, actor.id, target.id)
