"""What those who take part were told of it, and the digests of the links in that.

When an answer is taken back, its links go with it (``storage/participations.py``).
"""

from __future__ import annotations

from datetime import datetime

from storage.db import Command, Connection, Query
from storage.participations import Participation

LAST_SAID = Query(
    "select said from participation_tokens where participation_id = $1"
    " order by told_at desc, digest limit 1",
    str,
)
PUT = Command(
    "insert into participation_tokens (digest, participation_id, said, told_at) values ($1, $2, $3, $4)"
)
BY_DIGEST = Query(
    "select p.* from participation_tokens t join participations p on p.id = t.participation_id"
    " where t.digest = $1",
    Participation,
)


async def last_said(conn: Connection, participation_id: int) -> str | None:
    """What somebody was told last: granted or waiting."""
    return await LAST_SAID.first(conn, participation_id)


async def put(
    conn: Connection, participation_id: int, digest: bytes, said: str, now: datetime
) -> None:
    """Each message has a link of its own, and all of them work."""
    await PUT.run(conn, digest, participation_id, said, now)


async def by_digest(conn: Connection, digest: bytes) -> Participation | None:
    """The answer that a link is about."""
    return await BY_DIGEST.first(conn, digest)
