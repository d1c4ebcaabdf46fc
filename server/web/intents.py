"""What a member was sent here to do from another server: follow somebody, answer a call, like, boost, write.

Other servers find these addresses by WebFinger (FEP-3b86, and the older ``subscribe``). A GET looks up what it
is about and shows it; nothing is done before the member says so, with a form of ours. Where a call or a post is
to be looked at, its own page has all that can be done with it. Whoever sent the member may name an address to
go on to: it is shown as a link with its host, and nobody is sent there unasked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from aiohttp import web

from federation import origin
from federation.errors import Refused
from server import limits
from server.arriving import resolve
from server.context import NET, context
from server.domain import sight
from server.domain.calling import audience
from server.domain.members import follows
from server.domain.posting import drafts, marks, posts
from server.domain.posting.drafts import Typed
from server.domain.tx import Tx
from server.errors import BadRequest, NotFound
from server.i18n import mark
from server.web import answers
from server.web.session import Viewer
from server.web.sign_in import local_path
from storage import accounts
from storage import follows as follow_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.follows import Follow
from storage.posts import Post

ASKED = ("object", "uri", "acct", "id")
CONTENT_MAX = 5000


async def show(request: web.Request) -> web.Response:
    """``GET /authorize_interaction``, ``GET /intents/{kind}``"""
    viewer = await answers.signed_in(request)
    kind = request.match_info.get("kind", "object")
    found = await _named(request, viewer)
    if isinstance(found, Account):
        return await _ask_to_follow(request, viewer, found)
    if kind in MARKS:
        return _page(request, viewer, kind, post=found)
    async with context(request).work.reading() as tx:
        return answers.moved(await _path_of(tx, found))


async def _named(request: web.Request, viewer: Viewer) -> Account | Post:
    """What the query is about, asked of its server where it is not known. Raises ``NotFound``."""
    query = next((request.query[name] for name in ASKED if request.query.get(name)), "").strip()
    found = await _looked_up(request, viewer, query.removeprefix("acct:"))
    if found is None or (isinstance(found, Account) and found.is_hidden):
        raise NotFound("There is nothing at this address that can be shown here.")
    async with context(request).work.reading() as tx:
        if isinstance(found, Post):
            return await sight.subject(tx, found.id, viewer.account)
        return await sight.require_known(tx, found, viewer.account)


async def _looked_up(request: web.Request, viewer: Viewer, query: str) -> Account | Post | None:
    ctx, net = context(request), request.app.get(NET)
    async with ctx.work.reading() as tx:
        known = await accounts.by_uri(tx.conn, query) or await accounts.by_url(tx.conn, query)
        found = known or await post_rows.by_uri(tx.conn, query)
    if found or net is None or not query:
        return found
    ctx.limits.require(limits.LOOK_UPS, f"user/{viewer.user_id}", ctx.work.clock.now())
    return await resolve.search(net, query)


async def _path_of(tx: Tx, post: Post) -> str:
    """Its page here. Raises ``NotFound`` for what is for fewer people."""
    row = await sight.post(tx, post.id, None)
    return f"/calls/{row.id}" if row.is_call else f"/posts/{row.id}"


async def _ask_to_follow(request: web.Request, viewer: Viewer, account: Account) -> web.Response:
    async with context(request).work.reading() as tx:
        known = await follow_rows.between(tx.conn, viewer.account.id, account.id)
    return _page(request, viewer, "follow", account=account, follow=known)


def _page(
    request: web.Request,
    viewer: Viewer,
    kind: str,
    *,
    account: Account | None = None,
    follow: Follow | None = None,
    post: Post | None = None,
    content: str = "",
) -> web.Response:
    return answers.page(
        request, "intent.html", viewer,
        kind=kind, account=account, follow=follow, post=post, content=content,
        privacy=_privacy(request, post),
        after=request.query.get("on-success", ""), leave=onward(request.query.get("on-cancel", "")),
    )  # fmt: skip


def _privacy(request: web.Request, parent: Post | None) -> str:
    """Who will see what is written: as many as there can be, or the members who see what it answers."""
    wide = "members" if parent and parent.visibility == "members" else "public"
    return audience.of_post(wide, audience.Place(context(request).work.site.urls.domain))


# Doing it


async def act(request: web.Request) -> web.Response:
    """``POST /intents/{kind}``"""
    viewer, form = await answers.form(request)
    verb = VERBS.get(request.match_info["kind"])
    if verb is None:
        raise NotFound
    async with context(request).work.transaction() as tx:
        path, said = await verb(tx, viewer.account, form)
    return answers.page(
        request, "intent_done.html", viewer, said=said, path=path, onward=onward(form.get("after", ""))
    )  # fmt: skip


async def _follow(tx: Tx, by: Account, form: Mapping[str, str]) -> tuple[str, str]:
    target = await accounts.by_id(tx.conn, answers.choice_id(form, "id"))
    if target is None or target.is_hidden:
        raise NotFound
    made = await follows.follow(tx, by, await sight.require_known(tx, target, by))
    said = (
        mark("You follow @%(handle)s.", handle=target.handle)
        if made.accepted_at
        else mark("You asked @%(handle)s.", handle=target.handle)
    )
    return (f"/@{target.username}" if target.local else ""), said


async def _like(tx: Tx, by: Account, form: Mapping[str, str]) -> tuple[str, str]:
    post = await sight.subject(tx, answers.choice_id(form, "id"), by)
    await marks.like(tx, by, post)
    return "", mark("You like this.")


async def _boost(tx: Tx, by: Account, form: Mapping[str, str]) -> tuple[str, str]:
    post = await sight.subject(tx, answers.choice_id(form, "id"), by)
    await marks.boost(tx, by, post)
    return "", mark("You passed this on to your followers.")


async def _create(tx: Tx, by: Account, form: Mapping[str, str]) -> tuple[str, str]:
    answers_to = form.get("in_reply_to", "")
    parent = (
        await sight.subject(tx, answers.choice_id(form, "in_reply_to"), by) if answers_to else None
    )
    typed = Typed(form.get("content", ""), in_reply_to=parent)
    made = await posts.publish(tx, by, await drafts.draft(tx, by, typed))
    if made is None:
        raise BadRequest("This was published already.")
    return f"/posts/{made.id}", mark("It is published.")


MARKS = ("like", "announce")
VERBS: Mapping[str, Callable[[Tx, Account, Mapping[str, str]], Awaitable[tuple[str, str]]]] = {
    "follow": _follow,
    "like": _like,
    "announce": _boost,
    "create": _create,
}


async def write(request: web.Request) -> web.Response:
    """``GET /intents/create``, ``GET /share``: a form with what the other server would have written."""
    viewer = await answers.signed_in(request)
    said = [
        request.query.get(name, "") for name in ("name", "content", "text", "attachment", "url")
    ]
    content = "\n\n".join(part.strip() for part in said if part.strip())[:CONTENT_MAX]
    uri = request.query.get("inReplyTo", "")
    parent = await _looked_up(request, viewer, uri) if uri else None
    if isinstance(parent, Post):
        async with context(request).work.reading() as tx:
            parent = await sight.subject(tx, parent.id, viewer.account)
    post = parent if isinstance(parent, Post) else None
    return _page(request, viewer, "create", content=content, post=post)


def onward(text: str) -> str | None:
    """Where to go on to, to be shown as a link: an address of ours, or one that can be read plainly.

    Never ``javascript:`` and its like, and no address that looks like another than it is.
    """
    if text.startswith("/"):
        return local_path(text) if local_path(text) == text else None
    try:
        return origin.parse(text).text
    except Refused:
        return None  # also "(close)": windows are closed by scripts, and we have none


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get("/authorize_interaction", show),
        web.get("/share", write),
        web.get("/intents/create", write),
        web.get("/intents/{kind:follow|like|announce|object|join}", show),
        web.post("/intents/{kind}", act),
    ]
