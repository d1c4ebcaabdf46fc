"""The languages that pages and mails speak, and who is spoken to in which.

Texts stand in the code and the templates in English. ``mark`` (in Python) and ``_`` (in a template) name them for
the catalogues in ``server/locale/``, one ``.po`` file a language, which are read once, when somebody first needs
them. What a catalogue lacks is said in English. The language of the page that is being made is in ``speaking``:
it is set around the making alone, never across a wait, so nobody is ever spoken to in a neighbour's language.
"""

from __future__ import annotations

import io
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files

from babel import Locale
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal

LANGUAGES = {"en": "English", "de": "Deutsch", "es": "Español", "fr": "Français", "ar": "العربية"}
"""Those that there are, each by its own name."""

REGIONS = {"en": "en_GB"}
"""Whose dates and numbers, where the language alone does not say: the day before the month, 24 hours."""

DEFAULT = "en"
ACCEPTED_MAX = 20
"""Of the languages that a browser names, so many are looked at."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """A language: its texts, and how it writes dates and numbers. ``direction``: ``ltr`` or ``rtl``."""

    code: str
    texts: NullTranslations
    locale: Locale

    @property
    def direction(self) -> str:
        return self.locale.text_direction


@cache
def tongue(code: str) -> Tongue:
    """One of ``LANGUAGES``. Raises ``KeyError`` for any other."""
    if code not in LANGUAGES:
        raise KeyError(code)
    return Tongue(code, _catalogue(code), Locale.parse(REGIONS.get(code, code)))


def _catalogue(code: str) -> NullTranslations:
    source = files("server").joinpath("locale", f"{code}.po")
    return compiled(source.read_bytes(), code) if source.is_file() else NullTranslations()


def compiled(source: bytes, code: str) -> NullTranslations:
    """The texts of a ``.po`` file."""
    made = io.BytesIO()
    write_mo(made, read_po(io.BytesIO(source), locale=code))
    made.seek(0)
    return GNUTranslations(made)


_speaking: ContextVar[str] = ContextVar("speaking", default=DEFAULT)


@contextmanager
def speaking(code: str) -> Generator[None]:
    """Whatever is made inside is in this language."""
    before = _speaking.set(code)
    try:
        yield
    finally:
        _speaking.reset(before)


def spoken() -> Tongue:
    """The language that is spoken just now."""
    return tongue(_speaking.get())


class Told(str):
    """A sentence that is marked: in English as it stands, and with its parts for whoever says it in another language.

    So it passes through everything that a sentence passes through, to a log, into JSON, to a page.
    """

    text: str
    values: Mapping[str, object]

    def __new__(cls, text: str, values: Mapping[str, object]) -> Told:
        plain = text % {name: _plainly(v) for name, v in values.items()} if values else text
        made = super().__new__(cls, plain)
        made.text, made.values = text, values
        return made


def _plainly(value: object) -> object:
    return f"{value:,}" if isinstance(value, int) else value


def mark(text: str, **values: object) -> Told:
    """The same text: its place in the catalogue is made by the one who reads the code. ``values`` fill places such as
    ``%(most)s``, in each language where it wants them; numbers as it writes them. A value that is marked is said too.
    """
    return text if isinstance(text, Told) else Told(text, values)


def joined(*sentences: str) -> Told:
    """One after the other, each to be said by itself. Empty ones are left out."""
    parts = {f"s{at}": sentence for at, sentence in enumerate(sentences) if sentence}
    return Told(" ".join(f"%({name})s" for name in parts), parts)


def gettext(text: str) -> str:
    """A marked text in the language that is spoken."""
    if not isinstance(text, Told):
        return spoken().texts.gettext(text) if text else ""
    said = gettext(text.text)
    return said % {name: _spoken(v) for name, v in text.values.items()} if text.values else said


def _spoken(value: object) -> object:
    if isinstance(value, int):
        return format_decimal(value, locale=spoken().locale)
    return gettext(value) if isinstance(value, Told) else value


def ngettext(one: str, many: str, number: int) -> str:
    return spoken().texts.ngettext(one, many, number)


def pgettext(about: str, text: str) -> str:
    return spoken().texts.pgettext(about, text)


def npgettext(about: str, one: str, many: str, number: int) -> str:
    return spoken().texts.npgettext(about, one, many, number)


def accepted(header: str, offered: Sequence[str] = tuple(LANGUAGES)) -> str | None:
    """The best of ``offered`` by an ``Accept-Language`` (RFC 9110, 12.5.4; RFC 4647, 3.4), or None.

    ``de-AT`` finds ``de``. What cannot be read does not count.
    """
    wanted = (_weighed(part) for part in header.split(",")[:ACCEPTED_MAX])
    ranked = sorted((w for w in wanted if w[0] > 0), key=lambda w: -w[0])
    return next((code for _, code in ranked if code in offered), None)


def best(*wanted: str | None) -> str:
    """The first of these that is spoken here, else English. ``de-AT`` finds ``de``."""
    codes = ((code or "").partition("-")[0].lower() for code in wanted)
    return next((code for code in codes if code in LANGUAGES), DEFAULT)


def _weighed(part: str) -> tuple[float, str]:
    name, _, parameter = part.strip().partition(";")
    code = name.strip().partition("-")[0].lower()
    quality = parameter.strip().removeprefix("q=") if parameter else "1"
    try:
        return min(float(quality), 1.0), code
    except ValueError:
        return 0.0, code
