"""Reports of posts in a community, for those who steer it: what is reported, why, and what to do about it.

A report is the server's: its moderators assign and close it (server/web/running/reports.py). Who steers sees the posts
of their own community alone, never those that were reported beside them, and never by whom (domain/moderating/reports.py).
What they remove leaves their list, as does a report that the server's moderators close.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web

from server import ids
from server.context import context
from server.domain.moderating import group_moderation as verbs
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid, NotFound
from server.web import answers, steering
from server.web.listed import ShownPost
from server.web.running.reports import CATEGORIES
from server.web.session import Viewer
from storage import accounts, posts
from storage import reports as rows
from storage.accounts import Account
from storage.posts import Post
from storage.reports import Report
from storage.timelines import TOP

EACH = 20
ACTS = {"remove": verbs.remove, "lock": verbs.lock, "unlock": verbs.unlock}


@dataclass(frozen=True, slots=True)
class Reported:
    """``shown``: what of it stands in the community."""

    report: Report
    shown: Sequence[ShownPost]


async def index(request: web.Request) -> web.Response:
    """``GET /@{name}/steer/reports``: the latest first."""
    return await _index(request, await answers.signed_in(request))


async def _index(
    request: web.Request, viewer: Viewer, fault: BeckonError | None = None, post_id: int = 0,
    typed: str = "",
) -> web.Response:  # fmt: skip
    before = ids.parse(request.query.get("before", "")) or TOP
    async with context(request).work.reading() as tx:
        by = await steering.steward_of(tx, request, viewer)
        found = await rows.in_community(tx.conn, by.community.id, before, EACH)
        reported = await _reported(tx, by.community, found)
    return steering.page(
        request, "steer_reports.html", viewer, by, status=fault.status if fault else 200,
        reported=reported, categories=CATEGORIES, most=verbs.REASON_MAX, typed=typed,
        fault=fault.sentence if fault else "", faulty=post_id,
        older=found[-1].id if len(found) == EACH else None,
    )  # fmt: skip


async def _reported(tx: Tx, community: Account, found: Sequence[Report]) -> list[Reported]:
    there = await posts.by_ids(tx.conn, sorted({i for row in found for i in row.post_ids}))
    ours = {p.id: p for p in there.values() if p.community_id == community.id and not p.removed}
    people = await accounts.by_ids(tx.conn, sorted({p.account_id for p in ours.values()}))

    def shown(row: Report) -> list[ShownPost]:
        its = [ours[i] for i in row.post_ids if i in ours]
        return [ShownPost(post, people[post.account_id], community) for post in its]

    return [Reported(row, shown(row)) for row in found]


async def decide(request: web.Request) -> web.Response:
    """``POST /@{name}/steer/reports``: ``post``, ``act`` (remove, lock, unlock) and ``reason``, of a reported post."""
    viewer, form = await answers.form(request)
    post_id, words = answers.choice_id(form, "post"), form.get("reason", "")
    act = ACTS[answers.choice(form, "act", ACTS)]
    try:
        async with context(request).work.transaction() as tx:
            by = await steering.steward_of(tx, request, viewer)
            await act(tx, by, await _post(tx, by, post_id), words)
    except (Invalid, Forbidden) as refused:
        return await _index(request, viewer, refused, post_id, words)
    return answers.back_to(f"/@{by.community.username}/steer/reports", "done")


async def _post(tx: Tx, by: verbs.Steward, post_id: int) -> Post:
    """Raises ``NotFound`` for what is not in the community."""
    post = await posts.by_id(tx.conn, post_id)
    if post is None or post.community_id != by.community.id:
        raise NotFound
    return post


def routes(name: str) -> list[web.AbstractRouteDef]:
    return [web.get(f"{name}/steer/reports", index), web.post(f"{name}/steer/reports", decide)]
