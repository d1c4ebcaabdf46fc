"""What a need is about, what was promised to it, and which needs are still open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from storage.db import Command, Connection, Query
from storage.places import Around


@dataclass(frozen=True, slots=True)
class Commitment:
    """``id``: of the participation; ``account_id``: null where it was cancelled. ``uri``: of the Offer by which
    somebody of another server promised it; ``agreement``: its name at the server of a call elsewhere."""

    id: int
    account_id: int | None
    quantity: int
    said: str
    state: str
    changed_at: datetime
    uri: str | None = None
    agreement: str | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """By what came from another server: the call, and who promised."""

    id: int
    post_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class Open:
    """``missing``: what is still wanted of it; null where it says no number. ``km``: null without a place."""

    id: int
    category: str
    missing: int | None
    km: float | None


PUT_CATEGORY = Command(
    "insert into call_categories (post_id, category) values ($1, $2)"
    " on conflict (post_id) do update set category = excluded.category"
)
CATEGORY = Query("select category from call_categories where post_id = $1", str)
PUT = Command(
    """
    insert into commitments (participation_id, quantity, said, state, changed_at, uri)
    values ($1, $2, $3, 'promised', $4, $5)
    on conflict (participation_id) do update set quantity = excluded.quantity, said = excluded.said,
        state = 'promised', changed_at = excluded.changed_at, uri = excluded.uri, agreement = null
    where commitments.state <> 'fulfilled'
    """
)
OF_CALL = Query(
    """
    select p.id, p.account_id, c.quantity, c.said, c.state, c.changed_at, c.uri, c.agreement
    from commitments c join participations p on p.id = c.participation_id
    where p.post_id = $1 and ($2::bigint is null or p.account_id = $2)
    order by p.id limit $3
    """,
    Commitment,
)
BY_ID = Query(
    """
    select p.id, p.account_id, c.quantity, c.said, c.state, c.changed_at, c.uri, c.agreement
    from commitments c join participations p on p.id = c.participation_id
    where p.post_id = $1 and p.id = $2
    """,
    Commitment,
)
SET_STATE = Command(
    "update commitments set state = $3, changed_at = $4 where participation_id = $1 and state = $2"
)
OF_PERSON = Query(
    """
    select p.id, p.account_id, c.quantity, c.said, c.state, c.changed_at, c.uri, c.agreement
    from commitments c join participations p on p.id = c.participation_id
    where p.post_id = $1 and p.account_id = $2
    """,
    Commitment,
)
BY_URI = Query(
    """
    select p.id, p.post_id, p.account_id
    from commitments c join participations p on p.id = c.participation_id
    where (c.uri = $1 or c.agreement = $1) and p.account_id is not null
    """,
    Asked,
)
HEARD = Command(
    "update commitments set state = $2, agreement = coalesce($3, agreement), changed_at = $4"
    " where participation_id = $1 and state <> $2 and state not in ('fulfilled', 'cancelled')"
)
MISSING = Query(
    """
    select c.capacity - coalesce((select sum(m.quantity) from commitments m
        join participations p on p.id = m.participation_id
        where p.post_id = c.post_id and m.state in ('accepted', 'fulfilled')
            and p.account_id is distinct from $2), 0)::int as missing
    from calls c where c.post_id = $1
    """,
    int,
)
# What was declined or cancelled is missing again. Who may see a call is asked again when it is shown; unasked comes
# what is of public communities, and of one's own.
OPEN = Query(
    """
    with found as (
        select c.post_id, coalesce(k.category, 'other') as category, c.starts_at, c.closes_at,
            c.capacity - coalesce((select sum(m.quantity) from commitments m
                join participations p on p.id = m.participation_id
                where p.post_id = c.post_id and m.state in ('accepted', 'fulfilled')), 0)::int as missing,
            case when $4 and c.latitude is not null then distance_km($5, $6, c.latitude, c.longitude) end as km
        from calls c left join call_categories k on k.post_id = c.post_id
        where c.kind = 'need' and c.variant = $1 and c.state = 'open'
            and coalesce(c.closes_at, 'infinity') >= $8
            and ($2::text is null or coalesce(k.category, 'other') = $2)
            and case when $3::bigint[] is not null then c.community_id = any($3) else
                not exists (select from communities m
                    where m.account_id = c.community_id and m.visibility <> 'public')
                or exists (select from follows f where f.follower_id = $11
                    and f.target_id = c.community_id and f.accepted_at is not null) end
    )
    select post_id as id, category, missing, km from found
    where coalesce(missing, 1) > 0 and (not $4 or km is null or km <= $7)
    order by km nulls last, closes_at nulls last, post_id limit $9 offset $10
    """,
    Open,
)


async def put_category(conn: Connection, post_id: int, category: str) -> None:
    await PUT_CATEGORY.run(conn, post_id, category)


async def category(conn: Connection, post_id: int) -> str | None:
    return await CATEGORY.first(conn, post_id)


async def put(
    conn: Connection,
    participation_id: int,
    quantity: int,
    said: str,
    now: datetime,
    uri: str | None = None,
) -> bool:
    """Promised anew, whatever was; False for what is fulfilled. ``uri``: of the Offer."""
    return await PUT.run(conn, participation_id, quantity, said, now, uri) == 1


async def of_person(conn: Connection, post_id: int, account_id: int) -> Commitment | None:
    return await OF_PERSON.first(conn, post_id, account_id)


async def by_uri(conn: Connection, uri: str) -> Asked | None:
    """Of an Offer of others, or of an agreement that others named."""
    return await BY_URI.first(conn, uri)


async def heard(
    conn: Connection, participation_id: int, state: str, agreement: str | None, now: datetime
) -> bool:
    """What the server of a call elsewhere says of a promise; False where that changes nothing."""
    return await HEARD.run(conn, participation_id, state, agreement, now) == 1


async def missing(conn: Connection, post_id: int, account_id: int | None = None) -> int | None:
    """How much is still wanted, but for what this person promised; None where the call says no number."""
    return await MISSING.first(conn, post_id, account_id)


async def of_call(
    conn: Connection, post_id: int, account_id: int | None, limit: int
) -> list[Commitment]:
    """In order of receipt. ``account_id``: of one person alone."""
    return await OF_CALL.all(conn, post_id, account_id, limit)


async def by_id(conn: Connection, post_id: int, commitment_id: int) -> Commitment | None:
    return await BY_ID.first(conn, post_id, commitment_id)


async def set_state(
    conn: Connection, commitment_id: int, before: str, after: str, now: datetime
) -> bool:
    """False where it is not in that state any more."""
    return await SET_STATE.run(conn, commitment_id, before, after, now) == 1


@dataclass(frozen=True, slots=True)
class Sought:
    """``variant``: "" for needs, "offer". ``communities``: theirs alone; ``around``: near there, or with no
    place at all; ``viewer_id``: who looks, 0 for a stranger."""

    variant: str = ""
    category: str | None = None
    communities: list[int] | None = None
    around: Around | None = None
    viewer_id: int = 0


async def still_open(
    conn: Connection, sought: Sought, now: datetime, limit: int, offset: int = 0
) -> list[Open]:
    """The nearest first, then by their end."""
    near = sought.around
    return await OPEN.all(
        conn, sought.variant, sought.category, sought.communities, near is not None,
        near.latitude if near else 0.0, near.longitude if near else 0.0,
        near.radius_km if near else 0.0, now, limit, offset, sought.viewer_id,
    )  # fmt: skip
