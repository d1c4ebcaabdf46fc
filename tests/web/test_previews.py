"""Beside the form of a call: how it will look elsewhere, for those who may make one, and for nobody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from server import limits
from server.web.call_form import CHOICES, Choice
from storage import calls
from storage.accounts import Account
from tests.web.house import Browser, House
from tests.web.test_organise import GOOD

PATH = "/@garden/calls/new/preview"
TYPED = {
    **GOOD,
    "closes_date": "2031-02-07",
    "options": "The bridge\nThe ford",
    "external_url": "https://give.example/fund",
    "capacity": "",
    "goal": "",
}


async def organiser(house: House) -> tuple[Browser, Account]:
    founder = await house.person("organiser")
    group = await house.community(founder)
    browser = await house.browser(founder)
    await browser.get("/@garden/calls/new?kind=event")
    return browser, group


async def made(house: House, group: Account) -> int:
    async with house.work.reading() as tx:
        return len(await calls.of_community(tx.conn, group.id, datetime(2000, 1, 1, tzinfo=UTC), 9))


@pytest.mark.parametrize("choice", CHOICES, ids=lambda c: f"{c.kind}-{c.variant}")
async def test_the_form_comes_back_with_how_it_will_look(house: House, choice: Choice) -> None:
    browser, group = await organiser(house)
    seen = await browser.post(PATH, **TYPED, kind=choice.kind, variant=choice.variant)
    assert seen.status == 200
    assert 'value="Prune the pear trees"' in seen.text
    assert "Ladders are there.</textarea>" in seen.text
    assert f'name="kind" value="{choice.kind}"' in seen.text
    assert 'method="post" action="/@garden/calls/new"' in seen.text
    assert seen.words.count("Ladders are there.") >= 3  # typed, here, in a forum
    assert ("your call is not sent there" in seen.words) == (
        choice.kind not in ("event", "volunteer")
    )
    assert "Everybody on the web can see this call" in seen.words
    assert await made(house, group) == 0


async def test_a_script_gets_the_preview_alone(house: House) -> None:
    browser, _ = await organiser(house)
    seen = await browser.post(PATH, **TYPED, kind="event", part="preview")
    assert seen.status == 200
    assert seen.text.lstrip().startswith("<aside")
    assert "<form" not in seen.text
    assert "Sat 8 Feb 2031, 09:30 EST" in seen.words


async def test_nothing_in_it_can_be_followed(house: House) -> None:
    """The call is not there yet, and a link would lose what is typed."""
    browser, _ = await organiser(house)
    about = "https://trees.example/ <script>alert(1)</script> #pears"
    seen = await browser.post(PATH, **{**TYPED, "about": about}, kind="event", part="preview")
    assert "https://trees.example/" in seen.words
    assert "<a " not in seen.text
    assert "<script" not in seen.text


@pytest.mark.parametrize(
    ("wrong", "field", "sentence"),
    [
        ({"title": ""}, "title", "A call needs a title."),
        ({"title": "ab"}, "title", "A title has 3 to 200 characters."),
        ({"date": "", "time": ""}, "date", "Choose a day, such as 2030-05-17."),
        ({"date": "2001-01-01", "closes_date": ""}, "date", "The event begins in the past."),
        (
            {"timezone": "../x"},
            "timezone",
            "Choose a time zone from the list, such as Europe/Rome.",
        ),
        ({"title": "a\0b\ud800"}, "title", "A title has 3 to 200 characters."),
    ],
)
async def test_it_says_which_field_is_missing(
    house: House, wrong: dict[str, str], field: str, sentence: str
) -> None:
    browser, _ = await organiser(house)
    wrong = {name: value.encode(errors="ignore").decode() for name, value in wrong.items()}
    part = await browser.post(PATH, **{**TYPED, **wrong}, kind="event", part="preview")
    assert part.status == 200
    assert f'<a href="#{field}">{sentence}</a>' in part.text
    whole = await browser.post(PATH, **{**TYPED, **wrong}, kind="event")
    assert whole.status == 422
    assert f'id="{field}-error">{sentence}<' in whole.text
    assert "Ladders are there.</textarea>" in whole.text


async def test_it_is_for_those_who_may_make_calls(house: House) -> None:
    _, group = await organiser(house)
    member = await house.browser(await house.person("member"))
    other = await house.person("other")
    await house.community(other, "orchard")
    elsewhere = await house.browser(other)
    stranger = await house.browser()
    for part in ({}, {"part": "preview"}):
        assert (await member.post(PATH, **TYPED, **part)).status == 403
        assert (await elsewhere.post(PATH, **TYPED, **part)).status == 403
        assert (await stranger.post(PATH, **TYPED, **part)).status in (303, 401)
        assert (await elsewhere.post(PATH, token="", **TYPED, **part)).status == 403
        assert (await elsewhere.post("/@nobody/calls/new/preview", **TYPED)).status == 404
        assert (
            await elsewhere.post("/@orchard/calls/new/preview", **TYPED, kind="x")
        ).status == 404
    assert await made(house, group) == 0


async def test_a_private_community_is_told_where_it_does_not_go(house: House) -> None:
    founder = await house.person("organiser")
    await house.community(founder, "shed", visibility="private", community_policy="request")
    browser = await house.browser(founder)
    await browser.get("/@shed/calls/new?kind=event")
    seen = await browser.post("/@shed/calls/new/preview", **TYPED, kind="event")
    assert "your call is for members, and is not sent" in seen.words
    assert "Only members of The shared garden can see this call" in seen.words
    other = await house.browser(await house.person("other"))
    refused = await other.post("/@shed/calls/new/preview", **TYPED)
    assert refused.status == 403
    assert "Only members" not in refused.text


async def test_an_address_that_is_opened_again_leads_to_the_form(house: House) -> None:
    browser, _ = await organiser(house)
    assert (await browser.get(PATH)).headers["Location"] == "/@garden/calls/new"


async def test_who_asks_too_often_keeps_what_was_typed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "PREVIEWS", limits.Rule("previews", 1, 300))
    browser, _ = await organiser(house)
    assert (await browser.post(PATH, **TYPED, kind="event")).status == 200
    seen = await browser.post(PATH, **TYPED, kind="event")
    assert seen.status == 429
    assert 'value="Prune the pear trees"' in seen.text
    assert "Too many requests: please wait a little." in seen.words
    assert not re.search(r'class="stack seen', seen.text)
    assert (await browser.post(PATH, **TYPED, kind="event", part="preview")).status == 429


async def test_a_change_is_seen_before_it_is_made(house: House) -> None:
    browser, group = await organiser(house)
    path = (await browser.post("/@garden/calls/new", **TYPED)).headers["Location"]
    before = (await browser.get(path)).words
    seen = await browser.post(f"{path}/edit/preview", **{**TYPED, "title": "Prune the quinces"})
    assert seen.status == 200
    assert 'value="Prune the quinces"' in seen.text
    assert seen.words.count("Prune the quinces") == 4
    assert f'action="{path}/edit"' in seen.text
    faulty = await browser.post(f"{path}/edit/preview", **{**TYPED, "title": ""}, part="preview")
    assert '<a href="#title">A call needs a title.</a>' in faulty.text
    assert (await browser.get(path)).words == before
    assert (await browser.get(f"{path}/edit/preview")).headers["Location"] == f"{path}/edit"
    assert await made(house, group) == 1
    member = await house.browser(await house.person("member"))
    await member.get("/")
    assert (await member.post(f"{path}/edit/preview", **TYPED)).status == 403
    assert (await browser.post("/calls/1/edit/preview", **TYPED)).status == 404
