"""Everything that an organiser may say of a call is in its form, where the kind has it: on the page, in the call, and again
on the page that changes it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from html import unescape
from typing import Any

import pytest

from server.domain.calling import call_templates, participations
from server.domain.calling.drafting import Wanted
from server.domain.members import oauth
from server.domain.members import scopes as scope_verbs
from server.web import call_form
from server.web.call_fields import ROWS
from server.web.call_form import CHOICES, Choice
from storage import posts
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests import samples
from tests.web.house import Browser, House, Seen

TIMED = {"event", "volunteer"}
ALL = {choice.kind for choice in CHOICES}
NEW = "/@garden/calls/new"


@dataclass(frozen=True)
class Asked:
    """``typed``: into its fields; ``kinds``: that have them; ``said``: what the call then says in the API, by a path."""

    typed: Mapping[str, str]
    kinds: set[str]
    said: Mapping[str, Any]


FORM: Mapping[str, Asked] = {
    "title": Asked({"title": "Our river"}, ALL, {"title": "Our river"}),
    "about": Asked({"about": "It is ours."}, ALL, {"about": "<p>It is ours.</p>"}),
    "language": Asked({"language": "de"}, ALL, {}),
    "options": Asked({"options": "Bridge\nFord"}, {"decision"}, {}),
    "shifts": Asked(
        {
            "shift_what_0": "Rake", "shift_date_0": "", "shift_begins_0": "09:30", "shift_ends_0": "11:00",
            "shift_places_0": "4", "shift_roles_0": "", "shift_id_0": "",
            "shift_what_1": "Cook", "shift_date_1": "2031-02-09", "shift_begins_1": "22:00", "shift_ends_1": "01:00",
            "shift_places_1": "", "shift_roles_1": "Chef: 1 (knows the stove)\nHelper, 3", "shift_id_1": "",
        },
        {"volunteer"},
        {
            "shifts.0.title": "Rake", "shifts.0.capacity": 4, "shifts.0.starts_at": "2031-02-08T14:30:00.000Z",
            "shifts.0.ends_at": "2031-02-08T16:00:00.000Z", "shifts.1.ends_at": "2031-02-10T06:00:00.000Z",
            "shifts.1.roles.0.name": "Chef", "shifts.1.roles.0.skill": "knows the stove",
            "shifts.1.roles.1.places": 3,
        },
    ),
    "note": Asked({"note": "Ring twice."}, {"event", "volunteer", "need"}, {"participants_note": "Ring twice."}),
    "questions": Asked(
        {"question_text_0": "Do you have boots?", "question_required_0": "yes"}, ALL,
        {"questions": [{"text": "Do you have boots?", "required": True}]},
    ),
    "may_be_started": Asked({"may_be_started": "no"}, ALL, {"may_be_started": False}),
    "sources": Asked(
        {"source_url_0": "https://plan.example/a", "source_name_0": "The plan"}, ALL,
        {"sources": [{"url": "https://plan.example/a", "title": "The plan"}]},
    ),
    "next": Asked({"next_call_id": "", "next_url": "https://join.example/"}, ALL, {"next.url": "https://join.example/"}),
    "online": Asked(
        {"online_url": "https://meet.example/r", "online_for_participants": "yes"}, TIMED,
        {"online_url": "https://meet.example/r", "online_for_participants": True},
    ),
    "rules": Asked({"quorum": "12", "threshold": "60", "open_votes": "yes"}, {"decision"}, {}),
    "secret_until_closed": Asked({"secret_until_closed": "yes"}, {"decision"}, {"secret_until_closed": True}),
    "media_ids": Asked(
        {"picture_id_0": "", "picture_words_0": "A bank of reeds"}, ALL,
        {"media_attachments.0.description": "A bank of reeds"},
    ),
    "starts_at": Asked({"date": "2031-02-08", "time": "09:30"}, TIMED, {"starts_at": "2031-02-08T14:30:00.000Z"}),
    "ends_at": Asked({"end_date": "2031-02-10", "end_time": "12:00"}, TIMED, {}),
    "timezone": Asked({"timezone": "America/New_York"}, ALL, {"timezone": "America/New_York"}),
    "place_name": Asked({"place_name": "Pear row"}, TIMED, {"place.name": "Pear row"}),
    "place_address": Asked({"place_address": "Lane 3"}, TIMED, {"place.address": "Lane 3"}),
    "latitude": Asked({"latitude": "45,07"}, TIMED, {"place.latitude": 45.07}),
    "longitude": Asked({"longitude": "7.68"}, TIMED, {"place.longitude": 7.68}),
    "capacity": Asked({"capacity": "8"}, {"event", "volunteer", "need"}, {}),
    "external_url": Asked({"external_url": "https://give.example/"}, {"donate"}, {"external_url": "https://give.example/"}),
    "closes_at": Asked({"closes_date": "2031-02-07", "closes_time": "20:00"}, ALL, {"closes_at": "2031-02-08T01:00:00.000Z"}),
    "goal": Asked({"goal": "40"}, ALL - {"decision"}, {"goal.value": 40}),
    "goal_metric": Asked({"goal_metric": "trees"}, ALL - {"decision"}, {"goal.metric": "trees"}),
    "urgent": Asked({"urgent": "yes"}, ALL, {"urgent": True}),
    "guests_max": Asked({"guests_max": "2"}, TIMED, {"guests_max": 2}),
}  # fmt: skip
"""By the field of ``Wanted`` or ``Details``."""
ELSEWHERE = {
    "details": "its fields stand for it",
    "kind": "chosen before the form",
    "variant": "chosen before the form",
    "join_mode": "of calls of other servers alone",
}
OWN_OPTIONS = ("", "score", "ranked")
BY_NAME = [pytest.param(choice, id=f"{choice.kind}-{choice.variant}") for choice in CHOICES]


def has(choice: Choice, name: str) -> bool:
    if name == "options":
        return choice.kind == "decision" and choice.variant in OWN_OPTIONS
    return choice.kind in FORM[name].kinds


def test_the_form_asks_everything_that_an_organiser_may_say() -> None:
    wanted = {each.name for of in (Wanted, Details) for each in fields(of)}
    assert wanted == set(FORM) | set(ELSEWHERE)
    known = {*call_form.FIELDS, *call_form.MORE}
    rows = {f"{key}_{name}_0" for key, of in ROWS.items() for name in of.fields}
    typed = {re.sub(r"_\d$", "_0", name) for asked in FORM.values() for name in asked.typed}
    besides = {"category", "repeats", "repeats_until", "shift_last_0"}
    assert typed == (known | rows) - besides


def names(seen: Seen) -> set[str]:
    return set(re.findall(r'\sname="([a-z_0-9]+)"', seen.text))


@pytest.mark.parametrize("choice", BY_NAME)
async def test_a_field_is_on_the_page_of_the_kinds_that_have_it(
    house: House, choice: Choice
) -> None:
    browser, _ = await organiser(house)
    there = names(await browser.get(f"{NEW}?kind={choice.kind}&variant={choice.variant}"))
    for name, asked in FORM.items():
        for each in asked.typed:
            assert (each in there) == has(choice, name), each
    assert ("repeats" in there) == (choice.kind in TIMED)
    assert ("category" in there) == (choice.kind == "need")


async def organiser(house: House) -> tuple[Browser, Account]:
    founder = await house.person("organiser")
    await house.community(founder)
    browser = await house.browser(founder)
    await browser.get(f"{NEW}?kind=event")
    return browser, founder


async def read(house: House, who: Account, path: str) -> dict[str, Any]:
    """The call at this path of a page, as a client reads it."""
    async with house.work.transaction() as tx:
        app, _ = await oauth.register_app(tx, "Test app", [oauth.OUT_OF_BAND], "read", None)
        scopes = scope_verbs.parse("read")
        token = await oauth.issue(tx, app, scopes, user_id=who.user_id, account_id=who.id)
    headers = {"Authorization": f"Bearer {token.secret}"}
    url = house.server.make_url(f"/api/beckon/v1{path}")
    client = (await house.browser())._client  # pyright: ignore[reportPrivateUsage]
    async with client.session.get(url, headers=headers) as response:
        return await response.json()


def at(told: Any, path: str) -> Any:
    for step in path.split("."):
        told = told[int(step)] if isinstance(told, list) else told[step]
    return told


def full(choice: Choice) -> dict[str, str]:
    """Everything that such a call may say."""
    sent = {"kind": choice.kind, "variant": choice.variant}
    for name, asked in FORM.items():
        if has(choice, name) and not (
            choice.kind == "volunteer" and name in ("ends_at", "capacity")
        ):
            sent |= asked.typed
    return sent  # fmt: skip


def shown(seen: Seen) -> dict[str, str]:
    """What stands in the fields of a form, ticked boxes too."""
    found: dict[str, str] = {}
    form = seen.text.partition('id="call"')[2].partition("</form>")[0]
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if (
            name
            and 'type="file"' not in tag
            and ('type="checkbox"' not in tag or " checked" in tag)
        ):
            found[name[1]] = unescape(value[1]) if value else ""
    for name, value in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n([^<]*)', form):
        found[name] = unescape(value)
    for name, body in re.findall(
        r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', form, re.DOTALL
    ):
        chosen = re.search(r'value="([^"]*)" selected', body)
        found[name] = unescape(chosen[1]) if chosen else ""
    return found  # fmt: skip


@pytest.mark.parametrize("choice", BY_NAME)
async def test_what_is_typed_is_in_the_call_and_comes_back_to_be_changed(
    house: House, choice: Choice
) -> None:
    browser, founder = await organiser(house)
    made = await browser.send(NEW, {"picture_file_0": samples.picture()}, **full(choice))
    assert made.status == 303, made.words
    path = made.headers["Location"]
    told = await read(house, founder, path)
    for name, asked in FORM.items():
        for place, said in asked.said.items() if has(choice, name) else ():
            assert at(told, place) == said, place
    if choice.kind in ("event", "need"):
        assert told["capacity"] == 8
    if choice.kind == "event":
        assert told["ends_at"] == "2031-02-10T17:00:00.000Z"
    typed = shown(await browser.get(f"{path}/edit"))
    again = {
        "latitude": "45.07",
        "shift_date_0": "2031-02-08",
        "picture_id_0": typed["picture_id_0"],
    }
    again |= {f"shift_id_{n}": typed.get(f"shift_id_{n}", "") for n in (0, 1)}
    again |= {"shift_roles_1": "Chef: 1 (knows the stove)\nHelper: 3"}
    for name, value in full(choice).items():
        if name in typed:
            assert typed[name] == again.get(name, value), name
    changed = await browser.send(f"{path}/edit", **typed)
    assert changed.status == 303, changed.words
    after = await read(house, founder, path)
    assert {k: v for k, v in after.items() if k != "shifts"} == {
        k: v for k, v in told.items() if k != "shifts"
    }
    assert [s["title"] for s in after.get("shifts", [])] == [s["title"] for s in told.get("shifts", [])]  # fmt: skip


async def test_what_is_not_on_the_page_stays_as_it_is(house: House) -> None:
    """As of a page that was opened before this one had a field."""
    browser, founder = await organiser(house)
    made = await browser.send(NEW, {"picture_file_0": samples.picture()}, **full(CHOICES[0]))
    path = made.headers["Location"]
    told = await read(house, founder, path)
    few = {name: value for name, value in full(CHOICES[0]).items() if name in call_form.FIELDS}
    assert (await browser.post(f"{path}/edit", **few | {"title": "Another"})).status == 303
    assert await read(house, founder, path) == told | {"title": "Another"}


# Rows

HELP = {
    "kind": "volunteer", "title": "Help at the dam", "date": "2031-02-08", "time": "09:30", "timezone": "Europe/Rome",
    "shift_what_0": "Dig", "shift_date_0": "", "shift_begins_0": "10:00", "shift_ends_0": "11:00", "shift_places_0": "",
    "shift_roles_0": "", "shift_what_1": "Carry", "shift_date_1": "", "shift_begins_1": "11:00", "shift_ends_1": "",
    "shift_places_1": "3", "shift_roles_1": "",
}  # fmt: skip


async def test_a_button_adds_a_row_and_keeps_what_was_typed(house: House) -> None:
    browser, _ = await organiser(house)
    seen = await browser.send(NEW, **HELP, press="more:shift")
    assert seen.status == 200
    typed = shown(seen)
    assert typed["shift_what_1"] == "Carry"
    assert typed["shift_what_2"] == ""
    assert "shift_what_3" not in typed
    assert 'id="shift_what_2"' in seen.text
    assert re.search(r'id="shift_what_2"[^>]* autofocus', seen.text)
    assert "role=\"alert\"" not in seen.text  # fmt: skip


async def test_a_button_takes_a_row_away_without_a_hole(house: House) -> None:
    browser, _ = await organiser(house)
    typed = shown(await browser.send(NEW, **HELP, press="less:shift_0"))
    assert typed["shift_what_0"] == "Carry"
    assert "shift_what_1" not in typed
    last = {name: value for name, value in HELP.items() if not name.endswith("_1")}
    typed = shown(await browser.send(NEW, **last, press="less:shift_0"))
    assert typed["shift_what_0"] == ""


async def test_there_are_no_more_rows_than_may_be(house: House) -> None:
    browser, _ = await organiser(house)
    full_up = {f"question_text_{n}": f"Which {n}?" for n in range(3)}
    seen = await browser.send(NEW, **HELP, **full_up, press="more:question")
    assert "question_text_3" not in shown(seen)
    assert re.search(r'value="more:question"[^>]* hidden', seen.text)


@pytest.mark.parametrize(
    ("name", "value", "beside", "sentence"),
    [
        ("shift_begins_1", "", "shift_begins_1", "Choose a time, such as 18:30."),
        ("shift_date_1", "soon", "shift_date_1", "Choose a day"),
        ("shift_places_1", "many", "shift_places_1", "A number, such as 40"),
        ("shift_roles_1", "Cook", "shift_roles_1", "One in each line"),
        ("shift_roles_1", "Cook: 2", "shift_what_1", "those of its roles"),
        ("shift_what_1", "Dig", "shifts", "Two shifts have the same title."),
        ("source_url_0", "ftp://x.example", "source_url_0", "The address of a source"),
        ("next_url", "nowhere", "next_url", "The address is like"),
        ("next_call_id", "x", "next_call_id", "Choose one of these."),
        ("next_call_id", "77", "next_call_id", "There is no such call."),
        ("online_url", "x", "online_url", "The address is like"),
        ("latitude", "north", "latitude", "A number of degrees"),
        ("latitude", "nan", "latitude", "A number of degrees"),
        ("latitude", "45", "latitude", "Latitude and longitude go together."),
        ("picture_words_0", "A duck", "picture_file_0", "Choose the picture"),
        ("repeats", "daily", "repeats", "Choose one of these."),
        ("goal_metric", "x" * 41, "goal_metric", "What is counted has"),
        ("question_text_0", "x" * 201, "question_text_0", "A question has 1 to 200"),
    ],
)
async def test_a_fault_is_beside_its_own_field_and_every_row_comes_back(
    house: House, name: str, value: str, beside: str, sentence: str
) -> None:
    browser, _ = await organiser(house)
    others = {
        "next_url": "",
        "online_url": "",
        "latitude": "",
        "longitude": "",
        "goal_metric": "people",
    }
    sent = {**HELP, **others, "source_name_0": "", "question_required_0": "no", name: value}
    seen = await browser.send(NEW, **sent)
    assert seen.status == 422
    found = re.search(rf'id="{beside}-error">([^<]+)<', seen.text)
    assert found
    assert sentence in found[1]
    typed = shown(seen)
    for each in HELP:
        if each.startswith("shift"):
            assert typed[each] == sent[each], each  # fmt: skip


async def test_a_picture_is_chosen_once_though_its_words_are_missing(house: House) -> None:
    browser, founder = await organiser(house)
    sent = {"kind": "share", "title": "The dam", "picture_id_0": "", "picture_words_0": ""}
    seen = await browser.send(NEW, {"picture_file_0": samples.picture()}, **sent)
    assert seen.status == 422
    assert "Say in words what the picture shows." in seen.words
    kept = shown(seen)["picture_id_0"]
    assert kept
    assert 'class="thumb"' in seen.text
    made = await browser.send(NEW, **sent | {"picture_id_0": kept, "picture_words_0": "A dam"})
    told = await read(house, founder, made.headers["Location"])
    assert [each["description"] for each in told["media_attachments"]] == ["A dam"]


async def test_what_is_no_picture_is_refused_beside_it(house: House) -> None:
    browser, _ = await organiser(house)
    sent = {"kind": "share", "title": "The dam", "picture_id_0": "", "picture_words_0": "A dam"}
    seen = await browser.send(NEW, {"picture_file_0": b"MZ no picture"}, **sent)
    assert seen.status == 422
    assert 'id="picture_file_0-error"' in seen.text
    assert shown(seen)["picture_words_0"] == "A dam"


async def test_nobody_shows_a_picture_of_somebody_else(house: House) -> None:
    browser, _ = await organiser(house)
    neighbour = await house.person("neighbour")
    await house.community(neighbour, "orchard")
    other = await house.browser(neighbour)
    await other.get("/@orchard/calls/new?kind=share")
    sent = {"kind": "share", "title": "The dam", "picture_id_0": "", "picture_words_0": ""}
    theirs = await other.send("/@orchard/calls/new", {"picture_file_0": samples.picture()}, **sent)
    sent |= {"picture_id_0": shown(theirs)["picture_id_0"], "picture_words_0": "A dam"}
    seen = await browser.send(NEW, **sent)
    assert seen.status == 422
    assert 'id="pictures-error"' in seen.text
    assert 'class="thumb"' not in seen.text


async def test_a_stranger_uploads_nothing(house: House) -> None:
    await organiser(house)
    member = await house.browser(await house.person("member"))
    await member.get("/settings/profile")
    seen = await member.send(NEW, {"picture_file_0": samples.picture()}, kind="share", title="The dam")  # fmt: skip
    assert seen.status == 403
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from media") == 0


# What repeats


@pytest.mark.parametrize(
    ("repeats", "day", "rule"),
    [
        ("week", "2031-02-08", "FREQ=WEEKLY"),
        ("2_weeks", "2031-02-08", "FREQ=WEEKLY;INTERVAL=2"),
        ("4_weeks", "2031-02-08", "FREQ=WEEKLY;INTERVAL=4"),
        ("month_weekday", "2031-02-08", "FREQ=MONTHLY;BYDAY=2SA"),
        ("month_weekday", "2031-03-29", "FREQ=MONTHLY;BYDAY=-1SA"),
        ("month_day", "2031-02-08", "FREQ=MONTHLY;BYMONTHDAY=8"),
        ("year", "2031-02-08", "FREQ=YEARLY"),
    ],
)
async def test_an_event_repeats_as_was_chosen(
    house: House, repeats: str, day: str, rule: str
) -> None:
    browser, _ = await organiser(house)
    sent = {"title": "We meet", "time": "18:00", "timezone": "Europe/Rome", "repeats": repeats}
    made = await browser.send(NEW, **sent, date=day, repeats_until="2039-12-31")
    assert made.status == 303
    async with house.work.reading() as tx:
        kept = await tx.conn.fetchval("select rule from call_series")
    assert kept == f"{rule};UNTIL=20391231T235959"
    page = await browser.get(f"{made.headers['Location']}/edit")
    assert "It repeats. What you change here is changed for this day alone." in page.words
    assert "repeats" not in names(page)


@pytest.mark.parametrize(
    ("more", "beside"),
    [
        ({"date": "2031-01-31", "repeats": "month_day"}, "repeats"),
        ({"repeats_until": "2031-01-01"}, "repeats_until"),
        ({"repeats_until": "never"}, "repeats_until"),
        ({"closes_date": "2031-02-07"}, "closes_date"),
        ({"urgent": "yes"}, "urgent"),
    ],
)
async def test_what_cannot_repeat_is_refused_beside_its_field(
    house: House, more: Mapping[str, str], beside: str
) -> None:
    browser, _ = await organiser(house)
    sent = {"title": "We meet", "date": "2031-02-08", "time": "18:00", "timezone": "Europe/Rome"}
    seen = await browser.send(NEW, **{**sent, "repeats": "week", "repeats_until": "", **more})
    assert seen.status == 422
    assert f'id="{beside}-error"' in seen.text


# What stays


async def test_the_rules_of_a_vote_stay_once_somebody_answered(house: House) -> None:
    browser, founder = await organiser(house)
    sent = {"kind": "decision", "title": "Which way?", "options": "Bridge\nFord", "quorum": "3"}
    path = (await browser.send(NEW, **sent)).headers["Location"]
    assert "quorum" in names(await browser.get(f"{path}/edit"))
    post = await post_at(house, path)
    async with house.work.transaction() as tx:
        await participations.answer(tx, founder, post, "1", "page")
    page = await browser.get(f"{path}/edit")
    assert "quorum" not in names(page)
    assert "People have answered by the rules that there are" in page.words
    assert "They stay as they are: they stand on cards" in page.words
    assert (await browser.send(f"{path}/edit", **shown(page))).status == 303


async def post_at(house: House, path: str) -> Post:
    async with house.work.reading() as tx:
        found = await posts.by_id(tx.conn, int(path.rpartition("/")[2]))
    assert found
    return found


async def test_a_shift_that_is_removed_is_called_off(house: House) -> None:
    browser, founder = await organiser(house)
    path = (await browser.send(NEW, **HELP)).headers["Location"]
    seen = await browser.send(f"{path}/edit", **shown(await browser.get(f"{path}/edit")), press="less:shift_0")  # fmt: skip
    assert "A shift that you remove is called off" in seen.words
    assert (await browser.send(f"{path}/edit", **shown(seen))).status == 303
    told = await read(house, founder, path)
    assert {each["title"]: each["state"] for each in told["shifts"]} == {"Dig": "cancelled", "Carry": "open"}  # fmt: skip


async def test_a_need_says_what_sort_of_thing_it_is(house: House) -> None:
    browser, _ = await organiser(house)
    made = await browser.send(NEW, kind="need", title="A ladder", category="tools")
    page = await browser.get(f"{made.headers['Location']}/edit")
    assert shown(page)["category"] == "tools"
    wrong = await browser.send(NEW, kind="need", title="A ladder", category="moon")
    assert wrong.status == 422
    assert 'id="category-error"' in wrong.text


async def test_another_steward_adds_a_picture(house: House) -> None:
    browser, founder = await organiser(house)
    path = (await browser.send(NEW, kind="share", title="The dam")).headers["Location"]
    helper = await house.person("helper")
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "insert into community_roles (community_id, account_id, role, granted_at)"
            " select id, $1, 'organiser', now() from accounts where username = 'garden'",
            helper.id,
        )
    second = await house.browser(helper)
    typed = shown(await second.get(f"{path}/edit")) | {"picture_words_0": "A dam"}
    changed = await second.send(f"{path}/edit", {"picture_file_0": samples.picture()}, **typed)
    assert changed.status == 303, changed.words
    told = await read(house, founder, path)
    assert [each["description"] for each in told["media_attachments"]] == ["A dam"]


# Templates


@pytest.mark.parametrize("choice", BY_NAME)
async def test_a_call_of_any_kind_becomes_a_template_and_begins_another(
    house: House, choice: Choice
) -> None:
    browser, _ = await organiser(house)
    sent = full(choice)
    made = await browser.send(NEW, {"picture_file_0": samples.picture()}, **sent)
    path = made.headers["Location"]
    page = await browser.get(f"{path}/edit")
    assert "Keep it as a template" in page.words
    kept = await browser.post(
        "/@garden/steer/templates", act="keep", call=path.rpartition("/")[2], name="Again"
    )
    assert kept.status == 303
    form = await browser.get(f"{NEW}?kind={choice.kind}&variant={choice.variant}")
    key = re.search(r'href="(/@garden/steer/templates/\d+)"[^>]*>Again<', form.text)
    assert key
    await browser.get(key[1])
    typed = shown(await browser.post(key[1]))
    assert typed["title"] == "Our river"
    assert typed["about"] == "It is ours."
    assert typed["kind"] == choice.kind
    assert typed["variant"] == choice.variant
    assert typed.get("options", "") == sent.get("options", "")
    for name in {"goal", "quorum", "threshold"} & set(call_templates.DEFAULTS[choice.kind]):
        assert typed.get(name, "") == sent.get(name, ""), name


# What is of its own kind


async def test_a_shift_is_changed_by_itself_without_what_its_call_says(house: House) -> None:
    browser, founder = await organiser(house)
    path = (await browser.send(NEW, **HELP)).headers["Location"]
    told = await read(house, founder, path)
    one = f"/calls/{told['shifts'][0]['id']}"
    page = await browser.get(f"{one}/edit")
    there = names(page)
    assert "note" in there
    assert not {"shift_what_0", "question_text_0", "repeats"} & there
    assert "Keep it as a template" not in page.words
    typed = shown(page) | {"title": "Dig deep", "capacity": "5"}
    assert (await browser.send(f"{one}/edit", **typed)).status == 303
    told = await read(house, founder, path)
    assert [(s["title"], s["capacity"]) for s in told["shifts"]] == [("Dig deep", 5), ("Carry", 3)]


async def test_a_second_urgent_call_of_a_week_keeps_what_was_typed(house: House) -> None:
    browser, _ = await organiser(house)
    sent = {"kind": "share", "title": "The dam", "urgent": "yes", "about": "It leaks"}
    assert (await browser.send(NEW, **sent)).status == 303
    seen = await browser.send(NEW, **sent)
    assert seen.status == 422
    assert shown(seen)["about"] == "It leaks"
    assert shown(seen)["urgent"] == "yes"


async def test_a_call_of_the_community_may_be_the_next_step(house: House) -> None:
    browser, founder = await organiser(house)
    first = (await browser.send(NEW, kind="share", title="Read this")).headers["Location"]
    first_id = first.rpartition("/")[2]
    page = await browser.get(f"{NEW}?kind=share")
    assert f'<option value="{first_id}">Read this</option>' in page.text
    sent = {"kind": "share", "title": "Then that", "next_call_id": first_id, "next_url": ""}
    path = (await browser.send(NEW, **sent)).headers["Location"]
    assert (await read(house, founder, path))["next"]["title"] == "Read this"
    assert shown(await browser.get(f"{path}/edit"))["next_call_id"] == first_id
    own = await browser.get(f"{path}/edit")
    assert f'<option value="{path.rpartition("/")[2]}"' not in own.text
