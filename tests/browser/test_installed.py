"""The worker: what a device keeps of the pages, shows without a connection, and forgets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page

from storage.calls import Details
from tests.api.conftest import PASSWORD, Running, serving
from tests.api.people import House
from tests.browser.window import DESK, PHONE, Looks, Window, window

KEPT = (
    "caches.open('calls').then(c => c.keys()).then(k => k.map(r => new URL(r.url).pathname).sort())"
)
ALL = (
    "caches.keys().then(n => Promise.all(n.map(async x =>"
    " (await (await caches.open(x)).keys()).map(r => new URL(r.url).pathname)))).then(a => a.flat().sort())"
)


async def until(page: Page, true: str) -> None:
    """Until that is so. (Playwright's own way evaluates a string, which the policy of the pages forbids.)"""
    again = f"while (!({true})) await new Promise(r => setTimeout(r, 20))"
    async with asyncio.timeout(20):
        await page.evaluate(f"(async () => {{ {again} }})()")


async def ready(at: Window) -> None:
    """Until the worker looks after the page."""
    await until(at.page, "navigator.serviceWorker.controller !== null")


async def a_call(house: House, title: str = "Plant the square") -> str:
    gardener = await house.member("gardener")
    plot = await house.community(gardener, "plot")
    details = Details(house.work.clock.now() + timedelta(days=1), None, "UTC")
    post = await house.call(gardener, plot, details, title)
    return f"/calls/{post.id}"


async def seen(page: Page, path: str) -> None:
    """Until that page is kept."""
    await until(page, f"(await {KEPT}).includes('{path}')")


@pytest.mark.parametrize("width", [PHONE, DESK])
async def test_without_a_connection_one_finds_what_one_looked_at(
    width: int, database_url: str, free_port: Callable[[], int], tmp_path: Path, browser: Browser
) -> None:
    """The server is gone; what a browser only pretends to have lost, its workers may still have."""
    port = free_port()
    async with AsyncExitStack() as stack:
        server = AsyncExitStack()
        stack.push_async_callback(server.aclose)
        here = await server.enter_async_context(
            serving(database_url, port, domain=f"localhost:{port}", data=str(tmp_path))
        )
        at = await stack.enter_async_context(window(browser, here.base, Looks(width), worker=True))
        path = await a_call(House(here.work, here.http, here.base, here.member, here.token))
        await at.open("/about")
        await ready(at)
        await at.open(path)
        await seen(at.page, path)
        assert "You are not connected" not in await at.words()
        await server.aclose()
        await at.page.goto(here.base + "/communities")
        assert "You are not connected" in await at.words()
        assert await at.overflow() <= 0
        assert await at.faults() == []
        await at.page.get_by_role("link", name="Plant the square").click()
        await at.page.wait_for_url(f"**{path}")
        assert "This is as it was when you last looked." in await at.words()
        assert "Plant the square" in await at.words()


async def test_nothing_of_somebody_who_is_signed_in_is_kept(
    here: Running, house: House, browser: Browser
) -> None:
    path = await a_call(house)
    async with window(browser, here.base, Looks(), worker=True) as at:
        await at.sign_in("gardener", PASSWORD)
        await ready(at)
        for each in (path, "/settings/profile", "/", "/@plot"):
            await at.open(each)
        assert await at.page.evaluate(KEPT) == []
        assert all(
            kept == "/offline" or kept.startswith("/assets/")
            for kept in await at.page.evaluate(ALL)
        )
        await at.context.set_offline(True)
        await at.page.goto(here.base + "/settings/profile")
        assert "You are not connected" in await at.words()
        assert "gardener" not in await at.page.content()


async def test_signing_out_forgets_what_was_kept(
    here: Running, house: House, browser: Browser
) -> None:
    path = await a_call(house)
    async with window(browser, here.base, Looks(), worker=True) as at:
        await at.open("/about")
        await ready(at)
        await at.open(path)
        await seen(at.page, path)
        await at.sign_in("gardener", PASSWORD)
        await at.page.get_by_text("@gardener").first.click()
        await at.page.get_by_role("button", name="Sign out").click()
        await at.page.get_by_role("link", name="Sign in").first.wait_for()
        await until(at.page, f"(await {KEPT}).length === 0")


async def test_no_other_page_is_kept(here: Running, house: House, browser: Browser) -> None:
    path = await a_call(house)
    async with window(browser, here.base, Looks(), worker=True) as at:
        await at.open("/about")
        await ready(at)
        for each in ("/@plot", "/calls", f"{path}?done=saved", f"{path}/poster", "/calls/999999"):
            await at.open(each)
        await at.open(path)
        await seen(at.page, path)
        assert await at.page.evaluate(KEPT) == [path]
