"""The form for an event: what it makes, and how it refuses without losing what was typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.web import call_form
from server.web.call_form import CHOICES, FIELDS, Choice
from storage import calls
from tests.web.house import House

GOOD = {
    "title": "Prune the pear trees",
    "date": "2031-02-08",
    "time": "09:30",
    "end_date": "",
    "end_time": "12:00",
    "timezone": "America/New_York",
    "place_name": "Pear row",
    "place_address": "",
    "capacity": "8",
    "about": "Ladders are there.",
}
EVENT = CHOICES[0]


async def test_an_organiser_makes_a_call_and_changes_it(house: House) -> None:
    organiser = await house.person("organiser")
    await house.community(organiser)
    browser = await house.browser(organiser)
    assert (await browser.get("/@garden/calls/new")).status == 200
    made = await browser.post("/@garden/calls/new", **GOOD)
    assert made.status == 303
    path = made.headers["Location"]
    page = await browser.get(path)
    assert "Sat 8 Feb 2031, 09:30 EST" in page.words
    assert "until Sat 8 Feb 2031, 12:00 EST" in page.words
    form = await browser.get(f"{path}/edit")
    for value in ("Prune the pear trees", "2031-02-08", "09:30", "America/New_York", "Pear row"):
        assert f'value="{value}"' in form.text
    assert "Ladders are there." in form.text
    changed = await browser.post(f"{path}/edit", **{**GOOD, "time": "10:00", "capacity": ""})
    assert changed.headers["Location"] == path
    again = await browser.get(path)
    assert "Sat 8 Feb 2031, 10:00 EST" in again.words
    assert "places" not in again.words.partition("Who is coming")[2].partition("confirmed")[0]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "A call needs a title."),
        ("date", "soon", "Choose a day, such as 2030-05-17."),
        ("date", "2001-01-01", "The event begins in the past."),
        ("time", "25:00", "Choose a time, such as 18:30."),
        ("timezone", "Middle/Earth", "Choose a time zone from the list, such as Europe/Rome."),
        ("timezone", "../../etc/passwd", "Choose a time zone from the list, such as Europe/Rome."),
        ("end_time", "08:00", "It ends before it begins."),
        ("capacity", "0", "The number of places is 1 to 1,000,000."),
        ("capacity", "many", "A number, such as 40, or nothing."),
        ("about", "a" * 5001, "The text has at most 5,000 characters."),
    ],
)
async def test_a_fault_is_told_beside_its_field(
    house: House, field: str, value: str, sentence: str
) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    browser = await house.browser(organiser)
    refused = await browser.post("/@garden/calls/new", **{**GOOD, field: value})
    assert refused.status == 422
    beside = re.search(rf'id="{field}-error">([^<]+)<', refused.text)
    assert beside
    assert beside[1] == sentence
    assert f'aria-describedby="{field}-error"' in refused.text
    for name in set(GOOD) - {field}:
        assert GOOD[name] in refused.text, name
    async with house.work.reading() as tx:
        assert (
            await calls.of_community(tx.conn, group.id, datetime(2000, 1, 1, tzinfo=UTC), 9) == []
        )


async def test_a_time_that_the_clocks_skip_is_refused(house: House) -> None:
    form = call_form.typed(EVENT, {**GOOD, "date": "2031-03-09", "time": "02:30", "end_time": ""})
    assert call_form.wanted(form) is None
    assert set(form.errors) == {"time"}


async def test_an_end_on_another_day_needs_its_time(house: House) -> None:
    form = call_form.typed(EVENT, {**GOOD, "end_date": "2031-02-09", "end_time": ""})
    assert call_form.wanted(form) is None
    assert set(form.errors) == {"end_time"}


async def test_only_those_who_steer_get_the_form(house: House) -> None:
    organiser = await house.person("organiser")
    await house.community(organiser)
    member = await house.browser(await house.person("member"))
    sent_away = await (await house.browser()).get("/@garden/calls/new")
    assert sent_away.headers["Location"] == "/sign-in?next=%2F%40garden%2Fcalls%2Fnew"
    assert (await member.get("/@garden/calls/new")).status == 403
    assert (await member.post("/@garden/calls/new", **GOOD)).status == 403
    assert (await member.post("/@garden/calls/new", token="", **GOOD)).status == 403
    assert (await member.get("/@organiser/calls/new")).status == 404


@given(
    st.sampled_from(CHOICES),
    st.fixed_dictionaries({name: st.text(max_size=30) for name in FIELDS}),
)
def test_nothing_typed_breaks_the_form(choice: Choice, values: dict[str, str]) -> None:
    form = call_form.typed(choice, values)
    assert (call_form.wanted(form) is None) == bool(form.errors)


async def test_a_call_asks_for_four_things_at_most(house: House) -> None:
    """Of an event the title and when it begins; nothing else has to be filled in."""
    founder = await house.person("organiser")
    await house.community(founder)
    browser = await house.browser(founder)
    for choice in CHOICES:
        query = f"?kind={choice.kind}&variant={choice.variant}"
        form = (await browser.get(f"/@garden/calls/new{query}")).text
        asked = re.findall(r"<(?:input|select|textarea)[^>]*\srequired[\s>]", form)
        assert 1 <= len(asked) <= 4, choice


@pytest.mark.parametrize("query", ["?kind=nonsense", "?kind=event&variant=pledge", "?kind="])
async def test_there_is_no_form_for_what_there_is_not(house: House, query: str) -> None:
    founder = await house.person("organiser")
    await house.community(founder)
    browser = await house.browser(founder)
    assert (await browser.get(f"/@garden/calls/new{query}")).status == 404


async def test_what_cannot_stand_comes_back_as_it_was_typed(house: House) -> None:
    founder = await house.person("organiser")
    await house.community(founder)
    browser = await house.browser(founder)
    await browser.get("/@garden/calls/new")
    sent = {
        "kind": "donate",
        "title": "The fund",
        "external_url": "javascript:alert(1)",
        "goal": "x",
    }
    seen = await browser.post("/@garden/calls/new", **sent)
    assert seen.status == 422
    assert "A number, such as 40, or nothing." in seen.words
    assert 'value="The fund"' in seen.text
    seen = await browser.post("/@garden/calls/new", **(sent | {"goal": ""}))
    assert "An address is like" in seen.words


async def test_changing_a_decision_leaves_what_is_chosen_from(house: House) -> None:
    founder = await house.person("organiser")
    await house.community(founder)
    browser = await house.browser(founder)
    await browser.get("/@garden/calls/new")
    sent = {"kind": "decision", "title": "Which way?", "options": "Bridge\r\nFord"}
    made = await browser.post("/@garden/calls/new", **sent)
    path = made.headers["Location"]
    await browser.post(f"{path}/edit", title="Which way now?", options="Boat", kind="event")
    page = await browser.get(path)
    assert "Which way now?" in page.words
    assert "Bridge" in page.words
    assert "Boat" not in page.words
