"""What came of a call: an organiser says so once it is over, and everyone who took part hears it.

The note is on the call (a changed status here, an Update to each host that was sent the call), in its thread as a
reply by the community (with its pictures), and with each of those who took part (``call_notices``). A later change of the note is
shown, and told to nobody anew.

A call that is closed without one asks its organisers twice: after three days and after ten, and then never again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from server import text
from server.domain import effects, policy, sight
from server.domain.calling import call_notices, calls, pictures
from server.domain.groups import communities, letters
from server.domain.posting import drafts, posts
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, participations, polls
from storage import calls as rows
from storage import communities as community_rows
from storage import outcomes as outcome_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.posts import Post

MAX = 5000


async def note(
    tx: Tx, actor: Account, post: Post, said: str, media_ids: Sequence[int] | None = None
) -> None:
    """Say what came of a call of ours, or say it in other words. ``media_ids``: of pictures of the actor, or that it
    shows already; None to leave them.

    Raises ``Forbidden`` (no steward, not over yet), ``Invalid`` (as ``pictures.choose`` too), ``NotFound``.
    """
    call = await rows.lock(tx.conn, post.id)
    community = await accounts.by_id(tx.conn, call.community_id) if call else None
    author = await accounts.by_id(tx.conn, post.account_id)
    if call is None or community is None or author is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)
    over = call.over_at is not None and call.over_at <= tx.now
    policy.may_report(call.state, over=over).require()
    said = said.strip()
    if not 0 < len(said) <= MAX:
        raise Invalid(mark("An outcome has 1 to %(most)s characters.", most=MAX), field="outcome")
    html = text.compose(said, {}, tx.site.urls.tag)
    await rows.set_outcome(tx.conn, post.id, html, tx.now)
    effects.changed(tx, post.id)
    await calls.send_tally(tx, post.id)
    await _tell(tx, actor, community, post, html, media_ids, first=call.outcome_at is None)
    if call.outcome_at is None:
        await _spread(tx, actor, author, post)


async def _tell(
    tx: Tx,
    actor: Account,
    community: Account,
    post: Post,
    html: str,
    media_ids: Sequence[int] | None,
    *,
    first: bool,
) -> None:
    """In the thread of the call. Whoever took the community's reply away gets no other by a change of the words: only
    pictures need one."""
    at = (await outcome_rows.of_calls(tx.conn, [post.id])).get(post.id)
    before = await post_rows.by_id(tx.conn, at) if at else None
    shown = await pictures.hand_over(tx, actor, community, media_ids, before)
    draft = replace(_draft(community, post, html), attachments=shown)
    if before:
        await posts.edit(tx, community, before, draft)
    elif first or shown:
        told = await posts.publish(tx, community, draft)
        assert told, "a new id is never a repeat"
        await outcome_rows.put(tx.conn, post.id, told.id)


def _draft(community: Account, post: Post, html: str) -> drafts.Draft:
    closed = post.visibility == "members"
    return drafts.Draft(
        content=html,
        in_reply_to=post,
        language=post.language,
        visibility=post.visibility if closed else "public",
        community=community if closed else None,
    )


async def _spread(tx: Tx, actor: Account, author: Account, post: Post) -> None:
    """To those who took part."""
    took_part = await participations.participants(tx.conn, post.id)
    placed = [row.account_id for row in took_part if row.account_id and row.state == "granted"]
    ids = await sight.still(tx, post, placed)
    await effects.tell(
        tx, (await accounts.by_ids(tx.conn, ids)).values(), "update", author, post.id
    )
    await call_notices.send(tx, post.id, "outcome", by=actor)


async def ask(tx: Tx, post_id: int, closed_at: str) -> None:
    """Ask the organisers what came of a call, unless they said so, or opened it again since."""
    call = await rows.by_id(tx.conn, post_id)
    post = await post_rows.by_id(tx.conn, post_id)
    poll = (await polls.by_ids(tx.conn, [post_id])).get(post_id)
    if not (call and post and poll and poll.closed_at) or call.outcome_at:
        return
    if call.state != "closed" or poll.closed_at.isoformat() != closed_at:
        return
    community = await accounts.by_id(tx.conn, call.community_id)
    assert community, "a foreign key holds it"
    await tell_stewards(tx, community, "ask_outcome", call=post.title, url=post.url)


async def tell_stewards(tx: Tx, community: Account, what: str, **facts: str | int) -> None:
    """A letter by the community to each of ours who steers it."""
    for steward in await community_rows.stewards(tx.conn, community.id):
        if steward.local:
            await letters.send(tx, community, steward, what, **facts)
