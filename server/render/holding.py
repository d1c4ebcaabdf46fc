"""The hold queue of a community in Beckon's own API."""

from __future__ import annotations

from collections.abc import Sequence

from server.clock import stamp
from server.render import status
from server.render.view import Json, View
from storage import posts
from storage.held_posts import Held
from storage.hold_rules import HoldRule


def rule(row: HoldRule) -> Json:
    return {
        "id": str(row.id),
        "kind": row.kind,
        "value": row.value,
        "days": row.days,
        "amount": row.amount,
        "created_at": stamp(row.created_at),
    }


async def held(view: View, rows: Sequence[Held]) -> list[Json]:
    """``HeldPost`` each. Posts are shown as they are: who asks was found to steer the community, or to be
    their author."""
    found = await posts.by_ids(view.conn, [row.post_id for row in rows])
    shown = await status.statuses(view, list(found.values()), {}) if found else []
    by_id = {int(each["id"]): each for each in shown}
    return [_held(row, by_id[row.post_id]) for row in rows if row.post_id in by_id]


def _held(row: Held, shown: Json) -> Json:
    return {
        "id": str(row.post_id),
        "community_id": str(row.community_id),
        "status": shown,
        "reason": row.reason,
        "rule_id": str(row.rule_id) if row.rule_id else None,
        "matched": row.matched,
        "held_at": stamp(row.held_at),
        "refused_at": stamp(row.refused_at) if row.refused_at else None,
    }
