"""Documents that a community keeps: read, written and changed, with their versions.

They are for everybody, or for the members where the community is private: to who may not read one there is none. Each form
ends in the verb that the client API calls, which knows who may write; a change names the version that it began with.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from aiohttp import web

from server import ids, text
from server.context import context
from server.domain import sight
from server.domain.groups import communities
from server.domain.groups import documents as verbs
from server.domain.groups.documents import TEXT_MAX, TITLE_MAX, Wanted
from server.domain.tx import Tx
from server.errors import BadRequest, Conflict, Forbidden, Invalid, NotFound
from server.i18n import mark
from server.web import accounts as pages
from server.web import answers, session
from server.web.forms import Form, refused
from server.web.session import Viewer
from storage import accounts, documents
from storage.accounts import Account
from storage.documents import Document

EDITORS: Mapping[str, str] = {
    "stewards": mark("Those who steer the community"),
    "members": mark("Every member"),
}
FIELDS = ("title", "text", "editors", "version")


async def _community(tx: Tx, request: web.Request, viewer: Viewer | None) -> Account:
    """The one in the path, to who may read its documents. Raises ``NotFound``."""
    group = await pages.local_group(tx, request)
    await communities.require_inside(tx, group, viewer.account if viewer else None)
    return group


async def _found(
    tx: Tx, request: web.Request, viewer: Viewer | None
) -> tuple[Account, Document]:  # fmt: skip
    """The document in the path, with its community. Raises ``NotFound``."""
    who = viewer.account if viewer else None
    row = await verbs.known(tx, answers.number(request))
    group = await sight.group(tx, row.community_id, who)
    await communities.require_inside(tx, group, who)
    return group, row


async def _writes(tx: Tx, viewer: Viewer | None, group: Account, editors: str) -> bool:
    if viewer is None:
        return False
    try:
        await verbs.require_writer(tx, viewer.account, group, editors)
    except Forbidden:
        return False
    return True


async def _people(tx: Tx, found: Iterable[int | None]) -> dict[int, Account]:
    return await accounts.by_ids(tx.conn, sorted({each for each in found if each}))


async def index(request: web.Request) -> web.Response:
    """``GET /@{name}/documents``: all of a community, what is pinned first."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        group = await _community(tx, request, viewer)
        found = await documents.of_community(tx.conn, group.id)
        people = await _people(tx, (row.author_id for row in found))
        writes = await _writes(tx, viewer, group, "members")
    return answers.page(
        request, "documents.html", viewer, group=group, found=found, people=people, writes=writes
    )


def _composed(tx: Tx, source: str) -> list[str]:
    return [text.compose(part, {}, tx.site.urls.tag) for part in text.paragraphs(source)]


async def page(request: web.Request) -> web.Response:
    """``GET /documents/{id}``"""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        group, row = await _found(tx, request, viewer)
        author = await accounts.by_id(tx.conn, row.author_id) if row.author_id else None
        writes = await _writes(tx, viewer, group, row.editors)
        steers = bool(viewer and await communities.steers(tx, group, viewer.account))
        composed = _composed(tx, row.source)
    return answers.page(
        request, "document.html", viewer, document=row, group=group, author=author,
        parts_of_text=composed, writes=writes, steers=steers,
    )  # fmt: skip


async def versions(request: web.Request) -> web.Response:
    """``GET /documents/{id}/versions``: those that are kept, the newest first."""
    viewer = await session.viewer(request)
    async with context(request).work.reading() as tx:
        group, row = await _found(tx, request, viewer)
        kept = await documents.versions(tx.conn, row.id)
        people = await _people(tx, (each.author_id for each in kept))
    return answers.page(
        request, "document_versions.html", viewer, document=row, group=group, kept=kept,
        people=people, most=verbs.VERSIONS,
    )  # fmt: skip


async def version(request: web.Request) -> web.Response:
    """``GET /documents/{id}/versions/{number}``"""
    viewer = await session.viewer(request)
    number = ids.parse(request.match_info["number"])
    async with context(request).work.reading() as tx:
        group, row = await _found(tx, request, viewer)
        # What is newer than the newest may be too large for the column.
        asked = number if number and number <= row.version else None
        old = await documents.version(tx.conn, row.id, asked) if asked else None
        if old is None:
            raise NotFound
        author = await accounts.by_id(tx.conn, old.author_id) if old.author_id else None
        composed = _composed(tx, old.source)
    return answers.page(
        request, "document.html", viewer, document=row, old=old, group=group, author=author,
        parts_of_text=composed, writes=False, steers=False,
    )  # fmt: skip


async def new(request: web.Request) -> web.Response:
    """``GET /@{name}/documents/new``"""
    viewer = await answers.signed_in(request)
    empty = Form({"title": "", "text": "", "editors": "members", "version": ""})
    return await _new(request, viewer, empty)


async def _new(request: web.Request, viewer: Viewer, form: Form) -> web.Response:
    async with context(request).work.reading() as tx:
        group = await _community(tx, request, viewer)
        await verbs.require_writer(tx, viewer.account, group, "members")
        steers = await communities.steers(tx, group, viewer.account)
    return _form(request, viewer, group, None, form, steers=steers)


def _form(
    request: web.Request, viewer: Viewer, group: Account, row: Document | None, form: Form, *,
    steers: bool, status: int = 422,
) -> web.Response:  # fmt: skip
    wrong = form.errors or form.fault
    return answers.page(
        request, "document_form.html", viewer, status=status if wrong else 200, group=group,
        document=row, form=form, steers=steers, editors=EDITORS, title_most=TITLE_MAX,
        text_most=TEXT_MAX,
    )  # fmt: skip


def _typed(form: Mapping[str, str]) -> tuple[dict[str, str], Wanted]:
    values = {name: form.get(name, "") for name in FIELDS}
    editors = answers.choice(form, "editors", EDITORS)
    # Browsers send the ends of lines as two characters (HTML, 4.10.22.4).
    return values, Wanted(values["title"], values["text"].replace("\r\n", "\n"), editors)


async def create(request: web.Request) -> web.Response:
    """``POST /@{name}/documents/new``: ``title``, ``text`` and ``editors``."""
    viewer, sent = await answers.form(request)
    values, wanted = _typed(sent)
    try:
        async with context(request).work.transaction() as tx:
            group = await _community(tx, request, viewer)
            made = await verbs.create(tx, viewer.account, group, wanted)
    except Invalid as error:
        return await _new(request, viewer, refused(values, error, {}))
    return answers.back_to(f"/documents/{made.id}", "saved")


async def edit(request: web.Request) -> web.Response:
    """``GET /documents/{id}/edit``"""
    viewer = await answers.signed_in(request)
    async with context(request).work.reading() as tx:
        _, row = await _found(tx, request, viewer)
    stands = {"title": row.title, "text": row.source, "editors": row.editors}
    return await _edit(request, viewer, Form({**stands, "version": str(row.version)}))


async def _edit(
    request: web.Request, viewer: Viewer, form: Form, status: int = 422
) -> web.Response:
    async with context(request).work.reading() as tx:
        group, row = await _found(tx, request, viewer)
        await verbs.require_writer(tx, viewer.account, group, row.editors)
        steers = await communities.steers(tx, group, viewer.account)
    return _form(request, viewer, group, row, form, steers=steers, status=status)


async def change(request: web.Request) -> web.Response:
    """``POST /documents/{id}/edit``: the fields of ``create``, and ``version``: the one that was changed."""
    viewer, sent = await answers.form(request)
    values, wanted = _typed(sent)
    seen = answers.choice_id(sent, "version")
    try:
        async with context(request).work.transaction() as tx:
            group, row = await _found(tx, request, viewer)
            await verbs.edit(tx, viewer.account, group, row, wanted, seen)
    except (Invalid, Conflict) as error:
        return await _edit(request, viewer, refused(values, error, {}), error.status)
    return answers.back_to(f"/documents/{row.id}", "saved")


async def act(request: web.Request) -> web.Response:
    """``POST /documents/{id}``: ``act`` is ``pin``, ``unpin`` or ``delete``, with ``sure``."""
    viewer, sent = await answers.form(request)
    wanted = answers.choice(sent, "act", ("pin", "unpin", "delete"))
    if wanted == "delete" and sent.get("sure") != "yes":
        raise BadRequest("Tick the box first: a document that is deleted does not come back.")
    async with context(request).work.transaction() as tx:
        group, row = await _found(tx, request, viewer)
        if wanted == "delete":
            await verbs.delete(tx, viewer.account, group, row)
        else:
            await verbs.pin(tx, viewer.account, group, row, pinned=wanted == "pin")
    if wanted == "delete":
        return answers.back_to(f"/@{group.username}/documents", "removed")
    return answers.back_to(f"/documents/{row.id}", "saved")


def routes(name: str) -> list[web.AbstractRouteDef]:
    one = "/documents/{id}"
    return [
        web.get(f"{name}/documents", index),
        web.get(f"{name}/documents/new", new),
        web.post(f"{name}/documents/new", create),
        web.get(one, page),
        web.post(one, act),
        web.get(f"{one}/edit", edit),
        web.post(f"{one}/edit", change),
        web.get(f"{one}/versions", versions),
        web.get(f"{one}/versions/{{number}}", version),
    ]
