"""Letters to targets that the server sends, in Beckon's own API: whether it may, the whole letter, and the yes to it.

``Mailing``: on, per_hour, per_day (to one target) and hidden (addresses are for organisers and moderators alone).
``TargetMail``: subject, body, reply_to (empty for nowhere), stamp (which names exactly this letter) and state? (queued,
sent, stopped; null before it was asked for).
"""

from __future__ import annotations

from aiohttp import web

from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, a_text, flag, integer, op
from server.api.reading import call_of, id_of
from server.context import context
from server.domain.calling import target_mails as verbs
from server.render.view import Json
from storage import target_mails
from storage.target_mails import Mailing

MAILING = "/api/beckon/v1/calls/{id}/mailing"
MAIL = "/api/beckon/v1/calls/{id}/targets/{target}/mail"


def _mailing(found: Mailing | None) -> Json:
    return {
        "on": found is not None and found.active,
        "per_hour": found.per_hour if found else verbs.PER_HOUR,
        "per_day": found.per_day if found else verbs.PER_DAY,
        "hidden": found.hidden if found else False,
    }


async def look(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        post, _ = await call_of(tx, request, caller.account)
        return ok(_mailing(await target_mails.mailing(tx.conn, post.id)))


async def allow(request: web.Request, caller: Caller) -> web.Response:
    """For organisers and moderators. Without ``on``, no letters are sent any more, and addresses stay as hidden as they are."""
    sent = await params.read(request)
    hour, day = sent.integer("per_hour"), sent.integer("per_day")
    wanted = Mailing(
        verbs.PER_HOUR if hour is None else hour, verbs.PER_DAY if day is None else day,
        sent.flag("hidden"),
    )  # fmt: skip
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await verbs.allow(tx, caller.account, post, wanted if sent.flag("on") else None)
    return await look(request, caller)


async def preview(request: web.Request, caller: Caller) -> web.Response:
    """``TargetMail``: the letter in the caller's ``name``; ``reply``: an answer goes to their own address."""
    sent = await params.read(request)
    async with context(request).work.reading() as tx:
        post, _ = await call_of(tx, request, caller.account)
        target_id = id_of(request, "target")
        shown = await verbs.preview(
            tx, caller.account, post, target_id, sent.text("name") or "", reply=sent.flag("reply")
        )
        own = await target_mails.of_person(tx.conn, target_id, caller.account.id)
    body: Json = {
        "subject": shown.subject, "body": shown.body, "reply_to": shown.reply_to,
        "stamp": shown.stamp, "state": own.state if own else None,
    }  # fmt: skip
    return ok(body)


async def ask(request: web.Request, caller: Caller) -> web.Response:
    """Have exactly that letter sent: its ``stamp``. A second letter to one target is 403."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        post, _ = await call_of(tx, request, caller.account)
        await verbs.ask(
            tx, caller.account, post, id_of(request, "target"), sent.text("name") or "",
            reply=sent.flag("reply"), seen=sent.text("stamp") or "",
        )  # fmt: skip
    return await preview(request, caller)


def routes() -> list[web.RouteDef]:
    return [
        for_member("GET", MAILING, look, "read:statuses"),
        for_member("PUT", MAILING, allow, "write:statuses"),
        for_member("POST", f"{MAIL}/preview", preview, "write:statuses"),
        for_member("POST", MAIL, ask, "write:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {MAILING}": op("Mailing"),
    f"PUT {MAILING}": op(
        "Mailing", flag("on"), integer("per_hour", 1, verbs.PER_HOUR), integer("per_day", 1, verbs.PER_DAY),
        flag("hidden"),
    ),
    f"POST {MAIL}/preview": op("TargetMail", a_text("name", required=True), flag("reply"), also=(403, 404, 422)),
    f"POST {MAIL}": op(
        "TargetMail", a_text("name", required=True), flag("reply"), a_text("stamp", required=True),
        also=(409,),
    ),
}  # fmt: skip
