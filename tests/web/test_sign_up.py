"""Signing up, confirming, and passwords in the browser."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import pytest

from federation.fetch import Egress, EgressConfig
from server import mail
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain.members import sign_up, users
from server.jobs import later
from storage import users as user_rows
from storage.accounts import Account
from tests.relay import Kept, relay
from tests.web.house import House, open_house

PASSWORD = "a long enough password"
TYPED = {
    "username": "gardener",
    "email": "gardener@mail.example",
    "password": PASSWORD,
    "agreement": "yes",
}


@dataclass
class Mailing:
    house: House
    kept: Kept
    net: Net

    async def link(self) -> str:
        """The path of the newest link that was sent."""
        while await later.work_once(self.net):
            pass
        found = re.search(r"https://\S+?(/(?:confirm|password)/\S+)", self.kept.text())
        assert found, self.kept.text()
        return found[1]

    async def count(self) -> int:
        while await later.work_once(self.net):
            pass
        return len(self.kept.mails)


@pytest.fixture
async def mailing(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Mailing]:
    """An open house that sends mail."""
    port = free_port()
    settings = load(
        {
            "BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
            "BECKON_SMTP_FROM": "The valley <noreply@green.example>",
        }
    )
    egress = Egress(EgressConfig("test", None, ()))
    async with relay(port) as kept, open_house(database_url, mail=True) as house:
        await set_mode(house, "open")
        yield Mailing(
            house, kept, await resolve.open_net(house.work, egress, relay=mail.relay(settings))
        )
        await egress.close()


async def set_mode(house: House, mode: str, rules: tuple[str, ...] = ()) -> None:
    async with house.work.transaction() as tx:
        await sign_up.set_mode(tx, mode)
        await tx.conn.execute("update instance set rules = $1", list(rules))


async def member(house: House, name: str) -> Account:
    async with house.work.transaction() as tx:
        _, account = await users.register(tx, f"{name}@mail.example", name, PASSWORD)
    return account


async def may_enter(house: House, name: str, password: str = PASSWORD) -> bool:
    browser = await house.browser()
    return (await browser.post("/sign-in", name=name, password=password)).status == 303


# --- signing up


async def test_somebody_signs_up_and_is_in(house: House) -> None:
    await set_mode(house, "open", ("Be kind", "Tools <go> back"))
    browser = await house.browser()
    assert "/sign-up" in (await browser.get("/")).text
    page = await browser.get("/sign-up")
    assert page.status == 200
    assert "Be kind" in page.words
    assert "Tools &lt;go&gt; back" in page.text
    assert "Why do you want to join?" not in page.words
    assert "<script>" not in page.text
    made = await browser.post("/sign-up", **TYPED)
    assert (made.status, made.headers["Location"]) == (303, "/")
    assert "Set-Cookie" in made.headers
    assert await may_enter(house, "gardener")


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"username": "a b"}, "username", "The handle must contain only letters"),
        ({"username": "root"}, "username", "The handle is reserved."),
        ({"username": "green"}, "username", "The handle is reserved."),
        ({"username": "baker"}, "username", "The handle has already been taken."),
        ({"email": "nowhere"}, "email", "The e-mail address is invalid."),
        ({"email": "BAKER@mail.example"}, "email", "The e-mail address has already been taken."),
        ({"password": "short"}, "password", "The password is too short"),
        ({"agreement": ""}, "agreement", "The rules must be accepted."),
    ],
)
async def test_a_fault_is_told_beside_its_field(
    house: House, changed: dict[str, str], field: str, sentence: str
) -> None:
    await set_mode(house, "open")
    await member(house, "baker")
    browser = await house.browser()
    refused = await browser.post("/sign-up", **(TYPED | changed))
    assert refused.status == 422
    assert sentence in refused.words
    assert f'id="{field}-error"' in refused.text
    assert PASSWORD not in refused.text
    assert not await may_enter(house, "gardener")


async def test_another_site_cannot_sign_anybody_up(house: House) -> None:
    await set_mode(house, "open")
    browser = await house.browser()
    foreign = await browser.post("/sign-up", origin="https://evil.example", **TYPED)
    assert foreign.status == 403
    assert not await may_enter(house, "gardener")


@pytest.mark.parametrize("mode", ["closed", "invited"])
async def test_a_closed_door_says_so(house: House, mode: str) -> None:
    await set_mode(house, mode)
    browser = await house.browser()
    for page in (await browser.get("/sign-up"), await browser.post("/sign-up", **TYPED)):
        assert page.status == 403
        assert "You need no account here to take part" in page.words
    assert (await browser.get("/invite/guess")).status == 403
    assert "/sign-up" not in (await browser.get("/")).text
    assert not await may_enter(house, "gardener")


async def test_an_invitation_opens_the_door_once(house: House) -> None:
    await set_mode(house, "invited")
    async with house.work.transaction() as tx:
        code = await sign_up.invite(tx)
    browser = await house.browser()
    page = await browser.get(f"/invite/{code}")
    assert (page.status, page.headers["Cache-Control"]) == (200, "private, no-store")
    assert f'name="invite" value="{code}"' in page.text
    assert (await browser.post("/sign-up", invite=code, **TYPED)).status == 303
    other = await house.browser()
    assert (await other.get(f"/invite/{code}")).status == 403


async def test_who_must_be_approved_waits(house: House) -> None:
    await set_mode(house, "approved")
    browser = await house.browser()
    assert "Why do you want to join?" in (await browser.get("/sign-up")).words
    assert "Please say why you want to join." in (await browser.post("/sign-up", **TYPED)).words
    done = await browser.post("/sign-up", reason="I grow beans", **TYPED)
    assert "A moderator will read" in done.words
    assert "Set-Cookie" not in done.headers
    waits = await browser.post("/sign-in", name="gardener", password=PASSWORD)
    assert (waits.status, "waits for a moderator" in waits.words) == (403, True)
    wrong = await browser.post("/sign-in", name="gardener", password="wrong")
    assert "waits" not in wrong.words
    assert (await browser.get("/@gardener")).status == 404
    async with house.work.transaction() as tx:
        user = await user_rows.by_email(tx.conn, TYPED["email"])
        assert user
        await sign_up.approve(tx, user)
    assert await may_enter(house, "gardener")
    assert (await browser.get("/@gardener")).status == 200


# --- confirming


async def test_the_link_in_the_mail_lets_in(mailing: Mailing) -> None:
    browser = await mailing.house.browser()
    done = await browser.post("/sign-up", **TYPED)
    assert "Look into your mail" in done.words
    assert not await may_enter(mailing.house, "gardener")
    path = await mailing.link()
    assert (await browser.get(path)).status == 200
    assert "Welcome" in (await browser.post(path)).words
    assert (await browser.get(path)).status == 404
    assert await may_enter(mailing.house, "gardener")


async def test_signing_in_sends_a_lost_link_again(mailing: Mailing) -> None:
    browser = await mailing.house.browser()
    await browser.post("/sign-up", **TYPED)
    assert await mailing.count() == 1
    await browser.post("/sign-in", name="gardener", password="wrong")
    assert await mailing.count() == 1
    seen = await browser.post("/sign-in", name="gardener", password=PASSWORD)
    assert (seen.status, "on its way" in seen.words) == (403, True)
    assert await mailing.count() == 2


async def test_a_guessed_link_is_nothing(mailing: Mailing) -> None:
    browser = await mailing.house.browser()
    for path in ("/confirm/guess", "/password/guess"):
        assert (await browser.get(path)).status == 404
        assert (await browser.post(path, password=PASSWORD)).status == 404


# --- passwords

NEW = "another long password"


async def test_a_new_password_by_mail_ends_everything_else(mailing: Mailing) -> None:
    house = mailing.house
    account = await member(house, "gardener")
    other = await house.browser(account)
    assert (await other.get("/settings/password")).status == 200
    browser = await house.browser()
    asked = await browser.post("/password", email="Gardener@mail.example")
    path = await mailing.link()
    assert (await browser.post(path, password="short")).status == 422
    assert (await browser.post(path, password=NEW)).status == 200
    assert (await browser.post(path, password=PASSWORD)).status == 404
    assert (await other.get("/settings/password")).status == 303
    assert not await may_enter(house, "gardener")
    assert await may_enter(house, "gardener", NEW)
    assert await mailing.count() == 2
    assert "was changed" in mailing.kept.text()
    nobody = await browser.post("/password", email="nobody@mail.example")
    assert (nobody.status, nobody.words) == (asked.status, asked.words)
    assert await mailing.count() == 2


async def test_a_link_for_a_password_ends(mailing: Mailing) -> None:
    await member(mailing.house, "gardener")
    browser = await mailing.house.browser()
    await browser.post("/password", email="gardener@mail.example")
    path = await mailing.link()
    async with mailing.house.work.transaction() as tx:
        await tx.conn.execute("update links set expires_at = now() - interval '1 second'")
    assert (await browser.get(path)).status == 404
    assert (await browser.post(path, password=NEW)).status == 404
    assert await may_enter(mailing.house, "gardener")


async def test_without_mail_there_is_no_such_page(house: House) -> None:
    browser = await house.browser()
    assert (await browser.get("/password")).status == 404
    assert "/password" not in (await browser.get("/sign-in")).text


@pytest.mark.parametrize(("apps", "left"), [("", 1), ("yes", 0)])
async def test_changing_it_keeps_this_browser_alone(house: House, apps: str, left: int) -> None:
    account = await member(house, "gardener")
    mine, other = await house.browser(account), await house.browser(account)
    await give_token(house, account)
    await mine.get("/settings/password")
    wrong = await mine.post("/settings/password", old="wrong", new=NEW)
    assert (wrong.status, "not your password" in wrong.words) == (422, True)
    short = await mine.post("/settings/password", old=PASSWORD, new="short")
    assert short.status == 422
    assert (await other.get("/settings/password")).status == 200
    done = await mine.post("/settings/password", old=PASSWORD, new=NEW, apps=apps)
    assert "is changed" in done.words
    assert (await mine.get("/settings/password")).status == 200
    assert (await other.get("/settings/password")).status == 303
    assert await may_enter(house, "gardener", NEW)
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from tokens") == left


async def give_token(house: House, account: Account) -> None:
    from server.domain.members import oauth

    async with house.work.transaction() as tx:
        app, _ = await oauth.register_app(tx, "App", [oauth.OUT_OF_BAND], "read", None)
        await oauth.issue(tx, app, ["read"], user_id=account.user_id, account_id=account.id)


async def test_the_form_needs_its_token(house: House) -> None:
    browser = await house.browser(await member(house, "gardener"))
    refused = await browser.post("/settings/password", token="", old=PASSWORD, new=NEW)
    assert refused.status == 403
    assert not await may_enter(house, "gardener", NEW)
