"""Filters, v2 and v1. A filter of v1 is one keyword of a filter of v2, and has the keyword's id."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from aiohttp import web

from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import (
    Described,
    a_text,
    an_id,
    choice,
    choices,
    flag,
    integer,
    nested,
    op,
)
from server.api.params import Params
from server.api.reading import id_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.moderating import filters as verbs
from server.domain.moderating.filters import Settings, Word
from server.domain.tx import Tx
from server.errors import NotFound
from server.render import filters as entities
from server.render.view import Json
from storage import filters
from storage.accounts import Account
from storage.filters import ACTIONS, CONTEXTS, Filter, Keyword, Listed


async def _entities(tx: Tx, rows: Sequence[Filter]) -> list[Json]:
    ids = [row.id for row in rows]
    words, listed = await filters.keywords(tx.conn, ids), await filters.posts(tx.conn, ids)
    return [entities.filter_(row, words, listed) for row in rows]


async def _own(tx: Tx, owner: Account, filter_id: int) -> Filter:
    """Raises ``NotFound``, also for somebody else's."""
    row = await filters.by_id(tx.conn, filter_id, owner.id)
    if row is None:
        raise NotFound
    return row


async def _own_keyword(tx: Tx, owner: Account, keyword_id: int) -> Keyword:
    """Raises ``NotFound``, also for somebody else's."""
    row = await filters.keyword(tx.conn, keyword_id, owner.id)
    if row is None:
        raise NotFound
    return row


async def _own_post(tx: Tx, owner: Account, listed_id: int) -> Listed:
    """Raises ``NotFound``, also for somebody else's."""
    row = await filters.post(tx.conn, listed_id, owner.id)
    if row is None:
        raise NotFound
    return row


def _expiry(sent: Params, now: datetime, old: datetime | None) -> datetime | None:
    """``expires_in`` in seconds; empty or null is never, and what is not given stays."""
    if "expires_in" not in sent:
        return old
    seconds = sent.integer("expires_in")
    return None if seconds is None else now + timedelta(seconds=seconds)


def _contexts(sent: Params, old: Sequence[str]) -> list[str]:
    return [c for c in sent.texts("context") if c] if "context" in sent else list(old)


def _settings(sent: Params, now: datetime, old: Filter | None) -> Settings:
    title, action = sent.text("title"), sent.text("filter_action")
    return Settings(
        title=title if title is not None else (old.title if old else ""),
        context=_contexts(sent, old.context if old else ()),
        action=action or (old.action if old else "warn"),
        expires_at=_expiry(sent, now, old.expires_at if old else None),
    )


def _word(sent: Params) -> Word:
    return Word(
        id=sent.id("id"),
        keyword=sent.text("keyword"),
        whole_word=sent.boolean("whole_word"),
        gone=sent.flag("_destroy"),
    )


def _words(sent: Params) -> list[Word]:
    return [_word(each) for each in sent.children("keywords_attributes")]


async def index(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(await _entities(tx, await filters.of(tx.conn, caller.account.id)))


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok((await _entities(tx, [await _own(tx, caller.account, id_of(request))]))[0])


async def create(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        wanted = _settings(sent, tx.now, None)
        row = await verbs.create(tx, caller.account, wanted, _words(sent))
        return ok((await _entities(tx, [row]))[0])


async def edit(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        old = await _own(tx, caller.account, id_of(request))
        wanted = _settings(sent, tx.now, old)
        row = await verbs.edit(tx, caller.account, old, wanted, _words(sent))
        return ok((await _entities(tx, [row]))[0])


async def delete(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        row = await _own(tx, caller.account, id_of(request))
        await verbs.delete(tx, caller.account, row)
    return empty()


async def keywords(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        row = await _own(tx, caller.account, id_of(request))
        return ok([entities.keyword(k) for k in await filters.keywords(tx.conn, [row.id])])


async def add_keyword(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        row = await _own(tx, caller.account, id_of(request))
        return ok(entities.keyword(await verbs.add_keyword(tx, caller.account, row, _word(sent))))


async def show_keyword(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(entities.keyword(await _own_keyword(tx, caller.account, id_of(request))))


async def edit_keyword(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        old = await _own_keyword(tx, caller.account, id_of(request))
        return ok(entities.keyword(await verbs.edit_keyword(tx, caller.account, old, _word(sent))))


async def delete_keyword(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        row = await _own_keyword(tx, caller.account, id_of(request))
        await verbs.delete_keyword(tx, caller.account, row)
    return empty()


async def posts(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        row = await _own(tx, caller.account, id_of(request))
        return ok([entities.status(p) for p in await filters.posts(tx.conn, [row.id])])


async def add_post(request: web.Request, caller: Caller) -> web.Response:
    """``status_id``: a post that the caller may see; a boost means what it boosts."""
    wanted = (await params.read(request)).id("status_id")
    async with context(request).work.transaction() as tx:
        row = await _own(tx, caller.account, id_of(request))
        post = await sight.subject(tx, wanted or 0, caller.account)
        return ok(entities.status(await verbs.add_post(tx, caller.account, row, post)))


async def show_post(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(entities.status(await _own_post(tx, caller.account, id_of(request))))


async def delete_post(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        row = await _own_post(tx, caller.account, id_of(request))
        await verbs.delete_post(tx, caller.account, row)
    return empty()


async def index_v1(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        rows = {row.id: row for row in await filters.of(tx.conn, caller.account.id)}
        words = await filters.keywords(tx.conn, list(rows))
        return ok([entities.v1(rows[word.filter_id], word) for word in words])


async def show_v1(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(await _v1(tx, caller.account, id_of(request)))


async def _v1(tx: Tx, owner: Account, keyword_id: int) -> Json:
    word = await _own_keyword(tx, owner, keyword_id)
    return entities.v1(await verbs.of_keyword(tx, owner, word), word)


def _settings_v1(sent: Params, now: datetime, old: Filter | None) -> Settings:
    """v1 knows two actions: ``irreversible`` is to hide. Where it says nothing, a blur stays one."""
    hidden = sent.boolean("irreversible")
    kept = old.action if old else "warn"
    return Settings(
        title=(sent.text("phrase") or (old.title if old else ""))[: verbs.TITLE_MAX],
        context=_contexts(sent, old.context if old else ()),
        action=kept if hidden is None or hidden == (kept == "hide") else _action(hidden=hidden),
        expires_at=_expiry(sent, now, old.expires_at if old else None),
    )


def _action(*, hidden: bool) -> str:
    return "hide" if hidden else "warn"


def _word_v1(sent: Params) -> Word:
    return Word(keyword=sent.text("phrase"), whole_word=sent.boolean("whole_word"))


async def create_v1(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        wanted = _settings_v1(sent, tx.now, None)
        row = await verbs.create(tx, caller.account, wanted, [_word_v1(sent)])
        words = await filters.keywords(tx.conn, [row.id])
        return ok(entities.v1(row, words[0]))


async def edit_v1(request: web.Request, caller: Caller) -> web.Response:
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        old = await _own_keyword(tx, caller.account, id_of(request))
        wanted = _settings_v1(sent, tx.now, await verbs.of_keyword(tx, caller.account, old))
        await verbs.edit_single(tx, caller.account, old, wanted, _word_v1(sent))
        return ok(await _v1(tx, caller.account, old.id))


async def delete_v1(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        row = await _own_keyword(tx, caller.account, id_of(request))
        await verbs.delete_single(tx, caller.account, row)
    return empty()


READ, WRITE = "read:filters", "write:filters"


def routes() -> list[web.RouteDef]:
    return [*_single_routes(), *_filter_routes(), *_v1_routes()]


def _single_routes() -> list[web.RouteDef]:
    """Before ``{id}``, which would take ``keywords`` and ``statuses``."""
    word, listed = "/api/v2/filters/keywords/{id}", "/api/v2/filters/statuses/{id}"
    return [
        for_member("GET", word, show_keyword, READ),
        for_member("PUT", word, edit_keyword, WRITE),
        for_member("DELETE", word, delete_keyword, WRITE),
        for_member("GET", listed, show_post, READ),
        for_member("DELETE", listed, delete_post, WRITE),
    ]


def _filter_routes() -> list[web.RouteDef]:
    base, one = "/api/v2/filters", "/api/v2/filters/{id}"
    return [
        for_member("GET", base, index, READ),
        for_member("POST", base, create, WRITE),
        for_member("GET", one, show, READ),
        for_member("PUT", one, edit, WRITE),
        for_member("DELETE", one, delete, WRITE),
        for_member("GET", f"{one}/keywords", keywords, READ),
        for_member("POST", f"{one}/keywords", add_keyword, WRITE),
        for_member("GET", f"{one}/statuses", posts, READ),
        for_member("POST", f"{one}/statuses", add_post, WRITE),
    ]


def _v1_routes() -> list[web.RouteDef]:
    base, one = "/api/v1/filters", "/api/v1/filters/{id}"
    return [
        for_member("GET", base, index_v1, READ),
        for_member("POST", base, create_v1, WRITE),
        for_member("GET", one, show_v1, READ),
        for_member("PUT", one, edit_v1, WRITE),
        for_member("DELETE", one, delete_v1, WRITE),
    ]


_WORD = (a_text("keyword"), flag("whole_word"))
_SHARED = (choices("context", *CONTEXTS), integer("expires_in"))
_FILTER = (
    a_text("title"),
    choice("filter_action", *ACTIONS),
    *_SHARED,
    nested("keywords_attributes", an_id("id"), *_WORD, flag("_destroy"), many=True),
)
_V1 = (a_text("phrase"), flag("whole_word"), flag("irreversible"), *_SHARED)
DESCRIBED: Described = {
    "GET /api/v2/filters": op(array("Filter")),
    "POST /api/v2/filters": op("Filter", *_FILTER, also=(404,)),  # a keyword of another filter
    "GET /api/v2/filters/{id}": op("Filter"),
    "PUT /api/v2/filters/{id}": op("Filter", *_FILTER),
    "DELETE /api/v2/filters/{id}": op("Empty"),
    "GET /api/v2/filters/{id}/keywords": op(array("FilterKeyword")),
    "POST /api/v2/filters/{id}/keywords": op("FilterKeyword", *_WORD),
    "GET /api/v2/filters/keywords/{id}": op("FilterKeyword"),
    "PUT /api/v2/filters/keywords/{id}": op("FilterKeyword", *_WORD),
    "DELETE /api/v2/filters/keywords/{id}": op("Empty"),
    "GET /api/v2/filters/{id}/statuses": op(array("FilterStatus")),
    "POST /api/v2/filters/{id}/statuses": op("FilterStatus", an_id("status_id", required=True)),
    "GET /api/v2/filters/statuses/{id}": op("FilterStatus"),
    "DELETE /api/v2/filters/statuses/{id}": op("Empty"),
    "GET /api/v1/filters": op(array("FilterV1")),
    "POST /api/v1/filters": op("FilterV1", *_V1),
    "GET /api/v1/filters/{id}": op("FilterV1"),
    "PUT /api/v1/filters/{id}": op("FilterV1", *_V1),
    "DELETE /api/v1/filters/{id}": op("Empty"),
}
