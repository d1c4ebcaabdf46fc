"""What a call says that has a table of its own, as it would be typed; and which of it cannot be changed any more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from server.domain.calling import decisions, kinds
from server.domain.tx import Tx
from server.web import call_form
from server.web.call_fields import CallForm, Fixed, with_spare
from server.web.call_more import role_lines
from storage import (
    call_series,
    calls,
    commitments,
    next_steps,
    online,
    participations,
    polls,
    questions,
    shift_roles,
    sources,
)
from storage import posts as post_rows
from storage.calls import Call
from storage.posts import Post
from storage.shift_roles import Role

DAY = timedelta(days=1)


async def options(tx: Tx, call: Call) -> list[str]:
    """What is chosen from, where the call says that itself."""
    if not kinds.has_own_options(call.kind, call.variant):
        return []
    return [option.title for option in await polls.options(tx.conn, [call.post_id])]


async def fixed(tx: Tx, call: Call) -> Fixed:
    return Fixed(
        answered=bool(await participations.given(tx.conn, call.post_id)),
        is_shift=call.parent_id is not None,
        repeats=await call_series.of_post(tx.conn, call.post_id) is not None,
    )


async def form_of(tx: Tx, post: Post, call: Call) -> CallForm:
    """The form of a call with everything in it. Raises ``NotFound`` for a kind that has none."""
    form = call_form.of_call(post, call, await options(tx, call))
    values = dict(form.values) | _details(post, call) | await _beside(tx, post, call)
    values |= with_spare("picture", [_picture(each) for each in post.attachments if "id" in each])
    if call.kind == "volunteer" and call.parent_id is None:
        values |= with_spare("shift", await _shifts(tx, call))
    return replace(form, values=values, fixed=await fixed(tx, call))


def _tick(on: bool) -> str:
    return "yes" if on else "no"


def _details(post: Post, call: Call) -> dict[str, str]:
    def degrees(at: float | None) -> str:
        return "" if at is None else str(at)

    return {
        "goal_metric": call.goal_metric,
        "latitude": degrees(call.latitude),
        "longitude": degrees(call.longitude),
        "secret_until_closed": _tick(call.secret_until_closed),
        "urgent": _tick(call.urgent),
        "language": post.language or "",
        "may_be_started": _tick(call.may_be_started),
        "repeats": "",
        "repeats_until": "",
    }


async def _beside(tx: Tx, post: Post, call: Call) -> dict[str, str]:
    at = (await online.of_calls(tx.conn, [post.id])).get(post.id)
    step = (await next_steps.of_calls(tx.conn, [post.id])).get(post.id)
    rules = await decisions.rules(tx, post)
    asked = await questions.of_calls(tx.conn, [post.id])
    named = await sources.of_call(tx.conn, post.id)
    return {
        "note": (await shift_roles.notes(tx.conn, [post.id])).get(post.id, ""),
        "online_url": at.url if at else "",
        "online_for_participants": _tick(bool(at and at.for_participants)),
        "next_call_id": str(step.call_id or "") if step else "",
        "next_url": (step.url or "") if step else "",
        "quorum": str(rules.quorum or ""),
        "threshold": str(rules.threshold or ""),
        "open_votes": _tick(rules.open_votes),
        "category": (await commitments.category(tx.conn, post.id) or "") if call.kind == "need" else "",
        **with_spare("question", [(each.text, _tick(each.required)) for each in asked]),
        **with_spare("source", [(each.url, each.title) for each in named]),
    }  # fmt: skip


def _picture(shown: dict[str, str]) -> tuple[str, ...]:
    return str(shown["id"]), shown.get("description") or ""


async def _shifts(tx: Tx, call: Call) -> list[tuple[str, ...]]:
    """Those that take place, as rows."""
    found = [s for s in await calls.shifts(tx.conn, [call.post_id]) if s.state != "cancelled"]
    ids = [shift.post_id for shift in found]
    posts, roles = await post_rows.by_ids(tx.conn, ids), await shift_roles.of_shifts(tx.conn, ids)
    return [
        _shift(shift, posts[shift.post_id].title, [r for r in roles if r.post_id == shift.post_id])
        for shift in found
    ]


def _shift(shift: Call, title: str, roles: Sequence[Role]) -> tuple[str, ...]:
    where = ZoneInfo(shift.timezone)
    starts = shift.starts_at.astimezone(where) if shift.starts_at else None
    ends = shift.ends_at.astimezone(where) if shift.ends_at else None
    long = bool(starts and ends and ends.replace(tzinfo=None) - starts.replace(tzinfo=None) >= DAY)
    return (
        title,
        f"{starts:%Y-%m-%d}" if starts else "",
        f"{starts:%H:%M}" if starts else "",
        f"{ends:%H:%M}" if ends else "",
        f"{ends:%Y-%m-%d}" if long else "",
        "" if roles else str(shift.capacity or ""),
        role_lines(roles),
        str(shift.post_id),
    )
