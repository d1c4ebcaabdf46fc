"""Replies to a call that answer it: said with the keyword that the call prints (``keywords.py``).

Whoever replies to the call or to its card, in public or to few people, from wherever: what the reply says *now*
counts. An edit that drops the keyword takes the answer back, as does deleting the reply; in an edit another one may
be given. Only the server of the call listens. A reply that comes too late, or from somebody who may not answer, stays
a comment.

The call is held before anything of the post is, in the order of ``calls.edit``.
"""

from __future__ import annotations

from server.domain.calling import guests, keywords, participations
from server.domain.tx import Tx
from server.errors import Forbidden
from storage import calls, polls
from storage import participations as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post


async def hold(tx: Tx, parent: Post | None) -> None:
    """Before a reply to ``parent`` is written, changed or deleted."""
    if parent and parent.is_call and parent.local:
        await calls.lock(tx.conn, parent.id)


async def hold_parent(tx: Tx, post: Post) -> None:
    """As ``hold``, for a reply that is there."""
    if post.in_reply_to_id:
        await hold(tx, await post_rows.by_id(tx.conn, post.in_reply_to_id))


async def heard(tx: Tx, author: Account, post: Post) -> None:
    """A reply was written or changed: its first line may answer the call above it, or not any more. One that
    moderators hold counts when they let it through."""
    if post.held:
        return
    above = await post_rows.by_id(tx.conn, post.in_reply_to_id) if post.in_reply_to_id else None
    if above is None or not above.is_call or not above.local:
        return
    await _carry_out(tx, author, above, post)


async def to_receipt(tx: Tx, author: Account, post: Post, uri: str) -> None:
    """A reply to what somebody was told of their place means the call. ``uri``: of that message."""
    number = tx.site.urls.receipt_of(uri)
    mine = await rows.by_id(tx.conn, number) if number is not None else None
    above = await post_rows.by_id(tx.conn, mine.post_id) if mine else None
    if mine and above and mine.account_id == author.id:
        await _carry_out(tx, author, above, post)


async def gone(tx: Tx, post: Post) -> None:
    """A reply is to be deleted: the answer that it gave goes with it."""
    if post.in_reply_to_id is None:
        return
    await hold_parent(tx, post)
    await _take_back(tx, post)


async def _take_back(tx: Tx, post: Post) -> None:
    given = await rows.by_uri(tx.conn, post.uri)
    call = await post_rows.by_id(tx.conn, given.post_id) if given else None
    if given and call and given.account_id == post.account_id:
        await participations.take_back(tx, given, call)


async def _carry_out(tx: Tx, author: Account, above: Post, post: Post) -> None:
    call = await calls.by_id(tx.conn, above.id)
    said = await _said(tx, above, call, post) if call else None
    if said is None:
        await _take_back(tx, post)
    elif said == keywords.WITHDRAW:
        await participations.withdraw(tx, author, above)
    else:
        await _answer(tx, author, above, said, post)


async def _said(tx: Tx, above: Post, call: Call, post: Post) -> str | None:
    printed = await of_call(tx, above, call)
    return keywords.said(post.content, printed, above.language)


async def _answer(tx: Tx, author: Account, above: Post, said: str, reply: Post) -> None:
    brings = keywords.guests(reply.content)
    try:
        await participations.answer(tx, author, above, said, "reply", uri=reply.uri, guests=brings)
    except Forbidden as refused:
        # Too late or not for them: a comment. Who would bring too many is told so once, not at each edit.
        if refused.reason in participations.NO_MORE and reply.edited_at is None:
            await guests.refuse_reply(tx, author, above, refused.sentence)


async def of_call(tx: Tx, post: Post, call: Call) -> tuple[keywords.Keyword, ...]:
    """What a call prints: nothing where its counts are secret, as replies are there to be read."""
    if call.secret_until_closed:
        return ()
    options = await polls.options(tx.conn, [post.id])
    titles = [o.title for o in options]
    return keywords.of_call(call.kind, call.variant, titles, post.language)
