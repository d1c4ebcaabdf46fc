"""A member's own things: they sign up, add a passkey, take their lists along, bring others, and leave."""

from __future__ import annotations

import csv
import io
import zipfile
from pathlib import Path

import pytest

from federation.fetch import Egress
from server.arriving import resolve
from server.arriving.resolve import Net
from server.context import STORES
from server.jobs import later
from storage import follows
from storage.accounts import Account
from tests.api.conftest import PASSWORD, Running
from tests.browser.conftest import Opened
from tests.browser.test_member import (
    add_passkey,
    open_to_all,
    press,
    sign_up,
    with_key,
)
from tests.browser.window import EVERY, Looks, Window
from tests.tls_peer import egress_config

FOUND = "Account address,Show boosts,Notify on new posts,Languages"


async def settle(net: Net) -> None:
    while await later.work_once(net):
        pass


async def download(window: Window, name: str) -> str:
    async with window.page.expect_download() as started:
        await window.page.get_by_role("link", name=name, exact=True).first.click()
    path = await (await started.value).path()
    return Path(path).read_text(encoding="utf-8")


async def choose_file(window: Window, kind: str, body: str | bytes) -> None:
    page = window.page
    await window.open("/settings/data")
    await page.get_by_label("What it is").select_option(label=kind)
    content = body.encode() if isinstance(body, str) else body
    file = {"name": "list.csv", "mimeType": "text/csv", "buffer": content}
    await page.get_by_label("File", exact=True).set_input_files([file])
    await press(page, "Look at the file")


async def followed(here: Running, one: str, other: Account) -> bool:
    async with here.work.reading() as tx:
        owner = await tx.conn.fetchval("select id from accounts where username = $1", one)
        return await follows.between(tx.conn, owner, other.id) is not None


async def bring(window: Window, here: Running, net: Net, cook: Account) -> None:
    """A file with a line that is good, one that nobody can read, and one of nobody; begun and watched."""
    page = window.page
    body = f"{FOUND}\n{cook.username}@localhost:{here.base.rsplit(':', 1)[1]}\nnot an address\nnobody\n"
    await choose_file(window, "Whom you follow", body)
    await page.get_by_role("heading", name="This is what we can read").wait_for()
    assert "2 lines can be worked off" in await window.words()
    assert await window.overflow() <= 0
    await press(page, "Begin")
    await page.get_by_text("Still to come").wait_for()
    assert await window.overflow() <= 0
    await settle(net)
    if not window.looks.script:
        await page.get_by_role("link", name="Look again").click()
    await page.get_by_role("heading", name="Everything had its turn").wait_for()
    assert "1 Done 2 Not done 0 Still to come" in await window.words()
    assert await window.overflow() <= 0
    failed = list(csv.reader(io.StringIO(await download(window, "All of them as a file"))))
    assert [(line, what) for line, _, what, _ in failed[1:]] == [
        ("3", "not an address"),
        ("4", f"nobody@{here.base.partition('//')[2]}"),
    ]


async def fetch_archive(window: Window, net: Net) -> None:
    page = window.page
    await window.open("/settings/data")
    await press(page, "Ask for my archive")
    await page.get_by_text("It is here when it is ready.").wait_for()
    assert await window.overflow() <= 0
    await settle(net)
    await page.get_by_role("link", name="Look again").click()
    async with page.expect_download() as started:
        await page.get_by_role("link", name="Fetch your archive").click()
    with zipfile.ZipFile(await (await started.value).path()) as file:
        assert {"actor.json", "outbox.json"} <= set(file.namelist())
    assert await window.overflow() <= 0


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_one_signs_up_takes_along_brings_and_leaves(
    looks: Looks, here: Running, opened: Opened, tmp_path: Path
) -> None:
    await open_to_all(here)
    cook = await here.member("cook")
    window = await opened(looks)
    page = window.page
    await with_key(window)
    await sign_up(window, "gardener")
    if looks.script:
        await add_passkey(window)
    async with Egress(egress_config(tmp_path, "127.0.0.0/8")) as egress:
        net = await resolve.open_net(here.work, egress, here.app[STORES])
        await bring(window, here, net, cook)
        await fetch_archive(window, net)
    assert await followed(here, "gardener", cook)
    await window.open("/settings/data")
    domain = here.base.partition("//")[2]
    told = await download(window, "Whom you follow")
    assert told.splitlines() == [FOUND, f"cook@{domain},true,false,"]
    await window.open("/settings/account")
    await page.get_by_role("link", name="Delete your account").click()
    await page.get_by_label("Your password").fill(PASSWORD)
    await press(page, "Delete everything now")
    await page.get_by_role("heading", name="Your account is deleted").wait_for()
    assert await window.open("/@gardener") == 404


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_a_file_that_is_none_is_said_beside_its_field(
    looks: Looks, here: Running, opened: Opened
) -> None:
    await here.member("gardener")
    window = await opened(looks)
    await window.sign_in("gardener", PASSWORD)
    for body, why in (
        (b"\x89PNG\r\n\0\xff", "it has to be plain text"),
        (b"#domain\nfar.example\n", "belongs to another kind of list"),
        (b"x" * 20_000_000, "This file is too large"),
    ):
        await choose_file(window, "Whom you follow", body)
        await window.page.get_by_text(why).wait_for()
        assert await window.overflow() <= 0
    await choose_file(window, "Servers you block", "#domain\nloud.example\n")
    await press(window.page, "Throw it away")
    await window.page.get_by_text("Removed.", exact=True).wait_for()


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_who_cannot_move_is_told_why(looks: Looks, here: Running, opened: Opened) -> None:
    await here.member("gardener")
    window = await opened(looks)
    await window.sign_in("gardener", PASSWORD)
    await window.open("/settings/move")
    await window.page.get_by_label("Your new account").fill("@me@far.example")
    await window.page.get_by_label("Your password").fill("a guess")
    await press(window.page, "Move my followers there")
    await window.page.get_by_text("This is not your password").wait_for()
    assert await window.page.get_by_label("Your new account").input_value() == "@me@far.example"
    assert await window.overflow() <= 0
