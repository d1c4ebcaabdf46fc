"""``python -m server.texts``: gathers every text that people read, for those who translate.

What templates and Python name for the catalogues goes into ``server/locale/beckon.pot``. ``python -m server.texts de``
brings that into the file of a language, too: new texts without a translation, and none that nobody says any more.
So who adds a text touches the template alone, and who translates their own file. Nothing in these files changes from
one run to the next but texts: they are sorted, and have neither dates nor line numbers.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeAlias

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po, write_po

from server import pages

SERVER = Path(__file__).parent
LOCALE = SERVER / "locale"
TEMPLATE = LOCALE / "beckon.pot"
WIDTH = 100
KEYWORDS = {
    "mark": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "_": None,
}
"""Which arguments of these functions are texts, as Babel writes it."""

Said: TypeAlias = str | tuple[str | None, ...]

PLURALS = {
    "ar": (
        "nplurals=6; plural=(n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 ? 4 : 5);"
    ),
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
}
"""Which form goes with which number, in the order of the Unicode plural rules: zero, one, two, few, many, other."""

ERRORS = (
    *("Invalid", "BadRequest", "Unauthenticated", "Forbidden", "NotFound", "GoneError", "Conflict"),
    *("TooMany", "Unavailable"),
)
SAYING = {**KEYWORDS, "_refused": (2,), **dict.fromkeys(ERRORS)}
"""Of Python's, where a person may meet an error on a page. What only a program or the command line is told stays
in English."""
ENGLISH = {
    *("activitypub", "api", "arriving", "cli", "demo", "render", "stream.py"),
    *("backup.py", "commands.py", "host_commands.py", "processes.py", "proxy.py", "run.py"),
}
"""What tells errors to programs, and to who types commands."""

HEADER = """\
msgid ""
msgstr ""
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"""
PLURAL_HEADER = '"Language: {language}\\n"\n"Plural-Forms: {plurals}\\n"\n'


def gathered() -> Catalog:
    """Every text of the code as it is."""
    found = Catalog(charset="utf-8")
    for source in sorted((SERVER / "templates").iterdir()):
        _gather(found, source, _of_template, KEYWORDS)
    for source in sorted(SERVER.rglob("*.py")):
        english = source.relative_to(SERVER).parts[0] in ENGLISH
        _gather(found, source, "python", KEYWORDS if english else SAYING)
    return found


def _gather(found: Catalog, source: Path, method: Any, keywords: Mapping[str, Any]) -> None:
    with source.open("rb") as file:
        for _, text, _, context in extract(method, file, keywords):
            found.add(text, context=context)


def _of_template(
    file: IO[bytes], *_: object, **__: object
) -> Iterator[tuple[int, str, Said, list[str]]]:
    """As Babel wants it: line, function, its arguments, remarks."""
    for line, function, said in pages.texts(file.read().decode()):
        yield line, function, said, []


def known(language: str) -> Catalog:
    """The catalogue of a language as it is kept; where there is none yet, an empty one."""
    source = LOCALE / f"{language}.po"
    kept = source.read_bytes() if source.is_file() else _header(language)
    return read_po(io.BytesIO(kept), locale=language)


def written(catalogue: Catalog, language: str = "") -> bytes:
    """The file of a catalogue; without ``language`` the template of them all."""
    body = io.BytesIO()
    write_po(
        body, catalogue, width=WIDTH, no_location=True, omit_header=True, sort_output=True,
        ignore_obsolete=True,
    )  # fmt: skip
    return _header(language) + b"\n" + body.getvalue().rstrip() + b"\n"


def _header(language: str) -> bytes:
    special = PLURAL_HEADER.format(language=language, plurals=PLURALS[language]) if language else ""
    return (HEADER + special).encode()


def main(*languages: str) -> None:
    """``languages``: whose files are brought up to date, besides the template. Raises ``KeyError`` for any other."""
    template = gathered()
    LOCALE.mkdir(exist_ok=True)
    TEMPLATE.write_bytes(written(template))
    for language in languages:
        catalogue = known(language)
        catalogue.update(template, no_fuzzy_matching=True)
        (LOCALE / f"{language}.po").write_bytes(written(catalogue, language))


if __name__ == "__main__":
    main(*sys.argv[1:])
