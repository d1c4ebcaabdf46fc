"""A real browser for the tests: Chromium, driven by Playwright, with and without scripts, narrow and wide.

It is the one that ``deploy/test`` unpacked into ``.venv/clients``, else the one that ``BECKON_TEST_BROWSER`` names.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import Browser, BrowserContext, Page, Playwright, async_playwright
from playwright.async_api import Error as PlaywrightError

CLIENTS = Path(sys.prefix) / "clients"
UNPACKED = CLIENTS / "browser"
AXE = CLIENTS / "node_modules" / "axe-core" / "axe.min.js"
PHONE, DESK = 360, 1280
ARGUMENTS = [
    "--no-sandbox",  # as root, and in most containers, there is none to be had
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP localhost 127.0.0.1",
]
GRAVE = ("serious", "critical")
REACHED = Path(__file__).with_name("keyboard.js").read_text(encoding="utf-8")
TABS = 4
"""How often the key may have to be pressed for each thing on a page: a date has four parts."""

PATIENCE = 30_000
"""Milliseconds: machines with two cores are slow beside other tests."""

STARTS = 3


@dataclass(frozen=True)
class Looks:
    """How somebody looks at the pages. ``width`` in CSS pixels; ``script``: whether the browser runs any."""

    width: int = DESK
    script: bool = True
    dark: bool = False
    language: str = "en"

    def __str__(self) -> str:
        marks = [
            str(self.width),
            *(["plain"] if not self.script else []),
            *(["dark"] if self.dark else []),
        ]
        return "-".join([*marks, *([self.language] if self.language != "en" else [])])


EVERY = [Looks(width, script) for width in (PHONE, DESK) for script in (True, False)]
"""Each journey is made in all of them."""


def _program() -> tuple[str, dict[str, str]]:
    """The browser, and what its environment needs besides ours."""
    named = os.environ.get("BECKON_TEST_BROWSER")
    if named:
        return named, {}
    extra = {"LD_LIBRARY_PATH": str(UNPACKED / "lib"), "FONTCONFIG_PATH": str(UNPACKED)}
    return str(UNPACKED / "chromium"), extra


async def _launched(
    playwright: Playwright, program: str, env: dict[str, str | float | bool]
) -> Browser:
    """Where many start at once, now and then one of them dies before it says a word."""
    for _ in range(STARTS - 1):
        try:
            return await playwright.chromium.launch(
                executable_path=program, args=ARGUMENTS, env=env
            )
        except PlaywrightError:
            continue
    return await playwright.chromium.launch(executable_path=program, args=ARGUMENTS, env=env)


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    program, extra = _program()
    async with async_playwright() as playwright:
        browser = await _launched(playwright, program, {**os.environ, **extra})
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(frozen=True)
class Window:
    """Somebody's browser at one instance. ``base``: where that is."""

    context: BrowserContext
    page: Page
    base: str
    looks: Looks

    async def open(self, path: str) -> int:
        """Go there; gives the status."""
        answer = await self.page.goto(path if path.startswith("http") else self.base + path)
        assert answer, path
        return answer.status

    async def sign_in(self, name: str, password: str) -> None:
        await self.open("/sign-in")
        await self.page.locator("#name").fill(name)  # in whatever language the page speaks
        await self.page.locator("#password").fill(password)
        await self.page.keyboard.press("Enter")
        await self.page.wait_for_url(lambda url: "/sign-in" not in url)

    async def turn_to(self, entry: str) -> None:
        """Another page of those that belong together, by their menu: it is folded where there is no room."""
        if self.looks.width == PHONE:
            await self.page.locator("nav.above summary").click()
        menu = self.page.locator("nav.side").filter(visible=True)
        await menu.get_by_role("link", name=entry, exact=True).click()

    async def words(self) -> str:
        """What stands in the page, in one line."""
        return " ".join((await self.page.locator("main").inner_text()).split())

    async def overflow(self) -> int:
        """By how many pixels the page is wider than the window: it must never be."""
        return await self.page.evaluate(
            "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
        )

    async def faults(self) -> list[str]:
        """What axe-core finds serious or critical, as lines. Needs scripts."""
        await self.page.evaluate(AXE.read_text())
        found = await self.page.evaluate(
            "axe.run(document, {resultTypes: ['violations']}).then(r => r.violations.map(v =>"
            " [v.impact, v.id, v.nodes.map(n => n.html.slice(0, 120)).join(' | ')]))"
        )
        return [f"{rule}: {where}" for impact, rule, where in found if impact in GRAVE]

    async def unreached(self) -> list[str]:
        """What the Tab key does not reach, hides as it reaches it, or does not mark, as lines. Needs scripts."""
        await self.page.evaluate(REACHED)
        left = await self.page.evaluate("beckonKeys.left()")
        for _ in range(TABS):
            if not left:
                break
            for _ in range(left + 1):
                await self.page.keyboard.press("Tab")
            left = await self.page.evaluate("beckonKeys.left()")
        return await self.page.evaluate("beckonKeys.faults()")


@asynccontextmanager
async def window(
    browser: Browser, base: str, looks: Looks, *, worker: bool = False
) -> AsyncIterator[Window]:
    """A window of its own: cookies of no other. ``worker``: whether it keeps pages (server/assets/worker.js)."""
    context = await browser.new_context(
        viewport={"width": looks.width, "height": 800},
        java_script_enabled=looks.script,
        color_scheme="dark" if looks.dark else "light",
        reduced_motion="reduce",
        locale=looks.language,
        service_workers="allow" if worker else "block",
        ignore_https_errors=True,  # instances that federate have an authority of the test's own
    )
    context.set_default_timeout(PATIENCE)
    try:
        yield Window(context, await context.new_page(), base, looks)
    finally:
        await context.close()
