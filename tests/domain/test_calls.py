"""Calls: places are granted once, in order, whatever door an answer comes through."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from federation import parse
from server.arriving import drafts
from server.domain.calling import calls, calls_elsewhere, commitments, drafting, participations
from server.domain.members import follows
from server.domain.moderating import group_moderation
from server.domain.posting import polls
from server.domain.tx import Arrived
from server.errors import Forbidden, Invalid
from storage import calls as call_rows
from storage import marks, outbox
from storage import participations as participation_rows
from storage import polls as poll_rows
from storage.accounts import Account
from storage.calls import Call, Details
from storage.posts import Post
from tests.domain.conftest import World


def clean_up(world: World, capacity: int | None = None) -> drafting.Wanted:
    starts = world.clock.now() + timedelta(days=7)
    details = Details(starts, starts + timedelta(hours=3), "Europe/Rome", "Mill Bridge")
    return drafting.Wanted("River clean-up", replace(details, capacity=capacity), "Bring gloves.")


async def river(world: World, capacity: int | None = None) -> tuple[Account, Account, Post]:
    organiser = await world.person("organiser")
    group = await world.community("river", organiser)
    async with world.work.transaction() as tx:
        post = await calls.create(tx, organiser, group, clean_up(world, capacity))
    return organiser, group, post


async def stored(world: World, post: Post) -> Call:
    async with world.work.reading() as tx:
        call = await call_rows.by_id(tx.conn, post.id)
    assert call
    return call


async def say(world: World, who: Account, post: Post, said: str, door: str = "page") -> str:
    async with world.work.transaction() as tx:
        return (await participations.answer(tx, who, post, said, door)).state


async def test_the_last_place_is_taken_once_and_the_list_moves(world: World) -> None:
    organiser, _, post = await river(world, capacity=2)
    first, second, third = [await world.person(f"member{n}") for n in range(3)]
    assert await say(world, first, post, "going") == "granted"
    assert await say(world, second, post, "going") == "granted"
    assert await say(world, third, post, "going") == "waiting"
    assert await say(world, organiser, post, "going") == "waiting"
    call = await stored(world, post)
    assert (call.counted, call.waiting, call.full) == (2, 2, True)
    async with world.work.transaction() as tx:
        await participations.withdraw(tx, first, post)
    call = await stored(world, post)
    assert (call.counted, call.waiting) == (2, 1)
    async with world.work.reading() as tx:
        moved = await participation_rows.of_account(tx.conn, post.id, third.id)
        waiting = await participation_rows.of_account(tx.conn, post.id, organiser.id)
    assert moved and moved.state == "granted"
    assert waiting and waiting.state == "waiting"


async def test_fifty_at_once_for_ten_places(world: World) -> None:
    _, _, post = await river(world, capacity=10)
    crowd = [await world.stranger(f"p{n}", f"h{n % 7}.example") for n in range(50)]
    doors = ("card", "join")
    states = await asyncio.gather(
        *(say(world, who, post, "going", doors[n % 2]) for n, who in enumerate(crowd))
    )
    assert states.count("granted") == 10
    assert states.count("waiting") == 40
    call = await stored(world, post)
    assert (call.counted, call.waiting) == (10, 40)
    assert call.confirmed > 0
    assert call.expressed > 0


async def test_a_changed_answer_replaces_the_old_one(world: World) -> None:
    organiser, _, post = await river(world)
    for said in ("going", "maybe", "declined", "going"):
        await say(world, organiser, post, said)
    async with world.work.reading() as tx:
        options = await poll_rows.options(tx.conn, [post.id])
    assert [o.votes_count for o in options] == [1, 0, 0]
    assert (await stored(world, post)).confirmed == 1


async def test_voting_in_the_poll_is_taking_part(world: World) -> None:
    organiser, _, post = await river(world)
    async with world.work.transaction() as tx:
        await polls.vote(tx, organiser, post, [0])
    assert (await stored(world, post)).confirmed == 1
    with pytest.raises(Invalid):
        async with world.work.transaction() as tx:
            await polls.vote(tx, organiser, post, [0, 1])


async def test_each_host_gets_the_one_form_that_it_reads(world: World) -> None:
    organiser = await world.person("organiser")
    group = await world.community("river", organiser)
    software = {"mastodon": "card", "mobilizon": "event", "lemmy": "page", "beckon": "beckon"}
    for name in software:
        member = await world.stranger("member", f"{name}.example")
        async with world.work.transaction() as tx:
            await outbox.describe(tx.conn, member.host, name, "1", 5, tx.now)
            await follows.follow(tx, member, group, uri=f"https://{member.host}/f/1")
    async with world.work.transaction() as tx:
        await tx.conn.execute("delete from outbox")
        found = await calls.create(tx, organiser, group, clean_up(world))
        sent = await world.sent(tx)
    got: dict[str, list[str]] = {}
    pinned = {}
    for activity in sent:
        inner = activity["object"]
        if activity["type"] == "Add":
            pinned |= {inbox.split("/")[2]: inner for inbox in activity["_inboxes"]}  # type: ignore[union-attr]
            continue
        shape = f"{activity['type']} {inner['type'] if isinstance(inner, dict) else inner}"
        if activity["type"] == "Announce" and isinstance(inner, dict):
            shape = f"Announce {inner['type']} {inner['object']['type']}"
        for inbox in activity["_inboxes"]:  # type: ignore[union-attr]
            got.setdefault(inbox.split("/")[2], []).append(shape)
    assert got == {
        "mastodon.example": ["Create Question"],
        "mobilizon.example": ["Create Event", f"Announce {found.uri}"],
        "lemmy.example": ["Announce Create Event"],
        "beckon.example": ["Announce Create Event"],
    }
    assert {host: uri.split("/")[3] for host, uri in pinned.items()} == {
        "mastodon.example": "cards",
        "mobilizon.example": "calls",
        "lemmy.example": "calls",
        "beckon.example": "calls",
    }


async def test_refusals(world: World) -> None:
    organiser, group, post = await river(world)
    member = await world.person("member")
    with pytest.raises(Forbidden) as refused:
        async with world.work.transaction() as tx:
            await calls.create(tx, member, group, clean_up(world))
    assert refused.value.reason == "not_a_steward"
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="cancelled")
    with pytest.raises(Forbidden) as refused:
        await say(world, member, post, "going")
    assert refused.value.reason == "call_cancelled"
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="open")
    world.clock.forward(days=30)
    with pytest.raises(Forbidden) as refused:
        await say(world, member, post, "going")
    assert refused.value.reason == "call_over"


async def test_what_cannot_be_is_refused_by_field(world: World) -> None:
    organiser = await world.person("organiser")
    group = await world.community("river", organiser)
    soon = world.clock.now() + timedelta(days=1)
    wrong = {
        "timezone": Details(soon, None, "Mars/Olympus"),
        "ends_at": Details(soon, soon - timedelta(hours=1), "UTC"),
        "capacity": Details(soon, None, "UTC", capacity=0),
        "latitude": Details(soon, None, "UTC", latitude=1.0),
        "starts_at": Details(soon - timedelta(days=2), None, "UTC"),
    }
    for field, details in wrong.items():
        with pytest.raises(Invalid) as refused:
            async with world.work.transaction() as tx:
                await calls.create(tx, organiser, group, drafting.Wanted("Dig", details))
        assert refused.value.field == field


async def test_a_call_closes_when_its_time_is_over(world: World) -> None:
    organiser, group, post = await river(world)
    begins = (await stored(world, post)).starts_at
    later = clean_up(world)
    from dataclasses import replace

    moved = replace(
        later, details=replace(later.details, starts_at=begins + timedelta(days=1), ends_at=None)
    )
    async with world.work.transaction() as tx:
        assert await calls.close(tx, post.id) == begins + timedelta(hours=3)
        await calls.edit(tx, organiser, post, wanted=moved)
    world.clock.forward(days=7, hours=4)
    async with world.work.transaction() as tx:
        assert await calls.close(tx, post.id) == begins + timedelta(days=1)
        assert [p.id for p in await marks.pinned(tx.conn, group.id)] == [post.id]
    world.clock.forward(days=1)
    async with world.work.transaction() as tx:
        assert await calls.close(tx, post.id) is None
        assert await marks.pinned(tx.conn, group.id) == []
        poll = (await poll_rows.by_ids(tx.conn, [post.id]))[post.id]
    assert poll.closed_at == world.clock.now()
    assert (await stored(world, post)).state == "closed"


@pytest.mark.parametrize(
    ("field", "more"),
    [
        ("timezone", {"timezone": "posix/Europe/Rome"}),
        ("timezone", {"timezone": "localtime"}),
        ("timezone", {"timezone": "../../etc/passwd"}),
        ("starts_at", {"starts_at": datetime(9999, 12, 31, 23, 30, tzinfo=UTC), "ends_at": None}),
        ("starts_at", {"starts_at": datetime(1, 1, 1, tzinfo=UTC), "ends_at": None}),
        ("ends_at", {"ends_at": datetime(9999, 12, 31, 23, 30, tzinfo=UTC)}),
    ],
)
async def test_a_time_that_some_zone_does_not_have_is_refused(
    world: World, field: str, more: dict[str, object]
) -> None:
    organiser, _, post = await river(world)
    asked = clean_up(world)
    asked = replace(asked, details=replace(asked.details, **more))  # type: ignore[arg-type]
    with pytest.raises(Invalid) as refused:
        async with world.work.transaction() as tx:
            await calls.edit(tx, organiser, post, wanted=asked)
    assert refused.value.field == field


async def test_what_is_opened_again_after_its_end_closes_again(world: World) -> None:
    organiser, _, post = await river(world)
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="cancelled")
        await tx.conn.execute(
            "delete from jobs where kind = 'close_call'"
        )  # it found nothing to do
    world.clock.forward(days=8)
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="open")
        due = await tx.conn.fetchval("select run_at from jobs where kind = 'close_call'")
        await calls.close(tx, post.id)
    assert due
    assert due <= world.clock.now()
    assert (await stored(world, post)).state == "closed"


async def test_who_is_banned_holds_no_place_that_others_wait_for(world: World) -> None:
    organiser, group, post = await river(world, capacity=1)
    people = [await world.person("member"), await world.stranger("guest", "b.example")]
    last = await world.person("last")
    for who in (*people, last):
        await say(world, who, post, "going")
    for who in people:
        async with world.work.transaction() as tx:
            by = await group_moderation.steward(tx, group, organiser)
            await group_moderation.ban(tx, by, who, group_moderation.Ban())
    async with world.work.reading() as tx:
        row = await participation_rows.of_account(tx.conn, post.id, last.id)
    assert row
    assert row.state == "granted"
    call = await stored(world, post)
    assert (call.counted, call.waiting) == (1, 0)


async def test_who_helps_no_more_keeps_no_promise(world: World) -> None:
    organiser = await world.person("organiser")
    group = await world.community("river", organiser)
    asked = drafting.Wanted("Boots", Details(None, None, "UTC", capacity=5), kind="need")
    member = await world.person("member")
    async with world.work.transaction() as tx:
        post = await calls.create(tx, organiser, group, asked)
        await commitments.promise(tx, member, post, 2, "Two pairs")
        await participations.answer(tx, member, post, "same", "page")
        (kept,) = await commitments.of_call(tx, organiser, post)
    assert (kept.state, kept.said) == ("cancelled", "")


async def test_a_call_of_another_server_has_the_answers_of_its_kind(world: World) -> None:
    """Whatever its host says of shifts, which only calls for volunteers have."""
    author = await world.stranger("organiser", "b.example")
    member = await world.person("member")
    uri = "https://b.example/calls/1"
    document = {
        "id": uri, "type": "Page", "attributedTo": author.uri, "name": "Give", "content": "<p>Give",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "cta:call": {
            "type": "cta:Call", "kind": "donate", "link": "https://b.example/give",
            "answers": [{"name": f"Answer {n}", "count": n} for n in range(3)],
            "subEvent": ["https://b.example/calls/2"],
        },
    }  # fmt: skip
    value = parse.parse_post(document)
    async with world.work.transaction() as tx:
        post = await calls_elsewhere.receive(
            tx, author, await drafts.draft_of(tx, author, value), drafts.details_of(value),
            drafts.reported_of(value), Arrived(uri, document),
        )  # fmt: skip
        assert post
        options = await poll_rows.options(tx.conn, [post.id])
    assert [o.title for o in options] == ["I gave", "I will give"]
    async with world.work.transaction() as tx:
        await polls.vote(tx, member, post, [1])
    with pytest.raises(Invalid):
        async with world.work.transaction() as tx:
            await polls.vote(tx, member, post, [2])


@pytest.mark.parametrize("state", ["cancelled", "closed"])
async def test_nobody_gets_a_place_in_what_is_off_before_it_is_on_again(
    world: World, state: str
) -> None:
    organiser, _, post = await river(world, capacity=1)
    first, second = await world.person("first"), await world.stranger("second", "b.example")
    assert await say(world, first, post, "going") == "granted"
    assert await say(world, second, post, "going") == "waiting"
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state=state)
        await participations.withdraw(tx, first, post)
        row = await participation_rows.of_account(tx.conn, post.id, second.id)
        assert row
        assert row.state == "waiting"
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="open")
        row = await participation_rows.of_account(tx.conn, post.id, second.id)
        assert row
        assert row.state == "granted"
