"""A member's life here: they sign up, make their ways in, choose what they like, look after their browsers, and leave."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from playwright.async_api import Page

from tests import samples
from tests.api.conftest import PASSWORD, Running
from tests.api.people import House
from tests.browser.conftest import Opened
from tests.browser.window import DESK, EVERY, PHONE, Looks, Window

KEY: dict[str, Any] = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


async def press(page: Page, name: str) -> None:
    """A button of the page itself, not of its frame."""
    await page.locator("main").get_by_role("button", name=name, exact=True).click()


async def open_part(page: Page, name: str) -> None:
    """What is folded behind these words."""
    await page.locator("summary", has_text=name).first.click()


async def sign_up(window: Window, name: str) -> None:
    await window.open("/sign-up")
    page = window.page
    await page.get_by_label("Handle").fill(name)
    await page.get_by_label("E-mail address").fill(f"{name}@people.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_label("I agree to the rules.").check()
    await press(page, "Sign up")
    await page.get_by_text(f"@{name}").first.wait_for()


async def sign_out(window: Window) -> None:
    await window.page.locator("details.menu > summary").click()
    await window.page.get_by_role("button", name="Sign out", exact=True).first.click()
    await window.page.get_by_role("link", name="Sign in").first.wait_for()


async def with_key(window: Window) -> None:
    """The browser has a device with passkeys."""
    session = await window.context.new_cdp_session(window.page)
    await session.send("WebAuthn.enable")
    await session.send("WebAuthn.addVirtualAuthenticator", {"options": KEY})


async def open_to_all(here: Running) -> None:
    async with here.work.transaction() as tx:
        await tx.conn.execute("update instance set registrations = 'open'")


async def add_passkey(window: Window) -> None:
    page = window.page
    await window.open("/settings/sign-in")
    await open_part(page, "Add a passkey")
    await page.get_by_label("A name for it").fill("My telephone")
    await page.get_by_label("Your password").locator("visible=true").fill(PASSWORD)
    await press(page, "Add a passkey")
    await press(page, "Make the passkey")
    await page.get_by_text("Added.", exact=True).wait_for()


async def set_up_codes(window: Window, here: Running) -> tuple[TOTP, list[str]]:
    """The app that makes the codes, and the recovery codes."""
    page = window.page
    await window.open("/settings/sign-in")
    await open_part(page, "Set up codes")
    await page.get_by_label("Your password").locator("visible=true").fill(PASSWORD)
    await press(page, "Go on")
    await open_part(page, "Or type it")
    typed = await page.locator("#secret").inner_text()
    app = TOTP(base64.b32decode(typed.replace(" ", "")), 6, SHA1(), 30)
    await page.get_by_label("Code", exact=True).fill(code(app, here, -30))
    assert await window.overflow() <= 0
    await press(page, "Turn codes on")
    await page.get_by_role("heading", name="Your recovery codes").wait_for()
    assert await window.overflow() <= 0
    return app, await page.locator("ol.codes code").all_inner_texts()


def code(app: TOTP, here: Running, later: int = 0) -> str:
    return app.generate(int(here.clock.now().timestamp()) + later).decode()


async def give_password(window: Window, name: str) -> None:
    page = window.page
    await window.open("/sign-in?next=/settings/profile")
    await page.get_by_label("Handle or e-mail address").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await press(page, "Sign in")
    await page.wait_for_url("**/sign-in/code?**")
    assert await window.overflow() <= 0


async def give_code(window: Window, typed: str) -> None:
    await window.page.get_by_label("Code", exact=True).fill(typed)
    await press(window.page, "Sign in")


@pytest.mark.parametrize("looks", [Looks(PHONE), Looks(DESK)], ids=str)
async def test_one_signs_up_and_then_in_with_a_passkey(
    looks: Looks, here: Running, opened: Opened
) -> None:
    await open_to_all(here)
    window = await opened(looks)
    await with_key(window)
    await sign_up(window, "gardener")
    await add_passkey(window)
    await sign_out(window)
    await window.open("/sign-in?next=/settings/sign-in")
    await press(window.page, "Use a passkey instead")
    await window.page.wait_for_url(f"{window.base}/settings/sign-in")
    assert "Last used on" in await window.words()
    assert "Not used yet" not in await window.words()
    assert await window.overflow() <= 0


async def test_a_passkey_that_was_removed_opens_nothing(house: House, opened: Opened) -> None:
    await house.member("gardener")
    window = await opened(Looks())
    await with_key(window)
    await window.sign_in("gardener", PASSWORD)
    await add_passkey(window)
    await open_part(window.page, "Remove My telephone")
    await window.page.get_by_label("Your password").locator("visible=true").fill(PASSWORD)
    await press(window.page, "Remove this passkey")
    await window.page.get_by_text("Removed.", exact=True).wait_for()
    await sign_out(window)
    await window.open("/sign-in")
    await press(window.page, "Use a passkey instead")
    await window.page.get_by_text("This passkey is not known here.").wait_for()


async def test_without_scripts_no_passkey_is_offered(house: House, opened: Opened) -> None:
    await house.member("gardener")
    window = await opened(Looks(script=False))
    await window.open("/sign-in")
    assert "passkey" not in await window.words()
    await window.sign_in("gardener", PASSWORD)
    await window.open("/settings/sign-in")
    assert "your browser needs to run scripts" in await window.words()
    assert await window.page.get_by_text("Add a passkey", exact=True).first.is_hidden()


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_one_signs_in_with_codes_and_with_a_recovery_code(
    looks: Looks, here: Running, house: House, opened: Opened
) -> None:
    await house.member("gardener")
    window = await opened(looks)
    await window.sign_in("gardener", PASSWORD)
    app, recovery = await set_up_codes(window, here)
    assert len(recovery) == 10
    await sign_out(window)
    await give_password(window, "gardener")
    await give_code(window, "000000")
    await window.page.get_by_text("This code is not right").wait_for()
    await give_code(window, code(app, here))
    await window.page.wait_for_url(f"{window.base}/settings/profile")
    await sign_out(window)
    await give_password(window, "gardener")
    await give_code(window, recovery[3])
    await window.page.wait_for_url(f"{window.base}/settings/profile")
    await window.open("/settings/sign-in")
    assert "9 codes left" in await window.words()


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_one_chooses_signs_another_browser_out_and_leaves(
    looks: Looks, here: Running, opened: Opened
) -> None:
    await open_to_all(here)
    window, other = await opened(looks), await opened(Looks())
    await sign_up(window, "gardener")
    await other.sign_in("gardener", PASSWORD)
    await choose(window)
    page = window.page
    await window.open("/settings/sessions")
    await press(page, "Sign out all other browsers")
    await page.get_by_text("Done.", exact=True).wait_for()
    await other.open("/settings/sessions")
    assert "/sign-in" in other.page.url
    await window.open("/settings/account")
    await page.get_by_role("link", name="Delete your account").click()
    await page.get_by_label("Your password").fill(PASSWORD)
    await press(page, "Delete everything now")
    await page.get_by_role("heading", name="Your account is deleted").wait_for()
    assert await window.open("/@gardener") == 404


async def choose(window: Window) -> None:
    """Something on each page of the settings."""
    page = window.page
    await window.open("/settings/profile")
    await page.get_by_label("Name", exact=False).first.fill("The gardener")
    await page.get_by_label("Ask me before somebody follows me").check()
    picture = {"name": "me.png", "mimeType": "image/png", "buffer": samples.picture("PNG")}
    await page.get_by_label("Choose a picture").first.set_input_files([picture])
    await page.get_by_label("What it shows").first.fill("A spade")
    await press(page, "Save")
    await page.get_by_text("Saved.", exact=True).wait_for()
    assert await page.locator("img.face.large").count() == 1
    assert await page.get_by_label("What it shows").first.input_value() == "A spade"
    await window.open("/settings/notifications")
    await page.get_by_label("From").fill("22:00")
    await page.get_by_label("Until").fill("07:00")
    await press(page, "Save")
    await page.get_by_text("Saved.", exact=True).wait_for()
    await window.open("/settings/privacy")
    await page.get_by_label("Skills").fill("First aid")
    await press(page, "Save the skills")
    await page.get_by_text("Saved.", exact=True).wait_for()
    assert await page.get_by_label("Skills").input_value() == "first aid"
    await window.open("/settings/persons")
    await page.get_by_label("Handle").fill("moth")
    await press(page, "Make this person")
    await press(page, "Act as @moth")
    await page.get_by_text("Done.", exact=True).wait_for()
    assert await window.overflow() <= 0
