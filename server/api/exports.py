"""Calls for other tools, in Beckon's own API: out as OSDI and CSV, and in from OSDI and calendars.

A call as OSDI shows what its page shows, its counts; with ``answers=true`` those who steer its community, but
never an office or a firm, get each answer with it (what it said is left out while the counts of a decision are secret). A name stands beside an answer where the kind of call is one that people do together, or where its
giver chose to be shown; else it is told that somebody answered, and not who. ``FoundCall``: what a file holds, with
``call_id`` of what became of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import orjson
from aiohttp import web

from federation import calendars, osdi
from federation.calendars import Found
from federation.errors import Refused
from server import text
from server.api import params
from server.api.answers import ok
from server.api.auth import Caller, for_anyone, for_member
from server.api.describe import Described, a_file, flag, op, some_texts
from server.api.reading import id_of, viewer_of
from server.api.schema import array
from server.context import context
from server.domain import sight
from server.domain.calling import calls as verbs
from server.domain.calling import drafting, listing, naming
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Invalid, NotFound, Unauthenticated
from server.render.participants import as_csv as as_table
from server.render.participants import told_time
from server.render.view import Json, maybe_stamp
from storage import calls, targets
from storage.accounts import Account
from storage.calls import Call, Details
from storage.participations import Participation
from storage.posts import Post
from storage.targets import Target

ONE = "/api/beckon/v1/calls/{id}"
IMPORT = "/api/beckon/v1/communities/{id}/calls/import"
AT_ONCE = 20
"""Calls made of one file at once: each is told to all members."""


async def _call(tx: Tx, request: web.Request, viewer: Account | None) -> tuple[Post, Call]:
    post = await sight.post(tx, id_of(request), viewer)
    call = await calls.by_id(tx.conn, post.id)
    if call is None:
        raise NotFound
    return post, call


async def _steered(
    tx: Tx, post: Post, call: Call, viewer: Account | None
) -> list[tuple[Participation, Account | None]]:
    """Each answer, with who gave it where the asker may know. Raises ``Unauthenticated``, ``Forbidden``."""
    if viewer is None:
        raise Unauthenticated("Who answered is for organisers and moderators.")
    group = await sight.group(tx, call.community_id, viewer)
    await communities.require_people(tx, group, viewer)
    rows = await naming.answered(tx, call)
    people = await naming.people(tx, post, call, rows)
    return [(row, people.get(row.account_id or 0)) for row in rows]


async def as_osdi(request: web.Request, caller: Caller | None) -> web.Response:
    """The call as one resource of OSDI, in HAL. ``answers``: with each answer; organisers and moderators."""
    sent = await params.read(request)
    async with context(request).work.reading() as tx:
        viewer = viewer_of(caller)
        post, call = await _call(tx, request, viewer)
        told = _told(post, call, await targets.of_call(tx.conn, post.id))
        here = f"{tx.site.urls.base}{request.path}"
        if not sent.flag("answers"):
            return _hal(osdi.call(told, here))
        given = [_answer(row, who) for row, who in await _steered(tx, post, call, viewer)]
    return _hal(osdi.with_answers(told, given, here))


def _hal(document: Json) -> web.Response:
    return web.Response(body=orjson.dumps(document), content_type=osdi.MEDIA_TYPE)


def _told(post: Post, call: Call, asked: Sequence[Target]) -> osdi.Call:
    place = osdi.Place(call.place_name, call.place_address, call.latitude, call.longitude)
    return osdi.Call(
        uri=post.uri, url=post.url, kind=call.kind, variant=call.variant, title=post.title,
        html=post.content, plain=text.plain(post.content), state=call.state,
        created_at=post.published_at, modified_at=post.edited_at or post.published_at,
        confirmed=call.confirmed, expressed=call.expressed, private=post.visibility == "members",
        starts_at=call.starts_at, ends_at=call.ends_at, place=place, capacity=call.capacity,
        link=call.external_url, targets=tuple(target.name for target in asked),
    )  # fmt: skip


def _answer(row: Participation, who: Account | None) -> osdi.Answer:
    person = (
        osdi.Person(who.display_name or who.username, who.handle, who.url, who.uri) if who else None
    )
    made, changed = told_time(row.created_at, who), told_time(row.answered_at, who)
    return osdi.Answer(row.id, row.answer, row.state, made, changed, person)


async def as_csv(request: web.Request, caller: Caller) -> web.Response:
    """Every answer that counts, a line each, with a column for each question that somebody answered. For organisers
    and moderators."""
    async with context(request).work.reading() as tx:
        post, call = await _call(tx, request, caller.account)
        table = await listing.table(tx, caller.account, post, call)
    body = as_table(table.rows, table.people, table.fields, table.shifts)
    name = f'attachment; filename="call-{post.id}.csv"'
    return web.Response(
        body=body,
        content_type="text/csv",
        charset="utf-8",
        headers={"Content-Disposition": name, "X-Content-Type-Options": "nosniff"},
    )


async def bring(request: web.Request, caller: Caller) -> web.Response:
    """``file``: a calendar (iCalendar), or events and petitions of OSDI; answers what it holds, ``FoundCall``
    each. ``uids``: of those that are to be made calls of the community, 20 at most. For organisers and
    moderators."""
    async with params.with_files(request, calendars.MAX_BYTES + params.CHUNK) as sent:
        file, chosen = sent.file("file"), sent.texts("uids")
        if file is None:
            raise Invalid("Send a file: a calendar, or OSDI.", field="file")
        found = await asyncio.to_thread(_read, file)
    async with context(request).work.transaction() as tx:
        group = await sight.group(tx, id_of(request), caller.account)
        await communities.require_steward(tx, group, caller.account)
        made = {
            each.uid: await verbs.create(tx, caller.account, group, _wanted(each))
            for each in _chosen(found, chosen)
        }
    return ok([_found(each, made.get(each.uid)) for each in found])


def _read(file: Path) -> list[Found]:
    """Reading a large calendar takes a while: beside the loop. Raises ``Invalid``."""
    body = file.read_bytes()
    try:
        is_json = body.lstrip()[:1] in (b"{", b"[")
        return calendars.from_osdi(body) if is_json else calendars.from_ics(body)
    except Refused as refused:
        raise Invalid(refused.sentence, field="file", cause=refused.cause) from refused


def _chosen(found: Sequence[Found], uids: Sequence[str]) -> list[Found]:
    by_uid = {each.uid: each for each in found if each.uid}
    unknown = [uid for uid in uids if uid not in by_uid]
    if unknown:
        raise Invalid(f"The file holds nothing named {unknown[0][:100]}.", field="uids")
    if len(set(uids)) > AT_ONCE:
        raise Invalid(f"At most {AT_ONCE} calls are made at once.", field="uids")
    return [by_uid[uid] for uid in dict.fromkeys(uids)]


def _plain(each: Found) -> str:
    said = text.plain(text.clean(each.text)) if each.is_html else each.text
    return "\n\n".join(part for part in (said, each.url) if part)[: drafting.ABOUT_MAX]


def _wanted(each: Found) -> Wanted:
    return Wanted(
        kind=each.kind,
        title=each.title,
        about=_plain(each),
        details=Details(
            starts_at=each.starts_at, ends_at=each.ends_at, timezone=each.timezone,
            place_name=each.place_name, place_address=each.place_address, latitude=each.latitude,
            longitude=each.longitude, capacity=each.capacity,
        ),
    )  # fmt: skip


def _found(each: Found, made: Post | None) -> Json:
    return {
        "uid": each.uid,
        "kind": each.kind,
        "title": each.title,
        "text": _plain(each),
        "starts_at": maybe_stamp(each.starts_at),
        "ends_at": maybe_stamp(each.ends_at),
        "timezone": each.timezone,
        "place": {
            "name": each.place_name,
            "address": each.place_address,
            "latitude": each.latitude,
            "longitude": each.longitude,
        },
        "capacity": each.capacity,
        "cancelled": each.cancelled,
        "repeats": each.repeats,
        "call_id": str(made.id) if made else None,
    }


def routes() -> list[web.RouteDef]:
    return [
        for_anyone("GET", f"{ONE}/export.osdi.json", as_osdi, "read:statuses"),
        for_member("GET", f"{ONE}/export.csv", as_csv, "read:statuses"),
        for_member("POST", IMPORT, bring, "write:statuses"),
    ]


DESCRIBED: Described = {
    f"GET {ONE}/export.osdi.json": op(None, flag("answers"), media_type=osdi.MEDIA_TYPE),
    f"GET {ONE}/export.csv": op(None, media_type="text/csv"),
    f"POST {IMPORT}": op(
        array("FoundCall"), a_file("file", required=True), some_texts("uids"), also=(413,)
    ),
}
