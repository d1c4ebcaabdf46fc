"""Whatever a signed document looks like, the inbox can say in which lane it waits."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.arriving.arrivals import lane_of, subject_of

SENDER = "https://peer.example:443"
_words = st.sampled_from(["Announce", "Undo", "Accept", "Create", "id", "type", "object", "actor"])
_json: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | _words | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.fixed_dictionaries(
            {}, optional={"id": inner, "type": inner, "actor": inner, "object": inner}
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("kind", [["Undo"], {"@id": "Undo"}, None, 7])
def test_a_type_of_any_shape_is_no_fault(kind: object) -> None:
    """``type: ["Undo"]`` was answered with 500."""
    inner = {"id": "https://peer.example/2", "type": kind, "object": "https://ours.example/1"}
    assert subject_of({"id": "https://peer.example/1", "object": inner}) == inner["id"]


@given(st.fixed_dictionaries({"id": st.text(max_size=8), "object": _json}))
def test_every_document_has_a_lane(document: dict[str, Any]) -> None:
    assert lane_of(SENDER, document) == lane_of(SENDER, dict(document))
