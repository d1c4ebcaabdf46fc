"""Getting in, staying in, and getting others to act: sign-in, streams, cookies, forms of administration."""

from __future__ import annotations

import asyncio
import html
from collections.abc import Callable

import aiohttp
import pytest

from server import limits
from server.domain.members import passwords, users
from storage.accounts import Account
from tests.api.conftest import PASSWORD, Running, serving
from tests.api.people import House, Member
from tests.api.test_oauth import Browser, register
from tests.federation.instance import Instance
from tests.federation.peer import peer
from tests.hostile.test_activities import outcome
from tests.hostile.unchanged import same_rows

STREAMING = "/api/v1/streaming"
NEW = "quite another password"


# Guessing


async def test_one_name_in_many_spellings_is_one_name(strict: Running) -> None:
    await strict.member("gardener")
    spellings = ("gardener", "GARDENER", " gardener ", "@gardener", "@Gardener")
    async with Browser(strict) as browser:
        tries = [await browser.sign_in(name, "wrong") for name in spellings * 2]
        assert tries == [401] * limits.SIGN_IN_ACCOUNT.limit
        assert await browser.sign_in("gardener") == 429


async def test_many_names_from_one_place_are_one_place(strict: Running) -> None:
    """Whatever the request says of where it comes from: no proxy is trusted here."""
    await strict.member("gardener")
    seen: list[int] = []
    for number in range(limits.SIGN_IN_ADDRESS.limit + 1):
        sent = {"name": f"somebody{number}", "password": "wrong"}
        claims = {
            "X-Forwarded-For": f"192.0.2.{number}",
            "X-Real-IP": f"192.0.2.{number}",
            "Forwarded": f"for=192.0.2.{number}",
            "CF-Connecting-IP": f"192.0.2.{number}",
        }
        async with strict.http.post("/sign-in", data=sent, headers=claims) as got:
            seen.append(got.status)
    assert seen == [401] * limits.SIGN_IN_ADDRESS.limit + [429]


async def test_behind_a_proxy_the_last_address_counts(
    database_url: str, free_port: Callable[[], int]
) -> None:
    """What the proxy itself wrote; all to the left of it may be made up."""
    async with serving(
        database_url, free_port(), trusted_proxies="127.0.0.0/8", rate_limits="on"
    ) as running:
        seen: list[int] = []
        for number in range(limits.SIGN_IN_ADDRESS.limit + 1):
            sent = {"name": f"somebody{number}", "password": "wrong"}
            via = {"X-Forwarded-For": f"203.0.113.{number}, 192.0.2.7"}
            async with running.http.post("/sign-in", data=sent, headers=via) as got:
                seen.append(got.status)
        other = {"X-Forwarded-For": "192.0.2.8"}
        async with running.http.post("/sign-in", data=sent, headers=other) as got:
            seen.append(got.status)
    assert seen == [401] * limits.SIGN_IN_ADDRESS.limit + [429, 401]


async def test_a_password_is_hashed_whoever_is_asked_for(
    here: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The work for a name that nobody has, for one who is out, and for one without a password is the same."""
    gardener, gone = await here.member("gardener"), await here.member("gone")
    silent = await here.member("silent")
    async with here.work.transaction() as tx:
        await tx.conn.execute("update users set disabled_at = now() where id = $1", gone.user_id)
        await tx.conn.execute("update users set password_hash = null where id = $1", silent.user_id)
    compared: list[str] = []
    matches = users._matches

    def counted(stored: str, password: str) -> bool:
        compared.append(stored.split("$")[3])  # the cost of Argon2
        return matches(stored, password)

    monkeypatch.setattr(users, "_matches", counted)
    said: list[tuple[int, str]] = []
    for name in ("gardener", "nobody", "gone", "silent", "x" * 5000):
        sent = {"name": name, "password": PASSWORD if name == "gone" else "wrong", "next": "/"}
        async with here.http.post("/sign-in", data=sent) as got:
            said.append((got.status, (await got.text()).replace(name, "")))
    assert gardener
    assert len(compared) == len(said)
    assert len(set(compared)) == 1
    assert len(set(said)) == 1


# Staying


async def closed(ws: aiohttp.ClientWebSocketResponse) -> int | None:
    async with asyncio.timeout(20):
        async for _ in ws:
            pass
    return ws.close_code


@pytest.mark.parametrize("way", ["password", "disabled", "deleted"])
async def test_open_streams_end_with_the_right_to_them(
    here: Running, house: House, way: str
) -> None:
    """Mastodon GHSA-f3q3, GHSA-r2fh, GHSA-vp5r."""
    member = await house.member("gardener")
    account = member.account
    assert account
    assert account.user_id
    address = f"{STREAMING}?stream=user"
    async with here.http.ws_connect(address, headers=dict(member.token)) as ws:
        if way == "password":
            await passwords.change(
                here.work, account.user_id, PASSWORD, NEW, session=b"", apps=True
            )
        else:
            change = {
                "disabled": "update users set disabled_at = now() where id = $1",
                "deleted": "delete from users where id = $1",
            }[way]
            async with here.work.transaction() as tx:
                await tx.conn.execute(change, account.user_id)
            await here.hub.sweep()
        assert await closed(ws) == aiohttp.WSCloseCode.POLICY_VIOLATION
    answer = await member.get("/api/v1/timelines/home")
    assert answer.status == 401


# Other people's browsers


async def test_a_cookie_is_no_token(here: Running) -> None:
    """What a browser sends by itself opens neither the client API nor a stream, from wherever a page asks."""
    await here.member("gardener")
    async with Browser(here) as browser:
        assert await browser.sign_in("gardener") == 303
        page = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
        for path in ("/api/v1/timelines/home", "/api/v1/notifications", f"{STREAMING}/user"):
            async with browser.http.get(path, headers=page) as got:
                assert got.status == 401
        for headers in ({}, page):
            async with browser.http.ws_connect(STREAMING, headers=headers) as ws:
                await ws.send_json({"type": "subscribe", "stream": "user"})
                assert (await ws.receive_json(timeout=20))["status"] == 401


async def test_no_answer_lets_another_site_use_a_cookie(here: Running) -> None:
    """Everybody may read what is open, and nobody with what a browser knows of somebody."""
    await here.member("gardener")
    page = {"Origin": "https://evil.example"}
    async with Browser(here) as browser:
        assert await browser.sign_in("gardener") == 303
        for path in (
            "/api/v1/instance",
            "/",
            "/settings/password",
            "/oauth/authorize",
            "/nodeinfo/2.1",
        ):
            async with browser.http.get(path, headers=page) as got:
                assert "Access-Control-Allow-Credentials" not in got.headers
                if not path.startswith(("/api/", "/nodeinfo")):
                    assert "Access-Control-Allow-Origin" not in got.headers
        cookies = [*browser.http.cookie_jar]
    assert {cookie["samesite"] for cookie in cookies} == {"Lax"}
    assert all(cookie["httponly"] for cookie in cookies)


@pytest.mark.parametrize(
    "changed",
    [
        "https://client.example/callback?server=one&more=1",
        "https://client.example/callback?server=one#x",
        "https://client.example/callback?server=one/../evil",
        "https://client.example/callback",
        "https://client.example.evil.example/callback?server=one",
        "https://CLIENT.example/callback?server=one",
        "http://client.example/callback?server=one",
        "javascript:alert(1)//",
    ],
)
async def test_a_code_goes_to_no_address_but_the_one(here: Running, changed: str) -> None:
    app = await register(here)
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        async with same_rows(here.work):
            asked = app.asks(redirect_uri=changed)
            async with browser.http.get(
                "/oauth/authorize", params=asked, allow_redirects=False
            ) as got:
                assert got.status == 400
                assert "Location" not in got.headers


# Addresses of mail


async def test_a_confirmed_address_is_changed_by_nobody(house: House) -> None:
    """Neither by a stolen token nor by a form: a mail to the old one could be had no more (Mastodon GHSA-5r37)."""
    member = await house.member("gardener")
    async with same_rows(house.work):
        wish = {"email": "mallory@people.example"}
        answer = await member.post("/api/v1/emails/confirmations", json=wish)
        assert answer.status == 403
        for path in ("/api/v1/accounts/update_credentials", "/api/v1/profile"):
            await member.ask("PATCH", path, json={**wish, "user": wish, "source": wish})


# Inputs of administration

HOSTILE = (
    "'; drop table posts; --",
    "{{ 7 * 191 }}{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    "%s%n{0}{x.__class__}",
    "$(touch /x)`id`",
    "*)(uid=*))(|(uid=*",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "\\'; select pg_sleep(9); --",
)


@pytest.fixture
async def boss(house: House) -> Member:
    return await house.member("boss", role="admin")


@pytest.mark.parametrize("text", HOSTILE)
async def test_what_administrators_type_is_text(house: House, boss: Member, text: str) -> None:
    """It is kept to the letter, or refused; it is never run, by no reader of it."""
    plain = await house.member("plain")
    domain = {"domain": "loud.example", "public_comment": text, "private_comment": text}
    made = await boss.good("POST", "/api/v1/admin/domain_blocks", json=domain)
    assert (made["public_comment"], made["private_comment"]) == (text, text)
    network = {"ip": "192.0.2.0/24", "severity": "sign_up_block", "comment": text}
    barred = await boss.good("POST", "/api/v1/admin/ip_blocks", json=network)
    assert barred["comment"] == text
    for path, body in (
        ("/api/v1/admin/domain_blocks", {"domain": text}),
        ("/api/v1/admin/email_domain_blocks", {"domain": text}),
        ("/api/v1/admin/ip_blocks", {**network, "ip": text}),
    ):
        answer = await boss.post(path, json=body)
        assert answer.status == 422 or answer.json["domain"] == text
    for query in ("username", "display_name", "email", "by_domain"):
        assert await boss.good("GET", "/api/v1/admin/accounts", params={query: text}) == []
    warn = {"type": "none", "text": text}
    await boss.good("POST", f"/api/v1/admin/accounts/{plain.id}/action", json=warn)
    for page in ("/about", "/", "/@plain"):
        async with house.http.get(page) as got:
            body = await got.text()
        assert "1337" not in body
        assert "<script>alert" not in body
    assert await plain.says("still here")


async def test_the_name_of_an_app_is_text(here: Running) -> None:
    """On the page where a member decides whether to let it in."""
    name = "<b>Garden</b><script>alert(1)</script>{{ 7 * 191 }}"
    sent = {"client_name": name, "redirect_uris": "urn:ietf:wg:oauth:2.0:oob", "scopes": "read"}
    async with here.http.post("/api/v1/apps", data=sent) as got:
        told = await got.json()
    await here.member("gardener")
    asked = {
        "response_type": "code", "client_id": told["client_id"], "scope": "read",
        "redirect_uri": "urn:ietf:wg:oauth:2.0:oob",
    }  # fmt: skip
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        page = await browser.consent_page(asked)
    assert "<script>" not in page
    assert "1337" not in page
    assert name in html.unescape(page)


@pytest.mark.parametrize(
    "software", ["<script>alert(1)</script>", "mastodon\u202e\n", "{{7*191}}", "x" * 5000, "'; --"]
)
async def test_what_a_server_calls_itself_is_a_word(
    ours: Instance, garden: Account, software: str
) -> None:
    """What is kept of its software and version can be shown anywhere."""
    async with peer(software) as server:
        somebody = server.person("somebody")
        follow = server.activity(somebody, "Follow", garden.uri)
        assert await outcome(ours, server, somebody, follow) == "done"
        kept = await ours.value("select software from hosts where host = $1", server.host)
    assert kept is None or (len(kept) <= 100 and kept.isprintable() and "<" not in kept)
