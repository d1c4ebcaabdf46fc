"""Streams and telephones as a way round what holds for requests."""

from __future__ import annotations

import base64
from collections.abc import Callable

import aiohttp
import pytest

from server import limits, stream
from server.domain.members import push
from tests.api.conftest import Running, serving
from tests.api.people import House, Member

STREAMING = "/api/v1/streaming"
POINT = bytes.fromhex(
    "04"
    "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
"""The generator of P-256 (SEC 2, 2.4.2): a point like any other."""


async def test_a_frame_that_subscribes_counts_as_a_request(strict: Running) -> None:
    """Else one socket asks the database for lists without end."""
    account = await strict.member("reader")
    headers = await strict.token(account)
    said = {"type": "subscribe", "stream": "list", "list": "1"}
    async with strict.http.ws_connect(STREAMING, headers=headers) as ws:
        seen: list[int] = []
        for _ in range(limits.TOKEN.limit + 1):
            await ws.send_json(said)
            seen.append((await ws.receive_json(timeout=20))["status"])
    assert seen[0] == 404
    assert seen[-1] == 429
    async with strict.http.get("/api/v1/accounts/verify_credentials", headers=headers) as response:
        assert response.status == 429


async def test_strangers_of_one_network_share_their_streams(
    database_url: str, free_port: Callable[[], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A household has 2^64 addresses of IPv6, and a process some thousand sockets for everybody."""
    monkeypatch.setattr(stream, "SOCKETS_EACH", 1)
    seen: list[int] = []
    async with (
        serving(database_url, free_port(), trusted_proxies="127.0.0.0/8") as running,
        running.http.ws_connect(STREAMING, headers=_from("2001:db8::1")),
    ):
        for address in ("2001:db8::ffff", "2001:db8:0:1::1"):
            try:
                async with running.http.ws_connect(STREAMING, headers=_from(address)):
                    seen.append(101)
            except aiohttp.WSServerHandshakeError as refused:
                seen.append(refused.status)
    assert seen == [429, 101]


def _from(address: str) -> dict[str, str]:
    return {"X-Forwarded-For": address}


def _subscription(number: int) -> dict[str, object]:
    encoded = base64.urlsafe_b64encode(POINT).decode()
    keys = {"p256dh": encoded, "auth": base64.urlsafe_b64encode(bytes(16)).decode()}
    return {"subscription": {"endpoint": f"https://push.example/{number}", "keys": keys}}


async def test_nobody_has_more_telephones_than_hands(house: House) -> None:
    """Each notification is one POST to each of them, wherever they claim to be."""
    reader = await house.member("reader")
    other = await house.member("other")
    await other.good("POST", "/api/v1/push/subscription", json=_subscription(0))
    assert reader.account
    tokens = [await house.sign_in(reader.account) for _ in range(push.KEPT + 1)]
    phones = [Member(house.http, house.base, reader.account, token) for token in tokens]
    for number, phone in enumerate(phones):
        await phone.good("POST", "/api/v1/push/subscription", json=_subscription(number))
    seen = [(await phone.get("/api/v1/push/subscription")).status for phone in (*phones, other)]
    assert seen == [404, *[200] * push.KEPT, 200]
