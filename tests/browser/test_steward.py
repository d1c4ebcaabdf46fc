"""A steward's day: a reported post is removed, its author appeals, another steward answers, and a document is written."""

from __future__ import annotations

import pytest

from server.domain.moderating import reports
from server.domain.moderating.reports import Complaint
from storage import accounts as account_rows
from tests.api.conftest import PASSWORD, Running
from tests.api.people import House, Member
from tests.browser.conftest import Opened
from tests.browser.window import EVERY, Looks, Window

BECKON = "/api/beckon/v1"


async def begin(house: House) -> tuple[Member, Member]:
    """The garden, with an organiser, a warden and a writer; gives who is reported, and who reports."""
    organiser, warden = await house.member("organiser"), await house.member("warden")
    writer = await house.member("writer")
    garden = await house.community(organiser, "garden")
    for member in (warden, writer):
        await member.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    sent = {"account_id": warden.id, "role": "moderator"}
    await organiser.good("POST", f"{BECKON}/communities/{garden.id}/roles", json=sent)
    return writer, organiser


async def reported(here: Running, writer: Member, by: Member) -> None:
    post = await writer.says("@garden buy my compost")
    async with here.work.transaction() as tx:
        people = await account_rows.by_ids(tx.conn, [int(writer.id), int(by.id)])
        said = Complaint([int(post["id"])], "Selling again")
        await reports.report(tx, people[int(by.id)], people[int(writer.id)], said)


async def remove(window: Window) -> None:
    page = window.page
    await window.open("/@garden/steer")
    await window.turn_to("Reported posts")
    assert "Selling again" in await window.words()
    await page.get_by_label("Why: its author is told").fill("No selling here")
    await page.get_by_role("button", name="Remove it").click()
    assert "No post of this community is reported just now" in await window.words()


async def appeal(window: Window) -> None:
    page = window.page
    await window.open("/settings/profile")
    await window.turn_to("Decisions about you")
    assert "No selling here" in await window.words()
    await page.get_by_text("Ask to have it looked at again").click()
    await page.get_by_label("Why it should be decided otherwise").fill("I give it away")
    await page.get_by_role("button", name="Send the appeal").click()
    assert "Waits for an answer" in await window.words()
    assert await window.overflow() <= 0


async def answer(window: Window) -> None:
    page = window.page
    await window.open("/@garden/steer")
    await window.turn_to("Appeals")
    assert "I give it away" in await window.words()
    await page.get_by_label("Why: they are told").fill("Then welcome")
    await page.get_by_role("button", name="Take the decision back").click()
    assert "Taken back" in await window.words()


async def write(window: Window) -> None:
    page = window.page
    await window.open("/@garden/steer")
    await window.turn_to("Documents")
    await page.get_by_role("link", name="Write a document").click()
    await page.get_by_label("Title").fill("Who has the keys")
    await page.get_by_label("Text").fill("The organiser.\n\nThe warden, too.")
    await page.get_by_role("button", name="Save").click()
    await page.get_by_role("link", name="Change it").click()
    await page.get_by_label("Text").fill("The warden.")
    await page.get_by_role("button", name="Save").click()
    assert "Version 2" in await window.words()
    await page.get_by_role("link", name="Versions").click()
    await page.get_by_role("link", name="Version 1").click()
    assert "The warden, too." in await window.words()
    assert await window.overflow() <= 0


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_those_who_steer_decide_and_answer(
    looks: Looks, house: House, here: Running, opened: Opened
) -> None:
    await reported(here, *await begin(house))
    organiser, warden, writer = [await opened(looks) for _ in range(3)]
    for name, window in (("organiser", organiser), ("warden", warden), ("writer", writer)):
        await window.sign_in(name, PASSWORD)
    await remove(organiser)
    await appeal(writer)
    await answer(warden)
    await writer.open("/settings/decisions")
    assert "The decision was taken back. Then welcome" in await writer.words()
    await writer.open("/@garden")
    assert "buy my compost" in await writer.words()
    await write(warden)
