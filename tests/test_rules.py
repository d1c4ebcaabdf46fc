"""The ten rules stand where ARCHITECTURE.md says, and the budgets are those that FEDERATION.md tells."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from server.arriving import arrivals, attempts, budgets

ROOT = Path(__file__).parent.parent
UNITS = {budgets.HOUR: "an hour", budgets.DAY: "a day"}


def section(title: str) -> str:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    return text.partition(f"## {title}\n")[2].partition("\n## ")[0]


def rows(text: str) -> list[tuple[str, str]]:
    found = re.findall(r"^\| (.+?) \| (.+?) \|$", text, re.MULTILINE)
    return [row for row in found if not row[0].startswith("---")][1:]


RULES = rows(section("Ten rules, and where each is kept"))


def defined(path: str) -> set[str]:
    """The names of a module's own functions, classes and constants."""
    found: set[str] = set()
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def test_there_are_ten() -> None:
    assert len(RULES) == 10


@pytest.mark.parametrize(("rule", "places"), RULES)
def test_a_rule_is_kept_where_it_is_said(rule: str, places: str) -> None:
    named = re.findall(r"`(\w+)` in `([\w./]+)`", places)
    assert named, rule
    for name, path in named:
        assert name in defined(path)


def test_the_budgets_are_told() -> None:
    text = (ROOT / "FEDERATION.md").read_text(encoding="utf-8")
    table = re.search(r"<!-- budgets: .*?-->(.*?)<!-- budgets end -->", text, re.DOTALL)
    assert table
    told = rows(table[1])
    assert told == [(rule.name, f"{rule.limit:,} {UNITS[rule.seconds]}") for rule in budgets.RULES]
    assert f"more than {arrivals.WAITING_OF_DOMAIN:,} arrivals" in text
    assert f"{arrivals.BYTES_OF_DOMAIN >> 20} MiB" in text
    assert f"At most {budgets.AT_ONCE} documents" in text
    assert f"{attempts.FAILED_KEYS_OF_DOMAIN} keys that cannot be had" in text
