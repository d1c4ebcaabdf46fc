"""What was counted of a call, here and by other servers: numbers, and no names.

A row without a host is what we last told the server of a call about our own people.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from storage.db import Command, Connection, Query


@dataclass(frozen=True, slots=True)
class Counted:
    """``young``: accounts of ours that neither their age nor their address confirms. ``email``: addresses, without an
    account. ``joined`` and ``expressed``: people of other servers, by a signed Join and by a vote."""

    post_id: int
    settled: int
    young: int
    email: int
    joined: int
    expressed: int
    withdrawn: int


@dataclass(frozen=True, slots=True)
class Tally:
    """``expressed``: people of further servers, by server. ``told_at``: when it came, or left."""

    post_id: int
    host: str
    seq: int
    own: int
    email: int
    withdrawn: int
    told_at: datetime
    expressed: Mapping[str, int] = field(default_factory=dict[str, int])

    @property
    def people(self) -> int:
        return self.own + self.email + sum(self.expressed.values())


COUNTED = Query(
    """
    with wanted as (
        select id as call_id, id as post_id from unnest($1::bigint[]) as id
        union all
        select parent_id, post_id from calls where parent_id = any($1::bigint[])
    ), people as (
        select distinct on (w.call_id, p.account_id, coalesce(-p.account_id, p.id))
            w.call_id, p.account_id, p.tier
        from wanted w join participations p using (post_id)
        where p.counts and p.state = 'granted'
        order by w.call_id, p.account_id, coalesce(-p.account_id, p.id), p.tier)
    select c.id as post_id,
        count(*) filter (where a.host = '' and (a.created_at <= $2 or u.id is not null))
            as settled,
        count(*) filter (where a.host = '' and a.created_at > $2 and u.id is null) as young,
        count(*) filter (where p.call_id is not null and a.id is null) as email,
        count(*) filter (where a.host <> '' and p.tier = 'confirmed') as joined,
        count(*) filter (where a.host <> '' and p.tier = 'expressed') as expressed,
        (select count(*) from participations where post_id = c.id and state = 'withdrawn')
            as withdrawn
    from unnest($1::bigint[]) as c (id)
    left join people p on p.call_id = c.id
    left join accounts a on a.id = p.account_id
    left join users u on $3 and u.id = a.user_id and u.confirmed_at is not null
    group by c.id
    """,
    Counted,
)
PUT = Command(
    """
    insert into tallies (post_id, host, seq, own, email, withdrawn, told_at, expressed)
    values ($1, $2, $3, $4, $5, $6, $7, $8)
    on conflict (post_id, host) do update set seq = excluded.seq, own = excluded.own,
        email = excluded.email, withdrawn = excluded.withdrawn, told_at = excluded.told_at,
        expressed = excluded.expressed
    where tallies.seq < excluded.seq
    """
)
OF_HOST = Query("select * from tallies where post_id = $1 and host = $2", Tally)
# Of a server that is suspended here nothing counts any more: its actor is marked (server/domain/moderating/host_blocks.py).
HEARD = Query(
    """
    select t.* from tallies t where t.post_id = any($1::bigint[]) and t.host <> '' and exists (
        select from accounts a where a.host = t.host and a.host <> '' and a.kind = 'application'
            and a.suspended_at is null)
    order by t.post_id, t.host
    """,
    Tally,
)


async def counted(
    conn: Connection, ids: Sequence[int], settled_before: datetime, *, by_mail: bool
) -> dict[int, Counted]:
    """Who takes part in each of these calls by answers that are here; of a remote call, those whom we count.

    ``by_mail``: whether members showed that their address is theirs, which confirms a younger account.
    """
    return {row.post_id: row for row in await COUNTED.all(conn, ids, settled_before, by_mail)}


async def put(conn: Connection, told: Tally) -> bool:
    """False where one that is as new, or newer, is known."""
    done = await PUT.run(
        conn, told.post_id, told.host, told.seq, told.own, told.email, told.withdrawn,
        told.told_at, dict(told.expressed),
    )  # fmt: skip
    return done == 1


async def of_host(conn: Connection, post_id: int, host: str) -> Tally | None:
    return await OF_HOST.first(conn, post_id, host)


async def heard(conn: Connection, ids: Sequence[int]) -> list[Tally]:
    """What other servers told of these calls, the last of each, without those that are suspended."""
    return await HEARD.all(conn, ids)
