"""What the other persons of the same user did: one user counts once, and is shut out as one.

Of accounts of other servers nothing is known: there each account is one.
"""

from __future__ import annotations

from datetime import datetime

from storage.db import Connection, Query

# A volunteer call and its shifts are one call.
ANSWERED = Query(
    """
    select exists (
        select from accounts me
        join accounts other on other.user_id = me.user_id and other.id <> me.id
        join participations p on p.account_id = other.id
        join calls c on c.post_id = p.post_id
        where me.id = $2 and (c.post_id = $1 or c.parent_id = $1))
    """,
    bool,
)
VOTED = Query(
    """
    select exists (
        select from accounts me
        join accounts other on other.user_id = me.user_id and other.id <> me.id
        join poll_votes v on v.account_id = other.id
        where me.id = $2 and v.post_id = $1)
    """,
    bool,
)
CARRIES = Query(
    """
    select exists (
        select from accounts me
        join accounts other on other.user_id = me.user_id and other.id <> me.id
        join proposals p on p.id = $1
        where me.id = $2 and (other.id = p.account_id or exists (select from proposal_seconds s
            where s.proposal_id = p.id and s.account_id = other.id)))
    """,
    bool,
)
# A person who is a member already stays: to see somebody go in the moment of a ban would tell who they are.
SHUT_OUT = Query(
    """
    select exists (
        select from community_bans b
        where b.community_id = $1 and (b.until is null or b.until > $3) and (
            b.account_id = $2
            or b.account_id in (
                select other.id from accounts me join accounts other using (user_id)
                where me.id = $2 and other.id <> me.id)
            and not exists (select from follows f
                where f.follower_id = $2 and f.target_id = $1 and f.accepted_at is not null)))
    """,
    bool,
)


async def answered(conn: Connection, post_id: int, account_id: int) -> bool:
    """Whether another person of the same user answered a call (for a shift: ``post_id`` of its call)."""
    return await ANSWERED.one(conn, post_id, account_id)


async def voted(conn: Connection, post_id: int, account_id: int) -> bool:
    """Whether another person of the same user voted in a poll."""
    return await VOTED.one(conn, post_id, account_id)


async def carries(conn: Connection, proposal_id: int, account_id: int) -> bool:
    """Whether another person of the same user made or seconds a proposal."""
    return await CARRIES.one(conn, proposal_id, account_id)


async def shut_out(conn: Connection, community_id: int, account_id: int, now: datetime) -> bool:
    """Whether somebody is banned from a community, or is no member and another person of their user is."""
    return await SHUT_OUT.one(conn, community_id, account_id, now)
