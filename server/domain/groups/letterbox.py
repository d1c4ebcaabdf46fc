"""A direct post to a community of ours is for those who steer it: so people write to the organisers in private.

From any client and any server: whoever names the community in a direct post reaches each of its stewards, who are
told of it by the community, and answer as themselves. Who is banned there reaches nobody, and who was blocked by a
steward does not reach that one.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.domain.groups import communities
from server.domain.tx import Tx
from storage import communities as rows
from storage import follows
from storage.accounts import Account

MOST = 20
"""Stewards who are reached."""


async def behind(
    tx: Tx, author: Account, mentioned: Iterable[Account]
) -> list[tuple[Account, Account]]:
    """Who is reached through the communities of ours among those mentioned: (community, steward) each."""
    groups = [a for a in mentioned if a.is_group and a.local and a.id != author.id]
    found: dict[int, tuple[Account, Account]] = {}
    for group in groups:
        if await communities.is_banned(tx, group.id, author):
            continue
        for steward in (await rows.stewards(tx.conn, group.id))[:MOST]:
            blocked = await follows.blocked(tx.conn, steward.id, author.id)
            if steward.local and steward.id != author.id and not blocked:
                found.setdefault(steward.id, (group, steward))
    return list(found.values())
