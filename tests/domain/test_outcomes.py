"""Those who take part hear what becomes of a call, each through their door, once and in time."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling import call_notices, calls, outcomes, reminders
from server.domain.moderating import group_moderation
from server.domain.moderating.group_moderation import Ban
from server.domain.posting import drafts, posts
from server.errors import Forbidden, Invalid, TooMany
from storage import call_notices as notice_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.posts import Post
from tests.domain.conftest import World
from tests.domain.happening import Around, at_work
from tests.domain.test_calls import clean_up, river, stored

ONE_EACH = {"client": 1, "card": 1, "join": 1, "maybe": 0}
BUT_JOINED = {**ONE_EACH, "join": 0}


@pytest.fixture
async def around(world: World, free_port: Callable[[], int]) -> AsyncIterator[Around]:
    async with at_work(world, free_port()) as made:
        yield made


async def change(world: World, actor: Account, post: Post, **more: object) -> None:
    async with world.work.transaction() as tx:
        await calls.edit(tx, actor, post, **more)  # type: ignore[arg-type]


async def told_of(world: World, who: Account) -> list[str]:
    async with world.work.reading() as tx:
        rows = await tx.conn.fetch(
            "select type from notifications where account_id = $1 order by id", who.id
        )
    return [row["type"] for row in rows]


# What came of it


async def test_an_outcome_reaches_everyone_who_took_part(around: Around) -> None:
    world = around.world
    organiser, group, post = await river(world)
    await around.everybody_comes(post)
    await change(world, organiser, post, state="closed")
    async with world.work.transaction() as tx:
        await outcomes.note(
            tx, organiser, post, "Four tonnes of rubbish, and <one> bicycle. #river"
        )
        sent = await world.sent(tx)
    await around.work()
    call = await stored(world, post)
    assert "&lt;one&gt; bicycle" in call.outcome
    assert call.outcome_at == world.clock.now()
    assert await around.told() == BUT_JOINED
    (letter,) = await around.letters(around.people["card"])
    assert "<one> bicycle" in letter
    assert re.search(r"without your name: \S+/receipts/[\w-]{43}/feedback$", letter)
    (asked,) = await around.letters(around.people["client"])
    assert asked.endswith(f"/calls/{post.id}/feedback")
    assert re.search(r"/answers/[\w-]{43}/feedback", around.kept.text())
    assert "update" in await told_of(world, around.people["client"])
    assert around.mails() == ["What came of it: River clean-up"]
    assert "Four tonnes" in around.kept.text()
    async with world.work.reading() as tx:
        thread = await post_rows.thread(tx.conn, post.id, 10)
    (said,) = [p for p in thread if p.id != post.id]
    assert (said.account_id, said.content, said.visibility) == (group.id, call.outcome, "public")
    cards = [
        a["object"] for a in sent if a["type"] == "Update" and "mastodon" in str(a["_inboxes"])
    ]
    assert "Four tonnes" in str(cards[-1])


async def test_an_outcome_in_other_words_is_told_to_nobody_anew(around: Around) -> None:
    world = around.world
    organiser, _, post = await river(world)
    await around.everybody_comes(post)
    await change(world, organiser, post, state="closed")
    for said in ("Four tonnes.", "Five tonnes."):
        async with world.work.transaction() as tx:
            await outcomes.note(tx, organiser, post, said)
        await around.work()
    assert "Five" in (await stored(world, post)).outcome
    assert await around.told() == BUT_JOINED
    assert len(around.mails()) == 1


async def test_who_may_say_what_came_of_it_and_when(world: World) -> None:
    organiser, _, post = await river(world)
    member = await world.person("member")
    with pytest.raises(Forbidden) as refused:
        async with world.work.transaction() as tx:
            await outcomes.note(tx, organiser, post, "Too early")
    assert refused.value.reason == "call_open"
    world.clock.forward(days=8)
    with pytest.raises(Forbidden) as refused:
        async with world.work.transaction() as tx:
            await outcomes.note(tx, member, post, "I say so")
    assert refused.value.reason == "not_a_steward"
    for said in (" ", "x" * 5001):
        with pytest.raises(Invalid):
            async with world.work.transaction() as tx:
                await outcomes.note(tx, organiser, post, said)
    assert not (await stored(world, post)).outcome


async def test_organisers_are_asked_twice_for_an_outcome_and_then_never(around: Around) -> None:
    world = around.world
    organiser, _, _ = await river(world)
    asked = []
    for _ in range(60):
        world.clock.forward(days=1)
        await around.work()
        asked.append(len(await around.letters(organiser)))
    assert [day for day, n in enumerate(asked, 1) if n > ([0, *asked])[day - 1]] == [11, 18]
    assert asked[-1] == 2
    assert "What came of it?" in (await around.letters(organiser))[0]


async def test_nobody_is_asked_who_has_said_it_or_opened_it_again(around: Around) -> None:
    world = around.world
    organiser, group, said = await river(world)
    async with world.work.transaction() as tx:
        again = await calls.create(tx, organiser, group, clean_up(world))
    for post in (said, again):
        await change(world, organiser, post, state="closed")
    async with world.work.transaction() as tx:
        await outcomes.note(tx, organiser, said, "Done")
    await change(world, organiser, again, state="cancelled")
    world.clock.forward(days=20)
    await around.work()
    assert await around.letters(organiser) == []


# Changes


async def test_a_new_time_or_place_reaches_who_takes_part_and_a_better_word_nobody(
    around: Around,
) -> None:
    world = around.world
    organiser, _, post = await river(world)
    await around.everybody_comes(post)
    wanted = clean_up(world)
    await change(world, organiser, post, wanted=replace(wanted, about="Bring gloves, please."))
    await around.work()
    assert await around.told() == dict.fromkeys(ONE_EACH, 0)
    elsewhere = replace(wanted.details, place_name="Old Mill")
    await change(world, organiser, post, wanted=replace(wanted, details=elsewhere))
    await around.work()
    assert await around.told() == BUT_JOINED
    assert "Old Mill" in (await around.letters(around.people["client"]))[0]
    assert around.mails() == ["Time or place have changed: River clean-up"]
    assert "Old Mill" in around.kept.text()


async def test_put_off_called_off_and_on_again_are_told(around: Around) -> None:
    world = around.world
    organiser, _, post = await river(world)
    await around.everybody_comes(post)
    for state in ("postponed", "cancelled", "open"):
        await change(world, organiser, post, state=state)
        await around.work()
    assert [m.partition(":")[0] for m in around.mails()] == [
        "Postponed", "Cancelled", "It takes place after all",
    ]  # fmt: skip
    assert await around.told() == {"client": 3, "card": 3, "join": 0, "maybe": 0}


# Reminders


async def test_who_comes_is_reminded_the_day_before_and_on_the_day(around: Around) -> None:
    world = around.world
    await around.everybody_comes((await river(world))[2])
    seen = []
    for _ in range(8 * 24):
        world.clock.forward(hours=1)
        await around.work()
        seen.append(len(await around.letters(around.people["card"])))
    # It begins seven days later at 13:00 in Rome, 12:00 UTC: eight in the morning there is 7:00 UTC.
    assert (seen.index(1) + 1, seen.index(2) + 1, seen[-1]) == (6 * 24, 7 * 24 - 5, 2)
    assert await around.told() == {"client": 2, "card": 2, "join": 0, "maybe": 0}
    assert around.mails() == ["A reminder: River clean-up", "Today: River clean-up"]


async def test_a_reminder_that_is_late_is_not_sent(around: Around) -> None:
    world = around.world
    await around.everybody_comes((await river(world))[2])
    world.clock.forward(days=6, hours=20)  # nobody worked through the night
    await around.work()
    assert around.mails() == ["Today: River clean-up"]
    world.clock.forward(days=1)
    await around.work()
    assert len(around.mails()) == 1


async def test_a_standstill_over_the_event_reminds_nobody(around: Around) -> None:
    await around.everybody_comes((await river(around.world))[2])
    around.world.clock.forward(days=7)
    await around.work()
    assert around.mails() == []
    assert await around.told() == dict.fromkeys(ONE_EACH, 0)


async def test_what_is_moved_reminds_at_its_new_time_alone(around: Around) -> None:
    world = around.world
    organiser, _, post = await river(world)
    await around.everybody_comes(post)
    wanted = clean_up(world)
    assert wanted.details.starts_at
    later = wanted.details.starts_at + timedelta(days=7)
    moved = replace(wanted.details, starts_at=later, ends_at=later + timedelta(hours=1))
    await change(world, organiser, post, wanted=replace(wanted, details=moved))
    world.clock.forward(days=8)
    await around.work()
    assert [m.partition(":")[0] for m in around.mails()] == ["Time or place have changed"]
    world.clock.forward(days=5)
    await around.work()
    assert around.mails()[1:] == ["A reminder: River clean-up"]


async def test_members_can_switch_reminders_off(around: Around) -> None:
    world = around.world
    await around.everybody_comes((await river(world))[2])
    async with world.work.transaction() as tx:
        await notice_rows.turn_reminders(tx.conn, around.people["client"].id, on=False)
    world.clock.forward(days=6)
    await around.work()
    assert await around.told() == {"client": 0, "card": 1, "join": 0, "maybe": 0}


@given(
    st.integers(0, 2 * 365 * 24 * 60),
    st.sampled_from(["Europe/Rome", "America/New_York", "Pacific/Apia", "Asia/Kathmandu", "UTC"]),
)
def test_reminders_come_before_what_they_remind_of(minutes: int, zone: str) -> None:
    starts = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    found = reminders.times(starts, zone)
    assert found["reminder"] < found["morning"] <= starts - timedelta(hours=2)
    local = found["morning"].astimezone(ZoneInfo(zone))
    assert (local.hour, local.minute) == (8, 0) or found["morning"] == starts - timedelta(hours=2)


# Messages


async def test_organisers_write_to_all_who_take_part_three_times_a_week(around: Around) -> None:
    world = around.world
    organiser, _, post = await river(world)
    await around.everybody_comes(post)
    for n in range(3):
        async with world.work.transaction() as tx:
            await call_notices.write_to_all(tx, organiser, post, f"News {{{n}}}")
    await around.work()
    assert await around.told() == {"client": 3, "card": 3, "join": 3, "maybe": 0}
    assert "News {2}" in (await around.letters(around.people["join"]))[2]
    assert around.mails() == ["From the organisers: River clean-up"] * 3
    with pytest.raises(TooMany):
        async with world.work.transaction() as tx:
            await call_notices.write_to_all(tx, organiser, post, "More news")
    world.clock.forward(days=7, seconds=1)
    async with world.work.transaction() as tx:
        await call_notices.write_to_all(tx, organiser, post, "More news")


async def test_nobody_is_told_of_changes_without_end(world: World) -> None:
    """Each is a mail to everybody who answered. To call off is never refused."""
    organiser, _, post = await river(world)

    async def become(state: str) -> None:
        async with world.work.transaction() as tx:
            await calls.edit(tx, organiser, post, state=state)

    for _ in range(call_notices.CHANGES):
        await become("cancelled")
        await become("open")
    await become("cancelled")
    with pytest.raises(TooMany):
        await become("open")
    assert (await stored(world, post)).state == "cancelled"
    world.clock.forward(days=1, seconds=1)
    await become("open")


async def test_who_is_banned_is_not_written_to(around: Around) -> None:
    world = around.world
    organiser, community, post = await river(world)
    await around.everybody_comes(post)
    async with world.work.transaction() as tx:
        by = await group_moderation.steward(tx, community, organiser)
        await group_moderation.ban(tx, by, around.people["client"], Ban(None, "Was rude"))
    async with world.work.transaction() as tx:
        await call_notices.write_to_all(tx, organiser, post, "We meet behind the shed")
    await around.work()
    said = [await around.letters(around.people[door]) for door in ("client", "join")]
    assert ["behind the shed" in str(each) for each in said] == [False, True]


async def test_only_stewards_write_to_all(world: World) -> None:
    organiser, _, post = await river(world)
    member = await world.person("member")
    with pytest.raises(Forbidden):
        async with world.work.transaction() as tx:
            await call_notices.write_to_all(tx, member, post, "Buy this")
    for said in (" ", "x" * 2001):
        with pytest.raises(Invalid):
            async with world.work.transaction() as tx:
                await call_notices.write_to_all(tx, organiser, post, said)


async def test_a_long_list_is_told_in_parts_and_each_once(around: Around) -> None:
    world = around.world
    organiser, _, post = await river(world)
    people = [
        await world.stranger(f"p{n}", "mastodon.example") for n in range(call_notices.BATCH + 2)
    ]
    async with world.work.transaction() as tx:
        for who in people:
            await calls.participations.answer(tx, who, post, "going", "card")
        await call_notices.write_to_all(tx, organiser, post, "Hello")
    await around.work()
    assert {len(await around.letters(who)) for who in people} == {1}


async def test_a_private_word_to_the_community_reaches_who_steers_it(world: World) -> None:
    organiser, group, _ = await river(world)
    member, far = await world.person("member"), await world.stranger("far", "far.example")
    for who in (member, far):
        draft = drafts.Draft(
            visibility="direct", content="<p>May I bring my dog?</p>", mentions=(group,)
        )
        async with world.work.transaction() as tx:
            arrived = posts.Arrived(f"{who.uri}/1", {}) if not who.local else None
            await posts.publish(tx, who, draft, arrived=arrived)
    async with world.work.reading() as tx:
        rows = await tx.conn.fetch(
            "select from_account_id, filtered from notifications where account_id = $1",
            organiser.id,
        )
    assert [(r["from_account_id"], r["filtered"]) for r in rows] == [(group.id, False)] * 2


async def test_who_is_blocked_by_a_steward_does_not_reach_them(world: World) -> None:
    organiser, group, _ = await river(world)
    member = await world.person("member")
    async with world.work.transaction() as tx:
        await tx.conn.execute(
            "insert into blocks (account_id, target_id, created_at) values ($1, $2, $3)",
            organiser.id, member.id, tx.now,
        )  # fmt: skip
        draft = drafts.Draft(visibility="direct", content="<p>Hey</p>", mentions=(group,))
        await posts.publish(tx, member, draft)
    assert await told_of(world, organiser) == []


async def test_after_a_standstill_organisers_are_asked_once(around: Around) -> None:
    organiser, _, post = await river(around.world)
    await change(around.world, organiser, post, state="closed")
    around.world.clock.forward(weeks=8)
    await around.work()
    asked = [said for said in await around.letters(organiser) if "What came of it?" in said]
    assert len(asked) == 1


async def test_five_hundred_are_told_by_one_job_that_goes_on(around: Around) -> None:
    """Whatever the number, to call it off costs one transaction the same."""
    world = around.world
    organiser, _, post = await river(world)
    async with world.work.transaction() as tx:
        await tx.conn.execute(
            "insert into accounts (id, uri, url, local, kind, username, host, handle_host, inbox, created_at)"
            " select n, 'https://b.example/' || n, '', false, 'person', 'p' || n, 'b.example', 'b.example', '', now()"
            " from generate_series(1, 500) n"
        )
        await tx.conn.execute(
            "insert into participations (post_id, account_id, answer, choice, counts, state, tier, door, created_at,"
            " answered_at) select $1, n, 'going', 0, true, 'granted', 'expressed', 'card', now(), now()"
            " from generate_series(1, 500) n",
            post.id,
        )
        await tx.conn.execute("update calls set expressed = 500")
    async with world.work.transaction() as tx:
        before = await tx.conn.fetchval("select count(*) from jobs")
        await calls.edit(tx, organiser, post, state="cancelled")
        kinds = await tx.conn.fetch("select kind from jobs order by id desc limit 10")
        after = await tx.conn.fetchval("select count(*) from jobs")
    assert after - before <= 3, kinds
    assert [row["kind"] for row in kinds].count("call_notice") == 1
