"""One member wants nothing from a host: no posts, no notifications, no follows in either direction.

Blocking takes away what stands (follows, home entries, notifications) and tells the member how many
follows were lost; unblocking brings none of it back.
"""

from __future__ import annotations

from server.domain import effects
from server.domain.members import follows
from server.domain.tx import Tx
from storage import accounts, domain_blocks, notifications, timelines
from storage import follows as follow_rows
from storage.accounts import Account


async def block(tx: Tx, actor: Account, host: str) -> None:
    """``host``: as in ``accounts.host``. A repeat is no event."""
    if not await domain_blocks.insert(tx.conn, actor.id, host, tx.now):
        return
    ties = await domain_blocks.ties(tx.conn, actor.id, host)
    await _sever(tx, actor, host)
    await timelines.forget_host(tx.conn, actor.id, host)
    await notifications.drop_host(tx.conn, actor.id, host)
    if ties.following or ties.followers:
        about = {
            "type": "user_domain_block",
            "purged": False,
            "target_name": host,
            "followers_count": ties.followers,
            "following_count": ties.following,
        }
        await effects.tell(tx, [actor], "severed_relationships", actor, None, about=about)


async def _sever(tx: Tx, actor: Account, host: str) -> None:
    """Every follow between the member and accounts of the host ends, and requests with them."""
    found = await follow_rows.at_host(tx.conn, actor.id, host)
    others = {f.target_id if f.follower_id == actor.id else f.follower_id for f in found}
    await follow_rows.hold_all(tx.conn, [actor.id, *others])
    people = await accounts.by_ids(tx.conn, sorted(others))
    for follow in found:
        if follow.follower_id == actor.id:
            await follows.unfollow(tx, actor, people[follow.target_id])
        else:
            await follows.reject(tx, actor, follow, people[follow.follower_id])


async def unblock(tx: Tx, actor: Account, host: str) -> None:
    await domain_blocks.delete(tx.conn, actor.id, host)
