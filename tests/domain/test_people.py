"""Between people: a follower who is removed hears of it."""

from __future__ import annotations

from server.domain.members import follows
from tests.domain.conftest import World


async def test_a_remote_follower_who_is_removed_gets_a_reject(world: World) -> None:
    gardener = await world.person("gardener")
    far = await world.stranger("far", "b.example")
    async with world.work.transaction() as tx:
        await follows.follow(tx, far, gardener, uri="https://b.example/follows/1")
        await follows.remove_follower(tx, gardener, far)
        await follows.remove_follower(tx, gardener, far)  # a repeat is no event
        accepted, rejected = await world.sent(tx)
        assert (accepted["type"], rejected["type"]) == ("Accept", "Reject")
        assert rejected["_inboxes"] == [far.inbox]
        undone = rejected["object"]
        assert isinstance(undone, dict)
        assert undone["id"] == "https://b.example/follows/1"
        assert await tx.conn.fetchval("select followers_count from accounts where local") == 0
