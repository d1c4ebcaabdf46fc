"""JSON-LD documents, read as plain JSON with the known meaning of terms.

No context is ever fetched. ``loads`` refuses every spelling that two parsers read differently;
``check_context`` refuses a document that tells full JSON-LD readers something else than it tells us.
An unknown context URL is ignored: whatever it defines cannot change what our words mean. The bundled
contexts are our own short forms of the public ones, with the terms that we send; the tests expand
with them what we send, to prove that it means in JSON-LD what we say it means. A document in another
shape (``is_plain``) has no plain reading: ``federation/shapes.py`` puts it into this form first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import cast

import orjson

from federation.errors import Refused

ACTIVITYSTREAMS = "https://www.w3.org/ns/activitystreams"
SECURITY = "https://w3id.org/security/v1"
DATA_INTEGRITY = "https://w3id.org/security/data-integrity/v2"
MULTIKEY = "https://w3id.org/security/multikey/v1"
PUBLIC = f"{ACTIVITYSTREAMS}#Public"

MAX_BYTES = 1024 * 1024  # Mastodon's own limit for a document
MAX_DEPTH = 32
MAX_LIST = 10_000  # a page of a collection
MAX_VALUES = 50_000
MAX_ADDRESSED = 1_000  # entries of all the lists below, together
MAX_STRING = 512 * 1024  # characters
MAX_NUMBER = 2**53 - 1  # RFC 7493 2.2: beyond it readers disagree
COUNTED = frozenset({"to", "cc", "bto", "bcc", "audience", "tag", "attachment"})

_STRINGS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"', re.DOTALL)

_FILES = {
    ACTIVITYSTREAMS: "activitystreams.json",
    SECURITY: "security-v1.json",
    DATA_INTEGRITY: "data-integrity-v2.json",
    MULTIKEY: "multikey-v1.json",
}


def loads(data: bytes) -> dict[str, object]:
    """The JSON object in ``data``.

    Raises ``Refused``: ``json_malformed`` (also NaN, invalid UTF-8, a lone surrogate),
    ``json_duplicate`` (a key twice), ``json_number``, ``json_nul`` (PostgreSQL cannot keep it),
    ``json_depth``, ``json_large``, ``json_not_object``.
    """
    if len(data) > MAX_BYTES:
        raise _large("the document")
    try:
        # Safe on hostile nesting: orjson itself stops at a depth of 1,024.
        document: object = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Refused("json_malformed", "The document is not JSON.", cause=str(error)) from None
    if not isinstance(document, dict):
        raise Refused("json_not_object", "The document is not a JSON object.")
    members = _measure(
        cast(dict[str, object], document),
        texts=len(data) > MAX_STRING or b"\\u0000" in data,
    )
    # Outside strings, valid JSON has one colon for each member. Only valid JSON comes here, in
    # which every string ends: on anything else this expression could take quadratic time.
    if _STRINGS.sub(b"", data).count(b":") != members:
        raise Refused("json_duplicate", "The document repeats a key of an object.")
    return cast(dict[str, object], document)


def to_json(value: object) -> bytes:
    """``value`` as JSON bytes."""
    return orjson.dumps(value)


def check_context(document: Mapping[str, object]) -> None:
    """Returns when plain JSON and full JSON-LD readers agree on the document's core terms.

    Raises ``Refused``: ``context_redefines`` when an inline context gives a core term another
    meaning, another name the meaning of a core term, or uses a feature that could;
    ``jsonld_shape`` when a member is named by a keyword or an address, as in expanded documents.
    """
    if not is_plain(document):
        raise Refused("jsonld_shape", "The document is not in ActivityStreams' compact form.")
    for node in _objects(document):
        if "@context" in node:
            _check_contexts(node["@context"])


def is_plain(document: Mapping[str, object]) -> bool:
    """Whether a document names keywords and core terms, also as types, by their plain names alone.

    This decides which of two readings a document has: this module's, or that of JSON-LD (``shapes``).
    """
    return all(
        _is_plain_type(value) if name == "type" else _is_plain_name(name)
        for node in _objects(document)
        for name, value in node.items()
    )


@cache
def bundled(url: str) -> dict[str, object] | None:
    """The bundled context of this address, or None when there is none."""
    name = _FILES.get(url)
    if name is None:
        return None
    return json.loads(files("federation").joinpath("contexts", name).read_text("utf-8"))


def _measure(document: dict[str, object], *, texts: bool) -> int:
    """Checks every limit, level by level (never recursively); the number of members of objects.

    ``texts`` says whether there can be a text that is not acceptable.
    """
    members = values = addressed = 0
    level: list[object] = [document]
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for node in level:
            if type(node) is dict:
                fields = cast(dict[str, object], node)
                members += len(fields)
                addressed += _addressed(fields)
                below += fields.values()
                if texts:
                    below += fields
            else:
                below += _entries(cast(list[object], node))
        values += len(below)
        if values > MAX_VALUES or addressed > MAX_ADDRESSED:
            raise _large("the document")
        if texts:
            _check_texts(below)
        level = [value for value in below if type(value) is not str and _is_container(value)]
        if not level:
            return members
    raise Refused("json_depth", f"The document is nested deeper than {MAX_DEPTH}.")


def _entries(node: list[object]) -> list[object]:
    if len(node) > MAX_LIST:
        raise _large("a list")
    return node


def _check_texts(values: list[object]) -> None:
    for value in values:
        if isinstance(value, str):
            if len(value) > MAX_STRING:
                raise _large("a text")
            if "\0" in value:
                raise Refused("json_nul", "A text holds a NUL character.")


def _is_container(value: object) -> bool:
    kind = type(value)
    if (kind is int or kind is float) and abs(cast(float, value)) > MAX_NUMBER:
        raise Refused("json_number", "A number is larger than readers agree on.")
    return kind is dict or kind is list


def _addressed(node: dict[str, object]) -> int:
    lists = [node[name] for name in COUNTED if name in node]
    return sum(len(cast(list[object], value)) for value in lists if type(value) is list)


def _large(what: str) -> Refused:
    return Refused("json_large", "The document is too large.", cause=what)


# What an inline context may not change: the terms that decide who does what to what, for whom, and
# whether it is proven. Each may be defined again with the meaning that it has.
_AS = f"{ACTIVITYSTREAMS}#"
_SEC = "https://w3id.org/security#"
_LDP = "http://www.w3.org/ns/ldp#"
_PREFIXES = {"as": _AS, "sec": _SEC, "ldp": _LDP}
_CORE: dict[str, str] = {
    "id": "@id",
    "type": "@type",
    "inbox": f"{_LDP}inbox",
    "contentMap": f"{_AS}content",
    "summaryMap": f"{_AS}summary",
    "nameMap": f"{_AS}name",
    "orderedItems": f"{_AS}items",
    **_PREFIXES,
    **{
        term: _AS + term
        for term in (
            "actor object target origin result instrument attributedTo to cc bto bcc audience "
            "inReplyTo content summary name url href mediaType tag attachment "
            "replies likes shares context published updated deleted startTime endTime closed "
            "oneOf anyOf items first next last prev current partOf totalItems "
            "outbox followers following liked endpoints sharedInbox preferredUsername streams "
            "formerType movedTo alsoKnownAs Public "
            "Create Update Delete Undo Follow Accept Reject Announce Like Dislike Add Remove Block "
            "Flag Move Join Leave Invite Offer TentativeAccept TentativeReject Note Article Page Event Question Person Group "
            "Service Application Organization Tombstone Collection CollectionPage "
            "OrderedCollection OrderedCollectionPage Image Video Audio Document Link Mention Activity Object"
        ).split()
    },
    **{
        term: _SEC + term
        for term in (
            "publicKey publicKeyPem owner controller assertionMethod publicKeyMultibase Multikey "
            "proof proofValue proofPurpose verificationMethod cryptosuite DataIntegrityProof"
        ).split()
    },
}
_CONTAINERS = {
    "contentMap": "@language",
    "summaryMap": "@language",
    "nameMap": "@language",
    "orderedItems": "@list",
}
_MEANINGS = frozenset(_CORE.values())
# Everything that a meaning begins with: as the value of a term it could be put together with a
# suffix ("x:tor" with x for ...#ac) to the meaning itself.
_LEADS = frozenset(meaning[:end] for meaning in _MEANINGS for end in range(len(meaning) + 1))
# Keywords of a context that cannot touch a term already defined.
_HARMLESS = frozenset({"@version", "@language", "@direction", "@protected"})
_OWN_FIELDS = frozenset({"@id", "@type", "@container", "@language", "@protected"})


def _check_contexts(value: object) -> None:
    for context in _listed(value):
        if isinstance(context, dict):
            for term, definition in cast(dict[str, object], context).items():
                if not _is_harmless(term, definition):
                    raise _redefines(term)
        elif not isinstance(context, str):  # null would set back what was defined before
            raise _redefines("a context that is neither an address nor an object")


def _is_harmless(term: str, definition: object) -> bool:
    if term == "@vocab":
        return definition in _PREFIXES.values() or _is_foreign(definition)
    if term.startswith("@"):
        return term in _HARMLESS
    return _keeps_meaning(term, definition) if term in _CORE else _is_own_term(definition)


def _keeps_meaning(term: str, definition: object) -> bool:
    if isinstance(definition, str):
        return _expanded(definition) == _CORE[term]
    if not isinstance(definition, dict):
        return False
    fields = cast(dict[str, object], definition)
    container = _CONTAINERS.get(term)
    as_it_is = fields.get("@container", container) in (container, [container])
    # "@json" or "@vocab" as the type would hide what stands in the term from other readers.
    kind = fields.get("@type", "@id")
    opaque = not isinstance(kind, str) or (kind.startswith("@") and kind != "@id")
    same = _expanded(fields.get("@id")) == _CORE[term]
    return same and as_it_is and not opaque and fields.keys() <= {"@id", "@type", "@container"}


def _is_own_term(definition: object) -> bool:
    """Whether an inline definition names something that is not ours to know."""
    if not isinstance(definition, dict):
        return _is_foreign(definition)
    fields = cast(dict[str, object], definition)
    # @reverse, @nest, @context, @prefix can each give a document another shape.
    return fields.keys() <= _OWN_FIELDS and _is_foreign(fields.get("@id"))


def _is_foreign(name: object) -> bool:
    if name is None:
        return True
    if not isinstance(name, str) or name.startswith("@"):
        return False
    return _expanded(name) not in _LEADS


def _expanded(name: object) -> object:
    if not isinstance(name, str):
        return None
    prefix, colon, rest = name.partition(":")
    if colon and prefix in _CORE:  # JSON-LD 1.0 takes any term: Collection:Page
        return _CORE[prefix] + rest
    return _CORE.get(name, name)


def _is_plain_name(name: str) -> bool:
    if name.startswith("@"):
        return name == "@context"
    return ":" not in name or _expanded(name) not in _MEANINGS


def _is_plain_type(value: object) -> bool:
    """["Create", "as:Delete"] is a Create to one reader, and both to another.

    Tags are read by both names (``tagged``), as a mention may be sent as "as:Mention".
    """
    named = (name for name in _listed(value) if isinstance(name, str))
    return all(_is_plain_name(name) for name in named if name != "as:Mention")


def _redefines(what: str) -> Refused:
    return Refused(
        "context_redefines", "The document's context changes what known terms mean.", cause=what
    )


def _objects(document: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Every object of the document but what stands inside its contexts."""
    pending: list[object] = [document]
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            found = cast(dict[str, object], node)
            yield found
            pending += (value for name, value in found.items() if name != "@context")
        elif isinstance(node, list):
            pending += cast(list[object], node)


def _listed(value: object) -> Iterable[object]:
    return cast(list[object], value) if isinstance(value, list) else [value]
