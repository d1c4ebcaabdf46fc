"""Signatures that are not quite right, at the door: each is refused by name, and nothing changes."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from multidict import CIMultiDict

from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import (
    Json,
    Peer,
    Person,
    cavage_headers,
    public_pem,
    rfc9421_headers,
    rsa_key,
)
from tests.hostile.unchanged import unchanged


@pytest.fixture
async def mallory(attacker: Peer) -> Person:
    return attacker.person("mallory")


@pytest.fixture
async def body(attacker: Peer, mallory: Person, garden: Account) -> bytes:
    """A Follow that would be taken."""
    return orjson.dumps(attacker.activity(mallory, "Follow", garden.uri))


@pytest.fixture
async def untouched(ours: Instance, garden: Account) -> AsyncIterator[None]:
    async with unchanged(ours):
        yield
    assert await ours.value("select count(*) from inbox") == 0


def cavage(by: Person, inbox: str, body: bytes, **changed: Any) -> dict[str, str]:
    return cavage_headers(by.private, by.key_id, inbox, body, **changed)


def rewritten(headers: dict[str, str], old: str, new: str) -> dict[str, str]:
    """With something else in the Signature header."""
    assert old in headers["Signature"]
    return {**headers, "Signature": headers["Signature"].replace(old, new, 1)}


async def test_a_request_signed_for_another_inbox(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None
) -> None:
    headers = cavage(mallory, f"{ours.inbox}/elsewhere", body)
    assert await attacker.post(ours.inbox, body, headers) == (401, "signature_wrong")


@pytest.mark.parametrize("left_out", ["(request-target)", "host", "date", "digest"])
async def test_a_signature_that_leaves_something_out(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None, left_out: str
) -> None:
    headers = rewritten(cavage(mallory, ours.inbox, body), f"{left_out} ", "")
    assert await attacker.post(ours.inbox, body, headers) == (401, "signature_coverage")
    assert attacker.requests == []


async def test_a_captured_request_is_worth_nothing_tomorrow(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes
) -> None:
    headers = cavage(mallory, ours.inbox, body)
    assert (await attacker.post(ours.inbox, body, headers)).status == 202
    await ours.settle()
    ours.clock.forward(hours=13)
    async with unchanged(ours):
        assert await attacker.post(ours.inbox, body, headers) == (401, "signature_date")


@pytest.mark.parametrize("mine_first", [True, False])
async def test_two_key_ids_in_one_header(
    ours: Instance,
    attacker: Peer,
    microblog: Peer,
    garden: Account,
    mallory: Person,
    untouched: None,
    mine_first: bool,
) -> None:
    """One reader takes the first, another the last (Mastodon 4.5.5)."""
    victim = microblog.person("victim")
    body = orjson.dumps(microblog.activity(victim, "Follow", garden.uri))
    mine, theirs = f'keyId="{mallory.key_id}"', f'keyId="{victim.key_id}"'
    both = f"{mine},{theirs}" if mine_first else f"{theirs},{mine}"
    headers = rewritten(cavage(mallory, ours.inbox, body), mine, both)
    assert await attacker.post(ours.inbox, body, headers) == (401, "signature_duplicate")
    assert microblog.requests == attacker.requests == []


async def test_two_signature_headers(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None
) -> None:
    headers = CIMultiDict(cavage(mallory, ours.inbox, body))
    headers.add("Signature", headers["Signature"])
    assert (await attacker.post(ours.inbox, body, headers)).status == 401
    assert attacker.requests == []


@pytest.mark.parametrize("said", ["hmac-sha256", "none", "rsa-sha1", "ed25519", ""])
async def test_the_sender_does_not_choose_how_it_is_verified(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None, said: str
) -> None:
    headers = cavage(mallory, ours.inbox, body)
    signature = headers["Signature"]
    assert 'algorithm="' in signature
    before = signature.partition('algorithm="')[2].partition('"')[0]
    changed = rewritten(headers, f'algorithm="{before}"', f'algorithm="{said}"')
    assert await attacker.post(ours.inbox, body, changed) == (401, "signature_algorithm")


async def test_a_key_of_another_kind_than_the_signature(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None
) -> None:
    """An Ed25519 key under the id by which an RSA signature is made, hs2019 on both."""
    listed = attacker.documents["/users/mallory"]
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    listed["publicKey"]["publicKeyPem"] = public_pem_of(key)
    headers = cavage(mallory, ours.inbox, body)
    said = headers["Signature"].partition('algorithm="')[2].partition('"')[0]
    changed = rewritten(headers, f'algorithm="{said}"', 'algorithm="hs2019"')
    assert (await attacker.post(ours.inbox, body, changed)).status == 401


def public_pem_of(key: ed25519.Ed25519PublicKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


async def test_a_key_that_can_be_broken(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None
) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    attacker.documents["/users/mallory"]["publicKey"]["publicKeyPem"] = public_pem(weak)
    headers = cavage_headers(weak, mallory.key_id, ours.inbox, body)
    assert await attacker.post(ours.inbox, body, headers) == (401, "key_weak")


@pytest.mark.parametrize(
    "key_id",
    [
        "acct:mallory@{host}",
        "http://{host}/users/mallory#main-key",
        "data:application/activity+json,x",
        "file:///etc/passwd",
        "did:key:z6Mk",
        "//{host}/users/mallory#main-key",
        "https://mallory@{host}/users/mallory#main-key",
        "https://{host}\\\\@evil.example/#main-key",
    ],
)
async def test_a_key_id_that_is_no_address_of_the_web(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None, key_id: str
) -> None:
    said = key_id.format(host=attacker.host)
    headers = cavage_headers(mallory.private, said, ours.inbox, body)
    status, _ = await attacker.post(ours.inbox, body, headers)
    assert status == 401
    assert attacker.requests == []


@pytest.mark.parametrize("listed", [False, True])
async def test_a_key_document_that_its_owner_does_not_confirm(
    ours: Instance, microblog: Peer, garden: Account, untouched: None, listed: bool
) -> None:
    """On the victim's own server; the owner's document decides which key stands under an id."""
    victim = microblog.person("victim")
    key_id = microblog.url("/keys/1")
    stub = {"id": key_id, "owner": victim.uri, "publicKeyPem": public_pem(rsa_key(1))}
    microblog.serve({"@context": "https://w3id.org/security/v1", "type": "Key", **stub})
    if listed:
        own = microblog.documents["/users/victim"]["publicKey"]
        own["id"] = key_id
    body = orjson.dumps(microblog.activity(victim, "Follow", garden.uri))
    headers = cavage_headers(rsa_key(1), key_id, ours.inbox, body)
    expected = "signature_wrong" if listed else "key_not_listed"
    assert await microblog.post(ours.inbox, body, headers) == (401, expected)


async def test_a_key_document_under_another_id(
    ours: Instance, microblog: Peer, garden: Account, untouched: None
) -> None:
    """What lies at an address and calls itself something else is kept under neither."""
    mallory = microblog.person("mallory", key=1)
    other: Json = {**mallory.document()["publicKey"], "id": microblog.url("/keys/2")}
    microblog.documents["/keys/1"] = {"@context": "https://w3id.org/security/v1", **other}
    microblog.serve({"@context": "https://w3id.org/security/v1", **other})
    key_id = microblog.url("/keys/1")
    body = orjson.dumps(microblog.activity(mallory, "Follow", garden.uri))
    headers = cavage_headers(mallory.private, key_id, ours.inbox, body)
    assert await microblog.post(ours.inbox, body, headers) == (401, "key_not_listed")
    assert await ours.value("select count(*) from keys where id like '%/keys/%'") == 0


ODD_ACTORS = (
    "https://victim.example@{host}/users/mallory",
    "https://{host}\\\\users/mallory",
    "https://{host}./users/mallory",
    "https://{host}:443/users/mallory",
    "https:/{host}/users/mallory",
    "https://①②⑦.0.0.1/users/mallory",
    "https://127.1/users/mallory",
    "https://2130706433/users/mallory",
    "https://{host}/users/mallory\u202e",
    "https://{host}/users/mallory\n",
)


@pytest.mark.parametrize("spelled", ODD_ACTORS)
async def test_an_actor_that_two_readers_find_on_two_hosts(
    ours: Instance, attacker: Peer, mallory: Person, garden: Account, untouched: None, spelled: str
) -> None:
    follow = attacker.activity(mallory, "Follow", garden.uri)
    follow["actor"] = spelled.format(host=attacker.host)
    status, reason = await attacker.send(mallory, follow, ours.inbox)
    assert (status, reason) in {(400, "bad_url"), (401, "foreign_actor"), (401, "foreign_id")}


# The newer form (RFC 9421)


def message(by: Person, inbox: str, body: bytes) -> dict[str, str]:
    return rfc9421_headers(by.private, by.key_id, inbox, body)


async def test_a_swapped_body_under_a_message_signature(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None
) -> None:
    headers = message(mallory, ours.inbox, body)
    other = body.replace(b"Follow", b"Block ")
    assert await attacker.post(ours.inbox, other, headers) == (401, "digest_mismatch")


@pytest.mark.parametrize("name", ["@method", "@target-uri", "content-digest"])
async def test_a_message_signature_that_leaves_something_out(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None, name: str
) -> None:
    headers = message(mallory, ours.inbox, body)
    listed = headers["Signature-Input"]
    assert f'"{name}"' in listed
    short = listed.replace(f'"{name}"', "", 1).replace("( ", "(").replace("  ", " ")
    headers["Signature-Input"] = short.replace(" )", ")")
    assert await attacker.post(ours.inbox, body, headers) == (401, "signature_coverage")


async def test_a_message_signed_for_another_inbox(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None
) -> None:
    headers = message(mallory, f"{ours.inbox}/elsewhere", body)
    assert await attacker.post(ours.inbox, body, headers) == (401, "signature_wrong")


async def test_a_signature_with_another_digest_of_the_same_body(
    ours: Instance, attacker: Peer, mallory: Person, body: bytes, untouched: None
) -> None:
    """Of two digests one is right: the other may be what somebody else checks."""
    headers = message(mallory, ours.inbox, body)
    wrong = base64.b64encode(bytes(64)).decode()
    headers["Content-Digest"] += f", sha-512=:{wrong}:"
    assert await attacker.post(ours.inbox, body, headers) == (401, "digest_mismatch")
