"""Tables that people open in a spreadsheet do nothing there."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.render import spreadsheet

HARMFUL = [
    '=HYPERLINK("https://bad.example")',
    "+1",
    "-1+cmd",
    "@SUM(1)",
    "\t=1",
    " =1",
    "\uff1d1",
]


@pytest.mark.parametrize("value", HARMFUL)
def test_a_formula_is_a_text(value: str) -> None:
    assert spreadsheet.cell(value) == f"'{value}"


@pytest.mark.parametrize(
    ("value", "told"),
    [("Gardener", "Gardener"), (None, ""), (-3, "-3"), ("a=b", "a=b"), ("a\0b", "ab")],
)
def test_what_is_harmless_stays(value: object, told: str) -> None:
    assert spreadsheet.cell(value) == told


@given(
    st.lists(
        st.lists(
            st.text(st.characters(exclude_characters="\0", codec="utf-8")), min_size=2, max_size=2
        )
    )
)
def test_a_table_is_read_as_it_was_written(rows: list[list[str]]) -> None:
    body = spreadsheet.table(("a", "b"), rows)
    read = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    assert read == [["a", "b"], *([spreadsheet.cell(v) for v in row] for row in rows)]
