"""Documents that a community keeps, in Beckon's own API.

``Document``: id, community_id, title, url, editors (stewards, members), pinned, version (number of the
newest), author (``Account`` of who wrote that; null once they are gone), created_at, changed_at.
``WholeDocument`` has its text besides: content (HTML) and text (as it was typed). ``DocumentVersion``:
number, title, author, created_at; ``WholeVersion`` with content and text.

Those of a private community are there for its members alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import web

from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, ForMember, for_anyone, for_member
from server.api.describe import Described, a_text, choice, integer, op
from server.api.params import Params
from server.api.reading import id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.groups import communities
from server.domain.groups import documents as verbs
from server.domain.groups.documents import EDITORS, Wanted
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.render import document as render
from storage import accounts, documents
from storage.accounts import Account
from storage.documents import Document

OF = "/api/beckon/v1/communities/{id}/documents"
ONE = "/api/beckon/v1/documents/{id}"


async def community_of(tx: Tx, community_id: int, viewer: Account | None) -> Account:
    """One of ours whose documents the viewer may read. Raises ``NotFound``."""
    group = await sight.group(tx, community_id, viewer)
    await communities.require_inside(tx, group, viewer)
    return group


async def found(tx: Tx, request: web.Request, viewer: Account | None) -> tuple[Account, Document]:
    """The document in the path, with its community. Raises ``NotFound``."""
    row = await verbs.known(tx, id_of(request))
    return await community_of(tx, row.community_id, viewer), row


async def _people(tx: Tx, ids: Iterable[int | None]) -> dict[int, Account]:
    return await accounts.by_ids(tx.conn, sorted({i for i in ids if i}))


async def _whole(tx: Tx, row: Document) -> web.Response:
    people = await _people(tx, [row.author_id])
    return ok(render.whole(tx.site.urls, row, people))


async def index(request: web.Request, caller: Caller | None) -> web.Response:
    """All of a community: what is pinned first, then the last changed."""
    async with context(request).work.reading() as tx:
        group = await community_of(tx, id_of(request), viewer_of(caller))
        rows = await documents.of_community(tx.conn, group.id)
        people = await _people(tx, (row.author_id for row in rows))
        return ok([render.listed(tx.site.urls, row, people) for row in rows])


async def create(request: web.Request, caller: Caller) -> web.Response:
    """``title``, ``text`` and ``editors``; by members where members may edit it, else by who steers."""
    wanted = _wanted(await params.read(request), None)
    async with context(request).work.transaction() as tx:
        group = await community_of(tx, id_of(request), caller.account)
        return await _whole(tx, await verbs.create(tx, caller.account, group, wanted))


def _wanted(sent: Params, old: Document | None) -> Wanted:
    """What is not sent stays as it was."""
    return Wanted(
        title=sent.text("title") or (old.title if old else ""),
        source=sent.text("text") or (old.source if old else ""),
        editors=sent.text("editors") or (old.editors if old else "stewards"),
    )


async def show(request: web.Request, caller: Caller | None) -> web.Response:
    async with context(request).work.reading() as tx:
        _, row = await found(tx, request, viewer_of(caller))
        return await _whole(tx, row)


async def edit(request: web.Request, caller: Caller) -> web.Response:
    """``version``: the number of the one that was changed; 409 where there is a newer one by now."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        group, row = await found(tx, request, caller.account)
        seen = sent.integer("version")
        if seen is None:
            raise Invalid("version is the number of the one that you changed.", field="version")
        wanted = _wanted(sent, row)
        return await _whole(tx, await verbs.edit(tx, caller.account, group, row, wanted, seen))


async def delete(request: web.Request, caller: Caller) -> web.Response:
    """For organisers and moderators."""
    async with context(request).work.transaction() as tx:
        await verbs.delete(tx, caller.account, *(await found(tx, request, caller.account)))
    return empty()


def _pinning(*, pinned: bool) -> ForMember:
    async def answer(request: web.Request, caller: Caller) -> web.Response:
        async with context(request).work.transaction() as tx:
            group, row = await found(tx, request, caller.account)
            await verbs.pin(tx, caller.account, group, row, pinned=pinned)
            return await _whole(tx, await verbs.known(tx, row.id))

    return answer


async def versions(request: web.Request, caller: Caller | None) -> web.Response:
    """Those that are kept, the newest first."""
    async with context(request).work.reading() as tx:
        _, row = await found(tx, request, viewer_of(caller))
        kept = await documents.versions(tx.conn, row.id)
        people = await _people(tx, (each.author_id for each in kept))
        return ok([render.version(tx.site.urls, each, people) for each in kept])


async def version(request: web.Request, caller: Caller | None) -> web.Response:
    """One of them, with its text."""
    async with context(request).work.reading() as tx:
        _, row = await found(tx, request, viewer_of(caller))
        number = id_of(request, "number")
        # What is no number of a version may be too large for the column.
        old = await documents.version(tx.conn, row.id, min(number, params.INT_MAX))
        if old is None:
            raise NotFound
        people = await _people(tx, [old.author_id])
        return ok(render.whole_version(tx.site.urls, old, people))


def routes() -> list[web.RouteDef]:
    read, write = "read:statuses", "write:statuses"
    return [
        for_anyone("GET", OF, index, read),
        for_member("POST", OF, create, write),
        for_anyone("GET", ONE, show, read),
        for_member("PUT", ONE, edit, write),
        for_member("DELETE", ONE, delete, write),
        for_member("POST", f"{ONE}/pin", _pinning(pinned=True), write),
        for_member("POST", f"{ONE}/unpin", _pinning(pinned=False), write),
        for_anyone("GET", f"{ONE}/versions", versions, read),
        for_anyone("GET", f"{ONE}/versions/{{number}}", version, read),
    ]


DESCRIBED: Described = {
    f"GET {OF}": op(array("Document")),
    f"POST {OF}": op(
        "WholeDocument",
        a_text("title", required=True),
        a_text("text", required=True),
        choice("editors", *EDITORS),
    ),
    f"GET {ONE}": op("WholeDocument"),
    f"PUT {ONE}": op(
        "WholeDocument",
        integer("version", 1, required=True),
        a_text("title"),
        a_text("text"),
        choice("editors", *EDITORS),
        also=(409,),
    ),
    f"DELETE {ONE}": op("Empty"),
    f"POST {ONE}/pin": op("WholeDocument"),
    f"POST {ONE}/unpin": op("WholeDocument"),
    f"GET {ONE}/versions": op(array("DocumentVersion")),
    f"GET {ONE}/versions/{{number}}": op("WholeVersion"),
}
