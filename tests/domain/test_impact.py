"""What came of calls: equal to what people did, kinds apart, and no day that names somebody."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling import calls, impact, participations
from server.domain.calling.drafting import Wanted
from server.domain.calling.impact import FEW, Figures, Period, by_kind, merged
from server.domain.calling.shifts import Shift
from server.domain.posting import marks
from storage import calls as call_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Details
from storage.impact import Day
from storage.posts import Post
from tests.domain.conftest import World

ZONE = "Pacific/Auckland"
FIRST = date(2030, 1, 1)


def _days(steps: list[tuple[int, int, int]]) -> list[Day]:
    at, found = FIRST, list[Day]()
    for ahead, answered, withdrawn in steps:
        at += timedelta(days=ahead)
        found.append(Day(at, answered, withdrawn))
    return found


DAYS = st.lists(
    st.tuples(st.integers(1, 5), st.integers(0, 9), st.integers(0, 4)), max_size=30
).map(_days)


@given(DAYS)
def test_strangers_see_no_part_with_few_people(days: list[Day]) -> None:
    parts, people = merged(days), sum(day.answered for day in days)
    assert all(part.answered >= FEW and part.withdrawn is None for part in parts)
    assert sum(part.answered for part in parts) == (people if people >= FEW else 0)
    borders = [day for part in parts for day in (part.first, part.last)]
    assert borders == sorted(borders)
    assert len({part.first for part in parts}) == len(parts)


def test_what_is_left_goes_with_the_part_before() -> None:
    days = [Day(date(2030, 1, n), answered, 0) for n, answered in ((1, 1), (2, 0), (3, 2), (5, 1))]
    assert merged(days) == [Period(date(2030, 1, 1), date(2030, 1, 5), 4, None)]
    assert merged(days[:1]) == []


# What people did, and what is told of it


@pytest.fixture
async def organiser(world: World) -> Account:
    return await world.person("organiser")


@pytest.fixture
async def garden(world: World, organiser: Account) -> Account:
    return await world.community("garden", organiser)


async def called(world: World, by: Account, group: Account, kind: str, **more: object) -> Post:
    at = world.clock.now() + timedelta(days=300) if kind == "event" else None
    details = Details(at, None, ZONE, **more)  # type: ignore[arg-type]
    async with world.work.transaction() as tx:
        return await calls.create(tx, by, group, Wanted(f"A {kind}", details, kind=kind))


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_figures_equal_a_recount_of_what_was_done(
    world: World, organiser: Account, garden: Account, seed: int
) -> None:
    """Forty days of answers, other answers and withdrawals, counted beside the database."""
    dice = Random(seed)
    made = [
        await called(world, organiser, garden, "petition"),
        await called(world, organiser, garden, "event", capacity=2),
    ]
    people = [await world.person(f"p{n}") for n in range(4)]
    people += [await world.stranger(f"s{n}", f"far{n}.example") for n in range(3)]
    said: dict[tuple[int, int], str] = {}
    first: Counter[tuple[int, date]] = Counter()
    back: Counter[tuple[int, date]] = Counter()
    for _ in range(40):
        world.clock.forward(hours=dice.randrange(1, 40))
        today = world.clock.now().astimezone(ZoneInfo(ZONE)).date()
        post, who = dice.choice(made), dice.choice(people)
        key = (post.id, who.id)
        async with world.work.transaction() as tx:
            if key in said and dice.random() < 0.4:
                await participations.withdraw(tx, who, post)
                del said[key]
                back[post.id, today] += 1
                continue
            answer = "sign" if post is made[0] else dice.choice(["going", "declined"])
            await participations.answer(tx, who, post, answer, "card")
            first[post.id, today] += key not in said
            said[key] = answer
    for post in made:
        async with world.work.reading() as tx:
            found = await impact.of_call(tx, post, organiser)
        days = {day.first: (day.answered, day.withdrawn) for day in found.days}
        assert days == {
            day: (first[post.id, day], back[post.id, day])
            for number, day in {**first, **back}
            if number == post.id and (first[post.id, day] or back[post.id, day])
        }
        told = found.calls[0].figures
        taking = [a for (number, _), a in said.items() if number == post.id and a != "declined"]
        assert told.counted + told.waiting == len(taking)
        assert told.counted == (min(len(taking), 2) if post is made[1] else len(taking))
        assert told.answered == sum(n for (number, _), n in first.items() if number == post.id)
        assert told.withdrawn == sum(n for (number, _), n in back.items() if number == post.id)


async def test_a_sum_never_adds_likes_to_signatures_nor_kinds_to_each_other(
    world: World, organiser: Account, garden: Account
) -> None:
    petition = await called(world, organiser, garden, "petition")
    event = await called(world, organiser, garden, "event")
    people = [await world.person(f"p{n}") for n in range(3)]
    async with world.work.transaction() as tx:
        for who in people:
            await participations.answer(tx, who, petition, "sign", "client")
            await marks.like(tx, who, petition)
        await participations.answer(tx, people[0], event, "going", "client")
        await marks.boost(tx, people[1], event)
    async with world.work.reading() as tx:
        found = await impact.of_community(tx, garden, organiser)
    by_name = {(k.kind, k.variant): k for k in found.kinds}
    assert list(by_name) == [("event", ""), ("petition", "")]
    signed, came = by_name["petition", ""].figures, by_name["event", ""].figures
    assert (signed.counted, signed.answered, signed.support, signed.spread) == (3, 3, 3, 0)
    assert (came.counted, came.answered, came.support) == (1, 1, 0)
    assert (signed.attended, came.attended) == (None, None)


@given(st.lists(st.tuples(st.sampled_from(["petition", "event", "need"]), st.integers(0, 9))))
def test_sums_are_of_one_kind_and_lose_nothing(each: list[tuple[str, int]]) -> None:
    found = by_kind((kind, "", Figures(n, 0, n, 0, 0, None, 100, 7)) for kind, n in each)
    for kind in {kind for kind, _ in each}:
        (row,) = [row for row in found if row.kind == kind]
        mine = [people for name, people in each if name == kind]
        assert (row.calls, row.figures.answered) == (len(mine), sum(mine))
        assert (row.figures.support, row.figures.confirmed) == (100 * len(mine), 0)


async def test_a_call_with_shifts_is_one_call_and_who_is_in_two_is_one_person(
    world: World, organiser: Account, garden: Account
) -> None:
    at = world.clock.now() + timedelta(days=7)
    wanted = Wanted(
        "Dig", Details(None, None, ZONE), kind="volunteer",
        shifts=(Shift("Morning", at), Shift("Evening", at + timedelta(hours=9), capacity=1)),
    )  # fmt: skip
    first, second = await world.person("first"), await world.person("second")
    async with world.work.transaction() as tx:
        post = await calls.create(tx, organiser, garden, wanted)
        below = await post_rows.by_ids(
            tx.conn, [c.post_id for c in await call_rows.shifts(tx.conn, [post.id])]
        )
        for shift in below.values():
            for who in (first, second):
                await participations.answer(tx, who, shift, "going", "client")
        of_one = await impact.of_call(tx, post, organiser)
        of_all = await impact.of_community(tx, garden, organiser)
    for found in (of_one, of_all):
        assert [one.post.id for one in found.calls] == [post.id]
        told = found.calls[0].figures
        assert (told.answered, told.counted, told.waiting, told.withdrawn) == (2, 2, 0, 0)
        assert sum(day.answered for day in found.days) == 2
