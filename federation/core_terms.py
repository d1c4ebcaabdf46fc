"""Refuses a document that gives a core word another meaning.

We read documents as plain JSON. A full JSON-LD reader would obey an inline ``@context`` that maps
``actor`` or ``object`` elsewhere, or that makes another word mean ``actor``, and see another document
than we do, under one signature (part of CVE-2026-46349, CVE-2026-42462 and their like). Such a document
is refused, as are the keywords that move nodes about. Context addresses are never fetched.
"""

from __future__ import annotations

from typing import Final

from federation.errors import Refused
from federation.fields import Document, mapping, mappings
from federation.vocab import AS

# fmt: off
CORE: Final = frozenset({
    "actor", "attributedTo", "audience", "bcc", "bto", "cc", "content", "contentMap", "href", "id",
    "inReplyTo", "inbox", "items", "name", "object", "orderedItems", "outbox", "owner", "proof",
    "publicKey", "publicKeyPem", "published", "signature", "summary", "tag", "target", "to", "type",
    "updated", "url",
})
# fmt: on
MOVING_KEYWORDS: Final = ("@graph", "@included", "@reverse", "@nest")
_PREFIXES: Final = {"as": f"{AS}#", "sec": "https://w3id.org/security#"}
_KEYWORDS: Final = {"@id": "id", "@type": "type"}


def refuse_redefinition(document: Document) -> None:
    """Look at a document and what it embeds under ``object``, two levels down.

    Raises Refused("redefined_term") or Refused("moved_nodes").
    """
    for node in _nodes(document):
        if any(keyword in node for keyword in MOVING_KEYWORDS):
            raise Refused("moved_nodes", "JSON-LD keywords that move nodes are not accepted.")
        for context in mappings(node.get("@context"), 32):
            _check(context)


def _nodes(document: Document) -> list[Document]:
    nodes: list[Document] = [document]
    layer: list[Document] = [document]
    for _ in range(2):
        layer = [inner for node in layer for inner in mappings(node.get("object"), 64)]
        nodes += layer
    return nodes


def _check(context: Document) -> None:
    for term, definition in context.items():
        if term in _PREFIXES:
            allowed = definition in {_PREFIXES[term], _PREFIXES[term].rstrip("#")}
        else:
            allowed = _is_harmless(term, _meaning(definition))
        if not allowed:
            raise Refused("redefined_term", "A core term is redefined.", cause=term[:100])


def _meaning(definition: object) -> str | None:
    """What a term is mapped to; None where it is removed or malformed."""
    if (expanded := mapping(definition)) is not None:
        definition = expanded.get("@id")
    return definition if isinstance(definition, str) else None


def _is_harmless(term: str, meaning: str | None) -> bool:
    meant = _core_term(meaning)
    if term in CORE:
        return meant == term
    return meant is None


def _core_term(meaning: str | None) -> str | None:
    """The core term that an IRI, whole or prefixed, stands for."""
    if meaning is None:
        return None
    if meaning in _KEYWORDS:
        return _KEYWORDS[meaning]
    for prefix, base in _PREFIXES.items():
        for start in (f"{prefix}:", base):
            if meaning.startswith(start) and meaning.removeprefix(start) in CORE:
                return meaning.removeprefix(start)
    return None
