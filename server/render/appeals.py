"""Decisions, appeals and notes in Beckon's own API: who acted is named by their role alone."""

from __future__ import annotations

from server.clock import stamp
from server.render.view import Json
from storage.appeals import Appeal
from storage.group_moderation import Entry
from storage.post_notes import Note


def decision(row: Entry, said: Appeal | None) -> Json:
    """``said``: the appeal against it, if there is one."""
    return {
        "id": str(row.id),
        "community_id": str(row.community_id),
        "action": row.action,
        "reason": row.reason,
        "status_id": str(row.post_id) if row.post_id else None,
        "created_at": stamp(row.created_at),
        "appeal": appeal(said) if said else None,
    }


def appeal(row: Appeal) -> Json:
    return {
        "id": str(row.id),
        "community_id": str(row.community_id),
        "decision_id": str(row.entry_id),
        "account_id": str(row.account_id),
        "text": row.words,
        "state": row.state,
        "answer": row.answer,
        "created_at": stamp(row.created_at),
        "answered_at": stamp(row.answered_at) if row.answered_at else None,
    }


def note(row: Note | None) -> Json:
    return {
        "text": row.words if row else "",
        "role": row.role if row else None,
        "created_at": stamp(row.created_at) if row else None,
    }
