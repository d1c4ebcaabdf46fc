"""Audiences there and back, and one delivery for each shared inbox."""

from __future__ import annotations

from typing import cast, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.activities import Create
from federation.addressing import Visibility, audience, visibility_of
from federation.parse import parse_activity
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


# --- whatever a peer writes as its audience, against rules said once more and in other words ---

PEER = "https://microblog.example/users/1"
TALLY = {"Public": PUBLIC, "as:Public": PUBLIC, PUBLIC: PUBLIC}
_known = st.sampled_from(
    [PUBLIC, "as:Public", "Public", f"{PEER}/followers", GROUP, FRIEND, f"{FOLLOWERS}/"]
)
_odd = st.sampled_from([None, 7, "", "http://a.example/1", "https://A.example/1", [], {}, "public"])
_entry = _known | _odd | _known.map(lambda uri: {"id": uri, "type": "Collection"})
_written = st.none() | _entry | st.lists(_entry, max_size=4)
_hidden = st.sampled_from(["https://secret.example/1", "https://secret.example/2"])


def _told(written: object) -> list[str]:
    """Whom a field names: ids as they stand, alone or in objects, and the words for everybody."""
    if isinstance(written, list):
        return [uri for entry in cast("list[object]", written) for uri in _told_by(entry)]
    return _told_by(written)


def _told_by(entry: object) -> list[str]:
    if isinstance(entry, list):
        return []
    if isinstance(entry, dict):
        inner = cast("dict[str, object]", entry).get("id")
        # an object is something that exists: the short words for everybody are none there
        return [inner] if isinstance(inner, str) and _is_id(inner) else []
    if not isinstance(entry, str):
        return []
    return [TALLY[entry]] if entry in TALLY else ([entry] if _is_id(entry) else [])


def _is_id(text: str) -> bool:
    return text.startswith("https://") and text == text.replace("//A.", "//a.")


def _oracle(to: list[str], cc: list[str]) -> str:
    if PUBLIC in to:
        return "public"
    if PUBLIC in cc:
        return "unlisted"
    return "private" if f"{PEER}/followers" in [*to, *cc] else "direct"


@given(to=_written, cc=_written, bto=_hidden, tags=st.lists(_known, max_size=3))
def test_a_peer_says_for_whom_it_is_and_nothing_widens_it(
    to: object, cc: object, bto: str, tags: list[str]
) -> None:
    note = {
        "id": f"{PEER}/notes/1",
        "type": "Note",
        "attributedTo": PEER,
        "content": "<p>Hi</p>",
        "to": to,
        "cc": cc,
        "bto": [bto],
        "tag": [{"type": "Mention", "href": uri, "name": "@x"} for uri in tags],
        "audience": GROUP,
    }
    create = {"id": f"{PEER}#1", "type": "Create", "actor": PEER, "object": note, "bcc": bto}
    found = parse_activity(create | {"to": to, "cc": cc})
    assert isinstance(found, Create)
    assert found.post is not None
    assert list(found.post.to) == list(dict.fromkeys(_told(to)))
    assert list(found.post.cc) == list(dict.fromkeys(_told(cc)))
    assert (found.to, found.cc) == (found.post.to, found.post.cc)
    seen_by = visibility_of(found.post.to, found.post.cc, f"{PEER}/followers")
    assert seen_by == _oracle(_told(to), _told(cc))
    assert "secret.example" not in repr(found) + repr(found.embedded)
