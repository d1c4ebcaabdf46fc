"""Announcements: a word to all members of the instance, which each may dismiss and react to."""

from __future__ import annotations

import unicodedata
from datetime import datetime

from server import text
from server.domain.moderating import staff_log
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import announcements, events
from storage.accounts import Account
from storage.announcements import Announcement
from storage.users import User

TEXT_MAX = 5000
KINDS_MAX = 8
EMOJI_MAX = 12  # code points: families and flags are long
# Symbols, what modifies and joins them, and the signs of which keycaps are made.
_CATEGORIES = frozenset({"So", "Sk", "Sm", "Mn", "Me", "Cf", "Cn"})
_KEYCAP = "\u20e3"


async def announce(
    tx: Tx,
    said: str,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    by: User | None = None,
) -> Announcement:
    """Raises ``Invalid``."""
    if not said.strip() or len(said) > TEXT_MAX:
        raise Invalid(
            mark("An announcement has 1 to %(most)s characters.", most=TEXT_MAX), field="text"
        )
    if starts_at and ends_at and ends_at < starts_at:
        raise Invalid("An announcement cannot end before it starts.", field="ends_at")
    content = text.compose(said, {}, tx.site.urls.tag)
    row = await announcements.insert(tx.conn, said, content, starts_at, ends_at, tx.now)
    tx.happened(events.announcement(row.id))
    await staff_log.note(tx, by, "announce", about=text.one_line(said, 100))
    return row


async def withdraw(tx: Tx, announcement_id: int, by: User | None = None) -> None:
    """Raises ``NotFound``."""
    if not await announcements.delete(tx.conn, announcement_id):
        raise NotFound
    tx.happened(events.announcement_gone(announcement_id))
    await staff_log.note(tx, by, "withdraw", about=str(announcement_id))


async def dismiss(tx: Tx, reader: Account, announcement_id: int) -> None:
    """Raises ``NotFound``."""
    await _shown(tx, announcement_id)
    await announcements.dismiss(tx.conn, announcement_id, reader.id)


async def react(tx: Tx, reader: Account, announcement_id: int, name: str) -> None:
    """With an emoji; a repeat changes nothing. Raises ``NotFound``, ``Invalid``."""
    await _shown(tx, announcement_id)
    if not is_emoji(name):
        raise Invalid("Validation failed: Name is not a recognized emoji", field="name")
    known = await announcements.hold_names(tx.conn, announcement_id)
    if name not in known and len(known) >= KINDS_MAX:
        raise Invalid(
            mark(
                "Validation failed: There are at most %(most)s different reactions", most=KINDS_MAX
            )
        )
    await announcements.react(tx.conn, announcement_id, reader.id, name)
    tx.happened(events.announcement_reaction(announcement_id, name))


async def unreact(tx: Tx, reader: Account, announcement_id: int, name: str) -> None:
    """Raises ``NotFound``."""
    await _shown(tx, announcement_id)
    await announcements.unreact(tx.conn, announcement_id, reader.id, name)
    tx.happened(events.announcement_reaction(announcement_id, name))


async def _shown(tx: Tx, announcement_id: int) -> None:
    if await announcements.by_id(tx.conn, announcement_id, tx.now) is None:
        raise NotFound


def is_emoji(name: str) -> bool:
    """Whether it is made of what emoji are made of, one symbol at least. Custom ones there are none."""
    if not 0 < len(name) <= EMOJI_MAX:
        return False
    if name.endswith(_KEYCAP):
        return name[0] in "0123456789#*" and name[1:-1] in ("", "\ufe0f")
    categories = [unicodedata.category(letter) for letter in name]
    return "So" in categories and set(categories) <= _CATEGORIES
