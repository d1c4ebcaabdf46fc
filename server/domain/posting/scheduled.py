"""Posts to be: kept when they are written, published by a job at their time.

A post is checked twice: when it is kept, so that its author hears of a fault at once, and when it is
published, with the eyes of that moment: what it answers may be gone, its author suspended. Refused then, it
stays where its author finds it, with the reason; moving it to another time tries again. A job that comes
too early, because the post was moved, waits once more; one that finds nothing is done. Where our own
faults keep it from being published until its job is dropped, its author reads that too.

Its files are held for it, however far its time: no other post takes them and no cleaning removes them.
When it is published or given up they are free again, for the post or for a day.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

import structlog
from pydantic import TypeAdapter

from server.domain.posting import composing, drafts, media, posts
from server.domain.posting.composing import Wanted
from server.domain.tx import Tx
from server.errors import BeckonError, Invalid, NotFound
from server.i18n import mark
from storage import accounts, oauth, scheduled, users
from storage import media as media_rows
from storage.accounts import Account
from storage.posts import Post
from storage.scheduled import Scheduled

log = structlog.get_logger()

AHEAD = timedelta(minutes=5)
TOTAL = 300
A_DAY = 25
FAULT = mark("A fault of this server kept it from being published. Please try another time.")

_WANTED = TypeAdapter(Wanted)


def wanted_of(row: Scheduled) -> Wanted:
    """Whatever fields ``Wanted`` has: they are read by their types."""
    return _WANTED.validate_python(row.wanted)


def _plain(wanted: Wanted) -> dict[str, Any]:
    return asdict(wanted)


async def keep(
    tx: Tx, author: Account, wanted: Wanted, at: datetime, key: str | None = None
) -> Scheduled:
    """Keep a post for later. Raises ``Invalid`` (as a post would, too soon, too many), ``NotFound``."""
    await drafts.draft(tx, author, await composing.typed(tx, author, wanted))
    await _require_room(tx, author.id, at, None)
    row = await scheduled.insert(tx.conn, author.id, _plain(wanted), at, key, tx.now)
    await media.reserve(tx, author, wanted.media_ids, row.id)
    await _plan(tx, row)
    return row


async def _require_room(tx: Tx, account_id: int, at: datetime, moved: int | None) -> None:
    if at < tx.now + AHEAD:
        raise Invalid(
            "Validation failed: Scheduled at must be at least 5 minutes in the future",
            field="scheduled_at",
        )
    counts = await scheduled.counts(tx.conn, account_id, at, moved)
    if moved is None and counts.every >= TOTAL:
        raise Invalid(
            mark("Validation failed: No more than %(total)s posts can be scheduled", total=TOTAL)
        )
    if counts.on_day >= A_DAY:
        raise Invalid(
            mark(
                "Validation failed: No more than %(a_day)s posts can be scheduled for a day",
                a_day=A_DAY,
            )
        )


async def _plan(tx: Tx, row: Scheduled) -> None:
    await tx.later(f"scheduled:{row.id}", "publish_scheduled", {"id": row.id}, row.scheduled_at)


async def move(tx: Tx, author: Account, scheduled_id: int, at: datetime) -> Scheduled:
    """To another time. Raises ``NotFound``, ``Invalid``."""
    row = await _hold(tx, author, scheduled_id)
    await _require_room(tx, author.id, at, row.id)
    moved = await scheduled.move(tx.conn, row.id, at)
    await _plan(tx, moved)
    return moved


async def drop(tx: Tx, author: Account, scheduled_id: int) -> None:
    """Its files may be used again within a day. Raises ``NotFound``."""
    row = await _hold(tx, author, scheduled_id)
    await media_rows.unreserve(tx.conn, row.id, tx.now)
    await scheduled.delete(tx.conn, row.id)


async def _hold(tx: Tx, author: Account, scheduled_id: int) -> Scheduled:
    row = await scheduled.hold(tx.conn, scheduled_id)
    if row is None or row.account_id != author.id:
        raise NotFound
    return row


async def publish(tx: Tx, scheduled_id: int) -> datetime | None:
    """Publish what is due; gives the time to come back where it was moved to a later one."""
    row = await scheduled.hold(tx.conn, scheduled_id)
    if row is None or row.failure is not None:
        return None
    if row.scheduled_at > tx.now:
        return row.scheduled_at
    try:
        async with tx.conn.transaction():
            await _publish(tx, row)
    except BeckonError as error:
        log.warning("scheduled.refused", id=row.id, account=row.account_id, reason=error.sentence)
        await scheduled.fail(tx.conn, row.id, error.sentence)
    return None


async def gave_up(tx: Tx, scheduled_id: int) -> None:
    """Its job failed too often and is dropped."""
    row = await scheduled.hold(tx.conn, scheduled_id)
    if row and row.failure is None:
        await scheduled.fail(tx.conn, row.id, FAULT)


async def _publish(tx: Tx, row: Scheduled) -> Post:
    author = await _author(tx, row)
    await media_rows.unreserve(tx.conn, row.id, tx.now)  # a refusal takes it back
    typed = await composing.typed(tx, author, wanted_of(row))
    post = await posts.publish(tx, author, await drafts.draft(tx, author, typed))
    assert post, "a new id is never a repeat"
    if row.idempotency_key:
        # The request that made it may still be repeated: then it finds the post.
        await oauth.keep_key(tx.conn, author.id, row.idempotency_key, post.id, row.created_at)
    await scheduled.delete(tx.conn, row.id)
    return post


async def _author(tx: Tx, row: Scheduled) -> Account:
    author = await accounts.by_id(tx.conn, row.account_id)
    assert author, "a foreign key holds it"
    user = await users.by_id(tx.conn, author.user_id) if author.user_id is not None else None
    if author.suspended_at or user is None or user.disabled_at:
        raise Invalid("This account may not post.")
    return author
