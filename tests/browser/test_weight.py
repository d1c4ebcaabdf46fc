"""What a call's page weighs on a slow line, as the browser itself counts it, and what it waits for before it shows something."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from playwright.async_api import Page, Route

from tests.api.people import House
from tests.api.world import full
from tests.browser.conftest import Opened
from tests.browser.window import PATIENCE, PHONE, Looks

MOST = 60_000
"""Bytes of a public call's page with its style sheet and script, without pictures."""

PAINTED = "performance.getEntriesByName('first-contentful-paint').length > 0"
PICTURES = "Image", "Media"


@dataclass
class Line:
    """What came over it, by address: of which kind, and how many bytes with headers, packed as it was."""

    kinds: dict[str, str] = field(default_factory=dict[str, str])
    sizes: dict[str, float] = field(default_factory=dict[str, float])
    addresses: dict[str, str] = field(default_factory=dict[str, str])

    def came(self, event: Mapping[str, Any]) -> None:
        self.addresses[event["requestId"]] = event["response"]["url"]
        self.kinds[event["response"]["url"]] = event["type"]

    def ended(self, event: Mapping[str, Any]) -> None:
        address = self.addresses.get(event["requestId"])
        if address:
            self.sizes[address] = event["encodedDataLength"]


async def listened(page: Page) -> Line:
    line, protocol = Line(), await page.context.new_cdp_session(page)
    await protocol.send("Network.enable")
    protocol.on("Network.responseReceived", cast(Any, line.came))
    protocol.on("Network.loadingFinished", cast(Any, line.ended))
    return line


async def test_every_call_is_light(house: House, opened: Opened) -> None:
    world = await full(house)
    for number in world.ids["calls"]:
        window = await opened(Looks(PHONE))  # with nothing kept from before
        line = await listened(window.page)
        await window.open(f"/calls/{number}")
        await window.page.wait_for_load_state("networkidle")
        weight = sum(s for url, s in line.sizes.items() if line.kinds[url] not in PICTURES)
        assert 5_000 < weight <= MOST, (number, line.sizes)


@pytest.mark.parametrize("script", [True, False])
async def test_it_is_shown_after_one_request_and_the_style_sheet(
    script: bool, house: House, opened: Opened
) -> None:
    world = await full(house)
    window = await opened(Looks(PHONE, script=script))
    held = asyncio.Event()
    asked: list[str] = []

    async def only_what_it_needs(route: Route) -> None:
        kind = route.request.resource_type
        asked.append(kind)
        if kind not in ("document", "stylesheet"):
            await held.wait()  # as if it never came
        await route.continue_()

    await window.page.route("**/*", only_what_it_needs)
    await window.page.goto(f"{window.base}/calls/{world.ids['calls'][0]}", wait_until="commit")
    if script:
        async with asyncio.timeout(PATIENCE / 1000):
            while not await window.page.evaluate(PAINTED):  # noqa: ASYNC110 - the page is another process
                await asyncio.sleep(0.05)
    else:
        await window.page.get_by_role("heading", level=1).wait_for()
    assert asked.count("document") == 1
    assert asked.count("stylesheet") == 1
    held.set()
    await window.page.unroute_all(behavior="ignoreErrors")
