"""An organiser makes each kind of call in a real browser, finds it on its page, and changes it."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from server.web.call_form import CHOICES, Choice
from tests import samples
from tests.api.conftest import PASSWORD
from tests.api.people import House
from tests.browser.conftest import Opened
from tests.browser.window import EVERY, PHONE, Looks, Window


async def fill(window: Window, choice: Choice) -> None:
    """What the form asks for, and no more."""
    page = window.page
    await page.get_by_label("Title").fill(f"Ours: {choice.title}")
    for label, typed in (
        ("Day", "2031-05-17"),
        ("Begins at", "10:00"),
        ("Time zone", "Europe/Rome"),
        ("Place", "The old orchard"),
        ("Options", "The bridge\nThe ford"),
        ("Address where people give", "https://give.example/fund"),
    ):
        field = page.get_by_label(label, exact=label in ("Place", "Day")).first
        if await field.count() and await field.is_visible():
            await field.fill(typed)
    await page.get_by_label("What is it about?").fill("Because it is ours")


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_an_organiser_makes_each_kind_of_call(
    looks: Looks, house: House, opened: Opened
) -> None:
    organiser = await house.member("organiser")
    await house.community(organiser, "garden")
    window = await opened(looks)
    page = window.page
    await window.sign_in("organiser", PASSWORD)
    for choice in CHOICES:
        await window.open("/@garden")
        await page.get_by_role("link", name="Make a call").click()
        await page.get_by_role("link", name=choice.title, exact=True).click()
        await fill(window, choice)
        assert await window.overflow() <= 0
        await page.get_by_role("button", name="Publish the call").click()
        await page.get_by_role("heading", name=f"Ours: {choice.title}").wait_for()
        assert "Because it is ours" in await window.words()
        await page.get_by_role("link", name="Edit").click()
        await page.get_by_label("Title").fill(f"Changed: {choice.title}")
        await page.get_by_role("button", name="Save").click()
        await page.get_by_role("heading", name=f"Changed: {choice.title}").wait_for()


async def begun(window: Window, kind: str, title: str) -> Page:
    """The form of an event or a call for help, with what it asks first."""
    await window.sign_in("organiser", PASSWORD)
    await window.open(f"/@garden/calls/new?kind={kind}")
    page = window.page
    await page.get_by_label("Title").fill(title)
    await page.get_by_label("Day", exact=True).fill("2031-05-17")
    await page.get_by_label("Begins at").fill("10:00")
    await page.get_by_label("Time zone").fill("Europe/Rome")
    return page


async def shift(page: Page, number: int, what: str, begins: str, ends: str) -> None:
    row = page.get_by_role("group", name=f"Shift {number}", exact=True)
    await row.get_by_label("What is done").fill(what)
    await row.get_by_label("From").fill(begins)
    await row.get_by_label("Until").fill(ends)


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_an_organiser_adds_and_takes_away_shifts(
    looks: Looks, house: House, opened: Opened
) -> None:
    organiser = await house.member("organiser")
    await house.community(organiser, "garden")
    window = await opened(looks)
    page = await begun(window, "volunteer", "Help at the dam")
    await page.get_by_text("Shifts and roles").click()
    await shift(page, 1, "Dig", "10:00", "11:00")
    await shift(page, 2, "Carry", "11:00", "12:00")
    await page.get_by_role("button", name="One more shift").click()
    await expect(
        page.get_by_role("group", name="Shift 3").get_by_label("What is done")
    ).to_be_focused()
    await shift(page, 3, "Cook", "12:00", "13:00")
    await page.get_by_role("group", name="Shift 3").get_by_label("Roles").fill("Chef: 1\nHelper: 3")
    await page.get_by_role("button", name="Remove Shift 1").click()
    await expect(
        page.get_by_role("group", name="Shift 1").get_by_label("What is done")
    ).to_have_value("Carry")
    await expect(page.get_by_role("group", name="Shift 3")).to_have_count(0)
    assert await window.overflow() <= 0
    await page.get_by_label("Title").press("Enter")  # makes the call, and no row
    await page.get_by_role("heading", name="Help at the dam").wait_for()
    words = await window.words()
    assert "Carry" in words
    assert "Helper" in words
    assert "Dig" not in words
    if looks.script:
        assert await window.faults() == []


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_a_picture_is_kept_while_its_words_are_put_right(
    looks: Looks, house: House, opened: Opened
) -> None:
    organiser = await house.member("organiser")
    await house.community(organiser, "garden")
    window = await opened(looks)
    page = await begun(window, "event", "See the dam")
    await page.get_by_text("Pictures", exact=True).click()
    await page.get_by_label("Choose a picture").set_input_files(
        {"name": "dam.jpg", "mimeType": "image/jpeg", "buffer": samples.picture()}
    )
    await page.get_by_role("button", name="Publish the call").click()
    await expect(page.get_by_label("What it shows")).to_have_accessible_description(
        "Say in words what the picture shows."
    )
    await page.get_by_label("What it shows").fill("A dam of reeds")
    assert await window.overflow() <= 0
    await page.get_by_role("button", name="Publish the call").click()
    await page.get_by_role("heading", name="See the dam").wait_for()
    await expect(page.get_by_role("img", name="A dam of reeds")).to_be_visible()


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_an_event_takes_place_again_and_again(
    looks: Looks, house: House, opened: Opened
) -> None:
    organiser = await house.member("organiser")
    await house.community(organiser, "garden")
    window = await opened(looks)
    page = await begun(window, "event", "We eat together")
    await page.get_by_text("Take place again and again").click()
    await page.get_by_label("It repeats").select_option("Every two weeks")
    assert await window.overflow() <= 0
    await page.get_by_role("button", name="Publish the call").click()
    await page.get_by_role("heading", name="We eat together").wait_for()
    await window.open("/@garden")
    words = await window.words()
    for day in ("17 May 2031", "31 May 2031", "14 Jun 2031"):
        assert day in words


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_a_call_begins_with_a_template_and_becomes_one(
    looks: Looks, house: House, opened: Opened
) -> None:
    organiser = await house.member("organiser")
    await house.community(organiser, "garden")
    window = await opened(looks)
    page = window.page
    await window.sign_in("organiser", PASSWORD)
    await window.open("/@garden/calls/new?kind=petition")
    await page.get_by_text("Start from a template").click()
    await page.get_by_role("link", name="A petition").click()
    await page.get_by_label("Who is asked").fill("The harbour board")
    await page.locator("main").get_by_role("button").last.click()
    await expect(page.get_by_label("What is it about?")).to_have_value(re.compile("harbour board"))
    await page.get_by_label("Title").fill("Keep the ferry")
    await page.get_by_label("What is it about?").fill("It is ours")
    await page.get_by_role("button", name="Publish the call").click()
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_text("Keep it as a template").click()
    await page.get_by_label("What the template is called").fill("For the ferry")
    assert await window.overflow() <= 0
    await page.get_by_role("button", name="Keep it").click()
    await page.get_by_text("For the ferry").first.wait_for()
    await window.open("/@garden/calls/new?kind=petition")
    await page.get_by_text("Start from a template").click()
    await expect(page.get_by_role("link", name="For the ferry")).to_be_visible()


@pytest.mark.parametrize(
    "looks", [Looks(PHONE), Looks(dark=True), Looks(PHONE, language="ar")], ids=str
)
async def test_all_that_is_folded_can_be_used_by_everybody(
    looks: Looks, house: House, opened: Opened
) -> None:
    organiser = await house.member("organiser")
    await house.community(organiser, "garden")
    window = await opened(looks)
    await window.sign_in("organiser", PASSWORD)
    for query in ("kind=volunteer", "kind=event", "kind=decision", "kind=need"):
        await window.open(f"/@garden/calls/new?{query}")
        for fold in await window.page.locator("details > summary").all():
            await fold.click()
        assert await window.overflow() <= 0, query
        assert await window.faults() == [], query
        assert await window.unreached() == [], query
