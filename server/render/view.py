"""For whom a page is rendered, and the two small things that every entity needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from server.clock import stamp
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


def maybe_stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
