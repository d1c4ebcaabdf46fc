"""Following. An accepted follow of a community is membership.

Local and remote differ only before the call: a remote act brings the id of its activity (``uri``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from server.domain import effects, featured, histories, policy, roles
from server.domain.tx import Tx
from server.errors import Forbidden, NotFound
from storage import (
    accounts,
    communities,
    follows,
    group_moderation,
    invitations,
    notifications,
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


async def follow(
    tx: Tx,
    actor: Account,
    target: Account,
    *,
    uri: str | None = None,
    options: Options = ALL,
) -> Follow:
    """Follow an account, or ask to; a repeat changes the options.

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
    if target.local and await group_moderation.banned(tx.conn, target.id, actor.id, tx.now):
        policy.BANNED.require()
    uri = uri or await effects.new_id(tx)
    at_once = target.local and not await _must_ask(tx, actor, target)
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
    if target.local:
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


async def _must_ask(tx: Tx, actor: Account, target: Account) -> bool:
    """Whether the follower waits. Raises ``Forbidden`` where only who was invited may ask."""
    community = await communities.by_id(tx.conn, target.id)
    if community is None:
        return target.locked
    invited = await communities.is_invited(tx.conn, target.id, actor.id)
    people = actor.kind in ("person", "service")
    policy.may_join(
        community.policy, invited=invited, reads=people or community.visibility != "private"
    ).require()
    return community.policy != "open" and not invited


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
        await communities.end_invite(tx.conn, target.id, follower.id)
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


async def accept(tx: Tx, target: Account, made: Follow, follower: Account) -> None:
    """The target (or who decides for it) says yes; by its own activity where it is remote."""
    await follows.hold(tx.conn, follower.id, target.id)
    if not await follows.accept(tx.conn, made, tx.now):
        return
    await _welcome(tx, follower, target, made)
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


async def reject(tx: Tx, target: Account, made: Follow, follower: Account) -> None:
    """The target says no, or takes back its yes."""
    await follows.hold(tx.conn, follower.id, target.id)
    if target.local and target.is_group:
        await roles.end(tx, follower, target)
    if await follows.delete(tx.conn, made):
        await effects.answer_follow(tx, target, follower, made.uri, accepted=False)
        for decider in await _who_decides(tx, target):
            await notifications.withdraw(tx.conn, decider.id, "follow_request", follower.id, None)


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
    if actor.local:
        await timelines.forget(tx.conn, actor.id, target.id)
        if not target.local and known.uri:
            await effects.undo_follow(tx, actor, target, known.uri)


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
