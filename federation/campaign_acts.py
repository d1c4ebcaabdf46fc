"""What each act in a campaign's log does to its standing, or why it may not be (``VoidError``). Pure.

Each function takes the book and an entry; ``ACTS`` says which is for which act, ``_COMES_TRUE`` what follows when a proposal has its quorum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from federation import campaign_quorum as quorum
from federation.campaign_book import Book, VoidError
from federation.campaign_standing import (
    LAPSE,
    SILENCE,
    Gone,
    Member,
    Proposal,
    Proposed,
    Shared,
)
from federation.campaigns import (
    Act,
    AddCall,
    Agree,
    Amend,
    Decline,
    Digest,
    Entry,
    Exclude,
    Found,
    Invite,
    Leave,
    RemoveCall,
    Seat,
    Silent,
    Statement,
    TakeBack,
    Unvouch,
    Vouch,
)
from federation.origin import host_of, same_origin

ACT = TypeVar("ACT")


def _of(entry: Entry, wanted: type[ACT]) -> ACT:
    """Its act, of the type by which it was sorted."""
    assert isinstance(entry.act, wanted)
    return entry.act


def _propose(book: Book, entry: Entry, act: Proposed) -> None:
    book.voter(entry)
    book.proposals[entry.digest] = Proposal(entry, act, frozenset({entry.chapter}))
    _pass(book, entry.digest, entry.at)


def _pass(book: Book, digest: Digest, now: datetime) -> None:
    """Let a proposal come true where enough agree."""
    found, voters = book.proposals[digest], book.voters(now)
    if quorum.reached(len(found.agreed & voters), len(voters), book.rule().quorum):
        book.proposals[digest] = replace(found, passed=now)
        _COMES_TRUE[type(found.act)](book, book.proposals[digest], now)


def _found(book: Book, entry: Entry) -> None:
    act = _of(entry, Found)
    if book.charter or act.charter.digest != book.campaign or act.charter.replaces:
        raise VoidError("The campaign was founded by another entry.")
    _check_seat(entry, act.seat)
    book.charter, book.current = act.charter, entry.digest
    member = Member(entry.chapter, act.seat, entry.digest, entry.at, act.charter.digest)
    book.members[entry.chapter] = member


def _invite(book: Book, entry: Entry) -> None:
    act = _of(entry, Invite)
    _check_room(book, host_of(act.community), entry.at)
    _propose(book, entry, act)


def _check_room(book: Book, host: str, now: datetime) -> None:
    """One co-host of each server: it has one vote, and counts its people once."""
    if any(m.host == host and not m.gone and m.stands(now) for m in book.members.values()):
        raise VoidError("That server has a co-host already.")


def _agree(book: Book, entry: Entry) -> None:
    act = _of(entry, Agree)
    if act.seat:
        _accept(book, entry, act)
    elif act.to == book.current or _passed_amendment(book, act.to):
        _renew(book, entry, act)
    else:
        _vote(book, entry, act)


def _passed_amendment(book: Book, digest: Digest) -> bool:
    found = book.proposals.get(digest)
    return found is not None and isinstance(found.act, Amend) and found.passed is not None


def _accept(book: Book, entry: Entry, act: Agree) -> None:
    """An invited community agrees to the charter."""
    found = book.proposals.get(act.to)
    if found is None or found.taken_back or not isinstance(found.act, Invite):
        raise VoidError("Its chapter was not invited.")
    if entry.at > found.entry.at + LAPSE and not found.passed:
        raise VoidError("The invitation has lapsed.")
    seat = act.seat
    assert seat
    if seat.community != found.act.community or found.waiting:
        raise VoidError("Somebody else was invited.")
    _check_seat(entry, seat)
    if act.charter != book.rule().digest:
        raise VoidError("It agrees to another charter than the one that stands.")
    book.proposals[act.to] = replace(found, waiting=entry)
    if found.passed:
        _join(book, book.proposals[act.to], entry.at)


def _check_seat(entry: Entry, seat: Seat) -> None:
    if not same_origin(entry.chapter, seat.community):
        raise VoidError("A chapter speaks for a community of its own server.")


def _join(book: Book, proposal: Proposal, now: datetime) -> None:
    """It was agreed to and has agreed, in whatever order; the charter may have changed in between."""
    entry = proposal.waiting
    if entry is None:
        return
    act = _of(entry, Agree)
    _check_room(book, host_of(entry.chapter), now)
    assert act.seat
    stale = None if act.charter == book.rule().digest else now
    book.members.pop(entry.chapter, None)  # who comes back comes last
    book.members[entry.chapter] = Member(
        entry.chapter, act.seat, entry.digest, now, act.charter, stale
    )


def _renew(book: Book, entry: Entry, act: Agree) -> None:
    member = book.member(entry)
    if act.charter != book.rule().digest:
        raise VoidError("It agrees to another charter than the one that stands.")
    book.members[entry.chapter] = replace(member, stamp=act.charter, stale_since=None)


def _vote(book: Book, entry: Entry, act: Agree) -> None:
    book.voter(entry)
    found = book.opened(act.to, entry.at)
    if isinstance(found.act, Amend) and act.charter != found.act.charter.digest:
        raise VoidError("It agrees to another charter than the one that is proposed.")
    agreed, declined = found.agreed | {entry.chapter}, found.declined - {entry.chapter}
    book.proposals[act.to] = replace(found, agreed=agreed, declined=declined)
    _pass(book, act.to, entry.at)


def _decline(book: Book, entry: Entry) -> None:
    act = _of(entry, Decline)
    book.voter(entry)
    found = book.opened(act.to, entry.at)
    agreed, declined = found.agreed - {entry.chapter}, found.declined | {entry.chapter}
    book.proposals[act.to] = replace(found, agreed=agreed, declined=declined)


def _take_back(book: Book, entry: Entry) -> None:
    own = book.taken.get(_of(entry, TakeBack).entry)
    member = book.member(entry)
    if own is None or own.chapter != entry.chapter:
        raise VoidError("It takes back what is not its own.")
    act = own.act
    if isinstance(act, Silent):
        book.silent.get(act.chapter, {}).pop(entry.chapter, None)
    elif own.digest in book.proposals:
        book.proposals[own.digest] = replace(book.opened(own.digest, entry.at), taken_back=True)
    elif isinstance(act, Found | Agree) and _is_stamp(book, member, act):
        book.members[entry.chapter] = replace(member, stamp=None)
    elif isinstance(act, Agree):
        found = book.opened(act.to, entry.at)
        book.proposals[act.to] = replace(found, agreed=found.agreed - {entry.chapter})
    else:
        raise VoidError("It cannot be taken back.")


def _is_stamp(book: Book, member: Member, act: Found | Agree) -> bool:
    digest = act.charter.digest if isinstance(act, Found) else act.charter
    open_ = (
        isinstance(act, Agree) and act.to in book.proposals and not book.proposals[act.to].passed
    )
    return digest is not None and digest == member.stamp and not open_


def _amend(book: Book, entry: Entry) -> None:
    act = _of(entry, Amend)
    if act.charter.replaces != book.rule().digest:
        raise VoidError("It does not follow the charter that stands.")
    _propose(book, entry, act)


def _amended(book: Book, proposal: Proposal, now: datetime) -> None:
    assert isinstance(proposal.act, Amend)
    charter = proposal.act.charter
    book.charter, book.current = charter, proposal.entry.digest
    for digest, other in book.proposals.items():
        if isinstance(other.act, Amend) and not other.passed:  # they followed the one before
            book.proposals[digest] = replace(other, taken_back=True)
    for chapter, member in book.members.items():
        if chapter in proposal.agreed:
            book.members[chapter] = replace(member, stamp=charter.digest, stale_since=None)
        elif member.stale_since is None:
            book.members[chapter] = replace(member, stale_since=now)


def _exclude(book: Book, entry: Entry) -> None:
    act = _of(entry, Exclude)
    if act.chapter not in book.members:
        raise VoidError("It is about nobody here.")
    _propose(book, entry, act)


def _excluded(book: Book, proposal: Proposal, now: datetime) -> None:
    assert isinstance(proposal.act, Exclude)
    _end(book, proposal.act.chapter, "excluded")


def _end(book: Book, chapter: str, gone: Gone, moved_to: str = "") -> None:
    """Its calls go with it, but those that have a new home."""
    book.members[chapter] = replace(book.members[chapter], gone=gone, moved_to=moved_to)
    own = [s.call for s in book.calls.values() if s.chapter == chapter and not s.replaced_by]
    for call in own:
        del book.calls[call]


def _vouch(book: Book, entry: Entry) -> None:
    book.voter(entry)
    book.vouched.add(_of(entry, Vouch).host)


def _unvouch(book: Book, entry: Entry) -> None:
    act = _of(entry, Unvouch)
    if act.host not in book.vouched:
        raise VoidError("Nobody speaks for that server.")
    _propose(book, entry, act)


def _unvouched(book: Book, proposal: Proposal, now: datetime) -> None:
    assert isinstance(proposal.act, Unvouch)
    book.vouched.discard(proposal.act.host)


def _leave(book: Book, entry: Entry) -> None:
    book.member(entry)
    _end(book, entry.chapter, "left", _of(entry, Leave).moved_to)


def _add_call(book: Book, entry: Entry) -> None:
    act = _of(entry, AddCall)
    book.voter(entry)
    if not same_origin(act.call, entry.chapter) or act.call in book.calls:
        raise VoidError("It adds a call that is not its own, or again.")
    if act.kind not in book.rule().kinds:
        raise VoidError("The charter has no calls of this kind.")
    if act.replaces:
        _replace(book, act)
    shared = Shared(act.call, act.kind, entry.chapter, act.replaces)
    book.calls[act.call] = shared


def _replace(book: Book, act: AddCall) -> None:
    old = book.calls.get(act.replaces)
    if old is None or old.replaced_by or not book.members[old.chapter].silent_since:
        raise VoidError("The call that it replaces has a host.")
    book.calls[old.call] = replace(old, replaced_by=act.call)


def _remove_call(book: Book, entry: Entry) -> None:
    book.member(entry)
    found = book.calls.get(_of(entry, RemoveCall).call)
    if found is None or found.chapter != entry.chapter:
        raise VoidError("It takes away a call that is not its own.")
    del book.calls[found.call]


def _state(book: Book, entry: Entry) -> None:
    book.voter(entry)
    book.statements[entry.chapter] = _of(entry, Statement).content


def _report(book: Book, entry: Entry) -> None:
    accused = book.members.get(_of(entry, Silent).chapter)
    book.voter(entry)
    if accused is None or accused.gone or accused.chapter == entry.chapter:
        raise VoidError("It is about nobody else here.")
    if entry.at < book.last[accused.chapter] + SILENCE:
        raise VoidError("Something was heard of it within seven days.")
    reports = book.silent.setdefault(accused.chapter, {})
    reports[entry.chapter] = entry.digest
    others = book.voters(entry.at, but=accused.chapter)
    if not accused.silent_since and quorum.reached(len(others & set(reports)), len(others)):
        book.members[accused.chapter] = replace(accused, silent_since=entry.at)


ACTS: Mapping[type[Act], Callable[[Book, Entry], None]] = {
    Found: _found,
    Invite: _invite,
    Agree: _agree,
    Decline: _decline,
    TakeBack: _take_back,
    Amend: _amend,
    Exclude: _exclude,
    Vouch: _vouch,
    Unvouch: _unvouch,
    Leave: _leave,
    AddCall: _add_call,
    RemoveCall: _remove_call,
    Statement: _state,
    Silent: _report,
}
_COMES_TRUE: Mapping[type[Proposed], Callable[[Book, Proposal, datetime], None]] = {
    Invite: _join,
    Amend: _amended,
    Exclude: _excluded,
    Unvouch: _unvouched,
}
