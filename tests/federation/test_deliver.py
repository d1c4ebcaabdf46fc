"""What becomes of a delivery, by what a real inbox answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from federation.deliver import (
    GIVE_UP_AFTER,
    MAX_RETRY_AFTER,
    Outcome,
    Result,
    backoff,
    post,
    retry_after,
)
from federation.fetch import EXCERPT, Egress
from tests.tls_peer import LOOPBACK, Handler, Names, egress_config, tls_peer

BODY = b'{"type":"Follow"}'


@pytest.fixture
async def egress(tmp_path: Path) -> AsyncGenerator[Egress]:
    async with Egress(egress_config(tmp_path, *LOOPBACK)) as client:
        yield client


def sign_first(method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    return {"Signature": f"first {method} {url} {headers['Host']} {len(body)}"}


def sign_second(method: str, url: str, headers: Mapping[str, str], body: bytes) -> dict[str, str]:
    return {"Signature": f"second {method} {url} {headers['Host']} {len(body)}"}


def answering(first: int, second: int = 500, **headers: str) -> Handler:
    """An inbox that answers by the scheme that it sees."""

    async def handle(request: web.Request) -> web.Response:
        is_first = request.headers["Signature"].startswith("first")
        return web.Response(
            status=first if is_first else second,
            text="why",
            headers={name.replace("_", "-"): value for name, value in headers.items()},
        )

    return handle


async def deliver(egress: Egress, handler: Handler) -> tuple[Outcome, list[str]]:
    """The outcome, and which schemes reached the inbox in which order."""
    async with tls_peer(handler) as peer:
        outcome = await post(egress, peer.url("/inbox"), BODY, sign_first, sign_second)
    return outcome, [headers["Signature"].split()[0] for _, _, headers, _ in peer.seen]


@pytest.mark.parametrize("status", [200, 201, 202, 204])
async def test_delivered_by_the_first_scheme(egress: Egress, status: int) -> None:
    outcome, knocks = await deliver(egress, answering(status))
    assert outcome.result is Result.DELIVERED
    assert (outcome.status, outcome.scheme, outcome.reason) == (status, "first", "delivered")
    assert knocks == ["first"]


async def test_what_is_sent(egress: Egress) -> None:
    async with tls_peer(answering(202)) as peer:
        await post(egress, peer.url("/inbox?a=b"), BODY, sign_first, sign_second)
    ((method, path, headers, body),) = peer.seen
    assert (method, path, body) == ("POST", "/inbox?a=b", BODY)
    assert headers["Content-Type"] == "application/activity+json"
    assert headers["Accept-Encoding"] == "identity"
    signature = f"first POST {peer.url('/inbox?a=b')} 127.0.0.1:{peer.port} {len(BODY)}"
    assert headers["Signature"] == signature


@pytest.mark.parametrize("status", [401, 403])
async def test_the_second_scheme_is_tried_once_and_reported(egress: Egress, status: int) -> None:
    outcome, knocks = await deliver(egress, answering(status, 202))
    assert (outcome.result, outcome.scheme) == (Result.DELIVERED, "second")
    assert knocks == ["first", "second"]


@pytest.mark.parametrize(
    ("first", "second", "result"),
    [
        (401, 401, Result.RETRY),
        (403, 403, Result.FINAL),
        (403, 401, Result.FINAL),
        (401, 400, Result.RETRY),
        (403, 500, Result.FINAL),
    ],
)
async def test_when_both_schemes_are_refused_the_first_answer_decides(
    egress: Egress, first: int, second: int, result: Result
) -> None:
    outcome, knocks = await deliver(egress, answering(first, second))
    assert (outcome.result, outcome.status, outcome.scheme) == (result, first, None)
    assert knocks == ["first", "second"]


async def test_without_a_second_scheme_there_is_one_knock(egress: Egress) -> None:
    async with tls_peer(answering(403)) as peer:
        outcome = await post(egress, peer.url(), BODY, sign_first, None)
    assert (outcome.result, len(peer.seen)) == (Result.FINAL, 1)


@pytest.mark.parametrize("status", [400, 402, 404, 405, 406, 409, 410, 413, 415, 422, 451, 499])
async def test_4xx_is_final(egress: Egress, status: int) -> None:
    outcome, knocks = await deliver(egress, answering(status, 202))
    assert (outcome.result, outcome.status) == (Result.FINAL, status)
    assert (outcome.reason, outcome.moved) == (f"http_{status}", status in (404, 410))
    assert (outcome.retry_after, outcome.detail, knocks) == (None, "why", ["first"])


@pytest.mark.parametrize("status", [408, 425, 429, 500, 501, 502, 503, 504, 521])
async def test_what_time_mends_is_retried_without_a_second_knock(
    egress: Egress, status: int
) -> None:
    outcome, knocks = await deliver(egress, answering(status, 202, Retry_After="120"))
    assert (outcome.result, outcome.status) == (Result.RETRY, status)
    assert outcome.retry_after == timedelta(minutes=2)
    assert knocks == ["first"]


def redirecting(status: int, target: str, then: int = 202) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        if request.path == "/inbox":
            return web.Response(status=status, headers={"Location": target})
        return web.Response(status=then, headers={"Location": "/further"})

    return handle


@pytest.mark.parametrize("status", [307, 308])
async def test_a_redirect_that_keeps_the_method_is_followed_inside_the_origin(
    egress: Egress, status: int
) -> None:
    async with tls_peer(redirecting(status, "/new")) as peer:
        outcome = await post(egress, peer.url("/inbox"), BODY, sign_first, sign_second)
    assert outcome.result is Result.DELIVERED
    (_, path, headers, body) = peer.seen[1]
    assert (path, body) == ("/new", BODY)
    assert headers["Signature"].startswith(f"first POST {peer.url('/new')} ")


async def test_it_is_followed_once(egress: Egress) -> None:
    async with tls_peer(redirecting(308, "/new", then=308)) as peer:
        outcome = await post(egress, peer.url("/inbox"), BODY, sign_first, sign_second)
    assert (outcome.result, outcome.moved, len(peer.seen)) == (Result.FINAL, True, 2)


@pytest.mark.parametrize("status", [301, 302, 303])
async def test_a_redirect_that_loses_the_body_is_final(egress: Egress, status: int) -> None:
    async with tls_peer(redirecting(status, "/new")) as peer:
        outcome = await post(egress, peer.url("/inbox"), BODY, sign_first, sign_second)
    assert (outcome.result, outcome.moved, len(peer.seen)) == (Result.FINAL, True, 1)


async def test_a_redirect_to_another_origin_is_not_followed(egress: Egress) -> None:
    async with (
        tls_peer(answering(202)) as other,
        tls_peer(redirecting(308, other.url("/inbox"))) as peer,
    ):
        outcome = await post(egress, peer.url("/inbox"), BODY, sign_first, sign_second)
    assert (outcome.result, outcome.moved, other.seen) == (Result.FINAL, True, [])


async def test_a_redirect_to_an_odd_address_is_final(egress: Egress) -> None:
    async with tls_peer(redirecting(307, "http://127.0.0.1/")) as peer:
        outcome = await post(egress, peer.url("/inbox"), BODY, sign_first, sign_second)
    assert (outcome.result, outcome.reason) == (Result.FINAL, "bad_url")


@pytest.mark.parametrize("url", ["http://127.0.0.1/inbox", "https://u@a.example/", "bear:?u=x"])
async def test_an_odd_inbox_is_final(egress: Egress, url: str) -> None:
    outcome = await post(egress, url, BODY, sign_first, sign_second)
    assert (outcome.result, outcome.reason, outcome.status) == (Result.FINAL, "bad_url", None)


async def test_an_inbox_inside_gets_nothing_but_keeps_its_row(tmp_path: Path) -> None:
    async with (
        tls_peer(answering(202)) as peer,
        Egress(egress_config(tmp_path), resolver=Names(garden=[["127.0.0.1"]])) as egress,
    ):
        outcome = await post(egress, peer.url("/", "garden.example"), BODY, sign_first, sign_second)
    assert (outcome.result, outcome.reason) == (Result.RETRY, "private_address")
    assert peer.seen == []


async def test_a_host_that_does_not_listen(egress: Egress) -> None:
    async with tls_peer(answering(202)) as peer:
        url = peer.url("/inbox")
    outcome = await post(egress, url, BODY, sign_first, sign_second)
    assert (outcome.result, outcome.reason, outcome.status) == (Result.RETRY, "network", None)


async def test_a_host_that_is_silent(egress: Egress) -> None:
    async def silent(_: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with tls_peer(silent) as peer:
        outcome = await post(egress, peer.url(), BODY, sign_first, sign_second, deadline=0.2)
    assert (outcome.result, outcome.reason) == (Result.RETRY, "timeout")
    assert len(peer.seen) == 1


async def test_only_the_start_of_an_answer_is_read(egress: Egress) -> None:
    async def talkative(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=400)
        await response.prepare(request)
        while True:
            await response.write(b"\xff" * 65_536)
            await asyncio.sleep(0)  # a chance to notice that nobody listens any more

    outcome, _ = await deliver(egress, talkative)
    assert outcome.status == 400
    assert len(outcome.detail) <= EXCERPT


RETRY_AFTER: list[tuple[dict[str, str], timedelta | None]] = [
    ({}, None),
    ({"Retry-After": "0"}, timedelta()),
    ({"Retry-After": " 90 "}, timedelta(seconds=90)),
    ({"Retry-After": "999999999999"}, MAX_RETRY_AFTER),
    ({"Retry-After": "9" * 5_000}, None),
    ({"Retry-After": "-5"}, None),
    ({"Retry-After": "1.5"}, None),
    ({"Retry-After": "²"}, None),
    ({"Retry-After": "soon"}, None),
    ({"Retry-After": "Sun, 06 Nov 1994 08:49:37 GMT"}, None),
]
DATE = "Sun, 06 Nov 1994 08:49:37 GMT"


@pytest.mark.parametrize(("headers", "wait"), RETRY_AFTER)
def test_retry_after_in_seconds(headers: dict[str, str], wait: timedelta | None) -> None:
    assert retry_after(headers) == wait


@pytest.mark.parametrize(
    ("until", "wait"),
    [
        ("Sun, 06 Nov 1994 08:59:37 GMT", timedelta(minutes=10)),
        ("Sun, 06 Nov 1994 08:00:00 GMT", timedelta()),
        ("Sun, 06 Nov 2094 08:49:37 GMT", MAX_RETRY_AFTER),
        ("Sun, 06 Nov 1994 08:49:37 -0000", None),
    ],
)
def test_retry_after_as_a_date_is_measured_by_their_clock(
    until: str, wait: timedelta | None
) -> None:
    assert retry_after({"Retry-After": until, "Date": DATE}) == wait


@given(st.text(max_size=40), st.text(max_size=40))
def test_retry_after_never_raises_and_is_bounded(value: str, date: str) -> None:
    wait = retry_after({"Retry-After": value, "Date": date})
    assert wait is None or timedelta() <= wait <= MAX_RETRY_AFTER


def test_backoff_is_quick_at_first_and_daily_at_last() -> None:
    waits = [backoff(attempt, 0.0) for attempt in range(1, 10)]
    assert waits[:3] == [timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=20)]
    assert waits == sorted(waits)
    assert waits[-1] == waits[-2] == timedelta(days=1)


@given(st.integers(-1, 1_000), st.floats(0, 1, exclude_max=True))
def test_backoff_is_spread_by_at_most_a_fifth(attempt: int, jitter: float) -> None:
    step = backoff(attempt, 0.0)
    assert step <= backoff(attempt, jitter) <= step * 1.2


def test_a_host_is_given_up_after_some_twenty_attempts() -> None:
    spent, attempt = timedelta(), 0
    while spent < GIVE_UP_AFTER:
        attempt += 1
        spent += backoff(attempt, 0.5)
    assert 15 <= attempt <= 25
