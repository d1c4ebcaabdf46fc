"""The format of templates: what it takes, what it refuses, and what those that come with Beckon are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.calling import call_templates
from server.domain.calling.call_templates import fill, read, ready_made, write
from server.errors import Invalid

GOOD: dict[str, Any] = {
    "format": call_templates.FORMAT,
    "version": 1,
    "kind": "event",
    "name": "A walk",
    "title": "A walk from {meeting_point}",
    "text": "We meet at {meeting_point}. {not a place} {}",
    "places": [{"name": "meeting_point"}],
    "defaults": {"capacity": 20},
}
ASKED_FOR = (
    "event", "volunteer", "petition", "pledge", "contact", "need", "offer", "donate", "decision",
    "share",
)  # fmt: skip


def test_it_is_read() -> None:
    template = read(GOOD | {"language": "en", "new_in_version_2": "passed over"})
    assert (template.kind, template.variant, template.language) == ("event", "", "en")
    assert template.places[0].label == "Meeting point"
    assert template.defaults == {"capacity": 20}
    assert read(write(template)) == template


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"format": "beckon/other"}, "format"),
        ({"version": 2}, "version"),
        ({"version": True}, "version"),
        ({"version": None}, "version"),
        ({"kind": "meeting"}, "kind"),
        ({"kind": ["event"]}, "kind"),
        ({"variant": "pledge"}, "variant"),
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": 7}, "name"),
        ({"title": " "}, "title"),
        ({"text": "x" * 5_001}, "text"),
        ({"text": ["x"]}, "text"),
        ({"language": "../en"}, "language"),
        ({"places": {}, "title": "x"}, "places"),
        ({"places": [{"name": "Meeting Point"}]}, "places"),
        ({"places": [{"name": "meeting_point"}] * 2}, "places"),
        ({"places": [{"name": "meeting_point"}, {"name": "nowhere"}]}, "places"),
        ({"places": [{"name": f"p{n}"} for n in range(13)]}, "places"),
        ({"places": ["meeting_point"]}, ""),
        ({"defaults": {"goal": 5}}, "defaults"),
        ({"defaults": {"capacity": 0}}, "defaults"),
        ({"defaults": {"capacity": True}}, "defaults"),
        ({"defaults": {"capacity": 1.5}}, "defaults"),
        ({"options": ["yes", "no"]}, "options"),
        ({"options": [1]}, "options"),
    ],
)
def test_what_does_not_fit_is_refused(sent: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        read(GOOD | sent)
    assert refused.value.field == field


@pytest.mark.parametrize("document", [None, [], "x", 7, {}])
def test_what_is_no_template_at_all(document: object) -> None:
    with pytest.raises(Invalid):
        read(document)


@pytest.mark.parametrize(
    "options", [["only"], ["a", "a"], ["a", " "], [str(n) for n in range(5)], ["a", "x" * 51]]
)
def test_options_of_a_decision(options: list[str]) -> None:
    plain = {"kind": "decision", "defaults": {"closes_in_days": 3}}
    assert read(GOOD | plain | {"options": ["a", "b"]}).options == ("a", "b")
    with pytest.raises(Invalid):
        read(GOOD | plain | {"options": options})


def test_places_are_filled_once() -> None:
    made = fill(read(GOOD), {"meeting_point": " {meeting_point} ", "other": "x"})
    assert made.title == "A walk from {meeting_point}"
    assert (made.text, made.missing) == ("We meet at {meeting_point}. {not a place} {}", ())
    assert fill(read(GOOD), {"meeting_point": " "}).missing == ("meeting_point",)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON, max_size=4))
def test_whatever_is_sent_is_read_or_refused(sent: dict[str, Any]) -> None:
    try:
        template = read(GOOD | sent)
    except Invalid:
        return
    assert read(write(template)) == template


@pytest.mark.parametrize("key", ASKED_FOR)
def test_one_comes_with_beckon_for_every_kind(key: str) -> None:
    template = ready_made()[key]
    examples = {place.name: place.example for place in template.places}
    assert all(examples.values())
    made = fill(template, examples)
    assert not made.missing
    assert call_templates.PLACE.search(made.title + made.text) is None
    assert 3 <= len(made.title) <= 200
    assert 300 < len(made.text) < call_templates.TEXT_MAX
    assert template.about


def test_no_kind_is_without_one() -> None:
    assert tuple(ready_made()) == ASKED_FOR
    assert {template.kind for template in ready_made().values()} == set(call_templates.KINDS)
