"""For whom a page is rendered, and the two small things that every entity needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from server.urls import Urls
from storage.db import Connection

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class View:
    """``viewer_id``: None for a stranger, who gets no marks."""

    conn: Connection
    urls: Urls
    now: datetime
    viewer_id: int | None


def stamp(at: datetime) -> str:
    """UTC with exactly three digits of a second: Ice Cubes shows "now" for any other (J3)."""
    return at.isoformat(timespec="milliseconds")[:23] + "Z"


def maybe_stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
