"""What repeats: always three ahead, by the clock on the wall, for as long as somebody says that it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling import call_series, calls, deleting, recurrence
from server.domain.calling.drafting import Wanted
from server.domain.members import follows
from server.errors import Forbidden, Invalid, NotFound
from storage import call_series as rows
from storage import calls as call_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call, Details
from tests.domain.conftest import World
from tests.domain.happening import Around, at_work
from tests.domain.test_calls import say

ROME = ZoneInfo("Europe/Rome")
FIRST = datetime(2026, 3, 5, 18, 30, tzinfo=ROME)  # a Thursday
WEEKLY = "FREQ=WEEKLY;BYDAY=TH"


@pytest.fixture
async def around(world: World, free_port: Callable[[], int]) -> AsyncIterator[Around]:
    async with at_work(world, free_port()) as made:
        yield made


def supper(starts: datetime = FIRST) -> Wanted:
    starts = starts.astimezone(UTC)
    details = Details(starts, starts + timedelta(hours=2), "Europe/Rome", "The kitchen", capacity=8)
    return Wanted("Supper for all", details, "Bring a plate.")


async def suppers(world: World, rule: str = WEEKLY) -> tuple[Account, Account, int]:
    organiser = await world.person("organiser")
    group = await world.community("kitchen", organiser)
    async with world.work.transaction() as tx:
        series = await call_series.create(tx, organiser, group, supper(), rule)
    return organiser, group, series.id


async def all_calls(world: World) -> list[Call]:
    async with world.work.reading() as tx:
        ids = [r["post_id"] for r in await tx.conn.fetch("select post_id from calls")]
        found = await call_rows.by_ids(tx.conn, ids)
    return sorted(found.values(), key=lambda c: (c.starts_at, c.post_id))


async def ahead(world: World, series_id: int) -> list[str]:
    """Local times of what is to come."""
    async with world.work.reading() as tx:
        found = await rows.ahead(tx.conn, series_id, tx.now)
    return [f"{one.starts_at.astimezone(ROME):%m-%d %H:%M}" for one in found]


async def state(world: World, series_id: int) -> str:
    async with world.work.reading() as tx:
        found = await rows.by_id(tx.conn, series_id)
    assert found
    return found.state


async def test_three_are_ahead_and_one_more_follows_each_that_begins(around: Around) -> None:
    world = around.world
    _, _, series = await suppers(world)
    assert await ahead(world, series) == ["03-05 18:30", "03-12 18:30", "03-19 18:30"]
    assert len(await all_calls(world)) == 3
    world.clock.forward(days=5)
    await around.work()
    assert await ahead(world, series) == ["03-12 18:30", "03-19 18:30", "03-26 18:30"]
    for call in await all_calls(world):
        assert call.card_uri
        assert call.capacity == 8
        assert call.ends_at
        assert call.starts_at
        assert call.ends_at - call.starts_at == timedelta(hours=2)


async def test_a_year_of_suppers_with_reminders_and_a_confirmation_each_quarter(
    around: Around,
) -> None:
    """The clocks change twice, organisers confirm three times and then forget; who comes to one is reminded."""
    world = around.world
    organiser, _, series = await suppers(world)
    member = await world.person("member")
    first = (await all_calls(world))[0]
    async with world.work.reading() as tx:
        post = await post_rows.by_id(tx.conn, first.post_id)
    assert post
    await say(world, member, post, "going")
    asked: list[int] = []
    world.clock.forward(hours=8)
    for half in range(1, 2 * 365 + 1):  # at eight in the morning, and in the evening
        world.clock.forward(hours=12)
        await around.work()
        told = [w for w in await around.letters(organiser) if "Does it go on?" in w]
        if len(told) > len(asked):
            asked.append(half // 2)
            if len(asked) < 4:
                async with world.work.transaction() as tx:
                    await call_series.confirm(tx, organiser, series)
    assert asked == [91, 182, 273, 364]
    made = await all_calls(world)
    assert {f"{c.starts_at.astimezone(ROME):%a %H:%M}" for c in made if c.starts_at} == {
        "Thu 18:30"
    }
    assert len({c.starts_at.astimezone(UTC).hour for c in made if c.starts_at}) == 2
    assert len(made) == 52 + 3
    assert len(await around.letters(member)) == 2
    world.clock.forward(days=14)
    await around.work()
    assert await state(world, series) == "paused"
    assert "repeats no more" in (await around.letters(organiser))[-1]
    before = len(await all_calls(world))
    world.clock.forward(days=60)
    await around.work()
    assert len(await all_calls(world)) == before
    async with world.work.transaction() as tx:
        await call_series.confirm(tx, organiser, series)
    assert len(await ahead(world, series)) == 3


async def test_a_standstill_makes_nothing_of_the_past(around: Around) -> None:
    world = around.world
    _, _, series = await suppers(world)
    world.clock.forward(days=60)
    await around.work()
    assert len(await all_calls(world)) == 6
    assert len(await ahead(world, series)) == 3


async def test_one_that_is_called_off_or_deleted_is_not_made_again(around: Around) -> None:
    world = around.world
    organiser, _, series = await suppers(world)
    first, second, _ = await all_calls(world)
    async with world.work.transaction() as tx:
        posts = await post_rows.by_ids(tx.conn, [first.post_id, second.post_id])
        await calls.edit(tx, organiser, posts[first.post_id], state="cancelled")
        await deleting.delete(tx, organiser, posts[second.post_id])
    world.clock.forward(days=5)
    await around.work()
    assert await ahead(world, series) == ["03-19 18:30", "03-26 18:30", "04-02 18:30"]


async def test_all_that_come_are_changed_and_who_takes_part_is_told(around: Around) -> None:
    world = around.world
    organiser, _, series = await suppers(world)
    member = await world.person("member")
    async with world.work.reading() as tx:
        post = await post_rows.by_id(tx.conn, (await all_calls(world))[1].post_id)
    assert post
    await say(world, member, post, "going")
    earlier = supper(FIRST.replace(hour=17, minute=0))
    async with world.work.transaction() as tx:
        await call_series.edit(tx, organiser, series, replace(earlier, title="Early supper"))
    assert await ahead(world, series) == ["03-05 17:00", "03-12 17:00", "03-19 17:00"]
    world.clock.forward(days=5)
    await around.work()
    assert (await ahead(world, series))[-1] == "03-26 17:00"
    assert "Early supper" in (await around.letters(member))[0]


async def test_the_end_calls_off_what_is_to_come(around: Around) -> None:
    world = around.world
    organiser, _, series = await suppers(world)
    async with world.work.transaction() as tx:
        await call_series.end(tx, organiser, series)
    assert {call.state for call in await all_calls(world)} == {"cancelled"}
    world.clock.forward(days=100)
    await around.work()
    assert len(await all_calls(world)) == 3
    with pytest.raises(NotFound):
        async with world.work.transaction() as tx:
            await call_series.confirm(tx, organiser, series)


async def test_a_rule_that_is_done_ends_the_series(around: Around) -> None:
    world = around.world
    _, _, series = await suppers(world, f"{WEEKLY};COUNT=2")
    assert len(await all_calls(world)) == 2
    world.clock.forward(days=30)
    await around.work()
    assert await state(world, series) == "ended"


async def test_who_may_make_and_steer_a_series(around: Around) -> None:
    world = around.world
    organiser, group, series = await suppers(world)
    member = await world.person("member")
    for attempt in (
        lambda tx: call_series.create(tx, member, group, supper(), WEEKLY),
        lambda tx: call_series.confirm(tx, member, series),
        lambda tx: call_series.edit(tx, member, series, supper()),
        lambda tx: call_series.end(tx, member, series),
    ):
        with pytest.raises(Forbidden):
            async with world.work.transaction() as tx:
                await attempt(tx)
    petition = Wanted("Sign", Details(None, None, "UTC"), kind="petition")
    with pytest.raises(Invalid):
        async with world.work.transaction() as tx:
            await call_series.create(tx, organiser, group, petition, WEEKLY)


@pytest.mark.parametrize(
    "rule",
    ["", "FREQ=SECONDLY", "FREQ=HOURLY", "FREQ=WEEKLY;BYDAY=MO", "FREQ=WEEKLY;BYHOUR=3", "FREQ=DAILY;BYMONTHDAY=31",
     "FREQ=WEEKLY;INTERVAL=0", "FREQ=WEEKLY;INTERVAL=99999", "FREQ=WEEKLY;FREQ=DAILY", "weekly", "FREQ=WEEKLY;BYDAY=XX",
     "FREQ=WEEKLY\nEXRULE:FREQ=DAILY", "FREQ=WEEKLY;COUNT=x", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "X" * 201,
     "FREQ=WEEKLY;UNTIL=20200101T000000Z", "FREQ=MONTHLY;BYDAY=1TH,40TH", "FREQ=YEARLY;BYMONTH=13;BYDAY=1MO",
     "FREQ=YEARLY;BYMONTH=0;BYDAY=1MO", "FREQ=MONTHLY;BYDAY=99MO", "FREQ=YEARLY;BYDAY=-54MO", "FREQ=WEEKLY;INTERVAL=\u0663"],
)  # fmt: skip
def test_rules_that_are_refused(rule: str) -> None:
    with pytest.raises(Invalid):
        recurrence.check(rule, FIRST.replace(tzinfo=None))


@given(
    st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=TH,SU", "FREQ=MONTHLY;BYDAY=1TH", "FREQ=YEARLY"]),
    st.integers(0, 700),
)  # fmt: skip
def test_the_hour_stays_whatever_the_season(rule: str, days: int) -> None:
    first = FIRST.replace(tzinfo=None)
    since = first + timedelta(days=days)
    found = next(recurrence.after(rule, first, since))
    assert found > since
    assert (found.hour, found.minute) == (18, 30)
    at = recurrence.moment(found, "Europe/Rome")
    assert recurrence.wall(at, "Europe/Rome") == found


async def test_in_the_hour_that_comes_twice_nothing_is_made_of_the_past(world: World) -> None:
    """The clocks of Rome go back at 03:00 on 25 October 2026."""
    now = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # the second 02:10
    starts = datetime(2026, 10, 18, 2, 30, tzinfo=ROME)
    organiser = await world.person("organiser")
    group = await world.community("kitchen", organiser)
    world.clock.forward(seconds=(starts - timedelta(days=1) - world.clock.now()).total_seconds())
    async with world.work.transaction() as tx:
        series = await call_series.create(
            tx, organiser, group, supper(starts), "FREQ=WEEKLY;BYDAY=SU"
        )
        await tx.conn.execute("delete from call_occurrences")
        await tx.conn.execute("update call_series set made_until = $1", starts.replace(tzinfo=None))
    world.clock.forward(seconds=(now - world.clock.now()).total_seconds())
    async with world.work.transaction() as tx:
        await call_series.run(tx, series.id)
    assert await ahead(world, series.id) == [
        "11-01 02:30", "11-08 02:30", "11-15 02:30",
    ]  # fmt: skip


async def test_another_steward_goes_on_with_what_somebody_who_left_began(world: World) -> None:
    _, group, series_id = await suppers(world)
    second = await world.person("second")
    async with world.work.transaction() as tx:
        await tx.conn.execute(
            "update community_roles set account_id = $1 where community_id = $2",
            second.id,
            group.id,
        )
        await follows.follow(tx, second, group)
    world.clock.forward(days=9)
    async with world.work.transaction() as tx:
        await call_series.run(tx, series_id)
    assert await state(world, series_id) == "paused"
    async with world.work.transaction() as tx:
        await call_series.confirm(tx, second, series_id)
    assert await state(world, series_id) == "running"
    assert len(await ahead(world, series_id)) == 3


async def test_what_repeats_is_not_urgent(world: World) -> None:
    organiser = await world.person("organiser")
    group = await world.community("kitchen", organiser)
    asked = replace(supper(), details=replace(supper().details, urgent=True))
    with pytest.raises(Invalid) as refused:
        async with world.work.transaction() as tx:
            await call_series.create(tx, organiser, group, asked, WEEKLY)
    assert refused.value.field == "urgent"


def at_wall(year: int) -> datetime:
    return recurrence.wall(datetime(year, 2, 29, 18, 30, tzinfo=ROME), "Europe/Rome")


async def test_the_29th_of_february_goes_on(around: Around) -> None:
    """Also over the year 2100, which has none: eight years lie between two of them."""
    world = around.world
    organiser = await world.person("organiser")
    group = await world.community("kitchen", organiser)
    first = datetime(2028, 2, 29, 18, 30, tzinfo=ROME)
    async with world.work.transaction() as tx:
        made = await call_series.create(
            tx, organiser, group, supper(first), "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"
        )
    starts = [c.starts_at.year for c in await all_calls(world) if c.starts_at]
    assert starts == [2028, 2032, 2036]
    years = recurrence.after(made.rule, made.first_at, at_wall(2096))
    assert [at.year for at in years] == [2104]
    world.clock.forward(days=800)
    await around.work()
    assert await state(world, made.id) in ("running", "paused")
    async with world.work.transaction() as tx:
        await call_series.confirm(tx, organiser, made.id)
    assert [c.starts_at.year for c in await all_calls(world) if c.starts_at][-1] == 2040


@pytest.mark.parametrize(
    "rule", ["FREQ=YEARLY;INTERVAL=10", "FREQ=YEARLY;INTERVAL=3;BYMONTH=2;BYMONTHDAY=29"]
)
def test_what_repeats_less_than_every_nine_years_is_refused(rule: str) -> None:
    with pytest.raises(Invalid, match="too rarely"):
        recurrence.check(rule, at_wall(2028))


async def test_two_at_once_do_not_pass_the_limit_of_series(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(call_series, "MOST", 1)
    organiser = await world.person("organiser")
    group = await world.community("kitchen", organiser)

    async def make() -> None:
        async with world.work.transaction() as tx:
            await call_series.create(tx, organiser, group, supper(), WEEKLY)

    got = await asyncio.gather(*(make() for _ in range(4)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in got) == [
        "Invalid",
        "Invalid",
        "Invalid",
        "NoneType",
    ]
