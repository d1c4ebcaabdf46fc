"""A ban and an answer in the same moment: whoever is first, no place is kept."""

from __future__ import annotations

import asyncio

import pytest

from server.domain import policy
from server.domain.calling import call_notices, participations
from server.domain.moderating import group_moderation
from server.domain.moderating.group_moderation import Ban
from server.domain.tx import Tx
from server.errors import Forbidden
from storage import call_notices as notice_rows
from storage.accounts import Account
from storage.posts import Post
from tests.domain.conftest import World
from tests.domain.test_calls import river, say, stored

WAITS = "select exists (select from pg_locks where not granted)"


async def ban(tx: Tx, group: Account, organiser: Account, who: Account) -> None:
    by = await group_moderation.steward(tx, group, organiser)
    await group_moderation.ban(tx, by, who, Ban())


async def until_it_waits(world: World, other: asyncio.Task[None]) -> None:
    """Or is done."""
    async with world.work.reading() as tx:
        while not other.done() and not await tx.conn.fetchval(WAITS):
            pass


@pytest.fixture
async def crowd(world: World) -> tuple[Account, Account, Post, Account, Account]:
    """The organiser, the group, an event for one, who is banned, and who waits."""
    organiser, group, post = await river(world, capacity=1)
    rude, patient = await world.person("rude"), await world.person("patient")
    return organiser, group, post, rude, patient


Crowd = tuple[Account, Account, Post, Account, Account]


async def test_an_answer_given_just_before_a_ban_goes_with_it(world: World, crowd: Crowd) -> None:
    organiser, group, post, rude, patient = crowd

    async def banning() -> None:
        async with world.work.transaction() as tx:
            await ban(tx, group, organiser, rude)

    async with world.work.transaction() as tx:
        assert (await participations.answer(tx, rude, post, "going", "client")).state == "granted"
        task = asyncio.create_task(banning())
        await until_it_waits(world, task)
    await task
    assert (await stored(world, post)).counted == 0
    assert await say(world, patient, post, "going") == "granted"


async def test_an_answer_given_during_a_ban_finds_it(world: World, crowd: Crowd) -> None:
    organiser, group, post, rude, _ = crowd

    async def answering() -> None:
        await say(world, rude, post, "going")

    async with world.work.transaction() as tx:
        await ban(tx, group, organiser, rude)
        task = asyncio.create_task(answering())
        await until_it_waits(world, task)
    with pytest.raises(Forbidden) as refused:
        await task
    assert refused.value.reason == policy.BANNED.reason
    assert (await stored(world, post)).counted == 0


async def test_a_place_goes_on_and_nothing_more_is_told(world: World, crowd: Crowd) -> None:
    organiser, group, post, rude, patient = crowd
    for who in (rude, patient):
        await say(world, who, post, "going")
    async with world.work.transaction() as tx:
        await call_notices.send(tx, post.id, "changed")
        await ban(tx, group, organiser, rude)
    async with world.work.reading() as tx:
        told = await notice_rows.taking_part(
            tx.conn, post.id, 0, 50, waiting=True, below=True, off=False
        )
    assert [(row.account_id, row.state) for row in told] == [(patient.id, "granted")]
