"""A device with one passkey, made of nothing but its key: what it answers is as a browser hands it on."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """``verifies``: whether it checks who holds it. ``counter``: of what it signed."""

    origin: str
    host: str
    verifies: bool = True
    counter: int = 0
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    id: bytes = field(default_factory=lambda: os.urandom(32))

    def add(self, asked: str) -> str:
        """What it answers to what a page asks for a new passkey (WebAuthn, 6.5.4, without attestation)."""
        public = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: public.x.to_bytes(32), -3: public.y.to_bytes(32)}
        held = bytes(16) + struct.pack(">H", len(self.id)) + self.id + encode_cbor(cose)
        said = {"fmt": "none", "attStmt": {}, "authData": self._data(ATTESTED) + held}
        response = {"attestationObject": bytes_to_base64url(encode_cbor(said))}
        return self._answer("webauthn.create", asked, response)

    def enter(self, asked: str) -> str:
        """What it answers to who asks it to sign."""
        self.counter += 1
        data = self._data(0)
        client = self._client("webauthn.get", asked)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        response = {
            "authenticatorData": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
        }
        return self._answer("webauthn.get", asked, response)

    def _data(self, more: int) -> bytes:
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.counter)

    def _client(self, kind: str, asked: str) -> bytes:
        said = {"type": kind, "challenge": json.loads(asked)["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def _answer(self, kind: str, asked: str, response: dict[str, str]) -> str:
        client = bytes_to_base64url(self._client(kind, asked))
        own = bytes_to_base64url(self.id)
        whole = {**response, "clientDataJSON": client}
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": whole})
