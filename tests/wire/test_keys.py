"""Keys: written and read again, and taken only from the document of the actor that owns them."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from federation import multibase
from federation.keys import (
    ActorKey,
    SigningKey,
    from_multikey,
    generate_ed25519,
    generate_rsa,
    keys_of,
    load_private,
    load_public,
    multikey,
    private_pem,
    public_pem,
    sign,
    signed_by,
)
from tests.wire.conftest import ACTOR, RefusedWith

# FEP-8b32, fep-8b32.feature: the key pair of its test vector, as JWK and as Multikey.
FEP_8B32_SECRET = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq"
FEP_8B32_PUBLIC = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


# FEP-521a, fep-521a.feature: the same public key as its bytes and as Multikey, of both kinds.
FEP_521A_ED25519 = "2e6fcce36701dc791488e0d0b1745cc1e33a4c1c9fcc41c63bd343dbbe0970e6"
FEP_521A_ED25519_MULTIKEY = "z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
FEP_521A_RSA = (  # PKCS #1, DER
    "3082010a0282010100b1b5fcd8d4d5e88ca5c4287b31f578865caf6a78826a3b8ff7b1b23aa4af4e6a04"
    "74139f945bd9d3a911ffd0fa72db78e4593a86c91f9da836186ebd3402d51f6a3844247ab5088b46929c"
    "311b43604fed84499f06f0f39bf55590e2187f1bbe229ba8f49fd2e570cd0e3733c76bfede80e1e7e088"
    "1e4538ea1bc5782be9512f8bf132526e05f4923564fe6e1e21bf7087adebb660fa533fca06d0a8e66991"
    "e1312d70b64a61da8ca77c028cdf939601e2cffe2855759b1d479f0847bcac59d7d62427a431d4e3dfd2"
    "697428b9dd6309a7b1167db99fe01af1ff1b739566fb949e47089d1dae84aef1214ef7f5773e86a0d3e9"
    "da246f9bec09d60c705891183d0203010001"
)
FEP_521A_RSA_MULTIKEY = (
    "z4MXj1wBzi9jUstyPMS4jQqB6KdJaiatPkAtVtGc6bQEQEEsKTic4G7Rou3iBf9vPmT5dbkm9qsZsuVNjq8H"
    "CuW1w24nhBFGkRE4cd2Uf2tfrB3N7h4mnyPp1BF3ZttHTYv3DLUPi1zMdkULiow3M1GfXkoC6DoxDUm1jmN6"
    "GBj22SjVsr6dxezRVQc7aj9TxE7JLbMH1wh5X3kA58H3DFW8rnYMakFGbca5CB2Jf6CnGQZmL7o5uJAdTwXf"
    "y2iiiyPxXEGerMhHwhjTA1mKYobyk2CpeEcmvynADfNZ5MBvcCS7m3XkFCMNUYBS9NQ3fze6vMSUPsNa6GVY"
    "mKx2x6JrdEjCk3qRMMmyjnjCMfR4pXbRMZa3i"
)


def actor(rsa_key: SigningKey, ed25519_key: SigningKey) -> dict[str, object]:
    public = ed25519_key.private.public_key()
    assert isinstance(public, ed25519.Ed25519PublicKey)
    return {
        "id": ACTOR,
        "type": "Person",
        "publicKey": {
            "id": rsa_key.key_id,
            "owner": ACTOR,
            "publicKeyPem": public_pem(rsa_key.private.public_key()),
        },
        "assertionMethod": [
            {
                "id": ed25519_key.key_id,
                "type": "Multikey",
                "controller": ACTOR,
                "publicKeyMultibase": multikey(public),
            }
        ],
    }


def test_private_keys_are_read_once() -> None:
    pem = private_pem(generate_rsa())
    assert load_private(pem) is load_private(pem)
    assert private_pem(load_private(pem)) == pem
    assert private_pem(load_private(private_pem(key := generate_ed25519()))) == private_pem(key)
    assert "BEGIN PRIVATE KEY" in pem


def test_a_signing_key_does_not_print_its_secret(rsa_key: SigningKey) -> None:
    assert "RSA" not in repr(rsa_key)


def test_a_stored_key_of_another_kind_is_a_mistake() -> None:
    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    with pytest.raises(ValueError, match="neither RSA nor Ed25519"):
        load_private(pem.decode())


def test_public_pem_in_both_forms(rsa_key: SigningKey) -> None:
    public = rsa_key.private.public_key()
    pkcs1 = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)  # pyright: ignore
    assert load_public(public_pem(public)) == public
    assert load_public(pkcs1.decode()) == public
    assert load_public("\n" + public_pem(public).replace("\n", "\r\n")) == public


@pytest.mark.parametrize("bits", [1024, 2047])
def test_short_rsa_keys_are_refused(bits: int, refused: RefusedWith) -> None:
    key = rsa.generate_private_key(65537, bits)
    with refused("key_weak"):
        load_public(public_pem(key.public_key()))


@pytest.mark.parametrize("exponent", [2**32 + 1, 2**61 + 1])
def test_slow_exponents_are_refused(exponent: int, refused: RefusedWith) -> None:
    modulus = generate_rsa().public_key().public_numbers().n
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    with refused("key_weak"):
        load_public(public_pem(key))


def test_huge_rsa_keys_are_refused(refused: RefusedWith) -> None:
    key = rsa.RSAPublicNumbers(65537, 2**9000 + 1).public_key()
    with refused("key_weak"):
        load_public(public_pem(key))


def test_other_kinds_are_refused(refused: RefusedWith) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    pem = key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with refused("key_kind"):
        load_public(pem.decode())


@pytest.mark.parametrize(
    "pem",
    [
        None,
        7,
        "",
        "secret",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        "-----BEGIN PUBLIC KEY-----\n" + "A" * 9000 + "\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ],
)
def test_what_is_no_pem_is_refused(pem: object, refused: RefusedWith) -> None:
    with refused("key_malformed"):
        load_public(pem)


def test_two_keys_in_one_pem_are_refused(refused: RefusedWith) -> None:
    one, two = (public_pem(generate_ed25519().public_key()) for _ in range(2))
    with refused("key_malformed"):
        load_public(one + two)


def test_multikey_of_fep_8b32() -> None:
    secret = multibase.decode(FEP_8B32_SECRET)
    assert secret[:2] == b"\x80\x26"  # multicodec ed25519-priv
    key = ed25519.Ed25519PrivateKey.from_private_bytes(secret[2:])
    assert multikey(key.public_key()) == FEP_8B32_PUBLIC
    assert from_multikey(FEP_8B32_PUBLIC) == key.public_key()


def test_the_vectors_of_fep_521a() -> None:
    key = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(FEP_521A_ED25519))
    assert multikey(key) == FEP_521A_ED25519_MULTIKEY
    assert from_multikey(FEP_521A_ED25519_MULTIKEY) == key
    found = from_multikey(FEP_521A_RSA_MULTIKEY)
    der = found.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    assert der.hex() == FEP_521A_RSA


def test_rsa_multikey(rsa_key: SigningKey) -> None:
    public = rsa_key.private.public_key()
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)  # pyright: ignore
    assert from_multikey(multibase.encode(b"\x85\x24" + der)) == public


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "multibase_malformed"),
        ("", "multibase_malformed"),
        ("uAAAA", "multibase_malformed"),
        ("z0OIl", "multibase_malformed"),
        ("z" + "2" * 5000, "multibase_malformed"),
        (multibase.encode(b"\xed\x01short"), "key_malformed"),
        (multibase.encode(b"\x80\x24" + bytes(33)), "key_kind"),  # p256-pub
    ],
)
def test_bad_multikeys_are_refused(text: object, reason: str, refused: RefusedWith) -> None:
    with refused(reason):
        from_multikey(text)


@given(st.binary(max_size=80))
def test_base58_there_and_back(data: bytes) -> None:
    assert multibase.decode(multibase.encode(data)) == data


def test_ed25519_signatures_are_not_malleable() -> None:
    # RFC 8032 5.1.7: S + L is the same number to a lax verifier (CVE-2026-33895).
    key = generate_ed25519()
    signature = sign(key, b"text")
    order = 2**252 + 27742317777372353535851937790883648493
    other = int.from_bytes(signature[32:], "little") + order
    assert signed_by(key.public_key(), signature, b"text")
    assert not signed_by(key.public_key(), signature[:32] + other.to_bytes(32, "little"), b"text")


def test_keys_of_an_actor(rsa_key: SigningKey, ed25519_key: SigningKey) -> None:
    assert keys_of(actor(rsa_key, ed25519_key)) == (
        ActorKey(rsa_key.key_id, ACTOR, rsa_key.private.public_key()),
        ActorKey(ed25519_key.key_id, ACTOR, ed25519_key.private.public_key()),
    )


def test_keys_of_a_stub_actor(rsa_key: SigningKey) -> None:
    # GoToSocial answers /main-key with the actor's id and key and nothing else.
    pem = public_pem(rsa_key.private.public_key())
    key = {"id": f"{ACTOR}/main-key", "owner": ACTOR, "publicKeyPem": pem}
    assert [found.id for found in keys_of({"id": ACTOR, "publicKey": [key]})] == [key["id"]]


def test_bare_references_and_unknown_kinds_are_left_out(
    rsa_key: SigningKey, ed25519_key: SigningKey
) -> None:
    document = actor(rsa_key, ed25519_key)
    p256 = {
        "id": f"{ACTOR}#p256",
        "type": "Multikey",
        "controller": ACTOR,
        "publicKeyMultibase": multibase.encode(b"\x80\x24" + bytes(33)),
    }
    document["assertionMethod"] = [f"{ACTOR}#elsewhere", p256, {"type": "JsonWebKey"}, 7]
    assert [key.id for key in keys_of(document)] == [rsa_key.key_id]
    assert keys_of({"id": ACTOR, "publicKey": rsa_key.key_id}) == ()
    assert keys_of({"id": ACTOR}) == ()


@pytest.mark.parametrize("ended", ["revoked", "expires"])
def test_ended_multikeys_are_left_out(
    ended: str, rsa_key: SigningKey, ed25519_key: SigningKey
) -> None:
    document = actor(rsa_key, ed25519_key)
    document["assertionMethod"][0][ended] = "2025-01-01T00:00:00Z"  # type: ignore
    assert [key.id for key in keys_of(document)] == [rsa_key.key_id]


@pytest.mark.parametrize("term", ["publicKey", "assertionMethod"])
@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("owner", "https://victim.example/users/1", "key_owner"),
        ("owner", "https://remote.example/users/2", "key_owner"),
        ("owner", None, "key_owner"),
        ("id", "https://victim.example/users/1#main-key", "key_origin"),
        ("id", "https://remote.example:8443/users/1#main-key", "key_origin"),
        ("id", "http://remote.example/users/1#main-key", "bad_url"),
        ("id", "acct:gardener@remote.example", "bad_url"),
        ("id", None, "key_id"),
    ],
)
def test_a_key_that_lies_is_refused(
    term: str,
    field: str,
    value: object,
    reason: str,
    rsa_key: SigningKey,
    ed25519_key: SigningKey,
    refused: RefusedWith,
) -> None:
    document = actor(rsa_key, ed25519_key)
    entry = document[term]
    if isinstance(entry, list):
        entry, field = entry[0], {"owner": "controller"}.get(field, field)
    entry[field] = value  # type: ignore
    with refused(reason):
        keys_of(document)


def test_a_key_document_that_names_a_victim_as_owner(
    rsa_key: SigningKey, refused: RefusedWith
) -> None:
    # Fedify CVE-2026-96625: a stand-alone key, owned by whomever it says.
    pem = public_pem(rsa_key.private.public_key())
    key = {"id": "https://evil.example/key", "owner": ACTOR, "publicKeyPem": pem}
    assert keys_of(key) == ()
    with refused("key_owner"):
        keys_of({"id": "https://evil.example/users/1", "publicKey": key})
    with refused("key_origin"):
        keys_of({"id": ACTOR, "publicKey": key})


def test_one_id_with_two_keys_is_refused(
    rsa_key: SigningKey, ed25519_key: SigningKey, refused: RefusedWith
) -> None:
    document = actor(rsa_key, ed25519_key)
    other = {**document["publicKey"], "publicKeyPem": public_pem(generate_rsa().public_key())}  # type: ignore
    document["publicKey"] = [document["publicKey"], other]
    with refused("key_twice"):
        keys_of(document)


def test_a_weak_key_and_a_flood_of_keys(refused: RefusedWith) -> None:
    pem = public_pem(rsa.generate_private_key(65537, 1024).public_key())
    key = {"id": f"{ACTOR}#main-key", "owner": ACTOR, "publicKeyPem": pem}
    with refused("key_weak"):
        keys_of({"id": ACTOR, "publicKey": key})
    with refused("key_count"):
        keys_of({"id": ACTOR, "publicKey": [key] * 17})


@pytest.mark.parametrize("actor_id", [None, 7])
def test_an_actor_without_an_id(actor_id: object, refused: RefusedWith) -> None:
    with refused("actor_id"):
        keys_of({"id": actor_id})


def test_an_actor_over_http(refused: RefusedWith) -> None:
    with refused("bad_url"):
        keys_of({"id": "http://remote.example/users/1"})
