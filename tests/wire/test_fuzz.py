"""Nothing that a peer writes does anything but parse or be refused by name; bytes mean one thing only."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from federation import jsonld
from federation.errors import Refused
from federation.parse import (
    parse_activity,
    parse_actor,
    parse_collection,
    parse_object,
    parse_post,
    parse_quote_authorization,
    parse_replies,
    parse_vote,
    strip_private,
)
from federation.vocab import ACTOR_KINDS, COLLECTION_TYPES, POST_KINDS, PUBLIC
from tests.wire.meaning import FIXTURES, neighbours, shape, shapes

Json = dict[str, Any]
PARSERS = (
    parse_activity, parse_object, parse_actor, parse_post, parse_vote, parse_collection, parse_replies,
    parse_quote_authorization, strip_private, jsonld.check_context,
)  # fmt: skip
NAMES = [f"{neighbour}/{name}" for neighbour in neighbours() for name in shapes(neighbour)]


def _keys_of(value: Any) -> set[str]:
    if isinstance(value, list):
        return {key for entry in value for key in _keys_of(entry)}
    if isinstance(value, dict):
        return set(value) | {key for entry in value.values() for key in _keys_of(entry)}
    return set()


KEYS = sorted(set().union(*(_keys_of(shape(name)) for name in NAMES)))
TYPES = [
    *ACTOR_KINDS,
    *COLLECTION_TYPES,
    *POST_KINDS,
    "Create",
    "Undo",
    "Accept",
    "Announce",
    "Link",
]
_odd = st.sampled_from(
    [
        "", "https://microblog.example/x", "https://[::1", "https://a.example:99999/", PUBLIC, "as:Public",
        "2026-11-20T09:00:00Z", "9999-12-31T23:59:59-23:59", "0000-00-00T00:00:00Z", "\ud7ff", "\u202e", "@id",
        "javascript:alert(1)", "https://microblog.example/" + "a" * 3000, 2**53, -(2**53), 1e308, -0.0, [[]],
        [None], {"@value": "x"}, {"id": "https://microblog.example/y"}, {"type": "Link", "href": []},
    ]
)  # fmt: skip
_scalar = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | _odd
_json: st.SearchStrategy[Any] = st.recursive(
    _scalar | st.sampled_from(TYPES),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)
    ),
    max_leaves=24,
)


def _require_sense(document: Json) -> None:
    for parse in PARSERS:
        try:
            parse(document)
        except Refused as refused:
            assert refused.reason.isidentifier()
            assert refused.sentence


@settings(max_examples=500, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), _json, max_size=12), st.sampled_from(TYPES))
def test_any_document_of_known_words_parses_or_is_refused(document: Json, kind: str) -> None:
    _require_sense(document)
    _require_sense({**document, "type": kind, "id": "https://microblog.example/1"})


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(NAMES), st.lists(st.tuples(st.randoms(), _json), min_size=1, max_size=4))
def test_a_document_with_several_damages_parses_or_is_refused(
    name: str, damages: list[tuple[Any, Any]]
) -> None:
    document = shape(name)
    for dice, value in damages:
        _damage(document, dice, value)
    _require_sense(document)


def _damage(document: Json, dice: Any, value: Any) -> None:
    """Something somewhere in it becomes something else."""
    node: Any = document
    for _ in range(6):
        keys = sorted(node) if isinstance(node, dict) else list(range(len(node)))
        if not keys:
            return
        key = dice.choice(keys)
        if isinstance(node[key], dict | list) and node[key] and dice.random() < 0.6:
            node = node[key]
            continue
        node[key] = copy.deepcopy(value)
        return


@settings(max_examples=500, deadline=None)
@given(
    st.sampled_from(NAMES), st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=3)), max_size=3)
)
def test_damaged_bytes_mean_to_us_what_they_mean_to_a_strict_reader(
    name: str, damages: list[tuple[float, bytes]]
) -> None:
    body = (FIXTURES / f"{name}.json").read_bytes()
    for place, more in damages:
        at = int(place * len(body))
        body = body[:at] + more + body[at + 1 :]
    try:
        found = jsonld.loads(body)
    except Refused as refused:
        assert refused.reason.startswith("json_")
        return
    assert found == json.loads(body, object_pairs_hook=_once, parse_constant=_never)


def _once(pairs: list[tuple[str, Any]]) -> Json:
    assert len({name for name, _ in pairs}) == len(pairs), "a key stands twice"
    return dict(pairs)


def _never(constant: str) -> None:
    raise AssertionError(constant)
