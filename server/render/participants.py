"""Who takes part in a call, as a table for other tools: a line for each answer that counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from server.clock import stamp
from server.render import spreadsheet
from storage.accounts import Account
from storage.participations import Participation

HEAD = ("answered_at", "answer", "state", "tier", "guests", "name", "handle", "url")


def told_time(at: datetime, who: Account | None) -> datetime:
    """Of somebody without a name the day alone: the second would find them in what is public elsewhere."""
    return at if who else at.replace(hour=0, minute=0, second=0, microsecond=0)


def as_csv(
    rows: Sequence[Participation],
    people: Mapping[int, Account],
    told: Mapping[int, Mapping[str, str]],
    shifts: Mapping[int, str],
) -> bytes:
    """``people``: by account, those who are named; ``told``: what they answered, by answer and question, each of which is a
    column; ``shifts``: titles by post, a column where there are any."""
    asked = list(dict.fromkeys(name for fields in told.values() for name in fields))
    lines = [
        (
            *_line(row, people.get(row.account_id or 0)),
            *((shifts.get(row.post_id, ""), row.role or "") if shifts else ()),
            *(told.get(row.id, {}).get(name, "") for name in asked),
        )
        for row in rows
    ]
    return spreadsheet.table((*HEAD, *(("shift", "role") if shifts else ()), *asked), lines)


def _line(row: Participation, who: Account | None) -> Sequence[object]:
    person = (who.display_name, who.handle, who.url) if who else ("", "", "")
    at = stamp(told_time(row.answered_at, who))
    return (at, row.answer, row.state, row.tier, row.guests, *person)
