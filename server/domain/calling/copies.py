"""What was started from a call in other towns: which copies there are, and how many take part in them.

A copy names the first call, never another copy, so that every list is one list. A copy of another server comes
by its author's own signed ``Create``, and is known as a call of that server before it stands here; its figure is
what its host says of it. Beside the figure of the first call stands a range over its copies, and nothing of it is
ever added to that figure (the same person may take part in two towns). What is told by others counts up to the
cap that holds for tallies, and of one registrable domain ``PER_ROOF`` copies count; the rest is *also reported*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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

ON_A_PAGE = 20
"""Of those on the page of the call."""


@dataclass(frozen=True, slots=True)
class Copy:
    """``range``: its own figure, as its host says."""

    post: Post
    call: Call
    community: Account
    range: Range


@dataclass(frozen=True, slots=True)
class Started:
    """``may_be``: by others in their town; ``first``: from which it was, where the viewer may see that;
    ``places``: its public copies."""

    may_be: bool
    first: Post | None
    places: int


@dataclass(frozen=True, slots=True)
class Copies:
    """``range``: over those found, to stand beside the figure of the first."""

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
    return call is not None and _may_be_started(post, call)


def _may_be_started(post: Post, call: Call) -> bool:
    whole = call.parent_id is None and call.may_be_started
    return whole and post.visibility == "public" and not post.removed


async def started(
    tx: Tx, found: Sequence[tuple[Post, Call]], viewer: Account | None
) -> dict[int, Started]:
    """By the post of each call; with as many statements for one as for forty."""
    standing = await rows.standing(tx.conn, [post.id for post, _ in found])
    origins = [row.origin_id for row in standing.values() if row.origin_id]
    known = await post_rows.by_ids(tx.conn, origins) if origins else {}
    seen = {post.id: post for post in await sight.visible(tx, known.values(), viewer)}
    return {
        post.id: Started(
            _may_be_started(post, call),
            seen.get(standing[post.id].origin_id or 0),
            standing[post.id].places,
        )
        for post, call in found
    }


async def host_of_origin(tx: Tx, post: Post) -> Inboxes:
    """Where it is told of a public copy of ours: at the other server of Beckon that has the first call."""
    uri = await rows.origin(tx.conn, post.id)
    origin = await post_rows.by_uri(tx.conn, uri) if uri and post.visibility == "public" else None
    author = await accounts.by_id(tx.conn, origin.account_id) if origin else None
    if author is None or author.local or author.suspended_at:
        return {}
    host = await outbox.host(tx.conn, author.host)
    return effects.inbox_of(author) if host and host.software == tallies.BECKON else {}


async def of(tx: Tx, post: Post, viewer: Account | None, limit: int = MOST) -> Copies:
    """The first copies of a call with their figures, of those that the viewer may see: that of a private community is
    there for its members alone. With as many statements for one as for all."""
    ids = await rows.of(tx.conn, post.id, MOST)
    posts_, calls_ = await post_rows.by_ids(tx.conn, ids), await calls.by_ids(tx.conn, ids)
    seen = await sight.visible(tx, [posts_[n] for n in ids if n in posts_], viewer)
    seen = seen[:limit]
    groups = await accounts.by_ids(tx.conn, [calls_[p.id].community_id for p in seen])
    hosts = {p.id: groups[calls_[p.id].community_id].host or tallies.us(tx) for p in seen}
    told = await _figures(tx, [(p, calls_[p.id]) for p in seen], hosts)
    found = [
        Copy(p, calls_[p.id], groups[calls_[p.id].community_id], told[p.id].range) for p in seen
    ]
    confirmed = sum(figure.confirmed for figure in told.values())
    known = await tallies.known(tx, {figure.host for figure in told.values()})
    return Copies(found, counting.beside([told[p.id] for p in seen], known, confirmed))


async def _figures(
    tx: Tx, found: Sequence[tuple[Post, Call]], hosts: Mapping[int, str]
) -> dict[int, Told]:
    """Of those that are counted here, and of those of which their host says it."""
    ours = [post.id for post, _ in found if post.local]
    theirs = [(post, call) for post, call in found if not post.local]
    here = await tallies.standings(tx, ours) if ours else {}
    there = await tallies.elsewhere(tx, theirs) if theirs else {}
    counted = {i: Told(hosts[i], s.range, s.own + s.email, vouched=True) for i, s in here.items()}
    return counted | {i: Told(hosts[i], range_) for i, range_ in there.items()}


async def take_off(tx: Tx, actor: Account, post: Post, copy_id: int) -> None:
    """Take a copy off the list of a call of ours, for those who steer it. Raises ``Forbidden``, ``NotFound``."""
    call = await calls.by_id(tx.conn, post.id)
    community = await accounts.by_id(tx.conn, call.community_id) if call else None
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)
    if not await rows.take_off(tx.conn, copy_id, post.uri):
        raise NotFound
