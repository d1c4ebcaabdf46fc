"""Ids and secrets as they appear outside.

In the client API an id is a string of decimal digits: Ivory reads ids as integers. A secret is 256 random
bits in base64url; only its digest is kept.
"""

from __future__ import annotations

import hashlib
import secrets


def parse(text: str) -> int | None:
    """The id in ``text``, or None where it cannot be one of ours."""
    if text.isascii() and text.isdigit() and len(text) <= 19:
        number = int(text)
        return number if number < 2**63 else None
    return None


def secret() -> str:
    return secrets.token_urlsafe(32)


def digest(value: str) -> bytes:
    """SHA-256: the secrets have 256 bits, so a slow hash would add nothing.

    A header may hold bytes that are no text: they count as they came.
    """
    return hashlib.sha256(value.encode(errors="surrogateescape")).digest()
