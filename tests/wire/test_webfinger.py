"""WebFinger: what we answer, what we refuse to read, and handles that must agree on both sides."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation import webfinger
from federation.errors import Refused
from federation.webfinger import (
    MAX_LINKS,
    Handle,
    actor_link,
    actor_links,
    claimed_handle,
    confirm,
    jrd,
    next_handle,
    parse_resource,
    subject,
    url_for,
)

AS2 = "application/activity+json"
GARDENER = Handle("gardener", "garden.example")
ACTOR = {"id": "https://garden.example/users/1", "preferredUsername": "gardener"}


def answer(
    about: str = "acct:gardener@garden.example",
    *hrefs: str,
    kind: str = AS2,
) -> dict[str, Any]:
    ids = hrefs or ("https://garden.example/users/1",)
    links = [{"rel": "self", "type": kind, "href": href} for href in ids]
    return {"subject": about, "links": links}


def reason(function: Any, *arguments: Any) -> str:
    with pytest.raises(Refused) as caught:
        function(*arguments)
    return caught.value.reason


@pytest.mark.parametrize(
    ("text", "handle"),
    [
        ("@gardener@garden.example", GARDENER),
        ("gardener@garden.example", GARDENER),
        ("gardener@GARDEN.example.", GARDENER),
        ("gardener@garden.example:443", GARDENER),
        ("@gardener@127.0.0.1:8443", Handle("gardener", "127.0.0.1:8443")),
        ("garden.example@garden.example", Handle("garden.example", "garden.example")),
        ("A_b-c.9@bücher.example", Handle("A_b-c.9", "xn--bcher-kva.example")),
    ],
)
def test_handles(text: str, handle: Handle) -> None:
    assert Handle.parse(text) == handle


@pytest.mark.parametrize(
    "text",
    [
        "", "@", "gardener", "@gardener", "gardener@", "@@garden.example", "@garden.example",
        "gärtner@garden.example", "ｇardener@garden.example", "gar dener@garden.example",
        "gardener\u202e@garden.example", "gardener@garden.example/x", "gardener@garden.example?x",
        "gardener@garden.example#x", "a@b@garden.example", "gardener@garden.example:x",
        "gardener@0x7f.1", "gar/dener@garden.example", "a" * 129 + "@garden.example",
        "@@gardener@garden.example", "gardener\n@garden.example", "gardener@garden.example\n",
    ],
)  # fmt: skip
def test_what_is_no_handle(text: str) -> None:
    assert reason(Handle.parse, text) in {"bad_handle", "bad_url"}


def test_handles_are_the_same_in_any_case() -> None:
    assert Handle.parse("Gardener@GARDEN.example").key == GARDENER.key
    assert Handle.parse("gardener@other.example").key != GARDENER.key


@pytest.mark.parametrize(
    ("text", "resource"),
    [
        ("acct:gardener@garden.example", GARDENER),
        ("ACCT:@gardener@garden.example", GARDENER),
        ("acct:gardener@localhost:8420", Handle("gardener", "localhost:8420")),
        ("https://Garden.example/users/1", "https://garden.example/users/1"),
    ],
)
def test_resources(text: str, resource: Handle | str) -> None:
    assert parse_resource(text) == resource


@pytest.mark.parametrize(
    "text",
    [
        "",
        "acct:",
        "acct:gardener",
        "gardener@garden.example",
        "http://garden.example/",
        "acct:/x",
        "mailto:gardener@garden.example",
        "https://",
        "acct:a@b@c",
    ],
)
def test_bad_resources(text: str) -> None:
    assert reason(parse_resource, text) == "bad_resource"


def test_a_handle_is_asked_for_at_its_own_host() -> None:
    handle = Handle.parse("@gardener@127.0.0.1:8443")
    assert url_for(handle) == (
        "https://127.0.0.1:8443/.well-known/webfinger?resource=acct:gardener@127.0.0.1:8443"
    )


def test_our_answer() -> None:
    document = jrd(
        GARDENER,
        "https://garden.example/users/1",
        profile="https://garden.example/@gardener",
        subscribe="https://garden.example/follow?uri={uri}",
        intents={"Object": "https://garden.example/follow?uri={object}"},
    )
    assert document == {
        "subject": "acct:gardener@garden.example",
        "aliases": ["https://garden.example/@gardener", "https://garden.example/users/1"],
        "links": [
            {"rel": "self", "type": AS2, "href": "https://garden.example/users/1"},
            {
                "rel": "http://webfinger.net/rel/profile-page",
                "type": "text/html",
                "href": "https://garden.example/@gardener",
            },
            {
                "rel": "http://ostatus.org/schema/1.0/subscribe",
                "template": "https://garden.example/follow?uri={uri}",
            },
            {
                "rel": "https://w3id.org/fep/3b86/Object",
                "template": "https://garden.example/follow?uri={object}",
            },
        ],
    }
    assert actor_link(document, GARDENER) == "https://garden.example/users/1"


@pytest.mark.parametrize(
    "kind", [AS2, 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"']
)
def test_the_link_of_an_actor(kind: str) -> None:
    document = answer("acct:Gardener@Garden.example", kind=kind)
    assert actor_link(document, GARDENER) == "https://garden.example/users/1"


def test_a_person_and_a_community_of_one_name() -> None:
    document = answer(GARDENER.acct, "https://garden.example/u/x", "https://garden.example/c/x")
    assert actor_links(document, GARDENER) == (
        "https://garden.example/u/x",
        "https://garden.example/c/x",
    )


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (None, "bad_jrd"),
        ([], "bad_jrd"),
        ({}, "bad_jrd"),
        ({"subject": 1, "links": []}, "bad_jrd"),
        ({"subject": "https://garden.example/users/1", "links": []}, "bad_jrd"),
        ({"subject": "acct:gardener", "links": []}, "bad_jrd"),
        ({"subject": GARDENER.acct}, "bad_jrd"),
        ({"subject": GARDENER.acct, "links": {}}, "bad_jrd"),
        ({"subject": GARDENER.acct, "links": []}, "bad_jrd"),
        ({"subject": GARDENER.acct, "links": ["self"]}, "bad_jrd"),
        ({"subject": GARDENER.acct, "links": [{}] * (MAX_LINKS + 1)}, "bad_jrd"),
        ({"subject": GARDENER.acct, "links": [{"rel": "self", "type": AS2}]}, "bad_jrd"),
        ({"subject": GARDENER.acct, "links": [{"rel": "self", "type": 1}]}, "bad_jrd"),
        (answer(kind="text/html"), "bad_jrd"),
        (answer(kind="application/ld+json"), "bad_jrd"),
        (answer("acct:victim@garden.example"), "other_subject"),
        (answer("acct:gardener@victim.example"), "other_subject"),
        (answer(GARDENER.acct, "http://garden.example/users/1"), "bad_url"),
        (answer(GARDENER.acct, "javascript:alert(1)"), "bad_url"),
    ],
)
def test_answers_that_are_refused(document: object, expected: str) -> None:
    assert reason(actor_link, document, GARDENER) == expected


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["subject", "links", "rel", "type", "href"]), inner, max_size=5
        )
    ),
    max_leaves=12,
)


@given(json_values)
def test_any_json_is_read_or_refused(document: object) -> None:
    with pytest.raises(Refused):
        actor_link(document, GARDENER)


def test_an_actor_and_its_host_agree() -> None:
    assert claimed_handle(ACTOR) == GARDENER
    assert next_handle(ACTOR, answer()) is None
    assert confirm(ACTOR, answer()) == GARDENER


def test_the_name_is_spelled_as_the_actor_spells_it() -> None:
    actor = {**ACTOR, "preferredUsername": "Gardener"}
    assert confirm(actor, answer()) == Handle("Gardener", "garden.example")


def split_domain() -> tuple[dict[str, str], dict[str, Any]]:
    """An actor on web.garden.example whose handle is on garden.example."""
    actor = {**ACTOR, "id": "https://web.garden.example/users/1"}
    return actor, answer(GARDENER.acct, actor["id"])


def test_a_handle_on_another_domain_is_asked_there_too() -> None:
    actor, document = split_domain()
    assert claimed_handle(actor) == Handle("gardener", "web.garden.example")
    assert next_handle(actor, document) == GARDENER
    assert confirm(actor, document, document) == GARDENER


def test_a_handle_on_another_domain_is_not_believed_unasked() -> None:
    actor, document = split_domain()
    assert reason(confirm, actor, document) == "bad_jrd"


def test_a_host_cannot_claim_the_handle_of_another_domain() -> None:
    evil = {"id": "https://evil.example/1", "preferredUsername": "gardener"}
    first = answer(GARDENER.acct, "https://evil.example/1")
    assert reason(confirm, evil, first, answer()) == "handle_mismatch"


def test_a_host_cannot_give_its_handle_to_an_actor_of_another() -> None:
    """The victim's own host is asked first, and names the handle there."""
    evil = answer("acct:gardener@evil.example", ACTOR["id"])
    assert next_handle(ACTOR, answer()) is None
    assert confirm(ACTOR, answer(), evil) == GARDENER


def test_an_actor_cannot_claim_a_handle_by_its_own_word() -> None:
    """FEP-2c59's property names the victim; the victim's host does not name the actor."""
    evil = {
        "id": "https://evil.example/1",
        "preferredUsername": "gardener",
        "webfinger": "gardener@garden.example",
    }
    assert claimed_handle(evil) == GARDENER
    assert reason(confirm, evil, answer()) == "handle_mismatch"


def test_the_name_of_the_actor_and_of_the_handle_are_one() -> None:
    actor = {**ACTOR, "webfinger": "organiser@garden.example"}
    first = answer("acct:organiser@garden.example")
    assert reason(confirm, actor, first) == "handle_mismatch"


def test_a_host_cannot_rename_its_actor() -> None:
    first = answer("acct:organiser@garden.example")
    assert reason(confirm, ACTOR, first, first) == "handle_mismatch"


def test_a_second_answer_about_a_third_handle_is_refused() -> None:
    actor, first = split_domain()
    third = answer("acct:gardener@third.example", actor["id"])
    assert reason(confirm, actor, first, third) == "other_subject"


@pytest.mark.parametrize(
    "actor",
    [
        {},
        {"id": ACTOR["id"]},
        {"preferredUsername": "gardener"},
        {**ACTOR, "preferredUsername": "gardener@victim.example"},
        {**ACTOR, "preferredUsername": "gärtner"},
        {**ACTOR, "preferredUsername": ["gardener"]},
        {"webfinger": "gardener@garden.example"},
        {"webfinger": "gardener@garden.example", "preferredUsername": "gardener"},
    ],
)
def test_an_actor_without_a_name_has_no_handle(actor: dict[str, Any]) -> None:
    assert reason(confirm, actor, answer()) == "bad_handle"


def test_the_subject() -> None:
    assert subject(answer("ACCT:gardener@garden.example")) == GARDENER


def jrd_with(*links: dict[str, str]) -> dict[str, object]:
    return {"subject": "acct:visitor@home.example", "links": list(links)}


def test_the_best_intent_is_taken_and_what_is_not_known_is_empty() -> None:
    follow = {
        "rel": "https://w3id.org/fep/3b86/Follow",
        "template": "https://home.example/f?o={object}&x={other}&on={on-success}",
    }
    older = {
        "rel": "http://ostatus.org/schema/1.0/subscribe",
        "template": "https://home.example/authorize_interaction?uri={uri}",
    }
    uri = "https://far.example/@a?b=c&d"
    said = "https%3A%2F%2Ffar.example%2F%40a%3Fb%3Dc%26d"
    both = jrd_with(older, follow)
    assert (
        webfinger.intent(both, ["Join", "Follow"], uri) == f"https://home.example/f?o={said}&x=&on="
    )
    at = f"https://home.example/authorize_interaction?uri={said}"
    assert webfinger.intent(both, ["Join"], uri) == at
    assert webfinger.intent(jrd_with(), ["Follow"], uri) is None


@pytest.mark.parametrize(
    "template",
    [
        "javascript:alert({object})",
        "http://home.example/{object}",
        "https://x@home.example/{object}",
        "{object}",
        "//home.example/{object}",
    ],
)
def test_an_intent_leads_to_an_address_or_nowhere(template: str) -> None:
    link = {"rel": "https://w3id.org/fep/3b86/Follow", "template": template}
    with pytest.raises(Refused):
        webfinger.intent(jrd_with(link), ["Follow"], "https://far.example/a")
