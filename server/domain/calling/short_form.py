"""A call as a few lines of text, so that any client can make one: what they mean, and what is wrong with them.

Pure; docs/short-form.md is the manual. The first line says kind and title, ``!call petition Keep the library`` or only
``!petition Keep the library``. Lines ``name: value`` follow, then an empty line and the text. Handles beside the first
line say for which community it is, and are no part of it. Whatever is wrong is said with the number of its line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from server import text
from server.domain.calling import kinds
from server.domain.calling.deciding import Rules
from server.domain.calling.drafting import Wanted
from server.errors import Invalid
from server.i18n import mark
from storage.calls import Details
from storage.sources import Source

FIRST = re.compile(
    r"!(?P<call>call\s+)?(?P<kind>[a-z]+)(?:/(?P<variant>[a-z]+))?(?:\s+(?P<title>\S.*))?",
    re.IGNORECASE,
)
NAMED = re.compile(r"(?P<name>[A-Za-z]+)\s*:\s*(?P<value>.*)")
ALSO = {
    "pledge": ("petition", "pledge"),
    "offer": ("need", "offer"),
    "poll": ("decision", ""),
    "consent": ("decision", "consent"),
    "score": ("decision", "score"),
    "ranked": ("decision", "ranked"),
}
"""Short names of kinds with a variant."""

FIELDS = {
    "when": "starts_at",
    "ends": "ends_at",
    "until": "closes_at",
    "timezone": "timezone",
    "where": "place_name",
    "address": "place_address",
    "places": "capacity",
    "goal": "goal",
    "options": "options",
    "quorum": "quorum",
    "threshold": "threshold",
    "link": "external_url",
    "urgent": "urgent",
    "source": "sources",
}
"""What a line may be called, and the field of a call that it says."""
LINES = {field_: name for name, field_ in FIELDS.items()}
TIME = "a time such as 2027-05-01 10:00"
TIME_OF_DAY = re.compile(r"\d{1,2}:\d{2}")


@dataclass(frozen=True, slots=True)
class Short:
    """``lines``: where each field stood, from 1."""

    wanted: Wanted
    lines: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    value: str


def is_one(typed: str) -> bool:
    """Whether a text is meant as a call: ``!call`` or a kind stands at its beginning."""
    for line in typed.splitlines():
        bare = _bare(line)
        if bare:
            first = FIRST.fullmatch(bare)
            return bool(first and (first["call"] or _is_kind(first["kind"].lower())))
    return False


def _is_kind(name: str) -> bool:
    return name in kinds.KINDS or name in ALSO


def _bare(line: str) -> str:
    return " ".join(text.HANDLE.sub(" ", text.CONTROL.sub("", line)).split())


def parse(typed: str, timezone: str, language: str | None = None) -> Short:
    """``typed``: for which ``is_one`` holds; ``timezone``: in which its times are, where it says none.

    Raises ``Invalid`` naming the line.
    """
    lines = typed.replace("\r\n", "\n").split("\n")
    start = next(at for at, line in enumerate(lines) if _bare(line))
    kind, variant, title = _first(_bare(lines[start]), start + 1)
    head, about = _parted(lines, start + 1)
    zone = _zone(head.get("timezone"), timezone)
    numbers = {FIELDS[name]: line.number for name, line in head.items()}
    wanted = Wanted(
        title=title,
        details=_details(head, zone),
        about=about,
        language=language,
        kind=kind,
        variant=variant,
        options=_options(head.get("options")),
        sources=_sources(head.get("source")),
        rules=_rules(head),
    )
    return Short(wanted, {"title": start + 1, "kind": start + 1, "variant": start + 1} | numbers)


def _fault(number: int, sentence: str) -> Invalid:
    return Invalid(
        mark("Line %(number)s: %(sentence)s", number=number, sentence=sentence), field="status"
    )


def _first(line: str, number: int) -> tuple[str, str, str]:
    first = FIRST.fullmatch(line)
    said = first["kind"].lower() if first else ""
    if first is None or not _is_kind(said):
        raise _fault(number, f"a call is one of {', '.join((*kinds.KINDS, *ALSO))}.")
    kind, variant = ALSO.get(said, (said, ""))
    variant = (first["variant"] or variant).lower()
    if variant not in kinds.variants(kind):
        known = ", ".join(v for v in kinds.variants(kind) if v) or "nothing"
        raise _fault(number, f"after {kind}/ there may be: {known}.")
    if not first["title"]:
        raise _fault(number, f"a title follows, as in !{said} Keep the library.")
    return kind, variant, first["title"].strip()


def _parted(lines: list[str], start: int) -> tuple[dict[str, _Line], str]:
    """The named lines, and the text below the empty line."""
    head: dict[str, _Line] = {}
    for at in range(start, len(lines)):
        line = lines[at].strip()
        if not line:
            return head, _about(lines[at + 1 :])
        if not _bare(line):
            continue  # a line of handles
        name, found = _named(line, at + 1)
        if name in head:
            raise _fault(
                at + 1,
                mark(
                    "%(name)s was said before, in line %(line)s.", name=name, line=head[name].number
                ),
            )
        head[name] = found
    return head, ""


def _named(line: str, number: int) -> tuple[str, _Line]:
    named = NAMED.fullmatch(line)
    if named is None:
        raise _fault(
            number, "here stands a line such as `where: Mill Bridge`; text follows an empty line."
        )
    name = named["name"].lower()
    if name not in FIELDS:
        raise _fault(number, f"there is no {name}; there are {', '.join(FIELDS)}.")
    if not named["value"].strip():
        raise _fault(number, f"nothing follows {name}.")
    return name, _Line(number, named["value"].strip())


def _about(lines: list[str]) -> str:
    """Without the handles that clients put at an end."""
    kept = [line.rstrip() for line in lines]
    while kept and not _bare(kept[-1]):
        kept.pop()
    while kept and not _bare(kept[0]):
        kept.pop(0)
    return "\n".join(kept)


def _zone(said: _Line | None, otherwise: str) -> str:
    if said is None:
        return otherwise
    try:
        return ZoneInfo(said.value).key
    except (LookupError, ValueError, OSError) as error:
        raise _fault(said.number, "a time zone is named like Europe/Rome.") from error


def _details(head: Mapping[str, _Line], zone: str) -> Details:
    starts = _time(head.get("when"), zone)
    goal, metric = _goal(head.get("goal"))
    where, address, link = (head.get(name) for name in ("where", "address", "link"))
    return Details(
        starts_at=starts,
        ends_at=_end(head.get("ends"), starts, zone),
        timezone=zone,
        place_name=where.value if where else "",
        place_address=address.value if address else "",
        capacity=_number(head.get("places")),
        external_url=link.value if link else None,
        closes_at=_time(head.get("until"), zone),
        goal=goal,
        goal_metric=metric,
        urgent=_is_urgent(head.get("urgent")),
    )


def _time(said: _Line | None, zone: str) -> datetime | None:
    if said is None:
        return None
    try:
        at = datetime.fromisoformat(said.value)
        local = at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))
        return local.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise _fault(said.number, f"here stands {TIME}.") from error


def _end(said: _Line | None, starts: datetime | None, zone: str) -> datetime | None:
    """``ends: 13:00`` is on the day on which it begins."""
    if said and starts and TIME_OF_DAY.fullmatch(said.value):
        day = starts.astimezone(ZoneInfo(zone)).date().isoformat()
        return _time(_Line(said.number, f"{day} {said.value:0>5}"), zone)
    return _time(said, zone)


def _number(said: _Line | None) -> int | None:
    if said is None:
        return None
    if not re.fullmatch(r"[0-9]{1,9}", said.value):
        raise _fault(said.number, "here stands a number such as 10.")
    return int(said.value)


def _goal(said: _Line | None) -> tuple[int | None, str]:
    """``200``, or with what is counted: ``200 signatures``."""
    if said is None:
        return None, "people"
    number, _, metric = said.value.partition(" ")
    return _number(_Line(said.number, number)), text.one_line(metric) or "people"


def _options(said: _Line | None) -> tuple[str, ...]:
    """``Mondays / Fridays``"""
    return tuple(part.strip() for part in said.value.split(" / ")) if said else ()


def _rules(head: Mapping[str, _Line]) -> Rules | None:
    """How many must answer, and which share decides; open votes are set with the rules of the call."""
    quorum, share = head.get("quorum"), head.get("threshold")
    return Rules(_number(quorum), _number(share)) if quorum or share else None


def _sources(said: _Line | None) -> tuple[Source, ...] | None:
    """``https://town.example/report The report``"""
    if said is None:
        return None
    url, _, title = said.value.partition(" ")
    return (Source(url, title),)


def _is_urgent(said: _Line | None) -> bool:
    if said is None:
        return False
    if said.value.lower() not in ("yes", "no"):
        raise _fault(said.number, "urgent is yes or no.")
    return said.value.lower() == "yes"
