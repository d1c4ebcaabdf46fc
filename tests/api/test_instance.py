"""What a client reads before it signs in, and the manners that it expects of every answer."""

from __future__ import annotations

import re
import struct
import zlib

import pytest
from aiohttp import web

from server.app import widened
from tests.api.conftest import Running

INTEGERS = {
    "statuses": "max_characters max_media_attachments characters_reserved_per_url",
    "polls": "max_options max_characters_per_option min_expiration max_expiration",
    "media_attachments": "image_size_limit image_matrix_limit video_size_limit"
    " video_frame_rate_limit video_matrix_limit",
}
READS = [
    "/api/v1/instance",
    "/api/v2/instance",
    "/api/v1/instance/peers",
    "/api/v1/instance/activity",
    "/api/v1/instance/rules",
    "/api/v1/custom_emojis",
]
READABLE = {
    "Link", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id",
    "Mastodon-Async-Refresh",
}  # fmt: skip
OPEN = [
    "/api/v1/statuses",
    "/api/v1/nothing",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/userinfo",
    "/.well-known/nodeinfo",
    "/nodeinfo/2.0",
]


async def read(here: Running, path: str) -> dict[str, object]:
    async with here.http.get(path) as got:
        assert got.status == 200
        return await got.json()


def numbers(configuration: dict[str, dict[str, object]]) -> list[object]:
    return [configuration[part][name] for part in INTEGERS for name in INTEGERS[part].split()]


async def test_v1_has_what_strict_decoders_want(here: Running) -> None:
    """Mastodon for iOS and Android refuse the whole for one missing field."""
    told = await read(here, "/api/v1/instance")
    texts = "uri title description short_description email version".split()
    assert all(isinstance(told[name], str) for name in texts)
    assert all(type(told[k]) is bool for k in ("registrations", "approval_required"))
    assert all(type(number) is int for number in numbers(told["configuration"]))
    assert all(type(number) is int for number in told["stats"].values())
    assert told["urls"]["streaming_api"] == here.base.replace("http", "ws")
    assert type(told["max_toot_chars"]) is int
    assert told["languages"] == ["en"]
    assert told["rules"] == []


async def test_v2_has_what_strict_decoders_want(here: Running) -> None:
    """Ice Cubes offers "Sign in" only where this can be read."""
    told = await read(here, "/api/v2/instance")
    assert all(isinstance(told[name], str) for name in "domain title description version".split())
    assert all(type(number) is int for number in numbers(told["configuration"]))
    assert type(told["configuration"]["accounts"]["max_featured_tags"]) is int
    assert type(told["usage"]["users"]["active_month"]) is int
    assert type(told["registrations"]["enabled"]) is bool
    assert isinstance(told["contact"]["email"], str)
    assert told["thumbnail"]["url"].startswith(here.base)
    assert told["configuration"]["translation"] == {"enabled": False}


async def test_activity_is_twelve_weeks_in_text(here: Running) -> None:
    await here.member("gardener")
    told = await read(here, "/api/v1/instance/activity")
    assert len(told) == 12
    assert told[0]["registrations"] == "1"
    assert all(isinstance(value, str) for week in told for value in week.values())
    assert int(told[0]["week"]) - int(told[1]["week"]) == 7 * 86400


@pytest.mark.parametrize("path", READS)
async def test_every_answer_is_json_open_to_web_clients(here: Running, path: str) -> None:
    """Also with a slash at the end, which answers and does not redirect."""
    for address in (path, f"{path}/"):
        async with here.http.get(address, allow_redirects=False) as got:
            assert (got.status, got.content_type) == (200, "application/json")
            assert got.headers["Access-Control-Allow-Origin"] == "*"
            assert set(got.headers["Access-Control-Expose-Headers"].split(", ")) == READABLE
            assert "Access-Control-Allow-Credentials" not in got.headers


@pytest.mark.parametrize("path", OPEN)
async def test_a_preflight_needs_no_token(here: Running, path: str) -> None:
    async with here.http.options(path) as got:
        assert got.status == 200
        allowed = got.headers["Access-Control-Allow-Headers"]
        assert {"Authorization", "Content-Type", "Idempotency-Key"} <= set(allowed.split(", "))
        verbs = got.headers["Access-Control-Allow-Methods"].split(", ")
        assert {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} <= set(verbs)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PATCH"])
@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v9/", "/api/v1/custom_emojis/x/y"])
async def test_an_unknown_route_is_404_in_json(here: Running, method: str, path: str) -> None:
    async with here.http.request(method, path, headers={"Accept": "text/html"}) as got:
        assert (got.status, await got.json()) == (404, {"error": "Not Found"})
        assert got.headers["Access-Control-Allow-Origin"] == "*"


async def test_an_unknown_verb_is_404_and_never_405(here: Running) -> None:
    async with here.http.delete("/api/v1/instance") as got:
        assert (got.status, await got.json()) == (404, {"error": "Not Found"})


async def test_a_page_that_is_not_there_is_a_page(here: Running) -> None:
    async with here.http.get("/nothing", headers={"Accept": "text/html"}) as got:
        assert (got.status, got.content_type) == (404, "text/html")
        policy = got.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "Access-Control-Allow-Origin" not in got.headers


async def test_an_update_may_be_put_or_patched() -> None:
    async def handler(_: web.Request) -> web.Response:
        return web.Response()

    made = {(r.method, r.path) for r in widened([web.patch("/api/v1/x", handler)])}
    assert made == {(m, p) for m in ("PUT", "PATCH") for p in ("/api/v1/x", "/api/v1/x/")}
    assert len(list(widened([web.put("/page", handler)]))) == 2


async def test_limits_are_told_and_kept(strict: Running) -> None:
    """Five apps in ten minutes; the sixth is told how long to wait."""
    app = {"client_name": "App", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
    for left in (4, 3, 2, 1, 0):
        async with strict.http.post("/api/v1/apps", data=app) as got:
            assert got.status == 200
            assert got.headers["X-RateLimit-Remaining"] == str(left)
            assert re.fullmatch(r"\d{4}-.*\.\d{3}Z", got.headers["X-RateLimit-Reset"])
    async with strict.http.post("/api/v1/apps", data=app) as got:
        assert got.status == 429
        assert 0 < int(got.headers["Retry-After"]) <= 600
        assert got.headers["X-RateLimit-Limit"] == "5"
        assert "error" in await got.json()


async def test_a_forged_address_does_not_escape_a_limit(strict: Running) -> None:
    """X-Forwarded-For is believed from trusted proxies only, and there are none here."""
    codes = []
    for number in range(6):
        headers = {"X-Forwarded-For": f"192.0.2.{number}"}
        app = {"client_name": "App", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
        async with strict.http.post("/api/v1/apps", data=app, headers=headers) as got:
            codes.append(got.status)
    assert codes == [200] * 5 + [429]


@pytest.mark.parametrize(
    ("name", "size"),
    [("avatar.png", (400, 400)), ("header.png", (1200, 400)), ("film.png", (640, 360))],
)
async def test_the_pictures_of_those_who_have_none(
    here: Running, name: str, size: tuple[int, int]
) -> None:
    async with here.http.get(f"/assets/{name}") as got:
        body = await got.read()
    width, height = size
    assert got.content_type == "image/png"
    assert got.headers["Access-Control-Allow-Origin"] == "*", "web clients read its pixels"
    assert struct.unpack(">II", body[16:24]) == size
    start = body.index(b"IDAT") + 4
    length = int.from_bytes(body[start - 8 : start - 4], "big")
    assert len(zlib.decompress(body[start : start + length])) == height * (width + 1)
