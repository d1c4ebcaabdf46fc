"""Beckon's own API for those who steer a community, below /api/beckon/v1/communities/:id.

``CommunityBan``: account, reason, created_at, expires_at (null: without end). ``ModerationEntry``: id,
action, role (of who acted: nobody is named), status_id, account_id (whom it met), reason, created_at.
The log is public, of a private community for its members; all else is for organisers and moderators. It holds
for a group of another server, too, where that group lists the member among its moderators (503 while it cannot
be asked): what they do is sent there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import TypeAlias

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_anyone, for_member
from server.api.describe import Described, a_text, flag, integer, op, paged
from server.api.network import moderates
from server.api.reading import account_of, id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.groups import communities
from server.domain.moderating import group_moderation as verbs
from server.domain.moderating.group_moderation import Ban, Steward
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import group_moderation as render
from storage import accounts, posts
from storage import group_moderation as rows
from storage.posts import Post

ONE = "/api/beckon/v1/communities/{id}"
LONGEST = 10 * 366 * 24 * 3600
"""Seconds of a ban that ends."""

Act: TypeAlias = Callable[[Tx, Steward, Post, str], Awaitable[None]]


async def _feature(tx: Tx, by: Steward, post: Post, _reason: str, *, added: bool) -> None:
    await verbs.feature(tx, by, post, added=added)


POST_ACTS: dict[str, Act] = {
    "lock": verbs.lock,
    "unlock": verbs.unlock,
    "remove": verbs.remove,
    "restore": verbs.restore,
    "feature": partial(_feature, added=True),
    "unfeature": partial(_feature, added=False),
}


async def moderates_elsewhere(request: web.Request, caller: Caller) -> bool:
    """Whether the group is of another server, which names the caller as its moderator; it is asked
    before a transaction."""
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
    return await moderates(request, group, caller.account)


async def steward(tx: Tx, request: web.Request, caller: Caller, *, elsewhere: bool) -> Steward:
    """``elsewhere``: what ``moderates_elsewhere`` said. Raises ``Forbidden``."""
    group = await sight.group(tx, id_of(request), caller.account)
    if elsewhere:
        return verbs.vouched(group, caller.account)
    return await verbs.steward(tx, group, caller.account)


def _doing(act: Act) -> ForMember:
    """A removed post is nowhere to be seen, and still the steward's to restore."""

    async def answer(request: web.Request, caller: Caller) -> web.Response:
        sent = await params.read(request)
        elsewhere = await moderates_elsewhere(request, caller)
        async with context(request).work.transaction() as tx:
            by = await steward(tx, request, caller, elsewhere=elsewhere)
            post = await posts.by_id(tx.conn, id_of(request, "post_id"))
            if post is None or post.community_id != by.community.id:
                raise NotFound
            await act(tx, by, post, sent.text("reason") or "")
        return empty()

    return answer


async def ban(request: web.Request, caller: Caller) -> web.Response:
    """``expires_in``: seconds; without it the ban has no end."""
    sent = await params.read(request)
    lasts = sent.integer("expires_in", 1, LONGEST)
    elsewhere = await moderates_elsewhere(request, caller)
    async with context(request).work.transaction() as tx:
        by = await steward(tx, request, caller, elsewhere=elsewhere)
        person = await account_of(tx, id_of(request, "account_id"), caller.account)
        until = tx.now + timedelta(seconds=lasts) if lasts else None
        wanted = Ban(until, sent.text("reason") or "", sent.flag("remove_data"))
        await verbs.ban(tx, by, person, wanted)
    return empty()


async def unban(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    elsewhere = await moderates_elsewhere(request, caller)
    async with context(request).work.transaction() as tx:
        by = await steward(tx, request, caller, elsewhere=elsewhere)
        person = await account_of(tx, id_of(request, "account_id"), caller.account)
        reason, restore = sent.text("reason") or "", sent.flag("restore_data")
        await verbs.unban(tx, by, person, reason, restore_data=restore)
    return empty()


async def bans(request: web.Request, caller: Caller) -> web.Response:
    """``CommunityBan`` each, the latest first; paged by the Link header."""
    page = paging.page(request, 40, 80)
    elsewhere = await moderates_elsewhere(request, caller)
    async with context(request).work.reading() as tx:
        by = await steward(tx, request, caller, elsewhere=elsewhere)
        found = await rows.bans(tx.conn, by.community.id, tx.now, *page.bounds, page.limit)
        people = await accounts.by_ids(tx.conn, [row.account_id for row in found])
        body = render.bans(tx.site.urls, found, people)
    ids, more = [row.id for row in found], len(found) == page.limit
    return ok(body, headers=paging.link(request, ids, prev="since_id", more=more))


async def log(request: web.Request, caller: Caller | None) -> web.Response:
    """``ModerationEntry`` each, the latest first; paged by the Link header."""
    page = paging.page(request, 40, 80)
    async with context(request).work.reading() as tx:
        viewer = viewer_of(caller)
        group = await sight.group(tx, id_of(request), viewer)
        await communities.require_belonging(tx, group, viewer)
        found = await rows.log(tx.conn, group.id, *page.bounds, page.limit)
    ids, more = [row.id for row in found], len(found) == page.limit
    link = paging.link(request, ids, prev="since_id", more=more)
    return ok([render.entry(row) for row in found], headers=link)


async def dismiss(request: web.Request, caller: Caller) -> web.Response:
    """Organisers take a role away; everybody may lay down their own. A group of another server decides itself."""
    elsewhere = await moderates_elsewhere(request, caller)
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        person = await account_of(tx, id_of(request, "account_id"), caller.account)
        if elsewhere:
            await verbs.appoint(tx, verbs.vouched(group, caller.account), person, added=False)
        else:
            await communities.dismiss(tx, caller.account, group, person)
    return empty()


def routes() -> list[web.RouteDef]:
    post, write = f"{ONE}/posts/{{post_id}}", "write:accounts"
    return [
        for_anyone("GET", f"{ONE}/log", log, "read:accounts"),
        for_member("GET", f"{ONE}/bans", bans, "read:accounts"),
        for_member("POST", f"{ONE}/ban/{{account_id}}", ban, write),
        for_member("POST", f"{ONE}/unban/{{account_id}}", unban, write),
        for_member("POST", f"{ONE}/roles/{{account_id}}/dismiss", dismiss, write),
        *(
            for_member("POST", f"{post}/{name}", _doing(act), write)
            for name, act in POST_ACTS.items()
        ),
    ]


DESCRIBED: Described = {
    f"GET {ONE}/log": op(array("ModerationEntry"), *paged(40, 80)),
    f"GET {ONE}/bans": op(array("CommunityBan"), *paged(40, 80), also=(503,)),
    f"POST {ONE}/ban/{{account_id}}": op(
        "Empty",
        integer("expires_in", 1, LONGEST),
        a_text("reason"),
        flag("remove_data"),
        also=(503,),
    ),
    f"POST {ONE}/unban/{{account_id}}": op(
        "Empty", a_text("reason"), flag("restore_data"), also=(503,)
    ),
    f"POST {ONE}/roles/{{account_id}}/dismiss": op("Empty", also=(503,)),
    **{
        f"POST {ONE}/posts/{{post_id}}/{name}": op("Empty", a_text("reason"), also=(503,))
        for name in POST_ACTS
    },
}
