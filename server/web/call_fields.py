"""The fields of the form of a call as they were typed, and how days, times and numbers in them are read.

What cannot be read is told beside its field (``CallForm.errors``), all at once. What is said in rows (shifts, questions,
what it rests on, pictures) has a field for each: ``shift_what_0`` is what is done in the first shift. Rows that are
gone leave no hole: they are counted anew each time the form comes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from server.domain.calling import kinds, questions, shifts, sources
from server.domain.calling.kinds import KINDS, Kind
from server.domain.posting import media
from server.errors import BeckonError, Invalid
from server.i18n import mark

BESIDE = {
    "starts_at": "date",
    "ends_at": "end_time",
    "closes_at": "closes_date",
    "name": "title",
    "participants_note": "note",
    "media_ids": "pictures",
    "rule": "repeats",
}
"""Where the page shows a fault that a verb found: its field has another name there."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of what can be called for. ``title`` and ``about`` are marked."""

    kind: str
    variant: str
    title: str
    about: str


CHOICES = (
    Choice("event", "", mark("An event"), mark("People come together at a time and a place.")),
    Choice("volunteer", "", mark("Helping hands"), mark("People come and help; there may be places.")),
    Choice("petition", "", mark("A petition"), mark("Many say the same, and are counted; names only by choice.")),
    Choice("petition", "pledge", mark("A pledge"), mark("People promise what they will do themselves.")),
    Choice("contact", "", mark("Letters and phone calls"), mark("People turn to somebody, each in their own words.")),
    Choice("need", "", mark("A need"), mark("Something is wanted: a van, a room, an hour of care.")),
    Choice("need", "offer", mark("An offer"), mark("Something is there for whoever needs it.")),
    Choice("donate", "", mark("A donation"), mark("People give elsewhere; here it is counted that they did.")),
    Choice("decision", "", mark("A vote"), mark("People choose one of the options.")),
    Choice("decision", "sense", mark("A sense check"), mark("How do people feel about it? Nothing is decided yet.")),
    Choice("decision", "consent", mark("Consent"), mark("It is decided when nobody has a serious objection.")),
    Choice("decision", "score", mark("Points"), mark("Each option gets 0 to 5 points.")),
    Choice("decision", "ranked", mark("Ranking"), mark("People put the options in their order.")),
    Choice("share", "", mark("Passing on"), mark("Something that as many as possible should know.")),
)  # fmt: skip


def choice(kind: str, variant: str) -> Choice | None:
    return next((c for c in CHOICES if (c.kind, c.variant) == (kind, variant)), None)


@dataclass(frozen=True, slots=True)
class Row:
    """``begin``: how many empty ones the form begins with; ``most``: how many there may be."""

    fields: tuple[str, ...]
    begin: int
    most: int


ROWS = {
    "shift": Row(("what", "date", "begins", "ends", "last", "places", "roles", "id"), 2, shifts.SHIFTS_MAX),
    "question": Row(("text", "required"), 1, questions.MOST),
    "source": Row(("url", "name"), 1, sources.MOST),
    "picture": Row(("id", "words"), 1, media.MAX_FILES),
}  # fmt: skip
GROUPS = ("shifts", "questions", "sources", "pictures")
"""What a fault in all rows together is told of."""


@dataclass(frozen=True, slots=True)
class Fixed:
    """What cannot be changed of a call that there is. ``answered``: somebody gave an answer; ``is_shift``: it is one
    of a call for volunteers; ``repeats``: it is one of a series."""

    answered: bool = False
    is_shift: bool = False
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class CallForm:
    """What was typed, and a sentence for each field that cannot stand. What was not on the page that was sent, is not
    in ``values``: the call keeps it."""

    choice: Choice
    values: Mapping[str, str]
    errors: dict[str, str] = field(default_factory=dict[str, str])
    fixed: Fixed = Fixed()

    @property
    def kind(self) -> Kind:
        return KINDS[self.choice.kind]

    @property
    def chooses(self) -> bool:
        """Whether it has options of its own."""
        return kinds.has_own_options(self.choice.kind, self.choice.variant)

    def said(self, name: str) -> str:
        """What stands in a field; "" where it was not on the page."""
        return self.values.get(name, "")

    def on(self, name: str) -> bool:
        """Whether a box is ticked."""
        return self.said(name) == "yes"

    def rows(self, key: str) -> range:
        """The numbers of the rows of one of ``ROWS``."""
        return range(count(self.values, key))

    def fills(self, *names: str) -> bool:
        """Whether something stands in one of these fields or rows, so that it is not passed over when it is folded."""
        rows = [r for r in names if r in ROWS]
        return any(self.said(n) not in ("", "no") for n in names) or any(
            not is_empty(self.values, key, at) for key in rows for at in self.rows(key)
        )

    def faulty(self, *names: str) -> bool:
        """Whether something in these fields or rows cannot stand."""
        return any(
            error in (name, f"{name}s") or (name in ROWS and error.startswith(f"{name}_"))
            for error in self.errors
            for name in names
        )

    def refuse(self, error: BeckonError) -> None:
        """Put what the verb refused beside its field."""
        named = error.field if isinstance(error, Invalid) else ""
        name = BESIDE.get(named, named)
        known = name in self.values or name in GROUPS
        self.errors[name if known else "form"] = error.sentence


def count(values: Mapping[str, str], key: str) -> int:
    of = ROWS[key]
    return next(
        (at for at in range(of.most) if f"{key}_{of.fields[0]}_{at}" not in values), of.most
    )


def is_empty(values: Mapping[str, str], key: str, at: int) -> bool:
    """Whether nobody wrote anything into a row."""
    return not any(
        values.get(f"{key}_{name}_{at}") for name in ROWS[key].fields if name != "required"
    )


def row_of(values: Mapping[str, str], key: str, at: int) -> tuple[str, ...]:
    return tuple(values.get(f"{key}_{name}_{at}", "") for name in ROWS[key].fields)


def as_rows(key: str, rows: list[tuple[str, ...]]) -> dict[str, str]:
    """The fields of these rows, as many as there may be."""
    of = ROWS[key]
    return {
        f"{key}_{name}_{at}": said
        for at, row in enumerate(rows[: of.most])
        for name, said in zip(of.fields, row, strict=True)
    }


def with_spare(key: str, rows: list[tuple[str, ...]]) -> dict[str, str]:
    """As ``as_rows``, with empty ones to write into."""
    of = ROWS[key]
    empty = [("",) * len(of.fields)] * max(1, of.begin - len(rows))
    return as_rows(key, rows + empty)


def typed_rows(key: str, sent: Mapping[str, str], press: str = "") -> dict[str, str]:
    """The rows that were sent, without holes. ``press``: the button that was pressed, ``more:shift`` or ``less:shift_2``,
    if one was."""
    of = ROWS[key]
    there = [at for at in range(of.most) if any(f"{key}_{name}_{at}" in sent for name in of.fields)]
    rows = [row_of(sent, key, at) for at in there if press != f"less:{key}_{at}"]
    if press == f"more:{key}" or (there and not rows):
        rows.append(("",) * len(of.fields))
    return as_rows(key, rows)


def zone(form: CallForm) -> ZoneInfo | None:
    name = form.values["timezone"]
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        form.errors["timezone"] = mark("Choose a time zone from the list, such as Europe/Rome.")
        return None


def moment(
    form: CallForm, where: ZoneInfo | None, date_field: str, time_field: str, days: int = 0
) -> datetime | None:
    """``days``: so many after the day in the field."""
    day, clock = date_in(form, date_field), time_in(form, time_field)
    if day is None or clock is None or where is None:
        return None
    try:
        local = datetime.combine(day + timedelta(days=days), clock, where)
        at = local.astimezone(UTC)
    except OverflowError:
        form.errors[date_field] = mark("This day is too far away.")
        return None
    if at.astimezone(where).replace(tzinfo=None) != local.replace(tzinfo=None):
        form.errors[time_field] = mark(
            "The clocks go forward then: this time does not exist on that day."
        )
        return None
    return at


def date_in(form: CallForm, name: str) -> date | None:
    try:
        return date.fromisoformat(form.values[name])
    except ValueError:
        form.errors[name] = mark("Choose a day, such as 2030-05-17.")
        return None


def time_in(form: CallForm, name: str) -> time | None:
    try:
        return time.fromisoformat(form.values[name]).replace(tzinfo=None)
    except ValueError:
        form.errors[name] = mark("Choose a time, such as 18:30.")
        return None


def number(form: CallForm, name: str, digits: int) -> int | None:
    given = form.said(name)
    if not given:
        return None
    if not given.isascii() or not given.isdigit() or len(given) > digits:
        form.errors[name] = mark("A number, such as 40, or nothing.")
        return None
    return int(given)
