"""How members sign in: codes, recovery codes, and what asks for the password again."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from server.domain.members import users
from storage.accounts import Account
from tests.web.house import Browser, House, Seen

PASSWORD = "a long enough password"
SECRET = re.compile(r'id="secret">([A-Z2-7 ]+)<')
RECOVERY = re.compile(r'<code dir="ltr">([a-z0-9-]+)</code>')


async def member(house: House, name: str) -> Account:
    """Somebody with ``PASSWORD``."""
    async with house.work.transaction() as tx:
        _, account = await users.register(tx, f"{name}@mail.example", name, PASSWORD)
    return account


@dataclass
class WithCodes:
    """A member who is asked for codes, their signed-in browser, and their app."""

    browser: Browser
    app: TOTP
    recovery: list[str]


def code(house: House, app: TOTP, *, later: int = 0) -> str:
    return app.generate(int(house.now.timestamp()) + later).decode()


async def with_codes(house: House, name: str = "gardener") -> WithCodes:
    browser = await house.browser(await member(house, name))
    await browser.get("/settings/sign-in")
    begun = await browser.post("/settings/sign-in/codes", password=PASSWORD)
    assert begun.headers["Location"] == "/settings/sign-in/codes"
    found = SECRET.search((await browser.get("/settings/sign-in/codes")).text)
    assert found
    app = TOTP(base64.b32decode(found[1].replace(" ", "")), 6, SHA1(), 30)
    told = await browser.post("/settings/sign-in/codes/confirm", code=code(house, app, later=-30))
    assert told.status == 200
    assert told.headers["Cache-Control"] == "private, no-store"
    return WithCodes(browser, app, RECOVERY.findall(told.text))


async def sign_in(house: House, name: str = "gardener", after: str = "/") -> tuple[Browser, Seen]:
    """A new browser, as far as the password brings it."""
    browser = await house.browser()
    seen = await browser.post("/sign-in", name=name, password=PASSWORD, next=after)
    return browser, seen


async def test_a_password_needs_a_code_beside_it(house: House) -> None:
    has = await with_codes(house)
    browser, seen = await sign_in(house, after="/about")
    assert seen.headers["Location"] == "/sign-in/code?next=%2Fabout"
    assert "@gardener" not in (await browser.get("/")).text
    assert (await browser.get("/sign-in/code?next=/about")).status == 200
    done = await browser.post("/sign-in/code", code=code(house, has.app), next="/about")
    assert (done.status, done.headers["Location"]) == (303, "/about")
    assert "@gardener" in (await browser.get("/")).text


async def test_a_code_is_taken_once(house: House) -> None:
    has = await with_codes(house)
    first, _ = await sign_in(house)
    second, _ = await sign_in(house)
    given = code(house, has.app)
    assert (await first.post("/sign-in/code", code=given)).status == 303
    again = await second.post("/sign-in/code", code=given)
    assert again.status == 422
    assert "was used before" in again.words
    assert (await second.post("/sign-in/code", code=code(house, has.app, later=30))).status == 303


@pytest.mark.parametrize("given", ["", "000000x", "١٢٣٤٥٦", "12345", "aaaa-bbbb-cccc"])
async def test_no_other_code_lets_anybody_in(house: House, given: str) -> None:
    await with_codes(house)
    browser, _ = await sign_in(house)
    assert (await browser.post("/sign-in/code", code=given)).status == 422
    assert "@gardener" not in (await browser.get("/")).text


async def test_guessing_codes_ends(house: House) -> None:
    has = await with_codes(house)
    browser, _ = await sign_in(house)
    for _ in range(10):
        await browser.post("/sign-in/code", code="wrong")
    refused = await browser.post("/sign-in/code", code=code(house, has.app))
    assert refused.status == 429


async def test_a_recovery_code_lets_in_once(house: House) -> None:
    has = await with_codes(house)
    assert len(set(has.recovery)) == 10
    browser, _ = await sign_in(house)
    typed = f" {has.recovery[0].upper().replace('-', ' ')} "
    assert (await browser.post("/sign-in/code", code=typed)).status == 303
    again, _ = await sign_in(house)
    assert (await again.post("/sign-in/code", code=has.recovery[0])).status == 422
    assert "9 codes left" in (await browser.get("/settings/sign-in")).words


async def test_new_recovery_codes_end_the_old_ones(house: House) -> None:
    has = await with_codes(house)
    await has.browser.get("/settings/sign-in")
    told = await has.browser.post("/settings/sign-in/recovery", password=PASSWORD)
    assert not set(RECOVERY.findall(told.text)) & set(has.recovery)
    browser, _ = await sign_in(house)
    assert (await browser.post("/sign-in/code", code=has.recovery[0])).status == 422


async def test_a_recovery_code_of_another_is_no_good(house: House) -> None:
    await with_codes(house)
    other = await with_codes(house, "baker")
    browser, _ = await sign_in(house)
    assert (await browser.post("/sign-in/code", code=other.recovery[0])).status == 422


async def test_without_the_step_there_is_nothing_to_type_a_code_into(house: House) -> None:
    has = await with_codes(house)
    browser = await house.browser()
    assert (await browser.get("/sign-in/code")).headers["Location"] == "/sign-in"
    given = await browser.post("/sign-in/code", code=code(house, has.app))
    assert given.status == 401


@pytest.mark.parametrize(
    "path",
    ["codes", "codes/end", "recovery", "passkeys/new", "passkeys/1/remove"],
)
async def test_changing_how_one_signs_in_asks_for_the_password(house: House, path: str) -> None:
    browser = await house.browser(await member(house, "gardener"))
    await browser.get("/settings/sign-in")
    seen = await browser.post(f"/settings/sign-in/{path}", password="wrong", name="my telephone")
    assert seen.status == 422


async def test_codes_that_are_in_use_are_not_replaced_by_others(house: House) -> None:
    has = await with_codes(house)
    await has.browser.get("/settings/sign-in")
    assert (await has.browser.post("/settings/sign-in/codes", password=PASSWORD)).status == 422
    assert (await has.browser.get("/settings/sign-in/codes")).status == 303


async def test_codes_are_turned_off_again(house: House) -> None:
    has = await with_codes(house)
    await has.browser.get("/settings/sign-in")
    ended = await has.browser.post("/settings/sign-in/codes/end", password=PASSWORD)
    assert ended.status == 303
    _, seen = await sign_in(house)
    assert seen.headers["Location"] == "/"


async def test_the_secret_is_not_in_the_database(house: House) -> None:
    has = await with_codes(house)
    key = base64.b32decode(
        re.sub(r".*secret=([A-Z2-7]+).*", r"\1", has.app.get_provisioning_uri("x", None))
    )
    async with house.work.reading() as tx:
        sealed = await tx.conn.fetchval("select sealed from one_time_codes")
        digests = await tx.conn.fetch("select digest from recovery_codes")
    assert key not in sealed
    assert len(digests) == 10


async def test_strangers_see_no_settings(house: House) -> None:
    browser = await house.browser()
    for path in ("", "/codes"):
        seen = await browser.get(f"/settings/sign-in{path}")
        assert seen.headers["Location"].startswith("/sign-in?next=")
    assert (await browser.post("/settings/sign-in/codes", password=PASSWORD)).status == 401


@pytest.mark.parametrize("answer", ["", "{}", "[]", "null", '{"id": 1}', "x" * 30_000])
async def test_a_passkey_that_is_none_lets_nobody_in(house: House, answer: str) -> None:
    browser = await house.browser()
    seen = await browser.post("/sign-in/passkey", answer=answer)
    assert seen.status == 422
    assert "not understood" in seen.words


async def test_the_question_for_passkeys_is_for_our_own_pages(house: House) -> None:
    browser = await house.browser()
    asked = await browser.post("/sign-in/passkey/question")
    assert asked.status == 200
    assert '"rpId": "green.example"' in asked.text
    refused = await browser.post("/sign-in/passkey/question", origin="https://other.example")
    assert refused.status == 403
