"""JSON that all readers read alike, contexts that change nothing, and what our words mean."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld as pyld

from federation.errors import Refused
from federation.jsonld import (
    ACTIVITYSTREAMS,
    DATA_INTEGRITY,
    MAX_ADDRESSED,
    MULTIKEY,
    SECURITY,
    bundled,
    check_context,
    loads,
    to_json,
)
from federation.keys import SigningKey, multikey, public_pem
from federation.proofs import add_proof
from tests.wire.conftest import ACTOR, RefusedWith

AS = f"{ACTIVITYSTREAMS}#"
SEC = "https://w3id.org/security#"


def test_a_plain_document() -> None:
    document = {"type": "Note", "n": [1, -2.5, None, True], "content": 'a "b": {c} \\ é 🌱'}
    assert loads(json.dumps(document).encode()) == document
    assert loads(json.dumps(document, ensure_ascii=False, indent=2).encode()) == document
    assert loads(to_json(document)) == document


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "json_malformed"),
        (b"{", "json_malformed"),
        (b"{} {}", "json_malformed"),
        (b'{"a":1,}', "json_malformed"),
        (b"{'a':1}", "json_malformed"),
        (b'{"a":NaN}', "json_malformed"),
        (b'{"a":Infinity}', "json_malformed"),
        (b'{"a":-Infinity}', "json_malformed"),
        (b'{"a":01}', "json_malformed"),
        (b'{"a":1}//', "json_malformed"),
        (b'\xef\xbb\xbf{"a":1}', "json_malformed"),
        (b'{"a":"\xff"}', "json_malformed"),
        (b'{"a":"\xc0\xaf"}', "json_malformed"),
        (b'{"a":"\xed\xa0\x80"}', "json_malformed"),
        (b'{"a":"\\ud800"}', "json_malformed"),
        (b'{"a":"\\udc00\\ud800"}', "json_malformed"),
        (b'{"\\ud800":1}', "json_malformed"),
        (b'{"a":"\n"}', "json_malformed"),
        (b'"text"', "json_not_object"),
        (b"[{}]", "json_not_object"),
        (b"null", "json_not_object"),
        (b'{"a":1,"a":1}', "json_duplicate"),
        (b'{"actor":1,"\\u0061ctor":2}', "json_duplicate"),
        (b'{"a":{"b":[{"c":1,"c":2}]}}', "json_duplicate"),
        (b'{"a" :1, "a":":"}', "json_duplicate"),
        (b'{"a":"\\":\\"","a":2}', "json_duplicate"),
        (b'{"a":9007199254740992}', "json_number"),
        (b'{"a":-9007199254740992}', "json_number"),
        (b'{"a":[123456789012345678901234567890]}', "json_number"),
        (b'{"a":1e300}', "json_number"),
        (b'{"a":"\\u0000"}', "json_nul"),
        (b'{"\\u0000":1}', "json_nul"),
        (b'{"a":' + b"[" * 32 + b"]" * 32 + b"}", "json_depth"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, "json_depth"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "json_malformed"),
        (b'{"a":' + b"[" * 500_000, "json_malformed"),
        (b'{"a":"' + b"x" * 600_000 + b'"}', "json_large"),
        (b'{"' + b"x" * 600_000 + b'":1}', "json_large"),
        (b'{"a":[' + b"1," * 10_001 + b"1]}", "json_large"),
        (b'{"a":[' + b",".join([b"[" + b"1," * 9_999 + b"1]"] * 6) + b"]}", "json_large"),
        (b'{"to":[' + b"1," * MAX_ADDRESSED + b"1]}", "json_large"),
        (b'{"to":[' + b"1," * 600 + b'1],"object":{"tag":[' + b"1," * 600 + b"1]}}", "json_large"),
        (b'{"a":"' + b"x" * 1024 * 1024 + b'"}', "json_large"),
    ],
)
def test_what_readers_read_differently(data: bytes, reason: str, refused: RefusedWith) -> None:
    with refused(reason):
        loads(data)


def test_up_to_the_limits() -> None:
    assert loads(b'{"a":' + b"[" * 31 + b"]" * 31 + b"}")
    assert loads(b'{"to":[' + b"1," * (MAX_ADDRESSED - 1) + b"1]}")
    assert loads(b'{"a":9007199254740991}') == {"a": 2**53 - 1}
    assert loads(b'{"a":"\\\\u0000"}') == {"a": "\\u0000"}


def test_escapes_cannot_slow_the_reading() -> None:
    # Quadratic for an expression that starts again at each quote: it would take minutes.
    with pytest.raises(Refused, match="json_malformed"):
        loads(b'{"a":"' + b'\\"' * 500_000)
    assert loads(b'{"a":"' + b'\\"' * 200_000 + b'"}')


LEAVES = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=12)
PAIRS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(st.sampled_from('abc"\\:é'), inner), max_size=3).map(tuple)
    ),
    max_leaves=10,
)


def spelled(value: object, spread: bool) -> tuple[str, bool]:
    """A value as JSON, where tuples are objects as lists of pairs; whether a key is repeated."""
    if isinstance(value, tuple):
        parts = [(json.dumps(name), *spelled(inner, spread)) for name, inner in value]
        names = [name for name, _, _ in parts]
        twice = len(set(names)) < len(names) or any(again for _, _, again in parts)
        colon = " : " if spread else ":"
        return "{" + ",".join(name + colon + text for name, text, _ in parts) + "}", twice
    if isinstance(value, list):
        parts = [spelled(inner, spread) for inner in value]
        return "[" + ",".join(text for text, _ in parts) + "]", any(twice for _, twice in parts)
    return json.dumps(value, ensure_ascii=spread), False


@given(PAIRS, st.booleans())
def test_every_repeated_key_is_found(value: object, spread: bool) -> None:
    text, twice = spelled((("x", value),), spread)
    if "\\u0000" in text:
        return
    if twice:
        with pytest.raises(Refused, match="json_duplicate"):
            loads(text.encode())
    else:
        assert loads(text.encode()) == json.loads(text)


@given(st.binary(max_size=60))
def test_never_anything_but_an_object_or_a_refusal(data: bytes) -> None:
    for document in (data, b'{"a":' + data + b"}", b'{"a":"' + data + b'"}'):
        try:
            assert loads(document) == json.loads(document)
        except Refused:
            continue


# --- contexts ---


@pytest.mark.parametrize(
    "context",
    [
        ACTIVITYSTREAMS,
        [ACTIVITYSTREAMS, SECURITY, "https://unknown.example/context"],
        "http://127.0.0.1/never-fetched",
        # Inline contexts in the shapes of Mastodon, Lemmy, Pleroma, PeerTube and Mitra.
        [
            ACTIVITYSTREAMS,
            {
                "manuallyApprovesFollowers": "as:manuallyApprovesFollowers",
                "toot": "http://joinmastodon.org/ns#",
                "featured": {"@id": "toot:featured", "@type": "@id"},
                "alsoKnownAs": {"@id": "as:alsoKnownAs", "@type": "@id"},
                "movedTo": {"@id": "as:movedTo", "@type": "@id"},
                "schema": "http://schema.org#",
                "PropertyValue": "schema:PropertyValue",
                "value": "schema:value",
                "Hashtag": "as:Hashtag",
                "sensitive": "as:sensitive",
                "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"},
            },
        ],
        [
            {
                "lemmy": "https://join-lemmy.org/ns#",
                "moderators": {"@type": "@id", "@id": "lemmy:moderators"},
                "stickied": "lemmy:stickied",
            },
            ACTIVITYSTREAMS,
        ],
        [ACTIVITYSTREAMS, {"@language": "und"}, {"@vocab": "_:"}, {"@vocab": AS}],
        [
            ACTIVITYSTREAMS,
            {"shares": {"@id": "as:shares", "@type": "@id"}, "sc": "http://schema.org#"},
        ],
        [{"proofValue": "sec:proofValue", "sec": SEC, "as": AS, "id": "@id", "type": "@type"}],
        [{"contentMap": {"@id": "as:content", "@container": "@language"}}],
        [{"odd": None, "count": {"@type": "xsd:integer"}}],
    ],
)
def test_contexts_that_change_nothing(context: object) -> None:
    check_context({"@context": context, "type": "Note"})
    check_context({"type": "Announce", "object": [{"@context": context}]})


@pytest.mark.parametrize(
    "inline",
    [
        {"actor": "https://evil.example/ns#actor"},
        {"actor": "as:object"},
        {"actor": {"@id": "as:target", "@type": "@id"}},
        {"actor": None},
        {"actor": []},
        {"actor": {"@id": "as:actor", "@type": "@json"}},
        {"actor": {"@id": "as:actor", "@context": {"id": "as:x"}}},
        {"actor": {"@reverse": "as:actor"}},
        {"to": "as:bcc"},
        {"object": "_:object"},
        {"id": "https://evil.example/ns#id"},
        {"type": "as:name"},
        {"publicKey": "https://evil.example/ns#key"},
        {"attributedTo": "https://evil.example/ns#"},
        {"inReplyTo": "toot:inReplyTo"},
        {"proof": "sec:signature"},
        {"Create": "as:Delete"},
        {"as": "https://evil.example/ns#"},
        {"sec": AS},
        # other names for core terms
        {"identity": "@id"},
        {"kind": "@type"},
        {"who": "as:actor"},
        {"who": f"{AS}actor"},
        {"who": {"@id": "as:actor"}},
        {"who": "actor"},
        {"activity": AS},
        {"x": f"{AS}act"},
        {"w3": "https://www.w3.org/ns/"},
        {"x": ""},
        {"@vocab": f"{AS}act"},
        {"Make": "as:Create"},
        # other shapes
        {"Leaf": "Collection:Page"},
        {"pem": {"@id": "publicKey:Pem"}},
        {"orderedItems": {"@id": "as:items", "@container": "@index"}},
        {"contentMap": {"@id": "as:content", "@container": ["@graph", "@id"]}},
        {"Video": "https://evil.example/ns#Video"},
        {"parts": "@graph"},
        {"parts": {"@id": "@included"}},
        {"authored": {"@reverse": "attributedTo"}},
        {"wrapper": "@nest"},
        {"wrapper": {"@id": "ex:w", "@context": {"actor": "ex:a"}}},
        {"p": {"@id": "https://p.example/", "@prefix": True}},
        {"@base": "https://victim.example/"},
        {"@import": "https://evil.example/context"},
        {"@propagate": False},
        {"who": 7},
    ],
)
def test_contexts_that_redefine(inline: object, refused: RefusedWith) -> None:
    for context in (inline, [ACTIVITYSTREAMS, inline]):
        with refused("context_redefines"):
            check_context({"@context": context})
        with refused("context_redefines"):
            check_context({"type": "Announce", "object": {"tag": [{"@context": context}]}})


@pytest.mark.parametrize("context", [None, 7, [None], [[ACTIVITYSTREAMS]], True])
def test_contexts_of_other_types(context: object, refused: RefusedWith) -> None:
    with refused("context_redefines"):
        check_context({"@context": context})


@pytest.mark.parametrize(
    "member",
    ["@id", "@type", "@graph", "@included", "@reverse", "as:actor", f"{AS}actor", "sec:publicKey"],
)
def test_documents_in_another_shape(member: str, refused: RefusedWith) -> None:
    for document in ({member: "x"}, {"object": [{"tag": {member: "x"}}]}):
        with refused("jsonld_shape"):
            check_context(document)


@pytest.mark.parametrize("kind", ["as:Create", f"{AS}Delete", ["Create", "as:Delete"], "@id"])
def test_types_in_another_shape(kind: object, refused: RefusedWith) -> None:
    for document in ({"type": kind}, {"object": {"type": kind}}):
        with refused("jsonld_shape"):
            check_context(document)


def test_types_that_are_plain() -> None:
    """Of tags both spellings are read, and what is no core term may have any name."""
    for kind in ("Create", "as:Hashtag", "as:Mention", "schema:Thing", ["Note", "x:y"], 7, None):
        check_context({"tag": [{"type": kind}]})


def test_members_with_a_colon_that_are_no_core_terms() -> None:
    check_context({"schema:name": "x", "contentMap": {"en": "x"}})


# --- what our words mean ---


def only_bundled(url: str, _options: object) -> dict[str, object]:
    context = bundled(url)
    assert context is not None, f"{url} is not bundled"
    return {"contextUrl": None, "documentUrl": url, "document": context}


def expanded(document: dict[str, object]) -> dict[str, object]:
    (node,) = pyld.expand(document, {"documentLoader": only_bundled})
    return node


def test_unknown_contexts_are_not_bundled() -> None:
    assert bundled("https://unknown.example/context") is None


def test_what_an_actor_means(rsa_key: SigningKey, ed25519_key: SigningKey) -> None:
    pem = public_pem(rsa_key.private.public_key())
    mark = multikey(ed25519_key.private.public_key())  # type: ignore
    node = expanded(
        {
            "@context": [ACTIVITYSTREAMS, SECURITY, MULTIKEY],
            "id": ACTOR,
            "type": "Person",
            "preferredUsername": "gardener",
            "inbox": f"{ACTOR}/inbox",
            "outbox": f"{ACTOR}/outbox",
            "endpoints": {"sharedInbox": "https://remote.example/inbox"},
            "published": "2026-01-01T00:00:00Z",
            "publicKey": {"id": rsa_key.key_id, "owner": ACTOR, "publicKeyPem": pem},
        }
    )
    assert node["@id"] == ACTOR
    assert node["@type"] == [f"{AS}Person"]
    assert node["http://www.w3.org/ns/ldp#inbox"] == [{"@id": f"{ACTOR}/inbox"}]
    assert node[f"{AS}endpoints"] == [
        {f"{AS}sharedInbox": [{"@id": "https://remote.example/inbox"}]}
    ]
    assert node[f"{SEC}publicKey"] == [
        {
            "@id": rsa_key.key_id,
            f"{SEC}owner": [{"@id": ACTOR}],
            f"{SEC}publicKeyPem": [{"@value": pem}],
        }
    ]
    key = expanded(
        {
            "@context": [MULTIKEY],
            "id": ed25519_key.key_id,
            "type": "Multikey",
            "controller": ACTOR,
            "publicKeyMultibase": mark,
        }
    )
    assert key[f"{SEC}controller"] == [{"@id": ACTOR}]
    assert key[f"{SEC}publicKeyMultibase"] == [{"@type": f"{SEC}multibase", "@value": mark}]


def test_what_a_proof_means(ed25519_key: SigningKey, now: object) -> None:
    document = {"@context": [ACTIVITYSTREAMS, DATA_INTEGRITY], "type": "Create", "actor": ACTOR}
    made = add_proof(document, ed25519_key, now)  # type: ignore
    (graph,) = expanded(made)[f"{SEC}proof"]  # type: ignore
    (proof,) = graph["@graph"]
    assert proof["@type"] == [f"{SEC}DataIntegrityProof"]
    assert proof[f"{SEC}verificationMethod"] == [{"@id": ed25519_key.key_id}]
    assert proof[f"{SEC}proofPurpose"] == [{"@id": f"{SEC}assertionMethod"}]
    assert proof["http://purl.org/dc/terms/created"][0]["@value"] == "2026-03-01T12:00:00Z"


def test_what_an_activity_means() -> None:
    node = expanded(
        {
            "@context": ACTIVITYSTREAMS,
            "id": "https://remote.example/activities/1",
            "type": "Create",
            "actor": ACTOR,
            "to": ["as:Public"],
            "object": {
                "type": "Question",
                "attributedTo": ACTOR,
                "contentMap": {"de": "Hallo"},
                "oneOf": [{"type": "Note", "name": "ja", "replies": {"totalItems": 3}}],
                "endTime": "2026-01-01T00:00:00Z",
            },
        }
    )
    assert node[f"{AS}actor"] == [{"@id": ACTOR}]
    assert node[f"{AS}to"] == [{"@id": f"{AS}Public"}]
    (question,) = node[f"{AS}object"]  # type: ignore
    assert question["@type"] == [f"{AS}Question"]
    assert question[f"{AS}content"] == [{"@language": "de", "@value": "Hallo"}]
    (option,) = question[f"{AS}oneOf"]
    assert option[f"{AS}name"] == [{"@value": "ja"}]


@pytest.mark.parametrize("url", [ACTIVITYSTREAMS, SECURITY, DATA_INTEGRITY, MULTIKEY])
def test_bundled_contexts_would_pass_as_inline_ones(url: str) -> None:
    """The table of core terms and the bundled contexts say the same."""
    context = bundled(url)
    assert context is not None
    terms = context["@context"]
    assert isinstance(terms, dict)
    plain = {
        term: {n: v for n, v in definition.items() if n not in {"@context", "@container"}}
        if isinstance(definition, dict)
        else definition
        for term, definition in terms.items()
    }
    for term, definition in plain.items():
        check_context({"@context": {term: definition}})
