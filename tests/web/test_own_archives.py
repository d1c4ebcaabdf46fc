"""A member's archive: what is in it, that it is for them alone, and when it goes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path

import orjson
import pytest

from federation.fetch import Egress
from server.arriving import resolve
from server.arriving.resolve import Net
from server.context import STORES
from server.domain.mailing import mails
from server.domain.members import farewell, own_archives
from server.domain.posting import drafts, marks, posts
from server.jobs import later, own_archive
from storage.accounts import Account
from tests.clock import MovableClock
from tests.tls_peer import egress_config
from tests.web.house import OURS, House, open_house

DATA = "/settings/data"
FILE = f"{DATA}/archive.zip"
KEY = f"{'a' * 32}.png"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def house(database_url: str, tmp_path: Path, clock: MovableClock) -> AsyncIterator[House]:
    async with open_house(database_url, clock=clock, data=tmp_path) as made:
        yield made


@pytest.fixture
async def net(house: House, tmp_path: Path) -> AsyncIterator[Net]:
    async with Egress(egress_config(tmp_path, "127.0.0.0/8")) as egress:
        yield await resolve.open_net(house.work, egress, house.server.app[STORES])


async def settle(net: Net) -> None:
    while await later.work_once(net):
        pass


async def asked(house: House, owner: Account) -> None:
    browser = await house.browser(owner)
    await browser.get(DATA)
    done = await browser.post(f"{DATA}/archive")
    assert done.headers["Location"] == f"{DATA}?done=asked"


async def fetched(house: House, owner: Account) -> zipfile.ZipFile:
    """The body is bytes, which a ``Browser`` does not give."""
    browser = await house.browser(owner)
    status, body = await browser.fetch(FILE)
    assert status == 200
    return zipfile.ZipFile(io.BytesIO(body))


async def lived(house: House, owner: Account) -> str:
    """Gives the address of what they boosted, liked and kept."""
    cook = await house.person("cook")
    async with house.work.transaction() as tx:
        said = await posts.publish(tx, cook, drafts.Draft(content="<p>soup</p>"))
        assert said
        await marks.boost(tx, owner, said)
        await marks.like(tx, owner, said)
        await marks.bookmark(tx, owner, said, kept=True)
        await posts.publish(
            tx, owner, drafts.Draft(content="<p>../../etc</p>", visibility="private")
        )
        await tx.conn.execute(
            "update posts set attachments = $2 where account_id = $1 and visibility = 'private'",
            owner.id, [{"url": f"{OURS}/media/{KEY}", "kind": "image", "media_type": "image/png"}],
        )  # fmt: skip
        await tx.conn.execute(
            "insert into media (id, account_id, use, state, kind, keys, meta, description, created_at, touched_at)"
            " values (77, $1, 'post', 'ready', 'image', $2, '{}', '', $3, $3)",
            owner.id, [KEY], tx.now,
        )  # fmt: skip
    return said.uri


async def test_all_of_it_is_in_one_file(house: House, net: Net, tmp_path: Path) -> None:
    owner = await house.person("gardener")
    uri = await lived(house, owner)
    picture = tmp_path / "picture"
    picture.write_bytes(b"a picture")
    assert net.stores
    await net.stores.own.put(KEY, picture)
    await asked(house, owner)
    browser = await house.browser(owner)
    assert "It is being made" in (await browser.get(DATA)).words
    assert (await browser.get(FILE)).status == 404
    await settle(net)
    assert "Fetch your archive" in (await browser.get(DATA)).words
    file = await fetched(house, owner)
    assert sorted(file.namelist()) == [
        "actor.json", "bookmarks.json", "likes.json", f"media_attachments/{KEY}", "outbox.json",
    ]  # fmt: skip
    assert file.read(f"media_attachments/{KEY}") == b"a picture"
    assert orjson.loads(file.read("actor.json"))["outbox"] == "outbox.json"
    outbox = orjson.loads(file.read("outbox.json"))
    assert outbox["totalItems"] == len(outbox["orderedItems"]) == 2
    assert {each["type"] for each in outbox["orderedItems"]} == {"Create", "Announce"}
    assert b'"url":"media_attachments/%b"' % KEY.encode() in file.read("outbox.json")
    for name in ("likes.json", "bookmarks.json"):
        assert orjson.loads(file.read(name))["orderedItems"] == [uri]


async def test_more_posts_than_fit_on_a_page(
    house: House, net: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_archive, "PAGE", 2)
    owner = await house.person("gardener")
    async with house.work.transaction() as tx:
        for number in range(5):
            await posts.publish(tx, owner, drafts.Draft(content=f"<p>{number}</p>"))
    await asked(house, owner)
    await settle(net)
    outbox = orjson.loads((await fetched(house, owner)).read("outbox.json"))
    said = [each["object"]["content"] for each in outbox["orderedItems"]]
    assert said == [f"<p>{number}</p>" for number in range(5)]


async def test_a_file_that_is_not_there_is_counted(house: House, net: Net) -> None:
    owner = await house.person("gardener")
    await lived(house, owner)
    await asked(house, owner)
    await settle(net)
    assert "1 file is not in it" in (await (await house.browser(owner)).get(DATA)).words


async def test_nobody_else_gets_it(house: House, net: Net) -> None:
    owner, other = await house.person("gardener"), await house.person("neighbour")
    await asked(house, owner)
    await settle(net)
    neighbour = await house.browser(other)
    await neighbour.get(DATA)
    assert (await neighbour.get(FILE)).status == 404
    assert (await neighbour.post(f"{DATA}/archive", token="0" * 64)).status == 403
    assert (await (await house.browser()).get(FILE)).headers["Location"].startswith("/sign-in")
    async with house.work.reading() as tx:
        key = await tx.conn.fetchval("select key from own_archives")
    for browser in (neighbour, await house.browser()):
        assert (await browser.get(f"/media/{key}")).status == 404


async def test_once_a_week_and_then_it_is_gone(
    house: House, net: Net, clock: MovableClock, tmp_path: Path
) -> None:
    owner = await house.person("gardener")
    await asked(house, owner)
    await settle(net)
    browser = await house.browser(owner)
    await browser.get("/settings/profile")
    again = await browser.post(f"{DATA}/archive")
    assert again.status == 422
    assert "once in 7 days" in again.words
    assert len(list(tmp_path.rglob("*.zip"))) == 1
    clock.forward(days=7, seconds=1)
    assert (await browser.get(FILE)).status == 404
    async with house.work.transaction() as tx:
        await own_archives.forget(tx)
    await settle(net)
    assert list(tmp_path.rglob("*.zip")) == []
    await asked(house, owner)


async def test_it_goes_with_its_owner(house: House, net: Net, tmp_path: Path) -> None:
    owner = await house.person("gardener")
    await asked(house, owner)
    await settle(net)
    async with house.work.transaction() as tx:
        await farewell.erase(tx, owner)
        assert await tx.conn.fetchval("select count(*) from own_archives") == 0
    await settle(net)
    assert list(tmp_path.rglob("*.zip")) == []


async def test_made_twice_is_told_once(house: House, net: Net) -> None:
    owner = await house.person("gardener")
    await asked(house, owner)
    await settle(net)
    async with house.work.transaction() as tx:
        made = await own_archives.ready(tx, owner)
        await own_archives.finish(tx, owner, made.key, 1, 0)
        assert await own_archives.ready(tx, owner) == made
    await settle(net)
    assert (await fetched(house, owner)).testzip() is None


async def test_one_that_cannot_be_made_can_be_asked_for_anew(house: House) -> None:
    owner = await house.person("gardener")
    await asked(house, owner)
    async with house.work.transaction() as tx:
        await own_archives.give_up(tx, await tx.conn.fetchval("select key from own_archives"))
    await asked(house, owner)


async def test_who_can_get_mail_is_told(
    database_url: str, tmp_path: Path, clock: MovableClock
) -> None:
    async with (
        open_house(database_url, clock=clock, data=tmp_path, mail=True) as house,
        Egress(egress_config(tmp_path, "127.0.0.0/8")) as egress,
    ):
        owner = await house.person("gardener")
        net = await resolve.open_net(house.work, egress, house.server.app[STORES])
        await asked(house, owner)
        assert (
            "You get a mail when it is ready"
            in (await (await house.browser(owner)).get(DATA)).words
        )
        await later.work_once(net)
        async with house.work.reading() as tx:
            assert owner.user_id
            written = await mails.write(tx, owner.user_id, "archive", handle="@gardener")
            assert (
                await tx.conn.fetchval("select args->>'kind' from jobs where kind = 'mail'")
                == "archive"
            )
    assert written
    assert written.subject == "Your archive at Green Valley is ready"
    assert f"{OURS}{DATA}" in written.text
