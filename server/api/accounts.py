"""Accounts: who they are, what they posted, whom they follow."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Literal, TypeAlias

from aiohttp import web

from server.api import paging, params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import (
    Described,
    a_file,
    a_text,
    choice,
    flag,
    integer,
    limit,
    nested,
    op,
    paged,
    some_ids,
)
from server.api.network import look_up
from server.api.params import Params
from server.api.reading import account_of, id_of, of_posts, page_of_statuses, view, viewer_of
from server.api.schema import array
from server.context import UPLOADS, context
from server.decoding import bounds
from server.domain import sight
from server.domain.members import accounts as verbs
from server.domain.members import featured, persons
from server.domain.members import preferences as choices
from server.domain.posting import media, quotes
from server.domain.posting import search as searching
from server.domain.tx import Tx
from server.errors import NotFound
from server.limits import MEDIA
from server.render import account
from server.render.view import Json
from storage import accounts, follows, marks, preferences, timelines, users
from storage.accounts import Account
from storage.db import Connection
from storage.follows import Listed
from storage.media import Media
from storage.preferences import VISIBILITIES

Line: TypeAlias = Callable[[Connection, int, int, int, int], Awaitable[list[Listed]]]
MANY = 40
PICTURES_BODY = 2 * bounds.IMAGE_BYTES + bounds.MIB  # avatar, header, and words
OPEN = ("public", "unlisted")


async def me(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(await _credentials(tx, caller, caller.account))


async def _credentials(tx: Tx, caller: Caller, row: Account) -> Json:
    waiting = await follows.request_count(tx.conn, row.id)
    entity = account.credential_account(tx.site.urls, row, caller.user.role, waiting)
    entity |= await _moved(tx, row)
    entity["source"] |= account.defaults(await preferences.of(tx.conn, row.id))
    return entity


async def update_me(request: web.Request, caller: Caller) -> web.Response:
    """``source`` holds the defaults of posts; ``avatar`` and ``header`` are files."""
    row = await edit_me(request, caller)
    async with context(request).work.reading() as tx:
        return ok(await _credentials(tx, caller, row))


async def edit_me(request: web.Request, caller: Caller) -> Account:
    """What the caller sent of their profile is changed, and their followers are told."""
    async with params.with_files(request, PICTURES_BODY) as sent:
        avatar = await _picture(request, caller, sent, "avatar")
        header = await _picture(request, caller, sent, "header")
    async with context(request).work.transaction() as tx:
        await _choose(tx, caller, sent.child("source"))
        pictured = await media.set_pictures(
            tx,
            caller.account,
            avatar=avatar,
            header=header,
            avatar_description=sent.text("avatar_description"),
            header_description=sent.text("header_description"),
        )
        row = await verbs.edit_profile(
            tx,
            pictured,
            display_name=sent.text("display_name"),
            note=sent.text("note"),
            fields=_fields(sent),
            locked=sent.boolean("locked"),
            bot=sent.boolean("bot"),
            discoverable=sent.boolean("discoverable"),
            indexable=sent.boolean("indexable"),
            hide_collections=sent.boolean("hide_collections"),
        )
        policy = sent.child("source").text("quote_policy")
        return await quotes.set_default(tx, row, policy) if policy else row


async def _picture(
    request: web.Request, caller: Caller, sent: Params, use: Literal["avatar", "header"]
) -> Media | None:
    source = sent.file(use)
    if source is None:
        return None
    ctx = context(request)
    ctx.limits.require(MEDIA, str(caller.account.id), ctx.work.clock.now())
    return await request.app[UPLOADS].take(caller.account, source, purpose=use)


async def drop_avatar(request: web.Request, caller: Caller) -> web.Response:
    return await _drop_picture(request, caller, "avatar")


async def drop_header(request: web.Request, caller: Caller) -> web.Response:
    return await _drop_picture(request, caller, "header")


async def _drop_picture(request: web.Request, caller: Caller, use: str) -> web.Response:
    async with context(request).work.transaction() as tx:
        bare = await media.drop_picture(tx, caller.account, use)
        row = await verbs.edit_profile(tx, bare)
        return ok(await _credentials(tx, caller, row))


async def _choose(tx: Tx, caller: Caller, source: Params) -> None:
    await choices.choose(
        tx,
        caller.account,
        visibility=source.text("privacy") or None,
        sensitive=source.boolean("sensitive"),
        language=(source.text("language") or "") if "language" in source else None,
    )


def _fields(sent: Params) -> list[tuple[str, str]] | None:
    if "fields_attributes" not in sent:
        return None
    given = sent.children("fields_attributes")
    return [(f.text("name") or "", f.text("value") or "") for f in given]


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        row = await account_of(tx, id_of(request), viewer_of(caller))
        return ok(await _shown(tx, row))


async def _shown(tx: Tx, row: Account) -> Json:
    """On its own, with the badge of who runs this server."""
    badge = await persons.shows_role(tx, row)
    user = await users.by_id(tx.conn, row.user_id or 0) if badge else None
    entity = account.account(tx.site.urls, row, user.role if user else "member")
    return entity | await _moved(tx, row)


async def _moved(tx: Tx, row: Account) -> Json:
    """Where an account is followed now, if that one is known here."""
    place = await accounts.by_uri(tx.conn, row.moved_to) if row.moved_to else None
    return {"moved": account.account(tx.site.urls, place)} if place and not place.is_hidden else {}


async def many(request: web.Request, caller: Caller | None) -> web.Response:
    """``id[]``: at most 40; unknown ids are left out."""
    wanted = (await params.read(request)).ids("id")[:MANY]
    async with context(request).work.reading() as tx:
        rows = (await accounts.by_ids(tx.conn, wanted)).values()
        known = {row.id for row in await sight.knowable(tx, list(rows), viewer_of(caller))}
        wanted = [i for i in wanted if i in known]
        return ok(await account.accounts_in_order(view(tx, None), wanted))


async def lookup(request: web.Request, caller: Caller | None) -> web.Response:
    """``acct``: known here, by its handle; no other server is asked."""
    acct = (await params.read(request)).text("acct") or ""
    async with context(request).work.reading() as tx:
        row = await searching.by_handle(tx, acct)
        if row is None:
            raise NotFound
        return ok(await _shown(tx, await sight.require_known(tx, row, viewer_of(caller))))


async def search(request: web.Request, caller: Caller) -> web.Response:
    """For completing a handle while typing. ``resolve`` asks other servers for a whole handle."""
    sent = await params.read(request)
    text = (sent.text("q") or "").strip()
    limit = paging.limit(request, 40, 80)
    found = await look_up(request, text) if sent.flag("resolve") and "@" in text[1:] else None
    async with context(request).work.reading() as tx:
        offset = sent.integer("offset") or 0
        following = sent.flag("following")
        rows = await searching.people(tx, text, limit, offset, caller.account, following=following)
        if isinstance(found, Account) and found.id not in {row.id for row in rows}:
            rows = [*await sight.knowable(tx, [found], caller.account), *rows][:limit]
    return ok([account.account(tx.site.urls, row) for row in rows])


async def posted(request: web.Request, caller: Caller | None) -> web.Response:
    """``pinned`` gives only the pinned posts, without pages."""
    sent = await params.read(request)
    viewer = viewer_of(caller)
    if sent.flag("pinned"):
        return await _pinned(request, viewer)
    async with context(request).work.reading() as tx:
        owner = await account_of(tx, id_of(request), viewer_of(caller))
        rows = partial(
            timelines.of_account,
            tx.conn,
            owner.id,
            visible=await _visible(tx, owner, viewer),
            viewer_id=viewer.id if viewer else 0,
            exclude_replies=sent.flag("exclude_replies"),
            exclude_reblogs=sent.flag("exclude_reblogs"),
            only_media=sent.flag("only_media"),
            tag=(sent.text("tagged") or "").lower() or None,
        )
        filled = await page_of_statuses(tx, rows, paging.page(request), viewer)
    return ok(filled.body, headers=paging.link(request, filled.rows))


async def _pinned(request: web.Request, viewer: Account | None) -> web.Response:
    """As far as it is known by now; a member who looks has the collection of another server read."""
    work = context(request).work
    async with work.reading() as tx:
        owner = await account_of(tx, id_of(request), viewer)
        answer = ok(await of_posts(tx, await marks.pinned(tx.conn, owner.id), viewer))
    if viewer and featured.is_due(owner, work.clock.now()):
        async with work.transaction() as tx:
            await featured.looked_at(tx, owner)
    return answer


async def _visible(tx: Tx, owner: Account, viewer: Account | None) -> Sequence[str]:
    """Narrows the page; who may see each post is decided by ``sight``."""
    if viewer is None:
        return OPEN
    if viewer.id == owner.id:
        return (*OPEN, "members", "private", "direct")
    known = await follows.is_following(tx.conn, viewer.id, owner.id)
    return (*OPEN, "private") if known else OPEN


async def followers(request: web.Request, caller: Caller | None) -> web.Response:
    return await _line(request, caller, follows.followers)


async def following(request: web.Request, caller: Caller | None) -> web.Response:
    return await _line(request, caller, follows.following)


async def _line(request: web.Request, caller: Caller | None, line: Line) -> web.Response:
    async with context(request).work.reading() as tx:
        viewer = viewer_of(caller)
        owner = await account_of(tx, id_of(request), viewer)
        if await _hidden(tx, owner, viewer):
            return ok([])
        return await answer_line(request, tx, owner, viewer, line)


async def _hidden(tx: Tx, owner: Account, viewer: Account | None) -> bool:
    """Whether the owner keeps whom they follow, and who follows them, to themselves."""
    if await sight.secluded(tx, [owner.id], viewer):
        return True
    if viewer is None or viewer.id == owner.id:
        return viewer is None and owner.hide_collections
    if owner.hide_collections:
        return True
    relations = await follows.relations(tx.conn, viewer.id, [owner.id], tx.now)
    return relations[owner.id].blocked_by


async def answer_line(
    request: web.Request, tx: Tx, owner: Account, viewer: Account | None, line: Line
) -> web.Response:
    """A page of accounts; its Link header pages by the rows of the line, not by accounts."""
    page = paging.page(request, 40, 80)
    found = await line(tx.conn, owner.id, *page.bounds, page.limit)
    ids = [row.account_id for row in found]
    untold = await sight.secluded(tx, ids, viewer)
    told = [i for i in ids if i not in untold]
    body = await account.accounts_in_order(view(tx, viewer), told)
    rows = [row.row_id for row in found]
    link = paging.link(request, rows, prev="since_id", more=len(rows) == page.limit)
    return ok(body, headers=link)


def routes() -> list[web.RouteDef]:
    base = "/api/v1/accounts"
    return [
        for_anyone("GET", base, many, "read:accounts"),
        for_member("GET", f"{base}/verify_credentials", me, "read:accounts", "profile"),
        for_member("PATCH", f"{base}/update_credentials", update_me, "write:accounts"),
        for_member("DELETE", "/api/v1/profile/avatar", drop_avatar, "write:accounts"),
        for_member("DELETE", "/api/v1/profile/header", drop_header, "write:accounts"),
        for_member("GET", f"{base}/search", search, "read:accounts"),
        for_anyone("GET", f"{base}/lookup", lookup, "read:accounts"),
        for_anyone("GET", f"{base}/{{id}}", show, "read:accounts"),
        for_anyone("GET", f"{base}/{{id}}/statuses", posted, "read:statuses"),
        for_anyone("GET", f"{base}/{{id}}/followers", followers, "read:accounts"),
        for_anyone("GET", f"{base}/{{id}}/following", following, "read:accounts"),
    ]


PROFILE = (
    a_text("display_name"),
    a_text("note"),
    nested("fields_attributes", a_text("name"), a_text("value"), many=True),
    *(flag(n) for n in ("locked", "bot", "discoverable", "indexable", "hide_collections")),
    *(a_file(name) for name in ("avatar", "header")),
    *(a_text(name) for name in ("avatar_description", "header_description")),
    nested(
        "source",
        choice("privacy", *VISIBILITIES),
        flag("sensitive"),
        a_text("language"),
        choice("quote_policy", *quotes.POLICIES),
    ),
)
DESCRIBED: Described = {
    "GET /api/v1/accounts": op(array("Account"), some_ids("id")),
    "GET /api/v1/accounts/verify_credentials": op("CredentialAccount"),
    "PATCH /api/v1/accounts/update_credentials": op("CredentialAccount", *PROFILE, also=(413, 503)),
    "DELETE /api/v1/profile/avatar": op("CredentialAccount"),
    "DELETE /api/v1/profile/header": op("CredentialAccount"),
    "GET /api/v1/accounts/search": op(
        array("Account"),
        a_text("q"),
        limit(40, 80),
        integer("offset"),
        flag("resolve"),
        flag("following"),
    ),
    "GET /api/v1/accounts/lookup": op("Account", a_text("acct", required=True), also=(404,)),
    "GET /api/v1/accounts/{id}": op("Account"),
    "GET /api/v1/accounts/{id}/statuses": op(
        array("Status"),
        *paged(),
        *(flag(n) for n in ("pinned", "exclude_replies", "exclude_reblogs", "only_media")),
        a_text("tagged"),
    ),
    "GET /api/v1/accounts/{id}/followers": op(array("Account"), *paged(40, 80)),
    "GET /api/v1/accounts/{id}/following": op(array("Account"), *paged(40, 80)),
}
