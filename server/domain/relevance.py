"""What of the activities that wait for a host is still worth sending when it comes back.

Each activity of ours is marked as it is stored: what it does, and about what. While a host takes nothing, its
lane is cleared by these marks (``storage/outbox.py``), for each inbox and each actor:

* of a thing, only the last Update, and of a featured collection only the last Add or Remove;
* of a thing that was deleted, only the Delete: whoever never had it takes no harm, and whoever has it from
  somebody else, or half got it, must hear;
* what was undone goes with its Undo; but where it was sent once without an answer, the Undo stays.

An Announce of an activity means for a group's followers what the activity means: it is marked as that, with
``Announce`` before. The counts of calls and polls are Updates, so that only the last of them is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Mark:
    """``kind``: such as ``Update`` or ``Announce Update``. ``about``: what supersedes each other, or ""."""

    kind: str
    about: str


def mark(document: Mapping[str, Any]) -> Mark:
    """The mark of an activity as it leaves."""
    kind: str = document["type"]
    inner: Any = document.get("object")
    if kind == "Announce" and isinstance(inner, dict) and "actor" in inner:
        passed_on = mark(inner)  # pyright: ignore[reportUnknownArgumentType]
        return Mark(f"Announce {passed_on.kind}", passed_on.about)
    if kind in ("Create", "Update", "Delete", "Undo"):
        return Mark(kind, _id(inner))
    if kind in ("Add", "Remove"):
        return Mark(kind, f"{_id(document.get('target'))} {_id(inner)}")
    return Mark(kind, str(document["id"]))


def _id(value: Any) -> str:
    found = value.get("id") if isinstance(value, dict) else value  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return found if isinstance(found, str) else ""
