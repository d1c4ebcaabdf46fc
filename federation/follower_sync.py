"""Whether two servers agree who follows an actor, in one header (FEP-8fcf).

The digest of a set of followers is the XOR of the SHA-256 of their ids, so their order means nothing. The
header counts only where the signature covers it, and only for what lies on the sender's own authority: else
one could have us ask, and act upon, somebody else's list.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from federation.errors import Refused
from federation.origin import same_origin

HEADER: Final = "Collection-Synchronization"
NOBODY: Final = "0" * 64
_PARAMETER: Final = re.compile(r'[ \t]*([A-Za-z]{1,32})="([^"\\]{0,2048})"[ \t]*(?:,|\Z)')
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Synchronization:
    """``collection`` is the sender's followers; at ``url`` are those on the receiver's server, and
    ``digest`` is theirs, in hexadecimal."""

    collection: str
    url: str
    digest: str


def digest(ids: Iterable[str]) -> str:
    """Of a set of ids, in hexadecimal; of nobody it is zero."""
    found = 0
    for uri in set(ids):
        found ^= int.from_bytes(hashlib.sha256(uri.encode()).digest())
    return f"{found:064x}"


def write(value: Synchronization) -> str:
    return f'collectionId="{value.collection}", url="{value.url}", digest="{value.digest}"'


def read(header: str, followers: str | None) -> Synchronization:
    """The header of a sender whose followers are the collection ``followers``.

    Raises ``Refused``: bad_synchronization, foreign_collection.
    """
    said = {match[1]: match[2] for match in _PARAMETER.finditer(header[:8192])}
    found = Synchronization(
        said.get("collectionId", ""), said.get("url", ""), said.get("digest", "").lower()
    )
    if not _DIGEST.fullmatch(found.digest):
        raise Refused("bad_synchronization", "The digest of followers cannot be read.")
    if found.collection != followers or not same_origin(found.url, found.collection):
        raise Refused("foreign_collection", "The followers named are not the sender's own.")
    return found
