"""A call's page: what it shows to whom, and taking part with a browser."""

from __future__ import annotations

import re

import pytest
from icalendar import Calendar

from server.domain.calling import calls
from server.domain.calling.drafting import Wanted
from storage import outbox
from storage.calls import Details
from tests.web.house import DOMAIN, House

MAX_PAGE = 60 * 1000  # bytes of HTML


async def test_a_stranger_reads_all_that_is_needed_to_come(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser), capacity=12)
    page = await (await house.browser()).get(f"/calls/{post.id}")
    assert page.status == 200
    for needed in (
        "Turn the compost", "Sat 17 May 2031, 10:00 CEST", "Europe/Rome", "The old orchard",
        "Orchard Lane 3", "The shared garden", "@organiser", "Bring *gloves* & boots",
        "0 people for 12 places", f"@garden@{DOMAIN}", post.url,
        f"{DOMAIN} and the organisers of The shared garden learn which account chose what.",
    ):  # fmt: skip
        assert needed in page.words, needed
    assert '<time datetime="2031-05-17T08:00:00+00:00">' in page.text
    assert f'rel="alternate" type="application/activity+json" href="{post.uri}"' in page.text
    assert 'property="og:title" content="Turn the compost"' in page.text
    assert 'aria-label="Places taken: 0 of 12"' in page.text


async def test_pages_need_no_script_and_allow_none(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser(organiser)
    for path in (
        "/",
        "/@garden",
        "/@organiser",
        f"/calls/{post.id}",
        "/@garden/calls/new",
        "/about",
    ):
        page = await browser.get(path)
        assert page.status == 200, path
        assert "default-src 'none'" in page.headers["Content-Security-Policy"]
        assert not re.search(
            r"<script(?! src=./assets/| type=.application/ld)|<style|\sstyle=|\son\w+=|javascript:",
            page.text,
        ), path


async def test_what_members_type_is_text_and_never_markup(house: House) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    post = await house.call(organiser, group, place_name='"><img src=x onerror=alert(1)>')
    page = await (await house.browser()).get(f"/calls/{post.id}")
    assert "<img" not in page.text
    assert "&lt;img" in page.text


async def test_answers_are_counted_by_tier_and_server_without_names(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser), capacity=4)
    await house.answer(await house.person("gardener"), post, door="page")
    await house.answer(await house.elsewhere("beekeeper", "hill.example"), post)
    await house.answer(await house.elsewhere("forester", "forest.example"), post)
    async with house.work.transaction() as tx:
        await outbox.describe(tx.conn, "forest.example", "mastodon", "4", 500, tx.now)
    page = await (await house.browser()).get(f"/calls/{post.id}")
    assert "3 people for 4 places" in page.words
    assert "0 confirmed" in page.words  # an account of today is not
    assert "3 expressed" in page.words
    async with house.work.transaction() as tx:
        await tx.conn.execute("update accounts set created_at = created_at - interval '8 days'")
    page = await (await house.browser()).get(f"/calls/{post.id}")
    assert "1 confirmed" in page.words
    assert "2 expressed" in page.words
    assert "At least 3, at most 3." in page.words
    assert "Nobody can know that each of them is one human." in page.words
    assert "green.example 1 forest.example 1 other servers 1" in page.words
    assert "hill.example" not in page.text  # a server of one person is a name
    assert "gardener" not in page.text
    assert "beekeeper" not in page.text


async def test_a_call_names_nobody_and_leads_organisers_to_who_takes_part(house: House) -> None:
    organiser, member = await house.person("organiser"), await house.person("member")
    post = await house.call(organiser, await house.community(organiser))
    await house.answer(await house.elsewhere("beekeeper", "hill.example"), post)
    own = await house.browser(organiser)
    seen_by_organiser = await own.get(f"/calls/{post.id}")
    seen_by_member = await (await house.browser(member)).get(f"/calls/{post.id}")
    assert "Who takes part: 1" in seen_by_organiser.words
    assert "@beekeeper@hill.example" in (await own.get(f"/calls/{post.id}/organise/people")).words
    assert f"/calls/{post.id}/edit" in seen_by_organiser.text
    for seen in (seen_by_organiser, seen_by_member):
        assert "beekeeper" not in seen.text
    assert f"/calls/{post.id}/edit" not in seen_by_member.text
    assert f"/calls/{post.id}/organise" not in seen_by_member.text


async def test_a_member_comes_waits_and_takes_it_back(house: House) -> None:
    organiser, first, second = [await house.person(n) for n in ("organiser", "first", "second")]
    post = await house.call(organiser, await house.community(organiser), capacity=1)
    path = f"/calls/{post.id}"
    early, late = await house.browser(first), await house.browser(second)
    done = await early.post(f"{path}/answer", said="going")
    assert (done.status, done.headers["Location"]) == (303, path)
    assert "You have a place." in (await early.get(path)).words
    assert "All places are taken." in (await late.get(path)).words
    await late.post(f"{path}/answer", said="going")
    waiting = await late.get(path)
    assert "You are number 1 on the waiting list." in waiting.words
    assert "1 on the waiting list" in (await early.get(path)).words
    assert 'aria-label="Places taken: 1 of 1"' in waiting.text
    await early.post(f"{path}/answer", said="withdrawn")
    assert "You have a place." in (await late.get(path)).words
    assert "Take my answer back" not in (await early.get(path)).words


@pytest.mark.parametrize(
    ("said", "told"), [("maybe", "You said: Maybe."), ("declined", "You said: I can't.")]
)
async def test_other_answers_take_no_place(house: House, said: str, told: str) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser), capacity=1)
    browser = await house.browser(await house.person("member"))
    await browser.post(f"/calls/{post.id}/answer", said=said)
    page = await browser.get(f"/calls/{post.id}")
    assert told in page.words
    assert "0 people for 1 place" in page.words


async def test_a_form_of_another_site_is_refused(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser(await house.person("member"))
    for token in ("", "0" * 64):
        refused = await browser.post(f"/calls/{post.id}/answer", token=token, said="going")
        assert refused.status == 403
    assert "Nobody yet" in (await browser.get(f"/calls/{post.id}")).words


async def test_a_stranger_cannot_answer(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser()
    assert (await browser.post(f"/calls/{post.id}/answer", said="going")).status == 401
    assert "Nobody yet" in (await browser.get(f"/calls/{post.id}")).words


async def test_an_answer_that_no_button_says_is_refused(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser(organiser)
    assert (await browser.post(f"/calls/{post.id}/answer", said="perhaps")).status == 422
    assert (await browser.post(f"/calls/{post.id}/answer")).status == 422


@pytest.mark.parametrize(
    ("state", "banner"),
    [("postponed", "Postponed."), ("cancelled", "Cancelled."), ("closed", "Closed.")],
)
async def test_an_organiser_changes_the_state(house: House, state: str, banner: str) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser(organiser)
    assert (await browser.post(f"/calls/{post.id}/state", state=state)).status == 303
    page = await (await house.browser()).get(f"/calls/{post.id}")
    assert banner in page.words
    answered = await browser.post(f"/calls/{post.id}/answer", said="going")
    assert answered.status == (303 if state == "postponed" else 403)


async def test_a_member_changes_nothing(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser(await house.person("member"))
    assert (await browser.post(f"/calls/{post.id}/state", state="cancelled")).status == 403
    assert (await browser.get(f"/calls/{post.id}/edit")).status == 403
    assert (await browser.post(f"/calls/{post.id}/edit", title="Mine")).status == 403
    assert "Turn the compost" in (await browser.get(f"/calls/{post.id}")).words


async def test_the_page_stays_light_with_a_crowd(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser), capacity=500)
    for number in range(60):
        host = f"host{number}.example"
        await house.answer(await house.elsewhere("someone", host), post)
        async with house.work.transaction() as tx:
            await outbox.describe(tx.conn, host, "mastodon", "4", 10_000, tx.now)
    page = await (await house.browser()).get(f"/calls/{post.id}")
    assert "60 people for 500 places" in page.words
    assert "and 40 more servers" in page.words
    assert len(page.text.encode()) <= MAX_PAGE


async def test_a_card_leads_to_its_call_and_what_is_not_there_is_404(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser()
    card = await browser.get(f"/cards/{post.id}")
    assert (card.status, card.headers["Location"]) == (302, f"/calls/{post.id}")
    for path in ("/calls/1", "/calls/x", "/cards/1", "/calls/1.ics", f"/calls/{2**63}"):
        assert (await browser.get(path)).status == 404, path


async def test_a_calendar_gets_the_call_with_its_zone(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser(organiser)
    first = await browser.get(f"/calls/{post.id}.ics")
    assert first.headers["Content-Type"].startswith("text/calendar")
    calendar = Calendar.from_ical(first.text)
    event = calendar.walk("VEVENT")[0]
    assert str(event["uid"]) == post.uri
    assert event["dtstart"].params["TZID"] == "Europe/Rome"
    assert event.decoded("dtstart").isoformat() == "2031-05-17T10:00:00+02:00"
    assert [str(z["tzid"]) for z in calendar.walk("VTIMEZONE")] == ["Europe/Rome"]
    assert str(event["status"]) == "CONFIRMED"
    assert str(event["location"]) == "The old orchard, Orchard Lane 3"
    assert event["dtstamp"] is not None
    await browser.post(f"/calls/{post.id}/state", state="cancelled")
    changed = Calendar.from_ical((await browser.get("/@garden.ics")).text).walk("VEVENT")[0]
    assert str(changed["uid"]) == post.uri
    assert str(changed["status"]) == "CANCELLED"
    assert int(changed["sequence"]) == int(event["sequence"]) + 1


async def test_a_call_of_another_server_is_counted_there(house: House) -> None:
    post = await house.call_elsewhere("hill.example")
    member = await house.browser(await house.person("member"))
    page = await member.get(f"/calls/{post.id}")
    assert "41 people for 100 places" in page.words
    assert "Counted by hill.example." in page.words
    assert "confirmed" not in page.words
    assert "tells hill.example your name and your answer" in page.words
    assert 'rel="canonical" href="https://hill.example/sing"' in page.text
    await member.post(f"/calls/{post.id}/answer", said="going")
    asked = "You asked to take part. hill.example has not answered yet."
    assert asked in (await member.get(f"/calls/{post.id}")).words
    assert (await member.get(f"/calls/{post.id}/edit")).status == 404
    assert (await member.post(f"/calls/{post.id}/state", state="cancelled")).status == 404


async def test_a_poster_says_what_when_where_and_at_which_address(house: House) -> None:
    organiser = await house.person("organiser")
    call = await house.call(organiser, await house.community(organiser))
    stranger = await house.browser()
    poster = await stranger.get(f"/calls/{call.id}/poster")
    assert poster.status == 200
    assert call.title in poster.words
    assert call.url in poster.words
    assert f'src="/calls/{call.id}/qr.svg"' in poster.text
    assert f"/calls/{call.id}/poster" in (await stranger.get(f"/calls/{call.id}")).text
    assert (await stranger.get("/calls/1/poster")).status == 404


async def test_who_signed_is_listed_where_they_said_so(house: House) -> None:
    founder = await house.person("organiser")
    group = await house.community(founder)
    async with house.work.transaction() as tx:
        wanted = Wanted("Keep the library", Details(None, None, "UTC"), kind="petition")
        post = await calls.create(tx, founder, group, wanted)
    await house.answer(await house.person("quietly"), post, "sign", "client")
    browser = await house.browser(founder)
    path = f"/calls/{post.id}/organise/people"
    seen = await browser.get(path)
    assert "quietly" not in seen.text
    assert "named only where they chose to be" in seen.words
    await house.answer(await house.person("openly"), post, "sign_named", "client")
    seen = await browser.get(path)
    assert "openly" in seen.text
    assert "quietly" not in seen.text


async def test_the_answers_are_asked_in_the_readers_language(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    member = await house.browser(await house.person("gardener"))
    await member.post("/language", language="de", back=f"/calls/{post.id}")
    seen = await member.get(f"/calls/{post.id}")
    assert "Ich komme" in seen.words
    assert "I'm coming" not in seen.words.partition("Weitersagen")[0]
    await member.post(f"/calls/{post.id}/answer", said="declined")
    said = await member.get(f"/calls/{post.id}")
    assert "I can't" not in said.words.partition("Weitersagen")[0]
