"""Proofs on documents: the published vectors, another implementation, and every refusal."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timedelta

import pytest
import rfc8785
from apsig import ProofSigner, ProofVerifier
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import example, given
from hypothesis import strategies as st

from federation import multibase
from federation.errors import Refused
from federation.jcs import canonical
from federation.jsonld import loads, to_json
from federation.keys import ActorKey, SigningKey, from_multikey, sign
from federation.proofs import add_proof, proof_key_id, signed_bytes, verify_proof
from tests.wire.conftest import ACTOR, RefusedWith
from tests.wire.test_keys import FEP_8B32_PUBLIC, FEP_8B32_SECRET

Document = dict[str, object]

# FEP-8b32, fep-8b32.feature. Its proof is of the older form, without a context.
FEP_8B32 = {
    "@context": [
        "https://www.w3.org/ns/activitystreams",
        "https://w3id.org/security/data-integrity/v1",
    ],
    "type": "Create",
    "actor": "https://server.example/users/alice",
    "object": {"type": "Note", "content": "Hello world"},
    "proof": {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "verificationMethod": "https://server.example/users/alice#ed25519-key",
        "proofPurpose": "assertionMethod",
        "proofValue": "z3sXaxjKs4M3BRicwWA9peyNPJvJqxtGsDmpt1jjoHCjgeUf71TRFz56osPSfDErszyLp5Ks1EhYSgpDaNM977Rg2",
        "created": "2023-02-24T23:36:38Z",
    },
}
FEP_8B32_KEY = ActorKey(
    "https://server.example/users/alice#ed25519-key",
    "https://server.example/users/alice",
    from_multikey(FEP_8B32_PUBLIC),
)


def create(**more: object) -> Document:
    return {
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            {"toot": "http://joinmastodon.org/ns#"},
        ],
        "id": "https://remote.example/activities/1",
        "type": "Create",
        "actor": ACTOR,
        "object": {"type": "Note", "content": "Wässert die Beete 🌱", "latitude": 52.5},
        **more,
    }


def altered(document: Document, **changes: object) -> Document:
    """The document with its proof's fields changed (None removes)."""
    proof = {**document["proof"], **changes}  # type: ignore
    return {**document, "proof": {n: v for n, v in proof.items() if v is not None}}


def resigned(document: Document, key: SigningKey, **changes: object) -> Document:
    """As ``altered``, and signed again: what the owner of the key could send."""
    changed = altered(document, **changes, proofValue=None)
    unsecured = {n: v for n, v in document.items() if n != "proof"}
    value = sign(key.private, signed_bytes(unsecured, changed["proof"]))  # type: ignore
    return altered(changed, proofValue=multibase.encode(value))


# --- the published vector, and another implementation ---


def test_the_vector_of_fep_8b32(now: datetime) -> None:
    verify_proof(FEP_8B32, FEP_8B32_KEY, now)
    assert proof_key_id(FEP_8B32) == FEP_8B32_KEY.id


def vector_key() -> SigningKey:
    secret = Ed25519PrivateKey.from_private_bytes(multibase.decode(FEP_8B32_SECRET)[2:])
    return SigningKey(FEP_8B32_KEY.id, secret)


def test_we_make_the_signature_of_the_vector() -> None:
    assert resigned(FEP_8B32, vector_key()) == FEP_8B32


def test_the_vector_of_vc_di_eddsa() -> None:
    # W3C Data Integrity EdDSA Cryptosuites, appendix B.3; the options carry the context.
    context = [
        "https://www.w3.org/ns/credentials/v2",
        "https://www.w3.org/ns/credentials/examples/v2",
    ]
    credential = {
        "@context": context,
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "AlumniCredential"],
        "name": "Alumni Credential",
        "description": "A minimum viable example of an Alumni Credential.",
        "issuer": "https://vc.example/issuers/5678",
        "validFrom": "2023-01-01T00:00:00Z",
        "credentialSubject": {"id": "did:example:abcdefgh", "alumniOf": "The School of Examples"},
    }
    method = f"did:key:{FEP_8B32_PUBLIC}#{FEP_8B32_PUBLIC}"
    key = SigningKey(method, vector_key().private)
    made = add_proof(credential, key, datetime.fromisoformat("2023-02-24T23:36:38Z"))
    assert made["proof"] == {
        "@context": context,
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "created": "2023-02-24T23:36:38Z",
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        "proofValue": "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX",
    }


def test_apsig_verifies_ours(ed25519_key: SigningKey, now: datetime) -> None:
    made = add_proof({**create(), "@context": FEP_8B32["@context"]}, ed25519_key, now)
    verifier = ProofVerifier(ed25519_key.private.public_key())  # type: ignore
    assert verifier.verify(copy.deepcopy(made), raise_on_fail=True) == ed25519_key.key_id


def test_we_verify_apsig(ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime) -> None:
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "proofPurpose": "assertionMethod",
        "verificationMethod": ed25519_key.key_id,
        "created": "2026-03-01T12:00:00Z",
    }
    made = ProofSigner(ed25519_key.private).sign(create(), options)  # type: ignore
    verify_proof(made, ed25519_public, now)


def test_a_proof_survives_embedding(
    ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime
) -> None:
    made = add_proof(create(), ed25519_key, now)
    announce = {"type": "Announce", "actor": "https://group.example/c/1", "object": made}
    spelled = json.dumps(announce, indent=3, ensure_ascii=True, sort_keys=True).encode()
    inner = loads(spelled)["object"]
    assert isinstance(inner, dict)
    verify_proof(inner, ed25519_public, now)
    verify_proof(loads(to_json(made)), ed25519_public, now)


def test_an_old_signature_and_an_old_proof_are_replaced(
    ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime
) -> None:
    made = add_proof(create(), ed25519_key, now)
    verify_proof({**made, "signature": {"type": "RsaSignature2017"}}, ed25519_public, now)
    assert add_proof(made, ed25519_key, now) == made


def test_one_of_several_proofs(
    ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime
) -> None:
    made = add_proof(create(), ed25519_key, now)
    other = {"type": "DataIntegrityProof", "cryptosuite": "ecdsa-jcs-2019"}
    verify_proof({**made, "proof": [other, "text", made["proof"]]}, ed25519_public, now)


def test_without_a_context(
    ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime
) -> None:
    bare = create()
    del bare["@context"]
    made = add_proof(bare, ed25519_key, now)
    assert "@context" not in made["proof"]  # type: ignore
    verify_proof(made, ed25519_public, now)


def test_a_context_added_behind_the_signed_ones(
    ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime, refused: RefusedWith
) -> None:
    made = add_proof(create(), ed25519_key, now)
    context = made["@context"]
    assert isinstance(context, list)
    verify_proof({**made, "@context": [*context, "https://more.example/"]}, ed25519_public, now)
    for other in (context[1:], ["https://more.example/", *context], None, "https://more.example/"):
        with refused("proof_context"):
            verify_proof({**made, "@context": other}, ed25519_public, now)


def test_a_proof_needs_ed25519(rsa_key: SigningKey, now: datetime) -> None:
    with pytest.raises(ValueError, match="Ed25519"):
        add_proof(create(), rsa_key, now)


# --- refusals ---


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"type": "RsaSignature2017"}, "proof_missing"),
        ({"cryptosuite": "eddsa-rdfc-2022"}, "proof_missing"),
        ({"cryptosuite": None}, "proof_missing"),
        ({"proofPurpose": "authentication"}, "proof_purpose"),
        ({"proofPurpose": None}, "proof_purpose"),
        ({"domain": "elsewhere.example"}, "proof_purpose"),
        ({"challenge": "1"}, "proof_purpose"),
        ({"verificationMethod": f"{ACTOR}#other"}, "proof_key"),
        ({"verificationMethod": None}, "proof_key"),
        ({"created": None}, "proof_malformed"),
        ({"created": "yesterday"}, "proof_malformed"),
        ({"created": 7}, "proof_malformed"),
        ({"created": "2026-03-01T12:00:00"}, "proof_malformed"),
        ({"created": "2026-03-02T12:00:01Z"}, "proof_created"),
        ({"expires": "2026-03-01T11:59:59Z"}, "proof_expired"),
        ({"expires": "never"}, "proof_malformed"),
    ],
)
def test_options_are_checked_even_when_signed(
    changes: Document,
    reason: str,
    ed25519_key: SigningKey,
    ed25519_public: ActorKey,
    now: datetime,
    refused: RefusedWith,
) -> None:
    made = resigned(add_proof(create(), ed25519_key, now), ed25519_key, **changes)
    with refused(reason):
        verify_proof(made, ed25519_public, now)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"created": "2026-02-01T12:00:00Z"}, "proof_wrong"),
        ({"expires": "2027-01-01T00:00:00Z"}, "proof_wrong"),
        ({"nonce": "1"}, "proof_wrong"),
        ({"proofValue": "z" + "1" * 64}, "proof_wrong"),
        ({"proofValue": "z1"}, "proof_wrong"),
        ({"proofValue": "uAAAA"}, "multibase_malformed"),
        ({"proofValue": None}, "multibase_malformed"),
        ({"@context": None}, None),
        ({"@context": []}, "proof_wrong"),
        ({"big": 2**60}, "jcs_value"),
    ],
)
def test_every_option_is_signed(
    changes: Document,
    reason: str | None,
    ed25519_key: SigningKey,
    ed25519_public: ActorKey,
    now: datetime,
    refused: RefusedWith,
) -> None:
    made = altered(add_proof(create(), ed25519_key, now), **changes)
    if reason is None:  # as Fedify writes it: the context stands in the document alone
        verify_proof(made, ed25519_public, now)
        return
    with refused(reason):
        verify_proof(made, ed25519_public, now)


def test_an_unexpired_proof_is_good(
    ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime
) -> None:
    made = add_proof(create(), ed25519_key, now - timedelta(days=400))
    verify_proof(made, ed25519_public, now)
    later = resigned(made, ed25519_key, expires="2026-03-01T13:00:00+01:00")
    verify_proof(later, ed25519_public, now)


@pytest.mark.parametrize(
    "change",
    [
        {"actor": "https://victim.example/users/1"},
        {"actor": "https://remote.example/users/2"},
        {"actor": [ACTOR, "https://victim.example/users/1"]},
        {"actor": None, "attributedTo": "https://victim.example/users/1"},
        {"actor": None},
        {"id": "https://victim.example/activities/1"},
        {"id": 7},
    ],
)
def test_a_key_of_another_actor(
    change: Document,
    ed25519_key: SigningKey,
    ed25519_public: ActorKey,
    now: datetime,
    refused: RefusedWith,
) -> None:
    made = add_proof(create(**change), ed25519_key, now)
    with refused("proof_owner"):
        verify_proof(made, ed25519_public, now)


@pytest.mark.parametrize(
    "document",
    [
        {"id": "https://remote.example/posts/1", "type": "Note", "attributedTo": ACTOR},
        {"type": "Note", "attributedTo": {"id": ACTOR, "type": "Person"}},
        {"id": ACTOR, "type": "Person"},
    ],
)
def test_objects_and_actors_can_be_proven_too(
    document: Document, ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime
) -> None:
    verify_proof(add_proof(document, ed25519_key, now), ed25519_public, now)


def test_an_rsa_key_makes_no_proof(
    rsa_public: ActorKey, ed25519_key: SigningKey, now: datetime, refused: RefusedWith
) -> None:
    made = altered(add_proof(create(), ed25519_key, now), verificationMethod=rsa_public.id)
    with refused("proof_key"):
        verify_proof(made, rsa_public, now)


@pytest.mark.parametrize("proof", [None, {}, [], "text", 7, [[]]])
def test_no_proof(
    proof: object, ed25519_public: ActorKey, now: datetime, refused: RefusedWith
) -> None:
    assert proof_key_id(create(proof=proof)) is None
    with refused("proof_missing"):
        verify_proof(create(proof=proof), ed25519_public, now)


def test_a_malleable_proof_value(
    ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime, refused: RefusedWith
) -> None:
    made = add_proof(create(), ed25519_key, now)
    signature = multibase.decode(made["proof"]["proofValue"])  # type: ignore
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(signature[32:], "little") + order
    other = multibase.encode(signature[:32] + scalar.to_bytes(32, "little"))
    with refused("proof_wrong"):
        verify_proof(altered(made, proofValue=other), ed25519_public, now)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), JSON, max_size=4), st.text(max_size=8), JSON)
def test_any_change_of_the_document_breaks_the_proof(
    ed25519_key: SigningKey,
    ed25519_public: ActorKey,
    now: datetime,
    content: Document,
    name: str,
    value: object,
) -> None:
    made = add_proof({**create(), "object": content}, ed25519_key, now)
    verify_proof(made, ed25519_public, now)
    changed = {**made, "object": {**content, name: value}}
    if canonical(changed["object"]) != canonical(content):
        with pytest.raises(Refused, match="proof_wrong"):
            verify_proof(changed, ed25519_public, now)


# --- RFC 8785 ---


def test_the_sample_of_rfc_8785() -> None:
    # Section 3.2.2 and 3.2.4.
    value = {
        "numbers": [333333333.33333329, 1e30, 4.50, 2e-3, 0.000000000000000000000000001],
        "string": "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/",
        "literals": [None, True, False],
    }
    assert (
        canonical(value)
        == (
            '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
            '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}'
        ).encode()
    )


def test_the_sorting_of_rfc_8785() -> None:
    # Section 3.2.3: by UTF-16 code units, so the emoji (U+D83D...) stands before U+FB33.
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical(value)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [  # RFC 8785 appendix B
        (0.0, "0"),
        (-0.0, "0"),
        (5e-324, "5e-324"),
        (-5e-324, "-5e-324"),
        (1.7976931348623157e308, "1.7976931348623157e+308"),
        (9007199254740992.0, "9007199254740992"),
        (295147905179352830000.0, "295147905179352830000"),
        (9.999999999999997e22, "9.999999999999997e+22"),
        (1e23, "1e+23"),
        (1.0000000000000001e23, "1.0000000000000001e+23"),
        (999999999999999700000.0, "999999999999999700000"),
        (1e21, "1e+21"),
        (9.999999999999997e-7, "9.999999999999997e-7"),
        (0.000001, "0.000001"),
        (333333333.3333332, "333333333.3333332"),
        (-0.0000033333333333333333, "-0.0000033333333333333333"),
        (1424953923781206.2, "1424953923781206.2"),
    ],
)
def test_the_numbers_of_rfc_8785(number: float, text: str) -> None:
    assert canonical(number) == text.encode()


@given(st.floats(allow_nan=False, allow_infinity=False))
@example(1e20)
@example(123456789012345680000.0)
def test_floats_as_another_implementation_writes_them(number: float) -> None:
    assert canonical(number) == rfc8785.dumps(number)


@given(JSON)
def test_values_as_another_implementation_writes_them(value: object) -> None:
    assert canonical(value) == rfc8785.dumps(value)  # type: ignore


@pytest.mark.parametrize(
    "value",
    [2**53, -(2**53), float("nan"), float("inf"), "\ud800", {"\ud800": 1}, {1: 2}, {1}, b"x"],
)
def test_values_that_readers_disagree_about(value: object, refused: RefusedWith) -> None:
    with refused("jcs_value"):
        canonical([value])


def test_nesting_is_bounded(refused: RefusedWith) -> None:
    value: list[object] = []
    for _ in range(100):
        value = [value]
    with refused("jcs_value"):
        canonical(value)
