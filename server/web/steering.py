"""Steering a community: who is in it, who asks to be, who has a role, and who is invited.

All pages below ``/@name/steer`` begin with ``steward_of``: who has no role in the community meets the same answer as
where there is none. Each form ends in the verb that the client API calls.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from server import ids
from server.context import context
from server.domain.groups import communities, joining, roles
from server.domain.moderating import group_moderation
from server.domain.moderating.group_moderation import Steward
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid, NotFound
from server.i18n import mark
from server.web import accounts as pages
from server.web import answers, menus
from server.web.session import Viewer
from storage import accounts, follows, held_posts, joins
from storage import communities as rows
from storage.accounts import Account
from storage.timelines import TOP

MEMBERS = 60
ASKING_MAX = 200
ROLES: Mapping[str, str] = {"organiser": mark("Organiser"), "moderator": mark("Moderator")}
ACTS = ("admit", "refuse", "grant", "dismiss", "hand_over", "invite", "link")
NOBODY = mark("There is nobody of that name here.")


@dataclass(frozen=True, slots=True)
class Asking:
    """Who asks to join. ``waits``: for a free place, without a word of ours."""

    account: Account
    answers: Sequence[str]
    waits: bool


async def steward_of(tx: Tx, request: web.Request, viewer: Viewer) -> Steward:
    """Whoever asks, as one who steers the community in the path. Raises ``NotFound`` for anybody else."""
    group = await pages.local_group(tx, request)
    try:
        return await group_moderation.steward(tx, group, viewer.account)
    except Forbidden:
        raise NotFound from None


def page(
    request: web.Request,
    name: str,
    viewer: Viewer,
    by: Steward,
    *,
    status: int = 200,
    **more: object,
) -> web.Response:
    """A page of those who steer: with their menu."""
    group = by.community
    return answers.page(
        request, name, viewer, status=status, group=group, by=by, menu=menus.STEERING,
        root=f"/@{group.username}", section=group.display_name or group.username, **more,
    )  # fmt: skip


async def named(tx: Tx, handle: str) -> Account:
    """An account that this server knows, by its handle. Raises ``Invalid``."""
    name, _, host = handle.strip().removeprefix("@").partition("@")
    host = host.lower()
    found = await accounts.by_handle(tx.conn, name, "" if host == tx.site.urls.domain else host)
    if found is None or found.is_hidden or found.is_group:
        raise Invalid(NOBODY, field="handle")
    return found


async def people(request: web.Request) -> web.Response:
    """``GET /@{name}/steer``"""
    viewer = await answers.signed_in(request)
    return await _people(request, viewer)


async def _people(
    request: web.Request, viewer: Viewer, *, fault: BeckonError | None = None, typed: str = "",
    link: str = "",
) -> web.Response:  # fmt: skip
    async with context(request).work.reading() as tx:
        by = await steward_of(tx, request, viewer)
        group = by.community
        before = ids.parse(request.query.get("before", "")) or TOP
        listed = await follows.followers(tx.conn, group.id, before, 0, MEMBERS)
        by_id = await accounts.by_ids(tx.conn, [row.account_id for row in listed])
        held = await rows.roles(tx.conn, group.id)
        values = {
            "asking": await asking(tx, group, viewer.account),
            "members": [by_id[row.account_id] for row in listed if row.account_id in by_id],
            "older": listed[-1].row_id if len(listed) == MEMBERS else None,
            "held": held,
            "stewards": await rows.stewards(tx.conn, group.id),
            "waiting": await held_posts.count(tx.conn, group.id),
            "titles": ROLES,
        }
    response = page(
        request, "steer_people.html", viewer, by, status=fault.status if fault else 200,
        fault=fault.sentence if fault else "", typed=typed, link=link, **values,
    )  # fmt: skip
    response.headers["Cache-Control"] = "private, no-store"
    return response


async def asking(tx: Tx, community: Account, viewer: Account) -> list[Asking]:
    """Who asks to join, and what they answered, where the viewer may read that."""
    found = await rows.asking(tx.conn, community.id, ASKING_MAX)
    reads = (await communities.may_see_people(tx, community, viewer)).allowed
    given = await joins.answers(tx.conn, community.id, [a.id for a in found] if reads else [])
    lined = await joins.in_line(tx.conn, community.id)
    return [Asking(a, given.get(a.id, ()), a.id in lined) for a in found]


async def act(request: web.Request) -> web.Response:
    """``POST /@{name}/steer``: ``act``, and ``account`` or ``handle`` of whom it is about."""
    viewer, form = await answers.form(request)
    wanted = answers.choice(form, "act", ACTS)
    try:
        async with context(request).work.transaction() as tx:
            by = await steward_of(tx, request, viewer)
            link = await _do(tx, by, wanted, form)
    except (Invalid, Forbidden) as refused:
        return await _people(request, viewer, fault=refused, typed=form.get("handle", ""))
    if link:
        return await _people(request, viewer, link=link)
    return answers.back_to(f"/@{by.community.username}/steer", "done")


async def _do(tx: Tx, by: Steward, wanted: str, form: Mapping[str, str]) -> str:
    """Gives the address of a new link, which is shown this once; else nothing."""
    group, actor = by.community, by.account
    if wanted == "link":
        made = await joining.make_link(tx, actor, group)
        return tx.site.urls.join(made.code)
    person = await _person(tx, form)
    if wanted in ("admit", "refuse"):
        await communities.decide(tx, actor, group, person, admitted=wanted == "admit")
    elif wanted == "grant":
        await communities.grant(tx, actor, group, person, answers.choice(form, "role", ROLES))
    elif wanted == "dismiss":
        await communities.dismiss(tx, actor, group, person)
    elif wanted == "hand_over":
        await roles.offer(tx, actor, group, person)
    else:
        await communities.invite(tx, actor, group, person)
    return ""


async def _person(tx: Tx, form: Mapping[str, str]) -> Account:
    if "handle" in form:
        return await named(tx, form["handle"])
    found = await accounts.by_id(tx.conn, answers.choice_id(form, "account"))
    if found is None:
        raise NotFound
    return found


def routes(name: str) -> list[web.AbstractRouteDef]:
    """``name``: the pattern of a community's path."""
    return [web.get(f"{name}/steer", people), web.post(f"{name}/steer", act)]
