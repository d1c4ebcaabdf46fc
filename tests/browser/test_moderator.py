"""A moderator clears the queue: looks at what waits, lets one in, refuses one with a reason, and nothing is left."""

from __future__ import annotations

import pytest

from tests.api.conftest import PASSWORD
from tests.api.people import House
from tests.browser.conftest import Opened
from tests.browser.window import EVERY, Looks

BECKON = "/api/beckon/v1"


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_a_moderator_clears_the_queue(looks: Looks, house: House, opened: Opened) -> None:
    organiser, moderator = await house.member("organiser"), await house.member("warden")
    writer = await house.member("writer")
    garden = await house.community(organiser, "garden")
    for member in (moderator, writer):
        await member.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    here = f"{BECKON}/communities/{garden.id}"
    sent = {"account_id": moderator.id, "role": "moderator"}
    await organiser.good("POST", f"{here}/roles", json=sent)

    window = await opened(looks)
    page = window.page
    await window.sign_in("warden", PASSWORD)
    await window.open("/@garden")
    await page.get_by_role("link", name="Steer this community").click()
    await window.turn_to("What waits")
    await page.get_by_text("Add a rule").click()
    await page.get_by_label("The word, the site or the server").fill("frost")
    await page.get_by_role("button", name="Add the rule").click()
    assert "A word: frost" in await window.words()

    for text in ("@garden frost tonight, cover the beans", "@garden buy frost cheaply"):
        await writer.says(text)
    await window.turn_to("Waiting posts")
    spam = page.locator("article", has_text="cheaply")
    await spam.get_by_role("button", name="Refuse it").click()
    assert "Say why" in await window.words()
    await spam.get_by_label("Why, if you refuse it").fill("No selling here")
    await spam.get_by_role("button", name="Refuse it").click()
    beans = page.locator("article", has_text="cover the beans")
    await beans.get_by_role("button", name="Let it in").click()
    assert "Nothing waits" in await window.words()
    assert await window.overflow() <= 0

    await window.open("/@garden")
    assert "cover the beans" in await window.words()
    assert "cheaply" not in await window.words()
    await window.open("/@garden/log")
    said = await window.words()
    assert "Moderator: refused a post that waited No selling here" in said
    assert "warden" not in said
