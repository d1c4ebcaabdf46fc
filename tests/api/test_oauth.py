"""An app is let in, as real clients do it; and everything by which it must not get in."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import html
import re
from dataclasses import dataclass
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import aiohttp
import pytest
from mastodon import Mastodon

from server.domain.members import accounts, users
from server.domain.members.oauth import OUT_OF_BAND
from storage import oauth as oauth_rows
from tests.api.conftest import PASSWORD, SCOPES, Running

CALLBACK = "https://client.example/callback?server=one"
# The addresses that real apps register.
REDIRECTS = [
    OUT_OF_BAND,
    CALLBACK,
    "icecubesapp://",
    "oauth2redirect://com.keylesspalace.tusky/",
    "mastodon-android-auth://callback",
    "com.tapbots.Ivory.22017:/request_token/4B7A5D2C-0000-4000-8000-000000000001",
    "https://elk.client.example/api/one.example/oauth/https%3A%2F%2Felk.client.example",
]
VERIFIER = "v" * 50
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
)


@dataclass(frozen=True)
class App:
    """A registered app and the instance that it knows."""

    here: Running
    client_id: str
    secret: str
    redirect_uri: str

    def asks(self, **changed: str) -> dict[str, str]:
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPES,
            "state": "a state & more",
        }
        return asked | changed

    async def redeem(self, code: str, **changed: str) -> tuple[int, dict[str, object]]:
        sent = {
            "grant_type": "authorization_code",
            "client_id": self.client_id,
            "client_secret": self.secret,
            "redirect_uri": self.redirect_uri,
            "code": code,
        }
        return await post(self.here, "/oauth/token", sent | changed)


async def post(here: Running, path: str, sent: dict[str, str]) -> tuple[int, dict[str, object]]:
    async with here.http.post(path, data=sent) as got:
        return got.status, await got.json()


async def register(here: Running, redirect_uri: str = CALLBACK, scopes: str = SCOPES) -> App:
    sent = {"client_name": "Garden", "redirect_uris": redirect_uri, "scopes": scopes}
    status, told = await post(here, "/api/v1/apps", sent)
    assert status == 200
    return App(here, str(told["client_id"]), str(told["client_secret"]), redirect_uri)


def fields(page: str) -> dict[str, str]:
    """The hidden fields of the form that asks something."""
    asked = page.partition("</main>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', asked)
    return {name: html.unescape(value) for name, value in found}


class Browser:
    """One without scripts: it keeps cookies and follows forms."""

    def __init__(self, here: Running) -> None:
        jar = aiohttp.CookieJar(unsafe=True)  # for the cookies of an IP address
        self.http = aiohttp.ClientSession(here.base, cookie_jar=jar)
        self.here = here

    async def __aenter__(self) -> Browser:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def sign_in(self, name: str, password: str = PASSWORD, after: str = "/x") -> int:
        sent = {"name": name, "password": password, "next": after}
        async with self.http.post("/sign-in", data=sent, allow_redirects=False) as got:
            return got.status

    async def consent_page(self, asked: dict[str, str]) -> str:
        async with self.http.get("/oauth/authorize", params=asked) as got:
            assert got.status == 200
            return await got.text()

    async def decide(self, sent: dict[str, str]) -> aiohttp.ClientResponse:
        return await self.http.post("/oauth/authorize", data=sent, allow_redirects=False)

    async def allow(self, asked: dict[str, str]) -> str:
        """The code that an app gets."""
        page = await self.consent_page(asked)
        got = await self.decide(fields(page) | {"decision": "allow"})
        if asked["redirect_uri"] == OUT_OF_BAND:
            return html.unescape(re.findall(r'id="code"[^>]*value="([^"]+)"', await got.text())[0])
        assert got.status == 302
        return parse_qs(urlsplit(got.headers["Location"]).query)["code"][0]


async def code_for(app: App, **changed: str) -> str:
    await app.here.member("gardener")
    async with Browser(app.here) as browser:
        assert await browser.sign_in("gardener") == 303
        return await browser.allow(app.asks(**changed))


async def is_good(here: Running, token: object) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    async with here.http.get("/oauth/userinfo", headers=headers) as got:
        return got.status == 200


@pytest.mark.parametrize("redirect_uri", REDIRECTS)
async def test_an_app_gets_a_token(here: Running, redirect_uri: str) -> None:
    app = await register(here, redirect_uri)
    status, told = await app.redeem(await code_for(app))
    assert status == 200
    assert (told["token_type"], told["scope"]) == ("Bearer", SCOPES)
    assert type(told["created_at"]) is int
    assert await is_good(here, told["access_token"])


@pytest.mark.parametrize("redirect_uri", REDIRECTS[1:])
async def test_the_code_goes_to_the_very_address(here: Running, redirect_uri: str) -> None:
    """No part of it is normalised, and a query that it has is kept."""
    app = await register(here, redirect_uri)
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        sent = fields(await browser.consent_page(app.asks()))
        got = await browser.decide(sent | {"decision": "allow"})
    location = got.headers["Location"]
    assert location.startswith(redirect_uri + ("&" if "?" in redirect_uri else "?"))
    added = dict(parse_qsl(location.removeprefix(redirect_uri)[1:]))
    assert added["state"] == "a state & more"


async def test_a_stranger_signs_in_first_and_comes_back(here: Running) -> None:
    app = await register(here)
    await here.member("gardener")
    async with Browser(here) as browser:
        page = await browser.consent_page(app.asks())
        assert 'type="password"' in page
        sent = fields(page) | {"name": "gardener@people.example", "password": PASSWORD}
        async with browser.http.post("/sign-in", data=sent) as got:
            assert "Let Garden in?" in await got.text()
            assert got.url.query["state"] == "a state & more"


async def test_the_consent_page_may_redirect_after_its_form(here: Running) -> None:
    """With form-action in its policy, Chrome and Safari lose the code."""
    app = await register(here)
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        async with browser.http.get("/oauth/authorize", params=app.asks()) as got:
            policy = got.headers["Content-Security-Policy"]
    assert "form-action" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


async def test_a_code_comes_every_time(here: Running) -> None:
    """Also for an app that was allowed before (Elk failed without)."""
    app = await register(here)
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        first = await browser.allow(app.asks())
        second = await browser.allow(app.asks(force_login="false"))
    assert first != second
    assert (await app.redeem(second))[0] == 200


async def test_force_login_asks_for_the_password_once(here: Running) -> None:
    app = await register(here)
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        page = await browser.consent_page(app.asks(force_login="true"))
        assert 'type="password"' in page
        assert "force_login" not in page


async def test_no_is_an_answer(here: Running) -> None:
    app = await register(here)
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        sent = fields(await browser.consent_page(app.asks()))
        got = await browser.decide(sent | {"decision": "deny"})
    added = dict(parse_qsl(urlsplit(got.headers["Location"]).query))
    assert added["error"] == "access_denied"
    assert "code" not in added


async def test_pkce(here: Running) -> None:
    app = await register(here)
    code = await code_for(app, code_challenge=CHALLENGE, code_challenge_method="S256")
    assert (await app.redeem(code))[0] == 400
    assert (await app.redeem(code, code_verifier="w" * 50))[1]["error"] == "invalid_grant"
    assert (await app.redeem(code, code_verifier=VERIFIER))[0] == 200


async def test_a_challenge_taken_away_on_the_way(here: Running) -> None:
    """RFC 9700, 2.1.1: the app sends a verifier, so it had sent a challenge."""
    app = await register(here)
    code = await code_for(app)
    assert (await app.redeem(code, code_verifier=VERIFIER))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize("form", ["json", "query", "basic"])
async def test_a_code_is_redeemed_in_every_form(here: Running, form: str) -> None:
    app = await register(here)
    sent = {
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code": await code_for(app),
    }
    own = {"client_id": app.client_id, "client_secret": app.secret}
    basic = aiohttp.encode_basic_auth(app.client_id, app.secret)
    ways: dict[str, dict[str, object]] = {
        "json": {"json": sent | own},
        "query": {"params": sent | own},
        "basic": {"data": sent, "headers": {"Authorization": basic}},
    }
    async with here.http.post("/oauth/token", **ways[form]) as got:
        assert got.status == 200
        assert got.headers["Cache-Control"] == "no-store"


async def test_an_app_says_what_it_is_in_every_form(here: Running) -> None:
    sent = {"client_name": "Garden", "redirect_uris": [CALLBACK, OUT_OF_BAND], "scopes": "read"}
    async with here.http.post("/api/v1/apps", json=sent) as got:
        told = await got.json()
    assert told["redirect_uris"] == [CALLBACK, OUT_OF_BAND]
    assert told["redirect_uri"] == f"{CALLBACK}\n{OUT_OF_BAND}"
    strings = "id name redirect_uri client_id client_secret vapid_key".split()
    assert all(isinstance(told[name], str) for name in strings)
    sent = {"client_name": "Garden", "redirect_uris": f"{CALLBACK}\n{OUT_OF_BAND}"}
    async with here.http.post("/api/v1/apps", params=sent) as got:
        told = await got.json()
    assert (told["redirect_uris"], told["scopes"]) == ([CALLBACK, OUT_OF_BAND], ["read"])


async def test_an_app_token_is_nobodys(here: Running) -> None:
    """It knows its app, and is refused where somebody is needed."""
    app = await register(here)
    sent = {"grant_type": "client_credentials", "scope": "read"}
    sent |= {"client_id": app.client_id, "client_secret": app.secret}
    status, told = await post(here, "/oauth/token", sent)
    assert (status, told["scope"]) == (200, "read")
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    async with here.http.get("/api/v1/apps/verify_credentials", headers=headers) as got:
        assert (await got.json())["name"] == "Garden"
    async with here.http.get("/oauth/userinfo", headers=headers) as got:
        assert got.status == 422
        assert await got.json() == {"error": "This method requires an authenticated user"}


async def test_the_metadata_names_what_answers(public: Running) -> None:
    async with public.http.get("/.well-known/oauth-authorization-server") as got:
        told = await got.json()
    assert told["code_challenge_methods_supported"] == ["S256"]
    for name in "authorization token revocation userinfo".split():
        assert told[f"{name}_endpoint"].startswith(f"{public.base}/oauth/")


async def test_plain_http_has_no_metadata(here: Running) -> None:
    """Its addresses must be https (RFC 8414, 2), and Mastodon.py refuses others."""
    async with here.http.get("/.well-known/oauth-authorization-server") as got:
        assert (got.status, await got.json()) == (404, {"error": "Not Found"})


async def test_the_cookie_of_a_public_instance_is_secure(public: Running) -> None:
    await public.member("gardener")
    sent = {"name": "gardener", "password": PASSWORD}
    async with public.http.post("/sign-in", data=sent, allow_redirects=False) as got:
        cookie = got.headers["Set-Cookie"]
    assert cookie.startswith("__Host-beckon-")
    assert {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"} <= set(cookie.split("; "))


@pytest.mark.parametrize("where", ["header", "query", "form"])
async def test_a_token_may_stand_in_three_places(here: Running, where: str) -> None:
    header = await here.token(await here.member("gardener"))
    secret = header["Authorization"].removeprefix("Bearer ")
    ways: dict[str, dict[str, object]] = {
        "header": {"headers": {"authorization": f"bearer {secret}"}},
        "query": {"params": {"access_token": secret}},
        "form": {"data": {"access_token": secret}},
    }
    async with here.http.post("/oauth/userinfo", **ways[where]) as got:
        assert (await got.json())["preferred_username"] == "gardener"


# --- refusals


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "",
        "no-scheme",
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "/relative",
        "https://client.example/" + "x" * 2000,
    ],
)
async def test_refuses_to_register(here: Running, redirect_uri: str) -> None:
    sent = {"client_name": "Garden", "redirect_uris": redirect_uri}
    status, told = await post(here, "/api/v1/apps", sent)
    assert status == 422
    assert "error" in told


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": CALLBACK + "&more=1"},
        {"redirect_uri": CALLBACK.upper()},
        {"redirect_uri": "https://client.example/callback"},
        {"redirect_uri": ""},
        {"client_id": "unknown"},
        {"scope": "admin:read"},
        {"scope": "invented"},
        {"response_type": "token"},
        {"code_challenge": CHALLENGE, "code_challenge_method": "plain"},
        {"code_challenge": CHALLENGE},
        {"code_challenge": "short", "code_challenge_method": "S256"},
    ],
)
async def test_refuses_to_ask(here: Running, changed: dict[str, str]) -> None:
    """It is told to the person; nothing goes to an address that may not be the app's."""
    app = await register(here)
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        good = fields(await browser.consent_page(app.asks()))
        async with browser.http.get(
            "/oauth/authorize", params=app.asks(**changed), allow_redirects=False
        ) as got:
            assert (got.status, got.content_type) == (400, "text/html")
        got = await browser.decide(good | {"decision": "allow"} | changed)
        assert got.status == 400


@pytest.mark.parametrize("csrf", ["", "wrong"])
async def test_refuses_consent_from_another_site(here: Running, csrf: str) -> None:
    app = await register(here)
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        got = await browser.decide(app.asks() | {"csrf": csrf, "decision": "allow"})
        assert got.status == 403


async def test_refuses_consent_for_somebody_else(here: Running) -> None:
    app = await register(here)
    await here.member("gardener")
    other = await here.member("organiser")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        sent = fields(await browser.consent_page(app.asks()))
        got = await browser.decide(sent | {"decision": "allow", "account_id": str(other.id)})
        assert got.status == 404


@pytest.mark.parametrize(
    "changed",
    [
        {"redirect_uri": "https://client.example/callback"},
        {"redirect_uri": OUT_OF_BAND},
        {"redirect_uri": ""},
        {"code": "unknown"},
    ],
)
async def test_refuses_a_wrong_grant(here: Running, changed: dict[str, str]) -> None:
    app = await register(here)
    status, told = await app.redeem(**{"code": await code_for(app), **changed})
    assert (status, told["error"]) == (400, "invalid_grant")
    assert "error_description" in told


async def test_refuses_the_code_of_another_app(here: Running) -> None:
    app, other = await register(here), await register(here)
    code = await code_for(app)
    assert (await other.redeem(code))[1]["error"] == "invalid_grant"
    assert (await app.redeem(code))[0] == 200


async def test_a_code_used_twice_ends_its_token(here: Running) -> None:
    """RFC 6749, 4.1.2: one of the two who sent it has stolen it."""
    app = await register(here)
    code = await code_for(app)
    _, told = await app.redeem(code)
    assert await is_good(here, told["access_token"])
    assert (await app.redeem(code))[1]["error"] == "invalid_grant"
    assert not await is_good(here, told["access_token"])


async def test_a_code_ends_after_ten_minutes(here: Running) -> None:
    app = await register(here)
    code = await code_for(app)
    here.clock.forward(minutes=10)
    assert (await app.redeem(code))[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "changed",
    [{"client_secret": "wrong"}, {"client_secret": ""}, {"client_id": "unknown"}],
)
async def test_refuses_a_client_that_proves_nothing(here: Running, changed: dict[str, str]) -> None:
    app = await register(here)
    status, told = await app.redeem("any", **changed)
    assert (status, told["error"]) == (401, "invalid_client")
    assert "Client authentication failed" in str(told["error_description"])


@pytest.mark.parametrize("kind", ["password", "refresh_token", ""])
async def test_refuses_other_grants(here: Running, kind: str) -> None:
    app = await register(here)
    status, told = await app.redeem("any", grant_type=kind)
    assert (status, told["error"]) == (400, "unsupported_grant_type")


@pytest.mark.parametrize("scope", ["admin:write", "invented"])
async def test_refuses_more_than_was_registered(here: Running, scope: str) -> None:
    app = await register(here, scopes="read")
    status, told = await app.redeem("any", grant_type="client_credentials", scope=scope)
    assert (status, told["error"]) == (400, "invalid_scope")


async def test_only_its_own_app_revokes_a_token(here: Running) -> None:
    app, other = await register(here), await register(here)
    _, told = await app.redeem(await code_for(app))
    token = str(told["access_token"])
    for who, status in ((other, 403), (app, 200), (app, 200)):
        sent = {"client_id": who.client_id, "client_secret": who.secret, "token": token}
        assert (await post(here, "/oauth/revoke", sent))[0] == status
        assert await is_good(here, token) == (who is other)


async def test_a_token_is_revoked_by_json_too(here: Running) -> None:
    app = await register(here)
    _, told = await app.redeem(await code_for(app))
    token = str(told["access_token"])
    sent = {"client_id": app.client_id, "client_secret": app.secret, "token": token}
    async with here.http.post("/oauth/revoke", json=sent) as got:
        assert (got.status, await got.json()) == (200, {})
    assert not await is_good(here, token)


async def test_refuses_a_bad_token(here: Running) -> None:
    """Also where none is needed: a client must learn that it was signed out."""
    for path in ("/oauth/userinfo", "/api/v1/instance"):
        async with here.http.get(path, headers={"Authorization": "Bearer wrong"}) as got:
            assert got.status == 401
            assert await got.json() == {"error": "The access token is invalid"}
            assert got.headers["Access-Control-Allow-Origin"] == "*"


async def test_refuses_no_token(here: Running) -> None:
    async with here.http.get("/oauth/userinfo") as got:
        assert got.status == 401


async def test_refuses_what_the_scope_does_not_cover(here: Running) -> None:
    account = await here.member("gardener")
    for scope, status in (("write", 403), ("read:lists", 403), ("profile", 200), ("read", 200)):
        async with here.http.get(
            "/oauth/userinfo", headers=await here.token(account, scope)
        ) as got:
            assert got.status == status, scope


# --- signing in


async def test_a_wrong_password_and_an_unknown_name_look_the_same(here: Running) -> None:
    await here.member("gardener")
    pages = []
    for name in ("gardener", "stranger"):
        sent = {"name": name, "password": "wrong", "next": "/"}
        async with here.http.post("/sign-in", data=sent) as got:
            pages.append((got.status, (await got.text()).replace(name, "")))
            assert "Set-Cookie" not in got.headers
    assert pages[0] == pages[1]
    assert pages[0][0] == 401


async def test_attempts_on_one_account_are_counted(strict: Running) -> None:
    await strict.member("gardener")
    async with Browser(strict) as browser:
        tries = [await browser.sign_in("gardener", "wrong") for _ in range(10)]
        assert tries == [401] * 10
        assert await browser.sign_in("gardener") == 429
        strict.clock.forward(minutes=10)
        assert await browser.sign_in("gardener") == 303


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
async def test_refuses_to_sign_in_from_another_site(here: Running, headers: dict[str, str]) -> None:
    await here.member("gardener")
    sent = {"name": "gardener", "password": PASSWORD}
    async with here.http.post("/sign-in", data=sent, headers=headers) as got:
        assert got.status == 403
        assert "Set-Cookie" not in got.headers


@pytest.mark.parametrize(
    "after", ["https://evil.example/", "//evil.example", "/\\evil.example", "x", "/a\nb", ""]
)
async def test_never_goes_to_another_site_afterwards(here: Running, after: str) -> None:
    await here.member("gardener")
    sent = {"name": "gardener", "password": PASSWORD, "next": after}
    async with here.http.post("/sign-in", data=sent, allow_redirects=False) as got:
        assert (got.status, got.headers["Location"]) == (303, "/")


async def test_the_cookie_is_for_this_instance_alone(here: Running) -> None:
    await here.member("gardener")
    sent = {"name": "gardener", "password": PASSWORD}
    async with here.http.post("/sign-in", data=sent, allow_redirects=False) as got:
        cookie = got.headers["Set-Cookie"]
    own = hashlib.sha256(here.base.encode()).hexdigest()[:8]
    assert cookie.startswith(f"beckon-{own}=")
    assert {"HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


async def test_signing_out_ends_the_session(here: Running) -> None:
    app = await register(here)
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        csrf = fields(await browser.consent_page(app.asks()))["csrf"]
        cookies = {c.key: c.value for c in browser.http.cookie_jar}
        async with browser.http.post("/sign-out", data={"csrf": csrf}, allow_redirects=False):
            pass
    query = urlencode(app.asks())
    async with here.http.get(
        f"/oauth/authorize?{query}", cookies=cookies, allow_redirects=False
    ) as got:
        assert got.headers["Location"].startswith("/sign-in?")


# --- the first administrator


async def setup_secret(here: Running) -> str:
    async with here.work.transaction() as tx:
        return await users.begin_setup(tx)


ADMIN = {"username": "organiser", "email": "organiser@people.example", "password": PASSWORD}


async def test_the_link_makes_one_administrator_once(here: Running) -> None:
    path = f"/setup/{await setup_secret(here)}"
    async with here.http.get(path) as got:
        assert got.status == 200
    async with here.http.post(path, data=ADMIN, allow_redirects=False) as got:
        assert got.status == 303
        assert "Set-Cookie" in got.headers
    async with here.http.post(path, data=ADMIN | {"username": "other"}) as got:
        assert got.status == 404
    async with Browser(here) as browser:
        assert await browser.sign_in("organiser@people.example") == 303


@pytest.mark.parametrize(
    "changed", [{"password": "short"}, {"email": "nowhere"}, {"username": "a b"}]
)
async def test_a_mistake_leaves_the_link_open(here: Running, changed: dict[str, str]) -> None:
    path = f"/setup/{await setup_secret(here)}"
    async with here.http.post(path, data=ADMIN | changed) as got:
        assert got.status == 422
        assert f'id="{next(iter(changed))}-error"' in await got.text()
    async with here.http.post(path, data=ADMIN, allow_redirects=False) as got:
        assert got.status == 303


async def test_a_guessed_link_is_nothing(here: Running) -> None:
    for secret in ("guess", await setup_secret(here) + "x"):
        async with here.http.get(f"/setup/{secret}") as got:
            assert got.status == 404
        async with here.http.post(f"/setup/{secret}", data=ADMIN) as got:
            assert got.status == 404


# --- a user with several persons, and a real client


async def test_the_member_picks_who_the_app_acts_as(here: Running) -> None:
    app = await register(here)
    gardener = await here.member("gardener")
    async with here.work.transaction() as tx:
        await accounts.create(tx, "person", "climber", user_id=gardener.user_id)
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        page = await browser.consent_page(app.asks())
        climber = re.findall(r'<option value="(\d+)">@climber</option>', page)[0]
        sent = fields(page) | {"decision": "allow", "account_id": climber}
        location = (await browser.decide(sent)).headers["Location"]
    _, told = await app.redeem(parse_qs(urlsplit(location).query)["code"][0])
    headers = {"Authorization": f"Bearer {told['access_token']}"}
    async with here.http.get("/oauth/userinfo", headers=headers) as got:
        assert (await got.json())["preferred_username"] == "climber"


async def test_a_disabled_user_is_out_at_once(here: Running) -> None:
    gardener = await here.member("gardener")
    token = await here.token(gardener)
    async with here.work.pool.acquire() as conn:
        await conn.execute("update users set disabled_at = now() where id = $1", gardener.user_id)
    assert not await is_good(here, token["Authorization"].removeprefix("Bearer "))
    async with Browser(here) as browser:
        assert await browser.sign_in("gardener") == 401


async def test_mastodon_py_gets_in(here: Running) -> None:
    """The library as it is, with its default of a code to copy."""
    client_id, secret = await asyncio.to_thread(
        Mastodon.create_app, "Garden", scopes=["read", "write"], api_base_url=here.base
    )
    client = await asyncio.to_thread(Mastodon, client_id, secret, api_base_url=here.base)
    page = await asyncio.to_thread(client.auth_request_url, scopes=["read", "write"])
    asked = dict(parse_qsl(urlsplit(page).query))
    await here.member("gardener")
    async with Browser(here) as browser:
        await browser.sign_in("gardener")
        code = await browser.allow(asked)
    token = await asyncio.to_thread(client.log_in, code=code, scopes=["read", "write"])
    assert await is_good(here, token)
    told = await asyncio.to_thread(client.instance)
    assert told.title == f"127.0.0.1:{urlsplit(here.base).port}"
    assert (await asyncio.to_thread(client.app_verify_credentials)).name == "Garden"
    await asyncio.to_thread(client.revoke_access_token)
    assert not await is_good(here, token)


async def test_idempotency_keys_do_not_pile_up(here: Running) -> None:
    token = await here.token(await here.member("gardener")) | {"Idempotency-Key": "once"}
    async with here.http.post("/api/v1/statuses", json={"status": "Tea"}, headers=token) as said:
        assert said.status == 200
    for days, kept in (0, 1), (2, 0):
        here.clock.forward(days=days)
        async with here.work.transaction() as tx:
            await oauth_rows.drop_expired(tx.conn, tx.now)
            assert await tx.conn.fetchval("select count(*) from idempotency_keys") == kept


@pytest.mark.parametrize(
    ("method", "path", "sent"),
    [("GET", "/oauth/authorize?client_id=%00", None), ("POST", "/sign-in", b"name=%00&password=x")],
)
async def test_what_no_database_can_hold(
    here: Running, method: str, path: str, sent: bytes | None
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"} if sent else {}
    async with here.http.request(method, path, data=sent, headers=headers) as answer:
        assert 400 <= answer.status < 500
