"""What an organiser asks of a call, before anything is written: pure checks that name the field."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from zoneinfo import available_timezones

from server import text
from server.domain.calling import deciding, guests, kinds, next_steps, online, questions, shifts
from server.domain.calling import sources as source_verbs
from server.domain.calling.deciding import Rules
from server.domain.calling.questions import Asked
from server.domain.calling.shifts import Shift
from server.domain.tx import Tx
from server.errors import Invalid
from server.i18n import mark
from storage.calls import Details
from storage.next_steps import Next
from storage.online import Online
from storage.sources import Source

ABOUT_MAX = 5000
TITLE_MIN, TITLE_MAX = 3, 200
"""What Mobilizon takes (lib/mobilizon/events/event.ex, validate_lengths)."""
YEARS = (1900, 9000)
"""Far enough from the ends of the calendar that every zone has such a time."""
GOAL_MAX = 1_000_000_000
METRIC_MAX = 40
URL_MAX = 2000
NOTE_MAX = 2000
NOTED = ("event", "volunteer", "need")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an organiser fills in: four fields at most are required (kind, title, time, place).

    ``variant``: as ``kinds.variants`` names them. ``options``: of a decision whose answers are its own.
    ``shifts``: of a call for volunteers, None to leave them as they are; ``note``: what only those are told who
    take part, None to leave it; ``questions``: what they are asked, None to leave them; ``may_be_started``: by other
    communities in their town, None to leave it. ``sources``: what it rests on, None to leave them; ``online``: where
    one takes part from afar, None to leave it, with an empty address to take it away; ``media_ids``: its pictures,
    None to leave them; ``next``: what whoever has answered may do then, None to leave it. ``rules``: by which a decision
    comes out, None to leave them; ``secret_until_closed``: nobody sees before how many gave which answer to a decision,
    None to leave it.
    """

    title: str
    details: Details
    about: str = ""
    language: str | None = None
    kind: str = "event"
    variant: str = ""
    options: tuple[str, ...] = ()
    shifts: tuple[Shift, ...] | None = None
    note: str | None = None
    questions: tuple[Asked, ...] | None = None
    may_be_started: bool | None = None
    sources: tuple[Source, ...] | None = None
    next: Next | None = None
    online: Online | None = None
    media_ids: tuple[int, ...] | None = None
    rules: Rules | None = None
    secret_until_closed: bool | None = None


def check(wanted: Wanted) -> None:
    """Raises ``Invalid`` naming the field."""
    title = text.one_line(wanted.title)
    if not title:
        raise Invalid("A call needs a title.", field="title")
    if not TITLE_MIN <= len(title) <= TITLE_MAX:
        raise Invalid(
            mark("A title has %(least)s to %(most)s characters.", least=TITLE_MIN, most=TITLE_MAX),
            field="title",
        )
    if len(wanted.about) > ABOUT_MAX:
        raise Invalid(
            mark("The text has at most %(most)s characters.", most=ABOUT_MAX), field="about"
        )
    shifts.check(wanted.kind, wanted.shifts or ())
    _check_note(wanted)
    source_verbs.cleaned(wanted.sources or ())
    next_steps.check(wanted.next or Next(None, None))
    online.check(wanted.kind, wanted.online or Online(""))
    questions.clean(wanted.questions or ())
    _check_kind(wanted)
    _check_time(wanted.details)
    _check_place(wanted.details)
    _check_numbers(wanted.details)
    guests.check(wanted.kind, wanted.details)
    _check_rules(wanted)


def _check_rules(wanted: Wanted) -> None:
    if wanted.rules and wanted.kind != "decision":
        raise Invalid("Only a decision has such rules.", field="rules")
    deciding.check(wanted.rules or Rules())


def _check_note(wanted: Wanted) -> None:
    if wanted.note and wanted.kind not in NOTED:
        raise Invalid(
            "Such a call tells those who take part nothing else.", field="participants_note"
        )
    if wanted.note and len(wanted.note) > NOTE_MAX:
        raise Invalid(
            mark("It has at most %(most)s characters.", most=NOTE_MAX), field="participants_note"
        )


def _check_kind(wanted: Wanted) -> None:
    kind = kinds.KINDS.get(wanted.kind)
    if kind is None:
        raise Invalid(
            mark("A call is one of: %(known)s.", known=", ".join(kinds.KINDS)), field="kind"
        )
    known = kinds.variants(wanted.kind)
    if wanted.variant not in known:
        named = ", ".join(v for v in known if v)
        raise Invalid(
            mark("A call of the kind %(kind)s may be: %(known)s.", kind=wanted.kind, known=named)
            if named
            else mark("A call of the kind %(kind)s has no variants.", kind=wanted.kind),
            field="variant",
        )
    timed = wanted.details.starts_at is not None
    if kind.timed and not timed:
        raise Invalid("It needs a time: starts_at.", field="starts_at")
    if timed and not kind.timed:
        raise Invalid("Nobody comes to such a call: closes_at says its end.", field="starts_at")
    if kind.linked and not wanted.details.external_url:
        raise Invalid("It needs the address where one gives: external_url.", field="external_url")
    if wanted.secret_until_closed and wanted.kind != "decision":
        raise Invalid("Only a decision keeps its counts secret.", field="secret_until_closed")
    if wanted.details.capacity is not None and not kind.places:
        raise Invalid("Such a call has no places.", field="capacity")
    _check_options(wanted)


def _check_options(wanted: Wanted) -> None:
    own = kinds.has_own_options(wanted.kind, wanted.variant)
    if wanted.options and not own:
        raise Invalid("The answers of such a call are given.", field="options")
    if not own:
        return
    titles = [text.one_line(title) for title in wanted.options]
    if not kinds.OPTIONS_MIN <= len(titles) <= kinds.OPTIONS_MAX:
        raise Invalid(
            mark(
                "It needs %(least)s to %(most)s options.",
                least=kinds.OPTIONS_MIN,
                most=kinds.OPTIONS_MAX,
            ),
            field="options",
        )
    if not all(0 < len(title) <= kinds.OPTION_LENGTH for title in titles):
        raise Invalid(
            mark("An option has 1 to %(most)s characters.", most=kinds.OPTION_LENGTH),
            field="options",
        )
    if len({title.casefold() for title in titles}) < len(titles):
        raise Invalid("Two options are the same.", field="options")


def _check_time(details: Details) -> None:
    if details.ends_at and details.starts_at and details.ends_at < details.starts_at:
        raise Invalid("It ends before it begins.", field="ends_at")
    if details.ends_at and not details.starts_at:
        raise Invalid("What has no beginning has no end: closes_at.", field="ends_at")
    last = details.ends_at or details.starts_at
    if details.closes_at and last and details.closes_at > last:
        raise Invalid("Answers cannot count after it is over.", field="closes_at")
    for name in ("starts_at", "ends_at", "closes_at"):
        at = getattr(details, name)
        if at and not YEARS[0] <= at.year <= YEARS[1]:
            raise Invalid(
                mark(
                    "A time is in the years %(first)s to %(last)s.",
                    first=str(YEARS[0]),
                    last=str(YEARS[1]),
                ),
                field=name,
            )
    if details.timezone not in _zones():
        raise Invalid(
            mark(
                "There is no time zone %(timezone)s; one is named like Europe/Rome.",
                timezone=repr(details.timezone),
            ),
            field="timezone",
        )


@cache
def _zones() -> frozenset[str]:
    """Names that mean the same everywhere. PostgreSQL, which counts days by them, knows no other."""
    return frozenset(available_timezones() - {"localtime"})


def _check_place(details: Details) -> None:
    if (details.latitude is None) != (details.longitude is None):
        raise Invalid("Latitude and longitude go together.", field="latitude")
    if details.latitude is not None and not -90 <= details.latitude <= 90:
        raise Invalid("The latitude is between -90 and 90 degrees.", field="latitude")
    if details.longitude is not None and not -180 <= details.longitude <= 180:
        raise Invalid("The longitude is between -180 and 180 degrees.", field="longitude")


def _check_numbers(details: Details) -> None:
    if details.capacity is not None and not 0 < details.capacity <= 1_000_000:
        raise Invalid("The number of places is 1 to 1,000,000.", field="capacity")
    if details.goal is not None and not 0 < details.goal <= GOAL_MAX:
        raise Invalid(mark("A goal is 1 to %(most)s.", most=GOAL_MAX), field="goal")
    if not 0 < len(text.one_line(details.goal_metric)) <= METRIC_MAX:
        raise Invalid(
            mark("What is counted has 1 to %(most)s characters.", most=METRIC_MAX),
            field="goal_metric",
        )
    if details.external_url is not None and not source_verbs.is_web(details.external_url):
        raise Invalid("An address is like https://example.org/give.", field="external_url")


def require_ahead(tx: Tx, details: Details) -> None:
    """Raises ``Invalid`` for what is over already."""
    if details.starts_at and details.starts_at <= tx.now:
        raise Invalid("The event begins in the past.", field="starts_at")
    if details.closes_at and details.closes_at <= tx.now:
        raise Invalid("It would be closed already.", field="closes_at")
