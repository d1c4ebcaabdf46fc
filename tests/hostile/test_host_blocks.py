"""A host that is kept out: refused at the door, asked for nothing, sent nothing, and seen nowhere."""

from __future__ import annotations

import pytest

from federation.errors import Refused
from federation.origin import host_of
from server.arriving import resolve
from server.domain.members import follows
from server.domain.moderating import host_blocks
from server.domain.moderating.host_blocks import Terms
from storage.accounts import Account
from storage.host_blocks import HostBlock
from tests.federation.instance import Instance
from tests.federation.peer import Peer


async def block(ours: Instance, peer: Peer, **terms: object) -> HostBlock:
    async with ours.work.transaction() as tx:
        made = Terms(**{"severity": "suspend", **terms})  # pyright: ignore[reportArgumentType]
        return await host_blocks.block(tx, host_of(peer.url("/")), made)


async def followed(ours: Instance, peer: Peer, member: Account) -> Account:
    """Somebody of the peer who follows a member, and whom the member follows."""
    neighbour = peer.person("neighbour")
    follow = peer.activity(neighbour, "Follow", member.uri)
    assert (await peer.send(neighbour, follow, ours.inbox)).status == 202
    await ours.settle()
    known = await ours.known(neighbour.uri)
    assert known
    async with ours.work.transaction() as tx:
        await follows.follow(tx, member, known)
        await tx.conn.execute("update follows set accepted_at = now() where accepted_at is null")
        await tx.conn.execute("update accounts set following_count = 1 where id = $1", member.id)
        await tx.conn.execute("update accounts set followers_count = 1 where id = $1", known.id)
    return known


async def test_it_is_refused_at_the_door_before_any_work(
    ours: Instance, attacker: Peer, garden: Account
) -> None:
    mallory = attacker.person("mallory")
    follow = attacker.activity(mallory, "Follow", garden.uri)
    made = await block(ours, attacker)
    assert await attacker.send(mallory, follow, ours.inbox) == (403, "host_suspended")
    leaving = attacker.activity(mallory, "Delete", mallory.uri)
    assert await attacker.send(mallory, leaving, ours.inbox) == (403, "host_suspended")
    assert attacker.requests == []
    assert await ours.value("select count(*) from inbox") == 0
    assert await ours.known(mallory.uri) is None
    async with ours.work.transaction() as tx:
        await host_blocks.lift(tx, made)
    assert (await attacker.send(mallory, follow, ours.inbox)).status == 202


async def test_nothing_is_asked_of_it(ours: Instance, attacker: Peer) -> None:
    mallory = attacker.person("mallory")
    await block(ours, attacker)
    with pytest.raises(Refused, match="suspended here") as refused:
        await resolve.actor(ours.net, mallory.uri)
    assert refused.value.reason == "host_suspended"
    handle = f"@mallory@{host_of(attacker.url('/'))}"
    assert await resolve.search(ours.net, handle) is None
    assert attacker.requests == []


async def test_what_waits_in_the_inbox_is_refused(
    ours: Instance, attacker: Peer, garden: Account
) -> None:
    mallory = attacker.person("mallory")
    like = attacker.activity(mallory, "Follow", garden.uri)
    assert (await attacker.send(mallory, like, ours.inbox)).status == 202
    await block(ours, attacker)
    await ours.settle()
    assert await ours.outcome(like["id"]) == "suspended"


async def test_what_waits_to_be_sent_is_dropped_and_nothing_is_added(
    ours: Instance, attacker: Peer, organiser: Account
) -> None:
    await followed(ours, attacker, organiser)
    await ours.publish(organiser, "before")
    waiting = "select count(*) from deliveries"
    assert await ours.value(waiting) > 0
    await block(ours, attacker)
    assert await ours.value(waiting) == 0
    sent = len(attacker.received)
    await ours.publish(organiser, "after")
    await ours.settle()
    assert await ours.value(waiting) == 0
    assert len(attacker.received) == sent


async def test_follows_end_in_both_directions_and_it_is_told(
    ours: Instance, attacker: Peer, organiser: Account
) -> None:
    known = await followed(ours, attacker, organiser)
    made = await block(ours, attacker)
    assert await ours.value("select count(*) from follows") == 0
    told = await ours.rows("select * from notifications where type = 'severed_relationships'")
    (about,) = [row["about"] for row in told if row["account_id"] == organiser.id]
    assert (about["following_count"], about["followers_count"]) == (1, 1)
    assert about["target_name"] == made.host
    counts = await ours.rows(
        "select followers_count, following_count from accounts where id = any($1)",
        [known.id, organiser.id],
    )
    assert {tuple(row.values()) for row in counts} == {(0, 0)}


async def test_its_reports_may_be_refused_alone(
    ours: Instance, attacker: Peer, organiser: Account
) -> None:
    mallory = attacker.person("mallory")
    await block(ours, attacker, severity="noop", reject_reports=True)
    flag = attacker.activity(mallory, "Flag", organiser.uri, content="rude")
    assert (await attacker.send(mallory, flag, ours.inbox)).status == 202
    await ours.settle()
    assert await ours.outcome(flag["id"]) == "reports_refused"
    assert await ours.value("select count(*) from reports") == 0


async def test_whoever_is_met_later_stands_as_their_host_does(
    ours: Instance, attacker: Peer
) -> None:
    made = await block(ours, attacker, severity="silence", reject_media=True)
    met = await resolve.actor(ours.net, attacker.person("mallory").uri)
    assert met.silenced_at
    assert met.media_refused
    async with ours.work.transaction() as tx:
        await host_blocks.lift(tx, made)
    after = await ours.known(met.uri)
    assert after
    assert (after.silenced_at, after.media_refused) == (None, False)
