"""The standing of a campaign while it is made, entry by entry, and who may do something in it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from federation.campaign_standing import Member, Proposal, Shared, Standing
from federation.campaigns import Agree, Charter, Digest, Entry, Found


class VoidError(Exception):
    """An entry that may not be: why."""


@dataclass(slots=True)
class Book:
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

    def follow(self, entry: Entry) -> None:
        """Each follows what its chapter signed before, from its joining on: so a second line cannot be begun."""
        joins = isinstance(entry.act, Found) or (isinstance(entry.act, Agree) and entry.act.seat)
        self.roots[entry.digest] = entry.digest
        self.taken[entry.digest] = entry
        if joins:
            invitation = entry.act.to if isinstance(entry.act, Agree) else None
            if entry.previous != invitation:
                raise VoidError("It follows another entry than the invitation.")
            return
        before = self.taken.get(entry.previous or "")
        if before is None or before.chapter != entry.chapter:
            raise VoidError("It follows what its chapter did not sign.")
        self.roots[entry.digest] = self.roots[before.digest]

    def hear(self, entry: Entry) -> None:
        """Who signs something is not silent."""
        self.last[entry.chapter] = entry.at
        self.silent.pop(entry.chapter, None)
        member = self.members.get(entry.chapter)
        if member and member.silent_since:
            self.members[entry.chapter] = replace(member, silent_since=None)

    # Who may

    def voter(self, entry: Entry) -> Member:
        """Raises ``VoidError``."""
        member = self.member(entry)
        if not member.stands(entry.at):
            raise VoidError("Its chapter has not agreed to the charter.")
        return member

    def member(self, entry: Entry) -> Member:
        member = self.members.get(entry.chapter)
        if member is None or member.gone or self.roots[entry.digest] != member.root:
            raise VoidError("Its chapter is no co-host.")
        return member

    def voters(self, now: datetime, *, but: str = "") -> set[str]:
        return {c for c, m in self.members.items() if m.votes(now) and c != but}

    def rule(self) -> Charter:
        if self.charter is None:
            raise VoidError("The campaign was not founded yet.")
        return self.charter

    def opened(self, digest: Digest, now: datetime) -> Proposal:
        found = self.proposals.get(digest)
        if found is None or not found.open(now):
            raise VoidError("What it is about is not proposed any more.")
        return found
