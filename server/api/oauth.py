"""OAuth for clients: apps, tokens, revocation, and what they may know of it beforehand.

The page on which a member consents is in the web door. Everything here reads form, JSON and query alike,
for each is what some client sends; a client proves itself in the body or by HTTP Basic (RFC 6749, 2.3.1).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from urllib.parse import unquote_plus

from aiohttp import web

from server import limits
from server.api import answers, params
from server.api.auth import Caller, count, for_app, for_member, neighbour
from server.api.describe import Described, Param, a_text, choice, op
from server.api.params import Params
from server.api.schema import TEXT, array, either
from server.context import context
from server.domain.members import oauth as verbs
from server.domain.members import push, scopes
from server.domain.members.oauth import Issued, Refused
from server.domain.tx import Tx
from server.errors import NotFound
from storage import oauth
from storage.oauth import App, Token

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}  # RFC 6749, 5.1


def application(app: App, vapid_key: str) -> dict[str, object]:
    """The Application entity, as one who owns it reads it."""
    return {
        "id": str(app.id),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes,
        "redirect_uris": app.redirect_uris,
        "redirect_uri": "\n".join(app.redirect_uris),
        "vapid_key": vapid_key,
    }


async def create_app(request: web.Request) -> web.Response:
    """``POST /api/v1/apps``"""
    ctx = context(request)
    count(request, limits.APPS, neighbour(request))
    given = await params.read(request)
    async with ctx.work.transaction() as tx:
        app, secret = await verbs.register_app(
            tx,
            given.text("client_name") or "",
            [uri for text in given.texts("redirect_uris") for uri in text.split()],
            _words(given, "scopes"),
            given.text("website"),
        )
        shown = application(app, await push.server_key(tx))
    return answers.ok(
        {
            **shown,
            "client_id": app.client_id,
            "client_secret": secret,
            "client_secret_expires_at": 0,
        }
    )


def _words(given: Params, name: str) -> str:
    """A list of scopes: text with blanks, or an array."""
    return " ".join(given.texts(name))


async def show_app(request: web.Request, token: Token) -> web.Response:
    """``GET /api/v1/apps/verify_credentials``"""
    async with context(request).work.reading() as tx:
        found = await oauth.apps(tx.conn, [token.app_id])
        return answers.ok(application(found[token.app_id], await push.server_key(tx)))


@dataclass(frozen=True, slots=True)
class Credentials:
    client_id: str
    secret: str


def _credentials(request: web.Request, given: Params) -> Credentials:
    """From HTTP Basic, else from the body."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(value.strip(), validate=True).decode()
        except ValueError:  # no base64, or no UTF-8 in it
            return Credentials("", "")
        name, _, secret = text.partition(":")
        return Credentials(unquote_plus(name).replace("\0", ""), unquote_plus(secret))
    return Credentials(given.text("client_id") or "", given.text("client_secret") or "")


async def create_token(request: web.Request) -> web.Response:
    """``POST /oauth/token``"""
    given = await params.read(request)
    by = _credentials(request, given)
    try:
        async with context(request).work.transaction() as tx:
            outcome = await _grant(tx, await verbs.client(tx, by.client_id, by.secret), given)
    except Refused as refused:
        return _refusal(refused)
    return _refusal(outcome) if isinstance(outcome, Refused) else token_answer(outcome)


async def _grant(tx: Tx, app: App, given: Params) -> Issued | Refused:
    kind = given.text("grant_type")
    if kind == "authorization_code":
        return await verbs.redeem(
            tx,
            app,
            given.text("code") or "",
            given.text("redirect_uri") or "",
            given.text("code_verifier") or "",
        )
    if kind == "client_credentials":
        return await verbs.for_app(tx, app, _words(given, "scope"))
    raise Refused("unsupported_grant_type", "The grant type is not supported here.")


def token_answer(issued: Issued) -> web.Response:
    """The Token entity (RFC 6749, 5.1)."""
    token = issued.token
    return answers.ok(
        {
            "access_token": issued.secret,
            "token_type": "Bearer",
            "scope": " ".join(token.scopes),
            "created_at": int(token.created_at.timestamp()),
        },
        headers=NO_STORE,
    )


def _refusal(refused: Refused) -> web.Response:
    return answers.error(refused.status, refused.code, NO_STORE, error_description=refused.sentence)


async def revoke(request: web.Request) -> web.Response:
    """``POST /oauth/revoke``"""
    given = await params.read(request)
    by = _credentials(request, given)
    try:
        async with context(request).work.transaction() as tx:
            app = await verbs.client(tx, by.client_id, by.secret)
            await verbs.revoke(tx, app, given.text("token") or "")
    except Refused as refused:
        return _refusal(refused)
    return answers.empty()


async def userinfo(request: web.Request, caller: Caller) -> web.Response:
    """``GET`` and ``POST /oauth/userinfo`` (OpenID Connect Core, 5.3)"""
    site, account = context(request).work.site, caller.account
    return answers.ok(
        {
            "iss": site.urls.base,
            "sub": account.uri,
            "name": account.display_name or account.username,
            "preferred_username": account.username,
            "profile": account.url,
            "picture": account.avatar_url or site.urls.asset("avatar.png"),
        },
        headers=NO_STORE,
    )


async def metadata(request: web.Request) -> web.Response:
    """``GET /.well-known/oauth-authorization-server`` (RFC 8414)

    Its addresses must be https (section 2), and Mastodon.py refuses to sign in where they are not; an
    instance on plain http, as on localhost, has none, and clients use the addresses that all have.
    """
    base = context(request).work.site.urls.base
    if not base.startswith("https:"):
        raise NotFound("Not Found")
    return answers.ok(
        {
            "issuer": base,
            "authorization_endpoint": f"{base}/oauth/authorize",
            "token_endpoint": f"{base}/oauth/token",
            "revocation_endpoint": f"{base}/oauth/revoke",
            "userinfo_endpoint": f"{base}/oauth/userinfo",
            "app_registration_endpoint": f"{base}/api/v1/apps",
            "scopes_supported": list(scopes.KNOWN),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query"],
            "grant_types_supported": ["authorization_code", "client_credentials"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        },
        headers=answers.PUBLIC,
    )


def routes() -> list[web.RouteDef]:
    who = ("profile", "read", "read:accounts")
    return [
        web.post("/api/v1/apps", create_app),
        for_app("GET", "/api/v1/apps/verify_credentials", show_app),
        web.post("/oauth/token", create_token),
        web.post("/oauth/revoke", revoke),
        for_member("GET", "/oauth/userinfo", userinfo, *who),
        for_member("POST", "/oauth/userinfo", userinfo, *who),
        web.get("/.well-known/oauth-authorization-server", metadata),
    ]


_CLIENT = (a_text("client_id"), a_text("client_secret"))
DESCRIBED: Described = {
    "POST /api/v1/apps": op(
        "CredentialApplication",
        a_text("client_name", required=True),
        Param("redirect_uris", either(TEXT, array(TEXT)), required=True),
        a_text("scopes"),
        a_text("website"),
        also=(422,),
    ),
    "GET /api/v1/apps/verify_credentials": op("Application"),
    "POST /oauth/token": op(
        "Token",
        choice("grant_type", "authorization_code", "client_credentials", required=True),
        *_CLIENT,
        a_text("code"),
        a_text("redirect_uri"),
        a_text("code_verifier"),
        a_text("scope"),
        also=(401,),
    ),
    "POST /oauth/revoke": op("Empty", *_CLIENT, a_text("token"), also=(401, 403)),
    "GET /oauth/userinfo": op("UserInfo"),
    "POST /oauth/userinfo": op("UserInfo"),
    "GET /.well-known/oauth-authorization-server": op("OAuthMetadata", also=(404,)),
}
