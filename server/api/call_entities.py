"""``Call`` entities: one, a list, or those of a list that the viewer may see; with as many queries for one as for forty.

What a ``Call`` has stands in ``server/api/calls.py``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from server.clock import stamp
from server.domain import sight
from server.domain.calling import audience, kinds, sheets
from server.domain.calling.next_steps import Step
from server.domain.calling.sheets import Sheet
from server.domain.tx import Tx
from server.render import call as render
from server.render import media
from server.render.account import account
from server.render.view import Json
from storage import calls, posts
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post


async def one(tx: Tx, post: Post, call: Call, viewer: Account | None) -> Json:
    """Of a call that the viewer may see."""
    return (await many(tx, [(post, call)], viewer))[0]


async def many(tx: Tx, found: Sequence[tuple[Post, Call]], viewer: Account | None) -> list[Json]:
    """Of calls that the viewer may see, in their order."""
    return [_entity(tx, sheet) for sheet in await sheets.load(tx, found, viewer)]


async def shown(tx: Tx, ids: Sequence[int], viewer: Account | None) -> dict[int, Json]:
    """By id, those of these calls that the viewer may and wants to see."""
    if not ids:
        return {}
    rows = await calls.by_ids(tx.conn, ids)
    found = await posts.by_ids(tx.conn, ids)
    seen = await sight.visible(tx, found.values(), viewer, feed=True)
    told = await many(tx, [(post, rows[post.id]) for post in seen], viewer)
    return dict(zip((post.id for post in seen), told, strict=True))


def _entity(tx: Tx, sheet: Sheet) -> Json:
    call = sheet.call
    loaded = render.Loaded(
        sheet.post, call, sheet.author, sheet.community,
        answers=[(a.key, a.counts) for a in sheet.answers],
        options=sheet.options,
        mine=render.Place(sheet.mine, sheet.line) if sheet.mine else None,
        privacy=audience.of_answers(
            call.kind,
            audience.place(
                tx.site.urls.domain, sheet.community, closed=not sheet.post.is_public, asks=bool(sheet.questions)
            ),
        ),
    )  # fmt: skip
    return {
        **render.call(tx.site.urls, loaded),
        **_counted(sheet),
        "claims": _claims(tx, sheet),
        "note": kinds.KINDS[call.kind].note or None,
        "parent_id": str(call.parent_id) if call.parent_id else None,
        "shifts": [render.shift(s.post, s.call, s.roles, s.mine) for s in sheet.shifts],
        "roles": render.roles(sheet.roles),
        "participants_note": sheet.note,
        "online_url": sheet.online.url if sheet.online else None,
        "online_for_participants": bool(sheet.online and sheet.online.for_participants),
        "media_attachments": media.attachments(tx.site.urls, sheet.post, sheet.post.attachments),
        "outcome_media": media.attachments(tx.site.urls, sheet.told, sheet.told.attachments)
        if sheet.told
        else [],
        "sources": [asdict(source) for source in sheet.sources],
        "next": _next(sheet.next),
        "questions": [{"text": q.text, "required": q.required} for q in sheet.questions],
        **_started(sheet),
    }


def _next(step: Step | None) -> Json | None:
    if step is None:
        return None
    number = str(step.call_id) if step.call_id is not None else None
    return {"call_id": number, "title": step.title, "url": step.url}


def _started(sheet: Sheet) -> Json:
    """From which call it was started, and how many were from it."""
    first = sheet.started.first
    return {
        "may_be_started": sheet.started.may_be,
        "started_from": {
            "id": str(first.id),
            "title": first.title,
            "url": first.url,
            "uri": first.uri,
        }
        if first
        else None,
        "started_in": sheet.started.places,
    }


def _claims(tx: Tx, sheet: Sheet) -> list[Json]:
    """What was counted outside, by whoever says so."""
    return [
        {
            "id": str(claim.id),
            "people": claim.people,
            "what": claim.what,
            "evidence": claim.evidence,
            "account": account(tx.site.urls, by),
            "created_at": stamp(claim.created_at),
        }
        for claim, by in sheet.claims
    ]


def _counted(sheet: Sheet) -> Json:
    """The range; and by tier and by server where it is counted here."""
    found = sheet.standing
    if found is None:
        return {"range": asdict(sheet.range), "tiers": None, "servers": [], "milestones": []}
    confirmed = {"own": found.own, "email": found.email, "joined": found.joined}
    return {
        "range": asdict(found.range),
        "tiers": {
            "confirmed": confirmed | {"by_tally": found.by_tally},
            "expressed": found.expressed,
            "support": sheet.post.favourites_count,
            "spread": sheet.post.reblogs_count,
        },
        "servers": [asdict(share) for share in found.servers],
        "milestones": [
            {"percent": m.percent, "reached_at": stamp(m.reached_at)} for m in sheet.milestones
        ],
    }
