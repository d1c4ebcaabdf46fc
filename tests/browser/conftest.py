"""An instance at ``localhost``, where browsers allow what they allow of https, and windows at it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.api.conftest import Running, serving
from tests.api.people import House
from tests.browser.window import Looks, Window, chromium, window

Opened = Callable[[Looks], Awaitable[Window]]


@pytest.fixture
async def here(
    database_url: str, free_port: Callable[[], int], tmp_path: Path
) -> AsyncIterator[Running]:
    port = free_port()
    domain = f"localhost:{port}"
    async with serving(database_url, port, domain=domain, data=str(tmp_path)) as running:
        yield running


@pytest.fixture
async def house(here: Running) -> House:
    return House(here.work, here.http, here.base, here.member, here.token)


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    async with chromium() as opened:
        yield opened


@pytest.fixture
async def opened(here: Running, browser: Browser) -> AsyncIterator[Opened]:
    """Opens windows at ``here``."""
    async with AsyncExitStack() as stack:

        async def at(looks: Looks) -> Window:
            return await stack.enter_async_context(window(browser, here.base, looks))

        yield at
