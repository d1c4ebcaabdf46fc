"""Lists of hosts as files: the CSV that servers pass on to each other, and plain lists of names.

The form is Mastodon's: a first line that names the columns (``#domain``, ``#severity``, ``#reject_media``,
``#reject_reports``, ``#public_comment``, ``#obfuscate``, with or without the ``#``), of which only the domain
is needed; or no such line, and a domain on each. Empty lines and other lines that begin with ``#`` say
nothing. A name may be given as ``*.name``, as what holds for a host holds for all below it. Reading finds all
faults together, each with its line; whoever imports writes everything or nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from federation.errors import Refused
from federation.origin import canonical_host
from server.domain.moderating.host_blocks import COMMENT_MAX, SEVERITIES, Terms
from server.errors import Invalid
from storage.host_allows import HostAllow
from storage.host_blocks import HostBlock

T = TypeVar("T")

COLUMNS = ("domain", "severity", "reject_media", "reject_reports", "public_comment", "obfuscate")
MAX_BYTES = 4 * 1024 * 1024
MAX_ROWS = 50_000
FAULTS_TOLD = 20
SEVERITY = "suspend"  # of a list that says none
_FLAGS = {"true": True, "false": False, "1": True, "0": False, "": False}


class BadListError(Invalid):
    """``faults``: a sentence for each bad line, as ``line 3: …``."""

    def __init__(self, faults: Sequence[str]) -> None:
        more = len(faults) - FAULTS_TOLD
        told = [*faults[:FAULTS_TOLD], *([f"and {more} more"] if more > 0 else [])]
        super().__init__("Nothing was imported. " + "; ".join(told), field="list")
        self.faults = tuple(faults)


def blocks(text: str) -> dict[str, Terms]:
    """What a list of blocks says of each host. Raises ``BadListError``."""
    return _read(text, _terms)


def allows(text: str) -> list[str]:
    """The hosts of a list. Raises ``BadListError``."""
    return list(_read(text, lambda _row: True))


def written_blocks(rows: Iterable[HostBlock]) -> str:
    """The file that ``blocks`` reads; comments for the moderators alone are not in it."""
    return _written(
        COLUMNS,
        (
            (b.host, b.severity, _word(b.reject_media), _word(b.reject_reports), b.public_comment, _word(b.obfuscate))
            for b in rows
        ),
    )  # fmt: skip


def written_allows(rows: Iterable[HostAllow]) -> str:
    return _written(COLUMNS[:1], ((row.host,) for row in rows))


def _written(columns: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f"#{name}" for name in columns])
    writer.writerows(rows)
    return out.getvalue()


def _word(value: bool) -> str:
    return "true" if value else "false"


def _read(text: str, value: Callable[[Mapping[str, str]], T]) -> dict[str, T]:
    found: dict[str, T] = {}
    faults: list[str] = []
    for line, row in _rows(text):
        try:
            host = _host(row.get("domain", ""))
            if host in found:
                raise ValueError(f"{host} stands here twice")
            found[host] = value(row)
        except ValueError as fault:
            faults.append(f"line {line}: {fault}")
    if faults:
        raise BadListError(faults)
    return found


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Each row with the number of its last line. Raises ``BadListError`` for what is no such list at all."""
    if len(text) > MAX_BYTES:
        raise BadListError([f"the list is longer than {MAX_BYTES} characters"])
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff").replace("\0", "")), strict=True)
    columns, count = COLUMNS[:1], 0
    try:
        for cells in reader:
            named = [cell.strip().removeprefix("#").lower() for cell in cells]
            if not count and "domain" in named:
                columns, count = tuple(named), 1
            elif cells and cells[0].strip() and not cells[0].startswith("#"):
                count += 1
                yield reader.line_num, dict(zip(columns, map(str.strip, cells), strict=False))
            if count > MAX_ROWS:
                raise BadListError([f"the list has more than {MAX_ROWS} rows"])
    except csv.Error as error:
        raise BadListError([f"line {reader.line_num}: {error}"]) from error


def host_named(text: str) -> str:
    """One host. Raises ``Invalid``."""
    try:
        return _host(text.strip())
    except ValueError as error:
        raise Invalid(f"{error}.".capitalize(), field="domain") from error


def _host(text: str) -> str:
    """Raises ``ValueError``, also for a name that its writers have half hidden."""
    try:
        host = canonical_host(text.removeprefix("*."))
    except Refused as error:
        raise ValueError(f"{text[:100]!r} is no domain") from error
    if "." not in host:
        raise ValueError(f"{text[:100]!r} is no domain")
    return host


def _terms(row: Mapping[str, str]) -> Terms:
    severity = row.get("severity", "").lower() or SEVERITY
    if severity not in SEVERITIES:
        raise ValueError(f"the severity {severity[:100]!r} is none of {', '.join(SEVERITIES)}")
    comment = row.get("public_comment", "")
    if len(comment) > COMMENT_MAX:
        raise ValueError(f"a comment has at most {COMMENT_MAX} characters")
    return Terms(
        severity,
        _flag(row, "reject_media"),
        _flag(row, "reject_reports"),
        public_comment=comment,
        obfuscate=_flag(row, "obfuscate"),
    )


def _flag(row: Mapping[str, str], name: str) -> bool:
    said = row.get(name, "").lower()
    if said not in _FLAGS:
        raise ValueError(f"{name} is true or false, not {said[:100]!r}")
    return _FLAGS[said]
