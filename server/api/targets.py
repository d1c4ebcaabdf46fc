"""Contact calls in Beckon's own API: to whom one writes, the letter, and what came of it.

``Target``: id, name, role, address (mailto: or https:), area, language?, status (asked, pledged, refused, answered),
note, changed_at, letters (how many wrote), written (by the caller) and log [{status, note, changed_at}]. ``TargetLetter``:
subject?, body? (both null where the target has pledged and nothing is to be asked), mailto? (a link that opens one's own
mail program). Beckon sends no letter itself. ``TargetReport``: target_id, said, day: what a target answered,
without the name of who says so.
"""

from __future__ import annotations

from aiohttp import web

from server.api import params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_text, choice, flag, op
from server.api.reading import call_of, id_of, viewer_of
from server.api.schema import array
from server.clock import stamp
from server.context import context
from server.domain.calling import targets as verbs
from server.domain.tx import Tx
from server.errors import NotFound
from server.render.view import Json
from storage import targets
from storage.accounts import Account
from storage.targets import Change, NewTarget, Script, Target

OF = "/api/beckon/v1/calls/{id}/targets"
ONE = f"{OF}/{{target}}"
SCRIPT = "/api/beckon/v1/calls/{id}/script"
REPORTS = "/api/beckon/v1/calls/{id}/reports"


def _entity(row: Target, log: list[Change], written: set[int], *, hidden: bool) -> Json:
    return {
        "id": str(row.id),
        "name": row.name,
        "role": row.role,
        "address": "" if hidden else row.address,
        "area": row.area,
        "language": row.language,
        "status": row.status,
        "note": row.note,
        "changed_at": stamp(row.changed_at),
        "letters": row.letters,
        "written": row.id in written,
        "log": [
            {"status": c.status, "note": c.note, "changed_at": stamp(c.changed_at)}
            for c in log
            if c.target_id == row.id
        ],
    }


async def _all(tx: Tx, post_id: int, viewer: Account | None) -> list[Json]:
    log = await targets.changes(tx.conn, post_id)
    written = await targets.written(tx.conn, post_id, viewer.id) if viewer else set[int]()
    hidden = await verbs.hides(tx, post_id, viewer)
    return [
        _entity(row, log, written, hidden=hidden) for row in await targets.of_call(tx.conn, post_id)
    ]


async def _answer(request: web.Request, viewer: Account | None) -> web.Response:
    async with context(request).work.reading() as tx:
        post, _ = await call_of(tx, request, viewer)
        return ok(await _all(tx, post.id, viewer))


async def index(request: web.Request, caller: Caller | None) -> web.Response:
    """``Target`` each, in the order in which they were written down."""
    return await _answer(request, viewer_of(caller))


async def create(request: web.Request, caller: Caller) -> web.Response:
    """For organisers and moderators; answers all of them."""
    sent = await params.read(request)
    new = NewTarget(
        sent.text("name") or "", sent.text("role") or "", sent.text("address") or "",
        sent.text("area") or "", sent.text("language") or None,
    )  # fmt: skip
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await verbs.add(tx, caller.account, post, new)
    return await _answer(request, caller.account)


async def change(request: web.Request, caller: Caller) -> web.Response:
    """``status`` and a public ``note``; for organisers and moderators."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await verbs.set_status(
            tx, caller.account, post, id_of(request, "target"), sent.text("status") or "",
            sent.text("note") or "",
        )  # fmt: skip
    return await _answer(request, caller.account)


async def delete(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await verbs.remove(tx, caller.account, post, id_of(request, "target"))
    return empty()


async def letter(request: web.Request, caller: Caller | None) -> web.Response:
    """``TargetLetter``: what is to be written to this target as it stands now."""
    async with context(request).work.reading() as tx:
        post, _ = await call_of(tx, request, viewer_of(caller))
        target = await targets.by_id(tx.conn, post.id, id_of(request, "target"))
        if target is None:
            raise NotFound
        found = await verbs.letter(tx, post, target)
        hidden = await verbs.hides(tx, post.id, viewer_of(caller))
    return ok(
        {
            "subject": found.subject if found else None,
            "body": found.body if found else None,
            "mailto": verbs.mailto(target, found) if found and not hidden else None,
        }
    )


async def report(request: web.Request, caller: Caller) -> web.Response:
    """The caller wrote: ``answered``, and ``said``, what the target answered, for organisers and moderators
    alone. A second letter to one target is 403."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await verbs.report(
            tx, caller.account, post, id_of(request, "target"),
            answered=sent.flag("answered"), said=sent.text("said") or "",
        )  # fmt: skip
    return await _answer(request, caller.account)


async def set_script(request: web.Request, caller: Caller) -> web.Response:
    """What is written to targets of a ``status``: ``subject`` and ``body``. For organisers and moderators."""
    sent = await params.read(request)
    wanted = Script(
        sent.text("status") or "asked", sent.text("subject") or "", sent.text("body") or ""
    )
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await verbs.set_script(tx, caller.account, post, wanted)
    return empty()


async def reports(request: web.Request, caller: Caller) -> web.Response:
    """``TargetReport`` each, the oldest day first. For organisers and moderators, who know when
    each person took part: within a day the order says nothing."""
    async with context(request).work.reading() as tx:
        post, _ = await call_of(tx, request, caller.account)
        found = await verbs.reports(tx, caller.account, post)
    return ok(
        [
            {"target_id": str(r.target_id), "said": r.said, "day": r.written_at.date().isoformat()}
            for r in found
        ]
    )


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", OF, index, "read:statuses"),
        for_member("POST", OF, create, "write:statuses"),
        for_member("PUT", ONE, change, "write:statuses"),
        for_member("DELETE", ONE, delete, "write:statuses"),
        for_anyone("GET", f"{ONE}/letter", letter, "read:statuses"),
        for_member("POST", f"{ONE}/report", report, "write:statuses"),
        for_member("PUT", SCRIPT, set_script, "write:statuses"),
        for_member("GET", REPORTS, reports, "read:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {OF}": op(array("Target")),
    f"POST {OF}": op(
        array("Target"), a_text("name", required=True), a_text("role"),
        a_text("address", required=True), a_text("area"), a_text("language"),
    ),
    f"PUT {ONE}": op(
        array("Target"), choice("status", *verbs.STATUSES, required=True), a_text("note")
    ),
    f"DELETE {ONE}": op("Empty"),
    f"GET {ONE}/letter": op("TargetLetter"),
    f"POST {ONE}/report": op(array("Target"), flag("answered"), a_text("said")),
    f"PUT {SCRIPT}": op(
        "Empty", choice("status", *verbs.STATUSES), a_text("subject", required=True),
        a_text("body", required=True),
    ),
    f"GET {REPORTS}": op(array("TargetReport")),
}  # fmt: skip
