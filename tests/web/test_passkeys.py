"""Passkeys, by a device of the test's own: what lets somebody in, and all that does not."""

from __future__ import annotations

import html
import re

import pytest

from tests.web.authenticator import Device
from tests.web.house import DOMAIN, OURS, Browser, House, Seen
from tests.web.test_ways_in import PASSWORD, code, member, sign_in, with_codes

ASKED = re.compile(r'data-asked="([^"]*)"')


async def ask(browser: Browser, name: str = "Key ring") -> str:
    """What the page asks the browser for."""
    await browser.get("/settings/sign-in")
    seen = await browser.post("/settings/sign-in/passkeys/new", name=name, password=PASSWORD)
    found = ASKED.search(seen.text)
    assert found, seen.words
    return html.unescape(found[1])


async def add(browser: Browser, device: Device, name: str = "Key ring") -> Seen:
    answer = device.add(await ask(browser, name))
    return await browser.post("/settings/sign-in/passkeys", name=name, answer=answer)


async def enter(house: House, device: Device) -> tuple[Browser, Seen]:
    browser = await house.browser()
    asked = await browser.post("/sign-in/passkey/question")
    return browser, await browser.post("/sign-in/passkey", answer=device.enter(asked.text))


def device(**more: bool) -> Device:
    return Device(OURS, DOMAIN, **more)


async def test_a_passkey_signs_in(house: House) -> None:
    own = device()
    gardener = await house.browser(await member(house, "gardener"))
    assert (await add(gardener, own)).status == 303
    browser, seen = await enter(house, own)
    assert seen.headers["Location"] == "/"
    assert "@gardener" in (await browser.get("/")).text
    assert "Last used on" in (await browser.get("/settings/sign-in")).words


@pytest.mark.parametrize("verifies", [True, False])
async def test_a_code_is_asked_where_the_device_checked_nobody(
    house: House, verifies: bool
) -> None:
    has = await with_codes(house)
    own = device(verifies=verifies)
    await add(has.browser, own)
    browser, seen = await enter(house, own)
    if verifies:
        assert seen.headers["Location"] == "/"
        return
    assert seen.headers["Location"] == "/sign-in/code?next=%2F"
    assert "@gardener" not in (await browser.get("/")).text
    assert (await browser.post("/sign-in/code", code=code(house, has.app))).status == 303


async def test_what_was_signed_is_good_once(house: House) -> None:
    own = device()
    await add(await house.browser(await member(house, "gardener")), own)
    browser = await house.browser()
    asked = await browser.post("/sign-in/passkey/question")
    answer = own.enter(asked.text)
    assert (await browser.post("/sign-in/passkey", answer=answer)).status == 303
    assert (await browser.post("/sign-in/passkey", answer=answer)).status == 422


@pytest.mark.parametrize(
    "wrong", [Device("https://other.example", DOMAIN), Device(OURS, "other.example")]
)
async def test_what_was_signed_for_another_site_is_no_good(house: House, wrong: Device) -> None:
    browser = await house.browser(await member(house, "gardener"))
    assert (await add(browser, wrong)).status == 422
    own = device()
    await add(browser, own)
    own.origin, own.host = wrong.origin, wrong.host
    assert (await enter(house, own))[1].status == 422


async def test_another_key_of_the_same_name_opens_nothing(house: House) -> None:
    own, other = device(), device()
    await add(await house.browser(await member(house, "gardener")), own)
    other.id = own.id
    assert (await enter(house, other))[1].status == 422


async def test_a_copy_that_counts_from_before_is_refused(house: House) -> None:
    own = device()
    await add(await house.browser(await member(house, "gardener")), own)
    own.counter = 10
    assert (await enter(house, own))[1].status == 303
    own.counter = 3
    assert (await enter(house, own))[1].status == 422


async def test_one_device_is_one_members(house: House) -> None:
    own = device()
    assert (await add(await house.browser(await member(house, "gardener")), own)).status == 303
    taken = await add(await house.browser(await member(house, "baker")), own)
    assert taken.status == 422
    assert "added before" in taken.words


async def test_what_one_member_was_asked_another_does_not_answer(house: House) -> None:
    gardener = await house.browser(await member(house, "gardener"))
    baker = await house.browser(await member(house, "baker"))
    answer = device().add(await ask(gardener))
    await baker.get("/settings/sign-in")
    seen = await baker.post("/settings/sign-in/passkeys", name="Mine", answer=answer)
    assert seen.status == 422
    assert "Key ring" not in (await gardener.get("/settings/sign-in")).words


async def test_a_passkey_has_a_name(house: House) -> None:
    browser = await house.browser(await member(house, "gardener"))
    assert (await add(browser, device(), "  ")).status == 422


async def test_one_removes_ones_own_alone(house: House) -> None:
    own = device()
    gardener = await house.browser(await member(house, "gardener"))
    await add(gardener, own)
    listed = await gardener.get("/settings/sign-in")
    (path,) = re.findall(r"/settings/sign-in/passkeys/\d+/remove", listed.text)
    baker = await house.browser(await member(house, "baker"))
    assert (await baker.post(path, password=PASSWORD)).status == 404
    await gardener.get("/settings/sign-in")
    assert (await gardener.post(path, password=PASSWORD)).status == 303
    assert (await enter(house, own))[1].status == 401


async def test_who_was_shut_out_does_not_enter_by_a_passkey(house: House) -> None:
    own, gardener = device(), await member(house, "gardener")
    await add(await house.browser(gardener), own)
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update users set disabled_at = $2 where id = $1", gardener.user_id, tx.now
        )
    assert (await enter(house, own))[1].status == 401


async def test_a_passkey_takes_no_password_away(house: House) -> None:
    await add(await house.browser(await member(house, "gardener")), device())
    _, seen = await sign_in(house)
    assert seen.headers["Location"] == "/"
