"""Where files are: the same promises of a folder and of an S3-compatible store, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import requests

from server import blobs
from server.blobs import Folder, MissingError, Store
from server.config import Settings
from server.domain.posting import media as verbs
from server.errors import SettingsError
from tests import samples
from tests.api.conftest import Running, serving
from tests.api.people import Member
from tests.storage.conftest import BUCKET

BODY = bytes(range(256)) * 3000


def names_in(s3: dict[str, str]) -> list[str]:
    listing = requests.get(f"{s3['s3_endpoint']}/{BUCKET}", timeout=10).text
    return [part.partition("</Key>")[0] for part in listing.split("<Key>")[1:]]


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "folder":
        return Folder(tmp_path / "files")
    settings = request.getfixturevalue("s3")
    return blobs.open_stores(Settings(data=tmp_path, **settings)).own


async def read(store: Store, key: str, start: int, end: int) -> bytes:
    return b"".join([chunk async for chunk in store.read(key, start, end)])


async def test_what_is_kept_comes_back(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(BODY)
    key = blobs.new_key("mp4")
    await store.put(key, source)
    assert await store.size(key) == len(BODY)
    assert await read(store, key, 0, len(BODY)) == BODY
    assert await read(store, key, 300_000, 300_010) == BODY[300_000:300_010]
    await store.delete([key, blobs.new_key("jpg")])
    with pytest.raises(MissingError):
        await store.size(key)
    with pytest.raises(MissingError):
        await read(store, key, 0, 10)
    await store.delete([key])


async def test_a_folder_holds_whole_files_only(tmp_path: Path) -> None:
    store = Folder(tmp_path / "files")
    with pytest.raises(FileNotFoundError):
        await store.put(blobs.new_key("jpg"), tmp_path / "none")
    assert [p for p in (tmp_path / "files").rglob("*") if p.is_file()] == []


def test_names_cannot_be_guessed_and_say_the_type() -> None:
    keys = {blobs.new_key("jpg") for _ in range(1000)}
    assert len(keys) == 1000
    assert all(blobs.KEY.fullmatch(key) for key in keys)
    assert blobs.media_type(keys.pop()) == "image/jpeg"


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a.jpg", "0" * 32 + ".svg", "0" * 32 + ".jpg\n", "0" * 33 + ".jpg"]
)
def test_what_is_no_name(name: str) -> None:
    assert not blobs.KEY.fullmatch(name)


# --- the whole way, from a client to the store and back


@pytest.fixture
async def here(
    database_url: str, free_port: Callable[[], int], tmp_path: Path, s3: dict[str, str]
) -> AsyncIterator[Running]:
    async with serving(database_url, free_port(), data=str(tmp_path), **s3) as running:
        yield running


async def sent(here: Running) -> Any:
    account = await here.member("gardener")
    member = Member(here.http, here.base, account, await here.token(account))
    form = aiohttp.FormData()
    form.add_field("file", BytesIO(samples.picture()), filename="beds.jpg")
    return await member.good("POST", "/api/v2/media", data=form)


async def test_files_of_members_go_to_the_bucket(
    here: Running, s3: dict[str, str], tmp_path: Path
) -> None:
    entity = await sent(here)
    key, small = (entity[name].rpartition("/")[2] for name in ("url", "preview_url"))
    assert sorted(names_in(s3)) == sorted([f"media/{key}", f"media/{small}"])
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []
    async with here.http.get(entity["url"], headers={"Range": "bytes=0-2"}) as response:
        assert (response.status, await response.read()) == (206, b"\xff\xd8\xff")
        assert response.headers["Content-Type"] == "image/jpeg"
    async with here.http.get(f"{here.base}/media/{blobs.new_key('jpg')}") as response:
        assert response.status == 404


async def test_everybody_may_read_the_bucket_itself(
    database_url: str, free_port: Callable[[], int], tmp_path: Path, s3: dict[str, str]
) -> None:
    public = f"{s3['s3_endpoint']}/{BUCKET}"
    settings = {"data": str(tmp_path), "s3_public_url": public, **s3}
    async with serving(database_url, free_port(), **settings) as running:
        entity = await sent(running)
        key = entity["url"].rpartition("/")[2]
        assert entity["url"] == f"{running.base}/media/{key}"
        async with running.http.get(entity["url"], allow_redirects=False) as response:
            assert response.status == 302
            assert response.headers["Location"] == f"{public}/media/{key}"
        async with running.http.get(f"{running.base}/about") as response:
            policy = response.headers["Content-Security-Policy"]
            assert f"img-src 'self' {s3['s3_endpoint']};" in policy
            assert f"media-src 'self' {s3['s3_endpoint']};" in policy
            assert s3["s3_endpoint"] not in policy.partition("script-src")[2].partition(";")[0]


async def test_a_store_that_fails_leaves_a_row_that_goes_away(
    database_url: str, free_port: Callable[[], int], tmp_path: Path, s3: dict[str, str]
) -> None:
    settings = {"data": str(tmp_path), **s3, "s3_bucket": "another"}
    async with serving(database_url, free_port(), **settings) as running:
        account = await running.member("gardener")
        member = Member(running.http, running.base, account, await running.token(account))
        form = aiohttp.FormData()
        form.add_field("file", BytesIO(samples.picture()), filename="beds.jpg")
        assert (await member.post("/api/v2/media", data=form)).status == 503
        running.clock.forward(days=2)
        async with running.work.transaction() as tx:
            assert await tx.conn.fetchval("select state from media") == "failed"
            await verbs.clean(tx)
            assert await tx.conn.fetchval("select count(*) from media") == 0


@pytest.mark.parametrize(
    "wrong", [{"s3_endpoint": "files.example"}, {"s3_bucket": "b"}, {"s3_public_url": "ftp://x"}]
)
def test_settings_that_cannot_work(wrong: dict[str, str]) -> None:
    from server.config import load

    with pytest.raises(SettingsError):
        load({f"BECKON_{name.upper()}": value for name, value in wrong.items()})
