"""What a member wrote down about somebody, for their own eyes. It is read with the relations."""

from __future__ import annotations

from storage.db import Command, Connection

PUT = Command(
    "insert into account_notes (account_id, target_id, comment) values ($1, $2, $3)"
    " on conflict (account_id, target_id) do update set comment = excluded.comment"
)
DROP = Command("delete from account_notes where account_id = $1 and target_id = $2")


async def put(conn: Connection, account_id: int, target_id: int, comment: str) -> None:
    """An empty comment removes the note."""
    if comment:
        await PUT.run(conn, account_id, target_id, comment)
    else:
        await DROP.run(conn, account_id, target_id)
