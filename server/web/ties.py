"""Communities that show each other, for those who steer one: who is shown, who asks to be, and asking another.

Organisers decide, moderators look. A private community that whoever asks may not know of is nobody here.
"""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from server.context import context
from server.domain import sight
from server.domain.groups import ties as verbs
from server.domain.moderating.group_moderation import Steward
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid, NotFound
from server.i18n import mark
from server.web import answers, steering
from server.web.session import Viewer
from storage import accounts
from storage import ties as rows
from storage.accounts import Account

NOBODY = mark("No community of that name is known here.")


async def index(request: web.Request) -> web.Response:
    """``GET /@{name}/steer/ties``"""
    return await _index(request, await answers.signed_in(request))


async def _index(
    request: web.Request, viewer: Viewer, fault: BeckonError | None = None, typed: str = ""
) -> web.Response:
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        linked = await rows.linked(tx.conn, by.community.id)
        asked = await rows.asked(tx.conn, by.community.id)
        known = {a.id for a in await sight.knowable(tx, [*linked, *asked], viewer.account)}
    return steering.page(
        request, "steer_ties.html", viewer, by, status=fault.status if fault else 200,
        linked=[a for a in linked if a.id in known], asked=[a for a in asked if a.id in known],
        fault=fault.sentence if fault else "", typed=typed,
    )  # fmt: skip


async def act(request: web.Request) -> web.Response:
    """``POST /@{name}/steer/ties``: ``act`` is ``tie`` or ``untie``, and ``handle`` or ``account`` of the other."""
    viewer, form = await answers.form(request)
    verb = {"tie": verbs.tie, "untie": verbs.untie}[answers.choice(form, "act", ("tie", "untie"))]
    try:
        async with context(request).work.transaction() as tx:
            by = await steering.steward_of(tx, request, viewer)
            await verb(tx, by.account, by.community, await _other(tx, by, form))
    except (Invalid, Forbidden) as refused:
        return await _index(request, viewer, refused, form.get("handle", ""))
    return answers.back_to(f"/@{by.community.username}/steer/ties", "done")


async def _other(tx: Tx, by: Steward, form: Mapping[str, str]) -> Account:
    """Raises ``NotFound``, ``Invalid``."""
    if "handle" not in form:
        found = await accounts.by_id(tx.conn, answers.choice_id(form, "account"))
        if found is None:
            raise NotFound
        return await sight.require_known(tx, found, by.account)
    name, _, host = form["handle"].strip().removeprefix("@").lower().partition("@")
    ours = "" if host == tx.site.urls.domain else host
    found = await accounts.by_handle(tx.conn, name, ours)
    if not (found and found.is_group and await sight.knowable(tx, [found], by.account)):
        raise Invalid(NOBODY, field="handle")
    return found


def routes(name: str) -> list[web.AbstractRouteDef]:
    return [web.get(f"{name}/steer/ties", index), web.post(f"{name}/steer/ties", act)]
