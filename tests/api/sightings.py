"""Small worlds of people who follow, block, mute and write; and who may see what in them, said plainly.

``Oracle`` is written from what the rules say to people, and knows nothing of the server's code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

LOCALS, PEOPLE = 4, 7
"""Numbers of the people: the first are members, who have clients; the others are of other servers."""
STRANGER = -1
FAR, AWAY = 100, 101
"""Other servers, each by the actor that asks for all its people."""
HOST_OF = {4: FAR, 5: FAR, 6: AWAY, FAR: FAR, AWAY: AWAY}
VISIBILITIES = ("public", "unlisted", "private", "direct")
SHED = "shed"
PLACES = ("", "", "garden", "hall", SHED, SHED)
"""Communities of ours: a public one, an unlisted one, a private one. Person 0 organises all."""


@dataclass(frozen=True)
class Said:
    """A post of the world. ``about``: which earlier post it answers, quotes or boosts (``how``). A call is the
    organiser's, in the private community."""

    author: int
    visibility: str
    named: tuple[int, ...]
    place: str
    how: str
    about: int


@dataclass(frozen=True)
class Plan:
    """Pairs are (who, whom). ``asked``: follows that wait for an answer."""

    follows: tuple[tuple[int, int], ...]
    asked: tuple[tuple[int, int], ...]
    blocks: tuple[tuple[int, int], ...]
    mutes: tuple[tuple[int, int], ...]
    shuns: tuple[int, ...]
    """Members who block the host FAR."""
    suspended: tuple[int, ...]
    members: tuple[int, ...]
    """Of the private community, beside the organiser."""
    invited: tuple[int, ...]
    banned: tuple[tuple[int, bool], ...]
    """Who, and whether all that they posted there goes with them."""
    away_is_out: bool
    """Whether the instance suspends the host AWAY."""
    removed: tuple[int, ...]
    """Posts that the organiser takes out of their community; ``pinned``: posts on their authors' profiles."""
    pinned: tuple[int, ...]
    said: tuple[Said, ...]


def _pairs(most: int) -> st.SearchStrategy[tuple[tuple[int, int], ...]]:
    who = st.integers(0, PEOPLE - 1)
    pair = st.tuples(who, who).filter(lambda p: p[0] != p[1])
    return st.lists(pair, max_size=most, unique=True).map(tuple)


_said = st.builds(
    Said,
    author=st.integers(0, PEOPLE - 1),
    visibility=st.sampled_from(VISIBILITIES),
    named=st.lists(st.integers(0, PEOPLE - 1), max_size=2, unique=True).map(tuple),
    place=st.sampled_from(PLACES),
    how=st.sampled_from(("new", "new", "reply", "reply", "quote", "boost", "call")),
    about=st.integers(0, 11),
)
plans = st.builds(
    Plan,
    follows=_pairs(8),
    asked=_pairs(3),
    blocks=_pairs(2),
    mutes=_pairs(2),
    shuns=st.lists(st.integers(0, LOCALS - 1), max_size=1).map(tuple),
    suspended=st.lists(st.integers(1, PEOPLE - 1), max_size=1).map(tuple),
    members=st.lists(st.integers(1, PEOPLE - 1), min_size=2, max_size=4, unique=True).map(tuple),
    invited=st.lists(st.integers(1, PEOPLE - 1), max_size=2, unique=True).map(tuple),
    banned=st.lists(st.tuples(st.integers(1, PEOPLE - 1), st.booleans()), max_size=1).map(tuple),
    away_is_out=st.integers(0, 3).map(lambda n: n == 0),
    removed=st.lists(st.integers(0, 11), max_size=4, unique=True).map(tuple),
    pinned=st.lists(st.integers(0, 11), max_size=4, unique=True).map(tuple),
    said=st.lists(_said, min_size=5, max_size=12).map(tuple),
)


@dataclass(frozen=True)
class Fact:
    """A post as it was written in the end. ``boosts``, ``quotes``: numbers of posts."""

    author: int
    visibility: str
    named: frozenset[int]
    boosts: int | None = None
    quotes: int | None = None
    answers: int | None = None
    place: str = ""
    removed: bool = False
    call: bool = False


@dataclass(frozen=True)
class Oracle:
    follows: frozenset[tuple[int, int]]
    """What was granted and is still so."""
    blocks: frozenset[tuple[int, int]]
    mutes: frozenset[tuple[int, int]]
    shuns: frozenset[int]
    suspended: frozenset[int]
    """Also who is of a host that is kept out, and that host's own actor."""
    members: frozenset[int]
    facts: dict[int, Fact]

    def sees(self, viewer: int, number: int) -> bool:
        """Whether this post exists for the viewer: by its address, in every door."""
        fact = self.facts[number]
        if fact.boosts is not None and not self.sees(viewer, fact.boosts):
            return False
        return self._sees_itself(viewer, fact)

    def _sees_itself(self, viewer: int, fact: Fact) -> bool:
        if fact.author in self.suspended:
            return False
        if viewer == fact.author:
            return True
        if fact.removed or (fact.author, viewer) in self.blocks:
            return False
        if fact.visibility == "members":
            return viewer in self.members
        if fact.visibility in ("public", "unlisted"):
            return True
        quoted = self.facts[fact.quotes].author if fact.quotes is not None else None
        if viewer in fact.named or viewer == quoted:
            return True
        return fact.visibility == "private" and (viewer, fact.author) in self.follows

    def wants(self, viewer: int, number: int) -> bool:
        """Whether it may come unasked: not of whom the viewer blocks or mutes, nor of a host blocked."""
        fact = self.facts[number]
        inner = fact.author if fact.boosts is None else self.facts[fact.boosts].author
        return not any(self._silences(viewer, author) for author in (fact.author, inner))

    def _silences(self, viewer: int, author: int) -> bool:
        if viewer == author:
            return False
        away = HOST_OF.get(author) == FAR and viewer in self.shuns
        return away or (viewer, author) in self.blocks | self.mutes

    def seen(self, viewer: int) -> set[int]:
        return {n for n in self.facts if self.sees(viewer, n)}

    def by(self, viewer: int, author: int) -> set[int]:
        return {n for n in self.seen(viewer) if self.facts[n].author == author}

    def on_profile(self, viewer: int, author: int) -> set[int]:
        """What is for members stands in their community, and on its author's profile for the author alone."""
        own = viewer == author
        return {n for n in self.by(viewer, author) if own or self.facts[n].visibility != "members"}

    def in_public(self, viewer: int, *, local: bool = False) -> set[int]:
        """The timeline of all: no boosts, and no answers to others."""
        return {
            n
            for n in self.tagged(viewer)
            if (not local or self.facts[n].author < LOCALS) and self._starts(self.facts[n])
        }

    def _starts(self, fact: Fact) -> bool:
        return fact.answers is None or self.facts[fact.answers].author == fact.author

    def tagged(self, viewer: int) -> set[int]:
        """The timeline of a tag that all bear."""
        return {
            n
            for n in self.seen(viewer)
            if self.facts[n].visibility == "public"
            and self.facts[n].boosts is None
            and self.wants(viewer, n)
        }

    # What another server gets

    def shut_out(self, reader: int, author: int) -> bool:
        """Whether the author wants nothing to do with who signs, or with their host."""
        away = HOST_OF.get(reader) == FAR and author in self.shuns
        return away or (author, reader) in self.blocks

    def reads(self, reader: int) -> bool:
        """Whether what is for members may be told: to a member, or to a server that has one."""
        if reader in self.suspended:
            return False
        if reader not in (FAR, AWAY):
            return reader in self.members
        return any(HOST_OF.get(member) == reader for member in self.members - self.suspended)

    def told(self, reader: int, number: int) -> bool:
        """Whether the post may be listed for who signs."""
        if self.sees(STRANGER, number):
            return True
        fact = self.facts[number]
        if fact.visibility != "members" or not self.reads(reader) or fact.author in self.suspended:
            return False
        if reader == fact.author:
            return True
        return not fact.removed and (fact.author, reader) not in self.blocks

    def gets(self, reader: int, number: int) -> bool:
        """Whether who signs finds the document of a post of ours."""
        if reader in self.suspended or self.shut_out(reader, self.facts[number].author):
            return False
        return self.told(reader, number)

    def answers_to(self, number: int) -> set[int]:
        return {n for n, fact in self.facts.items() if fact.answers == number}

    def below(self, number: int) -> set[int]:
        """The post, and all that stands in its thread."""
        inner = [self.below(n) for n in self.answers_to(number)]
        return {number}.union(*inner)


def statuses_in(value: Any) -> list[dict[str, Any]]:
    """All posts in an answer, those inside of others too."""
    if isinstance(value, list):
        return [found for entry in value for found in statuses_in(entry)]
    if not isinstance(value, dict):
        return []
    inner = [found for entry in value.values() for found in statuses_in(entry)]
    return [value, *inner] if {"visibility", "content", "uri"} <= value.keys() else inner
