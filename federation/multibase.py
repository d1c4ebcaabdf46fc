"""Base58 as Bitcoin writes it, under multibase's letter z (draft-multiformats-multibase).

Keys (FEP-521a) and proof values (FEP-8b32) are short, and both are always written in this base.
"""

from __future__ import annotations

from federation.errors import Refused

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {letter: value for value, letter in enumerate(_ALPHABET)}
MAX_LENGTH = 2048  # an RSA-8192 key has 1,408 letters; decoding is quadratic


def encode(data: bytes) -> str:
    """``data`` as multibase base58btc: ``z`` and the digits; each leading zero byte is a ``1``."""
    number, digits = int.from_bytes(data), ""
    while number:
        number, rest = divmod(number, 58)
        digits = _ALPHABET[rest] + digits
    zeros = len(data) - len(data.lstrip(b"\0"))
    return "z" + _ALPHABET[0] * zeros + digits


def decode(text: object) -> bytes:
    """The bytes of a multibase base58btc text. Raises ``Refused`` (``multibase_malformed``)."""
    if not isinstance(text, str) or not text.startswith("z") or len(text) > MAX_LENGTH:
        raise Refused("multibase_malformed", "A key or proof is not written in base58 (z...).")
    number = 0
    for letter in text[1:]:
        if letter not in _VALUES:
            raise Refused("multibase_malformed", "A key or proof is not written in base58 (z...).")
        number = number * 58 + _VALUES[letter]
    zeros = len(text) - 1 - len(text[1:].lstrip(_ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
