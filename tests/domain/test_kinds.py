"""The eight kinds: what each needs, what can be answered, and what is taking part."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from federation import objects, parse
from server.arriving import drafts
from server.domain import wire
from server.domain.calling import calls, drafting, kinds, participations
from server.domain.calling.drafting import Wanted
from server.errors import Invalid
from storage import calls as call_rows
from storage import polls as poll_rows
from storage.calls import Details
from storage.posts import Post
from tests.domain.conftest import World

SOON = datetime.now(UTC) + timedelta(days=9)
AT = Details(SOON, None, "UTC")
OPEN = Details(None, None, "UTC")
LINK = replace(OPEN, external_url="https://give.example/")
WANTED = {
    "event": Wanted("Clean the river", AT),
    "volunteer": Wanted("Two days at the shelter", AT, kind="volunteer"),
    "petition": Wanted("Keep the library", OPEN, kind="petition"),
    "contact": Wanted("Ask the council", OPEN, kind="contact"),
    "need": Wanted("A van on Friday", OPEN, kind="need"),
    "donate": Wanted("The strike fund", LINK, kind="donate"),
    "decision": Wanted("When to meet", OPEN, kind="decision", options=("Mondays", "Fridays")),
    "share": Wanted("Tell your street", OPEN, kind="share"),
}


def test_there_are_eight() -> None:
    assert set(WANTED) == set(kinds.KINDS)


@pytest.mark.parametrize("kind", WANTED)
def test_each_can_be_made_and_answered(kind: str) -> None:
    wanted = WANTED[kind]
    drafting.check(wanted)
    found = kinds.answers(kind, "", wanted.options)
    assert kinds.OPTIONS_MIN <= len(found) <= kinds.OPTIONS_MAX
    assert len({answer.key for answer in found}) == len(found)
    assert all(len(answer.title) <= kinds.OPTION_LENGTH for answer in found)
    assert kinds.default(kind, "", wanted.options).counts


@pytest.mark.parametrize(
    ("kind", "variant"), [(k, v) for k in kinds.KINDS for v in kinds.variants(k)]
)
def test_each_variant_has_answers_that_fit_a_card(kind: str, variant: str) -> None:
    options = ("Mondays", "Fridays") if kinds.has_own_options(kind, variant) else ()
    found = kinds.answers(kind, variant, options)
    assert kinds.OPTIONS_MIN <= len(found) <= kinds.OPTIONS_MAX
    assert all(len(answer.title) <= kinds.OPTION_LENGTH for answer in found)


def test_an_offer_asks_who_would_like_it_and_a_need_who_can_help() -> None:
    assert kinds.asks("need", "") == "Can you help?"
    assert kinds.asks("need", "offer") == "Would you like this?"
    assert kinds.asks("petition", "pledge") == "Do you pledge?"
    assert kinds.asks("decision", "consent") == kinds.KINDS["decision"].asks


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (replace(WANTED["event"], kind="party"), "kind"),
        (replace(WANTED["event"], details=OPEN), "starts_at"),
        (replace(WANTED["petition"], details=AT), "starts_at"),
        (replace(WANTED["petition"], variant="offer"), "variant"),
        (replace(WANTED["petition"], details=replace(OPEN, capacity=5)), "capacity"),
        (replace(WANTED["donate"], details=OPEN), "external_url"),
        (replace(WANTED["donate"], details=replace(OPEN, external_url="javascript:x")),
         "external_url"),
        (replace(WANTED["donate"], details=replace(OPEN, external_url="https://a.example/b c")),
         "external_url"),
        (replace(WANTED["decision"], options=("Mondays",)), "options"),
        (replace(WANTED["decision"], options=("Mondays", "mondays")), "options"),
        (replace(WANTED["decision"], options=("a", "b", "c", "d", "e")), "options"),
        (replace(WANTED["decision"], options=("Mondays", "b" * 51)), "options"),
        (replace(WANTED["decision"], variant="sense"), "options"),
        (replace(WANTED["petition"], options=("Yes", "No")), "options"),
        (replace(WANTED["petition"], details=replace(OPEN, goal=0)), "goal"),
        (replace(WANTED["petition"], details=replace(OPEN, goal=5, goal_metric=" ")), "goal_metric"),
        (replace(WANTED["petition"], details=replace(OPEN, ends_at=SOON)), "ends_at"),
        (replace(WANTED["event"], details=replace(AT, closes_at=SOON + timedelta(1))), "closes_at"),
    ],
)  # fmt: skip
def test_what_does_not_fit_its_kind_is_refused(wanted: Wanted, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        drafting.check(wanted)
    assert refused.value.field == field


@pytest.mark.parametrize("kind", WANTED)
async def test_only_what_counts_is_taking_part(world: World, kind: str) -> None:
    """One person for each answer; a withdrawn one leaves no name, and is counted no more."""
    post = await made(world, kind)
    people = [await world.person(f"member{n}") for n in range(4)]
    answers = kinds.answers(kind, "", WANTED[kind].options)
    for person, answer in zip(people, answers, strict=False):
        async with world.work.transaction() as tx:
            await participations.answer(tx, person, post, answer.key, "client")
    async with world.work.reading() as tx:
        call = await call_rows.by_id(tx.conn, post.id)
        shown = [o.votes_count for o in await poll_rows.options(tx.conn, [post.id])]
    assert call
    assert call.counted == sum(answer.counts for answer in answers)
    assert shown == [1] * len(answers)
    async with world.work.transaction() as tx:
        await participations.withdraw(tx, people[0], post)
    async with world.work.reading() as tx:
        left = await call_rows.by_id(tx.conn, post.id)
        rows = await tx.conn.fetch(
            "select account_id, uri from participations where state = 'withdrawn'"
        )
    assert left
    assert left.counted == call.counted - answers[0].counts
    assert [tuple(row) for row in rows] == [(None, None)]


async def test_an_answer_of_another_kind_is_refused(world: World) -> None:
    post = await made(world, "petition")
    person = await world.person("member")
    with pytest.raises(Invalid, match="sign, sign_named, support"):
        async with world.work.transaction() as tx:
            await participations.answer(tx, person, post, "going", "client")


@pytest.mark.parametrize("kind", WANTED)
async def test_what_we_send_reads_back_as_the_same_call(world: World, kind: str) -> None:
    post = await made(world, kind)
    async with world.work.reading() as tx:
        value = parse.parse_object(await wire.post(tx, post))
        call = await call_rows.by_id(tx.conn, post.id)
    assert isinstance(value, objects.Post)
    assert value.kind == kinds.KINDS[kind].shape
    assert drafts.is_call(value)
    told = drafts.details_of(value)
    assert call
    assert (told.starts_at, told.closes_at, told.goal) == (
        call.starts_at,
        call.closes_at,
        call.goal,
    )
    assert (told.place_name, told.external_url) == (call.place_name, call.external_url)
    reported = drafts.reported_of(value)
    assert (reported.kind, reported.state, reported.card_uri) == (kind, "open", call.card_uri)


@pytest.mark.parametrize("kind", ["petition", "decision"])
def test_a_call_in_the_shape_of_another_kind_is_a_post(kind: str) -> None:
    call = objects.Call(kind=kind, answers=(objects.Option("Yes"), objects.Option("No")))  # pyright: ignore[reportArgumentType]
    value = objects.Post(
        id="https://a.example/1", kind="article", attributed_to="https://a.example/u"
    )
    assert not drafts.is_call(replace(value, call=call))


async def made(world: World, kind: str) -> Post:
    organiser = await world.person("organiser")
    group = await world.community("river", organiser)
    wanted = WANTED[kind]
    soon = world.clock.now() + timedelta(days=9)
    details = replace(
        wanted.details,
        starts_at=soon if wanted.details.starts_at else None,
        closes_at=None if wanted.details.starts_at else soon,
        place_name="Mill Bridge",
        goal=40,
    )
    async with world.work.transaction() as tx:
        return await calls.create(tx, organiser, group, replace(wanted, details=details))
