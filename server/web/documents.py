"""The page of a document that a community keeps: for everybody, or for its members where it is private."""

from __future__ import annotations

from aiohttp import web

from server import text
from server.context import context
from server.domain import sight
from server.domain.groups import communities, documents
from server.web import answers, session
from storage import accounts


async def page(request: web.Request) -> web.Response:
    """``GET /documents/{id}``. To who may not read it there is none."""
    viewer = await session.viewer(request)
    who = viewer.account if viewer else None
    async with context(request).work.reading() as tx:
        row = await documents.known(tx, answers.number(request))
        group = await sight.group(tx, row.community_id, who)
        await communities.require_inside(tx, group, who)
        author = await accounts.by_id(tx.conn, row.author_id) if row.author_id else None
        tag = tx.site.urls.tag
        composed = [text.compose(part, {}, tag) for part in text.paragraphs(row.source)]
    return answers.page(
        request, "document.html", viewer,
        document=row, group=group, author=author, parts_of_text=composed,
    )  # fmt: skip
