"""Reads charters and the entries of a campaign's log. What cannot be read whole is refused: half a charter is another one.

Who may sign what is decided over all entries (``federation/campaign_ledger.py``); that an entry is its chapter's own is shown by
``verify``, with the key that its chapter joined with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final, cast

from federation import proofs
from federation.campaigns import (
    QUORUMS,
    SHA256,
    Act,
    AddCall,
    Agree,
    Amend,
    Charter,
    Decline,
    Digest,
    Entry,
    Exclude,
    Found,
    Funder,
    Invite,
    Leave,
    RemoveCall,
    Seat,
    Silent,
    Statement,
    TakeBack,
    Unvouch,
    Vouch,
    digest,
)
from federation.errors import Refused
from federation.fields import (
    COUNT_MAX,
    NAME_MAX,
    SUMMARY_MAX,
    TEXT_MAX,
    Document,
    items,
    mapping,
    mappings,
    require_ref,
    text,
    time,
    uri,
    web_url,
    whole,
)
from federation.keys import ActorKey, from_multikey
from federation.objects import CallKind
from federation.origin import host_of, same_origin
from federation.vocab import CALL_KINDS, CALLS, CO_HOSTS, COUNTERS, SILENT

HEADS_MAX: Final = 100
LIST_MAX: Final = 50
LARGE_MAX: Final = 200
CHARTER_MAX: Final = 50_000
_HEX: Final = frozenset("0123456789abcdef")


def is_entry(document: Document) -> bool:
    """Whether an activity belongs to a campaign's log."""
    return "campaign" in document and "published" in document


def parse_entry(document: Document) -> Entry:
    """Raises ``Refused``: no_id, no_actor, bad_entry, bad_charter, jcs_value."""
    chapter, entry_id = require_ref(document, "actor"), require_ref(document, "id")
    if not same_origin(chapter, entry_id):
        raise _bad("it is of another server than its chapter")
    previous, at = document.get("previous"), time(document.get("published"))
    seen = [_digest(each) for each in items(document.get("seen"), HEADS_MAX + 1)]
    if at is None or len(seen) > HEADS_MAX:
        raise _bad("it has one time, and names few others")
    unsecured = {
        name: part for name, part in document.items() if name not in ("proof", "signature")
    }
    return Entry(
        digest=digest(unsecured),
        id=entry_id,
        campaign=_digest(document.get("campaign")),
        chapter=chapter,
        at=at,
        previous=_digest(previous) if previous is not None else None,
        seen=tuple(seen),
        act=_act(document),
    )


def verify(document: Document, chapter: str, key: str, now: datetime) -> None:
    """Returns when the entry was signed with the key that its chapter joined with. Raises ``Refused``."""
    name = proofs.proof_key_id(document)
    if name is None or not same_origin(name, chapter):
        raise Refused("proof_missing", "The entry has no proof by its chapter.")
    proofs.verify_proof(document, ActorKey(name, chapter, from_multikey(key)), now)


def parse_charter(document: Document) -> Charter:
    """Raises ``Refused``: bad_charter, jcs_value."""
    name, content = document.get("name"), document.get("content")
    opened, quorum = time(document.get("opened")), document.get("quorum", "majority")
    if not isinstance(name, str) or not name.strip() or len(name) > NAME_MAX or opened is None:
        raise _bad_charter("it has a name, and a time when it was opened")
    if not isinstance(content, str) or len(content) > CHARTER_MAX or quorum not in QUORUMS:
        raise _bad_charter("it has a text, and a quorum that is known")
    kinds = tuple(_strings(document.get("kinds")))
    if not kinds or not set(kinds) <= CALL_KINDS:
        raise _bad_charter("it says of which kinds its calls are")
    goal, replaces = mapping(document.get("goal")), document.get("replaces")
    return Charter(
        digest=digest(document),
        name=name,
        content=content,
        kinds=cast(tuple[CallKind, ...], kinds),
        opened=opened,
        quorum=quorum,
        goal=_number(goal.get("hasNumericalValue")) if goal else None,
        metric=text(goal.get("metric")) if goal else "people",
        milestones=tuple(_number(each) for each in _strings(document.get("milestones"))),
        ends=time(document.get("endTime")),
        targets=tuple(_strings(document.get("targets"))),
        data=text(document.get("data"), TEXT_MAX),
        funders=tuple(_funder(each) for each in mappings(document.get("funders"), LIST_MAX)),
        large=tuple(_domain(each) for each in _strings(document.get("large"), LARGE_MAX)),
        replaces=_digest(replaces) if replaces is not None else None,
    )


def _strings(value: object, most: int = LIST_MAX) -> list[str]:
    found = items(value, most + 1)
    if len(found) > most or not all(
        isinstance(each, str) and len(each) <= NAME_MAX for each in found
    ):
        raise _bad_charter("its lists are short, and of short texts")
    return cast(list[str], list(found))


def _number(value: object) -> int:
    found = whole(value, COUNT_MAX)
    if found is None or found == 0:
        raise _bad_charter("its numbers are whole, from one on")
    return found


def _funder(entry: Document) -> Funder:
    name = text(entry.get("name"))
    if not name:
        raise _bad_charter("who gives money has a name")
    return Funder(name, text(entry.get("amount")), web_url(entry.get("url")) or "")


def _domain(name: str) -> str:
    try:
        if host_of(f"https://{name}") == name:
            return name
    except Refused:
        pass
    raise _bad_charter("what it calls large are servers")


# Acts


def _act(document: Document) -> Act:
    kind, target = document.get("type"), document.get("target")
    read = _PLAIN.get(kind) if isinstance(kind, str) else None
    if read is None and isinstance(kind, str) and isinstance(target, str):
        read = _TARGETED.get((kind, target))
    if read is None:
        raise _bad("it says nothing that is known")
    return read(document)


def _create(document: Document) -> Act:
    made = _object(document)
    if made.get("type") == "cta:Charter":
        return Found(parse_charter(made), _seat(document))
    content = made.get("content")
    if made.get("type") == "Note" and isinstance(content, str) and len(content) <= SUMMARY_MAX:
        return Statement(content)
    raise _bad("it makes what is known neither as a charter nor as a statement")


def _object(document: Document) -> Document:
    found = mapping(document.get("object"))
    if found is None:
        raise _bad("what it is about is not there")
    return found


def _seat(document: Document) -> Seat:
    seat = mapping(document.get("seat"))
    community = uri(seat.get("community")) if seat else None
    key = seat.get("publicKeyMultibase") if seat else None
    if community is None or not isinstance(key, str) or len(key) > NAME_MAX:
        raise _bad("it does not say for whom its chapter speaks")
    return Seat(community, key)


def _agree(document: Document) -> Act:
    bound = document.get("charterDigest")
    seat = _seat(document) if document.get("seat") is not None else None
    return Agree(_entry(document), _digest(bound) if bound is not None else None, seat)


def _entry(document: Document) -> Digest:
    return _digest(_object(document).get("digest"))


def _amend(document: Document) -> Act:
    return Amend(parse_charter(_object(document)))


def _add_call(document: Document) -> Act:
    call = _object(document)
    kind, replaces = call.get("kind"), call.get("replaces")
    if kind not in CALL_KINDS:
        raise _bad("its call is of no kind that is known")
    old = require_ref(call, "replaces") if replaces is not None else ""
    return AddCall(require_ref(call, "id"), cast(CallKind, kind), old)


def _host(document: Document) -> str:
    return host_of(require_ref(document, "object"))


def _reason(document: Document) -> str:
    return text(document.get("summary"), TEXT_MAX)


def _leave(document: Document) -> Act:
    return Leave(uri(document.get("movedTo")) or "")


_PLAIN: Final[Mapping[str, Callable[[Document], Act]]] = {
    "Create": _create,
    "Accept": _agree,
    "Reject": lambda d: Decline(_entry(d)),
    "Undo": lambda d: TakeBack(_entry(d)),
    "Update": _amend,
    "Leave": _leave,
}
_TARGETED: Final[Mapping[tuple[str, str], Callable[[Document], Act]]] = {
    ("Invite", CO_HOSTS): lambda d: Invite(require_ref(d, "object")),
    ("Remove", CO_HOSTS): lambda d: Exclude(require_ref(d, "object"), _reason(d)),
    ("Add", COUNTERS): lambda d: Vouch(_host(d)),
    ("Remove", COUNTERS): lambda d: Unvouch(_host(d), _reason(d)),
    ("Add", CALLS): _add_call,
    ("Remove", CALLS): lambda d: RemoveCall(require_ref(d, "object")),
    ("Flag", SILENT): lambda d: Silent(require_ref(d, "object")),
}


def _digest(value: object) -> Digest:
    if isinstance(value, str) and value.startswith(SHA256):
        found = value.removeprefix(SHA256)
        if len(found) == 64 and set(found) <= _HEX:
            return value
    raise _bad("a digest in it is none")


def _bad(why: str) -> Refused:
    return Refused("bad_entry", f"The entry of the log cannot be read: {why}.")


def _bad_charter(why: str) -> Refused:
    return Refused("bad_charter", f"The charter cannot be read: {why}.")
