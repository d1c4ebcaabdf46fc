"""What groups of other servers say that they are about, and in which languages."""

from __future__ import annotations

from collections.abc import Sequence

from storage.db import Command, Connection

PUT = Command(
    "insert into group_properties (account_id, topics, languages) values ($1, $2, $3)"
    " on conflict (account_id) do update set topics = excluded.topics, languages = excluded.languages"
)


async def put(
    conn: Connection, account_id: int, topics: Sequence[str], languages: Sequence[str]
) -> None:
    """``topics``: in lower case, without the number sign; ``languages``: codes, as BCP 47 has them."""
    await PUT.run(conn, account_id, topics, languages)
