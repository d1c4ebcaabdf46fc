"""The format of a template: the beginning of a call, for somebody to fill in (docs/templates.md).

Pure: JSON of whoever wrote it into a ``Template`` or ``Invalid``, and back. A template has a title and a text
with named places to fill (``{meeting_point}``), and values that the form of such a call begins with. What
each kind of call may begin with stands in ``DEFAULTS``. The templates that come with Beckon are written in
the same format (``ready_made.json``) and read by the same reader.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import cast

import orjson

from server import text
from server.domain.calling import kinds
from server.domain.calling.deciding import QUORUM_MAX
from server.errors import Invalid
from server.i18n import mark

FORMAT = "beckon/call-template"
VERSION = 1
"""Of the format. A reader refuses what is newer than itself."""

MAX_BYTES = 64 * 1024
NAME_MAX, TITLE_MAX, TEXT_MAX, ABOUT_MAX = 100, 200, 5_000, 500  # characters
PLACES_MAX = 12

KINDS: Mapping[str, tuple[str, ...]] = {name: kinds.variants(name) for name in kinds.KINDS}
"""Each kind of call with its variants."""

_UNTIL = {"closes_in_days": (1, 366)}
_GOAL = _UNTIL | {"goal": (1, 100_000_000)}
_TIME = {"duration_minutes": (5, 14 * 24 * 60), "capacity": (1, 1_000_000)}
DEFAULTS: Mapping[str, Mapping[str, tuple[int, int]]] = {
    "event": _TIME,
    "volunteer": _TIME,
    "petition": _GOAL,
    "contact": _GOAL,
    "need": _GOAL | {"capacity": (1, 1_000_000)},
    "donate": _GOAL,
    "decision": _UNTIL | {"quorum": (1, QUORUM_MAX), "threshold": (1, 100)},
    "share": _GOAL,
}
"""The numbers that a call of each kind may begin with, from and to. A decision has ``options`` besides."""

PLACE_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
PLACE = re.compile(r"\{(" + PLACE_NAME.pattern + r")\}")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")


@dataclass(frozen=True, slots=True)
class Place:
    """Something to fill in: ``label`` asks for it, ``example`` answers."""

    name: str
    label: str
    example: str


@dataclass(frozen=True, slots=True)
class Template:
    """``name`` and ``about`` are of the template; ``title`` and ``text`` become the call's."""

    kind: str
    variant: str
    name: str
    about: str
    language: str | None
    title: str
    text: str
    places: tuple[Place, ...]
    defaults: Mapping[str, int]
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """What the form of a call begins with. ``missing``: places that nobody filled, left as they are."""

    title: str
    text: str
    missing: tuple[str, ...]


def read(document: object) -> Template:
    """Raises ``Invalid``, which names the field."""
    sent = _object(document, "A template")
    if sent.get("format") != FORMAT:
        raise Invalid(
            mark('This is no template of a call: its format is not "%(format)s".', format=FORMAT),
            field="format",
        )
    version = sent.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise Invalid("A template says which version of the format it has.", field="version")
    if version > VERSION:
        raise Invalid(
            mark(
                "This template has version %(version)s of the format; this server reads %(own)s.",
                version=version,
                own=VERSION,
            ),
            field="version",
        )
    return of_fields(sent)


def of_fields(sent: Mapping[str, object]) -> Template:
    """The template that these fields describe, whatever format they came in. Raises ``Invalid``."""
    kind, variant = _kind(sent)
    template = Template(
        kind=kind,
        variant=variant,
        name=_line(sent, "name", NAME_MAX, required=True),
        about=_line(sent, "about", ABOUT_MAX),
        language=_language(sent),
        title=_line(sent, "title", TITLE_MAX, required=True),
        text=_text(sent),
        places=_places(sent),
        defaults=_defaults(sent, kind),
        options=_options(sent, kind),
    )
    _check_places(template)
    return template


def write(template: Template) -> dict[str, object]:
    """As ``read`` reads it."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": template.kind,
        "variant": template.variant,
        "name": template.name,
        "about": template.about,
        "language": template.language,
        "title": template.title,
        "text": template.text,
        "places": [
            {"name": p.name, "label": p.label, "example": p.example} for p in template.places
        ],
        "defaults": dict(template.defaults),
        "options": list(template.options),
    }


def fill(template: Template, given: Mapping[str, str]) -> Filled:
    """The words of a call. What is filled in is not looked through for places again."""
    known = {
        p.name: given[p.name].strip() for p in template.places if given.get(p.name, "").strip()
    }

    def put(found: re.Match[str]) -> str:
        return known.get(found[1], found[0])

    missing = tuple(p.name for p in template.places if p.name not in known)
    return Filled(PLACE.sub(put, template.title), PLACE.sub(put, template.text), missing)


@cache
def ready_made() -> Mapping[str, Template]:
    """Those that come with Beckon, by the name that stands in their address."""
    written = Path(__file__).with_name("ready_made.json").read_bytes()
    return {key: read(each) for key, each in _object(orjson.loads(written), "").items()}


def _object(value: object, what: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise Invalid(mark("%(what)s is a JSON object.", what=what))
    return cast("dict[str, object]", value)


def _kind(sent: Mapping[str, object]) -> tuple[str, str]:
    kind, variant = sent.get("kind"), sent.get("variant") or ""
    if not isinstance(kind, str) or kind not in KINDS:
        raise Invalid(
            mark("A template is for one of these calls: %(known)s.", known=", ".join(KINDS)),
            field="kind",
        )
    if variant not in KINDS[kind]:
        raise Invalid(mark("There is no such kind of %(kind)s.", kind=kind), field="variant")
    return kind, cast("str", variant)


def _line(sent: Mapping[str, object], name: str, most: int, *, required: bool = False) -> str:
    value = sent.get(name) or ""
    line = text.one_line(value, most + 1) if isinstance(value, str) else None
    if line is None or len(line) > most or (required and not line):
        raise Invalid(
            mark(
                "%(name)s is one line of %(what)s to %(most)s characters.",
                name=name,
                what=int(required),
                most=most,
            ),
            field=name,
        )
    return line


def _text(sent: Mapping[str, object]) -> str:
    value = sent.get("text") or ""
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise Invalid(mark("text has at most %(most)s characters.", most=TEXT_MAX), field="text")
    return text.CONTROL.sub("", value).replace("\r\n", "\n").strip("\n")


def _language(sent: Mapping[str, object]) -> str | None:
    value = sent.get("language") or None
    if value is not None and not (isinstance(value, str) and LANGUAGE.fullmatch(value)):
        raise Invalid("A language is a code such as en or pt-BR (BCP 47).", field="language")
    return value


def _list(sent: Mapping[str, object], name: str) -> list[object]:
    value: object = sent.get(name) or []
    if not isinstance(value, list):
        raise Invalid(mark("%(name)s is a list.", name=name), field=name)
    return cast("list[object]", value)


def _places(sent: Mapping[str, object]) -> tuple[Place, ...]:
    listed = _list(sent, "places")
    if len(listed) > PLACES_MAX:
        raise Invalid(
            mark("A template has at most %(most)s places to fill.", most=PLACES_MAX), field="places"
        )
    found = tuple(_place(each) for each in listed)
    if len({place.name for place in found}) < len(found):
        raise Invalid("Two places have the same name.", field="places")
    return found


def _place(value: object) -> Place:
    sent = _object(value, "A place to fill")
    name = sent.get("name")
    if not isinstance(name, str) or not PLACE_NAME.fullmatch(name):
        raise Invalid("A place has a name like meeting_point.", field="places")
    label = _line(sent, "label", NAME_MAX) or name.replace("_", " ").capitalize()
    return Place(name, label, _line(sent, "example", TITLE_MAX))


def _defaults(sent: Mapping[str, object], kind: str) -> Mapping[str, int]:
    given = _object(sent.get("defaults") or {}, "defaults")
    return {name: _number(kind, name, value) for name, value in given.items()}


def _number(kind: str, name: str, value: object) -> int:
    if name not in DEFAULTS[kind]:
        known = ", ".join(DEFAULTS[kind])
        raise Invalid(
            mark(
                "A %(kind)s may begin with %(known)s, not with %(what)s.",
                kind=kind,
                known=known,
                what=name[:40],
            ),
            field="defaults",
        )
    low, high = DEFAULTS[kind][name]
    number = _whole(value)
    if number is None or not low <= number <= high:
        raise Invalid(
            mark(
                "%(name)s is a whole number from %(low)s to %(high)s.",
                name=name,
                low=low,
                high=high,
            ),
            field="defaults",
        )
    return number


def _whole(value: object) -> int | None:
    """Forms send numbers as text."""
    if isinstance(value, str):
        return int(value) if value.isascii() and value.isdigit() and len(value) < 12 else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _options(sent: Mapping[str, object], kind: str) -> tuple[str, ...]:
    listed = [each for each in _list(sent, "options") if isinstance(each, str)]
    if len(listed) < len(_list(sent, "options")):
        raise Invalid("options is a list of texts.", field="options")
    found = tuple(text.one_line(each) for each in listed)
    low, high = kinds.OPTIONS_MIN, kinds.OPTIONS_MAX
    if found and (kind != "decision" or not low <= len(set(found)) == len(found) <= high):
        raise Invalid(
            mark("A decision has %(low)s to %(high)s different options.", low=low, high=high),
            field="options",
        )
    if not all(0 < len(each) <= kinds.OPTION_LENGTH for each in found):
        raise Invalid(
            mark("An option has 1 to %(most)s characters.", most=kinds.OPTION_LENGTH),
            field="options",
        )
    return found


def _check_places(template: Template) -> None:
    """Whatever is to be filled has a name that is known, so that nobody publishes a hole."""
    named = {place.name for place in template.places}
    used = set(PLACE.findall(template.title)) | set(PLACE.findall(template.text))
    if used - named:
        raise Invalid(
            mark("Nothing is said of {%(what)s} in places.", what=min(used - named)), field="places"
        )
    if named - used:
        raise Invalid(
            mark("{%(what)s} stands nowhere in title or text.", what=min(named - used)),
            field="places",
        )
