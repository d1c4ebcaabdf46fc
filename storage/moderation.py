"""What moderators look through: accounts, by where they are and how they stand."""

from __future__ import annotations

from dataclasses import dataclass

from storage.db import Connection, Query
from storage.timelines import Page


@dataclass(frozen=True, slots=True)
class Sought:
    """What is empty or None is not asked for. ``status``: active, pending, disabled, silenced or suspended."""

    local: bool | None = None
    status: str | None = None
    staff: bool = False
    username: str = ""
    display_name: str = ""
    host: str = ""
    email: str = ""


ACCOUNTS = Query(
    r"""
    select a.id from accounts a left join users u on u.id = a.user_id
    where a.kind <> 'application' and a.id < $1 and a.id > $2
      and ($4::boolean is null or a.local = $4)
      and case $5::text
            when 'active' then a.suspended_at is null and not a.waiting and u.disabled_at is null
            when 'pending' then u.approved_at is null and u.id is not null
            when 'disabled' then u.disabled_at is not null
            when 'silenced' then a.silenced_at is not null
            when 'suspended' then a.suspended_at is not null
            else true end
      and (not $6 or u.role in ('moderator', 'admin'))
      and starts_with(lower(a.username), lower($7))
      and starts_with(lower(a.display_name), lower($8))
      and ($9 = '' or a.host = lower($9))
      and ($10 = '' or lower(u.email) = lower($10))
    order by a.id desc limit $3
    """,
    int,
)


async def accounts(conn: Connection, sought: Sought, page: Page) -> list[int]:
    """Newest first."""
    s = sought
    return await ACCOUNTS.all(
        conn, *page.bounds, page.limit, s.local, s.status, s.staff, s.username, s.display_name,
        s.host, s.email,
    )  # fmt: skip
