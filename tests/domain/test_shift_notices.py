"""Who is in several shifts of one call is told each thing once, and nobody in a shift is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from server.domain.calling import call_notices, calls, outcomes
from server.domain.calling.drafting import Wanted
from storage.calls import Details
from tests.domain.conftest import World
from tests.domain.happening import Around, at_work
from tests.domain.test_shifts import kitchen, shift, stored, take


@pytest.fixture
async def around(world: World, free_port: Callable[[], int]) -> AsyncIterator[Around]:
    async with at_work(world, free_port()) as made:
        yield made


async def test_who_is_in_three_shifts_hears_once_that_the_call_is_off_and_on_again(
    around: Around,
) -> None:
    world = around.world
    three = [shift(world, f"Day {n}", n + 7) for n in range(3)]
    organiser, post, made = await kitchen(world, *three)
    member = await world.person("member")
    for one in made:
        await take(world, member, one)
    for state, words in (("cancelled", "Cancelled: Soup"), ("open", "It takes place after all")):
        async with world.work.transaction() as tx:
            await calls.edit(tx, organiser, post, state=state)
        await around.work()
        told = [said for said in await around.letters(member) if words in said]
        assert len(told) == 1
        assert [(await stored(world, one)).state for one in made] == [state] * 3


async def test_a_shift_that_was_called_off_before_stays_so(around: Around) -> None:
    world = around.world
    organiser, post, (morning, evening) = await kitchen(
        world, shift(world, "Morning"), shift(world, "Evening")
    )
    for what, state in ((morning, "cancelled"), (post, "cancelled"), (post, "open")):
        world.clock.forward(minutes=1)
        async with world.work.transaction() as tx:
            await calls.edit(tx, organiser, what, state=state)
    assert (await stored(world, morning)).state == "cancelled"
    assert (await stored(world, evening)).state == "open"


async def test_organisers_are_asked_once_what_came_of_a_call_with_shifts(around: Around) -> None:
    world = around.world
    organiser, post, _ = await kitchen(world, shift(world, "Morning"), shift(world, "Evening"))
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="closed")
    world.clock.forward(days=4)
    await around.work()
    asked = [said for said in await around.letters(organiser) if "What came of it?" in said]
    assert len(asked) == 1


async def test_who_is_in_a_shift_that_is_moved_is_told(around: Around) -> None:
    world = around.world
    organiser, post, (morning, evening) = await kitchen(
        world, shift(world, "Morning"), shift(world, "Evening", 8)
    )
    early, late = await world.person("early"), await world.person("late")
    await take(world, early, morning)
    await take(world, late, evening)
    moved = (shift(world, "Morning", 6, id=morning.id), shift(world, "Evening", 8, id=evening.id))
    wanted = Wanted(
        "Soup for all", Details(None, None, "Europe/Rome"), kind="volunteer", shifts=moved
    )
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, wanted=wanted)
    await around.work()
    assert ["Morning" in said for said in await around.letters(early)] == [True]
    assert await around.letters(late) == []


async def test_a_message_and_the_outcome_reach_who_is_in_a_shift(around: Around) -> None:
    world = around.world
    organiser, post, made = await kitchen(world, shift(world, "Morning"), shift(world, "Evening"))
    member = await world.person("member")
    for one in made:
        await take(world, member, one)
    async with world.work.transaction() as tx:
        await call_notices.write_to_all(tx, organiser, post, "Bring a spoon.")
    await around.work()
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="closed")
        await outcomes.note(tx, organiser, post, "Forty bowls of soup.")
    await around.work()
    letters = await around.letters(member)
    assert ["spoon" in said for said in letters] == [True, False]
    assert "Forty bowls" in letters[-1]
