"""What the entries of a campaign's log come to: its charter, its co-hosts, what is proposed, its calls. Pure.

The log is a set. Whoever holds the same entries comes to the same standing, in whatever order they arrived: an entry
counts when all that it names are there and earlier, the rest waits; those that count are taken by time, then by digest.

An entry that may not be is *void*: it stays in the log and does nothing, and why is told. Who signs two entries after one has
told two stories: from there on all that this chapter signed is void, and it has no vote, until it is excluded and invited
anew.

Needs a quorum: another charter, a new co-host, the end of one, the end of a word for another server. A proposal lapses after
14 days. Needs nobody: one's calls, one's statement, one's word for another server, leaving.

A stamp is agreement to one charter. Another charter makes the stamps of all who did not agree to it stale; who does not
renew it within 14 days is not named any more, has no vote, and is counted beside the total.

A co-host of whom nothing signed was heard for seven days is silent when most of the others say so. It has no vote until it
signs something again. What it had counted stands. Of two co-hosts one alone can say so of the other: else the loss of one
would end the campaign, and it can give the other's calls a new home, but it can never speak for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal, TypeVar

from federation.campaigns import (
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
from federation.objects import CallKind
from federation.origin import host_of, same_origin
from server.domain.campaigning import quorum

LAPSE = timedelta(days=14)
SILENCE = timedelta(days=7)

Gone = Literal["", "left", "excluded", "forked"]
Proposed = Invite | Amend | Exclude | Unvouch


@dataclass(frozen=True, slots=True)
class Member:
    """A co-host. ``root``: the entry by which it joined. ``stamp``: the charter that it agreed to last, None where it took that back; ``stale_since``: when another
    took its place; ``silent_since``: when a quorum said so."""

    chapter: str
    seat: Seat
    root: Digest
    since: datetime
    stamp: Digest | None
    stale_since: datetime | None = None
    silent_since: datetime | None = None
    gone: Gone = ""
    moved_to: str = ""

    @property
    def host(self) -> str:
        return host_of(self.chapter)

    def stands(self, now: datetime) -> bool:
        """Whether it may be named and is counted in the total: it agreed to the charter, or to the last one not long ago."""
        if self.gone or self.stamp is None:
            return False
        return self.stale_since is None or now < self.stale_since + LAPSE

    def votes(self, now: datetime) -> bool:
        return self.stands(now) and self.silent_since is None


@dataclass(frozen=True, slots=True)
class Proposal:
    """``agreed``, ``declined``: the chapters. ``passed``: when it had its quorum. ``waiting``: of an invitation the entry by which the
    invited agreed."""

    entry: Entry
    act: Proposed
    agreed: frozenset[str]
    declined: frozenset[str] = frozenset()
    passed: datetime | None = None
    taken_back: bool = False
    waiting: Entry | None = None

    def open(self, now: datetime) -> bool:
        return not self.passed and not self.taken_back and now <= self.entry.at + LAPSE


@dataclass(frozen=True, slots=True)
class Shared:
    """A call of the campaign. ``replaced_by``: the one that took its place when its host was gone."""

    call: str
    kind: CallKind
    chapter: str
    replaces: str = ""
    replaced_by: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """``members``: in the order in which they joined, those who are gone too. ``void``: why an entry does nothing. ``pending``: what
    names entries that are not here."""

    campaign: Digest
    charter: Charter
    members: Mapping[str, Member]
    proposals: Mapping[Digest, Proposal]
    calls: Mapping[str, Shared]
    vouched: frozenset[str]
    statements: Mapping[str, str]
    void: Mapping[Digest, str]
    pending: frozenset[Digest]
    forks: Mapping[str, frozenset[Digest]]

    def standing(self, now: datetime) -> tuple[Member, ...]:
        """The co-hosts that are named."""
        return tuple(m for m in self.members.values() if m.stands(now))


def standing(entries: Iterable[Entry], campaign: Digest) -> Standing | None:
    """What they come to; None while the entry that founded the campaign is not among them."""
    known = {e.digest: e for e in entries if e.campaign == campaign}
    there = whole(known)
    forks, dropped = _forks(there.values())
    ordered = sorted(there.values(), key=lambda e: (e.at, e.digest))
    book = _Book(campaign, forks=forks)
    for entry in ordered:
        if entry.digest in dropped:
            book.void[entry.digest] = "Its chapter signed two entries after one."
            book.fork(entry)
        else:
            book.take(entry)
    return book.standing(frozenset(known) - frozenset(there))


def whole(known: Mapping[Digest, Entry]) -> dict[Digest, Entry]:
    """Those of which all that they name is here, and earlier."""
    found: dict[Digest, Entry] = {}
    for entry in sorted(known.values(), key=lambda e: (e.at, e.digest)):
        names = [*([entry.previous] if entry.previous else []), *entry.seen]
        if all(name in found and found[name].at < entry.at for name in names):
            found[entry.digest] = entry
    return found


def heads(known: Mapping[Digest, Entry]) -> frozenset[Digest]:
    """The newest: those that no other one names."""
    named = {name for e in known.values() for name in (e.previous, *e.seen)}
    return frozenset(digest for digest in known if digest not in named)


def _forks(there: Iterable[Entry]) -> tuple[dict[str, frozenset[Digest]], set[Digest]]:
    """By chapter the entries that it signed after one and the same; and these, with all that it signed after them."""
    after: dict[tuple[str, Digest | None], list[Digest]] = defaultdict(list)
    for entry in there:
        after[entry.chapter, entry.previous].append(entry.digest)
    forks: dict[str, frozenset[Digest]] = {}
    for (chapter, _), found in after.items():
        if len(found) > 1:
            forks[chapter] = forks.get(chapter, frozenset()) | frozenset(found)
    dropped: set[Digest] = set()
    left = [(chapter, digest) for chapter, found in forks.items() for digest in found]
    while left:
        chapter, digest = left.pop()
        dropped.add(digest)
        left += [(chapter, child) for child in after.get((chapter, digest), [])]
    return forks, dropped


class _VoidError(Exception):
    """An entry that may not be: why."""


@dataclass(slots=True)
class _Book:
    """The standing while it is made, entry by entry."""

    campaign: Digest
    forks: Mapping[str, frozenset[Digest]]
    charter: Charter | None = None
    members: dict[str, Member] = field(default_factory=dict[str, Member])
    proposals: dict[Digest, Proposal] = field(default_factory=dict[Digest, Proposal])
    calls: dict[str, Shared] = field(default_factory=dict[str, Shared])
    vouched: set[str] = field(default_factory=set[str])
    statements: dict[str, str] = field(default_factory=dict[str, str])
    void: dict[Digest, str] = field(default_factory=dict[Digest, str])
    taken: dict[Digest, Entry] = field(default_factory=dict[Digest, Entry])
    roots: dict[Digest, Digest] = field(default_factory=dict[Digest, Digest])
    current: Digest = ""  # the entry that made the charter
    last: dict[str, datetime] = field(default_factory=dict[str, datetime])
    silent: dict[str, dict[str, Digest]] = field(default_factory=dict[str, dict[str, Digest]])

    def standing(self, pending: frozenset[Digest]) -> Standing | None:
        if self.charter is None:
            return None
        return Standing(
            self.campaign, self.charter, self.members, self.proposals, self.calls,
            frozenset(self.vouched), self.statements, self.void, pending, self.forks,
        )  # fmt: skip

    def fork(self, entry: Entry) -> None:
        member = self.members.get(entry.chapter)
        if member and not member.gone:
            self.members[entry.chapter] = replace(member, gone="forked")

    def take(self, entry: Entry) -> None:
        try:
            self._follow(entry)
            self._hear(entry)
            _ACTS[type(entry.act)](self, entry)
        except _VoidError as why:
            self.void[entry.digest] = str(why)

    def _follow(self, entry: Entry) -> None:
        """Each follows what its chapter signed before, from its joining on: so a second line cannot be begun."""
        joins = isinstance(entry.act, Found) or (isinstance(entry.act, Agree) and entry.act.seat)
        self.roots[entry.digest] = entry.digest
        self.taken[entry.digest] = entry
        if joins:
            invitation = entry.act.to if isinstance(entry.act, Agree) else None
            if entry.previous != invitation:
                raise _VoidError("It follows another entry than the invitation.")
            return
        before = self.taken.get(entry.previous or "")
        if before is None or before.chapter != entry.chapter:
            raise _VoidError("It follows what its chapter did not sign.")
        self.roots[entry.digest] = self.roots[before.digest]

    def _hear(self, entry: Entry) -> None:
        """Who signs something is not silent."""
        self.last[entry.chapter] = entry.at
        self.silent.pop(entry.chapter, None)
        member = self.members.get(entry.chapter)
        if member and member.silent_since:
            self.members[entry.chapter] = replace(member, silent_since=None)

    # Who may

    def voter(self, entry: Entry) -> Member:
        """Raises ``_VoidError``."""
        member = self.member(entry)
        if not member.stands(entry.at):
            raise _VoidError("Its chapter has not agreed to the charter.")
        return member

    def member(self, entry: Entry) -> Member:
        member = self.members.get(entry.chapter)
        if member is None or member.gone or self.roots[entry.digest] != member.root:
            raise _VoidError("Its chapter is no co-host.")
        return member

    def voters(self, now: datetime, *, but: str = "") -> set[str]:
        return {c for c, m in self.members.items() if m.votes(now) and c != but}

    def rule(self) -> Charter:
        if self.charter is None:
            raise _VoidError("The campaign was not founded yet.")
        return self.charter

    # Proposals

    def propose(self, entry: Entry, act: Proposed) -> None:
        self.voter(entry)
        self.proposals[entry.digest] = Proposal(entry, act, frozenset({entry.chapter}))
        self.pass_(entry.digest, entry.at)

    def opened(self, digest: Digest, now: datetime) -> Proposal:
        found = self.proposals.get(digest)
        if found is None or not found.open(now):
            raise _VoidError("What it is about is not proposed any more.")
        return found

    def pass_(self, digest: Digest, now: datetime) -> None:
        """Let a proposal come true where enough agree."""
        found, voters = self.proposals[digest], self.voters(now)
        if quorum.reached(len(found.agreed & voters), len(voters), self.rule().quorum):
            self.proposals[digest] = replace(found, passed=now)
            _COMES_TRUE[type(found.act)](self, self.proposals[digest], now)


ACT = TypeVar("ACT")


def _of(entry: Entry, wanted: type[ACT]) -> ACT:
    """Its act, of the type by which it was sorted."""
    assert isinstance(entry.act, wanted)
    return entry.act


def _found(book: _Book, entry: Entry) -> None:
    act = _of(entry, Found)
    if book.charter or act.charter.digest != book.campaign or act.charter.replaces:
        raise _VoidError("The campaign was founded by another entry.")
    _check_seat(entry, act.seat)
    book.charter, book.current = act.charter, entry.digest
    member = Member(entry.chapter, act.seat, entry.digest, entry.at, act.charter.digest)
    book.members[entry.chapter] = member


def _invite(book: _Book, entry: Entry) -> None:
    act = _of(entry, Invite)
    _check_room(book, host_of(act.community), entry.at)
    book.propose(entry, act)


def _check_room(book: _Book, host: str, now: datetime) -> None:
    """One co-host of each server: it has one vote, and counts its people once."""
    if any(m.host == host and not m.gone and m.stands(now) for m in book.members.values()):
        raise _VoidError("That server has a co-host already.")


def _agree(book: _Book, entry: Entry) -> None:
    act = _of(entry, Agree)
    if act.seat:
        _accept(book, entry, act)
    elif act.to == book.current or _passed_amendment(book, act.to):
        _renew(book, entry, act)
    else:
        _vote(book, entry, act)


def _passed_amendment(book: _Book, digest: Digest) -> bool:
    found = book.proposals.get(digest)
    return found is not None and isinstance(found.act, Amend) and found.passed is not None


def _accept(book: _Book, entry: Entry, act: Agree) -> None:
    """An invited community agrees to the charter."""
    found = book.proposals.get(act.to)
    if found is None or found.taken_back or not isinstance(found.act, Invite):
        raise _VoidError("Its chapter was not invited.")
    if entry.at > found.entry.at + LAPSE and not found.passed:
        raise _VoidError("The invitation has lapsed.")
    seat = act.seat
    assert seat
    if seat.community != found.act.community or found.waiting:
        raise _VoidError("Somebody else was invited.")
    _check_seat(entry, seat)
    if act.charter != book.rule().digest:
        raise _VoidError("It agrees to another charter than the one that stands.")
    book.proposals[act.to] = replace(found, waiting=entry)
    if found.passed:
        _join(book, book.proposals[act.to], entry.at)


def _check_seat(entry: Entry, seat: Seat) -> None:
    if not same_origin(entry.chapter, seat.community):
        raise _VoidError("A chapter speaks for a community of its own server.")


def _join(book: _Book, proposal: Proposal, now: datetime) -> None:
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


def _renew(book: _Book, entry: Entry, act: Agree) -> None:
    member = book.member(entry)
    if act.charter != book.rule().digest:
        raise _VoidError("It agrees to another charter than the one that stands.")
    book.members[entry.chapter] = replace(member, stamp=act.charter, stale_since=None)


def _vote(book: _Book, entry: Entry, act: Agree) -> None:
    book.voter(entry)
    found = book.opened(act.to, entry.at)
    if isinstance(found.act, Amend) and act.charter != found.act.charter.digest:
        raise _VoidError("It agrees to another charter than the one that is proposed.")
    agreed, declined = found.agreed | {entry.chapter}, found.declined - {entry.chapter}
    book.proposals[act.to] = replace(found, agreed=agreed, declined=declined)
    book.pass_(act.to, entry.at)


def _decline(book: _Book, entry: Entry) -> None:
    act = _of(entry, Decline)
    book.voter(entry)
    found = book.opened(act.to, entry.at)
    agreed, declined = found.agreed - {entry.chapter}, found.declined | {entry.chapter}
    book.proposals[act.to] = replace(found, agreed=agreed, declined=declined)


def _take_back(book: _Book, entry: Entry) -> None:
    own = book.taken.get(_of(entry, TakeBack).entry)
    member = book.member(entry)
    if own is None or own.chapter != entry.chapter:
        raise _VoidError("It takes back what is not its own.")
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
        raise _VoidError("It cannot be taken back.")


def _is_stamp(book: _Book, member: Member, act: Found | Agree) -> bool:
    digest = act.charter.digest if isinstance(act, Found) else act.charter
    open_ = (
        isinstance(act, Agree) and act.to in book.proposals and not book.proposals[act.to].passed
    )
    return digest is not None and digest == member.stamp and not open_


def _amend(book: _Book, entry: Entry) -> None:
    act = _of(entry, Amend)
    if act.charter.replaces != book.rule().digest:
        raise _VoidError("It does not follow the charter that stands.")
    book.propose(entry, act)


def _amended(book: _Book, proposal: Proposal, now: datetime) -> None:
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


def _exclude(book: _Book, entry: Entry) -> None:
    act = _of(entry, Exclude)
    if act.chapter not in book.members:
        raise _VoidError("It is about nobody here.")
    book.propose(entry, act)


def _excluded(book: _Book, proposal: Proposal, now: datetime) -> None:
    assert isinstance(proposal.act, Exclude)
    _end(book, proposal.act.chapter, "excluded")


def _end(book: _Book, chapter: str, gone: Gone, moved_to: str = "") -> None:
    """Its calls go with it, but those that have a new home."""
    book.members[chapter] = replace(book.members[chapter], gone=gone, moved_to=moved_to)
    own = [s.call for s in book.calls.values() if s.chapter == chapter and not s.replaced_by]
    for call in own:
        del book.calls[call]


def _vouch(book: _Book, entry: Entry) -> None:
    book.voter(entry)
    book.vouched.add(_of(entry, Vouch).host)


def _unvouch(book: _Book, entry: Entry) -> None:
    act = _of(entry, Unvouch)
    if act.host not in book.vouched:
        raise _VoidError("Nobody speaks for that server.")
    book.propose(entry, act)


def _unvouched(book: _Book, proposal: Proposal, now: datetime) -> None:
    assert isinstance(proposal.act, Unvouch)
    book.vouched.discard(proposal.act.host)


def _leave(book: _Book, entry: Entry) -> None:
    book.member(entry)
    _end(book, entry.chapter, "left", _of(entry, Leave).moved_to)


def _add_call(book: _Book, entry: Entry) -> None:
    act = _of(entry, AddCall)
    book.voter(entry)
    if not same_origin(act.call, entry.chapter) or act.call in book.calls:
        raise _VoidError("It adds a call that is not its own, or again.")
    if act.kind not in book.rule().kinds:
        raise _VoidError("The charter has no calls of this kind.")
    if act.replaces:
        _replace(book, act)
    shared = Shared(act.call, act.kind, entry.chapter, act.replaces)
    book.calls[act.call] = shared


def _replace(book: _Book, act: AddCall) -> None:
    old = book.calls.get(act.replaces)
    if old is None or old.replaced_by or not book.members[old.chapter].silent_since:
        raise _VoidError("The call that it replaces has a host.")
    book.calls[old.call] = replace(old, replaced_by=act.call)


def _remove_call(book: _Book, entry: Entry) -> None:
    book.member(entry)
    found = book.calls.get(_of(entry, RemoveCall).call)
    if found is None or found.chapter != entry.chapter:
        raise _VoidError("It takes away a call that is not its own.")
    del book.calls[found.call]


def _state(book: _Book, entry: Entry) -> None:
    book.voter(entry)
    book.statements[entry.chapter] = _of(entry, Statement).content


def _report(book: _Book, entry: Entry) -> None:
    accused = book.members.get(_of(entry, Silent).chapter)
    book.voter(entry)
    if accused is None or accused.gone or accused.chapter == entry.chapter:
        raise _VoidError("It is about nobody else here.")
    if entry.at < book.last[accused.chapter] + SILENCE:
        raise _VoidError("Something was heard of it within seven days.")
    reports = book.silent.setdefault(accused.chapter, {})
    reports[entry.chapter] = entry.digest
    others = book.voters(entry.at, but=accused.chapter)
    if not accused.silent_since and quorum.reached(len(others & set(reports)), len(others)):
        book.members[accused.chapter] = replace(accused, silent_since=entry.at)


_ACTS: Mapping[type[Act], Callable[[_Book, Entry], None]] = {
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
_COMES_TRUE: Mapping[type[Proposed], Callable[[_Book, Proposal, datetime], None]] = {
    Invite: _join,
    Amend: _amended,
    Exclude: _excluded,
    Unvouch: _unvouched,
}
