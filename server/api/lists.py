"""Lists: each community that a member has joined, so that every client has a timeline for it.

They follow the membership. One cannot be edited: joining and leaving is following and unfollowing.
"""

from __future__ import annotations

from aiohttp import web

from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, choice, flag, op, some_ids
from server.api.reading import id_of
from server.api.schema import array
from server.context import context
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.render import account
from server.render.view import Json
from storage import accounts, follows
from storage.accounts import Account

FIXED = "This list is a community: follow it to join, unfollow it to leave."


def entity(group: Account) -> Json:
    """``List``. Android wants all four."""
    return {
        "id": str(group.id),
        "title": group.display_name or group.handle,
        "replies_policy": "list",
        "exclusive": False,
    }


async def joined(tx: Tx, member: Account, group_id: int) -> Account:
    """A community that the member has joined. Raises ``NotFound``."""
    group = await accounts.by_id(tx.conn, group_id)
    if group is None or not group.is_group:
        raise NotFound
    if not await follows.is_following(tx.conn, member.id, group.id):
        raise NotFound
    return group


async def index(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok([entity(g) for g in await follows.groups_of(tx.conn, caller.account.id)])


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(entity(await joined(tx, caller.account, id_of(request))))


async def members(request: web.Request, caller: Caller) -> web.Response:
    """Whose posts are in it: the community's."""
    async with context(request).work.reading() as tx:
        group = await joined(tx, caller.account, id_of(request))
        return ok([account.account(tx.site.urls, group)])


async def containing(request: web.Request, caller: Caller) -> web.Response:
    """The lists that hold an account."""
    async with context(request).work.reading() as tx:
        groups = await follows.groups_of(tx.conn, caller.account.id)
        return ok([entity(g) for g in groups if g.id == id_of(request)])


async def create(_request: web.Request, _caller: Caller) -> web.Response:
    raise Invalid("Lists are the communities that you joined: follow one to have its list.")


async def refuse(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        await joined(tx, caller.account, id_of(request))
    raise Invalid(FIXED)


def routes() -> list[web.RouteDef]:
    one = "/api/v1/lists/{id}"
    return [
        for_member("GET", "/api/v1/lists", index, "read:lists"),
        for_member("GET", one, show, "read:lists"),
        for_member("GET", f"{one}/accounts", members, "read:lists"),
        for_member("GET", "/api/v1/accounts/{id}/lists", containing, "read:lists"),
        for_member("POST", "/api/v1/lists", create, "write:lists"),
        *(for_member(verb, one, refuse, "write:lists") for verb in ("PUT", "DELETE")),
        *(for_member(v, f"{one}/accounts", refuse, "write:lists") for v in ("POST", "DELETE")),
    ]


_EDITED = (
    a_text("title"),
    choice("replies_policy", "followed", "list", "none"),
    flag("exclusive"),
)
DESCRIBED: Described = {
    "GET /api/v1/lists": op(array("List")),
    "GET /api/v1/lists/{id}": op("List"),
    "GET /api/v1/lists/{id}/accounts": op(array("Account")),
    "GET /api/v1/accounts/{id}/lists": op(array("List")),
    "POST /api/v1/lists": op("List", *_EDITED),
    "PUT /api/v1/lists/{id}": op("List", *_EDITED),
    "DELETE /api/v1/lists/{id}": op("Empty"),
    "POST /api/v1/lists/{id}/accounts": op("Empty", some_ids("account_ids")),
    "DELETE /api/v1/lists/{id}/accounts": op("Empty", some_ids("account_ids")),
}
