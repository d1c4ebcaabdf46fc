"""What members chose for their posts, where a client does not say."""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Command, Connection, Query

VISIBILITIES = ("public", "unlisted", "private")


@dataclass(frozen=True, slots=True)
class Preferences:
    """``language``: None where none was chosen."""

    visibility: str = "public"
    sensitive: bool = False
    language: str | None = None


OF = Query(
    "select visibility, sensitive, language from preferences where account_id = $1", Preferences
)
PUT = Command(
    """
    insert into preferences (account_id, visibility, sensitive, language) values ($1, $2, $3, $4)
    on conflict (account_id) do update set visibility = excluded.visibility,
        sensitive = excluded.sensitive, language = excluded.language
    """
)


async def of(conn: Connection, account_id: int) -> Preferences:
    """The defaults where nothing was chosen."""
    return await OF.first(conn, account_id) or Preferences()


async def put(conn: Connection, account_id: int, chosen: Preferences) -> None:
    await PUT.run(conn, account_id, chosen.visibility, chosen.sensitive, chosen.language)
