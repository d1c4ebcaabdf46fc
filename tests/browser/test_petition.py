"""A stranger without any account signs a petition by e-mail: the form, the mail, the receipt, and taking it back."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from playwright.async_api import Browser

from federation.fetch import Egress, EgressConfig
from server import mail
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.jobs import later
from tests.api.conftest import Running, serving
from tests.api.people import House
from tests.browser.window import EVERY, Looks, window
from tests.relay import Kept, relay

LINK = re.compile(r"http://localhost\S+/answers/\S+")
ADDRESS = "neighbour@mail.example"


@pytest.fixture
async def kept(free_port: Callable[[], int]) -> AsyncIterator[Kept]:
    async with relay(free_port()) as made:
        yield made


@pytest.fixture
async def mailing(
    database_url: str, free_port: Callable[[], int], tmp_path: Path, kept: Kept
) -> AsyncIterator[Running]:
    port = free_port()
    smtp = {
        "smtp_url": f"smtp+plain://127.0.0.1:{kept.port}",
        "smtp_from": "The valley <noreply@green.example>",
    }
    domain = f"localhost:{port}"
    async with serving(database_url, port, domain=domain, data=str(tmp_path), **smtp) as running:
        yield running


@pytest.fixture
async def net(mailing: Running, kept: Kept) -> AsyncIterator[Net]:
    settings = load({
        "BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{kept.port}",
        "BECKON_SMTP_FROM": "The valley <noreply@green.example>",
    })  # fmt: skip
    async with AsyncExitStack() as stack:
        egress = Egress(EgressConfig("test", None, ()))
        stack.push_async_callback(egress.close)
        yield await resolve.open_net(mailing.work, egress, relay=mail.relay(settings))


async def link(net: Net, kept: Kept) -> str:
    """Of the newest mail."""
    while await later.work_once(net):
        pass
    assert kept.mails[-1]["To"] == ADDRESS
    found = LINK.search(kept.text())
    assert found, kept.text()
    return found[0]


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_a_stranger_signs_by_email(
    looks: Looks, mailing: Running, net: Net, kept: Kept, browser: Browser
) -> None:
    house = House(mailing.work, mailing.http, mailing.base, mailing.member, mailing.token)
    organiser = await house.member("organiser")
    garden = await house.community(organiser, "garden")
    sent = {"kind": "petition", "title": "Keep the path open", "about": "It is ours"}
    path = f"/api/beckon/v1/communities/{garden.id}/calls"
    call = await organiser.good("POST", path, json=sent)

    async with window(browser, mailing.base, looks) as opened:
        page = opened.page
        await opened.open(f"/calls/{call['id']}")
        assert "Nobody yet" in await opened.words()
        if looks.width < 500:
            await page.get_by_role("link", name="Take part").first.click()
        form = page.locator("#take-part")
        await form.get_by_label("E-mail address").fill(ADDRESS)
        await form.get_by_role("checkbox").first.check()
        mailing.clock.forward(seconds=30)  # it takes a person that long
        await form.get_by_role("button").first.click()
        assert "Look into your mail" in await opened.words()
        assert await opened.overflow() <= 0

        await opened.open(await link(net, kept))
        await page.locator("main").get_by_role("button").first.click()
        await page.get_by_role("heading", level=1).wait_for()
        await opened.open(f"/calls/{call['id']}")
        assert "1 person 1 confirmed" in await opened.words()

        await opened.open(await link(net, kept))
        assert ADDRESS in await opened.words()
        await page.get_by_role("button", name="Take my answer back").click()
        await opened.open(f"/calls/{call['id']}")
        assert "1 person" not in await opened.words()
        assert await opened.overflow() <= 0
