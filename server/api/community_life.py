"""How a community lives, in Beckon's own API: settings, joining, the hand-over, links, those it shows, the directory.

``CommunitySettings``, for organisers and moderators: about (as it was typed), members, asking (for a decision),
waiting (for a place), split_suggested (it is full: a second community may be better), handover (``Account`` whom the
role is offered, or null), asked_by (communities that would like to be shown). ``JoinRequest``: account, answers[] (to
the community's questions), waits (let in, and in line for a place). ``CommunityLink``: a member's own link; url is
told once, when it is made; joined says how many came by it, and nothing says who.
"""

from __future__ import annotations

from aiohttp import web

from server.api import paging, params
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_anyone, for_member
from server.api.communities import BASE, entity
from server.api.describe import (
    Described,
    a_text,
    an_id,
    choice,
    flag,
    integer,
    op,
    ranked,
    some_texts,
)
from server.api.params import Params
from server.api.reading import account_of, id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.groups import communities, community_settings, joining, roles, ties
from server.domain.groups.community_settings import Changes
from server.domain.groups.joining import Wish
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.render import community as render
from server.render.view import Json
from storage import accounts, community_links, follows, handovers, joins
from storage import communities as rows
from storage import ties as tie_rows
from storage.accounts import Account

ONE = f"{BASE}/{{id}}"
LINKS = "/api/beckon/v1/links"
DIRECTORY = "/api/beckon/v1/directory"
MAX_ASKING = 200


async def edit(request: web.Request, caller: Caller) -> web.Response:
    """What is sent is changed, for organisers; an empty list, an empty text, or 0, takes it away."""
    changes = changes_of(await params.read(request))
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        group = await community_settings.edit(tx, caller.account, group, changes)
        return ok(await entity(tx, group, caller.account))


def changes_of(sent: Params) -> Changes:
    def listed(name: str) -> list[str] | None:
        return sent.texts(name) if name in sent else None

    welcome = sent.text("welcome_status_id")
    return Changes(
        **{name: sent.text(name) for name in
           ("title", "about", "purpose", "norms", "policy", "visibility", "language", "proposals")},
        rules=listed("rules"),
        topics=listed("topics"),
        questions=listed("questions"),
        capacity=sent.integer("capacity"),
        seconds=sent.integer("seconds"),
        welcome_post_id=None if welcome is None else sent.id("welcome_status_id") or 0,
    )  # fmt: skip


async def settings(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await communities.require_steward(tx, group, caller.account)
        row = await rows.by_id(tx.conn, group.id)
        if row is None:
            raise NotFound
        waiting = await joins.length(tx.conn, group.id)
        figures = {
            "members": await rows.members(tx.conn, group.id),
            "asking": await follows.request_count(tx.conn, group.id) - waiting,
            "waiting": waiting,
        }
        offered = await handovers.of(tx.conn, group.id)
        to = await accounts.by_id(tx.conn, offered.to_id) if offered else None
        asked = await tie_rows.asked(tx.conn, group.id)
        return ok(render.settings(tx.site.urls, group, row, figures, to, asked))


# Joining


async def join(request: web.Request, caller: Caller) -> web.Response:
    """``answers[]`` in the order of the questions, ``norms`` (they are accepted), ``code`` of a link."""
    sent = await params.read(request)
    wish = Wish(sent.texts("answers"), sent.flag("norms"), sent.text("code") or "")
    async with context(request).work.transaction() as tx:
        group = await _joined(tx, request, caller.account, wish.code)
        await joining.join(tx, caller.account, group, wish)
        return ok(await entity(tx, group, caller.account))


async def _joined(tx: Tx, request: web.Request, member: Account, code: str) -> Account:
    """The community in the path: of one that nobody knows of, a link is what it is known by."""
    if code:
        try:
            group = await joining.behind(tx, code)
        except NotFound:
            group = None
        if group and group.id == id_of(request):
            return group
    return await sight.group(tx, id_of(request), member)


async def applications(request: web.Request, caller: Caller) -> web.Response:
    """Who asks to join, the first first, with what they answered; for organisers and moderators. An office or a
    firm reads no answers."""
    async with context(request).work.reading() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await communities.require_steward(tx, group, caller.account)
        asking = await rows.asking(tx.conn, group.id, MAX_ASKING)
        reads = (await communities.may_see_people(tx, group, caller.account)).allowed
        given = await joins.answers(tx.conn, group.id, [a.id for a in asking] if reads else [])
        lined = await joins.in_line(tx.conn, group.id)
        return ok([
            render.application(tx.site.urls, a, given.get(a.id, ()), waits=a.id in lined)
            for a in asking
        ])  # fmt: skip


# Hand-over


async def hand_over(request: web.Request, caller: Caller) -> web.Response:
    """``account_id``: a member who is offered the caller's role of organiser."""
    named = await _named(request, "account_id")
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await roles.offer(tx, caller.account, group, await account_of(tx, named, caller.account))
    return empty()


def _answering(*, accepted: bool) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            group = await sight.group(tx, id_of(request), caller.account)
            await roles.take_over(tx, caller.account, group, accepted=accepted)
        return empty()

    return answer


async def _named(request: web.Request, field: str) -> int:
    found = (await params.read(request)).id(field)
    if found is None:
        raise Invalid(f"{field} names an account.", field=field)
    return found


# Links


async def make_link(request: web.Request, caller: Caller) -> web.Response:
    """``max_uses`` (1 to 100) and ``days`` (1 to 90). Members make them; of who steers, it lets in."""
    sent = await params.read(request)
    uses, days = sent.integer("max_uses"), sent.integer("days")
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        made = await joining.make_link(
            tx, caller.account, group, 20 if uses is None else uses, 14 if days is None else days
        )
        return ok(render.link(made.link, tx.site.urls.join(made.code)))


async def links(request: web.Request, caller: Caller) -> web.Response:
    """The caller's own, of all communities."""
    async with context(request).work.reading() as tx:
        found = await community_links.of(tx.conn, caller.account.id)
        return ok([render.link(row) for row in found])


async def revoke(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await joining.revoke(tx, caller.account, id_of(request))
    return empty()


# Those it shows


async def linked(request: web.Request, caller: Caller | None) -> web.Response:
    """Communities that this one shows, and that show it. Of a private one for its members."""
    async with context(request).work.reading() as tx:
        viewer = viewer_of(caller)
        group = await sight.group(tx, id_of(request), viewer)
        if group.local:
            await communities.require_inside(tx, group, viewer)
        found = await sight.knowable(tx, await tie_rows.linked(tx.conn, group.id), viewer)
        return ok(await _entities(tx, found, viewer))


async def tie(request: web.Request, caller: Caller) -> web.Response:
    """``other_id``: asks that community, or agrees to what it asked. Answers all that both agreed to."""
    named = await _named(request, "other_id")
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await ties.tie(tx, caller.account, group, await sight.group(tx, named, caller.account))
        found = await tie_rows.linked(tx.conn, group.id)
        return ok(
            await _entities(tx, await sight.knowable(tx, found, caller.account), caller.account)
        )


async def untie(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        other = await account_of(tx, id_of(request, "other_id"), caller.account)
        await ties.untie(tx, caller.account, group, other)
    return empty()


async def directory(request: web.Request, caller: Caller | None) -> web.Response:
    """``topic``, ``language``: communities that want to be found, those of other servers too, ours first,
    and of each the newest first."""
    sent = await params.read(request)
    topic = (sent.text("topic") or "").removeprefix("#").lower()
    limit, offset = paging.limit(request, 20, 40), sent.integer("offset") or 0
    if topic and not community_settings.TOPIC.fullmatch(topic):
        return ok([])
    async with context(request).work.reading() as tx:
        language = sent.text("language") or ""
        found = await rows.directory(tx.conn, topic, language, limit, offset)
        viewer = viewer_of(caller)
        return ok(await _entities(tx, await sight.knowable(tx, found, viewer, listed=True), viewer))


async def _entities(tx: Tx, groups: list[Account], viewer: Account | None) -> list[Json]:
    return [await entity(tx, group, viewer) for group in groups]


def routes() -> list[web.RouteDef]:
    handover = f"{ONE}/handover"
    return [
        for_anyone("GET", DIRECTORY, directory, "read:accounts"),
        for_member("PATCH", ONE, edit, "write:accounts"),
        for_member("GET", f"{ONE}/settings", settings, "read:accounts"),
        for_member("POST", f"{ONE}/join", join, "write:follows"),
        for_member("GET", f"{ONE}/applications", applications, "read:follows"),
        for_member("POST", handover, hand_over, "write:accounts"),
        for_member("POST", f"{handover}/accept", _answering(accepted=True), "write:accounts"),
        for_member("POST", f"{handover}/decline", _answering(accepted=False), "write:accounts"),
        for_member("POST", f"{ONE}/links", make_link, "write:follows"),
        for_member("GET", LINKS, links, "read:follows"),
        for_member("DELETE", f"{LINKS}/{{id}}", revoke, "write:follows"),
        for_anyone("GET", f"{ONE}/linked", linked, "read:accounts"),
        for_member("POST", f"{ONE}/linked", tie, "write:accounts"),
        for_member("DELETE", f"{ONE}/linked/{{other_id}}", untie, "write:accounts"),
    ]


DESCRIBED: Described = {
    f"GET {DIRECTORY}": op(
        array("Community"), a_text("topic"), a_text("language"), *ranked(20, 40)
    ),
    f"PATCH {ONE}": op(
        "Community",
        *(a_text(n) for n in ("title", "about", "purpose", "norms", "language")),
        choice("policy", *communities.POLICIES),
        choice("visibility", *communities.VISIBILITIES),
        choice("proposals", *community_settings.PROPOSALS),
        *(some_texts(n) for n in ("rules", "topics", "questions")),
        integer("capacity"),
        integer("seconds", 1, community_settings.SECONDS_MAX),
        an_id("welcome_status_id"),
    ),
    f"GET {ONE}/settings": op("CommunitySettings"),
    f"POST {ONE}/join": op("Community", some_texts("answers"), flag("norms"), a_text("code")),
    f"GET {ONE}/applications": op(array("JoinRequest")),
    f"POST {ONE}/handover": op("Empty", an_id("account_id", required=True)),
    f"POST {ONE}/handover/accept": op("Empty"),
    f"POST {ONE}/handover/decline": op("Empty"),
    f"POST {ONE}/links": op(
        "CommunityLink",
        integer("max_uses", 1, joining.MAX_USES),
        integer("days", 1, joining.MAX_DAYS),
    ),
    f"GET {LINKS}": op(array("CommunityLink")),
    f"DELETE {LINKS}/{{id}}": op("Empty"),
    f"GET {ONE}/linked": op(array("Community")),
    f"POST {ONE}/linked": op(array("Community"), an_id("other_id", required=True)),
    f"DELETE {ONE}/linked/{{other_id}}": op("Empty"),
}
