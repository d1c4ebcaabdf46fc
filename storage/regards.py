"""What stands between a viewer and others, as far as it decides what the viewer is shown of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.db import Connection, Query


@dataclass(frozen=True, slots=True)
class Regard:
    """Between the viewer and one account; of a stranger's, only what holds for everybody is true."""

    account_id: int
    suspended: bool
    limited: bool
    following: bool
    followed_by: bool
    blocking: bool
    blocked_by: bool
    muting: bool
    domain_blocking: bool

    @property
    def silenced(self) -> bool:
        """Whether the viewer wants nothing of this account in any feed."""
        return self.blocking or self.muting or self.domain_blocking


OF = Query(
    """
    select o.id as account_id, o.suspended_at is not null as suspended,
        o.silenced_at is not null as limited,
        exists (select from follows f where f.follower_id = $1 and f.target_id = o.id
            and f.accepted_at is not null) as following,
        exists (select from follows f where f.follower_id = o.id and f.target_id = $1
            and f.accepted_at is not null) as followed_by,
        exists (select from blocks b where b.account_id = $1 and b.target_id = o.id) as blocking,
        exists (select from blocks b where b.account_id = o.id and b.target_id = $1) as blocked_by,
        exists (select from mutes m where m.account_id = $1 and m.target_id = o.id
            and (m.expires_at is null or m.expires_at > $3)) as muting,
        exists (select from account_domain_blocks d where d.account_id = $1 and d.host = o.host)
            as domain_blocking
    from accounts o where o.id = any($2::bigint[])
    """,
    Regard,
)
SHUT_OUT = Query(
    """
    select exists (select from blocks b where b.account_id = any($1::bigint[]) and b.target_id = $2)
        or exists (select from account_domain_blocks d
            where d.account_id = any($1::bigint[]) and d.host = $3)
    """,
    bool,
)


async def of(
    conn: Connection, viewer_id: int | None, ids: Sequence[int], now: datetime
) -> dict[int, Regard]:
    """By account. ``viewer_id``: None for a stranger."""
    return {row.account_id: row for row in await OF.all(conn, viewer_id, ids, now)}


async def shut_out(conn: Connection, owners: Sequence[int], asks_id: int, asks_host: str) -> bool:
    """Whether one of the owners wants nothing to do with who asks, or with their host."""
    return await SHUT_OUT.one(conn, owners, asks_id, asks_host)
