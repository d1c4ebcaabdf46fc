"""The checker of demands can fail: each kind of demand is met by one document and not by another."""

from __future__ import annotations

import pytest

from tests.federation.demands import (
    SAID,
    TIME,
    URL,
    Demand,
    Json,
    a,
    each,
    holding,
    holds,
    like,
    list_of,
    may,
    need,
    never,
    nullable,
    one_of,
    unmet,
)

CASES: list[tuple[Demand, Json, Json]] = [
    (need("a"), {"a": None}, {}),
    (need("a.b", a(str)), {"a": {"b": "x"}}, {"a": "x"}),
    (need("a", a(int)), {"a": 1}, {"a": True}),
    (need("a", a(int, float)), {"a": 1.5}, {"a": "1"}),
    (need("a", nullable(a(str))), {"a": None}, {}),
    (may("a", a(str)), {}, {"a": 1}),
    (never("a"), {}, {"a": None}),
    (need("a", list_of(str)), {"a": []}, {"a": ["x", 1]}),
    (need("a", each(one_of("x", "y"))), {"a": ["y"]}, {"a": ["z"]}),
    (need("a.*.b", a(str)), {"a": [{"b": "x"}]}, {"a": [{"b": "x"}, {}]}),
    (need("a.*.b"), {"a": []}, {"a": {"b": 1}}),
    (need("a", one_of("x")), {"a": "x"}, {"a": "y"}),
    (need("a", holding("x")), {"a": ["x", "y"]}, {"a": "x"}),
    (need("a", like("[A-Z]+")), {"a": "ABC"}, {"a": "ABCd"}),
    (need("a", TIME), {"a": "2026-12-05T10:00:00+01:00"}, {"a": "2026-12-05T10:00:00"}),
    (need("a", URL), {"a": "https://x.example/1"}, {"a": "http://x.example/1"}),
    (need("a", SAID), {"a": "x"}, {"a": " "}),
    (holds("b is a", lambda d: d["a"] == d["b"]), {"a": 1, "b": 1}, {"a": 1, "b": 2}),
]


@pytest.mark.parametrize(("demand", "good", "bad"), CASES, ids=lambda v: getattr(v, "says", None))
def test_a_demand_is_met_and_is_not(demand: Demand, good: Json, bad: Json) -> None:
    assert unmet(good, [demand]) == []
    (said,) = unmet(bad, [demand])
    assert demand.says in said


def test_all_that_is_not_met_is_told_at_once() -> None:
    found = unmet({"a": 1}, [need("a", a(str)), need("b"), never("a"), may("c", a(str))])
    assert [said.partition(":")[0] for said in found] == ["a", "b", "a"]
