"""Who learns what, in Beckon's own API: before something is published, and of those who answered by e-mail.

``Audience``: sentence. ``Kept``: name, what, days, statement. ``ConsentText``: purpose (answer, news), version,
text. ``Contact``: id, name, answer, fields (by question), agreed (purposes), confirmed_at: for organisers and
moderators, without an address, which leaves this server for nobody.
"""

from __future__ import annotations

from aiohttp import web

from server.api import paging, params
from server.api.admin import for_staff
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_text, an_id, choice, limit, op
from server.api.reading import id_of, viewer_of
from server.api.schema import array
from server.clock import stamp
from server.context import context
from server.domain import retention, sight
from server.domain.calling import audience, consents, contacts
from server.domain.calling.audience import Place
from server.domain.calling.consents import Asked
from server.domain.calling.kinds import KINDS
from server.domain.groups import affiliations, communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.render import account as render
from server.render.view import Json, maybe_stamp
from storage import accounts, calls
from storage import consents as consent_rows
from storage.accounts import Account
from storage.calls import Call
from storage.contacts import Contact

BASE = "/api/beckon/v1"
ADMIN = f"{BASE}/admin/accounts/{{id}}/affiliation"
VISIBILITIES = ("public", "unlisted", "members", "private", "direct")
DOORS = ("card", "join", "client", "page", "reply", "email")


async def preview(request: web.Request, caller: Caller | None) -> web.Response:
    """Of a post by its ``visibility``, or of an answer to a call of this ``kind`` through this ``door``."""
    sent = await params.read(request)
    visibility, kind, door = sent.text("visibility"), sent.text("kind"), sent.text("door")
    async with context(request).work.reading() as tx:
        place = await _place(tx, sent.id("community_id"), viewer_of(caller))
    if kind:
        _require(kind, tuple(KINDS), "kind")
        if door:
            _require(door, DOORS, "door")
            return ok({"sentence": audience.of_answer(kind, door, place)})
        return ok({"sentence": audience.of_call(kind, place)})
    _require(visibility or "public", VISIBILITIES, "visibility")
    return ok({"sentence": audience.of_post(visibility or "public", place)})


def _require(value: str, known: tuple[str, ...], name: str) -> None:
    if value not in known:
        raise Invalid(f"{name.capitalize()} is one of {', '.join(known)}.", field=name)


async def _place(tx: Tx, community_id: int | None, viewer: Account | None) -> Place:
    if community_id is None:
        return Place(tx.site.urls.domain)
    group = await sight.group(tx, community_id, viewer)
    closed = await communities.is_private(tx, group)
    return audience.place(tx.site.urls.domain, group, closed=closed)


async def kept(_request: web.Request, _caller: Caller | None) -> web.Response:
    """What is kept about people, and for how long."""
    return ok(
        [
            {"name": r.name, "what": r.what, "days": r.after.days, "statement": r.statement}
            for r in retention.RULES
        ]
    )


async def _call(tx: Tx, call_id: int, viewer: Account | None) -> Call:
    post = await sight.post(tx, call_id, viewer)
    call = await calls.by_id(tx.conn, post.id)
    if call is None or not post.local:
        raise NotFound
    return call


def _asked(asked: Asked) -> Json:
    return {"purpose": asked.purpose, "version": asked.version, "text": asked.text}


async def asked(request: web.Request, caller: Caller | None) -> web.Response:
    """What those are asked to agree to who answer by e-mail."""
    async with context(request).work.reading() as tx:
        call = await _call(tx, id_of(request), viewer_of(caller))
        return ok([_asked(each) for each in await consents.present(tx, call)])


async def change_asked(request: web.Request, caller: Caller) -> web.Response:
    """A new version of a text. For organisers and moderators."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        call = await _call(tx, id_of(request), caller.account)
        made = await consents.change(
            tx, caller.account, call, sent.text("purpose") or "", sent.text("text") or ""
        )
        return ok(_asked(made))


async def by_email(request: web.Request, caller: Caller) -> web.Response:
    """``Contact`` each, in order; ``after``: the id of the last one seen."""
    sent = await params.read(request)
    most = paging.limit(request, 40, 200)
    async with context(request).work.reading() as tx:
        call = await _call(tx, id_of(request), caller.account)
        found = await contacts.of_call(tx, caller.account, call, sent.id("after") or 0, most)
        return ok([await _contact(tx, row, person) for row, person in found])


async def _contact(tx: Tx, row: Contact, person: contacts.Person) -> Json:
    given = await consent_rows.of_contact(tx.conn, row.id)
    return {
        "id": str(row.id),
        "name": person.name,
        "answer": row.answer or None,
        "fields": [{"name": name, "value": value} for name, value in person.fields.items()],
        "agreed": [each.purpose for each in given if each.ended_at is None],
        "confirmed_at": maybe_stamp(row.confirmed_at) or stamp(row.created_at),
    }


async def declare(request: web.Request, caller: Caller) -> web.Response:
    """Say that one speaks for an office (official) or a firm (commercial)."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        marked = await affiliations.declare(tx, caller.account, sent.text("affiliation") or "")
        return ok(render.account(tx.site.urls, marked))


async def mark(request: web.Request, _caller: Caller) -> web.Response:
    """Mark somebody; an empty ``affiliation`` takes the mark away."""
    sent = await params.read(request)
    async with context(request).work.transaction() as tx:
        account = await accounts.by_id(tx.conn, id_of(request))
        if account is None:
            raise NotFound
        marked = await affiliations.mark(tx, account, sent.text("affiliation") or None)
        return ok(render.account(tx.site.urls, marked))


def routes() -> list[web.RouteDef]:
    one = f"{BASE}/calls/{{id}}"
    return [
        for_anyone("GET", f"{BASE}/audience", preview, "read:statuses"),
        for_anyone("GET", f"{BASE}/retention", kept, "read:statuses"),
        for_anyone("GET", f"{one}/consents", asked, "read:statuses"),
        for_member("PUT", f"{one}/consents", change_asked, "write:statuses"),
        for_member("GET", f"{one}/contacts", by_email, "read:statuses"),
        for_member("PUT", f"{BASE}/affiliation", declare, "write:accounts"),
        for_staff("PUT", ADMIN, mark, "admin:write:accounts"),
    ]


DESCRIBED: Described = {
    f"GET {BASE}/audience": op(
        "Audience",
        choice("visibility", *VISIBILITIES),
        choice("kind", *KINDS),
        choice("door", *DOORS),
        an_id("community_id"),
        also=(404, 422),
    ),
    f"GET {BASE}/retention": op(array("Kept")),
    f"GET {BASE}/calls/{{id}}/consents": op(array("ConsentText")),
    f"PUT {BASE}/calls/{{id}}/consents": op(
        "ConsentText",
        choice("purpose", *consents.PURPOSES, required=True),
        a_text("text", required=True),
    ),
    f"GET {BASE}/calls/{{id}}/contacts": op(array("Contact"), an_id("after"), limit()),
    f"PUT {BASE}/affiliation": op(
        "Account", choice("affiliation", *affiliations.KINDS, required=True)
    ),
    f"PUT {ADMIN}": op("Account", choice("affiliation", "", *affiliations.KINDS)),
}
