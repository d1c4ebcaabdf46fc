"""Decisions that met a member, with the reason, and the appeal against each: their own page, ``/settings/decisions``,
and the page where those who steer the community answer.

A member sees by which role it was decided and never by whom; who steers sees who appeals. Each form ends in the verb
that the client API calls (domain/moderating/appeals.py), which knows who may judge.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from server import ids
from server.context import context
from server.domain.moderating import appeals as verbs
from server.domain.moderating.group_moderation import REASON_MAX
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid
from server.i18n import mark
from server.web import answers, steering
from server.web.session import Viewer
from storage import accounts, posts
from storage import appeals as rows
from storage.accounts import Account
from storage.appeals import Appeal
from storage.group_moderation import Entry
from storage.posts import Post
from storage.timelines import TOP

OWN = "/settings/decisions"
EACH = 20
MET: Mapping[str, str] = {
    "remove": mark("A post was removed"),
    "refuse": mark("A post that waited was refused"),
    "ban": mark("Somebody is kept out"),
}
"""What was decided, by the action in the log."""


@dataclass(frozen=True, slots=True)
class Decision:
    """``late``: why it can be appealed against no more, or ""; ``community`` is None where it is gone."""

    entry: Entry
    community: Account | None
    post: Post | None
    appeal: Appeal | None
    late: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An appeal, by whom, against what."""

    appeal: Appeal
    entry: Entry
    person: Account
    post: Post | None


async def own(request: web.Request) -> web.Response:
    """``GET /settings/decisions``: those that met whoever looks, the latest first."""
    return await _own(request, await answers.signed_in(request))


async def _own(
    request: web.Request, viewer: Viewer, fault: BeckonError | None = None, entry_id: int = 0,
    typed: str = "",
) -> web.Response:  # fmt: skip
    before = ids.parse(request.query.get("before", "")) or TOP
    async with context(request).work.reading() as tx:
        found = await rows.decisions(tx.conn, viewer.account.id, before, 0, EACH)
        decisions = await _decisions(tx, found)
    return answers.page(
        request, "settings_decisions.html", viewer, status=fault.status if fault else 200,
        decisions=decisions, met=MET, titles=steering.ROLES, most=verbs.WORDS_MAX, typed=typed,
        fault=fault.sentence if fault else "", faulty=entry_id,
        older=found[-1].id if len(found) == EACH else None,
    )  # fmt: skip


async def _decisions(tx: Tx, found: Sequence[Entry]) -> list[Decision]:
    """The posts are the viewer's own, whatever became of them."""
    groups = await accounts.by_ids(tx.conn, sorted({row.community_id for row in found}))
    about = await _posts(tx, found)
    said = await rows.of_entries(tx.conn, [row.id for row in found])
    return [
        Decision(
            row, groups.get(row.community_id), about.get(row.post_id or 0), said.get(row.id),
            verbs.open_to(row, groups.get(row.community_id), tx.now).sentence,
        )
        for row in found
    ]  # fmt: skip


async def _posts(tx: Tx, found: Sequence[Entry]) -> dict[int, Post]:
    there = await posts.by_ids(tx.conn, sorted({row.post_id for row in found if row.post_id}))
    return {post.id: post for post in there.values() if not post.is_deleted}


async def appeal(request: web.Request) -> web.Response:
    """``POST /settings/decisions``: ``decision`` and ``text``."""
    viewer, form = await answers.form(request)
    entry_id = answers.choice_id(form, "decision")
    words = form.get("text", "")
    try:
        async with context(request).work.transaction() as tx:
            await verbs.appeal(tx, viewer.account, entry_id, words)
    except (Invalid, Forbidden) as refused:
        return await _own(request, viewer, refused, entry_id, words)
    return answers.back_to(OWN, "sent")


async def index(request: web.Request) -> web.Response:
    """``GET /@{name}/steer/appeals``: the latest first."""
    return await _index(request, await answers.signed_in(request))


async def _index(
    request: web.Request, viewer: Viewer, fault: BeckonError | None = None, appeal_id: int = 0,
    typed: str = "",
) -> web.Response:  # fmt: skip
    before = ids.parse(request.query.get("before", "")) or TOP
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        found = await rows.of_community(tx.conn, by.community.id, before, 0, EACH)
        asked = await _asked(tx, found)
    return steering.page(
        request, "steer_appeals.html", viewer, by, status=fault.status if fault else 200,
        asked=asked, met=MET, most=REASON_MAX, typed=typed,
        fault=fault.sentence if fault else "", faulty=appeal_id,
        older=found[-1].id if len(found) == EACH else None,
    )  # fmt: skip


async def _asked(tx: Tx, found: Sequence[Appeal]) -> list[Asked]:
    """All of it is of the steward's own community: posts are shown as they are, though nobody else sees them."""
    entries = await rows.entries(tx.conn, [row.entry_id for row in found])
    people = await accounts.by_ids(tx.conn, sorted({row.account_id for row in found}))
    about = await _posts(tx, list(entries.values()))
    return [
        Asked(row, entry, people[row.account_id], about.get(entry.post_id or 0))
        for row in found
        if (entry := entries.get(row.entry_id))
    ]


async def decide(request: web.Request) -> web.Response:
    """``POST /@{name}/steer/appeals``: ``appeal``, ``verdict`` (take_back, keep) and ``reason``."""
    viewer, form = await answers.form(request)
    appeal_id = answers.choice_id(form, "appeal")
    approved = answers.choice(form, "verdict", ("take_back", "keep")) == "take_back"
    words = form.get("reason", "")
    try:
        async with context(request).work.transaction() as tx:
            by = await steering.steward_of(tx, request, viewer)
            await verbs.answer(tx, by, appeal_id, words, approved=approved)
    except (Invalid, Forbidden) as refused:
        return await _index(request, viewer, refused, appeal_id, words)
    return answers.back_to(f"/@{by.community.username}/steer/appeals", "done")


def own_routes() -> list[web.AbstractRouteDef]:
    return [web.get(OWN, own), web.post(OWN, appeal)]


def routes(name: str) -> list[web.AbstractRouteDef]:
    return [web.get(f"{name}/steer/appeals", index), web.post(f"{name}/steer/appeals", decide)]
