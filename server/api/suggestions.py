"""Finding people: the directory of those who want to be found, and whom one may want to follow.

Suggested is whom those follow whom one follows, most of all first, then who is followed most here. Nothing
that anybody read or liked is looked at.
"""

from __future__ import annotations

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, choice, flag, limit, op, ranked
from server.api.reading import account_of, id_of
from server.api.schema import array
from server.context import context
from server.domain.tx import Tx
from server.render import account
from server.render.view import Json
from storage import accounts, suggestions
from storage.accounts import Account
from storage.suggestions import Suggested


async def _found(request: web.Request, caller: Caller) -> list[Json]:
    """``Suggestion`` each."""
    size = paging.limit(request, 40, 80)
    async with context(request).work.reading() as tx:
        rows = await suggestions.suggested(tx.conn, caller.account.id, size)
        people = await accounts.by_ids(tx.conn, [row.account_id for row in rows])
        known = [row for row in rows if row.account_id in people]
        return [_entity(tx, row, people[row.account_id]) for row in known]


def _entity(tx: Tx, row: Suggested, person: Account) -> Json:
    """``source`` is the older word for the first of ``sources``."""
    old, new = (
        ("past_interactions", "friends_of_friends") if row.common else ("global", "most_followed")
    )
    return {"source": old, "sources": [new], "account": account.account(tx.site.urls, person)}


async def index(request: web.Request, caller: Caller) -> web.Response:
    return ok(await _found(request, caller))


async def index_v1(request: web.Request, caller: Caller) -> web.Response:
    return ok([entry["account"] for entry in await _found(request, caller)])


async def dismiss(request: web.Request, caller: Caller) -> web.Response:
    """``id``: of the account. It is not suggested again."""
    async with context(request).work.transaction() as tx:
        person = await account_of(tx, id_of(request), caller.account)
        await suggestions.dismiss(tx.conn, caller.account.id, person.id, tx.now)
    return empty()


async def directory(request: web.Request, _caller: Caller | None) -> web.Response:
    """``order``: active (who wrote last) or new; ``local``."""
    sent = await params.read(request)
    find = suggestions.newest if sent.text("order") == "new" else suggestions.active
    size = paging.limit(request, 40, 80)
    async with context(request).work.reading() as tx:
        rows = await find(tx.conn, paging.offset(request), size, local=sent.flag("local"))
        return ok([account.account(tx.site.urls, row) for row in rows])


def routes() -> list[web.RouteDef]:
    return [
        for_member("GET", "/api/v1/suggestions", index_v1, "read:accounts"),
        for_member("GET", "/api/v2/suggestions", index, "read:accounts"),
        for_member("DELETE", "/api/v1/suggestions/{id}", dismiss, "write:accounts"),
        for_anyone("GET", "/api/v1/directory", directory),
    ]


DESCRIBED: Described = {
    "GET /api/v1/suggestions": op(array("Account"), limit(40, 80)),
    "GET /api/v2/suggestions": op(array("Suggestion"), limit(40, 80)),
    "DELETE /api/v1/suggestions/{id}": op("Empty"),
    "GET /api/v1/directory": op(
        array("Account"), *ranked(40, 80), choice("order", "active", "new"), flag("local")
    ),
}
