"""A call of ours is deleted, and nobody comes to what is not.

What nobody relies on goes at once. Who said that they come has to hear that it is off, and what tells them
(``call_notices``, mails, the Update that servers of joined people read) needs the call: so one with answers is called
off first, and *hidden*: gone from every view, from the lists and from other servers by the same Delete as ever. But
for the servers of those who joined: they show the cancelled event to their people for ``KEEP``, and get their Delete
then. With it the row goes, and with that the answers. Mails have gone out by then, links in letters have worked.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from server.domain import distribution, effects, policy
from server.domain.calling import calls, kinds, line, participations
from server.domain.distribution import Reach
from server.domain.posting import media, posts
from server.domain.tx import Tx
from storage import accounts, community_archives, group_moderation
from storage import calls as rows
from storage import communities as community_rows
from storage import outcomes as outcome_rows
from storage import participations as participation_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

JOB = "delete_call"
KEEP = timedelta(days=7)
"""Longer than a mail is tried again."""


async def delete(tx: Tx, actor: Account, post: Post) -> None:
    """Take a call of ours away, and its card. What somebody relies on is called off first, unless by who steers:
    then with this.

    Raises ``Forbidden``, ``NotFound``.
    """
    call = await participations.locked(tx, post)
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    steers = policy.may_steer(await community_rows.role(tx.conn, community.id, actor.id))
    if actor.id != post.account_id:
        steers.require()
    answered = await participation_rows.is_answered(tx.conn, post.id)
    relied = answered and call.state not in calls.ENDED
    policy.may_delete_call(steers=steers.allowed, answered=relied).require()
    if relied:
        await _call_off(tx, community, post, call)
    if answered and call.state != "closed":
        await _hide(tx, post)
    else:
        await _remove(tx, post)
    if call.parent_id:
        await line.settle_above(tx, call.parent_id)


async def _call_off(tx: Tx, community: Account, post: Post, call: Call) -> None:
    await calls.set_state(tx, community, post, "cancelled")
    await line.fill(tx, post, call)
    await calls.send_tally(tx, post.id)


async def _whole(tx: Tx, post: Post) -> list[tuple[Post, Call]]:
    """A call behind its shifts."""
    ids = [*(shift.post_id for shift in await rows.every_shift(tx.conn, [post.id])), post.id]
    found, calls_ = await post_rows.by_ids(tx.conn, ids), await rows.by_ids(tx.conn, ids)
    return [(found[i], calls_[i]) for i in ids if i in found]


async def _hide(tx: Tx, post: Post) -> None:
    """Nobody sees it any more, and no server but those that still have to tell somebody."""
    hosts = set(await participation_rows.joined_from(tx.conn, post.id))
    later = Reach({})
    for row, call in await _whole(tx, post):
        reach = await calls.reach(tx, row, call)
        kept = _part(reach, lambda host: host in hosts)
        later = Reach({**later.members, **kept.members}, {**later.instances, **kept.instances})
        await _untell(tx, row, call)
        await _tell_gone(tx, row, call, _part(reach, lambda host: host not in hosts))
        await effects.vanish(tx, row)
        await media.release(tx, row)
        await group_moderation.set_removed(tx.conn, row.id, "deleted")
        await community_archives.drop(tx.conn, call.community_id)
    args = {"post_id": post.id, "members": dict(later.members), "instances": dict(later.instances)}
    await tx.later(f"call:{post.id}", JOB, args, tx.now + KEEP)


def _part(reach: Reach, to: Callable[[str], bool]) -> Reach:
    """Those of its hosts."""
    members = {inbox: host for inbox, host in reach.members.items() if to(host)}
    return Reach(members, {inbox: host for inbox, host in reach.instances.items() if to(host)})


async def run(tx: Tx, post_id: int, reach: Reach) -> None:
    """Who relied on it has been told: the rest of a hidden call goes. ``reach``: who has not been told of that."""
    post = await post_rows.by_id(tx.conn, post_id)
    if post and post.is_deleted:
        await participations.locked(tx, post)
        await _remove(tx, post, reach)


async def _remove(tx: Tx, post: Post, reach: Reach | None = None) -> None:
    """``reach``: whom it is told; None for everybody who was sent it."""
    for row, call in await _whole(tx, post):
        to = reach or await calls.reach(tx, row, call)
        await _untell(tx, row, call)
        await _tell_gone(tx, row, call, to)
        told = row.is_public  # of what was not, nobody else is told that it is gone
        if call.card_uri:
            await post_rows.bury(tx.conn, call.card_uri, tx.now, "question" if told else None)
        if kinds.KINDS[call.kind].shape == "question":
            page = tx.site.urls.companion(row.uri)
            await post_rows.bury(tx.conn, page, tx.now, "page" if told else None)
        await posts.remove(tx, row)


async def _tell_gone(tx: Tx, post: Post, call: Call, reach: Reach) -> None:
    author = await accounts.by_id(tx.conn, post.account_id)
    assert author, "a foreign key holds it"
    await distribution.call(tx, author, post, call, "delete", reach)


async def _untell(tx: Tx, post: Post, call: Call) -> None:
    """What its community told of it, with the pictures, goes along."""
    at = (await outcome_rows.of_calls(tx.conn, [post.id])).get(post.id)
    told = await post_rows.by_id(tx.conn, at) if at else None
    community = await accounts.by_id(tx.conn, call.community_id)
    if told and community:
        await posts.delete(tx, community, told)
