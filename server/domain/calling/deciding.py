"""What a decision came to: by the counts, the objections and the rule of the call. Pure.

A sense check decides nothing: it says what people feel. In a poll the option with most votes is chosen, and two
that are level are a tie, which people settle and no rule does. A vote by score or ranking is counted as
``ballots`` says. In a consent vote one objection stands in the way
until who made it takes it back, or the stewards write down how it was met; standing aside does not (Loomio's and
sociocracy's rule). Before any of this so many people must have answered as the call asked for, and where a share
was asked for the winner must reach it: of the people, in its last round where they rank, and of the points that
all of them could give where they score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from server.domain.calling import ballots
from server.domain.calling.ballots import Cast
from server.errors import Invalid
from server.i18n import mark

Word = Literal[
    "nobody", "too_few", "heard", "chosen", "tie", "below_threshold", "consent", "blocked", "secret"
]

SENTENCES: dict[Word, str] = {
    "nobody": mark("Nobody has answered."),
    "too_few": mark("Fewer people answered than were asked for."),
    "heard": mark("A sense check decides nothing: this is what people said."),
    "chosen": mark("One option is ahead of all others."),
    "tie": mark("Options are level: the votes alone do not decide."),
    "below_threshold": mark("No option has the share that was asked for."),
    "consent": mark("There is no objection left."),
    "blocked": mark("There are objections."),
    "secret": mark("Until it closes nobody sees what people said."),
}

QUORUM_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class Rules:
    """``quorum``: how many people must answer; ``threshold``: which share of them, in percent, must be for
    what is chosen; ``open_votes``: members see who said what."""

    quorum: int | None = None
    threshold: int | None = None
    open_votes: bool = False


def check(rules: Rules) -> None:
    """Raises ``Invalid`` naming the field."""
    if rules.threshold is not None and not 1 <= rules.threshold <= 100:
        raise Invalid("A share is 1 to 100 percent.", field="threshold")
    if rules.quorum is not None and not 1 <= rules.quorum <= QUORUM_MAX:
        raise Invalid(mark("A quorum is 1 to %(most)s people.", most=QUORUM_MAX), field="quorum")


@dataclass(frozen=True, slots=True)
class Given:
    """How many people gave an answer."""

    key: str
    people: int


@dataclass(frozen=True, slots=True)
class Result:
    """``leading``: the keys of what has most votes, several in a tie; in a consent vote, ``agree`` alone."""

    word: Word
    leading: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        return SENTENCES[self.word]


def result(
    variant: str,
    given: Sequence[Given],
    objections: int,
    rules: Rules,
    casts: Sequence[Cast] = (),
) -> Result:
    """``objections``: those that are neither taken back nor met; ``casts``: of a vote by ballots."""
    people = sum(each.people for each in given)
    if not people:
        return Result("nobody")
    if rules.quorum and people < rules.quorum:
        return Result("too_few")
    if variant == "sense":
        return Result("heard")
    if variant == "consent":
        return _consent(given, people, objections, rules)
    if variant == ballots.SCORE:
        return _score(given, people, rules, casts)
    if variant == ballots.RANKED:
        return _ranked(given, people, rules, casts)
    return _poll(given, people, rules)


def _consent(given: Sequence[Given], people: int, objections: int, rules: Rules) -> Result:
    agreed = sum(each.people for each in given if each.key == "agree")
    if objections:
        return Result("blocked")
    if not agreed:
        return Result("nobody")
    return _reaching(Result("consent", ("agree",)), agreed, people, rules)


def _poll(given: Sequence[Given], people: int, rules: Rules) -> Result:
    most = max(each.people for each in given)
    leading = [at for at, each in enumerate(given) if each.people == most]
    return _leading(given, leading, most, people, rules)


def _score(given: Sequence[Given], people: int, rules: Rules, casts: Sequence[Cast]) -> Result:
    points = ballots.totals(casts, len(given))
    leading = [at for at, total in enumerate(points) if total == max(points)]
    return _leading(given, leading, max(points), people * ballots.SCORE_MAX, rules)


def _ranked(given: Sequence[Given], people: int, rules: Rules, casts: Sequence[Cast]) -> Result:
    found = ballots.run_off(casts, len(given))
    return _leading(given, found.leading, found.votes, people, rules)


def _leading(
    given: Sequence[Given], places: Sequence[int], reached: int, most: int, rules: Rules
) -> Result:
    keys = tuple(given[at].key for at in places)
    if len(keys) > 1:
        return Result("tie", keys)
    return _reaching(Result("chosen", keys), reached, most, rules)


def _reaching(found: Result, votes: int, people: int, rules: Rules) -> Result:
    """In whole numbers, so that two thirds are not a matter of rounding."""
    reached = votes * 100 >= (rules.threshold or 0) * people
    return found if reached else Result("below_threshold", found.leading)
