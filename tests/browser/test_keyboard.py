"""By the keyboard alone: what ``test_every_page`` would find is found, and somebody without a mouse gets things done."""

from __future__ import annotations

import pytest

from tests.api.conftest import PASSWORD
from tests.api.people import House
from tests.browser.conftest import Opened
from tests.browser.window import EVERY, Looks, Window

MOST = 200
"""How often somebody presses Tab before they give up."""

NAME = """() => {
    const here = document.activeElement;
    if (here === document.body) return "";
    const labels = [...(here.labels ?? [])].map(label => label.innerText).join(" ");
    return here.getAttribute("aria-label") || labels || here.innerText || here.value || "";
}"""

BAD = """
    <a href="/one" style="outline: none">unmarked</a>
    <a href="/two">fine</a>
    <p style="position: relative"><a href="/three">covered</a>
        <span style="position: absolute; inset: 0; background: white">lid</span></p>
    <span tabindex="3">first of all</span>
    <button onfocus="document.querySelector('a').focus()">trap</button>
    <a href="/four">behind the trap</a>
"""


async def test_what_a_keyboard_misses_is_found(house: House, opened: Opened) -> None:
    window = await opened(Looks())
    await window.page.set_content(BAD)
    found = await window.unreached()
    told = {fault.partition(":")[0]: fault for fault in found}
    assert set(told) == {"is not marked", "is covered", "jumps the queue", "is not reached"}
    assert "unmarked" in told["is not marked"]
    assert "three" in told["is covered"]
    assert "four" in told["is not reached"]


async def to(window: Window, name: str, key: str = "", *, typed: str = "") -> None:
    """Press Tab until something of this name is reached; then a key, or type."""
    keyboard, met = window.page.keyboard, list[str]()
    for _ in range(MOST):
        await keyboard.press("Tab")
        met.append(" ".join((await window.page.evaluate(NAME)).split()))
        if met[-1] == name:
            break
    else:
        raise AssertionError(f"{name!r} is not reached at {window.page.url}, but {set(met)}")
    if typed:
        await keyboard.press("Control+A")
        await keyboard.type(typed)
    elif key == "Enter" and await _goes_on(window):
        async with window.page.expect_navigation():
            await keyboard.press(key)
    elif key:
        await keyboard.press(key)


async def _goes_on(window: Window) -> bool:
    """Whether Enter leads to another page from here: it does, but on what opens a menu."""
    return await window.page.evaluate("document.activeElement.tagName !== 'SUMMARY'")


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_an_organiser_without_a_mouse(looks: Looks, house: House, opened: Opened) -> None:
    await house.member("organiser")
    window = await opened(looks)
    await window.open("/")
    await to(window, "Sign in", "Enter")
    await to(window, "Handle or e-mail address", typed="organiser")
    await to(window, "Password", typed=PASSWORD)
    await to(window, "Sign in", "Enter")
    await window.open("/new-community")
    await to(window, "Title", typed="The old garden")
    await to(window, "Handle", typed="garden")
    await to(window, "Start it", "Enter")
    await to(window, "Make a call", "Enter")
    await to(window, "A petition", "Enter")
    await to(window, "Title", typed="Keep the path open")
    await to(window, "Publish the call", "Enter")
    assert "Keep the path open" in await window.words()
    await to(window, "Count me", "Enter")
    assert "1 person" in await window.words()


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_a_moderator_without_a_mouse(looks: Looks, house: House, opened: Opened) -> None:
    organiser, writer = await house.member("organiser"), await house.member("writer")
    garden = await house.community(organiser, "garden")
    await writer.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    rules = f"/api/beckon/v1/communities/{garden.id}/hold_rules"
    await organiser.good("POST", rules, json={"kind": "word", "value": "frost"})
    await writer.says("@garden frost tonight, cover the beans")

    window = await opened(looks)
    await window.open("/sign-in")
    await to(window, "Handle or e-mail address", typed="organiser")
    await to(window, "Password", typed=PASSWORD)
    await to(window, "Sign in", "Enter")
    await window.open("/@garden/steer/queue")
    await to(window, "Why, if you refuse it: its author is told", typed="No talk of the weather")
    await to(window, "Refuse it", "Enter")
    assert "Nothing waits" in await window.words()
    await window.open("/@garden/log")
    assert "No talk of the weather" in await window.words()
