"""An administrator sets up a new instance, names it, blocks a server, decides a report and lets somebody in."""

from __future__ import annotations

import pytest

from server.domain.members import sign_up, users
from server.domain.moderating import reports
from server.domain.moderating.reports import Complaint
from storage import accounts as account_rows
from tests.api.conftest import PASSWORD, Running
from tests.api.people import House
from tests.browser.conftest import Opened
from tests.browser.window import EVERY, Looks, Window


async def set_up(window: Window, here: Running) -> None:
    """By the link that the first start prints: the administrator, then the place."""
    async with here.work.transaction() as tx:
        link = tx.site.urls.setup(await users.begin_setup(tx))
    page = window.page
    assert await window.open(link) == 200
    wrong = await window.faults() if window.looks.script else []
    await page.get_by_label("Handle").fill("keeper")
    await page.get_by_label("E-mail address").fill("keeper@people.example")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Go on").click()
    await page.wait_for_url("**/admin/begin")
    assert await window.overflow() <= 0
    wrong += await window.faults() if window.looks.script else []
    assert not wrong
    await page.get_by_label("Name").fill("Green Valley")
    await page.get_by_label("What it is for").fill("For the gardens of the valley.")
    await page.get_by_label("E-mail address for questions").fill("hello@people.example")
    await page.get_by_label("Rules").fill("Be kind\nTools go back")
    await page.get_by_label("Everybody, after you have said yes").check()
    await page.get_by_role("button", name="Begin").click()
    await page.wait_for_url("**/admin?done=saved")
    assert await page.locator(".home").inner_text() == "Green Valley"
    assert await window.open(link) == 404, "a link is good once"
    await window.open("/admin")


async def block(window: Window) -> None:
    page = window.page
    await window.turn_to("Other servers")
    await page.get_by_label("Name of the server").fill("not a server")
    await page.get_by_role("button", name="Block this server").click()
    assert "is no domain" in await page.locator("#domain-error").inner_text()
    assert await page.get_by_label("Name of the server").input_value() == "not a server"
    await page.get_by_label("Name of the server").fill("loud.example")
    await page.get_by_label("The reason, for everybody").fill("Nothing but spam")
    await page.get_by_role("button", name="Block this server").click()
    row = page.get_by_role("row", name="loud.example")
    assert "Blocked" in await row.inner_text()
    assert "Nothing but spam" in await row.inner_text()
    assert await window.overflow() <= 0


async def bring_in(window: Window) -> None:
    """A list of blocks, after a look at what would come of it."""
    page = window.page
    await page.get_by_role("link", name="Bring in a list").click()
    await page.get_by_label("Or paste it here").fill("one.example\n\ntwo.example\n")
    await page.get_by_role("button", name="Look what would come of it").click()
    await page.get_by_text("Nothing is changed yet.").wait_for()
    assert "2 new" in await window.words()
    await page.get_by_role("button", name="Bring it in").click()
    for host in ("one.example", "two.example", "loud.example"):
        await page.get_by_role("row", name=host).wait_for()


async def wait(here: Running, name: str) -> None:
    """Somebody signs up and waits."""
    wish = sign_up.Wish(name, f"{name}@people.example", PASSWORD, True, "I like bees")
    ready = await sign_up.prepare(here.work, wish)
    async with here.work.transaction() as tx:
        await sign_up.sign_up(tx, ready)


async def let_in(window: Window) -> None:
    page = window.page
    await window.turn_to("Sign-ups")
    card = page.get_by_role("listitem").filter(has_text="@newcomer").last
    assert "I like bees" in await card.inner_text()
    await card.get_by_role("button", name="Let in").click()
    await page.get_by_text("Nobody waits.").wait_for()


async def decide(window: Window) -> None:
    page = window.page
    await window.turn_to("Reports")
    await page.get_by_role("link", name="Report 1").click()
    assert "Much too loud" in await window.words()
    await page.get_by_label("Silence: their posts come to their followers alone").check()
    await page.get_by_label("Your words to them, with the reason").fill("Less, please")
    await page.get_by_role("button", name="Decide", exact=True).click()
    await page.get_by_text("No report is open").wait_for()
    assert await window.overflow() <= 0


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_an_administrator_begins(
    looks: Looks, here: Running, house: House, opened: Opened
) -> None:
    window = await opened(looks)
    await set_up(window, here)
    await block(window)
    await bring_in(window)
    member, loud = await house.member("gardener"), await house.member("loud")
    await wait(here, "newcomer")
    assert member.account
    assert loud.account
    async with here.work.transaction() as tx:
        await reports.report(tx, member.account, loud.account, Complaint(comment="Much too loud"))
    await let_in(window)
    await decide(window)
    async with here.work.reading() as tx:
        silenced = await account_rows.by_handle(tx.conn, "loud")
        newcomer = await account_rows.by_handle(tx.conn, "newcomer")
    assert silenced
    assert silenced.silenced_at
    assert newcomer
    assert not newcomer.waiting
    await window.turn_to("Log")
    told = await window.words()
    for did in ("silenced @loud", "let in @newcomer", "blocked the server loud.example"):
        assert did in told
    stranger = await opened(looks)
    await stranger.open("/about")
    assert "Tools go back" in await stranger.words()
