"""Audiences there and back, and one delivery for each shared inbox."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.addressing import Visibility, audience, visibility_of
from federation.vocab import PUBLIC

FOLLOWERS = "https://beckon.example/users/1/followers"
GROUP = "https://other.example/c/garden"
FRIEND = "https://microblog.example/users/gardener"
actors = st.builds("https://{}.example/users/{}".format, st.sampled_from("ab"), st.integers(1, 9))


@given(st.sampled_from(get_args(Visibility)), st.lists(actors), st.none() | st.just(GROUP))
def test_an_audience_reads_back_as_its_visibility(
    visibility: Visibility, mentions: list[str], group: str | None
) -> None:
    to, cc = audience(visibility, FOLLOWERS, mentions, group)
    members = FOLLOWERS if visibility == "members" else None
    assert visibility_of(to, cc, FOLLOWERS, members) == visibility
    assert set(mentions) <= set(to) | set(cc)
    assert len(set(to)) == len(to)
    assert len(set(cc)) == len(cc)


def test_a_public_post_to_a_group_names_it_beside_public() -> None:
    to, cc = audience("public", FOLLOWERS, [FRIEND], GROUP)
    assert to == (GROUP, PUBLIC)
    assert cc == (FOLLOWERS, FRIEND)


def test_an_author_without_followers_names_none() -> None:
    assert audience("public", None) == ((PUBLIC,), ())
    assert audience("private", "", [FRIEND]) == ((), (FRIEND,))


def test_a_direct_post_names_people_only() -> None:
    assert audience("direct", FOLLOWERS, [FRIEND]) == ((FRIEND,), ())


@pytest.mark.parametrize("alias", [PUBLIC, "as:Public", "Public"])
def test_public_has_three_spellings(alias: str) -> None:
    assert visibility_of([alias], []) == "public"
    assert visibility_of([FOLLOWERS], [alias], FOLLOWERS) == "unlisted"


def test_followers_of_somebody_else_do_not_widen_a_post() -> None:
    foreign = "https://other.example/users/2/followers"
    assert visibility_of([foreign], [], FOLLOWERS) == "direct"
    assert visibility_of([FOLLOWERS], [], None) == "direct"
    assert visibility_of([], [], FOLLOWERS) == "direct"
