"""What an organiser does with a call after it was made: each form ends in its verb, and refuses without losing what was typed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from server.domain.calling import call_series, opened
from server.domain.calling.drafting import Wanted
from storage import calls
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call, Details
from storage.posts import Post
from tests.web.house import Browser, House

WHEN = {
    "date": "2031-06-01",
    "time": "11:00",
    "end_date": "",
    "end_time": "",
    "timezone": "Europe/Rome",
    "place_name": "The new orchard",
    "place_address": "",
}


async def made(house: House, **more: object) -> tuple[Browser, Post, Account, str]:
    """A call with one who comes, and the organiser's browser."""
    organiser, guest = await house.person("organiser"), await house.person("guest")
    call = await house.call(organiser, await house.community(organiser), **more)
    await house.answer(guest, call, door="page")
    browser = await house.browser(organiser)
    path = f"/calls/{call.id}/organise"
    await browser.get(path)
    return browser, call, guest, path


async def now(house: House, post: Post) -> Call:
    async with house.work.reading() as tx:
        found = await calls.by_id(tx.conn, post.id)
    assert found
    return found


async def notices(house: House, post: Post) -> list[tuple[str, str]]:
    async with house.work.reading() as tx:
        rows = await tx.conn.fetch(
            "select what, text from call_notices where post_id = $1 order by id", post.id
        )
    return [(row["what"], row["text"]) for row in rows]


async def test_a_call_is_put_off_and_takes_place_another_day(house: House) -> None:
    browser, call, _, path = await made(house)
    seen = await browser.get(f"{path}/change")
    assert "1 person who takes part is told." in seen.words
    done = await browser.post(f"{path}/change", act="postponed", why_postponed="Frost & ice")
    assert done.headers["Location"] == f"{path}/change?done=saved"
    assert (await now(house, call)).state == "postponed"
    assert "The new time" in (await browser.get(f"{path}/change")).words
    await browser.post(f"{path}/change", act="when", **WHEN)
    found = await now(house, call)
    assert (found.state, found.place_name) == ("open", "The new orchard")
    assert found.starts_at == datetime(2031, 6, 1, 9, 0, tzinfo=UTC)
    assert await notices(house, call) == [("postponed", "Frost & ice"), ("reopened", "")]


async def test_another_time_is_told_once_and_the_text_stays(house: House) -> None:
    browser, call, _, path = await made(house, capacity=5, guests_max=2)
    await browser.post(f"{path}/change", act="when", **WHEN)
    found = await now(house, call)
    assert (found.state, found.capacity, found.guests_max) == ("open", 5, 2)
    async with house.work.reading() as tx:
        post = await post_rows.by_id(tx.conn, call.id)
    assert post
    assert (post.title, post.source, post.language) == (call.title, call.source, call.language)
    assert await notices(house, call) == [("changed", "")]


@pytest.mark.parametrize(
    ("sent", "field", "sentence"),
    [
        ({"act": "when", **WHEN, "date": "soon"}, "date", "Choose a day, such as 2030-05-17."),
        (
            {"act": "when", **WHEN, "end_time": "09:00"},
            "end_time",
            "It ends before it begins.",
        ),
        ({"act": "places", "capacity": "many"}, "capacity", "A number, such as 40, or nothing."),
        ({"act": "places", "capacity": "0"}, "capacity", "The number of places is 1 to 1,000,000."),
    ],
)
async def test_a_fault_is_told_beside_its_field(
    house: House, sent: dict[str, str], field: str, sentence: str
) -> None:
    browser, call, _, path = await made(house)
    before = await now(house, call)
    seen = await browser.post(f"{path}/change", **sent)
    assert seen.status == 422
    beside = re.search(rf'id="{field}-error">([^<]+)<', seen.text)
    assert beside
    assert beside[1] == sentence
    for name, value in sent.items():
        assert name == "act" or f'value="{value}"' in seen.text, name
    assert await now(house, call) == before


async def test_more_places_let_in_who_waits(house: House) -> None:
    browser, call, _, path = await made(house, capacity=1)
    await house.answer(await house.person("late"), call, door="page")
    assert (await now(house, call)).waiting == 1
    await browser.post(f"{path}/change", act="places", capacity="2", guests_max="1")
    found = await now(house, call)
    assert (found.waiting, found.counted, found.guests_max) == (0, 2, 1)
    assert await notices(house, call) == []


async def test_it_is_called_off_with_a_reason_and_opened_again(house: House) -> None:
    browser, call, _, path = await made(house)
    seen = await browser.post(f"{path}/change", act="cancelled", why_cancelled="x" * 501)
    assert seen.status == 422
    assert "A reason has at most 500 characters." in seen.words
    assert "x" * 501 in seen.text
    assert (await now(house, call)).state == "open"
    await browser.post(f"{path}/change", act="cancelled", why_cancelled="A storm\r\ncomes")
    assert (await now(house, call)).state == "cancelled"
    assert (await notices(house, call))[0][0] == "cancelled"
    await browser.post(f"{path}/change", act="open")
    assert (await now(house, call)).state == "open"
    await browser.post(f"{path}/change", act="closed")
    assert (await now(house, call)).state == "closed"


async def test_it_is_deleted_by_who_is_sure(house: House) -> None:
    browser, call, _, path = await made(house)
    seen = await browser.post(f"{path}/change", act="delete")
    assert seen.status == 422
    assert "Tick the box if you are sure." in seen.words
    done = await browser.post(f"{path}/change", act="delete", sure="yes")
    assert done.headers["Location"] == "/@garden?done=removed"
    assert (await browser.get(f"/calls/{call.id}")).status in (404, 410)
    assert ("cancelled", "") in await notices(house, call)


async def test_a_form_that_is_not_ours_does_nothing(house: House) -> None:
    browser, call, guest, path = await made(house)
    before = await now(house, call)
    for below in ("change", "people"):
        assert (await browser.post(f"{path}/{below}", act="fly")).status == 400
        assert (await browser.post(f"{path}/{below}", token="", act="open")).status == 403
    other = await house.browser(guest)
    await other.get("/")
    for below, sent in (
        ("change", {"act": "cancelled"}),
        ("change", {"act": "delete", "sure": "yes"}),
        ("message", {"text": "Hello"}),
        ("people", {"room": "yes", "places": "1"}),
    ):
        assert (await other.post(f"{path}/{below}", **sent)).status == 403
    assert (await other.send(f"{path}/outcome", outcome="Fine")).status == 403
    assert await now(house, call) == before


async def test_a_word_goes_to_all_who_take_part_three_times_a_week(house: House) -> None:
    browser, call, _, path = await made(house)
    assert "Send it to 1 person" in (await browser.get(f"{path}/message")).words
    seen = await browser.post(f"{path}/message", text=" ")
    assert seen.status == 422
    assert "What do you want to tell them?" in seen.words
    seen = await browser.post(f"{path}/message", text="a" * 2001)
    assert seen.status == 422
    assert "a" * 2001 in seen.text
    for word in ("one", "two", "three"):
        done = await browser.post(f"{path}/message", text=f"Word {word}")
        assert done.headers["Location"] == f"{path}/message?done=sent"
    seen = await browser.get(f"{path}/message")
    assert "as often as may be in one week" in seen.words
    assert seen.words.index("Word three") < seen.words.index("Word one")
    assert (await browser.post(f"{path}/message", text="Four")).status == 429
    assert [what for what, _ in await notices(house, call)] == ["message"] * 3


async def test_what_came_of_it_is_told_once_it_is_over(house: House) -> None:
    browser, call, _, path = await made(house)
    assert "When the call is over" in (await browser.get(f"{path}/outcome")).words
    early = await browser.send(f"{path}/outcome", outcome="Fine")
    assert (early.status, (await now(house, call)).outcome) == (403, "")
    await browser.post(f"{path}/change", act="closed")
    seen = await browser.get(f"{path}/outcome")
    assert "1 person who took part hears it" in seen.words
    assert "What came of it?" in (await browser.get(path)).words
    assert (await browser.send(f"{path}/outcome", outcome=" ")).status == 422
    done = await browser.send(f"{path}/outcome", outcome="Ten *beds* <b>dug</b>")
    assert done.headers["Location"] == f"{path}/outcome?done=saved"
    assert "<b>" not in (await now(house, call)).outcome
    assert "What came of it?" not in (await browser.get(path)).words
    await browser.send(f"{path}/outcome", outcome="Eleven beds")
    assert "Eleven" in (await now(house, call)).outcome
    assert [what for what, _ in await notices(house, call)] == ["outcome"]


async def test_a_call_of_members_is_opened_to_whoever_has_the_address(house: House) -> None:
    organiser = await house.person("organiser")
    group = await house.community(
        organiser, "shed", visibility="private", community_policy="request"
    )
    call = await house.call(organiser, group)
    browser = await house.browser(organiser)
    path = f"/calls/{call.id}/organise/change"
    assert "A page for everybody" in (await browser.get(path)).words
    seen = await browser.post(path, act="opened", hosted_by="x" * 101)
    assert seen.status == 422
    await browser.post(path, act="opened", hosted_by="Neighbours")
    async with house.work.transaction() as tx:
        url = (await opened.standing(tx, organiser, call)).url
    assert url
    assert url in (await browser.get(path)).text
    assert (await (await house.browser()).get(url.partition("example")[2])).status == 200
    await browser.post(path, act="shut")
    assert (await (await house.browser()).get(url.partition("example")[2])).status == 404


async def test_a_public_call_has_no_such_page(house: House) -> None:
    browser, _, _, path = await made(house)
    assert "A page for everybody" not in (await browser.get(f"{path}/change")).words
    assert (await browser.post(f"{path}/change", act="opened")).status == 403


async def repeating(house: House) -> tuple[Browser, list[int]]:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    starts = house.now.replace(hour=18, minute=0, second=0, microsecond=0) + timedelta(days=30)
    details = Details(starts, None, "Europe/Rome", "The kitchen")
    async with house.work.transaction() as tx:
        series = await call_series.create(
            tx, organiser, group, Wanted("Supper", details), "FREQ=WEEKLY"
        )
        ids = [one.post_id for one in await call_series.ahead(tx, [series])]
    return await house.browser(organiser), ids


async def test_one_of_the_dates_is_left_out_and_the_others_stay(house: House) -> None:
    browser, (first, second, third) = await repeating(house)
    path = f"/calls/{first}/organise/series"
    assert "Repeated dates" in (await browser.get(f"/calls/{first}/organise")).words
    assert (await browser.get(path)).text.count("Leave this one out:") == 3
    assert (await browser.post(path, act="skip", post=str(second))).status == 303
    async with house.work.reading() as tx:
        found = await calls.by_ids(tx.conn, [first, second, third])
    assert [found[i].state for i in (first, second, third)] == ["open", "cancelled", "open"]
    assert (await browser.post(path, act="skip", post=str(second))).status == 404
    assert (await browser.post(path, act="confirm")).status == 303
    assert (await browser.post(path, act="end")).status == 303
    assert "It repeats no more." in (await browser.get(path)).words
    stranger = await house.browser(await house.person("stranger"))
    assert (await stranger.get(path)).status == 403


async def test_what_happens_once_has_no_dates(house: House) -> None:
    browser, _, _, path = await made(house)
    assert (await browser.get(f"{path}/series")).status == 404
    assert "Repeated dates" not in (await browser.get(path)).words
