"""Votes by score and ranking on the page of a call."""

from __future__ import annotations

from server.domain.calling import calls, decisions
from server.domain.calling.decisions import Record
from server.domain.calling.drafting import Wanted
from server.domain.tx import Work
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from storage.timelines import Page
from tests.web.house import House

OPTIONS = ("Mondays", "Fridays", "Sundays & feasts")


async def vote_on(work: Work, by: Account, group: Account, variant: str) -> Post:
    details = Details(None, None, "UTC")
    wanted = Wanted("When to meet", details, kind="decision", variant=variant, options=OPTIONS)
    async with work.transaction() as tx:
        return await calls.create(tx, by, group, wanted)


async def record_of(work: Work, asked: Post) -> Record:
    async with work.reading() as tx:
        return await decisions.record(tx, asked, None, Page(40))


async def test_a_member_ranks_on_the_page(house: House) -> None:
    organiser = await house.person("organiser")
    asked = await vote_on(house.work, organiser, await house.community(organiser), "ranked")
    path = f"/calls/{asked.id}"
    browser = await house.browser(organiser)
    page = await browser.get(path)
    assert all(f'name="mark_{at}"' in page.text for at in range(3))
    assert "Sundays &amp; feasts</label>" in page.text
    sent = await browser.post(f"{path}/answer", said="ballot", mark_0="2", mark_1="1", mark_2="0")
    assert sent.status == 303
    again = await browser.get(path)
    assert "You said: 1. Fridays, 2. Mondays." in again.words
    assert '<option value="2" selected>Place 2</option>' in again.text
    assert (await record_of(house.work, asked)).result.leading == ("2",)
    await browser.post(f"{path}/answer", said="withdrawn")
    assert (await record_of(house.work, asked)).result.word == "nobody"


async def test_a_wrong_ballot_says_why_and_changes_nothing(house: House) -> None:
    organiser = await house.person("organiser")
    asked = await vote_on(house.work, organiser, await house.community(organiser), "ranked")
    answer = f"/calls/{asked.id}/answer"
    browser = await house.browser(organiser)
    await browser.get(f"/calls/{asked.id}")
    await browser.post(answer, said="ballot", mark_0="1", mark_1="2", mark_2="0")
    await browser.get(f"/calls/{asked.id}")
    twice = await browser.post(answer, said="ballot", mark_0="1", mark_1="1", mark_2="0")
    assert twice.status == 422
    assert "Two options have the same place" in twice.words
    for marks in ({"mark_0": "1"}, {}, {"mark_0": "5", "mark_1": "0", "mark_2": "0"}):
        await browser.get(f"/calls/{asked.id}")
        assert (await browser.post(answer, said="ballot", **marks)).status == 422
    for mark in ("6", "-1", "one", "", "²"):
        await browser.get(f"/calls/{asked.id}")
        wrong = await browser.post(answer, said="ballot", mark_0=mark, mark_1="0", mark_2="0")
        assert wrong.status == 400
    assert (await record_of(house.work, asked)).rounds[0].votes == (1, 0, 0)


async def test_points_are_given_on_the_page(house: House) -> None:
    organiser = await house.person("organiser")
    asked = await vote_on(house.work, organiser, await house.community(organiser), "score")
    path = f"/calls/{asked.id}"
    browser = await house.browser(organiser)
    page = await browser.get(path)
    assert page.text.count('<option value="5">5</option>') == 3
    await browser.post(f"{path}/answer", said="ballot", mark_0="3", mark_1="4", mark_2="0")
    assert (
        "You said: Mondays: 3, Fridays: 4, Sundays & feasts: 0." in (await browser.get(path)).words
    )
    assert (await record_of(house.work, asked)).points == (3, 4, 0)
    stranger = await (await house.browser()).get(path)
    assert "A vote here gives one option 5 points" in stranger.words
