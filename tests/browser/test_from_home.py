"""Somebody with an account on a microblog takes part from there: typed handle, own server, signed answer, count."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser

from tests.api.networked import Town, pages, town
from tests.browser.conftest import browser
from tests.browser.window import EVERY, Looks, window
from tests.federation.peer import Peer, peer

__all__ = ["browser", "pages", "town"]


@pytest.fixture
async def microblog() -> AsyncIterator[Peer]:
    async with peer("mastodon") as made:
        yield made


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_somebody_takes_part_from_their_own_server(
    looks: Looks, town: Town, microblog: Peer, browser: Browser
) -> None:
    ours = town.ours
    organiser = await town.house.member("organiser")
    assert organiser.account
    garden = await town.house.community(organiser, "garden")
    call = await ours.event(organiser.account, garden, "Dig the beds")
    visitor = microblog.person("visitor")
    join = {"https://w3id.org/fep/3b86/Join": microblog.url("/join?o={object}&s={on-success}")}
    microblog.says(f"visitor@{microblog.host}", visitor.uri, **join)

    async with window(browser, f"https://{ours.host}", looks) as opened:
        page = opened.page
        await opened.open(f"/calls/{call.id}")
        handle = page.get_by_label("Your handle on your own server").first
        if not await handle.is_visible():
            await page.get_by_text("With an account elsewhere").click()
        await handle.fill(f"@visitor@{microblog.host}")
        await page.get_by_role("button", name="Take part from your server").click()
        await page.wait_for_url(lambda url: url.startswith(microblog.url("/join?o=")))

        await microblog.send(visitor, microblog.activity(visitor, "Join", call.uri), ours.inbox)
        await ours.settle()
        await opened.open(f"/calls/{call.id}")
        assert "1 person" in await opened.words()
        assert await opened.overflow() <= 0
