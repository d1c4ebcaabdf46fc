"""Of a contact call those to whom one writes, where each stands, and what is written to them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from federation.fields import Document, contact_url, mappings, own_ref, text
from federation.objects import Script, Target
from federation.vocab import STANDINGS

TARGETS_MAX: Final = 100
NAME_MAX: Final = 100
NOTE_MAX: Final = 1000
SUBJECT_MAX: Final = 200
BODY_MAX: Final = 5000


def targets(value: object, owner: str) -> Iterator[Target]:
    """Those with a name and an id on the origin of ``owner``, each once."""
    seen: set[str] = set()
    for entry in mappings(value, TARGETS_MAX):
        uri, name = own_ref(entry, owner), text(entry.get("name"), NAME_MAX)
        if not uri or not name or uri in seen:
            continue
        seen.add(uri)
        yield Target(
            id=uri,
            name=name,
            role=text(entry.get("role"), NAME_MAX),
            address=contact_url(entry.get("contact")) or "",
            area=text(entry.get("area"), NAME_MAX),
            language=text(entry.get("inLanguage"), NAME_MAX),
            standing=_standing(entry),
            note=text(entry.get("note"), NOTE_MAX),
        )


def scripts(value: object) -> Iterator[Script]:
    """One for each standing at most."""
    seen: set[str] = set()
    for entry in mappings(value, len(STANDINGS)):
        subject, body = text(entry.get("subject"), SUBJECT_MAX), text(entry.get("body"), BODY_MAX)
        standing = _standing(entry)
        if subject and body and standing not in seen:
            seen.add(standing)
            yield Script(standing=standing, subject=subject, body=body)


def _standing(entry: Document) -> str:
    said = entry.get("standing")
    return said if isinstance(said, str) and said in STANDINGS else "asked"
