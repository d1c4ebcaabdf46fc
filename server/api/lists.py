"""Lists: those that a member makes, and each community that they joined.

A community is a list so that every client has a timeline for it. It follows the membership and cannot be
edited: joining and leaving is following and unfollowing. Both kinds take their ids from one sequence, so
that an id means one list.
"""

from __future__ import annotations

from aiohttp import web

from server.api import params
from server.api.accounts import Line, answer_line
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, choice, flag, op, paged, some_ids
from server.api.reading import account_of, id_of, view
from server.api.schema import array
from server.context import context
from server.domain.members import lists as verbs
from server.domain.members.lists import Settings
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.render import account
from server.render.view import Json
from storage import accounts, follows, lists
from storage.accounts import Account
from storage.db import Connection
from storage.follows import Listed
from storage.lists import POLICIES, List
from storage.timelines import TOP

FIXED = "This list is a community: follow it to join, unfollow it to leave."


def entity(row: List) -> Json:
    """``List``. Android wants all four."""
    return {
        "id": str(row.id),
        "title": row.title,
        "replies_policy": row.replies_policy,
        "exclusive": row.exclusive,
    }


def of_community(group: Account) -> Json:
    """``List``: a community that the member has joined."""
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


async def own(tx: Tx, owner: Account, list_id: int) -> List:
    """A list that may be edited. Raises ``Invalid`` for a community's, ``NotFound`` for any other."""
    row = await lists.by_id(tx.conn, list_id, owner.id)
    if row is None:
        await joined(tx, owner, list_id)
        raise Invalid(FIXED)
    return row


async def index(request: web.Request, caller: Caller) -> web.Response:
    """Those of the member's own, then the communities."""
    me = caller.account
    async with context(request).work.reading() as tx:
        made = await lists.of(tx.conn, me.id)
        groups = await follows.groups_of(tx.conn, me.id)
    return ok([*(entity(row) for row in made), *(of_community(g) for g in groups)])


async def show(request: web.Request, caller: Caller) -> web.Response:
    list_id = id_of(request)
    async with context(request).work.reading() as tx:
        row = await lists.by_id(tx.conn, list_id, caller.account.id)
        if row:
            return ok(entity(row))
        return ok(of_community(await joined(tx, caller.account, list_id)))


async def create(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    wanted = Settings(
        title=sent.text("title") or "",
        replies_policy=sent.text("replies_policy") or "list",
        exclusive=sent.flag("exclusive"),
    )
    async with context(request).work.transaction() as tx:
        return ok(entity(await verbs.create(tx, caller.account, wanted)))


async def edit(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    title, exclusive = sent.text("title"), sent.boolean("exclusive")
    async with context(request).work.transaction() as tx:
        old = await own(tx, caller.account, id_of(request))
        wanted = Settings(
            title=old.title if title is None else title,
            replies_policy=sent.text("replies_policy") or old.replies_policy,
            exclusive=old.exclusive if exclusive is None else exclusive,
        )
        return ok(entity(await verbs.edit(tx, old, wanted)))


async def delete(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        row = await own(tx, caller.account, id_of(request))
        await lists.delete(tx.conn, row.id)
    return empty()


async def members(request: web.Request, caller: Caller) -> web.Response:
    """Whose posts are in it; of a community's list, the community. ``limit=0`` gives all at once."""
    me = caller.account
    list_id = id_of(request)
    async with context(request).work.reading() as tx:
        row = await lists.by_id(tx.conn, list_id, me.id)
        if row is None:
            return ok([account.account(tx.site.urls, await joined(tx, me, list_id))])
        if request.query.get("limit") == "0":
            every = await lists.members(tx.conn, row.id, TOP, 0, verbs.MEMBERS_MAX)
            ids = [line.account_id for line in every]
            return ok(await account.accounts_in_order(view(tx, me), ids))
        return await answer_line(request, tx, me, me, _line_of(row))


def _line_of(row: List) -> Line:
    async def line(
        conn: Connection, _owner_id: int, before: int, after: int, limit: int
    ) -> list[Listed]:
        return await lists.members(conn, row.id, before, after, limit)

    return line


async def add(request: web.Request, caller: Caller) -> web.Response:
    """``account_ids[]``: whom the member follows, or themselves."""
    wanted = (await params.read(request)).ids("account_ids")
    async with context(request).work.transaction() as tx:
        row = await own(tx, caller.account, id_of(request))
        await verbs.add(tx, caller.account, row, wanted)
    return empty()


async def remove(request: web.Request, caller: Caller) -> web.Response:
    """``account_ids[]``, in the body or the query; who is not in it is no error."""
    wanted = (await params.read(request)).ids("account_ids")
    async with context(request).work.transaction() as tx:
        row = await own(tx, caller.account, id_of(request))
        await lists.remove(tx.conn, row.id, wanted)
    return empty()


async def containing(request: web.Request, caller: Caller) -> web.Response:
    """The lists that hold an account."""
    me = caller.account
    async with context(request).work.reading() as tx:
        held = await account_of(tx, id_of(request), caller.account)
        made = await lists.holding(tx.conn, me.id, held.id)
        groups = [g for g in await follows.groups_of(tx.conn, me.id) if g.id == held.id]
    return ok([*(entity(row) for row in made), *(of_community(g) for g in groups)])


def routes() -> list[web.RouteDef]:
    one = "/api/v1/lists/{id}"
    return [
        for_member("GET", "/api/v1/lists", index, "read:lists"),
        for_member("POST", "/api/v1/lists", create, "write:lists"),
        for_member("GET", one, show, "read:lists"),
        for_member("PUT", one, edit, "write:lists"),
        for_member("DELETE", one, delete, "write:lists"),
        for_member("GET", f"{one}/accounts", members, "read:lists"),
        for_member("POST", f"{one}/accounts", add, "write:lists"),
        for_member("DELETE", f"{one}/accounts", remove, "write:lists"),
        for_member("GET", "/api/v1/accounts/{id}/lists", containing, "read:lists"),
    ]


_EDITED = (a_text("title"), choice("replies_policy", *POLICIES), flag("exclusive"))
_MEMBERS = some_ids("account_ids")
DESCRIBED: Described = {
    "GET /api/v1/lists": op(array("List")),
    "POST /api/v1/lists": op("List", *_EDITED),
    "GET /api/v1/lists/{id}": op("List"),
    "PUT /api/v1/lists/{id}": op("List", *_EDITED),
    "DELETE /api/v1/lists/{id}": op("Empty"),
    "GET /api/v1/lists/{id}/accounts": op(array("Account"), *paged(40, 80)),
    "POST /api/v1/lists/{id}/accounts": op("Empty", _MEMBERS),
    "DELETE /api/v1/lists/{id}/accounts": op("Empty", _MEMBERS),
    "GET /api/v1/accounts/{id}/lists": op(array("List")),
}
