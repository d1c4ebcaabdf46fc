"""Posts: writing, showing, editing, deleting.

A client retries what it did not see answered: with an ``Idempotency-Key`` the same request within an hour
gives the same post. Handles that nobody here knows yet are looked up before the transaction.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from aiohttp import web

from server import ids, limits, text
from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import (
    Described,
    a_text,
    an_id,
    choice,
    flag,
    integer,
    nested,
    op,
    some_ids,
    some_texts,
)
from server.api.media import changes, media_ids
from server.api.network import learn_handles
from server.api.params import Params
from server.api.reading import id_of, status_by_id, statuses, viewer_of
from server.api.scheduled import entity as scheduled_entity
from server.api.scheduled import time_of
from server.api.schema import array, either
from server.context import context
from server.domain import sight
from server.domain.calling import deleting, short_calls
from server.domain.members.preferences import LANGUAGE
from server.domain.posting import composing, drafts, marks, media, posts, quotes, scheduled
from server.domain.posting.composing import Wanted, WantedPoll
from server.domain.posting.drafts import Typed
from server.domain.tx import Tx
from server.errors import Invalid
from server.render.status import WARNED
from storage import accounts, oauth, preferences
from storage import polls as poll_rows
from storage import posts as post_rows
from storage import scheduled as scheduled_rows
from storage.accounts import Account
from storage.posts import Post
from storage.scheduled import Scheduled

KEY_LIVES = timedelta(hours=1)
MANY = 20
CALLS_PAGE = "A call is edited on its own page, so that everybody who takes part is told."


async def create(request: web.Request, caller: Caller) -> web.Response:
    """``title`` and ``community_id`` (a titled post to a community) are Beckon's own.

    A text in the short form of a call (docs/short-form.md) becomes that call, whose status is answered.

    With ``scheduled_at`` it answers a ``ScheduledStatus``, unless a repeated request finds it published.
    """
    sent = await params.read(request)
    await learn_handles(request, sent.text("status") or "")
    key = request.headers.get("Idempotency-Key", "")
    work = context(request).work
    async with work.transaction() as tx:
        made = await _once(tx, caller, sent, key)
    async with work.reading() as tx:
        if isinstance(made, Scheduled):
            return ok(await scheduled_entity(tx, made))
        return ok(await status_by_id(tx, made, caller.account))


async def _once(tx: Tx, caller: Caller, sent: Params, key: str) -> int | Scheduled:
    if not key:
        return await _post(tx, caller, sent, None)
    me, digest = caller.account.id, ids.digest(key).hex()
    await oauth.lock_idempotency_key(tx.conn, me, digest)
    since = tx.now - KEY_LIVES
    before = await oauth.post_of_key(tx.conn, me, digest, since)
    if before is not None:
        return before
    waiting = await scheduled_rows.by_key(tx.conn, me, digest, since)
    return waiting or await _post(tx, caller, sent, digest)


async def _post(tx: Tx, caller: Caller, sent: Params, key: str | None) -> int | Scheduled:
    at = time_of(sent)
    wanted = await _with_defaults(tx, caller, sent, _wanted(sent, caller.token.app_id))
    if at:
        short_calls.refuse_later(wanted.text)
        return await scheduled.keep(tx, caller.account, wanted, at, key)
    post = await _publish(tx, caller, wanted)
    if key:
        await oauth.keep_key(tx.conn, caller.account.id, key, post.id, tx.now)
    return post.id


async def _publish(tx: Tx, caller: Caller, wanted: Wanted) -> Post:
    typed = await composing.typed(tx, caller.account, wanted)
    draft = await drafts.draft(tx, caller.account, typed)
    called = await short_calls.publish(tx, caller.account, typed, draft)
    post = called or await posts.publish(tx, caller.account, draft)
    assert post, "a new id is never a repeat"
    return post


def _wanted(sent: Params, app_id: int) -> Wanted:
    return Wanted(
        text=sent.text("status") or "",
        visibility=sent.text("visibility") or "public",
        title=sent.text("title") or "",
        summary=sent.text("spoiler_text") or "",
        sensitive=sent.flag("sensitive"),
        language=_language(sent),
        in_reply_to_id=sent.id("in_reply_to_id"),
        community_id=sent.id("community_id"),
        poll=_poll(sent.child("poll")),
        app_id=app_id,
        media_ids=media_ids(sent),
        quoted_id=sent.id("quoted_status_id"),
        quote_policy=sent.text("quote_approval_policy") or None,
    )


async def _with_defaults(tx: Tx, caller: Caller, sent: Params, wanted: Wanted) -> Wanted:
    """What the client does not say is as the member chose."""
    chosen = await preferences.of(tx.conn, caller.account.id)
    sensitive = sent.boolean("sensitive")
    return replace(
        wanted,
        visibility=sent.text("visibility") or chosen.visibility,
        sensitive=chosen.sensitive if sensitive is None else sensitive,
        language=wanted.language or chosen.language,
        quote_policy=wanted.quote_policy or caller.account.quote_policy,
    )


def _language(sent: Params) -> str | None:
    given = sent.text("language") or ""
    return given if LANGUAGE.fullmatch(given) else None


def _poll(sent: Params) -> WantedPoll | None:
    options = sent.texts("options")
    if not options:
        return None
    seconds = sent.integer("expires_in")
    if seconds is None:
        raise Invalid("Validation failed: A poll needs expires_in, in seconds", field="poll")
    return WantedPoll(tuple(options), seconds, sent.flag("multiple"))


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        return ok(await status_by_id(tx, id_of(request), viewer_of(caller)))


async def many(request: web.Request, caller: Caller | None) -> web.Response:
    """``id[]``: at most 20; what is not to be seen is left out."""
    wanted = (await params.read(request)).ids("id")[:MANY]
    async with context(request).work.reading() as tx:
        return ok(await statuses(tx, wanted, viewer_of(caller)))


async def edit(request: web.Request, caller: Caller) -> web.Response:
    """Replaces the text, the warning, the language and the files; who sees it, what it quotes, and a poll's
    options, stay."""
    sent = await params.read(request)
    await learn_handles(request, sent.text("status") or "")
    work = context(request).work
    async with work.transaction() as tx:
        post = await sight.post(tx, id_of(request), caller.account)
        if post.is_call:
            raise Invalid(CALLS_PAGE)
        await _require_same_poll(tx, post, sent.child("poll"))
        policy = sent.text("quote_approval_policy")
        if policy:
            await quotes.set_policy(tx, caller.account, post, policy)
        typed = await _retyped(tx, post, sent)
        files = await media.choose(
            tx, caller.account, media_ids(sent), post=post, changes=changes(sent)
        )
        draft = await drafts.draft(tx, caller.account, replace(typed, attachments=files))
        await posts.edit(tx, caller.account, post, replace(draft, kind=post.kind))
    async with work.reading() as tx:
        return ok(await status_by_id(tx, post.id, caller.account))


async def _require_same_poll(tx: Tx, post: Post, sent: Params) -> None:
    options = [text.one_line(title) for title in sent.texts("options")]
    if not options:
        return
    present = [o.title for o in await poll_rows.options(tx.conn, [post.id])]
    if options != present:
        raise Invalid("Validation failed: The options of a poll cannot be changed", field="poll")


async def _retyped(tx: Tx, post: Post, sent: Params) -> Typed:
    def given(name: str, old: str) -> str:
        value = sent.text(name)
        return old if value is None else value

    community = post.community_id
    sensitive = sent.boolean("sensitive")
    return Typed(
        text=given("status", post.source),
        visibility=post.visibility,
        title=given("title", post.title),
        # Clients send back the warning that they were shown; a titled post's summary is none.
        summary=given("spoiler_text", post.summary) if post.kind in WARNED else post.summary,
        sensitive=post.sensitive if sensitive is None else sensitive,
        language=_language(sent) or post.language,
        community=None if community is None else await accounts.by_id(tx.conn, community),
        edited=post,
    )


async def delete(request: web.Request, caller: Caller) -> web.Response:
    """Answers the post with its ``text``, for "delete and redraft": its files may be used again for a day."""
    discarded = (await params.read(request)).flag("delete_media")
    work = context(request).work
    async with work.transaction() as tx:
        post = await sight.post(tx, id_of(request), caller.account)
        entity = await status_by_id(tx, post.id, caller.account)
        if discarded and post.account_id == caller.account.id:
            await media.release(tx, post, discarded=True)
        await _remove(tx, caller.account, post)
    return ok(entity | {"text": post.source})


async def _remove(tx: Tx, actor: Account, post: Post) -> None:
    if post.is_call and post.local:
        await deleting.delete(tx, actor, post)
    elif post.reblog_of_id is not None and post.account_id == actor.id:
        boosted = await post_rows.by_id(tx.conn, post.reblog_of_id)
        assert boosted, "a foreign key holds it"
        await marks.unboost(tx, actor, boosted)
    else:
        await posts.delete(tx, actor, post)


def routes() -> list[web.RouteDef]:
    one = "/api/v1/statuses/{id}"
    return [
        for_member("POST", "/api/v1/statuses", create, "write:statuses"),
        for_anyone("GET", "/api/v1/statuses", many, "read:statuses"),
        for_anyone("GET", one, show, "read:statuses"),
        for_member("PUT", one, edit, "write:statuses"),
        for_member("DELETE", one, delete, "write:statuses", limit=limits.DELETES),
    ]


_POLL = nested("poll", some_texts("options"), integer("expires_in"), flag("multiple"))
_TYPED = (
    a_text("status"),
    a_text("spoiler_text"),
    a_text("title"),
    flag("sensitive"),
    a_text("language"),
    choice("quote_approval_policy", *quotes.POLICIES),
    _POLL,
    some_ids("media_ids"),
)
_ATTRIBUTES = nested(
    "media_attributes", an_id("id"), a_text("description"), a_text("focus"), many=True
)
DESCRIBED: Described = {
    "POST /api/v1/statuses": op(
        either("Status", "ScheduledStatus"),
        *_TYPED,
        choice("visibility", "public", "unlisted", "private", "direct"),
        an_id("in_reply_to_id"),
        an_id("community_id"),
        a_text("scheduled_at"),
        an_id("quoted_status_id"),
        also=(404,),  # what it replies to or quotes
    ),
    "GET /api/v1/statuses": op(array("Status"), some_ids("id")),
    "GET /api/v1/statuses/{id}": op("Status"),
    "PUT /api/v1/statuses/{id}": op("Status", *_TYPED, _ATTRIBUTES),
    "DELETE /api/v1/statuses/{id}": op("DeletedStatus", flag("delete_media")),
}
