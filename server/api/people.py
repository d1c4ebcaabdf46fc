"""What a member keeps about others: notes, whom they feature, and whom they know in common."""

from __future__ import annotations

from collections import defaultdict

from aiohttp import web

from server.api import params
from server.api.accounts import answer_line
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_text, op, paged, some_ids
from server.api.reading import account_of, id_of, view, viewer_of
from server.api.relations import doing, relationship
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.members import follows as follow_verbs
from server.domain.members import people
from server.render import account
from storage import endorsements, follows

MANY = 40


async def note(request: web.Request, caller: Caller) -> web.Response:
    """``comment``; an empty one removes the note."""
    comment = (await params.read(request)).text("comment") or ""
    async with context(request).work.transaction() as tx:
        target = await account_of(tx, id_of(request), caller.account)
        await people.note(tx, caller.account, target, comment)
    return await relationship(request, caller, target.id)


async def mine(request: web.Request, caller: Caller) -> web.Response:
    """Whom the caller features."""
    async with context(request).work.reading() as tx:
        me = caller.account
        return await answer_line(request, tx, me, me, endorsements.of_account)


async def of_account(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        owner = await account_of(tx, id_of(request), viewer_of(caller))
        line = endorsements.of_account
        return await answer_line(request, tx, owner, viewer_of(caller), line)


async def familiar(request: web.Request, caller: Caller) -> web.Response:
    """One entry for each account that was asked about: whom the caller follows that follow it."""
    me = caller.account
    wanted = list(dict.fromkeys((await params.read(request)).ids("id")))[:MANY]
    known: dict[int, list[int]] = defaultdict(list)
    async with context(request).work.reading() as tx:
        untold = await sight.secluded(tx, wanted, me)
        for row in await follows.familiar(tx.conn, me.id, [i for i in wanted if i not in untold]):
            known[row.target_id].append(row.account_id)
        everybody = sorted({i for found in known.values() for i in found})
        rendered = await account.accounts_in_order(view(tx, me), everybody)
    by_id = {int(entity["id"]): entity for entity in rendered}
    return ok(
        [{"id": str(i), "accounts": [by_id[a] for a in known[i] if a in by_id]} for i in wanted]
    )


def routes() -> list[web.RouteDef]:
    base = "/api/v1/accounts"
    one = f"{base}/{{id}}"
    add, drop = doing(people.endorse), doing(people.unendorse)
    remove = doing(follow_verbs.remove_follower)
    return [
        for_member("GET", f"{base}/familiar_followers", familiar, "read:follows"),
        for_member("POST", f"{one}/note", note, "write:accounts"),
        *(
            for_member("POST", f"{one}/{verb}", add, "write:accounts")
            for verb in ("pin", "endorse")
        ),
        *(
            for_member("POST", f"{one}/{verb}", drop, "write:accounts")
            for verb in ("unpin", "unendorse")
        ),
        for_member("POST", f"{one}/remove_from_followers", remove, "write:follows"),
        for_member("GET", "/api/v1/endorsements", mine, "read:accounts"),
        for_anyone("GET", f"{one}/endorsements", of_account, "read:accounts"),
    ]


_ACTS = ("pin", "unpin", "endorse", "unendorse", "remove_from_followers")
DESCRIBED: Described = {
    "GET /api/v1/accounts/familiar_followers": op(array("FamiliarFollowers"), some_ids("id")),
    "POST /api/v1/accounts/{id}/note": op("Relationship", a_text("comment")),
    **{f"POST /api/v1/accounts/{{id}}/{act}": op("Relationship") for act in _ACTS},
    "GET /api/v1/endorsements": op(array("Account"), *paged(40, 80)),
    "GET /api/v1/accounts/{id}/endorsements": op(array("Account"), *paged(40, 80)),
}
