"""Who is kept out of a community, and what those who steer it have decided: the bans, and the public log."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from aiohttp import web

from server import ids
from server.context import context
from server.domain.groups import communities
from server.domain.moderating import group_moderation as verbs
from server.domain.moderating.group_moderation import Ban
from server.errors import BeckonError, Forbidden, Invalid, NotFound
from server.i18n import mark
from server.web import accounts as pages
from server.web import answers, session, steering
from server.web.session import Viewer
from storage import accounts
from storage import group_moderation as rows
from storage.timelines import TOP

EACH = 40
LENGTHS: Mapping[int, str] = {
    1: mark("One day"),
    7: mark("One week"),
    30: mark("30 days"),
    365: mark("One year"),
    0: mark("Without end"),
}
"""In days."""
ACTIONS: Mapping[str, str] = {
    "remove": mark("removed a post"),
    "restore": mark("restored a post"),
    "lock": mark("locked a thread"),
    "unlock": mark("unlocked a thread"),
    "feature": mark("pinned a post"),
    "unfeature": mark("unpinned a post"),
    "ban": mark("banned somebody"),
    "unban": mark("lifted a ban"),
    "approve": mark("let in a post that waited"),
    "refuse": mark("refused a post that waited"),
    "appoint": mark("gave somebody a role"),
    "dismiss": mark("took a role from somebody"),
    "hold_rule": mark("changed the rules for what waits"),
    "slow_mode": mark("changed how often members may post"),
    "ban_list": mark("changed which lists of bans are shared or followed"),
    "note": mark("put a note on a post"),
    "uphold": mark("left a decision as it is after an appeal"),
    "overturn": mark("took a decision back after an appeal"),
}
"""Every one that there is (``moderation_log`` in the schema)."""


async def bans(request: web.Request) -> web.Response:
    """``GET /@{name}/steer/bans``"""
    return await _bans(request, await answers.signed_in(request), {})


async def _bans(
    request: web.Request, viewer: Viewer, typed: Mapping[str, str], fault: BeckonError | None = None
) -> web.Response:
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        before = ids.parse(request.query.get("before", "")) or TOP
        found = await rows.bans(tx.conn, by.community.id, tx.now, before, 0, EACH)
        people = await accounts.by_ids(tx.conn, [row.account_id for row in found])
    return steering.page(
        request, "steer_bans.html", viewer, by, status=fault.status if fault else 200,
        bans=[(row, people[row.account_id]) for row in found],
        older=found[-1].id if len(found) == EACH else None, lengths=LENGTHS,
        typed={"handle": request.query.get("handle", ""), **typed},
        fault=fault.sentence if fault else "",
    )  # fmt: skip


async def change(request: web.Request) -> web.Response:
    """``POST /@{name}/steer/bans``: ``act`` is ``ban`` (handle, days, reason, remove) or ``unban`` (account)."""
    viewer, form = await answers.form(request)
    wanted = answers.choice(form, "act", ("ban", "unban"))
    try:
        async with context(request).work.transaction() as tx:
            by = await steering.steward_of(tx, request, viewer)
            if wanted == "ban":
                days = int(answers.choice(form, "days", {str(days) for days in LENGTHS}))
                until = tx.now + timedelta(days=days) if days else None
                ban = Ban(until, form.get("reason", ""), form.get("remove") == "yes")
                await verbs.ban(tx, by, await steering.named(tx, form.get("handle", "")), ban)
            else:
                person = await accounts.by_id(tx.conn, answers.choice_id(form, "account"))
                if person is None:
                    raise NotFound
                await verbs.unban(tx, by, person)
    except (Invalid, Forbidden) as refused:
        return await _bans(request, viewer, form, refused)
    return answers.back_to(f"/@{by.community.username}/steer/bans", "done")


async def log(request: web.Request) -> web.Response:
    """``GET /@{name}/log``: what was decided, by role and never by name; of a private community for its members."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        group = await pages.local_group(tx, request)
        await communities.require_belonging(tx, group, viewer.account if viewer else None)
        before = ids.parse(request.query.get("before", "")) or TOP
        found = await rows.log(tx.conn, group.id, before, 0, EACH)
    return answers.page(
        request, "community_log.html", viewer, group=group, entries=found, actions=ACTIONS,
        titles=steering.ROLES, older=found[-1].id if len(found) == EACH else None,
    )  # fmt: skip


def routes(name: str) -> list[web.AbstractRouteDef]:
    return [
        web.get(f"{name}/steer/bans", bans),
        web.post(f"{name}/steer/bans", change),
        web.get(f"{name}/log", log),
    ]
