"""The page on which a member lets an app act for them (RFC 6749, 4.1.1).

What the app asks for stands in the address, is shown, comes back with the form, and is checked both times.
Consent always makes a code, also where the app was allowed before: a client that gets none hangs,
as Elk did. Nothing is sent to an address that the app did not register.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from aiohttp import web

from server.context import context
from server.domain.members import oauth, users
from server.domain.members.oauth import OUT_OF_BAND, Ask
from server.domain.tx import Tx
from server.errors import BadRequest, NotFound
from server.web import scope_words, session
from server.web.answers import back_to, form, page

ASKED = (
    "client_id redirect_uri scope state response_type code_challenge code_challenge_method".split()
)


def _fields(given: Mapping[str, object]) -> dict[str, str]:
    # PostgreSQL has no place for the character NUL in a text.
    named = {name: given.get(name) for name in ASKED}
    return {name: v.replace("\0", "") for name, v in named.items() if isinstance(v, str)}


async def _check(tx: Tx, fields: Mapping[str, str]) -> Ask:
    if fields.get("response_type", "code") != "code":
        raise BadRequest("The app asks for an answer of a kind that is not given here.")
    return await oauth.ask(
        tx,
        fields.get("client_id", ""),
        fields.get("redirect_uri", ""),
        fields.get("scope", ""),
        fields.get("code_challenge", ""),
        fields.get("code_challenge_method", ""),
    )


async def show(request: web.Request) -> web.Response:
    """``GET /oauth/authorize``"""
    fields = _fields(request.query)
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        asked = await _check(tx, fields)
        persons = await users.persons(tx, viewer.user_id) if viewer else []
    if viewer is None or _forced(request):
        after = f"/oauth/authorize?{urlencode(fields)}"
        return back_to(f"/sign-in?next={quote(after, safe='')}")
    response = page(
        request,
        "oauth_consent.html",
        viewer,
        app=asked.app,
        meanings=scope_words.meanings(asked.scopes),
        fields=fields,
        persons=persons,
    )
    # Chrome and Safari hold the redirect after the form against form-action, and the app never gets its
    # code; so the consent page has none, and its script-less form can only be ours.
    policy = response.headers["Content-Security-Policy"]
    response.headers["Content-Security-Policy"] = policy.replace(" form-action 'self';", "")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _forced(request: web.Request) -> bool:
    """The text "false" is false: Elk sends it."""
    given = request.query.get("force_login", "")
    return given.lower() not in {"", "0", "f", "false", "off"}


async def decide(request: web.Request) -> web.Response:
    """``POST /oauth/authorize``: the member's answer."""
    viewer, sent = await form(request)
    fields = _fields(sent)
    async with context(request).work.transaction() as tx:
        asked = await _check(tx, fields)
        if sent.get("decision") != "allow":
            return _send_back(request, asked, {"error": "access_denied"}, fields)
        own = {str(person.id): person for person in await users.persons(tx, viewer.user_id)}
        account = own.get(sent.get("account_id", str(viewer.account.id)))
        if account is None:
            raise NotFound
        code = await oauth.consent(tx, asked, account)
    if asked.redirect_uri == OUT_OF_BAND:
        response = page(request, "oauth_code.html", viewer, app=asked.app, code=code)
        response.headers["Cache-Control"] = "private, no-store"
        return response
    return _send_back(request, asked, {"code": code}, fields)


def _send_back(
    request: web.Request, asked: Ask, answer: Mapping[str, str], fields: Mapping[str, str]
) -> web.Response:
    if asked.redirect_uri == OUT_OF_BAND:
        return back_to("/")
    state = {"state": fields["state"]} if "state" in fields else {}
    where = with_query(asked.redirect_uri, {**answer, **state})
    return web.Response(status=302, headers={"Location": where, "Cache-Control": "no-store"})


def with_query(uri: str, added: Mapping[str, str]) -> str:
    """``uri`` as it was registered, with a query or more of one (RFC 6749, 3.1.2)."""
    address, hash_mark, fragment = uri.partition("#")
    separator = "?" if "?" not in address else "" if address.endswith(("?", "&")) else "&"
    whole = f"{address}{separator}{urlencode(added)}{hash_mark}{fragment}"
    return quote(whole, safe="%:/?#[]@!$&'()*+,;=-._~|{}^`\"<>\\")  # only what is not ASCII


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/oauth/authorize", show), web.post("/oauth/authorize", decide)]
