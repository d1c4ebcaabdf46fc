"""What the log of a campaign comes to, as values: co-hosts, proposals, calls (``campaign_ledger.py`` makes them). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from federation.campaigns import Amend, Charter, Digest, Entry, Exclude, Invite, Seat, Unvouch
from federation.objects import CallKind
from federation.origin import host_of

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
