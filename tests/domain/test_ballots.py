"""Votes by score and by ranking: what is no ballot, and how ballots are counted, whoever counts them."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling import ballots
from server.domain.calling.ballots import RANKED, SCORE, Cast, Round, Runoff
from server.domain.calling.deciding import Given, Result, Rules, result
from server.errors import Invalid

OPTIONS = 4


def casts(*said: tuple[int, tuple[int, ...]]) -> list[Cast]:
    return [Cast(ballot, people) for people, ballot in said]


@pytest.mark.parametrize(
    ("variant", "ballot", "field"),
    [
        (SCORE, (5, 0), "ballot"),
        (SCORE, (5, 0, 6), "scores"),
        (SCORE, (5, 0, -1), "scores"),
        (SCORE, (0, 0, 0), "scores"),
        (RANKED, (1, 2, 3, 4), "ballot"),
        (RANKED, (1, 1, 2), "ranking"),
        (RANKED, (1, 3, 0), "ranking"),
        (RANKED, (2, 0, 0), "ranking"),
        (RANKED, (-1, 1, 2), "ranking"),
        (RANKED, (0, 0, 0), "ranking"),
        ("consent", (1, 2, 3), "ballot"),
        ("", (1, 2, 3), "ballot"),
    ],
)
def test_what_is_no_ballot_says_why(variant: str, ballot: tuple[int, ...], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        ballots.check(variant, 3, ballot)
    assert refused.value.field == field


def test_a_ballot_is_said_by_keys() -> None:
    keys = ("1", "2", "3")
    assert ballots.of_scores({"2": 4}, keys) == (0, 4, 0)
    assert ballots.of_ranking(["3", "1"], keys) == (2, 0, 1)
    for wrong in ({"4": 1}, {"": 1}):
        with pytest.raises(Invalid):
            ballots.of_scores(wrong, keys)
    for twice in (["1", "1"], ["1", "4"]):
        with pytest.raises(Invalid):
            ballots.of_ranking(twice, keys)


def test_one_option_alone_is_a_ballot_too() -> None:
    for variant, expected in ((SCORE, (0, 5, 0)), (RANKED, (0, 1, 0))):
        ballot = ballots.of_choice(variant, 3, 1)
        ballots.check(variant, 3, ballot)
        assert ballot == expected
        assert ballots.first(variant, ballot) == 1


def test_ballots_are_read_by_people() -> None:
    titles = ("Mondays", "Fridays", "Never")
    assert ballots.words(SCORE, (5, 0, 2), titles) == "Mondays: 5, Fridays: 0, Never: 2"
    assert ballots.words(RANKED, (2, 1, 0), titles) == "1. Fridays, 2. Mondays"


def test_who_is_out_first_gives_the_ballots_on() -> None:
    """Tennessee's capital, the example of every text on this: nobody has half at first."""
    found = ballots.run_off(
        casts((42, (1, 2, 4, 3)), (26, (4, 1, 3, 2)), (15, (4, 3, 2, 1)), (17, (4, 3, 1, 2))), 4
    )
    assert found == Runoff(
        (
            Round((42, 26, 17, 15), (3,), 0),
            Round((42, 26, 32, 0), (1,), 0),
            Round((42, 0, 58, 0), (), 0),
        ),
        (2,),
        58,
    )


def test_a_ballot_that_ranks_none_of_who_is_left_counts_no_more() -> None:
    found = ballots.run_off(casts((4, (1, 0, 0)), (3, (0, 1, 0)), (2, (0, 0, 1))), 3)
    assert found.rounds == (Round((4, 3, 2), (2,), 0), Round((4, 3, 0), (), 2))
    assert (found.leading, found.votes) == ((0,), 4)


LEVEL = {
    "the round before decides who is last": (
        # b and c have 3 each once d is out; b had 3 before, c had 2.
        casts((4, (1, 0, 0, 0)), (3, (2, 1, 0, 0)), (2, (0, 0, 1, 0)), (1, (0, 0, 2, 1))),
        [(3,), (2,)],
        (0,),
    ),
    "points decide where no round does": (
        casts((2, (1, 0, 0)), (1, (2, 1, 0)), (1, (0, 2, 1))),
        [(2,)],
        (0, 1),
    ),
    "those level in all go together": (
        casts((2, (1, 0, 0, 0)), (2, (0, 1, 0, 0)), (1, (0, 0, 1, 0)), (1, (0, 0, 0, 1))),
        [(2, 3)],
        (0, 1),
    ),
    "three that are level in all are a tie": (
        casts((1, (1, 0, 0)), (1, (0, 1, 0)), (1, (0, 0, 1))),
        [],
        (0, 1, 2),
    ),
}


@pytest.mark.parametrize("name", LEVEL)
def test_ties(name: str) -> None:
    said, out, leading = LEVEL[name]
    found = ballots.run_off(said, len(said[0].ballot))
    assert [each.out for each in found.rounds if each.out] == out
    assert found.leading == leading


def test_nobody_leads_without_ballots() -> None:
    assert ballots.run_off([], 3) == Runoff((Round((0, 0, 0), (), 0),), (), 0)


@st.composite
def ranked(draw: st.DrawFn) -> tuple[int, ...]:
    order = draw(st.permutations(range(OPTIONS)))
    length = draw(st.integers(1, OPTIONS))
    return tuple(order.index(at) + 1 if at in order[:length] else 0 for at in range(OPTIONS))


VOTES = st.lists(st.builds(Cast, ranked(), st.integers(1, 9)), min_size=1, max_size=12)
ORDERS = st.permutations(range(OPTIONS))


def moved(said: Sequence[Cast], order: Sequence[int]) -> list[Cast]:
    """The same ballots, with option ``order[n]`` in the place of n."""
    return [Cast(tuple(c.ballot[at] for at in order), c.people) for c in said]


@given(VOTES)
def test_who_is_first_for_more_than_half_leads(said: list[Cast]) -> None:
    found = ballots.run_off(said, OPTIONS)
    people = sum(c.people for c in said)
    for at in range(OPTIONS):
        first = sum(c.people for c in said if c.ballot[at] == 1)
        if first * 2 > people:
            assert (found.leading, len(found.rounds)) == ((at,), 1)


@given(VOTES, st.randoms(use_true_random=False))
def test_the_order_of_ballots_changes_nothing(said: list[Cast], chance: object) -> None:
    shuffled = [Cast(c.ballot, 1) for c in said for _ in range(c.people)]
    chance.shuffle(shuffled)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
    assert ballots.run_off(shuffled, OPTIONS) == ballots.run_off(said, OPTIONS)


@given(VOTES, ORDERS)
def test_the_order_of_options_changes_nothing(said: list[Cast], order: list[int]) -> None:
    was, now = ballots.run_off(said, OPTIONS), ballots.run_off(moved(said, order), OPTIONS)
    assert {order[at] for at in now.leading} == set(was.leading)
    assert [{order[at] for at in each.out} for each in now.rounds] == [
        set(each.out) for each in was.rounds
    ]


@given(VOTES)
def test_every_ballot_is_in_every_round(said: list[Cast]) -> None:
    found, people = ballots.run_off(said, OPTIONS), sum(c.people for c in said)
    assert all(sum(each.votes) + each.exhausted == people for each in found.rounds)
    assert len(found.rounds) < OPTIONS
    gone = {at for each in found.rounds for at in each.out}
    assert found.leading
    assert not gone & set(found.leading)
    assert all(found.rounds[-1].votes[at] == found.votes for at in found.leading)


@given(VOTES)
def test_of_the_last_two_the_one_that_more_ballots_prefer_leads(said: list[Cast]) -> None:
    found = ballots.run_off(said, OPTIONS)
    last = found.rounds[-1]
    left = [at for at in range(OPTIONS) if last.votes[at]]
    if len(found.leading) == 1 and len(left) == 2:
        (winner,) = found.leading
        loser = next(at for at in left if at != winner)
        assert prefer(said, winner, loser) > prefer(said, loser, winner)


def prefer(said: Sequence[Cast], one: int, other: int) -> int:
    """How many rank the one before the other."""
    places = [(c.ballot[one] or 9, c.ballot[other] or 9, c.people) for c in said]
    return sum(people for mine, theirs, people in places if mine < theirs)


POINTS = st.lists(
    st.builds(Cast, st.tuples(*[st.integers(0, 5)] * OPTIONS), st.integers(1, 9)), min_size=1
)


@given(POINTS, ORDERS)
def test_points_are_added_up(said: list[Cast], order: list[int]) -> None:
    was, now = ballots.totals(said, OPTIONS), ballots.totals(moved(said, order), OPTIONS)
    people = sum(c.people for c in said)
    assert all(0 <= points <= 5 * people for points in was)
    assert [was[at] for at in order] == list(now)


def keyed(*people: int) -> list[Given]:
    return [Given(str(at), n) for at, n in enumerate(people, start=1)]


OUTCOMES = [
    (SCORE, casts((2, (5, 4)), (1, (0, 5))), Rules(), Result("chosen", ("2",))),
    (SCORE, casts((1, (5, 0)), (1, (0, 5))), Rules(), Result("tie", ("1", "2"))),
    (SCORE, casts((2, (3, 0))), Rules(threshold=60), Result("chosen", ("1",))),
    (SCORE, casts((2, (3, 0))), Rules(threshold=61), Result("below_threshold", ("1",))),
    (SCORE, casts((2, (3, 0))), Rules(quorum=3), Result("too_few")),
    (RANKED, casts((2, (1, 2)), (1, (2, 1))), Rules(), Result("chosen", ("1",))),
    (RANKED, casts((1, (1, 2)), (1, (2, 1))), Rules(), Result("tie", ("1", "2"))),
    (RANKED, casts((2, (1, 0)), (1, (0, 1))), Rules(threshold=66), Result("chosen", ("1",))),
    (RANKED, casts((2, (1, 0)), (1, (0, 1))), Rules(threshold=67),
     Result("below_threshold", ("1",))),
    (RANKED, [], Rules(), Result("nobody")),
]  # fmt: skip


@pytest.mark.parametrize(("variant", "said", "rules", "expected"), OUTCOMES)
def test_what_a_decision_comes_to(
    variant: str, said: list[Cast], rules: Rules, expected: Result
) -> None:
    firsts = [0, 0]
    for cast in said:
        firsts[ballots.first(variant, cast.ballot)] += cast.people
    assert result(variant, keyed(*firsts), 0, rules, said) == expected
