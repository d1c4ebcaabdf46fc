"""``/calls/{id}/organise/people``: who takes part and who waits, who asks to join, and who came.

A line is fair: places go in the order of receipt, so that nobody is picked out of it. Whoever organises makes room, and the
next in line are let in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlencode

from aiohttp import web

from server import ids
from server.context import context
from server.domain.calling import attendance, ballots, calls, listing, participations
from server.domain.calling.kinds import Answer
from server.domain.calling.listing import Listed
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import BeckonError, Forbidden, Invalid, NotFound
from server.i18n import mark
from server.render import participants as render
from server.web import answers, steering
from server.web.organising import frame, rewriting
from server.web.organising.frame import Organised
from server.web.session import Viewer
from storage import accounts, polls, shift_roles
from storage import attendance as attendance_rows
from storage import calls as call_rows
from storage import participations as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Call
from storage.participants import Sought
from storage.posts import Post

EACH = 50
STATES = ("granted", "waiting")
ACTS = ("admit", "refuse", "room", "came", "absent", "appoint", "dismiss")
ROOM_MAX = 1000


@dataclass(frozen=True, slots=True)
class Chosen:
    """What of the list is looked at, as the address says."""

    sought: Sought
    shift: int | None
    after: int

    def query(self, **changed: str | int | None) -> str:
        said = {
            "state": self.sought.state, "answer": self.sought.answer, "role": self.sought.role,
            "shift": self.shift, "after": self.after, **changed,
        }  # fmt: skip
        plain = {"state": STATES[0], "answer": "", "role": "", "shift": None, "after": 0}
        return urlencode({name: value for name, value in said.items() if value != plain[name]})


@dataclass(frozen=True, slots=True)
class Shift:
    post: Post
    call: Call


def chosen(query: Mapping[str, str]) -> Chosen:
    state = query.get("state", STATES[0])
    sought = Sought(
        state if state in STATES else STATES[0], query.get("answer", ""), query.get("role", "")
    )
    return Chosen(sought, ids.parse(query.get("shift", "")), ids.parse(query.get("after", "")) or 0)


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/people``"""
    return await _show(request, await answers.signed_in(request))


async def _show(
    request: web.Request, viewer: Viewer, fault: BeckonError | None = None, typed: str = ""
) -> web.Response:
    which = chosen(request.query)
    async with context(request).work.reading() as tx:
        of = await frame.organised(tx, request, viewer)
        found = await listing.page(
            tx, viewer.account, of.post, of.call, which.sought, which.after, EACH + 1, which.shift
        )
        offered = await participations.answers(tx, of.call)
        shifts = await _shifts(tx, of.call)
        at = [of.post.id, *(shift.post.id for shift in shifts)]
        values = {
            "listed": found[:EACH],
            "more": found[EACH - 1].given.turn if len(found) > EACH else None,
            "shifts": shifts,
            "roles": list(dict.fromkeys(r.name for r in await shift_roles.of_shifts(tx.conn, at))),
            "offered": []
            if of.call.hides_counts
            else [a for a in offered if a.counts and not shifts],
            "said": await _said(tx, of.call, offered, found),
            "begun": [c.post_id for c in _begun([of.call, *(s.call for s in shifts)], tx.now)],
            "asking": await steering.asking(tx, of.group, viewer.account),
            "recorders": await _recorders(tx, of.post),
        }
    return frame.page(
        request, "organise_people.html", viewer, of, status=fault.status if fault else 200,
        chosen=which, fault=fault.sentence if fault else "", typed=typed, **values,
    )  # fmt: skip


async def _shifts(tx: Tx, call: Call) -> list[Shift]:
    found = await call_rows.shifts(tx.conn, [call.post_id])
    by_id = await post_rows.by_ids(tx.conn, [shift.post_id for shift in found]) if found else {}
    return [Shift(by_id[shift.post_id], shift) for shift in found if shift.post_id in by_id]


async def _said(
    tx: Tx, call: Call, offered: Sequence[Answer], found: Sequence[Listed]
) -> dict[int, str]:
    """What each said, in the words of the card, by answer; nothing where all who take part say the same."""
    options = await polls.options(tx.conn, [call.post_id])
    titles = [option.title for option in options]
    words = {a.key: title for a, title in zip(offered, titles, strict=False) if a.counts}
    if len(words) < 2:
        return {}
    rows = [one.given for one in found]
    return {
        row.id: ballots.words(call.variant, row.ballot, titles)
        if row.ballot
        else words.get(row.answer, "")
        for row in rows
    }


def _begun(found: list[Call], now: datetime) -> list[Call]:
    """Those of which it is written down who came."""
    return [
        call
        for call in found
        if call.starts_at
        and call.starts_at <= now <= (call.ends_at or call.starts_at) + attendance.KEEP
    ]


async def _recorders(tx: Tx, post: Post) -> list[Account]:
    asked = await attendance_rows.recorders(tx.conn, post.id)
    return list((await accounts.by_ids(tx.conn, asked)).values()) if asked else []


async def act(request: web.Request) -> web.Response:
    """``POST /calls/{id}/organise/people``: a button says what, and the address which part of the list it was."""
    viewer, form = await answers.form(request)
    wanted = next((name for name in ACTS if name in form), "")
    form["act"] = wanted
    answers.choice(form, "act", ACTS)
    try:
        async with context(request).work.transaction() as tx:
            of = await frame.organised(tx, request, viewer)
            await communities.require_people(tx, of.group, viewer.account)
            await _do(tx, of, viewer.account, wanted, form)
    except (Invalid, Forbidden) as refused:
        if isinstance(refused, Forbidden) and not await _may(request, viewer):
            raise
        return await _show(request, viewer, refused, form.get("handle", ""))
    path = f"{of.path}/organise/people"
    if wanted in ("came", "absent"):  # back to the same person, with nothing told above
        query = chosen(request.query).query()
        return answers.back_to(f"{path}{'?' if query else ''}{query}#p{form[wanted]}")
    return answers.back_to(path, "done")


async def _may(request: web.Request, viewer: Viewer) -> bool:
    """Whether the refusal was of the act alone, and not of the page."""
    async with context(request).work.reading() as tx:
        of = await frame.organised(tx, request, viewer)
        return (await communities.may_see_people(tx, of.group, viewer.account)).allowed


async def _do(tx: Tx, of: Organised, actor: Account, wanted: str, form: Mapping[str, str]) -> None:
    if wanted in ("admit", "refuse"):
        person = await accounts.by_id(tx.conn, answers.choice_id(form, wanted))
        if person is None:
            raise NotFound
        await communities.decide(tx, actor, of.group, person, admitted=wanted == "admit")
    elif wanted == "room":
        await _make_room(tx, of, actor, form.get("places", ""))
    elif wanted in ("came", "absent"):
        await _record(tx, of, actor, answers.choice_id(form, wanted), came=wanted == "came")
    elif wanted == "appoint":
        who = await steering.named(tx, form.get("handle", ""))
        await attendance.appoint(tx, actor, of.post, who, on=True)
    else:
        who = await accounts.by_id(tx.conn, answers.choice_id(form, "dismiss"))
        if who:
            await attendance.appoint(tx, actor, of.post, who, on=False)


async def _make_room(tx: Tx, of: Organised, actor: Account, typed: str) -> None:
    """So many more places: who is next in line gets them."""
    if not (typed.isascii() and typed.isdecimal() and 0 < int(typed[:5]) <= ROOM_MAX):
        raise Invalid(mark("A number from 1 to %(most)s, please.", most=ROOM_MAX), field="places")
    call = await participations.locked(tx, of.post)
    if call.capacity is None:
        raise Invalid("This call has no limit of places.", field="places")
    wanted = await rewriting.same(tx, of.post, call)
    more = replace(wanted.details, capacity=call.capacity + int(typed))
    await calls.edit(tx, actor, of.post, wanted=replace(wanted, details=more))


async def _record(
    tx: Tx, of: Organised, actor: Account, participation_id: int, *, came: bool
) -> None:
    """Of the call, or of one of its shifts."""
    row = await rows.by_id(tx.conn, participation_id)
    call = await call_rows.by_id(tx.conn, row.post_id) if row else None
    post = await post_rows.by_id(tx.conn, row.post_id) if row else None
    if call is None or post is None or of.post.id not in (call.post_id, call.parent_id):
        raise NotFound
    await attendance.record(tx, actor, post, participation_id, attended=came)


async def as_csv(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise/people.csv``"""
    viewer = await answers.signed_in(request)
    async with context(request).work.reading() as tx:
        of = await frame.organised(tx, request, viewer)
        found = await listing.table(tx, viewer.account, of.post, of.call, below=True)
    body = render.as_csv(found.rows, found.people, found.fields, found.shifts)
    return web.Response(
        body=body,
        content_type="text/csv",
        charset="utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="call-{of.post.id}.csv"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )


def routes() -> list[web.AbstractRouteDef]:
    return [
        web.get(f"{frame.BELOW}/people", show),
        web.post(f"{frame.BELOW}/people", act),
        web.get(f"{frame.BELOW}/people.csv", as_csv),
    ]
