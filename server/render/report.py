"""Reports as the client API shows them to whoever made them."""

from __future__ import annotations

from server.clock import stamp
from server.render.view import Json, maybe_stamp
from storage.reports import Report


def facts(row: Report) -> Json:
    """What every reader of a report is shown of it."""
    return {
        "id": str(row.id),
        "action_taken": row.resolved_at is not None,
        "action_taken_at": maybe_stamp(row.resolved_at),
        "category": row.category,
        "comment": row.comment,
        "forwarded": row.forwarded,
        "created_at": stamp(row.created_at),
    }


def report(row: Report, target: Json) -> Json:
    """``Report``. ``target``: the account, as it is rendered."""
    return facts(row) | {
        "status_ids": [str(i) for i in row.post_ids],
        "rule_ids": [str(i) for i in row.rule_ids],
        "collection_ids": [],
        "target_account": target,
    }
