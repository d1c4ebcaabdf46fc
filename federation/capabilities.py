"""What a server says that it can do, in its actors' documents (FEP-844e).

An actor names the software behind it as its ``generator``, an anonymous Application; an actor that is an
Application says it of itself. It is a hint and no proof: a proxy may drop the headers of a signature that the
software behind it would have read, so whoever acts on a hint goes on without it.
"""

from __future__ import annotations

from typing import Final

from federation.fields import Document, items, mapping, mappings, text

RFC9421: Final = "https://datatracker.ietf.org/doc/html/rfc9421"
RFC9421_ED25519: Final = f"{RFC9421}#name-eddsa-using-curve-edwards25"

LINKS_MAX: Final = 64

_OURS: Final = (
    (RFC9421, "RFC-9421: HTTP Message Signatures"),
    (RFC9421_ED25519, "RFC-9421 signatures using the Ed25519 algorithm"),
)


def ours() -> list[dict[str, str]]:
    """The value of ``implements`` for this software."""
    return [{"type": "Link", "href": href, "name": name} for href, name in _OURS]


def advertised(kind: str) -> dict[str, object]:
    """What the document of an actor of ours, of a kind, says of the software."""
    if kind == "application":
        return {"implements": ours()}
    return {"generator": {"type": "Application", "implements": ours()}}


def implemented(actor: Document) -> frozenset[str]:
    """What an actor's document says that its server can do: identifiers of capabilities."""
    behind = actor if _is_application(actor) else mapping(actor.get("generator"))
    if behind is None or not _is_application(behind):
        return frozenset()
    named = (text(link.get("href")) for link in mappings(behind.get("implements"), LINKS_MAX))
    return frozenset(filter(None, named))


def _is_application(document: Document) -> bool:
    return "Application" in items(document.get("type"), LINKS_MAX)
