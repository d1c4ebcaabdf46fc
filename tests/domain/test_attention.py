"""How much a member is told, and when: every level with every kind of event, and the hours of silence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling import calls, drafting
from server.domain.mailing import mails
from server.domain.members import attention, follows
from server.domain.members.attention import quiet_until
from server.domain.posting import drafts, posts
from server.domain.tx import Site, Work
from server.errors import Forbidden, Invalid
from storage import notifications as rows
from storage.accounts import Account
from storage.attention import LEVELS, Attention
from storage.calls import Details
from storage.notifications import Asked
from storage.timelines import Page
from tests.domain.conftest import World

ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
MINUTE = st.integers(0, 1439)


async def join(world: World, who: Account, group: Account) -> None:
    async with world.work.transaction() as tx:
        await follows.follow(tx, who, group)


async def say(world: World, who: Account, group: Account, **more: object) -> None:
    async with world.work.transaction() as tx:
        draft = drafts.Draft(content="<p>Hello</p>", community=group)
        assert await posts.publish(tx, who, replace(draft, **more))


async def call(world: World, who: Account, group: Account) -> None:
    starts = world.clock.now() + timedelta(days=3)
    details = Details(starts, None, "Europe/Rome", "Mill Bridge")
    async with world.work.transaction() as tx:
        await calls.create(tx, who, group, drafting.Wanted("River clean-up", details))


async def told(world: World, who: Account) -> list[str]:
    async with world.work.reading() as tx:
        found = await rows.page(tx.conn, who.id, Page(40), Asked(rows.TYPES))
    return sorted(row.type for row in found)


HEARD = {  # at each level: a thread, an organiser's titled thread, a call, a mention
    None: [False, True, True, True],
    "everything": [True, True, True, True],
    "calls": [False, True, True, True],
    "mentions": [False, False, False, True],
    "nothing": [False, False, False, False],
}


@pytest.mark.parametrize("level", HEARD)
@pytest.mark.parametrize("event", range(4))
async def test_each_level_hears_what_it_names(world: World, level: str | None, event: int) -> None:
    organiser, member = await world.person("organiser"), await world.person("member")
    other = await world.person("other")
    group = await world.community("river", organiser)
    await join(world, member, group)
    await join(world, other, group)
    if level:
        async with world.work.transaction() as tx:
            await attention.set_level(tx, member, group, level)
    if event == 0:
        await say(world, other, group)
    elif event == 1:
        await say(world, organiser, group, title="We meet at the mill", kind="page")
    elif event == 2:
        await call(world, organiser, group)
    else:
        await say(world, other, group, mentions=(member,))
    assert await told(world, member) == [["mention" if event == 3 else "status"], []][
        not HEARD[level][event]
    ]  # fmt: skip


async def test_only_members_choose_and_only_what_there_is(world: World) -> None:
    organiser, stranger = await world.person("organiser"), await world.person("stranger")
    group = await world.community("river", organiser)
    async with world.work.transaction() as tx:
        with pytest.raises(Forbidden):
            await attention.set_level(tx, stranger, group, "calls")
        with pytest.raises(Invalid):
            await attention.set_level(tx, organiser, group, "loud")
        assert await attention.level(tx, organiser, group) == attention.DEFAULT
        assert attention.DEFAULT in LEVELS


@pytest.mark.parametrize(
    "wrong",
    [
        {"timezone": "Mars/Olympus"},
        {"quiet_from": 60},
        {"quiet_from": 60, "quiet_until": 60},
        {"digest": "daily"},
    ],
)
async def test_what_cannot_be_chosen_changes_nothing(
    world: World, wrong: dict[str, object]
) -> None:
    async with world.work.transaction() as tx:
        with pytest.raises(Invalid):
            await attention.choose(tx, 1, replace(Attention(), **wrong))
        assert await tx.conn.fetchval("select count(*) from attention") == 0


@given(
    zone=ZONES,
    begin=MINUTE,
    end=MINUTE,
    minutes=st.integers(0, 366 * 1440),
)
def test_quiet_hours_end_and_are_those_of_the_clock_on_the_wall(
    zone: str, begin: int, end: int, minutes: int
) -> None:
    if begin == end:
        return
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    local = at.astimezone(ZoneInfo(zone))
    minute = local.hour * 60 + local.minute
    span = (end - begin) % 1440
    over = quiet_until(zone, begin, end, at)
    assert (over is not None) == ((minute - begin) % 1440 < span)
    if over:
        assert at < over <= at + timedelta(hours=26)


def test_the_night_of_the_clock_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    autumn = datetime(2026, 10, 24, 23, tzinfo=zone)
    over = quiet_until("Europe/Berlin", 22 * 60, 7 * 60, autumn)
    assert over == datetime(2026, 10, 25, 6, tzinfo=UTC)
    spring = datetime(2026, 3, 28, 23, tzinfo=zone)
    assert quiet_until("Europe/Berlin", 22 * 60, 7 * 60, spring) == datetime(
        2026, 3, 29, 5, tzinfo=UTC
    )
    gap = quiet_until("Europe/Berlin", 60, 150, datetime(2026, 3, 29, 0, 30, tzinfo=UTC))
    assert gap == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "waits"),
    [
        ("approved", True),
        ("warning", True),
        ("confirm", False),
        ("reset", False),
        ("password", False),
    ],
)
async def test_mails_wait_for_the_morning_but_not_those_just_asked_for(
    world: World, kind: str, waits: bool
) -> None:
    site = Site(world.work.site.urls, federates=False, mail=True)
    work = Work(world.work.pool, world.clock, site)
    async with work.transaction() as tx:
        await tx.conn.execute(
            "insert into users (id, email, created_at) values (1, 'member@mail.example', now())"
        )
        night = Attention("Europe/Berlin", 12 * 60, 15 * 60)
        await attention.choose(tx, 1, night)  # it is 13:00 there
        await mails.want(tx, 1, kind)
        at = await tx.conn.fetchval("select run_at from jobs")
    assert at == world.clock.now() + timedelta(hours=2 if waits else 0)
