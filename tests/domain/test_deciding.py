"""Each rule by which a decision comes out, with what it must not say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling.deciding import SENTENCES, Given, Result, Rules, result

FREE = Rules()


def counts(**people: int) -> list[Given]:
    return [Given(key, number) for key, number in people.items()]


def consent(agree: int, abstain: int, objected: int) -> list[Given]:
    return counts(agree=agree, abstain=abstain, object=objected)


GOLDEN = [
    ("sense", counts(agree=3, unsure=1, concern=9), 0, FREE, Result("heard")),
    ("sense", counts(agree=0, unsure=0, concern=0), 0, FREE, Result("nobody")),
    ("sense", counts(agree=1, unsure=1, concern=1), 0, Rules(quorum=4), Result("too_few")),
    ("", counts(a=5, b=4), 0, FREE, Result("chosen", ("a",))),
    ("", counts(a=4, b=5, c=5), 0, FREE, Result("tie", ("b", "c"))),
    ("", counts(a=0, b=0), 0, FREE, Result("nobody")),
    ("", counts(a=5, b=4), 0, Rules(quorum=9), Result("chosen", ("a",))),
    ("", counts(a=5, b=4), 0, Rules(quorum=10), Result("too_few")),
    ("", counts(a=2, b=1), 0, Rules(threshold=66), Result("chosen", ("a",))),
    ("", counts(a=2, b=1), 0, Rules(threshold=67), Result("below_threshold", ("a",))),
    ("", counts(a=1, b=1), 0, Rules(threshold=90), Result("tie", ("a", "b"))),
    ("consent", consent(9, 0, 0), 0, FREE, Result("consent", ("agree",))),
    ("consent", consent(9, 3, 1), 1, FREE, Result("blocked")),
    ("consent", consent(9, 3, 1), 0, FREE, Result("consent", ("agree",))),  # the stewards met it
    ("consent", consent(1, 9, 0), 0, FREE, Result("consent", ("agree",))),
    ("consent", consent(0, 9, 0), 0, FREE, Result("nobody")),
    ("consent", consent(1, 9, 0), 0, Rules(threshold=50), Result("below_threshold", ("agree",))),
    ("consent", consent(5, 0, 1), 1, Rules(quorum=7), Result("too_few")),
]


@pytest.mark.parametrize(("variant", "given_", "objections", "rules", "expected"), GOLDEN)
def test_each_rule(
    variant: str, given_: list[Given], objections: int, rules: Rules, expected: Result
) -> None:
    found = result(variant, given_, objections, rules)
    assert found == expected
    assert found.sentence == SENTENCES[expected.word]


NUMBERS = st.integers(0, 50)


@given(NUMBERS, NUMBERS, NUMBERS, st.integers(1, 50))
def test_an_open_objection_blocks_whoever_agrees(
    agree: int, abstain: int, objected: int, objections: int
) -> None:
    assert result("consent", consent(agree, abstain, objected), objections, FREE).word != "consent"


@given(st.lists(NUMBERS, min_size=2, max_size=4), st.none() | st.integers(1, 100))
def test_what_is_chosen_in_a_poll_has_more_votes_than_any_other(
    people: list[int], threshold: int | None
) -> None:
    given_ = [Given(str(at), number) for at, number in enumerate(people)]
    found = result("", given_, 0, Rules(threshold=threshold))
    if found.word == "chosen":
        best = people[int(found.leading[0])]
        assert people.count(best) == 1
        assert best == max(people)
        assert best * 100 >= (threshold or 0) * sum(people)
