"""The line for a place, as somebody of another server sees it."""

from __future__ import annotations

from typing import Any

from server.domain.groups import community_settings
from server.domain.groups.community_settings import Changes
from server.domain.members import follows
from tests.api.working import run_jobs
from tests.domain.conftest import World

FOLLOW = "https://b.example/follows/1"


async def told(world: World) -> list[Any]:
    """What was sent to the other server alone."""
    async with world.work.reading() as tx:
        sent = await world.sent(tx)
    return [a for a in sent if a["_inboxes"] == ["https://b.example/users/visitor/inbox"]]


async def letters_to(world: World) -> list[str]:
    async with world.work.reading() as tx:
        sent = await world.sent(tx)
    notes = [a["object"] for a in sent if a["type"] == "Create"]
    return [n["content"] for n in notes if isinstance(n, dict) and "b.example" in str(n["to"])]


async def test_who_follows_from_afar_waits_is_told_and_is_accepted_in_turn(world: World) -> None:
    gardener = await world.person("gardener")
    garden = await world.community("garden", gardener)
    visitor = await world.stranger("visitor", "b.example")
    async with world.work.transaction() as tx:
        await community_settings.edit(tx, gardener, garden, Changes(capacity=1))
        await follows.asked(tx, visitor, garden, FOLLOW)
    await run_jobs(world.work)
    assert [a["type"] for a in await told(world)] == []
    (waits,) = await letters_to(world)
    assert "You are number 1 in line" in waits
    async with world.work.transaction() as tx:
        await follows.asked(tx, visitor, garden, FOLLOW)  # asks again, and overtakes nobody
        await community_settings.edit(tx, gardener, garden, Changes(capacity=2))
    await run_jobs(world.work)
    (accept,) = await told(world)
    assert (accept["type"], accept["object"]["id"]) == ("Accept", FOLLOW)
    assert "you are a member now" in (await letters_to(world))[-1]


async def test_what_acts_for_a_server_takes_no_place(world: World) -> None:
    gardener = await world.person("gardener")
    garden = await world.community("garden", gardener)
    relay = await world.stranger("relay", "b.example", "application")
    async with world.work.transaction() as tx:
        await community_settings.edit(tx, gardener, garden, Changes(capacity=1))
        made = await follows.follow(tx, relay, garden, uri=FOLLOW)
    assert made.accepted_at is not None
