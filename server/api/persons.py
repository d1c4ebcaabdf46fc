"""The caller's own persons, in Beckon's own API: /api/beckon/v1/persons. Nobody else is told that they belong together.

``Person``: id, first (the one that the user began with), account. ``PersonToken``: person, and a token that acts for
it, of the same app and for the same scopes as the one that asked.
"""

from __future__ import annotations

from aiohttp import web

from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, an_id, flag, op, some_texts
from server.api.reading import id_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.groups import joining
from server.domain.groups.joining import Wish
from server.domain.members import persons as verbs
from server.domain.members import users
from server.domain.members.oauth import Issued
from server.errors import Invalid
from server.render import account
from server.render.view import Json
from server.urls import Urls
from storage.accounts import Account

BASE = "/api/beckon/v1/persons"


def _person(urls: Urls, person: Account, first: Account) -> Json:
    same = person.id == first.id
    return {"id": str(person.id), "first": same, "account": account.account(urls, person)}


def _token(person: Json, issued: Issued) -> Json:
    scope = " ".join(issued.token.scopes)
    return {
        "person": person, "access_token": issued.secret, "token_type": "Bearer", "scope": scope,
    }  # fmt: skip


async def index(request: web.Request, caller: Caller) -> web.Response:
    """All of the caller's user, the oldest first."""
    async with context(request).work.reading() as tx:
        mine = await users.persons(tx, caller.user.id)
        return ok([_person(tx.site.urls, person, mine[0]) for person in mine])


async def create(request: web.Request, caller: Caller) -> web.Response:
    """``username``, ``display_name``; with ``community_id`` the new person joins there, with what ``/join`` takes."""
    sent = await params.read(request)
    community_id = sent.id("community_id")
    if sent.text("community_id") and community_id is None:
        raise Invalid("community_id names a community.", field="community_id")
    wish = Wish(sent.texts("answers"), sent.flag("norms"), sent.text("code") or "")
    async with context(request).work.transaction() as tx:
        name, shown = sent.text("username") or "", sent.text("display_name") or ""
        group = await sight.group(tx, community_id, caller.account) if community_id else None
        person = await verbs.create(tx, caller.user.id, name, shown)
        if group:
            await joining.join(tx, person, group, wish)
        issued = await verbs.token(tx, caller.token, caller.user.id, person.id)
        return ok(_token(_person(tx.site.urls, person, caller.account), issued))


async def token(request: web.Request, caller: Caller) -> web.Response:
    """A token for another one of the caller's persons."""
    async with context(request).work.transaction() as tx:
        issued = await verbs.token(tx, caller.token, caller.user.id, id_of(request))
        mine = await users.persons(tx, caller.user.id)
        person = next(p for p in mine if p.id == issued.token.account_id)
        return ok(_token(_person(tx.site.urls, person, mine[0]), issued))


def routes() -> list[web.RouteDef]:
    return [
        for_member("GET", BASE, index, "read:accounts"),
        for_member("POST", BASE, create, "write:accounts"),
        for_member("POST", f"{BASE}/{{id}}/token", token, "write:accounts"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}": op(array("Person")),
    f"POST {BASE}": op(
        "PersonToken", a_text("username", required=True), a_text("display_name"), an_id("community_id"),
        some_texts("answers"), flag("norms"), a_text("code"), also=(404, 409),
    ),
    f"POST {BASE}/{{id}}/token": op("PersonToken"),
}  # fmt: skip
