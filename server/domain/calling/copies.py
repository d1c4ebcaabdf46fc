"""What was started from a call in other towns: which copies there are, and how many take part in them.

A copy names the first call, never another copy, so that every list is one list. A copy of another server comes
by its author's own signed ``Create``, and is known as a call of that server before it stands here; its figure is
what its host says of it. Beside the figure of the first call stands a range over its copies, and nothing of it is
ever added to that figure (the same person may take part in two towns). What is told by others counts up to the
cap that holds for tallies, and of one registrable domain ``PER_ROOF`` copies count; the rest is *also reported*.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.domain import effects, sight
from server.domain.calling import counting, tallies
from server.domain.calling.counting import Range, Told
from server.domain.effects import Inboxes
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import NotFound
from storage import accounts, calls, outbox
from storage import call_copies as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post

MOST = 200
"""Copies that are listed of one call."""


@dataclass(frozen=True, slots=True)
class Copy:
    """``range``: its own figure, as its host says."""

    post: Post
    call: Call
    community: Account
    range: Range


@dataclass(frozen=True, slots=True)
class Copies:
    """``range``: over all of them, to stand beside the figure of the first."""

    found: list[Copy]
    range: Range


async def note(tx: Tx, post: Post, call: Call, named: str) -> None:
    """Write down from which call another was started. What would go round in a circle says nothing, nor what
    its maker does not allow."""
    origin = await post_rows.by_uri(tx.conn, named)
    first = (await rows.origin(tx.conn, origin.id) if origin else None) or named
    if first == post.uri or call.parent_id is not None:
        return
    if origin and not await may_be_started(tx, origin):
        return
    await rows.put(tx.conn, post.id, first)
    await rows.lead_on(tx.conn, post.uri, first)


async def may_be_started(tx: Tx, post: Post) -> bool:
    """Whether it is a call for everybody, whose maker lets others start it in their town."""
    call = await calls.by_id(tx.conn, post.id)
    whole = call is not None and call.parent_id is None and call.may_be_started
    return whole and post.visibility == "public" and not post.removed


async def first_of(tx: Tx, post: Post, viewer: Account | None) -> Post | None:
    """The call from which one was started, where that is known here and the viewer may see it."""
    uri = await rows.origin(tx.conn, post.id)
    found = await post_rows.by_uri(tx.conn, uri) if uri else None
    return found if found and await sight.visible(tx, [found], viewer) else None


async def host_of_origin(tx: Tx, post: Post) -> Inboxes:
    """Where it is told of a public copy of ours: at the other server of Beckon that has the first call."""
    uri = await rows.origin(tx.conn, post.id)
    origin = await post_rows.by_uri(tx.conn, uri) if uri and post.visibility == "public" else None
    author = await accounts.by_id(tx.conn, origin.account_id) if origin else None
    if author is None or author.local or author.suspended_at:
        return {}
    host = await outbox.host(tx.conn, author.host)
    return effects.inbox_of(author) if host and host.software == tallies.BECKON else {}


async def of(tx: Tx, post: Post, viewer: Account | None) -> Copies:
    """The copies of a call with their figures. ``viewer``: sees those that they may see."""
    ids = await rows.of(tx.conn, post.id, MOST)
    posts_, calls_ = await post_rows.by_ids(tx.conn, ids), await calls.by_ids(tx.conn, ids)
    seen = await sight.visible(tx, [posts_[n] for n in ids if n in posts_], viewer)
    groups = await accounts.by_ids(tx.conn, [calls_[p.id].community_id for p in seen])
    found: list[Copy] = []
    told: list[Told] = []
    for each in seen:
        call = calls_[each.id]
        group = groups[call.community_id]
        figure = await _figure(tx, group.host or tallies.us(tx), each, call)
        told.append(figure)
        found.append(Copy(each, call, group, figure.range))
    confirmed = sum(figure.confirmed for figure in told)
    known = await tallies.known(tx, {figure.host for figure in told})
    return Copies(found, counting.beside(told, known, confirmed))


async def _figure(tx: Tx, host: str, post: Post, call: Call) -> Told:
    if not post.local:
        return Told(host, await tallies.elsewhere(tx, post, call))
    standing = await tallies.standing(tx, post)
    return Told(host, standing.range, standing.own + standing.email, vouched=True)


async def take_off(tx: Tx, actor: Account, post: Post, copy_id: int) -> None:
    """Take a copy off the list of a call of ours, for those who steer it. Raises ``Forbidden``, ``NotFound``."""
    call = await calls.by_id(tx.conn, post.id)
    community = await accounts.by_id(tx.conn, call.community_id) if call else None
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)
    if not await rows.take_off(tx.conn, copy_id, post.uri):
        raise NotFound
