"""Guests: each takes a place, the line moves in order of receipt, and nobody is overtaken."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.calling import calls, drafting, keywords, participations, shifts
from server.domain.posting import drafts, posts
from server.errors import Forbidden, Invalid
from storage import calls as call_rows
from storage import participations as rows
from storage import posts as post_rows
from storage import shift_roles
from storage.accounts import Account
from storage.calls import Call, Details
from storage.participations import Participation
from storage.posts import Post
from tests.domain.conftest import World


def feast(world: World, capacity: int | None, guests_max: int = 4) -> drafting.Wanted:
    details = Details(
        world.clock.now() + timedelta(days=7), None, "Europe/Rome", capacity=capacity, guests_max=guests_max
    )  # fmt: skip
    return drafting.Wanted("Feast", details, language="en")


async def table(
    world: World, capacity: int | None, guests_max: int = 4
) -> tuple[Account, Account, Post]:
    cook = await world.person("cook")
    kitchen = await world.community("kitchen", cook)
    async with world.work.transaction() as tx:
        post = await calls.create(tx, cook, kitchen, feast(world, capacity, guests_max))
    return cook, kitchen, post


async def come(
    world: World, who: Account, post: Post, guests: int | None, door: str = "client"
) -> Participation:
    async with world.work.transaction() as tx:
        return await participations.answer(tx, who, post, "going", door, guests=guests)


async def leave(world: World, who: Account, post: Post) -> None:
    async with world.work.transaction() as tx:
        await participations.withdraw(tx, who, post)


async def stored(world: World, post: Post) -> Call:
    async with world.work.reading() as tx:
        found = await call_rows.by_id(tx.conn, post.id)
    assert found
    return found


async def standing(world: World, post: Post) -> dict[int | None, tuple[str, int]]:
    async with world.work.reading() as tx:
        found = await rows.participants(tx.conn, post.id)
    return {row.account_id: (row.state, row.guests) for row in found}


async def people(world: World, number: int) -> list[Account]:
    return [await world.person(f"eater{n}") for n in range(number)]


async def test_a_person_with_two_guests_takes_three_places(world: World) -> None:
    _, _, post = await table(world, capacity=4)
    one, two = await people(world, 2)
    assert (await come(world, one, post, 2)).state == "granted"
    assert (await come(world, two, post, 1)).state == "waiting"
    call = await stored(world, post)
    assert (call.counted, call.taken, call.waiting, call.full) == (1, 3, 1, False)


async def test_who_comes_alone_does_not_overtake_a_party(world: World) -> None:
    _, _, post = await table(world, capacity=4)
    one, party, alone = await people(world, 3)
    await come(world, one, post, 2)
    assert (await come(world, party, post, 2)).state == "waiting"
    assert (await come(world, alone, post, None)).state == "waiting", (
        "one place is free, and not theirs"
    )
    await leave(world, one, post)
    assert await standing(world, post) == {party.id: ("granted", 2), alone.id: ("granted", 0)}


async def test_with_fewer_guests_the_line_moves(world: World) -> None:
    _, _, post = await table(world, capacity=4)
    one, two, three = await people(world, 3)
    await come(world, one, post, 3)
    await come(world, two, post, 1)
    await come(world, three, post, 0)
    await come(world, one, post, 1)
    assert await standing(world, post) == {
        one.id: ("granted", 1), two.id: ("granted", 1), three.id: ("waiting", 0)
    }  # fmt: skip
    await come(world, two, post, 0)
    assert (await standing(world, post))[three.id] == ("granted", 0)


async def test_who_waits_gets_in_with_fewer(world: World) -> None:
    _, _, post = await table(world, capacity=4)
    one, party = await people(world, 2)
    await come(world, one, post, 1)
    await come(world, party, post, 3)
    assert (await come(world, party, post, 1)).state == "granted"


async def test_more_guests_come_only_where_they_fit(world: World) -> None:
    _, _, post = await table(world, capacity=4)
    one, two = await people(world, 2)
    await come(world, one, post, 0)
    assert (await come(world, one, post, 2)).guests == 2
    with pytest.raises(Forbidden) as refused:
        await come(world, one, post, 4)
    assert refused.value.reason == "no_room_for_guests"
    assert await standing(world, post) == {one.id: ("granted", 2)}
    await come(world, two, post, 3)
    with pytest.raises(Forbidden, match="stands"):  # one place is free, and somebody waits
        await come(world, one, post, 3)
    with pytest.raises(Forbidden, match="fewer"):
        await come(world, (await people_named(world, "late"))[0], post, 4)


async def people_named(world: World, *names: str) -> list[Account]:
    return [await world.person(name) for name in names]


async def test_nobody_brings_more_than_the_organiser_says(world: World) -> None:
    _, _, post = await table(world, capacity=None, guests_max=1)
    (one,) = await people(world, 1)
    for wrong in (2, -1):
        with pytest.raises(Forbidden) as refused:
            await come(world, one, post, wrong)
        assert refused.value.reason == "too_many_guests"
    assert await standing(world, post) == {}
    assert (await come(world, one, post, 1)).guests == 1


async def test_a_door_that_cannot_say_changes_no_guests(world: World) -> None:
    _, _, post = await table(world, capacity=9)
    (one,) = await people(world, 1)
    await come(world, one, post, 2)
    assert (await come(world, one, post, None, door="card")).guests == 2
    async with world.work.transaction() as tx:
        said = await participations.answer(tx, one, post, "declined", "client", guests=2)
    assert said.guests == 0, "who does not come brings nobody"
    assert (await come(world, one, post, None, door="card")).guests == 0


async def test_guests_are_for_what_people_come_to(world: World) -> None:
    cook, kitchen, _ = await table(world, capacity=None)
    closed = Details(None, None, "UTC", guests_max=1)
    for wanted in (
        feast(world, None, 11),
        feast(world, None, -1),
        drafting.Wanted("Sign", closed, kind="petition"),
        drafting.Wanted("Boots", closed, kind="need"),
    ):
        async with world.work.transaction() as tx:
            with pytest.raises(Invalid) as refused:
                await calls.create(tx, cook, kitchen, wanted)
        assert refused.value.field == "guests_max"


async def test_who_needs_more_places_than_there_are_holds_nobody_up(world: World) -> None:
    cook, _, post = await table(world, capacity=5)
    one, party, alone = await people(world, 3)
    await come(world, one, post, 1)
    await come(world, party, post, 3)
    async with world.work.transaction() as tx:
        await calls.edit(tx, cook, post, wanted=feast(world, 3))
    assert (await come(world, alone, post, None)).state == "granted"
    assert await standing(world, post) == {
        one.id: ("granted", 1), alone.id: ("granted", 0), party.id: ("waiting", 3)
    }  # fmt: skip


async def test_fewer_may_come_than_were_said_and_what_was_said_stands(world: World) -> None:
    cook, _, post = await table(world, capacity=9)
    (one,) = await people(world, 1)
    await come(world, one, post, 3)
    async with world.work.transaction() as tx:
        await calls.edit(tx, cook, post, wanted=feast(world, 9, 0))
    assert (await come(world, one, post, 3)).guests == 3
    assert (await come(world, one, post, 2)).guests == 2
    with pytest.raises(Forbidden, match="nobody brings"):
        await come(world, one, post, 3)


async def test_guests_of_a_shift_take_places_of_their_role(world: World) -> None:
    cook = await world.person("cook")
    kitchen = await world.community("kitchen", cook)
    starts = world.clock.now() + timedelta(days=7)
    roles = (shift_roles.Role(0, "cook", 0, 2, "cooking"), shift_roles.Role(0, "washer", 1, 3, ""))
    wanted = drafting.Wanted(
        "Soup", Details(None, None, "UTC", guests_max=2), kind="volunteer",
        shifts=(shifts.Shift("Noon", starts, roles=roles),),
    )  # fmt: skip
    async with world.work.transaction() as tx:
        parent = await calls.create(tx, cook, kitchen, wanted)
        (row,) = await call_rows.shifts(tx.conn, [parent.id])
        found = await post_rows.by_id(tx.conn, row.post_id)
    assert found
    one, two, three = await people(world, 3)
    first = await come(world, one, found, 1)
    assert (first.role, first.state) == ("washer", "granted")
    second = await come(world, two, found, 1)
    assert (second.role, second.state) == ("washer", "waiting"), "cooking is a skill"
    third = await come(world, three, found, None)
    assert third.state == "waiting", "the third place is the party's"
    async with world.work.transaction() as tx:
        changed = replace(
            wanted, details=replace(wanted.details, starts_at=starts, guests_max=0), shifts=None
        )
        await calls.edit(tx, cook, parent, wanted=changed)
    assert (await stored(world, found)).guests_max == 0


# The line against a model of it


@dataclass
class Line:
    """What must be, said once more and plainly: who has places, and who waits, in order."""

    capacity: int
    granted: dict[int, int] = field(default_factory=dict[int, int])
    waiting: dict[int, int] = field(default_factory=dict[int, int])

    @property
    def free(self) -> int:
        return self.capacity - sum(1 + n for n in self.granted.values())

    def come(self, who: int, guests: int) -> bool:
        """Whether it is taken."""
        if who in self.granted:
            more = guests - self.granted[who]
            if more > 0 and (self.waiting or more > self.free):
                return False
            self.granted[who] = guests
        elif who in self.waiting:
            if guests > self.waiting[who]:
                return False
            self.waiting[who] = guests
        elif 1 + guests > self.capacity:
            return False
        else:
            self.waiting[who] = guests
        self.move()
        return True

    def leave(self, who: int) -> None:
        self.granted.pop(who, None)
        self.waiting.pop(who, None)
        self.move()

    def move(self) -> None:
        for who, guests in list(self.waiting.items()):
            if 1 + guests > self.free:
                return
            self.granted[who] = self.waiting.pop(who)


STEPS = st.lists(st.tuples(st.integers(0, 4), st.integers(-1, 4)), min_size=1, max_size=14)
"""Who, and with how many; -1: they take it back."""


async def test_the_line_is_never_overtaken_and_no_place_is_lost(world: World) -> None:
    cook, kitchen, _ = await table(world, capacity=1)
    eaters = await people(world, 5)
    loop = asyncio.get_running_loop()

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.integers(1, 8), STEPS)
    def holds(capacity: int, steps: list[tuple[int, int]]) -> None:
        run = follow(world, cook, kitchen, eaters, Line(capacity), steps)
        asyncio.run_coroutine_threadsafe(run, loop).result()

    await asyncio.to_thread(holds)


async def follow(
    world: World,
    cook: Account,
    kitchen: Account,
    eaters: list[Account],
    line: Line,
    steps: list[tuple[int, int]],
) -> None:
    async with world.work.transaction() as tx:
        post = await calls.create(tx, cook, kitchen, feast(world, line.capacity))
    for at, guests in steps:
        who = eaters[at]
        if guests < 0:
            await leave(world, who, post)
            line.leave(who.id)
        else:
            expected = line.come(who.id, guests)
            try:
                await come(world, who, post, guests)
            except Forbidden:
                assert not expected
            else:
                assert expected
        found = await standing(world, post)
        assert found == {
            **{n: ("granted", g) for n, g in line.granted.items()},
            **{n: ("waiting", g) for n, g in line.waiting.items()},
        }
        call = await stored(world, post)
        assert call.taken == line.capacity - line.free <= line.capacity


# Replies


@pytest.mark.parametrize("code", keywords.LANGUAGES)
def test_what_is_printed_of_guests_is_understood(code: str) -> None:
    found = keywords.of_call("event", "", (), code)
    assert "+2" in keywords.printed(found, code, 5)
    assert "+1" in keywords.printed(found, code, 1)
    assert "+" not in keywords.printed(found, code)
    for said, guests in (("+2", 2), (" + 3.", 3), ("", 0)):
        reply = f"<p>{found[0].words}{said}</p>"
        assert keywords.said(reply, found, code) == "going"
        assert keywords.guests(reply) == guests


@pytest.mark.parametrize("said", ["+2", "count me in 2", "count me in -1", "count me in + two"])
def test_what_only_looks_like_guests_is_a_comment(said: str) -> None:
    found = keywords.of_call("event", "", (), "en")
    assert keywords.said(f"<p>{said}</p>", found, "en") is None


async def test_a_reply_brings_guests_as_it_says_now(world: World) -> None:
    _, _, post = await table(world, capacity=9)
    (one,) = await people(world, 1)
    async with world.work.transaction() as tx:
        draft = drafts.Draft(content="<p>Count me in +2</p>", in_reply_to=post)
        reply = await posts.publish(tx, one, draft)
    assert reply
    assert await standing(world, post) == {one.id: ("granted", 2)}
    async with world.work.transaction() as tx:
        changed = drafts.Draft(content="<p>Count me in</p>", in_reply_to=post)
        reply = await posts.edit(tx, one, reply, changed)
    assert await standing(world, post) == {one.id: ("granted", 0)}
    async with world.work.transaction() as tx:
        changed = drafts.Draft(content="<p>Count me in +9</p>", in_reply_to=post)
        await posts.edit(tx, one, reply, changed)
    assert await standing(world, post) == {one.id: ("granted", 0)}, (
        "a comment; what was said stands"
    )
