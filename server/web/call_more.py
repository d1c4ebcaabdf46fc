"""What the form of a call asks beyond the first sight: rows and small choices, read into what a ``Wanted`` says of them.

None is what was not on the page that was sent: the call keeps it. A fault is told beside its own field, as far as the
verbs that check it can be asked of one row alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from server import ids
from server.domain.calling import commitments, next_steps, online, questions, shifts, sources
from server.domain.calling.deciding import Rules
from server.domain.calling.questions import Asked
from server.domain.calling.shifts import Shift
from server.errors import Invalid
from server.i18n import mark
from server.web.call_fields import CallForm, is_empty, moment, number, row_of
from storage.next_steps import Next
from storage.online import Online
from storage.shift_roles import Role
from storage.sources import Source

T = TypeVar("T")

ROLE = re.compile(r"(?P<name>.+?)\s*[:,]\s*(?P<places>\d{1,5})\s*(\((?P<skill>.*)\))?")
"""A line such as ``Cook: 2 (first aid)``."""
ROLE_LINE = mark("One in each line, with how many: Cook: 2")


def _checked(form: CallForm, name: str, found: T, check: Callable[[T], object]) -> T:
    """With a fault of it told beside the field."""
    try:
        check(found)
    except Invalid as error:
        form.errors.setdefault(name, error.sentence)
    return found


def _filled(form: CallForm, key: str) -> list[int]:
    return [at for at in form.rows(key) if not is_empty(form.values, key, at)]


def read_sources(form: CallForm) -> tuple[Source, ...] | None:
    if not form.rows("source"):
        return None
    return tuple(_source(form, at) for at in _filled(form, "source"))


def _source(form: CallForm, at: int) -> Source:
    url, name = row_of(form.values, "source", at)
    return _checked(
        form, f"source_url_{at}", Source(url, name), lambda one: sources.cleaned((one,))
    )


def read_questions(form: CallForm) -> tuple[Asked, ...] | None:
    if not form.rows("question"):
        return None
    return tuple(_question(form, at) for at in _filled(form, "question"))


def _question(form: CallForm, at: int) -> Asked:
    said, required = row_of(form.values, "question", at)
    asked = Asked(said, required == "yes")
    return _checked(form, f"question_text_{at}", asked, lambda one: questions.clean((one,)))


def read_shifts(form: CallForm, where: ZoneInfo | None) -> tuple[Shift, ...] | None:
    if not form.rows("shift"):
        return None
    return tuple(_shift(form, at, where) for at in _filled(form, "shift"))


def _shift(form: CallForm, at: int, where: ZoneInfo | None) -> Shift:
    what, _, begins, ends, _, _, roles, kept = row_of(form.values, "shift", at)
    day = f"shift_date_{at}" if form.values[f"shift_date_{at}"] else "date"
    starts = moment(form, where, day, f"shift_begins_{at}")
    found = Shift(
        what,
        starts,
        _ends(form, at, where, day, overnight=ends < begins) if ends else None,
        number(form, f"shift_places_{at}", 5),
        _roles(form, f"shift_roles_{at}", roles),
        id=ids.parse(kept) if kept else None,
    )
    if starts is None:  # its fault is told already
        return found
    return _checked(form, f"shift_what_{at}", found, lambda one: shifts.check("volunteer", (one,)))


def _ends(
    form: CallForm, at: int, where: ZoneInfo | None, day: str, *, overnight: bool
) -> datetime | None:
    """An hour before the beginning is of the next day."""
    if form.values[f"shift_last_{at}"]:
        return moment(form, where, f"shift_last_{at}", f"shift_ends_{at}")
    return moment(form, where, day, f"shift_ends_{at}", days=1 if overnight else 0)


def _roles(form: CallForm, name: str, lines: str) -> tuple[Role, ...]:
    found = [ROLE.fullmatch(line.strip()) for line in lines.splitlines() if line.strip()]
    if not all(found):
        form.errors[name] = ROLE_LINE
    return tuple(
        Role(0, each["name"], at, int(each["places"]), each["skill"] or "")
        for at, each in enumerate(found)
        if each
    )


def role_lines(roles: Sequence[Role]) -> str:
    """As they are typed."""
    return "\n".join(
        f"{role.name}: {role.places}" + (f" ({role.skill})" if role.skill else "") for role in roles
    )


def read_online(form: CallForm) -> Online | None:
    if "online_url" not in form.values:
        return None
    place = Online(form.said("online_url"), form.on("online_for_participants"))
    return _checked(form, "online_url", place, lambda one: online.check(form.choice.kind, one))


def read_next(form: CallForm) -> Next | None:
    if "next_url" not in form.values:
        return None
    chosen = form.said("next_call_id")
    call_id = ids.parse(chosen)
    if chosen and call_id is None:
        form.errors["next_call_id"] = mark("Choose one of these.")
    return _checked(
        form, "next_url", Next(call_id, form.said("next_url") or None), next_steps.check
    )


def read_rules(form: CallForm) -> Rules | None:
    if "quorum" not in form.values or form.choice.kind != "decision":
        return None
    return Rules(number(form, "quorum", 7), number(form, "threshold", 3), form.on("open_votes"))


def read_pictures(form: CallForm) -> tuple[int, ...] | None:
    """Those that were taken in already, each with its words."""
    if not form.rows("picture"):
        return None
    found = [_picture(form, at) for at in _filled(form, "picture")]
    return tuple(each for each in found if each is not None)


def _picture(form: CallForm, at: int) -> int | None:
    kept, words = row_of(form.values, "picture", at)
    number = ids.parse(kept)
    if number is None:
        form.errors.setdefault(f"picture_file_{at}", mark("Choose the picture that this is about."))
    elif not words:
        form.errors[f"picture_words_{at}"] = mark("Say in words what the picture shows.")
    return number


def read_category(form: CallForm) -> str | None:
    """Of what is needed or offered, where that was said; it is no part of a ``Wanted``."""
    if form.choice.kind != "need" or not form.said("category"):
        return None
    return _checked(form, "category", form.said("category"), commitments.known)


def read_flag(form: CallForm, name: str) -> bool | None:
    return form.on(name) if name in form.values else None


def degrees(form: CallForm, name: str) -> float | None:
    given = form.said(name).replace(",", ".")
    if not given:
        return None
    try:
        found = float(given)
    except ValueError:
        found = 1000.0
    if not -180 <= found <= 180:  # nor what is no number
        form.errors[name] = mark("A number of degrees, such as 45.07.")
        return None
    return found
