"""What surrounds every page: its head, its menus, its languages; by mouse, by keyboard, with and without scripts."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from storage.calls import Details
from tests.api.conftest import PASSWORD
from tests.api.people import House
from tests.browser.conftest import Opened
from tests.browser.window import EVERY, PHONE, Looks


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_one_signs_in_and_out(looks: Looks, house: House, opened: Opened) -> None:
    await house.member("gardener")
    window = await opened(looks)
    await window.sign_in("gardener", PASSWORD)
    await window.page.get_by_text("@gardener").first.click()
    await window.page.get_by_role("button", name="Sign out").click()
    await window.page.get_by_role("link", name="Sign in").first.wait_for()
    assert await window.overflow() <= 0


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_a_stranger_chooses_a_language(looks: Looks, house: House, opened: Opened) -> None:
    window = await opened(looks)
    await window.open("/about")
    await window.page.get_by_label("Language").select_option("ar")
    if not looks.script:
        await window.page.get_by_role("button", name="Change").click()
    await window.page.wait_for_selector("html[lang=ar][dir=rtl]")
    assert await window.open("/sign-in") == 200
    assert await window.page.locator("html").get_attribute("lang") == "ar"
    assert await window.overflow() <= 0


async def test_the_browser_says_the_language(house: House, opened: Opened) -> None:
    window = await opened(Looks(language="fr-CH"))
    await window.open("/about")
    assert await window.page.locator("html").get_attribute("lang") == "fr"


async def test_by_keyboard_the_content_is_one_step_away(house: House, opened: Opened) -> None:
    window = await opened(Looks(PHONE))
    await window.open("/")
    await window.page.keyboard.press("Tab")
    assert await window.page.evaluate("document.activeElement.className") == "skip"
    await window.page.keyboard.press("Enter")
    assert await window.page.evaluate("document.activeElement.id") == "main"


async def test_a_menu_opens_and_closes_by_keyboard(house: House, opened: Opened) -> None:
    await house.member("gardener")
    window = await opened(Looks())
    await window.sign_in("gardener", PASSWORD)
    menu = window.page.locator("details.menu")
    await menu.locator("summary").focus()
    await window.page.keyboard.press("Enter")
    assert await menu.get_attribute("open") is not None
    await window.page.keyboard.press("Escape")
    assert await menu.get_attribute("open") is None


async def test_the_data_of_an_event_breaks_no_policy(house: House, opened: Opened) -> None:
    organiser = await house.member("organiser")
    garden = await house.community(organiser, "garden")
    details = Details(datetime.now(UTC) + timedelta(days=1), None, "UTC", "</script>")
    post = await house.call(organiser, garden, details, "Dig")
    window = await opened(Looks())
    said = list[str]()
    window.page.on("console", lambda message: said.append(message.text))
    await window.open(f"/calls/{post.id}")
    data = await window.page.locator("script[type='application/ld+json']").inner_text()
    assert json.loads(data)["location"]["name"] == "</script>"
    assert [
        each for each in said if "Service Worker" not in each
    ] == []  # which these windows block
