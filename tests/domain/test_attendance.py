"""Who came is written down by somebody named, seen by few, and forgotten; and urgent calls are few."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest

from server.domain import retention
from server.domain.calling import attendance, calls, drafting, impact, urgency
from server.domain.moderating import group_moderation
from server.domain.moderating.group_moderation import Ban
from server.errors import Forbidden, NotFound
from storage import attendance as rows
from storage.accounts import Account
from storage.posts import Post
from tests.domain.conftest import World
from tests.domain.happening import Around, at_work
from tests.domain.test_calls import clean_up, river, stored


@pytest.fixture
async def around(world: World, free_port: Callable[[], int]) -> AsyncIterator[Around]:
    async with at_work(world, free_port()) as made:
        yield made


async def mark(world: World, who: Account, post: Post, given: int, *, attended: bool) -> None:
    async with world.work.transaction() as tx:
        await attendance.record(tx, who, post, given, attended=attended)


async def test_who_came_is_counted_and_the_names_are_forgotten(around: Around) -> None:
    world = around.world
    organiser, _, post = await river(world)
    await around.everybody_comes(post)
    async with world.work.transaction() as tx:
        lines = await attendance.at_door(tx, organiser, post)
    assert len(lines) == 4
    assert [line.came for line in lines] == [None] * 4
    with pytest.raises(Forbidden) as refused:
        await mark(world, organiser, post, lines[0].given.id, attended=True)
    assert refused.value.reason == "not_begun"
    world.clock.forward(days=7)
    for n, line in enumerate(lines):
        await mark(world, organiser, post, line.given.id, attended=n != 1)
    await mark(world, organiser, post, lines[1].given.id, attended=False)
    async with world.work.transaction() as tx:
        seen = await attendance.at_door(tx, organiser, post)
        counts = await rows.counts(tx.conn, post.id)
    assert [line.came and line.came.recorded_by for line in seen] == [organiser.id] * 4
    assert counts == rows.Counts(3, 1)
    for days, left in ((29, 4), (2, 0)):
        world.clock.forward(days=days)
        async with world.work.transaction() as tx:
            await retention.run(tx)
            assert len(await rows.of_call(tx.conn, post.id)) == left
            assert await rows.counts(tx.conn, post.id) == counts
    async with world.work.reading() as tx:
        told = await impact.of_call(tx, post, None)
    assert "attended=3" in str(told)


async def test_who_may_write_it_down(around: Around) -> None:
    world = around.world
    organiser, _, post = await river(world)
    await around.everybody_comes(post)
    member = around.people["client"]
    world.clock.forward(days=7)
    async with world.work.transaction() as tx:
        given = (await attendance.at_door(tx, organiser, post))[0].given.id
    with pytest.raises(Forbidden) as refused:
        await mark(world, member, post, given, attended=True)
    assert refused.value.reason == "not_a_recorder"
    with pytest.raises(Forbidden):
        async with world.work.transaction() as tx:
            await attendance.appoint(tx, member, post, member, on=True)
    async with world.work.transaction() as tx:
        await attendance.appoint(tx, organiser, post, member, on=True)
    await mark(world, member, post, given, attended=True)
    with pytest.raises(NotFound):
        await mark(world, member, post, 10**6, attended=True)
    async with world.work.transaction() as tx:
        await attendance.appoint(tx, organiser, post, member, on=False)
    with pytest.raises(Forbidden):
        await mark(world, member, post, given, attended=False)


async def test_who_is_banned_records_nobody(around: Around) -> None:
    world = around.world
    organiser, community, post = await river(world)
    await around.everybody_comes(post)
    member = around.people["client"]
    async with world.work.transaction() as tx:
        await attendance.appoint(tx, organiser, post, member, on=True)
        assert await attendance.at_door(tx, member, post)
    async with world.work.transaction() as tx:
        by = await group_moderation.steward(tx, community, organiser)
        await group_moderation.ban(tx, by, member, Ban(None, "Was rude"))
    with pytest.raises(Forbidden) as refused:
        async with world.work.transaction() as tx:
            await attendance.at_door(tx, member, post)
    assert refused.value.reason == "banned"


async def test_one_call_a_week_is_urgent_and_a_steward_takes_the_mark_off(world: World) -> None:
    organiser, group, _ = await river(world)
    plain = clean_up(world)
    urgent = replace(plain, details=replace(plain.details, urgent=True))

    async def call(wanted: drafting.Wanted) -> Post:
        async with world.work.transaction() as tx:
            return await calls.create(tx, organiser, group, wanted)

    first, second = await call(urgent), await call(plain)
    for attempt in range(2):
        with pytest.raises(Forbidden) as refused:
            await call(urgent)
        assert refused.value.reason == "urgent_enough"
        with pytest.raises(Forbidden):
            async with world.work.transaction() as tx:
                await calls.edit(tx, organiser, second, wanted=urgent)
        if attempt == 0:  # the mark cannot be moved from call to call
            async with world.work.transaction() as tx:
                await urgency.strip(tx, organiser, first)
    assert not (await stored(world, first)).urgent
    member = await world.person("member")
    with pytest.raises(Forbidden):
        async with world.work.transaction() as tx:
            await urgency.strip(tx, member, first)
    world.clock.forward(days=7, seconds=1)
    later = clean_up(world)
    assert (
        await stored(world, await call(replace(later, details=replace(later.details, urgent=True))))
    ).urgent
