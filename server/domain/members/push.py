"""Web push as a member sets it up: a subscription for each token, and the one key pair of the instance.

The key pair (VAPID, RFC 8292) is made when it is first asked for and never changed: a browser binds
its subscription to it, and every telephone would fall silent without a word.

**The token in the message.** Clients know by the ``access_token`` in a push message which of their
accounts rings (Elk, Ice Cubes and Mastodon for iOS compare it with what they keep), so the secret itself must
be in it, and of a token only the digest is kept. It is at hand once: in the request that subscribes. So it is
kept with the subscription, and goes with it (unsubscribed, revoked, 410). It is sealed with a key derived from
the private half of the pair and bound to its token: a list of subscriptions that leaks, by a log, a
query or a page, gives nobody's account away. Who has the whole database has that key too; of a member who
never turned push on, even they have nothing but a digest.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from typing import cast

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.domain.tx import Tx
from server.errors import Invalid, NotFound, Unavailable
from storage import instance, pushes
from storage.notifications import TYPES
from storage.oauth import Token
from storage.pushes import Subscription, Wanted

UNASKED = ("moderation_warning", "severed_relationships")
ALERTS = tuple(name for name in TYPES if name not in UNASKED)
POLICIES = ("all", "followed", "follower", "none")
NONCE = 12  # bytes
KEPT = 20
"""Subscriptions of one account: nobody has more telephones, and each is a POST to wherever it names."""


async def private_key(tx: Tx) -> str:
    """The key pair's private half, in PEM. Raises ``Unavailable`` before the instance is set up."""
    here = await instance.get(tx.conn)
    if here and here.vapid_private is None:
        await instance.keep_vapid(tx.conn, _new_key())  # of two at once the first is kept
        here = await instance.get(tx.conn)
    if here is None or here.vapid_private is None:
        raise Unavailable("This instance is not set up yet.")
    return here.vapid_private


def _new_key() -> str:
    return (
        ec.generate_private_key(ec.SECP256R1())
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        .decode()
    )


async def server_key(tx: Tx) -> str:
    """What clients subscribe with: the uncompressed point in base64url. Raises ``Unavailable``."""
    point = (
        _loaded(await private_key(tx))
        .public_key()
        .public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
    )
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _loaded(pem: str) -> ec.EllipticCurvePrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    return cast("ec.EllipticCurvePrivateKey", key)


async def subscribe(tx: Tx, token: Token, secret: str, wanted: Wanted) -> Subscription:
    """In place of what the token had. ``secret`` is the token's own. Raises ``Invalid``."""
    _check(wanted.policy)
    sealed = seal(await private_key(tx), token.id, secret)
    made = await pushes.put(tx.conn, token.id, wanted, sealed, tx.now)
    await pushes.drop_older(tx.conn, token.account_id or 0, KEPT)
    return made


async def change(tx: Tx, token: Token, alerts: Sequence[str], policy: str) -> Subscription:
    """Raises ``Invalid``, and ``NotFound`` where the token has none."""
    _check(policy)
    changed = await pushes.change(tx.conn, token.id, alerts, policy)
    if changed is None:
        raise NotFound
    return changed


def _check(policy: str) -> None:
    if policy not in POLICIES:
        raise Invalid("Validation failed: Policy is not included in the list", field="policy")


def _sealing_key(pem: str) -> AESGCM:
    number = _loaded(pem).private_numbers().private_value.to_bytes(32)
    return AESGCM(HKDF(hashes.SHA256(), 32, None, b"beckon push token").derive(number))


def seal(pem: str, token_id: int, secret: str) -> bytes:
    nonce = os.urandom(NONCE)
    sealed = _sealing_key(pem).encrypt(nonce, secret.encode(), str(token_id).encode())
    return nonce + sealed


def unseal(pem: str, token_id: int, sealed: bytes) -> str:
    """Raises ``InvalidTag`` for what was sealed for another token, or with another key."""
    plain = _sealing_key(pem).decrypt(sealed[:NONCE], sealed[NONCE:], str(token_id).encode())
    return plain.decode()
