"""Shifts of a volunteer call: places in each role are given once, and the call counts each person once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from server.domain.calling import calls, deleting, kinds, participations, shift_roles, shifts
from server.domain.calling.drafting import Wanted
from server.domain.calling.shifts import Shift
from server.domain.distribution import Reach
from server.domain.members import follows
from server.domain.posting import drafts, polls, posts
from server.errors import Forbidden, Invalid
from storage import calls as call_rows
from storage import outbox
from storage import participations as rows
from storage import polls as poll_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call, Details
from storage.posts import Post
from storage.shift_roles import Role
from tests.domain.conftest import World


def role(name: str, places: int, skill: str = "") -> Role:
    return Role(0, name, 0, places, skill)


def shift(world: World, title: str, day: int = 7, **more: object) -> Shift:
    starts = world.clock.now() + timedelta(days=day)
    return replace(Shift(title, starts, starts + timedelta(hours=2)), **more)  # type: ignore[arg-type]


async def kitchen(
    world: World, *wanted: Shift, note: str | None = None
) -> tuple[Account, Post, list[Post]]:
    """A call with these shifts, of one who steers its community."""
    organiser = await world.person("organiser")
    group = await world.community("kitchen", organiser)
    async with world.work.transaction() as tx:
        asked = Wanted(
            "Soup for all",
            Details(None, None, "Europe/Rome"),
            kind="volunteer",
            shifts=wanted,
            note=note,
        )
        post = await calls.create(tx, organiser, group, asked)
    return organiser, post, await below(world, post)


async def below(world: World, post: Post) -> list[Post]:
    async with world.work.reading() as tx:
        found = [call.post_id for call in await call_rows.shifts(tx.conn, [post.id])]
        by_id = await post_rows.by_ids(tx.conn, found)
    return [by_id[n] for n in found]


async def stored(world: World, post: Post) -> Call:
    async with world.work.reading() as tx:
        call = await call_rows.by_id(tx.conn, post.id)
    assert call
    return call


async def counts(world: World, post: Post) -> tuple[int, int]:
    call = await stored(world, post)
    return call.counted, call.waiting


async def on_card(world: World, post: Post) -> list[tuple[str, int]]:
    async with world.work.reading() as tx:
        return [(o.title, o.votes_count) for o in await poll_rows.options(tx.conn, [post.id])]


async def take(
    world: World, who: Account, post: Post, door: str = "page", as_: str | None = None
) -> tuple[str, str | None]:
    async with world.work.transaction() as tx:
        row = await participations.answer(tx, who, post, "going", door, role=as_)
    return row.state, row.role


async def vote(world: World, who: Account, post: Post, at: int) -> None:
    async with world.work.transaction() as tx:
        await polls.vote(tx, who, post, [at])


async def test_the_card_offers_the_shifts_and_a_vote_takes_a_place(world: World) -> None:
    _, post, (morning, evening) = await kitchen(
        world, shift(world, "Morning", capacity=1), shift(world, "Evening", 8)
    )
    first = await world.stranger("first", "b.example")
    second = await world.stranger("second", "b.example")
    await vote(world, first, post, 0)
    await vote(world, second, post, 0)
    assert await counts(world, morning) == (1, 1)
    assert await counts(world, post) == (1, 1)
    assert await on_card(world, post) == [("Morning", 1), ("Evening", 0)]
    await vote(world, first, post, 1)
    assert (await counts(world, morning), await counts(world, evening)) == ((1, 0), (1, 0))
    assert await on_card(world, post) == [("Morning", 1), ("Evening", 1)]
    async with world.work.transaction() as tx:
        await participations.withdraw(tx, second, post)
    assert (await counts(world, morning), await counts(world, post)) == ((0, 0), (1, 0))


async def test_of_five_shifts_three_stand_on_the_card(world: World) -> None:
    _, post, made = await kitchen(world, *(shift(world, f"Day {n}", n + 7) for n in range(5)))
    titles = ["Day 0", "Day 1", "Day 2", "Another time"]
    assert [title for title, _ in await on_card(world, post)] == titles
    member = await world.person("member")
    await vote(world, member, post, 2)
    await vote(world, member, post, 3)
    assert [n for _, n in await on_card(world, post)] == [0, 0, 0, 1]
    assert await counts(world, post) == (0, 0)
    assert await take(world, member, made[4]) == ("granted", None)
    assert await counts(world, post) == (1, 0)


@given(some.integers(0, 40))
def test_a_card_is_a_poll_that_every_microblog_takes(count: int) -> None:
    titles = shifts.on_card([Shift(f"Day {n}", None) for n in range(count)])
    assert not count or kinds.OPTIONS_MIN <= len(titles) <= kinds.OPTIONS_MAX
    places = shifts.choices([Shift(f"Day {n}", None) for n in range(count)])
    shown = [at for at in places if at is not None]
    assert [titles[at] for at in shown] == [f"Day {n}" for n in range(len(shown))]
    assert len(shown) == count or (count > 4 and len(shown) == 3)


async def test_who_is_in_two_shifts_is_one_person(world: World) -> None:
    _, post, both = await kitchen(world, shift(world, "Morning"), shift(world, "Evening", 8))
    member = await world.person("member")
    guest = await world.stranger("guest", "b.example")
    for one in both:
        assert await take(world, member, one) == ("granted", None)
    assert await take(world, guest, both[0], "join") == ("granted", None)
    assert await counts(world, post) == (2, 0)
    assert [n for _, n in await on_card(world, post)] == [2, 1]


async def test_a_role_has_its_own_places_and_its_own_line(world: World) -> None:
    wanted = shift(world, "Morning", roles=(role("cook", 1, "cooking"), role("newcomer", 1)))
    _, post, (morning,) = await kitchen(world, wanted)
    people = [await world.person(f"member{n}") for n in range(4)]
    assert await take(world, people[0], morning) == ("granted", "newcomer")
    assert await take(world, people[1], morning) == ("waiting", "newcomer")
    assert await take(world, people[2], morning, as_="cook") == ("granted", "cook")
    assert await take(world, people[3], morning, as_="cook") == ("waiting", "cook")
    assert (await stored(world, morning)).capacity == 2
    assert await counts(world, post) == (2, 2)
    async with world.work.transaction() as tx:
        await participations.withdraw(tx, people[2], morning)
        row = await rows.of_account(tx.conn, morning.id, people[3].id)
        assert row
        assert (row.state, row.role) == ("granted", "cook")
    assert await take(world, people[1], morning) == ("waiting", "newcomer")
    with pytest.raises(Invalid):
        await take(world, people[1], morning, as_="king")


async def test_fifty_at_once_through_every_door_for_one_trained_and_three_newcomers(
    world: World,
) -> None:
    wanted = shift(world, "Morning", roles=(role("trained", 1, "first aid"), role("newcomer", 3)))
    _, post, (morning,) = await kitchen(world, wanted)
    crowd = [await world.stranger(f"p{n}", f"h{n % 7}.example") for n in range(30)]
    members = [await world.person(f"m{n}") for n in range(20)]

    async def come(n: int, who: Account) -> None:
        if n % 3 == 0:
            await vote(world, who, post, 0)
        elif n % 3 == 1:
            await take(world, who, morning, "join" if who.uri.startswith("https://h") else "page")
        else:
            door = "client" if who.local else "join"
            await take(world, who, morning, door, "trained" if n % 2 else None)

    await asyncio.gather(*(come(n, who) for n, who in enumerate([*crowd, *members])))
    assert await counts(world, morning) == (4, 46)
    assert await counts(world, post) == (4, 46)
    async with world.work.reading() as tx:
        assert await rows.in_roles(tx.conn, morning.id) == {"trained": 1, "newcomer": 3}


ROLES = some.lists(
    some.builds(Role, some.just(0), some.text("abc", min_size=1), some.integers(0, 5), some.integers(1, 3), some.sampled_from(["", "driving"])),
    min_size=1, max_size=4, unique_by=lambda r: r.name,
)  # fmt: skip


@given(ROLES, some.integers(0, 3))
def test_who_names_no_role_gets_one_that_asks_nothing_if_there_is_one(
    roles: list[Role], taken: int
) -> None:
    full = {role.name: taken for role in roles}
    got = shift_roles.choose(roles, full, None)
    easy = [role for role in roles if not role.skill]
    assert not got.skill or not easy
    free = [role for role in easy if role.places > taken]
    assert not free or got in free


async def test_a_call_with_shifts_is_not_joined_as_a_whole(world: World) -> None:
    _, post, _ = await kitchen(world, shift(world, "Morning"), shift(world, "Evening"))
    guest = await world.stranger("guest", "b.example")
    with pytest.raises(Forbidden) as refused:
        async with world.work.transaction() as tx:
            await participations.answer(tx, guest, post, None, "join")
    assert refused.value.reason == "choose_shift"
    async with world.work.transaction() as tx:
        await participations.join(tx, guest, post, "https://b.example/joins/1")
        sent = await world.sent(tx)
    assert sent[-1]["type"] == "Reject"
    assert await counts(world, post) == (0, 0)


async def test_calling_it_off_calls_every_shift_off(world: World) -> None:
    organiser, post, both = await kitchen(world, shift(world, "Morning"), shift(world, "Evening"))
    member = await world.person("member")
    await take(world, member, both[0])
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="cancelled")
        told = await tx.conn.fetchval("select what from call_notices where post_id = $1", post.id)
    assert told == "cancelled"
    assert [(await stored(world, one)).state for one in both] == ["cancelled", "cancelled"]
    with pytest.raises(Forbidden):
        await take(world, member, both[1])
    async with world.work.transaction() as tx:
        await deleting.delete(tx, organiser, post)
    assert all(row.is_deleted for row in await below(world, post))
    async with world.work.transaction() as tx:
        await deleting.run(tx, post.id, Reach({}))
    assert await below(world, post) == []


async def test_shifts_are_added_moved_and_taken_away(world: World) -> None:
    organiser, post, (morning, evening) = await kitchen(
        world, shift(world, "Morning"), shift(world, "Evening", 8)
    )
    member = await world.person("member")
    await take(world, member, evening)
    before = await on_card(world, post)
    wanted = Wanted(
        "Soup for all", Details(None, None, "Europe/Rome"), kind="volunteer",
        shifts=(shift(world, "Early", 6, id=morning.id, capacity=3), shift(world, "Night", 9)),
    )  # fmt: skip
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, wanted=wanted)
    now = await below(world, post)
    assert [one.title for one in now] == ["Early", "Evening", "Night"]
    states = [(await stored(world, one)).state for one in now]
    assert states == ["open", "cancelled", "open"]
    call = await stored(world, post)
    assert (call.starts_at, (await stored(world, morning)).capacity) == (
        world.clock.now() + timedelta(days=6), 3,
    )  # fmt: skip
    assert await on_card(world, post) == before
    with pytest.raises(Forbidden):
        await vote(world, member, post, 1)


async def test_a_role_that_somebody_has_stays(world: World) -> None:
    organiser, post, (morning,) = await kitchen(
        world, shift(world, "Morning", roles=(role("cook", 1), role("driver", 1)))
    )
    await take(world, await world.person("member"), morning, as_="cook")
    keeps, drops = (
        Wanted(
            "Soup for all", Details(None, None, "UTC"), kind="volunteer",
            shifts=(shift(world, "Morning", id=morning.id, roles=roles),),
        )
        for roles in ((role("cook", 2),), (role("driver", 1),))
    )  # fmt: skip
    with pytest.raises(Invalid, match="Somebody is in this shift as cook"):
        async with world.work.transaction() as tx:
            await calls.edit(tx, organiser, post, wanted=drops)
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, wanted=keeps)
    assert (await stored(world, morning)).capacity == 2


@pytest.mark.parametrize(
    "more",
    [
        {"title": ""}, {"title": "x" * 51}, {"title": "Another time"}, {"starts_at": None},
        {"capacity": 0}, {"capacity": 2, "roles": (role("cook", 1),)},
        {"roles": (role("cook", 0),)}, {"roles": (role("cook", 1), role("cook", 2))},
        {"roles": (role("", 1),)},
    ],
)  # fmt: skip
async def test_what_can_be_no_shift(world: World, more: dict[str, object]) -> None:
    with pytest.raises(Invalid) as refused:
        await kitchen(world, shift(world, "Morning"), replace(shift(world, "Noon"), **more))  # type: ignore[arg-type]
    assert refused.value.field == "shifts"


async def test_each_host_gets_the_call_once_and_shifts_where_they_are_events(world: World) -> None:
    organiser = await world.person("organiser")
    group = await world.community("kitchen", organiser)
    for name in ("mastodon", "mobilizon", "lemmy", "beckon", "gancio"):
        member = await world.stranger("member", f"{name}.example")
        async with world.work.transaction() as tx:
            await outbox.describe(tx.conn, member.host, name, "1", 5, tx.now)
            await follows.follow(tx, member, group, uri=f"https://{member.host}/f/1")
    two = (shift(world, "Morning"), shift(world, "Evening", 8))
    async with world.work.transaction() as tx:
        await tx.conn.execute("delete from outbox")
        asked = Wanted("Soup for all", Details(None, None, "UTC"), kind="volunteer", shifts=two)
        await calls.create(tx, organiser, group, asked)
        sent = await world.sent(tx)
    got: dict[str, list[str]] = {}
    for activity in sent:
        inner = activity["object"]
        while isinstance(inner, dict) and "object" in inner:
            inner = inner["object"]
        if activity["type"] == "Add" or not isinstance(inner, dict):
            continue
        for inbox in activity["_inboxes"]:  # type: ignore[union-attr]
            got.setdefault(inbox.split("/")[2], []).append(str(inner.get("name", inner["type"])))
    events = ["Soup for all", "Soup for all: Morning", "Soup for all: Evening"]
    assert got == {
        "mastodon.example": ["Question"],
        "mobilizon.example": events,
        "lemmy.example": ["Soup for all"],
        "beckon.example": events,
        "gancio.example": events,
    }


async def test_who_was_there_before_a_shift_got_roles_has_one_or_waits_for_one(
    world: World,
) -> None:
    organiser, post, (morning,) = await kitchen(world, shift(world, "Morning", capacity=1))
    people = [await world.person(f"member{n}") for n in range(3)]
    for who in people:
        await take(world, who, morning)
    assert await counts(world, morning) == (1, 2)
    wanted = Wanted(
        "Soup for all", Details(None, None, "UTC"), kind="volunteer",
        shifts=(shift(world, "Morning", id=morning.id, roles=(role("cook", 1, "cooking"), role("newcomer", 1))),),
    )  # fmt: skip
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, wanted=wanted)
        found = [await rows.of_account(tx.conn, morning.id, who.id) for who in people]
    assert [(row.state, row.role) for row in found if row] == [
        ("granted", "newcomer"), ("waiting", "newcomer"), ("waiting", "newcomer"),
    ]  # fmt: skip
    async with world.work.transaction() as tx:
        await participations.withdraw(tx, people[0], morning)
    assert await counts(world, morning) == (1, 1)
    assert await counts(world, post) == (1, 1)


async def test_a_change_of_the_text_leaves_time_and_places_to_the_shifts(world: World) -> None:
    organiser, post, (morning,) = await kitchen(world, shift(world, "Morning"))
    before = await stored(world, morning)
    later = world.clock.now() + timedelta(days=30)
    asked = Wanted(
        "Soup", Details(later, None, "Europe/Rome", "Town hall", capacity=3), kind="volunteer"
    )
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, wanted=asked)
    call, below_ = await stored(world, post), await stored(world, morning)
    assert (call.starts_at, call.ends_at, call.capacity) == (before.starts_at, before.ends_at, None)
    assert (below_.starts_at, below_.place_name) == (before.starts_at, "Town hall")


async def test_a_plain_reply_to_a_call_with_shifts_is_a_comment(world: World) -> None:
    _, post, _ = await kitchen(world, shift(world, "Morning"), shift(world, "Evening"))
    member = await world.person("member")
    async with world.work.transaction() as tx:
        draft = drafts.Draft(content="<p>Count me in</p>", source="Count me in", in_reply_to=post)
        assert await posts.publish(tx, member, draft)
    assert await counts(world, post) == (0, 0)


async def test_nobody_votes_for_a_shift_that_is_gone(world: World) -> None:
    organiser, post, made = await kitchen(
        world, *(shift(world, f"Day {n}", n + 7) for n in range(4))
    )
    for one in made:
        async with world.work.transaction() as tx:
            await deleting.delete(tx, organiser, one)
    member = await world.person("member")
    for at in range(4):
        with pytest.raises((Invalid, Forbidden)):
            await vote(world, member, post, at)
    assert await on_card(world, post) == [(f"Day {n}", 0) for n in range(4)]


async def test_a_text_that_is_changed_without_its_shifts_is_changed_in_them_too(
    world: World,
) -> None:
    wanted = (shift(world, "Monday"), shift(world, "Tuesday"))
    organiser, post, (monday, tuesday) = await kitchen(world, *wanted)
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, tuesday, state="cancelled")
    called_off = (await below(world, post))[1]
    details = (await stored(world, post)).starts_at, "Europe/Rome"
    said = Wanted(
        "Soup for the street",
        Details(details[0], None, details[1]),
        about="Bring a #spoon",
        language="en",
        kind="volunteer",
    )
    async with world.work.transaction() as tx:
        await calls.edit(tx, organiser, post, wanted=said)
    changed, kept = await below(world, post)
    assert (changed.id, changed.title) == (monday.id, "Monday")
    assert (changed.source, changed.language, changed.tags) == ("Bring a #spoon", "en", ["spoon"])
    assert (await stored(world, monday)).starts_at == wanted[0].starts_at
    assert kept.content == called_off.content
