"""What those who steer a community hear of posts that wait: a letter by the community when one begins to wait, and
another each day while any does, so that nothing runs out of time unseen.

Once a day at most, however many come. Only members of ours are told: nobody else reaches the queue.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from server.domain.groups import letters
from server.domain.tx import Tx
from storage import accounts, communities, held_posts
from storage.accounts import Account

JOB = "held_queue"
AGAIN = timedelta(days=1)


async def want(tx: Tx, community: Account) -> None:
    """A post waits."""
    await tx.later(f"queue:{community.id}", JOB, {"community_id": community.id}, tx.now)


async def run(tx: Tx, community_id: int) -> datetime | None:
    """Tell of what waits. Gives the time to look again: None where nothing does."""
    community = await accounts.by_id(tx.conn, community_id)
    count = await held_posts.count(tx.conn, community_id)
    if community is None or not count:
        return None
    for steward in await communities.stewards(tx.conn, community_id):
        if steward.local and await letters.may_ring(tx, community, steward, "held"):
            await letters.send(tx, community, steward, "held", count=count, url=community.url)
    return tx.now + AGAIN
