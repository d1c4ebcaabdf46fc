"""CSV (RFC 4180) for people who open it in a spreadsheet, which takes some texts for formulas.

A cell that begins with what starts a formula is preceded by an apostrophe, as OWASP advises (CSV injection):
names come from strangers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet reads as the beginning of a formula, in full width too."""


def cell(value: object) -> str:
    """A value as a cell that says what it is and does nothing; None is empty, numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return str(value)
    said = str(value).replace("\0", "")
    return f"'{said}" if said.lstrip(" ").startswith(FORMULA) else said


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    """UTF-8 with a byte order mark, without which Excel reads another encoding."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows([cell(value) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()
