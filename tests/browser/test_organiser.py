"""An organiser makes each kind of call in a real browser, finds it on its page, and changes it."""

from __future__ import annotations

import pytest

from server.web.call_form import CHOICES, Choice
from tests.api.conftest import PASSWORD
from tests.api.people import House
from tests.browser.conftest import Opened
from tests.browser.window import EVERY, Looks, Window


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
