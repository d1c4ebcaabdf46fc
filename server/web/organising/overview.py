"""``/calls/{id}/organise``: how a call stands, and what waits for those who organise it."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from server.context import context
from server.domain.calling import kinds, tallies
from server.domain.calling.tallies import Standing
from server.domain.groups import communities
from server.domain.tx import Tx
from server.web import answers
from server.web.organising import frame
from server.web.organising.frame import Organised
from storage import attendance, calls, commitments, decisions, posts, targets
from storage import communities as community_rows
from storage.attendance import Counts
from storage.calls import Call
from storage.posts import Post

ASKING_MAX = 200


@dataclass(frozen=True, slots=True)
class Waits:
    """Something that waits for an organiser. ``what``: asking, targets, objections or promises; ``path``: where it is
    done."""

    what: str
    path: str
    number: int


@dataclass(frozen=True, slots=True)
class Overview:
    """``came``: None where nobody wrote it down; ``shifts``: of a call that has some; ``within``: the call of which this is
    a shift; ``sees``: whether the viewer may see who takes part."""

    standing: Standing
    came: Counts | None
    shifts: list[tuple[Post, Call]]
    within: Post | None
    waits: list[Waits]
    over: bool
    owed: bool
    sees: bool


async def show(request: web.Request) -> web.Response:
    """``GET /calls/{id}/organise``"""
    viewer = await answers.signed_in(request)
    async with context(request).work.reading() as tx:
        of = await frame.organised(tx, request, viewer)
        sees = (await communities.may_see_people(tx, of.group, viewer.account)).allowed
        over = of.call.over_at is not None and of.call.over_at <= tx.now
        seen = Overview(
            standing=await tallies.standing(tx, of.post),
            came=await attendance.counts(tx.conn, of.post.id),
            shifts=await _shifts(tx, of),
            within=await posts.by_id(tx.conn, of.call.parent_id) if of.call.parent_id else None,
            waits=[each for each in await _waits(tx, of, sees=sees) if each.number],
            over=over,
            owed=_owes(of, over=over),
            sees=sees,
        )
    named = kinds.by_name(of.call.kind, of.post.visibility)
    return frame.page(request, "organise.html", viewer, of, seen=seen, named=named)


def _owes(of: Organised, *, over: bool) -> bool:
    """Whether people wait to hear what came of it."""
    ended = over or of.call.state == "closed"
    return ended and of.call.state != "cancelled" and not of.call.outcome and not of.call.parent_id


async def _shifts(tx: Tx, of: Organised) -> list[tuple[Post, Call]]:
    found = await calls.shifts(tx.conn, [of.post.id])
    by_id = await posts.by_ids(tx.conn, [shift.post_id for shift in found]) if found else {}
    return [(by_id[shift.post_id], shift) for shift in found if shift.post_id in by_id]


async def _waits(tx: Tx, of: Organised, *, sees: bool) -> list[Waits]:
    here = f"{of.path}/organise"
    asking = await community_rows.asking(tx.conn, of.group.id, ASKING_MAX)
    found = [Waits("asking", f"/@{of.group.username}/steer", len(asking))]
    if of.call.kind == "contact":
        listed = await targets.of_call(tx.conn, of.post.id)
        still = sum(1 for each in listed if each.status == "asked" and each.letters)
        found.append(Waits("targets", f"{here}/targets", still))
    if of.call.kind == "decision" and not of.call.hides_counts:
        unmet = await decisions.objections(tx.conn, of.post.id)
        found.append(Waits("objections", f"{here}/decision", unmet))
    if of.call.kind == "need" and sees:
        listed = await commitments.of_call(tx.conn, of.post.id, None, ASKING_MAX)
        new = sum(1 for each in listed if each.state == "promised")
        found.append(Waits("promises", f"{here}/promises", new))
    return found


def routes() -> list[web.AbstractRouteDef]:
    return [web.get(frame.BELOW, show)]
