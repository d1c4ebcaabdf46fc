"""Web push messages, decrypted by a receiver that is written from the RFCs and knows nothing of ours."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from federation import webpush
from federation.errors import Refused
from federation.webpush import Receiver, Sender
from tests.wire.browser import Browser, unbase64

NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)
SENDER = Sender(ec.generate_private_key(ec.SECP256R1()), "mailto:desk@garden.example")
ENDPOINT = "https://push.example/send/1"

# RFC 8291, Appendix A and section 5.
PLAIN = b"When I grow up, I want to be a watermelon"
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
AS_PUBLIC = (
    "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8"
)
UA_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
UA_PUBLIC = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
MESSAGE = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLoc"
    "InmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxs"
    "j_Qulcy4a-fN"
)


def private(text: str) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(unbase64(text)), ec.SECP256R1())


def test_the_example_of_rfc_8291() -> None:
    own = private(AS_PRIVATE)
    assert webpush.encode(webpush.point(own)) == AS_PUBLIC
    receiver = Receiver(ENDPOINT, unbase64(UA_PUBLIC), unbase64(AUTH), standard=True)
    made = webpush.aes128gcm(PLAIN, receiver, own, unbase64(SALT))
    assert webpush.encode(made) == MESSAGE


def test_the_receiver_of_these_tests_reads_the_example_too() -> None:
    """So what it accepts below is what the RFC means."""
    browser = Browser(private(UA_PRIVATE), unbase64(AUTH))
    assert browser.decrypt(unbase64(MESSAGE), {"Content-Encoding": "aes128gcm"}) == PLAIN


def sent(plain: bytes, browser: Browser, *, standard: bool) -> webpush.Message:
    receiver = Receiver(ENDPOINT, browser.public, browser.auth, standard=standard)
    webpush.check(receiver)
    return webpush.message(plain, receiver, SENDER, NOW, ttl=60, urgency="normal")


@given(st.binary(max_size=200), st.booleans())
def test_whoever_it_is_for_reads_it(plain: bytes, standard: bool) -> None:
    browser = Browser.new()
    made = sent(plain, browser, standard=standard)
    assert browser.decrypt(made.body, made.headers) == plain
    with pytest.raises(InvalidTag):
        Browser.new().decrypt(made.body, made.headers)


@pytest.mark.parametrize("standard", [True, False])
def test_the_largest(standard: bool) -> None:
    """RFC 8030, 7.2: a push service must take 4096 bytes."""
    made = sent(b"x" * webpush.MAX_PLAIN, Browser.new(), standard=standard)
    assert len(made.body) <= 4096
    with pytest.raises(Refused, match="too_large"):
        sent(b"x" * (webpush.MAX_PLAIN + 1), Browser.new(), standard=standard)


def test_no_two_messages_are_alike() -> None:
    browser = Browser.new()
    assert sent(b"x", browser, standard=True).body != sent(b"x", browser, standard=True).body


def claims_of(token: str) -> Any:
    """The claims of a JWT that our key has signed (RFC 7515, 5.2)."""
    head, body, signature = token.split(".")
    assert json.loads(unbase64(head)) == {"typ": "JWT", "alg": "ES256"}
    raw = unbase64(signature)
    assert len(raw) == 64
    pair = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
    public = SENDER.private.public_key()
    public.verify(pair, f"{head}.{body}".encode(), ec.ECDSA(hashes.SHA256()))
    return json.loads(unbase64(body))


def test_who_sends_is_told_as_rfc_8292_wants_it() -> None:
    made = sent(b"x", Browser.new(), standard=True)
    scheme, _, rest = made.headers["Authorization"].partition(" ")
    fields = dict(part.strip().split("=", 1) for part in rest.split(","))
    assert scheme == "vapid"
    assert unbase64(fields["k"]) == webpush.point(SENDER.private)
    claims = claims_of(fields["t"])
    assert claims["aud"] == "https://push.example"
    assert claims["sub"] == "mailto:desk@garden.example"
    left = datetime.fromtimestamp(claims["exp"], UTC) - NOW
    assert timedelta(0) < left <= timedelta(hours=24)
    assert (made.headers["TTL"], made.headers["Urgency"]) == ("60", "normal")
    assert {"Encryption", "Crypto-Key"} & made.headers.keys() == set()


def test_who_sends_is_told_as_the_draft_wants_it() -> None:
    made = sent(b"x", Browser.new(), standard=False)
    scheme, _, token = made.headers["Authorization"].partition(" ")
    assert scheme == "WebPush"
    assert claims_of(token)["aud"] == "https://push.example"
    fields = dict(part.strip().split("=", 1) for part in made.headers["Crypto-Key"].split(";"))
    assert unbase64(fields["p256ecdsa"]) == webpush.point(SENDER.private)
    assert len(unbase64(fields["dh"])) == 65
    assert made.headers["Content-Encoding"] == "aesgcm"


GOOD = Browser(private(UA_PRIVATE), unbase64(AUTH))


@pytest.mark.parametrize(
    ("endpoint", "public", "auth"),
    [
        ("http://push.example/1", GOOD.public, GOOD.auth),
        ("https://user@push.example/1", GOOD.public, GOOD.auth),
        ("push", GOOD.public, GOOD.auth),
        (ENDPOINT, b"", GOOD.auth),
        (ENDPOINT, b"\4" + b"\1" * 64, GOOD.auth),  # on no curve
        (ENDPOINT, b"\2" + GOOD.public[1:33], GOOD.auth),  # compressed
        (ENDPOINT, b"\0", GOOD.auth),  # the point at infinity
        (ENDPOINT, GOOD.public, b"short"),
        (ENDPOINT, GOOD.public, GOOD.auth + b"x"),
    ],
    ids=range(9),
)
def test_what_is_no_receiver_is_refused(endpoint: str, public: bytes, auth: bytes) -> None:
    with pytest.raises(Refused):
        webpush.check(Receiver(endpoint, public, auth, standard=True))


@given(st.binary(max_size=80))
def test_keys_come_in_every_base64(value: bytes) -> None:
    for text in (base64.b64encode(value), base64.urlsafe_b64encode(value)):
        assert webpush.decode(text.decode()) == value
        assert webpush.decode(text.decode().rstrip("=")) == value
    assert webpush.decode(webpush.encode(value)) == value


@pytest.mark.parametrize("text", ["a", "é", "!!!!", "\ud800"])
def test_what_is_no_base64_is_nothing(text: str) -> None:
    assert webpush.decode(text) == b""
