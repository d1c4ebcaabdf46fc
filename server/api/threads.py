"""What stands around a post: its conversation, its plain text, its former versions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from aiohttp import web

from server import text
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, op
from server.api.reading import id_of, view, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.posting.threads import COOL_DOWN, begin, is_running, may_refresh
from server.errors import NotFound
from server.render import bundle, status
from storage import posts
from storage import threads as refreshes
from storage.posts import Post
from storage.threads import Refresh

MAX_THREAD = 4000  # posts
RETRY_SECONDS = 3


def ancestors(thread: Sequence[Post], focus: Post) -> list[Post]:
    """From the head of the thread down to the parent of ``focus``, as far as the chain is known."""
    by_id = {p.id: p for p in thread}
    chain: list[Post] = []
    seen = {focus.id}
    above = focus.in_reply_to_id
    while above is not None and above in by_id and above not in seen:
        seen.add(above)
        chain.append(by_id[above])
        above = by_id[above].in_reply_to_id
    return chain[::-1]


def descendants(thread: Sequence[Post], focus: Post) -> list[Post]:
    """Every answer below ``focus``, each branch in order, parents before children."""
    below: dict[int | None, list[Post]] = defaultdict(list)
    for post in thread:
        below[post.in_reply_to_id].append(post)
    found: list[Post] = []
    waiting = below.pop(focus.id, [])[::-1]
    while waiting:
        post = waiting.pop()
        found.append(post)
        waiting += below.pop(post.id, [])[::-1]
    return found


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    """Of another server's post, what is missing is looked for when a member opens it; a header says so."""
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        focus = await sight.subject(tx, id_of(request), viewer)
        every = await posts.thread(tx.conn, focus.thread_id, MAX_THREAD)
        above, below = ancestors(every, focus), descendants(every, focus)
        known: sight.Known = {}
        seen = await sight.visible(tx, [*above, *below], viewer, feed=True, known=known)
        shown = {p.id for p in seen}
        above, below = [[p for p in part if p.id in shown] for part in (above, below)]
        loaded = await bundle.load(view(tx, viewer, known), [*above, *below], {})
        refresh = await refreshes.of(tx.conn, focus.thread_id) if may_refresh(focus) else None
    if caller and may_refresh(focus):
        refresh = await _refresh(request, focus, refresh)
    return ok(
        {
            "ancestors": [status.status(loaded, p) for p in above],
            "descendants": [status.status(loaded, p) for p in below],
        },
        headers=_async(refresh, context(request).work.clock.now()),
    )


async def _refresh(request: web.Request, focus: Post, last: Refresh | None) -> Refresh | None:
    work = context(request).work
    cooled = last is None or last.started_at <= work.clock.now() - COOL_DOWN
    if not cooled or not work.site.federates:
        return last
    async with work.transaction() as tx:
        return await begin(tx, focus) or await refreshes.of(tx.conn, focus.thread_id)


def _async(refresh: Refresh | None, now: datetime) -> dict[str, str]:
    """``Mastodon-Async-Refresh``: only while it runs."""
    if refresh is None or not is_running(refresh, now):
        return {}
    told = f'id="{refresh.thread_id}", retry={RETRY_SECONDS}, result_count={refresh.found}'
    return {"Mastodon-Async-Refresh": told}


async def progress(request: web.Request, _caller: Caller) -> web.Response:
    """``AsyncRefresh``: how the completion of a thread goes."""
    async with context(request).work.reading() as tx:
        refresh = await refreshes.of(tx.conn, id_of(request))
        if refresh is None:
            raise NotFound
        running = is_running(refresh, tx.now)
    return ok(
        {
            "async_refresh": {
                "id": str(refresh.thread_id),
                "status": "running" if running else "finished",
                "result_count": refresh.found,
            }
        }
    )


async def source(request: web.Request, caller: Caller) -> web.Response:
    """``StatusSource``: what was typed; of a remote post, its words."""
    async with context(request).work.reading() as tx:
        post = await sight.subject(tx, id_of(request), caller.account)
    spoiler = post.summary if post.kind in status.WARNED else ""
    words = post.source if post.local else text.plain(post.content)
    return ok({"id": str(post.id), "text": words, "spoiler_text": spoiler})


async def history(request: web.Request, caller: Caller | None) -> web.Response:
    viewer = viewer_of(caller)
    async with context(request).work.reading() as tx:
        post = await sight.subject(tx, id_of(request), viewer)
        loaded = await bundle.load(view(tx, viewer), [post], {})
        return ok(status.edits(loaded, post, await posts.edits(tx.conn, post.id)))


def routes() -> list[web.RouteDef]:
    one = "/api/v1/statuses/{id}"
    return [
        for_anyone("GET", f"{one}/context", show, "read:statuses"),
        for_member("GET", f"{one}/source", source, "read:statuses"),
        for_anyone("GET", f"{one}/history", history, "read:statuses"),
        for_member("GET", "/api/v1_alpha/async_refreshes/{id}", progress, "read:statuses"),
    ]


DESCRIBED: Described = {
    "GET /api/v1/statuses/{id}/context": op("Context"),
    "GET /api/v1/statuses/{id}/source": op("StatusSource"),
    "GET /api/v1/statuses/{id}/history": op(array("StatusEdit")),
    "GET /api/v1_alpha/async_refreshes/{id}": op("AsyncRefresh"),
}
