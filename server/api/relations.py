"""Between two accounts: following (a community: joining), blocking, and answering who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from server.api import params
from server.api.accounts import answer_line
from server.api.answers import ok
from server.api.auth import Caller, ForMember, for_member
from server.api.describe import Described, flag, op, paged, some_ids, some_texts
from server.api.params import Params
from server.api.reading import account_of, id_of, view
from server.api.schema import array
from server.context import context
from server.domain.groups import communities
from server.domain.members import follows
from server.domain.members.follows import Options
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import account
from storage import communities as community_rows
from storage import follows as rows
from storage.accounts import Account
from storage.follows import Follow

MAX_LANGUAGES = 100

Act: TypeAlias = Callable[[Tx, Account, Account], Awaitable[None]]


async def index(request: web.Request, caller: Caller) -> web.Response:
    """``id[]`` or ``id``; unknown ids are left out."""
    wanted = (await params.read(request)).ids("id")
    async with context(request).work.reading() as tx:
        return ok(await account.relationships(view(tx, caller.account), wanted))


async def follow(request: web.Request, caller: Caller) -> web.Response:
    """``reblogs``, ``notify``, ``languages[]``: what is not given stays as it was."""
    sent = await params.read(request)
    me = caller.account
    async with context(request).work.transaction() as tx:
        target = await account_of(tx, id_of(request), caller.account)
        before = await rows.between(tx.conn, me.id, target.id)
        await follows.follow(tx, me, target, options=_options(sent, before))
    return await relationship(request, caller, target.id)


def _options(sent: Params, before: Follow | None) -> Options:
    """An empty list of languages is all of them."""
    stood = Options(before.reblogs, before.notify, before.languages) if before else Options()
    reblogs, notify = sent.boolean("reblogs"), sent.boolean("notify")
    languages = [t.strip().lower() for t in sent.texts("languages")[:MAX_LANGUAGES]]
    return Options(
        reblogs=stood.reblogs if reblogs is None else reblogs,
        notify=stood.notify if notify is None else notify,
        languages=([t for t in languages if t] or None if "languages" in sent else stood.languages),
    )


def doing(act: Act) -> ForMember:
    """An act upon the account in the path; answers how it stands between the two."""

    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            target = await account_of(tx, id_of(request), caller.account)
            await act(tx, caller.account, target)
        return await relationship(request, caller, target.id)

    return answer


async def relationship(request: web.Request, caller: Caller, target_id: int) -> web.Response:
    """How the caller and another account stand now."""
    async with context(request).work.reading() as tx:
        found = await account.relationships(view(tx, caller.account), [target_id])
    return ok(found[0])


async def _authorize(tx: Tx, me: Account, asking: Account) -> None:
    await _decide(tx, me, asking, admitted=True)


async def _reject(tx: Tx, me: Account, asking: Account) -> None:
    await _decide(tx, me, asking, admitted=False)


async def _decide(tx: Tx, me: Account, asking: Account, *, admitted: bool) -> None:
    """A request to follow me, else to join a community that I steer. Raises ``NotFound``."""
    request = await rows.between(tx.conn, asking.id, me.id)
    if request and request.accepted_at is None:
        await (follows.accept if admitted else follows.reject)(tx, me, request, asking)
        return
    for community in await community_rows.run_by(tx.conn, me.id):
        request = await rows.between(tx.conn, asking.id, community.id)
        if request and request.accepted_at is None:
            await communities.decide(tx, me, community, asking, admitted=admitted)
            return
    raise NotFound


async def requests(request: web.Request, caller: Caller) -> web.Response:
    """Who asks to follow the caller. Who asks to join a community stands in its own list."""
    async with context(request).work.reading() as tx:
        return await answer_line(request, tx, caller.account, caller.account, rows.requests)


async def blocks(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return await answer_line(request, tx, caller.account, caller.account, rows.blocks)


def routes() -> list[web.RouteDef]:
    one = "/api/v1/accounts/{id}"
    asking = "/api/v1/follow_requests"
    return [
        for_member("GET", "/api/v1/accounts/relationships", index, "read:follows"),
        for_member("POST", f"{one}/follow", follow, "write:follows"),
        for_member("POST", f"{one}/unfollow", doing(follows.unfollow), "write:follows"),
        for_member("POST", f"{one}/block", doing(follows.block), "write:blocks"),
        for_member("POST", f"{one}/unblock", doing(follows.unblock), "write:blocks"),
        for_member("GET", asking, requests, "read:follows"),
        for_member("POST", f"{asking}/{{id}}/authorize", doing(_authorize), "write:follows"),
        for_member("POST", f"{asking}/{{id}}/reject", doing(_reject), "write:follows"),
        for_member("GET", "/api/v1/blocks", blocks, "read:blocks"),
    ]


DESCRIBED: Described = {
    "GET /api/v1/accounts/relationships": op(array("Relationship"), some_ids("id")),
    "POST /api/v1/accounts/{id}/follow": op(
        "Relationship", flag("reblogs"), flag("notify"), some_texts("languages")
    ),
    **{
        f"POST /api/v1/accounts/{{id}}/{act}": op("Relationship")
        for act in ("unfollow", "block", "unblock")
    },
    "GET /api/v1/follow_requests": op(array("Account"), *paged(40, 80)),
    "POST /api/v1/follow_requests/{id}/authorize": op("Relationship"),
    "POST /api/v1/follow_requests/{id}/reject": op("Relationship"),
    "GET /api/v1/blocks": op(array("Account"), *paged(40, 80)),
}
