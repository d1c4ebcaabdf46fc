"""Documents in another JSON-LD shape than ActivityStreams' compact form, put into that form.

``jsonld.is_plain`` alone decides how a document is read: by its plain names, or here; never both ways. Here it
means what JSON-LD 1.1 says that it means: pyld expands it and writes it again with the terms that we send. What
comes out is a plain document like any other, and must read back to the same statements; else it is refused.

No context is fetched: one that is not bundled is refused, as what it says would be lost. What lets one document
be arranged in many ways is refused by name (Mastodon CVE-2022-24307, CVE-2026-46349; Fedify CVE-2026-42462),
and the bounds keep the worst of them below 0.2 seconds. Proofs and signatures inside of it are left out: they
prove the bytes as they stood, not what was made of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final, cast

import orjson
from pyld import jsonld as pyld

from federation import jsonld, vocab
from federation.errors import Refused

MAX_BYTES: Final = 64 * 1024
MAX_DEPTH: Final = 16
MAX_VALUES: Final = 1_000
MAX_CONTEXTS: Final = 16  # addresses and objects of all contexts together
MAX_TERMS: Final = 200  # that its own contexts define
MAX_TERM: Final = 256  # characters: terms can be put together to longer ones

REFUSED: Final = frozenset(
    {"@graph", "@included", "@reverse", "@nest", "@import", "@propagate", "@protected"}
)
"""Keywords, as names or as values, that arrange a document in another way or hide what defines it."""

CONTEXT: Final[list[object]] = [
    vocab.AS,
    vocab.SECURITY,
    {
        "Multikey": "sec:Multikey",
        "controller": {"@id": "sec:controller", "@type": "@id"},
        "publicKeyMultibase": {"@id": "sec:publicKeyMultibase", "@type": "sec:multibase"},
        **vocab.ACTOR_TERMS,
        **vocab.POST_TERMS,
        **vocab.MODERATION_TERMS,
        **vocab.QUOTE_TERMS,
        **vocab.EVENT_TERMS,
        **vocab.CALL_TERMS,
        **vocab.TALLY_TERMS,
    },
]
"""What a document is written with here: all that we send. Multikey's own context counts per type, which is slow."""

NOWHERE: Final = "http://relative.invalid/"
"""What relative addresses are relative to: no id, and no address that anything answers at (RFC 2606)."""

_PROOFS: Final = frozenset(
    {"https://w3id.org/security#proof", "https://w3id.org/security#signature"}
)
# Its own types are partly unknown.
_expand = cast("Callable[[object, object], list[object]]", pyld.expand)  # pyright: ignore[reportUnknownMemberType]
_compact = cast("Callable[[object, object, object], dict[str, object]]", pyld.compact)  # pyright: ignore[reportUnknownMemberType]

_SINGLE: Final = frozenset({f"{vocab.AS}#actor", f"{vocab.AS}#object"})
"""Read as the first of what stands there; but in JSON-LD nothing that is named twice comes first."""
_KEPT: Final = frozenset({"@id", "@type", "@value", "@language", "@list"})


def plain(document: Mapping[str, object]) -> dict[str, object]:
    """The plain form of a document that is not plain. Takes up to 0.2 seconds, and no network.

    Raises ``Refused``: ``jsonld_large``, ``unknown_context``, ``jsonld_shape``, ``context_redefines``.
    """
    _require_bounds(document)
    _require_known(document)
    try:
        return _rewritten(document)
    except (
        pyld.JsonLdError,
        RecursionError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
    ) as error:
        raise _refused(type(error).__name__) from error


def _rewritten(document: Mapping[str, object]) -> dict[str, object]:
    meant = _meaning(document)
    # Without a base no address is shortened to a bare word.
    context: dict[str, object] = {"@context": [*CONTEXT, {"@base": None}]}
    found = _compact([meant], context, {"documentLoader": _bundled, "skipExpansion": True})
    found["@context"] = CONTEXT
    jsonld.check_context(found)
    if _unordered(_meaning(found)) != _unordered(meant):
        raise _refused("it does not read back")
    return found


def _meaning(document: Mapping[str, object]) -> dict[str, object]:
    """The one node that a document describes, expanded, without its proofs.

    ActivityStreams' context holds where a document does not name it (Activity Streams 2.0, 2.1).
    """
    options = {"documentLoader": _bundled, "base": NOWHERE, "expandContext": vocab.AS}
    nodes = _expand(document, options)
    if len(nodes) != 1:
        raise _refused("not one node")
    node = cast("dict[str, object]", _bare(nodes[0]))
    for name, value in _members(node):
        _require_expanded(name, value)
    return node


def _bare(value: object) -> object:
    """Without proofs, and without members that no context names: they mean nothing in JSON-LD, and would be
    given back by their bare names, "proof" too."""
    if isinstance(value, list):
        return [_bare(entry) for entry in cast("list[object]", value)]
    if not isinstance(value, dict):
        return value
    node = cast("dict[str, object]", value)
    return {
        name: _bare(inner)
        for name, inner in node.items()
        if name not in _PROOFS and not name.startswith("_:")
    }


def _unordered(value: object) -> object:
    """To compare by: only what stands in a @list has an order (JSON-LD 1.1, 4.3)."""
    if isinstance(value, dict):
        node = cast("dict[str, object]", value)
        return {
            name: [_unordered(entry) for entry in _listed(inner)]
            if name == "@list"
            else _unordered(inner)
            for name, inner in node.items()
        }
    if not isinstance(value, list):
        return value
    entries = (_unordered(entry) for entry in cast("list[object]", value))
    return sorted(entries, key=lambda entry: orjson.dumps(entry, option=orjson.OPT_SORT_KEYS))


def _require_expanded(name: str, value: object) -> None:
    """Whole addresses and no other keywords: a bare word would be given back as one of ours ("Public")."""
    if name.startswith("@") and name not in _KEPT:
        raise _refused(name)
    if name in _SINGLE and len(_listed(value)) > 1:
        raise _refused(f"more than one {name}")
    if name in ("@id", "@type"):
        for entry in _listed(value):
            if not isinstance(entry, str) or ":" not in entry:
                raise _refused(f"relative {name}")


def _require_bounds(document: Mapping[str, object]) -> None:
    if len(jsonld.to_json(document)) > MAX_BYTES:
        raise _large("bytes")
    values, level = 0, cast("list[object]", [document])
    for _ in range(MAX_DEPTH):
        level = [below for value in level for below in _below(value)]
        values += len(level)
        if values > MAX_VALUES:
            raise _large("values")
        if not level:
            return
    raise _large("depth")


def _require_known(document: Mapping[str, object]) -> None:
    """Raises ``Refused`` for a keyword that is not read, and for contexts that are not bundled, too many or
    hidden in others."""
    for name, value in _members(document):
        for word in (name, *_listed(value)):
            if isinstance(word, str) and word in REFUSED:
                raise _refused(word)
    contexts = [entry for value in _contexts(document) for entry in _listed(value)]
    terms = 0
    for context in contexts:
        terms += _terms_of(context)
    if len(contexts) > MAX_CONTEXTS or terms > MAX_TERMS:
        raise _large("contexts")


def _terms_of(context: object) -> int:
    """How many terms a context defines itself."""
    if isinstance(context, str):
        if jsonld.bundled(context) is None:
            raise Refused("unknown_context", "A context is not known here.", cause=context)
        return 0
    if not isinstance(context, dict):
        raise _refused("a context that is neither an address nor an object")
    inside = cast("dict[str, object]", context)
    for name, value in _members(inside):
        if name == "@context":
            raise _refused("a context inside of a context")
        if max(len(name), len(value) if isinstance(value, str) else 0) > MAX_TERM:
            raise _large("a term")
    return len(inside)


def _contexts(value: object) -> Iterator[object]:
    for below in _nodes(value):
        if "@context" in below:
            yield below["@context"]


def _nodes(value: object) -> Iterator[dict[str, object]]:
    pending: list[object] = [value]
    while pending:
        found = pending.pop()
        pending += _below(found)
        if isinstance(found, dict):
            yield cast("dict[str, object]", found)


def _members(value: object) -> Iterator[tuple[str, object]]:
    for node in _nodes(value):
        yield from node.items()


def _below(value: object) -> list[object]:
    if isinstance(value, dict):
        return list(cast("dict[str, object]", value).values())
    return cast("list[object]", value) if isinstance(value, list) else []


def _listed(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else [value]


def _bundled(url: str, _options: object) -> dict[str, object]:
    """pyld's way to contexts: those that lie beside this module, and nowhere else."""
    context = jsonld.bundled(url)
    if context is None:
        raise Refused("unknown_context", "A context is not known here.", cause=url)
    return {"contextUrl": None, "documentUrl": url, "document": context}


def _refused(cause: str) -> Refused:
    return Refused(
        "jsonld_shape", "The document's JSON-LD is not of a shape read here.", cause=cause
    )


def _large(cause: str) -> Refused:
    return Refused(
        "jsonld_large", "In another shape, a document is read up to 64 KiB.", cause=cause
    )
