"""The pages of the instance itself: its start, what it is, and what is said under a tag."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from server import ids
from server.context import context
from server.domain import retention
from server.domain.tx import Tx
from server.web import answers, listed, session
from storage import accounts, calls, follows, timelines
from storage import instance as instance_rows
from storage.instance import Instance
from storage.timelines import TOP, Page, Tags

COMMUNITIES = 60
CALLS = 12
POSTS = 20


async def start(request: web.Request) -> web.Response:
    """``GET /``: the communities, the next calls, and for a member how to get in with an app."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        about = await _about(tx)
        groups = await accounts.local_groups(tx.conn, COMMUNITIES)
        soon = await calls.upcoming(tx.conn, tx.now, CALLS)
        shown = await listed.shown_calls(tx, soon)
        joined = await follows.groups_of(tx.conn, viewer.account.id) if viewer else []
        server = urlsplit(tx.site.urls.base).netloc
    return answers.page(
        request, "start.html", viewer,
        description=about.description if about else "", groups=groups, calls=shown, joined=joined,
        server=server, strangers=about is not None and about.takes_strangers,
    )  # fmt: skip


async def _about(tx: Tx) -> Instance | None:
    return await instance_rows.get(tx.conn)


async def about(request: web.Request) -> web.Response:
    """``GET /about``: what this place is, its rules, and whom to write to."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        found = await _about(tx)
    return answers.page(
        request, "about.html", viewer,
        description=found.description if found else "", rules=found.rules if found else [],
        contact=found.contact_email if found else "", kept=retention.RULES,
    )  # fmt: skip


async def tag(request: web.Request) -> web.Response:
    """``GET /tags/{tag}``: public posts that carry it, newest first."""
    viewer = await session.viewer(request)
    name = request.match_info["tag"].lower()
    async with context(request).work.reading() as tx:
        found = await timelines.tagged(tx.conn, Tags((name,)), page_of(request), local=False)
        shown = await listed.posts_by_ids(tx, found)
    return answers.page(request, "tag.html", viewer, tag=name, posts=shown, older=older(found))


def page_of(request: web.Request) -> Page:
    """The page below ``?before=ID``."""
    return Page(POSTS, max_id=ids.parse(request.query.get("before", "")) or TOP)


def older(found: list[int]) -> int | None:
    """Where the next page begins, if there may be one."""
    return found[-1] if len(found) == POSTS else None
