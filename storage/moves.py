"""What hangs on an account that moves: whom it concerns here, and what is carried over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from storage.accounts import Account
from storage.db import Command, Connection, Query
from storage.follows import Follow, Listed

SET = Query(
    "update accounts set moved_to = $2, moved_at = coalesce($3, moved_at) where id = $1 returning *",
    Account,
)
SET_ALIASES = Query("update accounts set also_known_as = $2 where id = $1 returning *", Account)
CONCERNS = Query(
    """
    select exists (select from follows f join accounts a on a.id = f.follower_id
            where f.target_id = $1 and a.local)
        or exists (select from blocks where target_id = $1 and account_id in (
            select id from accounts where local))
        or exists (select from mutes where target_id = $1)
        or exists (select from account_notes where target_id = $1)
        or exists (select from community_bans where account_id = $1)
        or exists (select from community_roles where account_id = $1)
    """,
    bool,
)
FOLLOWERS = Query(
    """
    select f.* from follows f join accounts a on a.id = f.follower_id
    where f.target_id = $1 and a.local and f.accepted_at is not null and f.id > $2
    order by f.id limit $3
    """,
    Follow,
)
BLOCKERS = Query(
    """
    select b.id as row_id, b.account_id from blocks b join accounts a on a.id = b.account_id
    where b.target_id = $1 and a.local and b.id > $2
        and not exists (select from follows where follower_id = b.account_id and target_id = $3)
    order by b.id limit $4
    """,
    Listed,
)
CARRY_MUTES = Command(
    """
    insert into mutes (account_id, target_id, notifications, expires_at, created_at)
    select m.account_id, $2, m.notifications, m.expires_at, $3 from mutes m
    where m.target_id = $1 and m.account_id <> $2 and (m.expires_at is null or m.expires_at > $3)
        and not exists (select from follows where follower_id = m.account_id and target_id = $2)
    on conflict do nothing
    """
)
CARRY_NOTES = Command(
    """
    insert into account_notes (account_id, target_id, comment)
    select account_id, $2, comment from account_notes where target_id = $1 and account_id <> $2
    on conflict do nothing
    """
)
CARRY_BANS = Query(
    """
    insert into community_bans (community_id, account_id, until, reason, by_id, created_at)
    select b.community_id, $2, b.until, b.reason, b.by_id, $3 from community_bans b
    where b.account_id = $1 and b.community_id <> $2 and (b.until is null or b.until > $3)
        and not exists (select from community_roles r
            where r.community_id = b.community_id and r.account_id = $2)
    on conflict do nothing returning community_id
    """,
    int,
)


async def put(
    conn: Connection, account_id: int, moved_to: str | None, at: datetime | None
) -> Account:
    """Where an account is now, None for here; ``at``: when followers are carried over, if they are."""
    return await SET.one(conn, account_id, moved_to, at)


async def set_aliases(conn: Connection, account_id: int, uris: Sequence[str]) -> Account:
    return await SET_ALIASES.one(conn, account_id, uris)


async def concerns(conn: Connection, account_id: int) -> bool:
    """Whether somebody here follows, blocks, mutes or wrote a note about an account, or a community banned
    it or gave it a role."""
    return await CONCERNS.one(conn, account_id)


async def followers(conn: Connection, account_id: int, after: int, limit: int) -> list[Follow]:
    """Accepted follows by accounts of ours, the oldest first; ``after``: the last row that was seen."""
    return await FOLLOWERS.all(conn, account_id, after, limit)


async def blockers(
    conn: Connection, account_id: int, new_id: int, after: int, limit: int
) -> list[Listed]:
    """Accounts of ours that block the one and do not follow the other."""
    return await BLOCKERS.all(conn, account_id, after, new_id, limit)


async def carry_mutes(conn: Connection, old_id: int, new_id: int, now: datetime) -> None:
    """But for who follows the new one already: they know whom they read."""
    await CARRY_MUTES.run(conn, old_id, new_id, now)


async def carry_bans(conn: Connection, old_id: int, new_id: int, now: datetime) -> list[int]:
    """The communities in which the new one is banned by this; but for where it has a role already."""
    return await CARRY_BANS.all(conn, old_id, new_id, now)


async def carry_notes(conn: Connection, old_id: int, new_id: int) -> None:
    """A note that stands about the new one stays as it is."""
    await CARRY_NOTES.run(conn, old_id, new_id)
