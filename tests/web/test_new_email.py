"""Another e-mail address for a member, where mail can be sent: it is theirs once they open the link in it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest

from server.domain.mailing import mails
from server.domain.members import passwords
from server.mail import Mail
from storage import users as user_rows
from storage.accounts import Account
from tests.clock import MovableClock
from tests.web.house import House, open_house
from tests.web.test_ways_in import PASSWORD, member

NEW = "new@mail.example"
LINK = re.compile(r"https://green\.example(/settings/email/\S+)")


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def house(database_url: str, clock: MovableClock) -> AsyncIterator[House]:
    """One that sends mail."""
    async with open_house(database_url, mail=True, clock=clock) as made:
        yield made


async def confirmed(house: House, name: str = "gardener") -> Account:
    return await member(house, name)


async def waiting(house: House) -> list[Mail]:
    """The mails that are to be sent, as they would be written now."""
    async with house.work.transaction() as tx:
        args = await tx.conn.fetch("select args from jobs where kind = 'mail' order by id")
        written = [await mails.write(tx, **row["args"]) for row in args]
        await tx.conn.execute("delete from jobs where kind = 'mail'")
    return [mail for mail in written if mail]


async def ask(house: House, account: Account, email: str = NEW) -> None:
    browser = await house.browser(account)
    await browser.get("/settings/account")
    asked = await browser.post("/settings/account/email", email=email, password=PASSWORD)
    assert asked.headers["Location"] == "/settings/account?done=mailed"


async def link(house: House) -> str:
    (mail,) = await waiting(house)
    found = LINK.search(mail.text)
    assert mail.to == NEW
    assert found
    return found[1]


async def address(house: House, account: Account) -> str:
    async with house.work.reading() as tx:
        user = await user_rows.by_id(tx.conn, account.user_id or 0)
    assert user
    return user.email


async def test_the_link_in_the_mail_changes_it_once(house: House) -> None:
    gardener = await confirmed(house)
    await ask(house, gardener)
    path = await link(house)
    stranger = await house.browser()
    assert NEW in (await stranger.get(path)).words
    assert await address(house, gardener) == "gardener@mail.example"
    assert (await stranger.post(path)).status == 303
    assert await address(house, gardener) == NEW
    (told,) = await waiting(house)
    assert told.to == "gardener@mail.example"
    assert (await stranger.get(path)).status == 404
    assert (await stranger.post(path)).status == 404


async def test_an_old_link_changes_nothing(house: House, clock: MovableClock) -> None:
    gardener = await confirmed(house)
    await ask(house, gardener)
    path = await link(house)
    clock.forward(days=1, seconds=1)
    stranger = await house.browser()
    assert (await stranger.post(path)).status == 404
    assert await address(house, gardener) == "gardener@mail.example"


async def test_nobody_learns_who_has_an_address(house: House) -> None:
    gardener, _ = await confirmed(house), await confirmed(house, "baker")
    await ask(house, gardener, "Baker@mail.example")
    assert await waiting(house) == []


async def test_who_took_the_address_meanwhile_keeps_it(house: House) -> None:
    gardener = await confirmed(house)
    await ask(house, gardener)
    path = await link(house)
    async with house.work.transaction() as tx:
        await user_rows.create(tx.conn, NEW, None, "member", tx.now)
    stranger = await house.browser()
    assert (await stranger.post(path)).status == 422
    assert await address(house, gardener) == "gardener@mail.example"


async def test_a_link_to_the_old_address_ends_with_it(house: House) -> None:
    gardener = await confirmed(house)
    async with house.work.transaction() as tx:
        await passwords.forgot(tx, "gardener@mail.example")
    (reset,) = await waiting(house)
    await ask(house, gardener)
    await (await house.browser()).post(await link(house))
    async with house.work.reading() as tx:
        left = await tx.conn.fetchval(
            "select count(*) from links where user_id = $1", gardener.user_id
        )
    assert left == 0
    assert reset.to == "gardener@mail.example"
