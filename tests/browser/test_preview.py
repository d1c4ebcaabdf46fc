"""How a call will look elsewhere, beside its form: with a script it follows what is typed, without there is a button."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, Route, expect

from server.web.call_form import CHOICES
from tests.api.conftest import PASSWORD
from tests.api.people import House
from tests.browser.conftest import Opened
from tests.browser.test_organiser import fill
from tests.browser.window import EVERY, Looks, Window

SHOW = "Show how it will look"
HERE, MASTODON, MOBILIZON, LEMMY = (
    "Here, and on other Beckon servers",
    "Mastodon and other microblogs",
    "Mobilizon and other calendars",
    "Lemmy and other forums",
)


async def begun(window: Window, query: str = "?kind=event") -> Page:
    await window.sign_in("organiser", PASSWORD)
    await window.open(f"/@garden/calls/new{query}")
    return window.page


async def shown(window: Window) -> None:
    """Where no script does it, the organiser asks."""
    button = window.page.get_by_role("button", name=SHOW)
    if window.looks.script:
        await expect(button).to_be_hidden()
    else:
        await button.click()


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_the_preview_follows_what_is_typed(
    looks: Looks, house: House, opened: Opened
) -> None:
    organiser = await house.member("organiser")
    await house.community(organiser, "garden")
    window = await opened(looks)
    page = await begun(window)
    beside = page.get_by_role("complementary", name="How it will look")
    await expect(beside).to_contain_text("Begin with the form.")
    await page.get_by_label("Title").fill("Prune the pear trees")
    await shown(window)
    missing = beside.get_by_role("link", name="Choose a day, such as 2030-05-17.")
    await missing.click()
    await expect(page.get_by_label("Day", exact=True)).to_be_focused()
    await fill(window, CHOICES[0])
    await page.get_by_label("Place (optional)").fill("The old orchard")
    await shown(window)
    mastodon = beside.get_by_role("region", name=MASTODON)
    await mastodon.get_by_role("heading").click()
    await expect(mastodon).to_contain_text("Are you coming?")
    await expect(mastodon).to_contain_text("The old orchard")
    await expect(mastodon.get_by_role("list", name="Poll").get_by_role("listitem")).to_have_text(
        ["I'm coming", "Maybe", "I can't"]
    )
    await expect(beside.get_by_role("region", name=MOBILIZON)).to_contain_text("17 May 2031, 10:00")
    await expect(beside.get_by_role("region", name=LEMMY)).to_contain_text("Because it is ours")
    await expect(beside.get_by_role("status")).to_have_text(
        "This is what you typed, as it will be sent."
    )
    await expect(page.get_by_label("Title")).to_have_value("Ours: An event")
    await page.get_by_label("What is it about?").fill("Ladders are there")
    await shown(window)
    await expect(beside.get_by_role("region", name=HERE)).to_contain_text("Ladders are there")
    if window.looks.script:  # what was open stays so
        await expect(mastodon.get_by_role("list", name="Poll")).to_be_visible()
    assert await window.overflow() <= 0
    if looks.script:
        assert await window.faults() == []
    await page.get_by_role("button", name="Publish the call").click()
    await page.get_by_role("heading", name="Ours: An event").wait_for()
    assert "Ladders are there" in await window.words()


async def test_a_question_waits_for_the_answer_before(house: House, opened: Opened) -> None:
    """Nothing is asked while something is; what was typed meanwhile is asked next; a failure leaves what is there."""
    organiser = await house.member("organiser")
    await house.community(organiser, "garden")
    window = await opened(Looks())
    await window.page.clock.install()
    page = await begun(window, "?kind=share")
    beside = page.get_by_role("complementary", name="How it will look")
    waiting: list[Route] = []

    async def held(route: Route) -> None:
        waiting.append(route)

    title = page.get_by_label("Title")
    await page.route("**/calls/new/preview", held)
    async with page.expect_request("**/calls/new/preview"):
        await title.fill("The first")
    await title.fill("The second")
    await page.clock.run_for(5000)
    assert len(waiting) == 1
    async with page.expect_request("**/calls/new/preview"):
        await waiting[0].continue_()
    await expect(beside.get_by_role("region", name=HERE)).to_contain_text("The first")
    await waiting[1].abort()
    await expect(beside.get_by_role("region", name=HERE)).to_contain_text("The first")
    await page.unroute("**/calls/new/preview")
    await title.fill("The third")
    await expect(beside.get_by_role("region", name=HERE)).to_contain_text("The third")
