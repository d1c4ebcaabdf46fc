"""Small worlds of people who follow, block, mute and write; and who may see what in them, said plainly.

``Oracle`` is written from what the rules say to people, and knows nothing of the server's code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

LOCALS, PEOPLE = 4, 6
"""Numbers of the people: the first are members, who have clients; the others are of another server."""
STRANGER = -1
VISIBILITIES = ("public", "unlisted", "private", "direct")


@dataclass(frozen=True)
class Said:
    """A post of the world. ``about``: which earlier post it answers, quotes or boosts (``how``)."""

    author: int
    visibility: str
    named: tuple[int, ...]
    in_garden: bool
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
    """Members who block the other server's host."""
    suspended: tuple[int, ...]
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
    in_garden=st.integers(0, 3).map(lambda n: n == 0),
    how=st.sampled_from(("new", "new", "reply", "reply", "quote", "boost")),
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
    said=st.lists(_said, min_size=3, max_size=12).map(tuple),
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


@dataclass(frozen=True)
class Oracle:
    follows: frozenset[tuple[int, int]]
    """What was granted and is still so."""
    blocks: frozenset[tuple[int, int]]
    mutes: frozenset[tuple[int, int]]
    shuns: frozenset[int]
    suspended: frozenset[int]
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
        if (fact.author, viewer) in self.blocks:
            return False
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
        away = author >= LOCALS and viewer in self.shuns
        return away or (viewer, author) in self.blocks | self.mutes

    def seen(self, viewer: int) -> set[int]:
        return {n for n in self.facts if self.sees(viewer, n)}

    def by(self, viewer: int, author: int) -> set[int]:
        return {n for n in self.seen(viewer) if self.facts[n].author == author}

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


def statuses_in(value: Any) -> list[dict[str, Any]]:
    """All posts in an answer, those inside of others too."""
    if isinstance(value, list):
        return [found for entry in value for found in statuses_in(entry)]
    if not isinstance(value, dict):
        return []
    inner = [found for entry in value.values() for found in statuses_in(entry)]
    return [value, *inner] if {"visibility", "content", "uri"} <= value.keys() else inner
