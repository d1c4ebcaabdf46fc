"""What organisers ask: three questions at most, answered where the door can ask, sealed, and gone with the answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain import retention
from server.domain.calling import (
    calls,
    contacts,
    drafting,
    participations,
    questions,
    receipts,
)
from server.domain.calling.questions import Asked
from server.domain.members import farewell
from server.errors import Invalid, NotFound, Unavailable
from storage import calls as call_rows
from storage import participations as rows
from storage.accounts import Account
from storage.calls import Details
from storage.participations import Participation
from storage.posts import Post
from storage.questions import Question
from tests.domain.conftest import World

DISH, DIET = Asked("What do you bring?", required=True), Asked("What do you not eat?")
SECRET = "rare-mushrooms"


def supper(world: World, *asked: Asked, kind: str = "event") -> drafting.Wanted:
    starts = world.clock.now() + timedelta(days=7) if kind == "event" else None
    return drafting.Wanted("Supper", Details(starts, None, "UTC"), kind=kind, questions=asked)


async def table(world: World, *asked: Asked) -> tuple[Account, Post]:
    cook = await world.person("cook")
    kitchen = await world.community("kitchen", cook)
    async with world.work.transaction() as tx:
        return cook, await calls.create(tx, cook, kitchen, supper(world, *(asked or (DISH, DIET))))


async def come(
    world: World, who: Account, post: Post, *fields: str, said: str = "going"
) -> Participation:
    async with world.work.transaction() as tx:
        return await participations.answer(tx, who, post, said, "page", fields=fields)


async def told(world: World, post: Post) -> list[dict[str, str]]:
    async with world.work.reading() as tx:
        call = await call_rows.by_id(tx.conn, post.id)
        assert call
        found = await rows.participants(tx.conn, post.id)
        kept = await contacts.fields(tx, call, found)
    return [dict(kept[row.id]) for row in found if row.id in kept]


async def kept(world: World) -> int:
    async with world.work.reading() as tx:
        return await tx.conn.fetchval("select count(*) from participation_fields")


async def test_what_has_to_be_answered_is_and_keeps_its_question(world: World) -> None:
    cook, post = await table(world)
    eater = await world.person("eater")
    with pytest.raises(Invalid, match="What do you bring"):
        await come(world, eater, post, "", "Nuts")
    async with world.work.reading() as tx:
        assert await rows.of_account(tx.conn, post.id, eater.id) is None
    await come(world, eater, post, "Bread", "")
    assert await told(world, post) == [{DISH.text: "Bread"}]
    async with world.work.transaction() as tx:
        await calls.edit(tx, cook, post, wanted=supper(world, Asked("How do you come?")))
    assert await told(world, post) == [{DISH.text: "Bread"}]
    await come(world, eater, post, "")
    assert await told(world, post) == [{DISH.text: "Bread"}], "nothing said leaves what was said"
    await come(world, eater, post, "By train")
    assert await told(world, post) == [{"How do you come?": "By train"}]


async def test_an_edit_that_says_nothing_of_them_leaves_them(world: World) -> None:
    cook, post = await table(world)
    async with world.work.transaction() as tx:
        await calls.edit(tx, cook, post, wanted=replace(supper(world), questions=None))
        assert await questions.wanted(tx, post.id) == (DISH, DIET)
        await calls.edit(tx, cook, post, wanted=supper(world))
        assert await questions.wanted(tx, post.id) == ()


async def test_who_does_not_come_is_asked_nothing(world: World) -> None:
    _, post = await table(world)
    eater = await world.person("eater")
    await come(world, eater, post, "", "", said="declined")
    await come(world, eater, post, SECRET)
    assert await kept(world) == 1
    await come(world, eater, post, SECRET, said="declined")
    assert await kept(world) == 0


async def test_in_the_database_nobody_reads_it_and_with_the_answer_it_is_gone(world: World) -> None:
    _, post = await table(world)
    eater = await world.person("eater")
    await come(world, eater, post, SECRET)
    async with world.work.reading() as tx:
        boxes = await tx.conn.fetch("select sealed from participation_fields")
    assert all(SECRET.encode() not in row["sealed"] for row in boxes)
    async with world.work.transaction() as tx:
        await participations.withdraw(tx, eater, post)
    assert await kept(world) == 0


async def test_they_go_with_who_is_erased(world: World) -> None:
    _, post = await table(world)
    eater = await world.person("eater")
    await come(world, eater, post, SECRET)
    async with world.work.transaction() as tx:
        await farewell.erase(tx, eater)
    assert await kept(world) == 0


async def test_they_are_forgotten_ninety_days_after_the_call(world: World) -> None:
    _, post = await table(world)
    eater = await world.person("eater")
    await come(world, eater, post, SECRET)
    for days, left in ((8, 1), (89, 1), (2, 0)):
        world.clock.forward(days=days)
        async with world.work.transaction() as tx:
            await retention.run(tx)
        assert await kept(world) == left
    async with world.work.reading() as tx:
        assert await rows.of_account(tx.conn, post.id, eater.id)


async def test_a_call_that_is_opened_again_keeps_them(world: World) -> None:
    cook = await world.person("cook")
    kitchen = await world.community("kitchen", cook)
    async with world.work.transaction() as tx:
        post = await calls.create(tx, cook, kitchen, supper(world, DIET, kind="petition"))
    await come(world, cook, post, SECRET, said="sign")
    for state, left in (("closed", 1), ("open", 1), ("closed", 1)):
        async with world.work.transaction() as tx:
            await calls.edit(tx, cook, post, state=state)
            await retention.run(tx)
        world.clock.forward(days=80)
        async with world.work.transaction() as tx:
            await retention.run(tx)
        assert await kept(world) == left
    world.clock.forward(days=11)
    async with world.work.transaction() as tx:
        await retention.run(tx)
    assert await kept(world) == 0


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ([""], "1 to 200"),
        (["x" * 201], "1 to 200"),
        (["a", "b", "c", "d"], "3 questions at most"),
        (["a", " a "], "the same"),
    ],
)
async def test_what_no_call_asks(world: World, asked: list[str], why: str) -> None:
    cook = await world.person("cook")
    kitchen = await world.community("kitchen", cook)
    with pytest.raises(Invalid, match=why):
        async with world.work.transaction() as tx:
            await calls.create(tx, cook, kitchen, supper(world, *map(Asked, asked)))


async def test_a_server_without_a_secret_asks_nothing(world: World) -> None:
    cook = await world.person("cook")
    kitchen = await world.community("kitchen", cook)
    with pytest.raises(Unavailable):
        async with world.work.transaction() as tx:
            bare = replace(tx, site=replace(tx.site, secret=None))
            await calls.create(bare, cook, kitchen, supper(world, DISH))


async def test_a_call_that_asks_nothing_takes_no_answers_to_it(world: World) -> None:
    cook = await world.person("cook")
    kitchen = await world.community("kitchen", cook)
    async with world.work.transaction() as tx:
        post = await calls.create(tx, cook, kitchen, supper(world))
    with pytest.raises(Invalid, match="does not ask so much"):
        await come(world, cook, post, "Bread")
    await come(world, cook, post, "", "", "")


async def test_no_link_of_nobody_answers(world: World) -> None:
    with pytest.raises(NotFound):
        async with world.work.transaction() as tx:
            await receipts.answer_questions(tx, "x" * 43, ["Bread"])


@given(
    st.lists(st.tuples(st.text(min_size=1, max_size=5), st.booleans()), max_size=3, unique_by=lambda q: q[0]),
    st.lists(st.text(max_size=600), max_size=4),
    st.booleans(),
)  # fmt: skip
def test_what_is_taken_is_what_was_asked_and_bounded(
    asked: list[tuple[str, bool]], given_: list[str], required: bool
) -> None:
    found = [Question(1, at, text, must) for at, (text, must) in enumerate(asked)]
    try:
        said = questions.answered(found, given_, required=required)
    except Invalid:
        return
    assert said.keys() <= {q.text for q in found}
    assert all(0 < len(each) <= questions.FIELD_MAX for each in said.values())
    assert not required or {q.text for q in found if q.required} <= said.keys()
