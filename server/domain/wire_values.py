"""Rows become the small values of documents: who, pictures, polls, attachments, mentions, visibility."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from federation import addressing, build
from federation.objects import (
    Attachment,
    Mention,
    Option,
    Picture,
    Poll,
)
from federation.vocab import PUBLIC
from server import blobs
from server.domain.tx import Tx
from storage import (
    accounts,
    polls,
    posts,
)
from storage.accounts import Account

Json = build.Json
FILMED = ("gifv", "video", "audio")
"""Of these a picture is told besides: clients elsewhere show it before the film is loaded."""


def picture_of(url: str | None, description: str) -> Picture | None:
    if not url:
        return None
    return Picture(url, description, blobs.MEDIA_TYPES.get(url.rpartition(".")[2]))


def named(document: Json) -> tuple[list[str], list[str]]:
    """To whom a document of ours says it is."""
    return cast("list[str]", document.get("to", [])), cast("list[str]", document.get("cc", []))


def as_card(row: posts.Post) -> addressing.Visibility:
    """For a microblog the members are the followers of who posts it."""
    return "private" if row.visibility == "members" else "public"


def is_for_all(document: Json) -> bool:
    """Whether a document of ours is addressed to everybody."""
    return any(PUBLIC in part for part in named(document))


def visibility_of(row: posts.Post) -> addressing.Visibility:
    return cast("addressing.Visibility", row.visibility)  # the table's check is the same list


async def poll_of(tx: Tx, post_id: int) -> Poll:
    row = (await polls.by_ids(tx.conn, [post_id]))[post_id]
    options = await polls.options(tx.conn, [post_id])
    return Poll(
        options=tuple(Option(o.title, o.votes_count) for o in options),
        multiple=row.multiple,
        end_time=row.ends_at,
        closed_at=row.closed_at,
        voters_count=row.voters_count,
    )


def ended(poll: Poll) -> Poll:
    """A card that closed before its time, or has none, ends when it closed: Takahē 0.11 reads ``endTime`` alone
    (activities/models/post_types.py, QuestionData), and Mastodon writes both."""
    return replace(poll, end_time=poll.closed_at) if poll.closed_at else poll


def attachment_of(stored: dict[str, Any]) -> Attachment:
    return Attachment(
        url=stored["url"],
        kind="video" if stored["kind"] == "gifv" else stored["kind"],
        media_type=stored.get("media_type"),
        description=stored.get("description") or "",
        width=stored.get("width"),
        height=stored.get("height"),
        blurhash=stored.get("blurhash"),
        focus=(stored["focus"][0], stored["focus"][1]) if stored.get("focus") else None,
        preview=stored.get("preview") if stored["kind"] in FILMED else None,
    )


def mention_of(tx: Tx, account: Account) -> Mention:
    host = account.handle_host or tx.site.urls.domain
    return Mention(account.uri, f"@{account.username}@{host}")


async def account_of(tx: Tx, account_id: int) -> Account:
    found = await accounts.by_id(tx.conn, account_id)
    assert found, "a foreign key holds it"
    return found
