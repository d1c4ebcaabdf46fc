"""What those who answer by e-mail are asked, in the versions in which it was asked, and what they agreed to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class ConsentText:
    """``purpose``: answer (without it there is none) or news (a box that is empty at first)."""

    id: int
    post_id: int
    purpose: str
    version: int
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Given:
    """A consent, with the very text."""

    contact_id: int
    text_id: int
    purpose: str
    version: int
    text: str
    given_at: datetime
    ended_at: datetime | None


PRESENT = Query(
    "select distinct on (purpose) * from consent_texts where post_id = $1"
    " order by purpose, version desc",
    ConsentText,
)
ADD = Query(
    """
    insert into consent_texts (post_id, purpose, version, text, created_at)
    select $1, $2::text, coalesce(max(version), 0) + 1, $3, $4
    from consent_texts where post_id = $1 and purpose = $2
    returning *
    """,
    ConsentText,
)
GIVE = Command(
    "insert into consents (contact_id, text_id, given_at) select $1, unnest($2::bigint[]), $3"
)
TAKE_ALL = Command("delete from consents where contact_id = $1")
END = Command(
    "update consents c set ended_at = $3 from consent_texts t where t.id = c.text_id"
    " and c.contact_id = $1 and t.purpose = $2 and c.ended_at is null"
)
OF_CONTACT = Query(
    "select c.contact_id, c.text_id, t.purpose, t.version, t.text, c.given_at, c.ended_at"
    " from consents c join consent_texts t on t.id = c.text_id where c.contact_id = $1"
    " order by t.purpose, t.version",
    Given,
)


async def present(conn: Connection, post_id: int) -> dict[str, ConsentText]:
    """The latest text for each purpose."""
    return {row.purpose: row for row in await PRESENT.all(conn, post_id)}


async def add(
    conn: Connection, post_id: int, purpose: str, text: str, now: datetime
) -> ConsentText:
    """The next version. Raises ``UniqueViolation`` where somebody else was faster."""
    return await ADD.one(conn, post_id, purpose, text, now)


async def give(conn: Connection, contact_id: int, text_ids: Sequence[int], now: datetime) -> None:
    """In the place of all that they agreed to before."""
    await TAKE_ALL.run(conn, contact_id)
    await GIVE.run(conn, contact_id, list(text_ids), now)


async def end(conn: Connection, contact_id: int, purpose: str, now: datetime) -> bool:
    return await END.run(conn, contact_id, purpose, now) > 0


async def of_contact(conn: Connection, contact_id: int) -> list[Given]:
    return await OF_CONTACT.all(conn, contact_id)
