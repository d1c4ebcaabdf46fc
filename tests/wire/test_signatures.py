"""HTTP signatures: both schemes, both directions, and against other implementations."""

from __future__ import annotations

import base64
import copy
import dataclasses
from datetime import UTC, datetime
from types import SimpleNamespace

import http_message_signatures as hms
import pytest
from apsig import draft
from apsig.rfc9421 import RFC9421Signer, RFC9421Verifier
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from federation.keys import ActorKey, SigningKey, generate_rsa, sign, signed_by
from federation.requests import format_http_date
from federation.rfc9421 import signature_base
from federation.signatures import (
    Request,
    Verified,
    parse,
    sign_cavage,
    sign_rfc9421,
    verify,
)
from federation.structured import byte_sequence, read_signature_inputs
from tests.wire.conftest import ACTOR, RefusedWith
from tests.wire.signing import BODY, BOTH, OURS, Sign, check, get, post, signed

# --- both directions ---


@BOTH
@pytest.mark.parametrize("request_", [post(), get(), get("/users/1/outbox?page=true"), post(b"")])
def test_what_we_sign_is_verified(
    sign_with: Sign, request_: Request, rsa_key: SigningKey, rsa_public: ActorKey, now: datetime
) -> None:
    found = check(signed(request_, sign_with(request_, rsa_key, now)), rsa_public, now)
    assert (found.owner, found.key_id) == (ACTOR, rsa_key.key_id)
    assert found.scheme in sign_with.__name__


@BOTH
def test_ed25519(
    sign_with: Sign, ed25519_key: SigningKey, ed25519_public: ActorKey, now: datetime
) -> None:
    request = signed(post(), sign_with(post(), ed25519_key, now))
    assert check(request, ed25519_public, now).key_id == ed25519_key.key_id


def test_a_query_may_be_signed_or_not(
    rsa_key: SigningKey, rsa_public: ActorKey, now: datetime
) -> None:
    request = get("/users/1/outbox?page=true")
    for with_query in (True, False):
        added = sign_cavage(request, rsa_key, now, with_query=with_query)
        assert check(signed(request, added), rsa_public, now)
    bare = signed(request, sign_rfc9421(get("/users/1/outbox"), rsa_key, now))
    assert check(bare, rsa_public, now)


def test_gancio_signs_the_host_without_its_port(
    rsa_key: SigningKey, rsa_public: ActorKey, now: datetime
) -> None:
    request = dataclasses.replace(post(), headers={**post().headers, "host": "here.example:8443"})
    added = sign_cavage(post(), rsa_key, now)
    claims = parse(signed(request, added), authorities={"here.example:8443"}, now=now)
    assert verify(claims, claims.request, rsa_public, now=now)


def test_what_mastodon_demands_of_rfc9421(rsa_key: SigningKey, now: datetime) -> None:
    added = sign_rfc9421(post(), rsa_key, now)
    assert added["Signature-Input"] == (
        'sig1=("@method" "@target-uri" "content-digest" "content-type")'
        f';created={int(now.timestamp())};keyid="{rsa_key.key_id}";alg="rsa-v1_5-sha256"'
    )
    assert added["Content-Digest"].startswith("sha-256=:")


def test_apsig_verifies_our_cavage(rsa_key: SigningKey) -> None:
    now = datetime.now(UTC)
    request = post()
    headers = {**request.headers, **sign_cavage(request, rsa_key, now)}
    public = rsa_key.private.public_key()
    verifier = draft.Verifier(public, "POST", "https://here.example/inbox", headers, BODY)  # type: ignore
    assert verifier.verify(raise_on_fail=True) == rsa_key.key_id


def test_we_verify_apsig_cavage(rsa_key: SigningKey, rsa_public: ActorKey) -> None:
    now = datetime.now(UTC)
    signer = draft.Signer(
        headers={"host": "here.example"},
        private_key=rsa_key.private,  # type: ignore
        method="POST",
        url="https://here.example/inbox",
        key_id=rsa_key.key_id,
        body=BODY,
    )
    fields = [(n, v) for n, v in signer.sign().items() if n != "Authorization"]
    assert check(Request.received("post", "/inbox", fields, BODY), rsa_public, now)


def test_apsig_verifies_our_rfc9421(rsa_key: SigningKey) -> None:
    now = datetime.now(UTC)
    request = Request("GET", "/users/1", {"host": "here.example"})
    # It writes the parameters again in its own order, and knows three derived components only.
    inputs = (
        f'("@method" "@path" "@authority");created={int(now.timestamp())}'
        f';alg="rsa-v1_5-sha256";keyid="{rsa_key.key_id}"'
    )
    base = signature_base(request, "/users/1", read_signature_inputs(f"sig1={inputs}")["sig1"])
    headers = {
        "signature-input": f"sig1={inputs}",
        "signature": f"sig1={byte_sequence(sign(rsa_key.private, base))}",
    }
    verifier = RFC9421Verifier(
        rsa_key.private.public_key(), "GET", "/users/1", "here.example", headers
    )
    assert verifier.verify(raise_on_fail=True) == rsa_key.key_id


def test_apsig_rfc9421_covers_no_digest_of_a_body(
    rsa_key: SigningKey, rsa_public: ActorKey, refused: RefusedWith
) -> None:
    now = datetime.now(UTC)
    signer = RFC9421Signer(rsa_key.private, rsa_key.key_id)  # type: ignore
    headers = {"host": "here.example", "content-type": "application/activity+json"}
    fields = list(signer.sign("GET", "/users/1", "here.example", headers).items())
    request = Request.received("GET", "/users/1", fields)
    # It digests in the draft's form under the RFC's name; without it the signature is good.
    plain = {n: v for n, v in request.headers.items() if n != "content-digest"}
    assert check(dataclasses.replace(request, headers=plain), rsa_public, now)
    fields = list(signer.sign("POST", "/inbox", "here.example", headers, BODY).items())
    with refused("signature_coverage"):
        parse(Request.received("POST", "/inbox", fields, BODY), authorities=OURS, now=now)


class Keys(hms.HTTPSignatureKeyResolver):
    def __init__(self, key: SigningKey) -> None:
        self.key = key

    def resolve_public_key(self, key_id: str) -> object:
        assert key_id == self.key.key_id
        return self.key.private.public_key()

    def resolve_private_key(self, key_id: str) -> object:
        return self.key.private


ALGORITHMS = pytest.mark.parametrize(
    ("fixture", "algorithm"),
    [
        ("rsa_key", hms.algorithms.RSA_V1_5_SHA256),
        ("ed25519_key", hms.algorithms.ED25519),
    ],
)


@ALGORITHMS
def test_http_message_signatures_verifies_ours(
    fixture: str, algorithm: type, request: pytest.FixtureRequest
) -> None:
    key: SigningKey = request.getfixturevalue(fixture)
    ours = post(path="/inbox?a=b")
    message = SimpleNamespace(
        method="POST",
        url="https://here.example/inbox?a=b",
        headers={**ours.headers, **sign_rfc9421(ours, key, datetime.now(UTC))},
    )
    verifier = hms.HTTPMessageVerifier(signature_algorithm=algorithm, key_resolver=Keys(key))
    (result,) = verifier.verify(message, body=BODY, require_components=("@target-uri",))
    assert result.body == BODY


@ALGORITHMS
@pytest.mark.parametrize(
    "components",
    [
        ("@method", "@target-uri", "@authority", "host", "date", "content-digest"),  # Fedify's
        ("@method", "@authority", "@path", "@query", "@scheme", "content-digest"),
        ("@method", "@authority", "@request-target", "content-digest"),
    ],
)
def test_we_verify_http_message_signatures(
    components: tuple[str, ...], fixture: str, algorithm: type, request: pytest.FixtureRequest
) -> None:
    key: SigningKey = request.getfixturevalue(fixture)
    public = ActorKey(key.key_id, ACTOR, key.private.public_key())
    now = datetime.now(UTC)
    headers = {"Host": "here.example", "Date": format_http_date(now)}
    message = SimpleNamespace(method="POST", url="https://here.example/inbox?a=b", headers=headers)
    signer = hms.HTTPMessageSigner(signature_algorithm=algorithm, key_resolver=Keys(key))
    signer.sign(
        message, key_id=key.key_id, covered_component_ids=components, body=BODY, created=now
    )
    received = Request.received("POST", "/inbox?a=b", list(message.headers.items()), BODY)
    assert check(received, public, now).scheme == "rfc9421"


# RFC 9421 appendix B.1.4: test-key-ed25519, the public half.
RFC9421_KEY = Ed25519PublicKey.from_public_bytes(
    base64.urlsafe_b64decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs=")
)


def test_rfc9421_appendix_b26() -> None:
    request = Request(
        "POST",
        "/foo?param=Value&Pet=dog",
        {
            "host": "example.com",
            "date": "Tue, 20 Apr 2021 02:07:55 GMT",
            "content-type": "application/json",
            "content-length": "18",
        },
        b'{"hello": "world"}',
    )
    inputs = (
        '("date" "@method" "@path" "@authority" "content-type" "content-length")'
        ';created=1618884473;keyid="test-key-ed25519"'
    )
    found = read_signature_inputs(f"sig-b26={inputs}")["sig-b26"]
    assert found.parameters == {"created": 1618884473, "keyid": "test-key-ed25519"}
    base = signature_base(request, request.path_qs, found)
    assert base.decode().split("\n") == [
        '"date": Tue, 20 Apr 2021 02:07:55 GMT',
        '"@method": POST',
        '"@path": /foo',
        '"@authority": example.com',
        '"content-type": application/json',
        '"content-length": 18',
        f'"@signature-params": {inputs}',
    ]
    signature = base64.b64decode(
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )
    assert signed_by(RFC9421_KEY, signature, base)


def test_rfc9421_appendix_b4() -> None:
    fields = [("Host", "example.org"), ("Accept", "application/json"), ("Accept", "*/*")]
    request = Request.received("GET", "/demo?name1=Value1&Name2=value2", fields)
    inputs = '("@method" "@path" "@authority" "accept");created=1618884473;keyid="test-key-ed25519"'
    found = read_signature_inputs(f"transform={inputs}")["transform"]
    signature = base64.b64decode(
        "ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA=="
    )
    assert signed_by(RFC9421_KEY, signature, signature_base(request, request.path_qs, found))


# --- who is proven ---


def test_only_the_verifier_makes_a_verified(
    rsa_key: SigningKey, rsa_public: ActorKey, now: datetime
) -> None:
    for seal in (None, object(), True):
        with pytest.raises(TypeError, match="only federation"):
            Verified(ACTOR, rsa_key.key_id, "cavage", seal)
    found = check(signed(post(), sign_cavage(post(), rsa_key, now)), rsa_public, now)
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(found, owner="https://victim.example/users/1")
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.owner = "https://victim.example/users/1"  # type: ignore


def test_claims_belong_to_their_request(
    rsa_key: SigningKey, rsa_public: ActorKey, now: datetime
) -> None:
    request = signed(post(), sign_cavage(post(), rsa_key, now))
    claims = parse(request, authorities=OURS, now=now)
    other = dataclasses.replace(copy.copy(request), body=b"{}")
    with pytest.raises(ValueError, match="another request"):
        verify(claims, other, rsa_public, now=now)


@BOTH
def test_another_key_does_not_verify(
    sign_with: Sign, rsa_key: SigningKey, now: datetime, refused: RefusedWith
) -> None:
    request = signed(post(), sign_with(post(), rsa_key, now))
    other = generate_rsa().public_key()
    with refused("signature_wrong"):
        check(request, ActorKey(rsa_key.key_id, ACTOR, other), now)
    with refused("key_mismatch"):
        check(request, ActorKey(f"{ACTOR}#other", ACTOR, rsa_key.private.public_key()), now)
    victim = "https://victim.example/users/1"
    with refused("key_origin"):
        check(request, ActorKey(rsa_key.key_id, victim, rsa_key.private.public_key()), now)
