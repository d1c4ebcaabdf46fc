"""Ballots that say more than one option: points for each, or an order of them. Pure.

A ballot has one number for each option of the call, in the order of its card. In a vote by *score* it is 0 to 5
points. In a *ranked* one it is the place that the option has, 1 for the first; 0 where the ballot does not rank it.
Who can choose one option alone (the poll of a microblog, a reply) has given it 5 points, or ranked it alone.

Points are added up, and the highest sum leads. Ranked ballots are counted by instant run-off: each counts for the first
of its options that is still in; an option with more than half of the ballots that still count leads; else the last
one goes out. **Who is last** is the same wherever it is counted, and no matter in which order ballots came or options
stand: of those with fewest ballots, who had fewer in the round before, then in the one before that, and so on; then
who has fewer points over all ballots (of n options a first place is n points, the second n - 1, none 0). Those that
are level in all this go out together. Where all that are left are level in all this, or the last two have as many
ballots each, it is a tie, which people settle and no rule does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from server.errors import Invalid
from server.i18n import mark

SCORE, RANKED = "score", "ranked"
SCORE_MAX = 5
HINTS = {
    SCORE: mark(
        "A vote here gives one option 5 points and the others none. To give each its points, open the details."
    ),
    RANKED: mark("A vote here ranks one option alone. To rank more, open the details."),
}
"""For who can choose one option alone, by the variant of the call."""


@dataclass(frozen=True, slots=True)
class Cast:
    """How many people gave the same ballot."""

    ballot: tuple[int, ...]
    people: int


@dataclass(frozen=True, slots=True)
class Round:
    """``votes``: how many ballots count for each option, by its place on the card; ``out``: the places of those that go
    out after it; ``exhausted``: ballots that rank none of those that are still in."""

    votes: tuple[int, ...]
    out: tuple[int, ...]
    exhausted: int


@dataclass(frozen=True, slots=True)
class Runoff:
    """``leading``: places of options, several in a tie, none without a ballot; ``votes``: what each of them has in the
    last round."""

    rounds: tuple[Round, ...]
    leading: tuple[int, ...]
    votes: int


def takes(variant: str) -> bool:
    """Whether such a call is answered by ballots."""
    return variant in HINTS


def check(variant: str, options: int, ballot: Sequence[int]) -> None:
    """Raises ``Invalid`` naming the field."""
    if not takes(variant):
        raise Invalid("This call is answered by one of its options.", field="ballot")
    if len(ballot) != options:
        raise Invalid(mark("This call has %(options)s options.", options=options), field="ballot")
    if variant == SCORE:
        _check_scores(ballot)
    else:
        _check_ranks(ballot)


def _check_scores(ballot: Sequence[int]) -> None:
    if not all(0 <= points <= SCORE_MAX for points in ballot):
        raise Invalid(
            mark("An option is given 0 to %(most)s points.", most=SCORE_MAX), field="scores"
        )
    if not any(ballot):
        raise Invalid("Give one option at least a point.", field="scores")


def _check_ranks(ballot: Sequence[int]) -> None:
    given = sorted(rank for rank in ballot if rank)
    if not given:
        raise Invalid("Rank one option at least.", field="ranking")
    if len(set(given)) < len(given):
        raise Invalid("Two options have the same place.", field="ranking")
    if given != list(range(1, len(given) + 1)):
        raise Invalid("Places are 1, 2, 3 and so on, with none left out.", field="ranking")


def of_scores(scores: Mapping[str, int], keys: Sequence[str]) -> tuple[int, ...]:
    """A ballot from points by the key of an option; who is not named gets none. Raises ``Invalid``."""
    _require_known(scores, keys, "scores")
    return tuple(scores.get(key, 0) for key in keys)


def of_ranking(ranking: Sequence[str], keys: Sequence[str]) -> tuple[int, ...]:
    """A ballot from keys of options, the first one first. Raises ``Invalid``."""
    _require_known(ranking, keys, "ranking")
    if len(set(ranking)) < len(ranking):
        raise Invalid("An option has one place.", field="ranking")
    return tuple(ranking.index(key) + 1 if key in ranking else 0 for key in keys)


def _require_known(named: Mapping[str, int] | Sequence[str], keys: Sequence[str], at: str) -> None:
    if not set(named) <= set(keys):
        raise Invalid(
            mark("An option of this call is one of: %(known)s.", known=", ".join(keys)), field=at
        )


def of_choice(variant: str, options: int, choice: int) -> tuple[int, ...]:
    """What the choice of one option alone says."""
    most = SCORE_MAX if variant == SCORE else 1
    return tuple(most if at == choice else 0 for at in range(options))


def first(variant: str, ballot: Sequence[int]) -> int:
    """The place of the option that a ballot puts first; of those with as many points, the first on the card."""
    return ballot.index(max(ballot) if variant == SCORE else 1)


def words(variant: str, ballot: Sequence[int], titles: Sequence[str]) -> str:
    """As people read it."""
    named = list(zip(ballot, titles, strict=False))
    if variant == SCORE:
        return ", ".join(f"{title}: {points}" for points, title in named)
    return ", ".join(f"{rank}. {title}" for rank, title in sorted(named) if rank)


def totals(casts: Sequence[Cast], options: int) -> tuple[int, ...]:
    """The points of each option."""
    return tuple(sum(c.ballot[at] * c.people for c in casts) for at in range(options))


def run_off(casts: Sequence[Cast], options: int) -> Runoff:
    """Count ranked ballots, as is said above."""
    left = list(range(options))
    points = _points(casts, options)
    rounds: list[Round] = []
    while True:
        votes, exhausted = _count(casts, left, options)
        leading, out = _decided(votes, left), []
        if leading is None:
            out = _last(left, [votes, *(r.votes for r in reversed(rounds)), points])
        if len(out) == len(left):
            leading, out = left, []
        rounds.append(Round(votes, tuple(out), exhausted))
        if leading is not None:
            return Runoff(tuple(rounds), tuple(leading), max(votes))
        left = [at for at in left if at not in out]


def _points(casts: Sequence[Cast], options: int) -> tuple[int, ...]:
    """By places over all ballots (Borda)."""
    return tuple(
        sum((options + 1 - c.ballot[at]) * c.people for c in casts if c.ballot[at])
        for at in range(options)
    )


def _count(casts: Sequence[Cast], left: Sequence[int], options: int) -> tuple[tuple[int, ...], int]:
    """How many ballots count for each option, and how many for none."""
    votes, exhausted = [0] * options, 0
    for cast in casts:
        ranked = [at for at in left if cast.ballot[at]]
        if ranked:
            votes[min(ranked, key=lambda at: cast.ballot[at])] += cast.people
        else:
            exhausted += cast.people
    return tuple(votes), exhausted


def _decided(votes: Sequence[int], left: Sequence[int]) -> list[int] | None:
    """Who leads, if that is known now: nobody without ballots, who has more than half, or the last two that are level."""
    counted = sum(votes)
    if not counted:
        return []
    most = [at for at in left if votes[at] * 2 > counted]
    if most:
        return most
    return list(left) if len(left) == 2 else None


def _last(left: Sequence[int], measures: Sequence[Sequence[int]]) -> list[int]:
    """Those that are last by the first measure in which they differ."""
    last = list(left)
    for measure in measures:
        fewest = min(measure[at] for at in last)
        last = [at for at in last if measure[at] == fewest]
    return last
