"""Joining a community by a member's link: what it is for, its norms, its questions, and one button.

Looking sets no cookie and counts nothing.
"""

from __future__ import annotations

from aiohttp import web

from server.context import context
from server.domain.groups import joining
from server.domain.groups.joining import Wish
from server.errors import Forbidden, Invalid, NotFound
from server.web import answers, session
from server.web.session import Viewer
from storage import communities
from storage.accounts import Account
from storage.communities import Community


async def _behind(request: web.Request) -> tuple[Account, Community]:
    async with context(request).work.reading() as tx:
        group = await joining.behind(tx, request.match_info["code"])
        row = await communities.by_id(tx.conn, group.id)
    if row is None:
        raise NotFound
    return group, row


async def look(request: web.Request) -> web.Response:
    """``GET /join/{code}``, for everybody who has the link."""
    group, row = await _behind(request)
    return _page(request, await session.viewer(request), group, row)


def _page(
    request: web.Request, viewer: Viewer | None, group: Account, row: Community, fault: str = ""
) -> web.Response:
    status = 422 if fault else 200
    response = answers.page(
        request, "join.html", viewer, status=status, group=group, row=row, fault=fault
    )
    response.headers["X-Robots-Tag"] = "noindex"
    return response


async def join(request: web.Request) -> web.Response:
    """``POST /join/{code}``."""
    viewer, sent = await answers.form(request)
    group, row = await _behind(request)
    given = [sent.get(f"answer{n}", "") for n in range(len(row.questions))]
    wish = Wish(given, sent.get("norms") == "yes", request.match_info["code"])
    try:
        async with context(request).work.transaction() as tx:
            await joining.join(tx, viewer.account, group, wish)
    except (Forbidden, Invalid) as error:
        return _page(request, viewer, group, row, error.sentence)
    return answers.back_to(f"/@{group.username}")


def routes() -> list[web.AbstractRouteDef]:
    return [web.get("/join/{code}", look), web.post("/join/{code}", join)]
