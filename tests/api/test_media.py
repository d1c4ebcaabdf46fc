"""Files as clients send them: what becomes of each kind, in which posts they go, and when they go away."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import aiohttp
import mastodon
import pytest
import requests
from PIL import Image

from federation.fetch import Egress, EgressConfig
from server import blobs
from server.api import media as api
from server.arriving.resolve import Net, open_net
from server.decoding import bounds
from server.domain.posting import media as verbs
from server.jobs import later
from tests import samples
from tests.api.conftest import Running, serving
from tests.api.people import Answer, House, Member
from tests.api.test_clients import Terminal, client_of

MEDIA = "/api/v1/media"
UPLOAD = "/api/v2/media"
STATUSES = "/api/v1/statuses"
ENTITY = {
    "id", "type", "url", "preview_url", "remote_url", "preview_remote_url", "text_url", "meta",
    "description", "blurhash",
}  # fmt: skip


@pytest.fixture
async def here(
    database_url: str, free_port: Callable[[], int], tmp_path: Path
) -> AsyncIterator[Running]:
    async with serving(database_url, free_port(), data=str(tmp_path)) as running:
        yield running


@pytest.fixture
async def net(here: Running, tmp_path: Path) -> AsyncIterator[Net]:
    """What runs the jobs."""
    stores = blobs.Stores(*(blobs.Folder(tmp_path / name) for name in blobs.STORES))
    async with Egress(EgressConfig("test")) as egress:
        yield await open_net(here.work, egress, stores)


@pytest.fixture
async def gardener(house: House) -> Member:
    return await house.member("gardener")


def form(file: bytes | None, **fields: str) -> aiohttp.FormData:
    made = aiohttp.FormData()
    if file is not None:
        made.add_field(
            "file", BytesIO(file), filename="a file", content_type="application/octet-stream"
        )
    for name, value in fields.items():
        made.add_field(name, value)
    return made


async def send(member: Member, file: bytes | None, path: str = UPLOAD, **fields: str) -> Answer:
    return await member.post(path, data=form(file, **fields))


async def sent(member: Member, file: bytes | None = None, **fields: str) -> Any:
    """A picture, unless another file is given, that is ready."""
    answer = await send(member, file or samples.picture(), f"{MEDIA}", **fields)
    assert answer.status == 200, answer.json
    return answer.json


async def download(member: Member, url: str, **headers: str) -> tuple[int, bytes, Any]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with member.http.get(url, headers=sent) as response:
        return response.status, await response.read(), response.headers


def files(folder: Path) -> list[Path]:
    return sorted(
        p for name in ("media", "uploads") for p in (folder / name).rglob("*") if p.is_file()
    )


async def settle(net: Net) -> None:
    while await later.work_once(net):
        pass


# --- what becomes of a file


async def test_a_picture_is_ready_at_once(gardener: Member) -> None:
    answer = await send(gardener, samples.picture(), description=" Two beds ", focus="0.5,-2")
    assert answer.status == 200
    entity = answer.json
    assert set(entity) == ENTITY
    assert (entity["type"], entity["description"]) == ("image", "Two beds")
    assert entity["remote_url"] is None
    assert len(entity["blurhash"]) > 6
    size = {"width": 320, "height": 200, "size": "320x200", "aspect": 1.6}
    assert entity["meta"] == {"original": size, "small": size, "focus": {"x": 0.5, "y": -1.0}}
    assert await gardener.good("GET", f"{MEDIA}/{entity['id']}") == entity
    for url in (entity["url"], entity["preview_url"]):
        status, body, headers = await download(gardener, url)
        assert (status, headers["Content-Type"]) == (200, "image/jpeg")
        assert Image.open(BytesIO(body)).size == (320, 200)


@pytest.mark.parametrize(
    ("form_", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("GIF", "image/png"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/jpeg"),
        ("HEIF", "image/jpeg"),
    ],
)
async def test_pictures_of_every_form(gardener: Member, form_: str, media_type: str) -> None:
    entity = await sent(gardener, samples.picture(form_))
    _, body, headers = await download(gardener, entity["url"])
    assert (entity["type"], headers["Content-Type"]) == ("image", media_type)
    left = Image.open(BytesIO(body)).convert("RGB").getpixel((20, 150))
    assert isinstance(left, tuple)
    assert left[0] > 240
    assert left[2] < 20


async def test_what_is_larger_than_screens_is_made_smaller(gardener: Member) -> None:
    entity = await sent(gardener, samples.picture("JPEG", 5000, 3000))
    original, small = entity["meta"]["original"], entity["meta"]["small"]
    assert original["width"] * original["height"] <= bounds.SHOWN_PIXELS
    assert original["aspect"] == pytest.approx(5 / 3, rel=0.01)
    assert small["width"] * small["height"] <= bounds.SMALL_PIXELS


@pytest.mark.parametrize("form_", ["GIF", "WEBP", "PNG"])
async def test_an_animation_becomes_a_silent_film(gardener: Member, form_: str) -> None:
    entity = await sent(gardener, samples.animation(form_))
    assert entity["type"] == "gifv"
    assert entity["meta"]["original"]["duration"] == pytest.approx(0.4, abs=0.05)
    assert entity["url"].endswith(".mp4")
    assert entity["preview_url"].endswith(".jpg")


@pytest.mark.parametrize(
    ("name", "codec", "sound"),
    [
        ("film.mp4", "libx264", "aac"),
        ("film.mov", "libx264", None),
        ("film.mkv", "libx264", "aac"),
        ("film.mov", "libx265", "aac"),
        ("film.webm", "libvpx-vp9", "libopus"),
    ],
)
async def test_films_of_every_form_are_h264_in_mp4(
    gardener: Member, tmp_path: Path, name: str, codec: str, sound: str | None
) -> None:
    entity = await sent(gardener, samples.film(tmp_path / name, codec=codec, sound=sound))
    assert entity["type"] == "video"
    original = entity["meta"]["original"]
    assert (original["width"], original["height"]) == (320, 180)
    assert original["duration"] == pytest.approx(1.0, abs=0.1)
    assert isinstance(original["frame_rate"], str)
    assert entity["preview_url"].endswith(".jpg")
    _, body, headers = await download(gardener, entity["url"])
    assert headers["Content-Type"] == "video/mp4"
    assert b"avc1" in body
    assert (b"mp4a" in body) == (sound is not None)


async def test_a_film_taken_upright_is_shown_upright(gardener: Member, tmp_path: Path) -> None:
    for name, codec in (("a.mp4", "libx264"), ("b.mp4", "libx265")):
        film = samples.turned(samples.film(tmp_path / name, codec=codec))
        meta = (await sent(gardener, film))["meta"]
        assert (meta["original"]["width"], meta["original"]["height"]) == (180, 320)
        assert (meta["small"]["width"], meta["small"]["height"]) == (180, 320)


@pytest.mark.parametrize(
    ("name", "codec", "media_type"),
    [
        ("tune.mp3", "libmp3lame", "audio/mpeg"),
        ("tune.m4a", "aac", "audio/mp4"),
        ("tune.aac", "aac", "audio/mp4"),
        ("tune.ogg", "libopus", "audio/mp4"),
        ("tune.flac", "flac", "audio/mp4"),
        ("tune.wav", "pcm_s16le", "audio/mp4"),
    ],
)
async def test_sound_of_every_form(
    gardener: Member, tmp_path: Path, name: str, codec: str, media_type: str
) -> None:
    entity = await sent(gardener, samples.tune(tmp_path / name, codec))
    assert (entity["type"], entity["preview_url"], entity["blurhash"]) == ("audio", None, None)
    assert entity["meta"]["original"]["duration"] == pytest.approx(1.0, abs=0.1)
    _, _, headers = await download(gardener, entity["url"])
    assert headers["Content-Type"] == media_type


async def thumbnailed(member: Member, file: bytes, cover: bytes) -> Answer:
    both = form(file)
    both.add_field("thumbnail", BytesIO(cover), filename="cover.jpg")
    return await member.post(UPLOAD, data=both)


async def size_of(member: Member, url: str) -> tuple[int, int]:
    _, body, _ = await download(member, url)
    return Image.open(BytesIO(body)).size


async def test_films_and_sounds_may_have_a_thumbnail(
    gardener: Member, tmp_path: Path, net: Net
) -> None:
    for file in (samples.film(tmp_path / "a.mp4"), samples.tune(tmp_path / "a.mp3", "libmp3lame")):
        entity = (await thumbnailed(gardener, file, samples.picture("PNG", 100, 60))).json
        assert await size_of(gardener, entity["preview_url"]) == (100, 60)
        assert entity["meta"]["small"]["width"] == 100
        assert entity["blurhash"]
        one = f"{MEDIA}/{entity['id']}"
        other = aiohttp.FormData()
        other.add_field("thumbnail", BytesIO(samples.picture("WEBP", 50, 80)), filename="x.webp")
        other.add_field("description", "With a hat")
        changed = await gardener.good("PUT", one, data=other)
        assert changed["description"] == "With a hat"
        assert await size_of(gardener, changed["preview_url"]) == (50, 80)
        assert changed["url"] == entity["url"]
        await settle(net)
        assert (await download(gardener, entity["preview_url"]))[0] == 404
        assert len(files(tmp_path)) == 2
        await gardener.good("DELETE", one)
        await settle(net)
        assert files(tmp_path) == []


async def test_what_is_no_thumbnail(
    house: House, gardener: Member, tmp_path: Path, net: Net
) -> None:
    film, tune = samples.film(tmp_path / "a.mp4"), samples.tune(tmp_path / "a.mp3", "libmp3lame")
    for harm in (tune, b"<svg/>", samples.picture()[:1500]):
        assert (await thumbnailed(gardener, film, harm)).status == 422
    await later_removed(net)
    assert files(tmp_path) == []
    still = (await thumbnailed(gardener, samples.picture(), samples.picture("PNG", 9, 9))).json
    assert await size_of(gardener, still["preview_url"]) != (9, 9)
    moving = await sent(gardener, film)

    async def cover(member: Member, entity: Any, picture: bytes) -> int:
        made = aiohttp.FormData()
        made.add_field("thumbnail", BytesIO(picture), filename="x.png")
        return (await member.ask("PUT", f"{MEDIA}/{entity['id']}", data=made)).status

    other = await house.member("other")
    assert await cover(other, moving, samples.picture()) == 404
    assert await cover(gardener, still, samples.picture()) == 422
    assert await cover(gardener, moving, b"noise") == 422
    assert await gardener.good("GET", f"{MEDIA}/{moving['id']}") == moving
    await gardener.says("x", media_ids=[moving["id"]])
    assert await cover(gardener, moving, samples.picture()) == 404


async def later_removed(net: Net) -> None:
    """What failed goes with the cleaning of the next day."""
    async with net.work.transaction() as tx:
        await tx.conn.execute("update media set touched_at = touched_at - interval '2 days'")
    await clean(net)
    await settle(net)


async def test_a_film_may_take_its_time(
    gardener: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PATIENCE", 0.0)
    answer = await send(gardener, samples.film(tmp_path / "a.mp4"), description="Rain")
    assert answer.status == 202
    entity = answer.json
    assert (entity["type"], entity["url"], entity["preview_url"]) == ("video", None, None)
    assert set(entity) == ENTITY
    early = await gardener.post(STATUSES, json={"status": "x", "media_ids": [entity["id"]]})
    assert early.status == 422
    assert "not finished processing" in early.json["error"]
    seen = {206}
    while 206 in seen and 200 not in seen:
        answer = await gardener.get(f"{MEDIA}/{entity['id']}")
        assert answer.status in (200, 206)
        seen.add(answer.status)
    assert answer.json["url"]
    assert answer.json["description"] == "Rain"


async def test_the_older_route_waits_for_a_film(
    gardener: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elk posts there, and shows what it is answered."""
    monkeypatch.setattr(api, "PATIENCE", 0.0)
    answer = await send(gardener, samples.film(tmp_path / "a.mp4"), MEDIA)
    assert (answer.status, answer.json["type"]) == (200, "video")
    assert (await download(gardener, answer.json["url"]))[0] == 200


async def test_pinafore_falls_back_from_a_route_that_is_not_there(gardener: Member) -> None:
    """It says what a picture shows by version 2 first, and goes on after a 404 alone."""
    entity = await sent(gardener)
    words = {"description": "Beans"}
    newer = await gardener.put(f"/api/v2/media/{entity['id']}", json=words)
    assert (newer.status, newer.json) == (404, {"error": "Not Found"})
    assert (await gardener.good("PUT", f"{MEDIA}/{entity['id']}", json=words))["url"]


async def test_what_fails_later_says_so(
    gardener: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api, "PATIENCE", 0.0)
    entity = (await send(gardener, b"\xff\xd8\xff" + b"x" * 999)).json
    answer = await gardener.get(f"{MEDIA}/{entity['id']}")
    while answer.status == 206:
        answer = await gardener.get(f"{MEDIA}/{entity['id']}")
    assert answer.status == 422
    assert files(tmp_path) == []


async def test_what_was_lost_with_its_process_counts_as_failed(
    here: Running, gardener: Member
) -> None:
    assert gardener.account
    async with here.work.transaction() as tx:
        row = await verbs.begin(tx, gardener.account, "image")
    assert (await gardener.get(f"{MEDIA}/{row.id}")).status == 206
    here.clock.forward(minutes=11)
    assert (await gardener.get(f"{MEDIA}/{row.id}")).status == 422


# --- describing, and who may


async def test_words_may_come_later(gardener: Member) -> None:
    one = f"{MEDIA}/{(await sent(gardener))['id']}"
    entity = await gardener.good("PUT", one, json={"description": "Beans", "focus": "0.1,0.2"})
    assert (entity["description"], entity["meta"]["focus"]) == ("Beans", {"x": 0.1, "y": 0.2})
    entity = await gardener.good("PUT", one, data=form(None, focus="-1.0,0"))
    assert (entity["description"], entity["meta"]["focus"]["x"]) == ("Beans", -1.0)
    assert (await gardener.put(one, json={"description": "x" * 1501})).status == 422
    assert (await gardener.good("PUT", one, json={"focus": "nan,1"})) == entity
    assert (await send(gardener, samples.picture(), description="x" * 1501)).status == 422


async def test_nobody_else_gets_at_it(here: Running, house: House, gardener: Member) -> None:
    other = await house.member("other")
    one = f"{MEDIA}/{(await sent(gardener))['id']}"
    for answer in (await other.get(one), await other.put(one), await other.delete(one)):
        assert answer.status == 404
    assert (await house.stranger.get(one)).status == 401
    assert (await send(house.stranger, samples.picture())).status == 401
    reader = Member(
        here.http, here.base, gardener.account, await here.token(gardener.account, "read")
    )
    assert (await send(reader, samples.picture())).status == 403
    app = Member(here.http, here.base, None, await here.token(None))
    assert (await send(app, samples.picture())).status == 422
    assert (await gardener.put(f"/api/v2/media/{one.rpartition('/')[2]}")).status == 404
    assert (await gardener.get(f"{MEDIA}/1")).status == 404


async def test_what_is_no_upload(here: Running, gardener: Member, tmp_path: Path) -> None:
    for answer in (
        await send(gardener, None),
        await send(gardener, b""),
        await gardener.post(UPLOAD, json={"file": "x"}),
        await gardener.post(UPLOAD, data={"file": "no file"}),
    ):
        assert answer.status == 422
        assert "blank" in answer.json["error"]
    large = samples.picture() + b"\0" * bounds.IMAGE_BYTES
    assert "larger than 16 MB" in (await send(gardener, large)).json["error"]
    assert (await send(gardener, b"\0" * (api.MAX_BODY + 1))).status == 413
    assert files(tmp_path) == []


async def test_uploads_are_counted(
    database_url: str, free_port: Callable[[], int], tmp_path: Path
) -> None:
    async with serving(database_url, free_port(), rate_limits="on", data=str(tmp_path)) as running:
        account = await running.member("gardener")
        member = Member(running.http, running.base, account, await running.token(account))
        found = [(await send(member, None)).status for _ in range(31)]
    assert found == [422] * 30 + [429]


async def test_the_instance_says_what_it_takes(house: House) -> None:
    said = (await house.stranger.good("GET", "/api/v2/instance"))["configuration"]
    limits = said["media_attachments"]
    assert {"image/heic", "image/avif", "video/quicktime", "audio/ogg"} <= set(
        limits["supported_mime_types"]
    )
    assert (limits["image_size_limit"], limits["video_size_limit"]) == (16 << 20, 40 << 20)
    assert (limits["description_limit"], said["statuses"]["max_media_attachments"]) == (1500, 4)


# --- in posts


async def test_a_post_of_pictures_alone_keeps_their_order(house: House, gardener: Member) -> None:
    shown = [await sent(gardener, description=str(n)) for n in range(4)]
    wanted = [shown[2], shown[0], shown[3], shown[1]]
    post = await gardener.says("", media_ids=[m["id"] for m in wanted])
    assert post["media_attachments"] == wanted
    seen = await house.stranger.good("GET", f"{STATUSES}/{post['id']}")
    assert seen["media_attachments"] == wanted
    assert (await gardener.get(f"{MEDIA}/{shown[0]['id']}")).status == 404
    assert (await gardener.put(f"{MEDIA}/{shown[0]['id']}")).status == 404
    assert (await gardener.delete(f"{MEDIA}/{shown[0]['id']}")).status == 422
    with_media = await house.stranger.good(
        "GET", "/api/v1/timelines/public", params={"only_media": "true"}
    )
    assert [s["id"] for s in with_media] == [post["id"]]


async def test_which_files_do_not_go(house: House, gardener: Member, tmp_path: Path) -> None:
    other = await house.member("other")
    mine = [(await sent(gardener))["id"] for _ in range(5)]
    film = (await sent(gardener, samples.film(tmp_path / "a.mp4")))["id"]
    used = (await sent(gardener))["id"]
    await gardener.says("first", media_ids=[used])
    poll = {"options": ["a", "b"], "expires_in": 600}
    refused: list[dict[str, Any]] = [
        {"media_ids": mine},
        {"media_ids": [mine[0], film]},
        {"media_ids": [used]},
        {"media_ids": [(await sent(other))["id"]]},
        {"media_ids": ["1"]},
        {"media_ids": ["x"]},
        {"media_ids": [mine[0]], "poll": poll},
    ]
    for more in refused:
        answer = await gardener.post(STATUSES, json={"status": "x", **more})
        assert (answer.status, "error" in answer.json) == (422, True), more
    me = await gardener.good("GET", "/api/v1/accounts/verify_credentials")
    assert me["statuses_count"] == 1
    assert (await gardener.says("", media_ids=[film]))["media_attachments"][0]["type"] == "video"


async def test_two_posts_at_once_cannot_have_one_file(gardener: Member) -> None:
    file = (await sent(gardener))["id"]
    wish = {"status": "mine", "media_ids": [file]}
    answers = await asyncio.gather(*(gardener.post(STATUSES, json=wish) for _ in range(4)))
    assert sorted(a.status for a in answers) == [200, 422, 422, 422]


async def test_an_edit_replaces_files_and_history_keeps_them(
    house: House, gardener: Member
) -> None:
    first, second = await sent(gardener, description="one"), await sent(gardener)
    post = await gardener.says("words", media_ids=[first["id"]])
    one = f"{STATUSES}/{post['id']}"
    wish = {"status": "words", "media_ids": [second["id"], first["id"]]}
    edited = await gardener.good("PUT", one, json=wish)
    assert [m["id"] for m in edited["media_attachments"]] == wish["media_ids"]
    attributes = [{"id": first["id"], "description": "One bed", "focus": "0.5,0.5"}]
    wish = {"status": "words", "media_ids": [first["id"]], "media_attributes": attributes}
    edited = await gardener.good("PUT", one, json=wish)
    assert [m["description"] for m in edited["media_attachments"]] == ["One bed"]
    assert (await gardener.good("PUT", one, json=wish))["edited_at"] == edited["edited_at"]
    edited = await gardener.good("PUT", one, json={"status": "words"})
    assert edited["media_attachments"] == []
    history = await house.stranger.good("GET", f"{one}/history")
    assert [[m["description"] for m in h["media_attachments"]] for h in history] == [
        ["one"], [None, "one"], ["One bed"], [],
    ]  # fmt: skip
    again = await gardener.good("PUT", one, json={"status": "words", "media_ids": [second["id"]]})
    assert [m["id"] for m in again["media_attachments"]] == [second["id"]]
    other = await gardener.post(STATUSES, json={"status": "x", "media_ids": [first["id"]]})
    assert other.status == 422


async def test_attributes_of_others_files_change_nothing(house: House, gardener: Member) -> None:
    other = await house.member("other")
    theirs = await sent(other, description="theirs")
    mine = await sent(gardener)
    post = await gardener.says("x", media_ids=[mine["id"]])
    attributes = [{"id": theirs["id"], "description": "stolen"}]
    wish = {"status": "x", "media_ids": [mine["id"]], "media_attributes": attributes}
    await gardener.good("PUT", f"{STATUSES}/{post['id']}", json=wish)
    assert (await other.good("GET", f"{MEDIA}/{theirs['id']}"))["description"] == "theirs"


# --- going away


async def test_a_redraft_uses_the_files_again(
    here: Running, gardener: Member, net: Net, tmp_path: Path
) -> None:
    file = await sent(gardener)
    post = await gardener.says("first", media_ids=[file["id"]])
    here.clock.forward(days=3)
    gone = await gardener.good("DELETE", f"{STATUSES}/{post['id']}")
    assert [m["id"] for m in gone["media_attachments"]] == [file["id"]]
    await clean(net)
    again = await gardener.says("second", media_ids=[file["id"]])
    assert again["media_attachments"] == [file]
    await gardener.good("DELETE", f"{STATUSES}/{again['id']}", params={"delete_media": "true"})
    await settle(net)
    assert files(tmp_path) == []
    assert (await download(gardener, file["url"]))[0] == 404


async def clean(net: Net) -> None:
    async with net.work.transaction() as tx:
        await verbs.clean(tx)
    await settle(net)


async def test_what_nobody_uses_goes_after_a_day(
    here: Running, gardener: Member, net: Net, tmp_path: Path
) -> None:
    kept, left = await sent(gardener), await sent(gardener)
    await gardener.says("x", media_ids=[kept["id"]])
    here.clock.forward(hours=23)
    await clean(net)
    assert len(files(tmp_path)) == 4
    here.clock.forward(hours=2)
    await clean(net)
    assert (await gardener.get(f"{MEDIA}/{left['id']}")).status == 404
    assert (await download(gardener, left["url"]))[0] == 404
    assert (await download(gardener, kept["url"]))[0] == 200


async def test_taking_back_an_upload(gardener: Member, net: Net, tmp_path: Path) -> None:
    entity = await sent(gardener)
    assert await gardener.good("DELETE", f"{MEDIA}/{entity['id']}") == {}
    assert (await gardener.delete(f"{MEDIA}/{entity['id']}")).status == 404
    await settle(net)
    assert files(tmp_path) == []


async def test_files_go_with_their_account(
    here: Running, gardener: Member, net: Net, tmp_path: Path
) -> None:
    assert gardener.account
    await gardener.says("x", media_ids=[(await sent(gardener))["id"]])
    async with here.work.transaction() as tx:
        await tx.conn.execute("delete from accounts where id = $1", gardener.account.id)
    await clean(net)
    assert files(tmp_path) == []


# --- on profiles


async def test_pictures_of_a_profile(
    house: House, gardener: Member, net: Net, tmp_path: Path
) -> None:
    fields = aiohttp.FormData()
    fields.add_field("avatar", samples.from_a_telephone(), filename="me.jpg")
    fields.add_field("header", samples.picture("PNG", 900, 900), filename="h.png")
    fields.add_field("avatar_description", "A face")
    fields.add_field("display_name", "Gardener")
    path = "/api/v1/accounts/update_credentials"
    me = await gardener.good("PATCH", path, data=fields)
    assert (me["display_name"], me["avatar_description"]) == ("Gardener", "A face")
    for name, size in (("avatar", bounds.AVATAR), ("header", bounds.HEADER)):
        _, body, _ = await download(gardener, me[name])
        assert Image.open(BytesIO(body)).size == size
    seen = await house.stranger.good("GET", f"/api/v1/accounts/{gardener.id}")
    assert (seen["avatar"], seen["avatar_static"]) == (me["avatar"], me["avatar"])
    wish = aiohttp.FormData()
    wish.add_field("avatar", samples.picture("WEBP"), filename="me.webp")
    second = await gardener.good("PATCH", path, data=wish)
    await settle(net)
    assert second["avatar"] != me["avatar"]
    assert (await download(gardener, me["avatar"]))[0] == 404
    assert (second["header"], second["avatar_description"]) == (me["header"], "A face")
    bare = await gardener.good("DELETE", "/api/v1/profile/avatar")
    assert (bare["avatar_description"], bare["header"]) == ("", me["header"])
    assert bare["avatar"].endswith("/assets/avatar.png")
    await gardener.good("DELETE", "/api/v1/profile/header")
    await settle(net)
    assert files(tmp_path) == []


async def test_what_is_no_picture_of_a_profile(gardener: Member, tmp_path: Path, net: Net) -> None:
    for file in (samples.film(tmp_path / "a.mp4"), b"<svg/>", samples.bomb()):
        fields = aiohttp.FormData()
        fields.add_field("avatar", file, filename="me.png")
        fields.add_field("display_name", "changed")
        answer = await gardener.ask("PATCH", "/api/v1/accounts/update_credentials", data=fields)
        assert answer.status == 422
    me = await gardener.good("GET", "/api/v1/accounts/verify_credentials")
    assert (me["display_name"], me["avatar"].rpartition("/")[2]) == ("", "avatar.png")
    assert files(tmp_path) == []


# --- how files are served


async def test_caches_and_players_get_what_they_ask_for(gardener: Member, tmp_path: Path) -> None:
    url = (await sent(gardener, samples.film(tmp_path / "a.mp4")))["url"]
    status, whole, headers = await download(gardener, url)
    assert status == 200
    assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Access-Control-Allow-Origin"] == "*"
    status, part, headers = await download(gardener, url, Range="bytes=100-199")
    assert (status, part) == (206, whole[100:200])
    assert headers["Content-Range"] == f"bytes 100-199/{len(whole)}"
    assert (await download(gardener, url, Range="bytes=-10"))[1] == whole[-10:]
    assert (await download(gardener, url, Range="bytes=10-"))[1] == whole[10:]
    assert (await download(gardener, url, Range=f"bytes={len(whole)}-"))[0] == 416
    assert (await download(gardener, url, Range="pages=1-2"))[1] == whole
    status, body, _ = await download(gardener, url, If_None_Match=headers["ETag"])
    assert (status, body) == (304, b"")
    async with gardener.http.head(url) as response:
        assert (response.status, response.content_length) == (200, len(whole))


@pytest.mark.parametrize(
    "name",
    [
        "x",
        "../config",
        "..%2f..%2fetc%2fpasswd",
        "0" * 32 + ".html",
        "0" * 32 + ".jpg",
        "0" * 31 + ".jpg",
    ],
)
async def test_names_that_are_no_files(house: House, name: str) -> None:
    status, _, _ = await download(house.stranger, f"{house.base}/media/{name}")
    assert status == 404


# --- unmodified clients


async def test_mastodon_py_posts_pictures(gardener: Member, tmp_path: Path) -> None:
    def steps(client: mastodon.Mastodon) -> None:
        bytes_ = samples.picture()
        first = client.media_post(bytes_, "image/jpeg", description="beds", focus=(0.1, -0.2))
        assert (first.description, first.meta.focus.y) == ("beds", -0.2)
        film = samples.film(tmp_path / "a.mp4")
        assert client.media_post(film, "video/mp4", synchronous=True).url
        assert client.media_update(first, description="two beds").description == "two beds"
        assert client.media(first).url == first.url
        post = client.status_post("look", media_ids=[first])
        assert post.media_attachments[0].description == "two beds"
        changed = [client.generate_media_edit_attributes(first.id, description="three beds")]
        edited = client.status_update(post, "look", media_attributes=changed)
        assert edited.media_attachments[0].description == "three beds"
        me = client.account_update_credentials(avatar=bytes_, avatar_mime_type="image/jpeg")
        assert me.avatar.endswith(".jpg")
        assert client.account_delete_avatar().avatar.endswith("avatar.png")

    with requests.Session() as session:
        await asyncio.to_thread(steps, client_of(gardener, session))


async def test_toot_posts_a_picture(gardener: Member, tmp_path: Path) -> None:
    toot = Terminal(gardener, tmp_path / "home")
    picture = tmp_path / "beds.png"
    picture.write_bytes(samples.picture("PNG"))
    post = await toot.json("post", "Beds", "--media", str(picture), "--description", "Two beds")
    assert post["media_attachments"][0]["description"] == "Two beds"


def test_the_server_loads_no_decoder() -> None:
    """They are large, and what they open is hostile."""
    look = "import sys, server.run; print(sorted({'PIL', 'av', 'pillow_heif', 'obstore'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", look],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_day_is_what_is_promised() -> None:
    assert timedelta(days=1) == verbs.IDLE


async def test_other_servers_are_told_what_a_file_is(here: Running, gardener: Member) -> None:
    still = await sent(gardener, description="Two beds", focus="0.5,-0.5")
    moving = await sent(gardener, samples.animation())
    post = await gardener.says("look", media_ids=[still["id"], moving["id"]])
    headers = {"Accept": "application/activity+json"}
    async with here.http.get(post["uri"], headers=headers) as response:
        document = await response.json(content_type=None)
    first, second = document["attachment"]
    assert first == {
        "type": "Document",
        "mediaType": "image/jpeg",
        "url": still["url"],
        "name": "Two beds",
        "width": 320,
        "height": 200,
        "blurhash": still["blurhash"],
        "focalPoint": [0.5, -0.5],
    }
    assert (second["type"], second["mediaType"]) == ("Document", "video/mp4")
    assert second["icon"] == {"type": "Image", "url": moving["preview_url"]}


async def test_other_servers_are_told_what_somebody_looks_like(
    here: Running, gardener: Member
) -> None:
    sent_ = form(None, avatar_description="A hat")
    sent_.add_field("avatar", BytesIO(samples.picture()), filename="a.jpg")
    me = await gardener.good("PATCH", "/api/v1/accounts/update_credentials", data=sent_)
    assert (await gardener.good("GET", "/api/v1/profile"))["avatar_description"] == "A hat"
    headers = {"Accept": "application/activity+json"}
    async with here.http.get(me["uri"], headers=headers) as response:
        document = await response.json(content_type=None)
    assert document["icon"] == {
        "type": "Image",
        "url": me["avatar"],
        "mediaType": "image/jpeg",
        "name": "A hat",
        "summary": "A hat",
    }
