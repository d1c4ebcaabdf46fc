"""What a hostile server, name or address may try on the outgoing client."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web

from federation.errors import Gone, Refused, Unreachable
from federation.fetch import (
    ACTIVITY,
    JRD,
    MAX_REDIRECTS,
    NODEINFO,
    Denied,
    Egress,
    Purpose,
)
from federation.media_types import is_activity
from federation.resolver import Resolver
from tests.tls_peer import LOOPBACK, Handler, Names, egress_config, raw_peer, tls_peer

AS2 = "application/activity+json"
SHORT = replace(ACTIVITY, deadline=0.3)


@pytest.fixture
async def egress(tmp_path: Path) -> AsyncGenerator[Egress]:
    """A client that may reach 127.0.0.1 and no other private address."""
    async with Egress(egress_config(tmp_path, *LOOPBACK)) as client:
        yield client


@pytest.fixture
async def guarded(tmp_path: Path) -> AsyncGenerator[Egress]:
    """A client as in production: no private address at all."""
    async with Egress(egress_config(tmp_path)) as client:
        yield client


def answering(body: bytes = b"{}", content_type: str = AS2, **headers: str) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(
            body=body,
            headers={
                "Content-Type": content_type,
                **{name.replace("_", "-"): value for name, value in headers.items()},
            },
        )

    return handle


def redirecting(status: int = 302, **targets: str) -> Handler:
    """Paths by name to where they lead; every other path is a document."""

    async def handle(request: web.Request) -> web.Response:
        target = targets.get(request.path.strip("/"))
        if target is None:
            return web.Response(body=b"{}", content_type=AS2)
        return web.Response(status=status, headers={"Location": target})

    return handle


async def refused(egress: Egress, url: str, purpose: Purpose = ACTIVITY) -> str:
    with pytest.raises(Refused) as caught:
        await egress.get(url, purpose)
    return caught.value.reason


async def unreachable(egress: Egress, url: str, purpose: Purpose = ACTIVITY) -> str:
    with pytest.raises(Unreachable) as caught:
        await egress.get(url, purpose)
    return caught.value.reason


# What is fetched when all is well.


async def test_a_document_comes_back_with_where_it_came_from(egress: Egress) -> None:
    async with tls_peer(answering(b'{"id":1}', f"{AS2}; charset=utf-8")) as peer:
        got = await egress.get(f"HTTPS://127.0.0.1:{peer.port}/a?b=c#d", ACTIVITY)
    assert (got.url, got.status, got.body) == (peer.url("/a?b=c"), 200, b'{"id":1}')
    assert got.content_type == AS2
    (_, path, headers, _) = peer.seen[0]
    assert path == "/a?b=c"
    assert headers["Accept"] == ACTIVITY.accept
    assert headers["User-Agent"] == "beckon-test"
    assert headers["Host"] == f"127.0.0.1:{peer.port}"


async def test_a_name_keeps_its_host_header_and_certificate(tmp_path: Path) -> None:
    names = Names(garden=[["127.0.0.1"]])
    async with (
        tls_peer(answering()) as peer,
        Egress(egress_config(tmp_path, *LOOPBACK), resolver=names) as egress,
    ):
        await egress.get(peer.url("/", "garden.example"), ACTIVITY)
    assert peer.seen[0][2]["Host"] == f"garden.example:{peer.port}"
    assert names.asked == ["garden.example"]


async def test_gzip_is_unpacked_up_to_the_limit_exactly(egress: Egress) -> None:
    body = b" " * ACTIVITY.max_bytes
    async with tls_peer(answering(gzip.compress(body), Content_Encoding="gzip")) as peer:
        assert (await egress.get(peer.url(), ACTIVITY)).body == body


# Addresses.

PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "198.18.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255", "192.0.2.1",
    "::", "::1", "::ffff:127.0.0.1", "::127.0.0.1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:5ef5:79fb::1", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_literal_private_address_is_refused(guarded: Egress, address: str) -> None:
    host = f"[{address}]" if ":" in address else address
    assert await refused(guarded, f"https://{host}/") == "private_address"


@pytest.mark.parametrize("address", PRIVATE)
async def test_a_name_of_a_private_address_is_refused(tmp_path: Path, address: str) -> None:
    names = Names(evil=[[address]])
    async with Egress(egress_config(tmp_path), resolver=names) as egress:
        assert await refused(egress, "https://evil.example/") == "private_address"


async def test_localhost_is_refused_and_nothing_connects(guarded: Egress) -> None:
    async with tls_peer(answering()) as peer:
        assert await refused(guarded, peer.url("/", "localhost")) == "private_address"
        assert await refused(guarded, peer.url()) == "private_address"
    assert peer.seen == []


@pytest.mark.parametrize(
    "url", ["https://8.8.8.8:8443/", "https://[2606:4700::1]:22/", "https://8.8.8.8:80/"]
)
async def test_ports_are_only_for_the_ranges_that_were_named(egress: Egress, url: str) -> None:
    assert await refused(egress, url) == "private_address"


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/", "file:///etc/passwd", "gopher://127.0.0.1/", "data:,x", "//127.0.0.1/",
        "https://user@127.0.0.1/", "https://a:b@127.0.0.1/", "https://2130706433/",
        "https://0177.0.0.1/", "https://0x7f.0.0.1/", "https://127.1/", "https:\\\\127.0.0.1/",
        "https://127.0.0.1/\r\nX: y", "https://１２７.１/",
    ],
)  # fmt: skip
async def test_odd_addresses_are_refused_before_anything_is_asked(egress: Egress, url: str) -> None:
    assert await refused(egress, url) == "bad_url"


async def test_a_name_that_answers_differently_the_second_time_gains_nothing(
    tmp_path: Path,
) -> None:
    """Rebinding: the first lookup is permitted, the next one leads to a host inside."""
    names = Names(rebind=[["127.0.0.1"], ["127.0.0.2"]])
    async with (
        tls_peer(answering(), "127.0.0.2") as inside,
        tls_peer(redirecting(go=inside.url("/", "rebind.example"))) as outside,
        Egress(egress_config(tmp_path, *LOOPBACK), resolver=names) as egress,
    ):
        reason = await refused(egress, outside.url("/go", "rebind.example"))
    assert reason == "private_address"
    assert names.asked == ["rebind.example", "rebind.example"]
    assert (len(outside.seen), inside.seen) == (1, [])


async def test_of_several_answers_only_the_permitted_one_is_connected_to(tmp_path: Path) -> None:
    async with tls_peer(answering()) as peer:
        names = Names(both=[["127.0.0.2", "127.0.0.1"]])
        async with Egress(egress_config(tmp_path, *LOOPBACK), resolver=names) as egress:
            got = await egress.get(peer.url("/", "both.example"), ACTIVITY)
    assert got.status == 200


# Redirects.


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed_and_reported(egress: Egress, status: int) -> None:
    async with tls_peer(redirecting(status, a="/b")) as peer:
        assert (await egress.get(peer.url("/a"), ACTIVITY)).url == peer.url("/b")


async def test_a_redirect_to_another_origin_shows_in_the_final_address(egress: Egress) -> None:
    async with tls_peer(answering()) as other, tls_peer(redirecting(a=other.url("/x"))) as peer:
        assert (await egress.get(peer.url("/a"), ACTIVITY)).url == other.url("/x")


async def test_a_redirect_to_a_private_address_is_refused(egress: Egress) -> None:
    async with (
        tls_peer(answering(), "127.0.0.2") as inside,
        tls_peer(redirecting(a=inside.url())) as peer,
    ):
        assert await refused(egress, peer.url("/a")) == "private_address"
    assert inside.seen == []


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1/", "file:///etc/passwd", "https://u@127.0.0.1/", "https://[/"]
)
async def test_a_redirect_to_an_odd_address_is_refused(egress: Egress, target: str) -> None:
    async with tls_peer(redirecting(a=target)) as peer:
        assert await refused(egress, peer.url("/a")) == "bad_url"
    assert len(peer.seen) == 1


async def test_a_redirect_without_a_target_is_refused(egress: Egress) -> None:
    async with tls_peer(failing(302)) as peer:
        assert await refused(egress, peer.url()) == "bad_url"


async def test_a_circle_of_redirects_ends_at_once(egress: Egress) -> None:
    async with tls_peer(redirecting(a="/b", b="/a#again")) as peer:
        assert await refused(egress, peer.url("/a")) == "redirect_loop"
    assert len(peer.seen) == 2


async def test_an_endless_chain_of_redirects_ends_after_five(egress: Egress) -> None:
    async def onwards(request: web.Request) -> web.Response:
        return web.Response(status=302, headers={"Location": f"{request.path}x"})

    async with tls_peer(onwards) as peer:
        assert await refused(egress, peer.url("/x")) == "too_many_redirects"
    assert len(peer.seen) == MAX_REDIRECTS + 1


async def test_five_redirects_are_followed(egress: Egress) -> None:
    async with tls_peer(redirecting(a="/b", b="/c", c="/d", d="/e", e="/f")) as peer:
        assert (await egress.get(peer.url("/a"), ACTIVITY)).url == peer.url("/f")


async def test_each_hop_is_signed_for_itself(egress: Egress) -> None:
    signed: list[tuple[str, str, str]] = []

    def sign(method: str, url: str, headers: object, body: bytes) -> dict[str, str]:
        assert isinstance(headers, dict)
        signed.append((method, url, headers["Host"]))
        return {"Signature": f"for {url}"}

    async with tls_peer(answering()) as other, tls_peer(redirecting(a=other.url("/x"))) as peer:
        await egress.get(peer.url("/a"), ACTIVITY, sign=sign)
    assert signed == [
        ("GET", peer.url("/a"), f"127.0.0.1:{peer.port}"),
        ("GET", other.url("/x"), f"127.0.0.1:{other.port}"),
    ]
    assert peer.seen[0][2]["Signature"] == f"for {peer.url('/a')}"
    assert other.seen[0][2]["Signature"] == f"for {other.url('/x')}"


# Size and time.


@pytest.mark.parametrize("purpose", [ACTIVITY, JRD, NODEINFO], ids=lambda purpose: purpose.name)
async def test_one_byte_too_many_is_refused(egress: Egress, purpose: Purpose) -> None:
    content_type = AS2 if purpose is ACTIVITY else "application/json"
    async with tls_peer(answering(b" " * (purpose.max_bytes + 1), content_type)) as peer:
        assert await refused(egress, peer.url(), purpose) == "too_large"


async def test_a_body_without_an_end_is_cut_off(egress: Egress) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": AS2})
        await response.prepare(request)
        while True:
            await response.write(b" " * 65_536)
            await asyncio.sleep(0)  # a chance to notice that nobody listens any more

    async with tls_peer(endless) as peer:
        assert await refused(egress, peer.url()) == "too_large"


async def test_a_gzip_bomb_is_refused(egress: Egress) -> None:
    bomb = gzip.compress(bytes(200 * 1024 * 1024), compresslevel=9)
    assert len(bomb) < ACTIVITY.max_bytes
    async with tls_peer(answering(bomb, Content_Encoding="gzip")) as peer:
        assert await refused(egress, peer.url()) == "too_large"


async def test_an_endless_gzip_stream_that_holds_nothing_is_refused(egress: Egress) -> None:
    packer = zlib.compressobj(wbits=31)
    start = packer.compress(b"") + packer.flush(zlib.Z_SYNC_FLUSH)
    empty = b"\x00\x00\x00\xff\xff" * 300_000  # stored blocks of no bytes
    async with tls_peer(answering(start + empty, Content_Encoding="gzip")) as peer:
        assert await refused(egress, peer.url()) == "too_large"


@pytest.mark.parametrize("encoding", ["br", "zstd", "deflate", "gzip, gzip", "aes128gcm"])
async def test_an_encoding_that_was_not_asked_for_is_refused(egress: Egress, encoding: str) -> None:
    async with tls_peer(answering(b"{}", Content_Encoding=encoding)) as peer:
        assert await refused(egress, peer.url()) == "wrong_encoding"


async def test_what_only_claims_to_be_gzip_is_refused(egress: Egress) -> None:
    async with tls_peer(answering(b'{"id":1}', Content_Encoding="gzip")) as peer:
        assert await refused(egress, peer.url()) == "wrong_encoding"


async def test_a_body_that_drips_ends_with_the_deadline(egress: Egress) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": AS2})
        await response.prepare(request)
        while True:  # each byte in time for any timeout between bytes
            await response.write(b" ")
            await asyncio.sleep(0.01)

    async with tls_peer(drip) as peer:
        assert await unreachable(egress, peer.url(), SHORT) == "timeout"


async def test_headers_that_never_come_end_with_the_deadline(egress: Egress) -> None:
    async def silent(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with tls_peer(silent) as peer:
        assert await unreachable(egress, peer.url(), SHORT) == "timeout"


async def test_slow_redirects_share_one_deadline(egress: Egress) -> None:
    async def onwards(request: web.Request) -> web.Response:
        await asyncio.sleep(SHORT.deadline * 0.4)
        return web.Response(status=302, headers={"Location": f"{request.path}x"})

    async with tls_peer(onwards) as peer:
        assert await unreachable(egress, peer.url("/x"), SHORT) == "timeout"


@pytest.mark.parametrize(
    "head",
    [b"X: " + b"y" * 20_000, b"\r\n".join(b"X-%d: y" % number for number in range(5_000))],
    ids=["long", "many"],
)
async def test_headers_without_measure_are_refused(egress: Egress, head: bytes) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" + head + b"\r\n\r\n"
    async with raw_peer(answer) as peer:
        assert await unreachable(egress, peer.url()) == "network"


async def test_a_body_that_breaks_off_is_not_a_document(egress: Egress) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: application/activity+json\r\n"
    async with raw_peer(answer + b'Content-Length: 99\r\n\r\n{"id":1}') as peer:
        assert await unreachable(egress, peer.url()) == "network"


# Types and statuses.


@pytest.mark.parametrize(
    "content_type",
    [
        "application/activity+json",
        'Application/Activity+JSON; charset="utf-8"',
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
        "application/ld+json; profile=https://www.w3.org/ns/activitystreams",
        "application/ld+json; charset=utf-8; "
        'profile="http://www.w3.org/ns/json-ld#compacted https://www.w3.org/ns/activitystreams"',
    ],
)
def test_types_of_activitystreams(content_type: str) -> None:
    assert is_activity(content_type)


@pytest.mark.parametrize(
    "content_type",
    [
        "", "application/json", "application/ld+json", "text/html", "image/png",
        'application/ld+json; profile="https://www.w3.org/ns/activitystreams.evil"',
        "application/json; x=application/activity+json", "text/plain, application/activity+json",
    ],
)  # fmt: skip
async def test_another_type_is_not_a_document(egress: Egress, content_type: str) -> None:
    async with tls_peer(answering(b"{}", content_type)) as peer:
        assert await refused(egress, peer.url()) == "wrong_type"


async def test_a_jrd_is_not_taken_from_an_activity(egress: Egress) -> None:
    async with tls_peer(answering(b"{}", AS2)) as peer:
        assert await refused(egress, peer.url(), JRD) == "wrong_type"


def failing(status: int) -> Handler:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, body=b"{}", content_type=AS2)

    return handle


@pytest.mark.parametrize("status", [404, 410])
async def test_what_is_gone(egress: Egress, status: int) -> None:
    async with tls_peer(failing(status)) as peer:
        with pytest.raises(Gone):
            await egress.get(peer.url(), ACTIVITY)


@pytest.mark.parametrize("status", [201, 204, 206, 300, 304, 400, 401, 403, 406, 418, 451])
async def test_what_is_denied_carries_its_status(egress: Egress, status: int) -> None:
    async with tls_peer(failing(status)) as peer:
        with pytest.raises(Denied) as caught:
            await egress.get(peer.url(), ACTIVITY)
    assert (caught.value.status, caught.value.reason) == (status, f"http_{status}")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 599])
async def test_what_only_time_mends(egress: Egress, status: int) -> None:
    async with tls_peer(failing(status)) as peer:
        assert await unreachable(egress, peer.url()) == f"http_{status}"


# The rest of the session.


async def test_a_certificate_of_nobody_we_know_is_refused(tmp_path: Path) -> None:
    config = replace(egress_config(tmp_path, *LOOPBACK), ca_file=None)
    async with tls_peer(answering()) as peer, Egress(config) as egress:
        assert await unreachable(egress, peer.url()) == "tls"
    assert peer.seen == []


async def test_a_certificate_of_another_name_is_refused(tmp_path: Path) -> None:
    names = Names(**{"a.b": [["127.0.0.1"]]})
    config = egress_config(tmp_path, *LOOPBACK)
    async with tls_peer(answering()) as peer, Egress(config, resolver=names) as egress:
        assert await unreachable(egress, peer.url("/", "a.b.example")) == "tls"


async def test_a_name_that_does_not_exist(tmp_path: Path) -> None:
    async with Egress(egress_config(tmp_path), resolver=Names()) as egress:
        assert await unreachable(egress, "https://nowhere.example/") == "network"


async def test_a_port_where_nobody_listens(egress: Egress) -> None:
    async with tls_peer(answering()) as peer:
        url = peer.url()
    assert await unreachable(egress, url) == "network"


async def test_cookies_are_not_kept(tmp_path: Path) -> None:
    config, names = egress_config(tmp_path, *LOOPBACK), Names(garden=[["127.0.0.1"]])
    cookie = answering(Set_Cookie="who=us; Path=/")
    async with tls_peer(cookie) as peer, Egress(config, resolver=names) as egress:
        await egress.get(peer.url("/a", "garden.example"), ACTIVITY)
        await egress.get(peer.url("/b", "garden.example"), ACTIVITY)
    assert "Cookie" not in peer.seen[1][2]


async def test_proxies_of_the_environment_are_not_used(
    egress: Egress, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    async with tls_peer(answering()) as peer:
        assert (await egress.get(peer.url(), ACTIVITY)).status == 200


async def test_a_host_gets_only_so_many_connections(tmp_path: Path) -> None:
    active, peak = 0, 0
    pair = asyncio.Barrier(2)

    async def count(_: web.Request) -> web.Response:
        nonlocal active, peak
        active += 1
        peak = max(peak, active)
        await pair.wait()
        active -= 1
        return web.Response(body=b"{}", content_type=AS2)

    config = egress_config(tmp_path, *LOOPBACK, per_host=2)
    async with tls_peer(count) as peer, Egress(config) as egress:
        await asyncio.gather(*(egress.get(peer.url(f"/{n}"), ACTIVITY) for n in range(8)))
    assert peak == 2


async def test_the_resolver_asks_the_system() -> None:
    resolver = Resolver()
    found = await resolver.resolve("localhost", 443)
    await resolver.close()
    assert {entry["host"] for entry in found} <= {"127.0.0.1", "::1"}
    assert {entry["port"] for entry in found} == {443}
