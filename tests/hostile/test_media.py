"""Files that mean harm: those that somebody uploads, and those that another server shows."""

from __future__ import annotations

import asyncio
import os
import signal
import struct
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from PIL import Image, PngImagePlugin

from federation import fetch
from federation.fetch import MEDIA, Egress
from federation.origin import host_of
from server import blobs, proxy
from server.app import make_app
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import Settings
from server.decoding import bounds, process
from server.decoding.process import Decoders
from server.domain.moderating import host_blocks
from server.domain.moderating.host_blocks import Terms
from server.domain.posting import media as verbs
from server.domain.tx import Site, Work
from server.errors import Invalid
from server.jobs import later
from server.render import media as render
from server.urls import Urls
from storage import db
from tests import samples
from tests.api.conftest import Running, serving
from tests.api.people import Answer, Member
from tests.api.test_render import POST
from tests.clock import MovableClock
from tests.serving import children_of, until
from tests.tls_peer import LOOPBACK, Peer, egress_config, tls_peer

PATH = "/api/v1/media"
REMOTE = replace(POST, local=False, uri="https://far.example/1")


@pytest.fixture
async def here(
    database_url: str, free_port: Callable[[], int], tmp_path: Path
) -> AsyncIterator[Running]:
    async with serving(database_url, free_port(), data=str(tmp_path)) as running:
        yield running


@pytest.fixture
async def uploader(here: Running) -> Member:
    account = await here.member("uploader")
    return Member(here.http, here.base, account, await here.token(account))


async def send(member: Member, file: bytes) -> Answer:
    form = aiohttp.FormData()
    form.add_field("file", BytesIO(file), filename="x.png", content_type="image/png")
    return await member.post(PATH, data=form)


def left(folder: Path) -> list[Path]:
    found = (p for name in ("media", "uploads") for p in (folder / name).rglob("*"))
    return [p for p in found if p.is_file()]


# --- uploads


def long_animation() -> bytes:
    """More frames than are taken, in a few kilobytes."""
    images = [Image.new("L", (16, 16), n % 200) for n in range(bounds.FRAMES + 1)]
    out = BytesIO()
    images[0].save(out, "GIF", save_all=True, append_images=images[1:], duration=20)
    return out.getvalue()


def huge_text() -> bytes:
    """A PNG whose comment unpacks to a quarter of a gigabyte."""
    png = samples.picture("PNG", 8, 8)
    text = b"Comment\0\0" + zlib.compress(b"\0" * (256 << 20), 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text
    return png[:33] + chunk + struct.pack(">I", zlib.crc32(chunk[4:])) + png[33:]


HARMFUL: dict[str, Callable[[], bytes]] = {
    "a page": lambda: b"<!doctype html><script>alert(1)</script>",
    "a drawing with a script": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='x()'/>",
    "a program": lambda: b"\x7fELF" + b"\0" * 100,
    "a playlist of other files": lambda: b"#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n",
    "a page that begins as a picture": lambda: b"\xff\xd8\xff" + b"<script>alert(1)</script>" * 9,
    "a picture cut off": lambda: samples.picture()[:1500],
    "a picture of 3.6 thousand million pixels": samples.bomb,
    "a picture of no pixels": lambda: samples.picture("PNG", 8, 8)[:33],
    "an animation that is too long": long_animation,
    "a comment that unpacks without end": huge_text,
    "nothing but the head of a film": lambda: b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 99,
    "noise called sound": lambda: b"ID3" + bytes(range(256)) * 40,
    "noise called a film": lambda: b"\x1aE\xdf\xa3" + bytes(range(256)) * 40,
}


@pytest.mark.parametrize("name", HARMFUL)
async def test_what_is_refused_leaves_nothing(uploader: Member, tmp_path: Path, name: str) -> None:
    answer = await send(uploader, HARMFUL[name]())
    assert answer.status == 422
    assert answer.json["error"].startswith("Validation failed: ")
    assert left(tmp_path) == []


async def test_a_film_cut_off_is_refused(uploader: Member, tmp_path: Path) -> None:
    film = samples.film(tmp_path / "a.mkv", frames=300)
    assert (await send(uploader, film[: len(film) // 2])).status == 422
    assert left(tmp_path) == []


def commented() -> bytes:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "Secret note")
    return samples.picture("PNG", pnginfo=words)


def with_more_behind() -> bytes:
    """A picture that is an archive too."""
    return samples.picture() + b"PK\x03\x04Secret archive"


@pytest.mark.parametrize(
    "make",
    [
        lambda _: samples.from_a_telephone(),
        lambda _: samples.from_a_telephone(form="WEBP"),
        lambda _: samples.from_a_telephone(form="PNG"),
        lambda _: samples.from_a_telephone(form="HEIF"),
        lambda _: samples.from_a_telephone(form="AVIF"),
        lambda _: samples.picture(comment=b"Secret note"),
        lambda _: commented(),
        lambda _: with_more_behind(),
        lambda folder: samples.film(folder / "a.mp4"),
        lambda folder: samples.film(folder / "a.mov"),
        lambda folder: samples.film(folder / "a.mkv"),
        lambda folder: samples.tune(folder / "a.mp3", "libmp3lame"),
        lambda folder: samples.tune(folder / "a.m4a", "aac"),
    ],
    ids=range(13),
)
async def test_where_and_by_whom_stays_with_the_sender(
    uploader: Member, tmp_path: Path, make: Callable[[Path], bytes]
) -> None:
    given = make(tmp_path)
    tells = (b"Secret", b"A maker", b"Exif", b"+45.4333", b"http://ns.adobe.com")
    assert any(word in given for word in tells), "the sample says nothing itself"
    entity = (await send(uploader, given)).json
    for url in filter(None, (entity["url"], entity["preview_url"])):
        async with uploader.http.get(url) as response:
            body = await response.read()
        assert [word for word in tells if word in body] == []


def first_child_beside(known: set[int]) -> int:
    return until("a worker", lambda: next(iter(set(children_of(os.getpid())) - known), None))


async def test_a_worker_that_is_killed_takes_nothing_with_it(
    uploader: Member, tmp_path: Path
) -> None:
    before = set(children_of(os.getpid()))
    sending = asyncio.create_task(send(uploader, samples.picture("JPEG", 5700, 5700)))
    os.kill(await asyncio.to_thread(first_child_beside, before), signal.SIGKILL)
    answer = await sending
    assert (answer.status, "opened" in answer.json["error"]) == (422, True)
    assert left(tmp_path) == []
    assert (await send(uploader, samples.picture())).status == 200


async def test_a_worker_has_its_time(
    uploader: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "WALL_SECONDS", 0.001)
    answer = await send(uploader, samples.picture())
    assert (answer.status, "too long" in answer.json["error"]) == (422, True)
    assert left(tmp_path) == []


async def test_a_worker_has_its_memory(tmp_path: Path) -> None:
    """Even where our own count of pixels were wrong."""
    picture = tmp_path / "given"
    picture.write_bytes(samples.picture("JPEG", 5000, 5000))
    program = tmp_path / "small.py"
    program.write_text(
        "from server.decoding import bounds, worker\nbounds.MEMORY = 160 << 20\nworker.main()\n"
    )
    out = tmp_path / "out"
    out.mkdir()
    worker = await asyncio.create_subprocess_exec(
        sys.executable, str(program), str(picture), str(out), "post",
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"PYTHONPATH": str(process.ROOT)},
    )  # fmt: skip
    told, _ = await worker.communicate()
    assert worker.returncode != 0 or b"refused" in told


async def test_many_at_once_wait_for_their_turn(tmp_path: Path) -> None:
    decoders = Decoders(at_once=1)
    before = set(children_of(os.getpid()))

    async def one(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "in").write_bytes(samples.picture())
        await decoders.run(folder / "in", folder)

    tasks = [asyncio.create_task(one(str(n))) for n in range(4)]
    most = 0
    while not all(task.done() for task in tasks):
        most = max(most, len(set(children_of(os.getpid())) - before))
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert most == 1


async def test_who_asks_for_a_file_that_is_none_waits_for_nobody(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    with pytest.raises(Invalid):
        process.accepted(empty)


# --- files of other servers


@dataclass
class Elsewhere:
    """Another server: which answers with ``FILES``, and what it was asked for."""

    asked: list[str] = field(default_factory=list)
    peer: Peer | None = None
    busy: asyncio.Event = field(default_factory=asyncio.Event)  # as much is asked as may be at once
    let_go: asyncio.Event = field(
        default_factory=asyncio.Event
    )  # until then what is slow takes for ever

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.path)
        if len(self.asked) == proxy.AT_ONCE_EACH:
            self.busy.set()
        if request.path == "/slow.jpg":
            await self.let_go.wait()
            raise web.HTTPServiceUnavailable
        body, content_type = FILES[request.path]()
        return web.Response(body=body, headers={"Content-Type": content_type})

    def url(self, path: str) -> str:
        assert self.peer
        return self.peer.url(path)


FILES: dict[str, Callable[[], tuple[bytes, str]]] = {
    "/good.jpg": lambda: (samples.picture(), "image/jpeg"),
    "/unnamed": lambda: (samples.picture("PNG"), "application/octet-stream"),
    "/page.html": lambda: (b"<script>alert(1)</script>", "text/html"),
    "/page.jpg": lambda: (b"<script>alert(1)</script>", "image/jpeg"),
    "/drawing.svg": lambda: (b"<svg onload='x()'/>", "image/svg+xml"),
    "/drawing.png": lambda: (b"<svg onload='x()'/>", "image/png"),
    "/heavy.jpg": lambda: (samples.picture() + b"\0" * (17 << 20), "image/jpeg"),
    "/endless.mp4": lambda: (b"\0" * (MEDIA.max_bytes + 1), "video/mp4"),
    "/picture-called-film.mp4": lambda: (samples.picture(), "video/mp4"),
}


@dataclass
class Viewing:
    """An instance that shows files of ``elsewhere``."""

    net: Net
    clock: MovableClock
    elsewhere: Elsewhere
    http: aiohttp.ClientSession
    folder: Path

    async def look(self, url: str) -> tuple[int, bytes, str]:
        async with self.http.get(url) as response:
            return response.status, await response.read(), response.headers["Content-Type"]

    async def see(self, path: str) -> tuple[int, bytes, str]:
        """A file of the other server, at the address that we give to clients."""
        return await self.look(self.net.work.site.urls.remote_media(self.elsewhere.url(path)))

    def cached(self) -> list[Path]:
        return [p for p in (self.folder / "cache").rglob("*") if p.is_file()]


@pytest.fixture
async def viewing(
    database_url: str, free_port: Callable[[], int], tmp_path: Path
) -> AsyncIterator[Viewing]:
    port, elsewhere, clock = free_port(), Elsewhere(), MovableClock()
    host = f"127.0.0.1:{port}"
    settings = Settings(domain=host, scheme="http", data=tmp_path, rate_limits="off")
    async with (
        tls_peer(elsewhere.handle) as peer,
        db.pool(database_url, size=4) as pool,
        Egress(egress_config(tmp_path, *LOOPBACK)) as egress,
        aiohttp.ClientSession() as http,
    ):
        elsewhere.peer = peer
        urls = Urls(host, settings.base, "a secret")
        work = Work(pool, clock, Site(urls, federates=True))
        net = await resolve.open_net(work, egress, blobs.open_stores(settings))
        runner = web.AppRunner(make_app(settings, work, net), shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        try:
            yield Viewing(net, clock, elsewhere, http, tmp_path)
        finally:
            await runner.cleanup()


@pytest.mark.parametrize(
    "terms", [Terms("suspend"), Terms("noop", reject_media=True)], ids=["suspended", "refused"]
)
async def test_files_of_a_host_may_be_refused(viewing: Viewing, terms: Terms) -> None:
    """Those that are here already too."""
    await viewing.see("/good.jpg")
    host = host_of(viewing.elsewhere.url("/"))
    async with viewing.net.work.transaction() as tx:
        made = await host_blocks.block(tx, host, terms)
    for path in ("/good.jpg", "/unnamed"):
        assert (await viewing.see(path))[0] == 404
    assert viewing.elsewhere.asked == ["/good.jpg"]
    async with viewing.net.work.transaction() as tx:
        await host_blocks.lift(tx, made)
    assert (await viewing.see("/good.jpg"))[0] == 200


async def test_a_file_is_fetched_once_and_kept_for_its_time(viewing: Viewing) -> None:
    seen = await asyncio.gather(*(viewing.see("/good.jpg") for _ in range(5)))
    assert {(status, kind) for status, _, kind in seen} == {(200, "image/jpeg")}
    assert viewing.elsewhere.asked == ["/good.jpg"]
    viewing.clock.forward(days=6)
    await viewing.see("/good.jpg")
    assert len(viewing.elsewhere.asked) == 1
    viewing.clock.forward(days=2)
    await viewing.see("/good.jpg")
    assert len(viewing.elsewhere.asked) == 2
    await settle(viewing)
    assert len(viewing.cached()) == 1


async def settle(viewing: Viewing) -> None:
    while await later.work_once(viewing.net):
        pass


async def test_what_nobody_looks_at_is_forgotten(viewing: Viewing) -> None:
    await viewing.see("/good.jpg")
    viewing.clock.forward(days=8)
    async with viewing.net.work.transaction() as tx:
        await verbs.forget_remote(tx)
    await settle(viewing)
    assert viewing.cached() == []
    assert (await viewing.see("/good.jpg"))[0] == 200


async def test_what_was_lost_is_fetched_again(viewing: Viewing) -> None:
    await viewing.see("/good.jpg")
    for path in viewing.cached():
        path.unlink()
    assert (await viewing.see("/good.jpg"))[0] == 200


@pytest.mark.parametrize(
    "path",
    ["/page.html", "/page.jpg", "/drawing.svg", "/drawing.png", "/heavy.jpg", "/endless.mp4"],
)
async def test_what_is_no_picture_is_not_shown(viewing: Viewing, path: str) -> None:
    for _ in range(2):
        status, body, _ = await viewing.see(path)
        assert status == 404
        assert b"alert" not in body
    assert viewing.elsewhere.asked == [path]
    viewing.clock.forward(hours=2)
    await viewing.see(path)
    assert len(viewing.elsewhere.asked) == 2
    assert viewing.cached() == []
    assert left(viewing.folder) == []


async def test_the_first_bytes_say_what_it_is(viewing: Viewing) -> None:
    assert (await viewing.see("/picture-called-film.mp4"))[2] == "image/jpeg"
    assert (await viewing.see("/unnamed"))[2] == "image/png"


async def test_who_does_not_answer_holds_up_nobody(
    viewing: Viewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MEDIA", replace(MEDIA, deadline=0.2))
    slow, good = await asyncio.gather(viewing.see("/slow.jpg"), viewing.see("/good.jpg"))
    assert (slow[0], good[0]) == (404, 200)


async def test_one_slow_server_takes_no_place_of_another(
    viewing: Viewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MEDIA", replace(MEDIA, deadline=5.0))
    second = Elsewhere()
    urls = viewing.net.work.site.urls
    async with tls_peer(second.handle) as peer:
        second.peer = peer
        dripping = [
            asyncio.create_task(viewing.look(urls.remote_media(viewing.elsewhere.url(path))))
            for path in (f"/slow.jpg?{n}" for n in range(proxy.AT_ONCE + 1))
        ]
        await viewing.elsewhere.busy.wait()
        seen = await viewing.look(urls.remote_media(second.url("/good.jpg")))
        assert seen[0] == 200
        assert len(viewing.elsewhere.asked) == proxy.AT_ONCE_EACH
        assert not any(task.done() for task in dripping)
        viewing.elsewhere.let_go.set()
        assert {seen[0] for seen in await asyncio.gather(*dripping)} == {404}


async def test_one_server_does_not_fill_the_queue(
    viewing: Viewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "MEDIA", replace(MEDIA, deadline=1.0))
    monkeypatch.setattr(proxy, "WAITING_EACH", 2)
    seen = await asyncio.gather(*(viewing.see(f"/slow.jpg?{n}") for n in range(4)))
    assert sorted(status for status, _, _ in seen) == [404, 404, 429, 429]
    assert (await viewing.see("/good.jpg"))[0] == 200


async def test_files_of_others_do_not_fill_the_disk(
    viewing: Viewing, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as full:
        full.setattr(proxy, "DISK_KEPT", 1 << 62)
        assert (await viewing.see("/good.jpg"))[0] == 503
    assert viewing.elsewhere.asked == []
    assert (await viewing.see("/good.jpg"))[0] == 200  # it was not remembered as refused


async def test_only_what_we_show_can_be_asked_for(viewing: Viewing) -> None:
    urls = viewing.net.work.site.urls
    sealed = urls.remote_media(viewing.elsewhere.url("/good.jpg"))
    other = Urls(urls.domain, urls.base, "another secret")
    forged = [
        other.remote_media(viewing.elsewhere.url("/good.jpg")),
        sealed[:-2],
        sealed.replace("/remote/", "/remote/0"),
        f"{urls.base}/media/remote/é/é",
        Urls(urls.domain, urls.base, "a secret").remote_media(viewing.elsewhere.url("/page.html")).rpartition("/")[0]
        + "/" + sealed.rpartition("/")[2],
    ]  # fmt: skip
    for url in forged:
        assert (await viewing.look(url))[0] == 404
    assert viewing.elsewhere.asked == []


async def test_private_addresses_stay_private(database_url: str, viewing: Viewing) -> None:
    for url in ("https://10.0.0.1/x.jpg", "https://[::1]/x.jpg", "https://169.254.169.254/latest"):
        assert (await viewing.look(viewing.net.work.site.urls.remote_media(url)))[0] == 404


def test_a_remote_post_shows_files_through_us(viewing: Viewing) -> None:
    urls = viewing.net.work.site.urls
    entries = [
        {"url": "https://far.example/a.jpg", "kind": "image", "media_type": "image/jpeg"},
        {"url": "https://far.example/b.svg", "kind": "image", "media_type": "image/svg+xml"},
        {"url": "https://far.example/c.pdf", "kind": "document", "media_type": "application/pdf"},
        {"url": "https://far.example/d.mp4", "kind": "video", "media_type": None},
    ]
    shown = render.attachments(urls, REMOTE, entries)
    assert [m["type"] for m in shown] == ["image", "unknown", "unknown", "video"]
    assert [m["remote_url"] for m in shown] == [e["url"] for e in entries]
    assert all(m["url"].startswith(f"{urls.base}/media/remote/") for m in (shown[0], shown[3]))
    assert [m["preview_url"] for m in shown[1:3]] == [None, None]
    assert [m["url"] for m in shown[1:3]] == [e["url"] for e in entries[1:3]]
    assert len({m["id"] for m in shown}) == 4
    assert all(m["id"].isdigit() for m in shown)
