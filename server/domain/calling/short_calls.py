"""Calls made from any client, by posting their short form (``short_form.py``) to a community.

Whoever may make a call there gets it made instead of the post; else nothing is made, and the client shows why. The
author of a call is a person of the server that hosts it, as Lemmy and Mobilizon ask, so that a member who is elsewhere
is told by a message that their lines stay a post.
"""

from __future__ import annotations

from server import text
from server.domain import distribution
from server.domain.calling import calls, short_form
from server.domain.posting.drafts import Draft, Typed
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import joined, mark
from storage import accounts
from storage import calls as call_rows
from storage.accounts import Account
from storage.db import next_id
from storage.posts import Post

FOR_EVERYBODY = mark("A call is for everybody: post it publicly, to its community.")
WHERE = mark("Line 1: say which community this call is for, by its handle, such as @river.")
ELSEWHERE = mark("Line 1: a call is made on the server of its community, by an organiser there.")
TEXT_ALONE = mark("A call in the short form has no files, no poll of its own, and quotes nothing.")
NOW = mark("A call cannot be scheduled: say in it when it takes place.")


async def publish(tx: Tx, author: Account, typed: Typed, draft: Draft) -> Post | None:
    """The call that was typed, or None: it is a post like others. Raises ``Invalid``, ``Forbidden``."""
    if typed.in_reply_to or not short_form.is_one(typed.text):
        return None
    community = _community(typed, draft)
    zone = await call_rows.last_timezone(tx.conn, community.id) or "UTC"
    short = short_form.parse(typed.text, zone, typed.language)
    try:
        return await calls.create(tx, author, community, short.wanted)
    except Invalid as error:
        raise _with_line(error, short) from error


def _community(typed: Typed, draft: Draft) -> Account:
    if typed.visibility not in ("public", "unlisted"):
        raise Invalid(FOR_EVERYBODY, field="visibility")
    if draft.community is None:
        raise Invalid(WHERE, field="status")
    if not draft.community.local:
        raise Invalid(ELSEWHERE, field="status")
    if typed.poll or typed.attachments or typed.quote:
        raise Invalid(TEXT_ALONE, field="status")
    return draft.community


def _with_line(error: Invalid, short: short_form.Short) -> Invalid:
    """What is wrong with a field, said of the line where it stands or should stand."""
    name = short_form.LINES.get(error.field or "")
    number = short.lines.get(error.field or "")
    if number:
        return Invalid(
            mark("Line %(number)s: %(sentence)s", number=number, sentence=error.sentence),
            field="status",
        )
    missing = mark("It is said by a line `%(name)s: …` below the first.", name=name) if name else ""
    return Invalid(joined(error.sentence, missing), field="status")


def refuse_later(typed: str) -> None:
    """Raises ``Invalid`` for a call that is to be posted later."""
    if short_form.is_one(typed):
        raise Invalid(NOW, field="scheduled_at")


async def is_from_elsewhere(tx: Tx, post: Post) -> bool:
    """Whether a post of another server to a community of ours would be a call."""
    if post.community_id is None or post.local or not post.is_head:
        return False
    community = await accounts.by_id(tx.conn, post.community_id)
    return community is not None and community.local and short_form.is_one(text.plain(post.content))


async def explain(tx: Tx, author: Account, post: Post) -> None:
    """Tell its author why it stays a post."""
    community = await accounts.by_id(tx.conn, post.community_id or 0)
    if community is None:
        return
    said = text.escape(
        f"What you wrote to @{community.username} stays a post, and is no call: who makes calls there has an account"
        f" on {tx.site.urls.domain}. Ask one of its organisers to make it."
    )
    uri = tx.site.urls.post(await next_id(tx.conn, tx.now))
    await distribution.message(tx, community, author, f"<p>{said}</p>", uri)
