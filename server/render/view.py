"""For whom a page is rendered, and the two small things that every entity needs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from server.clock import stamp
from server.urls import Urls
from storage.db import Connection
from storage.posts import Post

Json: TypeAlias = dict[str, Any]
Judge: TypeAlias = Callable[[Sequence[Post]], Awaitable[Mapping[int, str]]]
"""The rule of the domain about many posts at once, as the viewer stands to each: by id."""


@dataclass(frozen=True, slots=True)
class View:
    """``viewer_id``: None for a stranger, who gets no marks. ``standing`` and ``quotable``: how quoted
    posts stand for the viewer (what may not be seen is left out), and which may be quoted
    (``domain.sight``)."""

    conn: Connection
    urls: Urls
    now: datetime
    viewer_id: int | None
    standing: Judge
    quotable: Judge


def maybe_stamp(at: datetime | None) -> str | None:
    return None if at is None else stamp(at)
