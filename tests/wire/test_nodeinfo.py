"""NodeInfo: what we say in the shapes that readers need, and what we read with tolerance."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation import nodeinfo
from federation.errors import Refused
from federation.nodeinfo import NodeInfo, Usage

SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"


def ours(version: nodeinfo.Version, usage: Usage) -> dict[str, Any]:
    return nodeinfo.document(
        version,
        software_version="0.1.0",
        open_registrations=False,
        usage=usage,
        name="Garden",
        description="We grow things",
        repository="https://garden.example/source",
    )


def reason(function: Any, document: object) -> str:
    with pytest.raises(Refused) as caught:
        function(document)
    return caught.value.reason


def test_the_links() -> None:
    document = nodeinfo.well_known("https://garden.example", "https://garden.example/actor")
    assert document["links"] == [
        {"rel": f"{SCHEMA}2.0", "href": "https://garden.example/nodeinfo/2.0"},
        {"rel": f"{SCHEMA}2.1", "href": "https://garden.example/nodeinfo/2.1"},
        {
            "rel": "https://www.w3.org/ns/activitystreams#Application",
            "href": "https://garden.example/actor",
        },
    ]
    assert nodeinfo.href(document) == "https://garden.example/nodeinfo/2.1"
    assert nodeinfo.application(document) == "https://garden.example/actor"


def test_our_document() -> None:
    document = ours("2.1", Usage(total=7, active_month=3, active_half_year=5, local_posts=20))
    assert document == {
        "version": "2.1",
        "software": {
            "name": "beckon",
            "version": "0.1.0",
            "repository": "https://garden.example/source",
        },
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": False,
        "usage": {
            "users": {"total": 7, "activeMonth": 3, "activeHalfyear": 5},
            "localPosts": 20,
        },
        "metadata": {
            "nodeName": "Garden",
            "nodeDescription": "We grow things",
            "upstream": {"name": "mastodon"},
        },
    }
    assert nodeinfo.parse(document) == NodeInfo("beckon", "0.1.0", 3)


def test_the_older_schema_has_no_repository() -> None:
    assert set(ours("2.0", Usage())["software"]) == {"name", "version"}


def test_numbers_that_are_not_told_are_left_out() -> None:
    document = ours("2.0", Usage(total=0))
    assert document["usage"] == {"users": {"total": 0}}
    assert nodeinfo.parse(document).active_users is None


@pytest.mark.parametrize("version", nodeinfo.VERSIONS)
def test_the_media_type_names_the_schema(version: nodeinfo.Version) -> None:
    expected = f'application/json; profile="{SCHEMA}{version}#"'
    assert nodeinfo.media_type(version) == expected


def test_an_older_server_is_read_at_its_only_version() -> None:
    links = [
        {"rel": f"{SCHEMA}1.0", "href": "http://old.example/nodeinfo/1.0"},
        {"rel": f"{SCHEMA}2.0", "href": "https://old.example/nodeinfo/2.0"},
    ]
    assert nodeinfo.href({"links": links}) == "https://old.example/nodeinfo/2.0"
    assert nodeinfo.application({"links": links}) is None


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, "bad_nodeinfo"),
        ({}, "bad_nodeinfo"),
        ({"links": []}, "bad_nodeinfo"),
        ({"links": "x"}, "bad_nodeinfo"),
        ({"links": ["x"]}, "bad_nodeinfo"),
        ({"links": [{"rel": [], "href": "https://a.example/"}]}, "bad_nodeinfo"),
        ({"links": [{"rel": f"{SCHEMA}2.0", "href": 1}]}, "bad_nodeinfo"),
        ({"links": [{}] * 65}, "bad_nodeinfo"),
        ({"links": [{"rel": f"{SCHEMA}2.0", "href": "data:application/json,{}"}]}, "bad_url"),
        ({"links": [{"rel": f"{SCHEMA}2.0", "href": "/nodeinfo/2.0"}]}, "bad_url"),
        ({"links": [{"rel": f"{SCHEMA}2.0", "href": "https://u@a.example/"}]}, "bad_url"),
    ],
)
def test_links_that_are_refused(document: object, expected: str) -> None:
    assert reason(nodeinfo.href, document) == expected


@pytest.mark.parametrize(
    "document",
    [None, [], {}, {"software": "x"}, {"software": {}}, {"software": {"name": 1}}]
    + [{"software": {"name": name}} for name in ("", "<b>", "\u202e", "-")],
)
def test_a_server_without_a_software_is_refused(document: object) -> None:
    assert reason(nodeinfo.parse, document) == "bad_nodeinfo"


@pytest.mark.parametrize("count", [None, -1, True, 1.5, "12", 10**12, [], {}])
def test_an_odd_number_of_users_is_unknown(count: object) -> None:
    usage = {"users": {"activeMonth": count}}
    read = nodeinfo.parse({"software": {"name": "Lemmy", "version": "1.0"}, "usage": usage})
    assert read == NodeInfo("lemmy", "1.0", None)


@pytest.mark.parametrize("usage", [None, [], 1, {"users": None}, {"users": []}])
def test_an_odd_usage_is_unknown(usage: object) -> None:
    assert nodeinfo.parse({"software": {"name": "x"}, "usage": usage}) == NodeInfo("x", "", None)


def test_text_is_bounded_and_printable() -> None:
    software = {"name": "x" * 1_000, "version": "1.0\u202e\x00\n" + "y" * 1_000}
    read = nodeinfo.parse({"software": software})
    assert len(read.software) <= 64
    assert len(read.version) <= 64
    assert read.version.isprintable()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["software", "name", "version", "usage", "users", "activeMonth"]), inner
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_read_or_refused(document: object) -> None:
    try:
        read = nodeinfo.parse(document)
    except Refused:
        return
    assert read.software
    assert read.active_users is None or read.active_users >= 0
