"""The range of a campaign holds the truth, whoever took part on however many servers, and no small server is named."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling.counting import SMALL, Counter, Range
from server.domain.campaigning.totals import told, total

HOSTS = (
    "a.example",
    "b.example",
    "c.example",
    "large.example",
    "big.example",
    "one.example",
    "two.example",
)
COUNTERS = HOSTS[:3]
Person = tuple[str, int]
"""An account: its server, and which one there. An address has no server."""

people = st.tuples(st.sampled_from(("", *HOSTS)), st.integers(0, 12))
answers = st.lists(st.tuples(people, st.sampled_from(COUNTERS)), max_size=120)
lists = st.frozensets(st.sampled_from(HOSTS), max_size=4)


def counted(said: list[tuple[Person, str]], large: frozenset[str]) -> list[Counter]:
    """What each counter knows: whoever answered there, once."""
    found: list[Counter] = []
    for counter in COUNTERS:
        here = {person for person, at in said if at == counter}
        hosts = {host for host, _ in here} - {"", counter}
        expressed = {host: sum(h == host for h, _ in here) for host in hosts}
        own = sum(host == counter for host, _ in here)
        email = sum(host == "" for host, _ in here)
        found.append(told(Counter(counter, own, email, expressed), large))
    return found


@given(answers, lists)
def test_the_range_holds_the_truth(said: list[tuple[Person, str]], large: frozenset[str]) -> None:
    truth = len({person for person, _ in said})
    found = total(counted(said, large), set(COUNTERS), large)
    assert found.at_least <= truth <= found.at_most
    assert found.also_reported == 0


@given(answers, lists)
def test_no_server_that_is_not_listed_leaves_a_counter(
    said: list[tuple[Person, str]], large: frozenset[str]
) -> None:
    for counter in counted(said, large):
        assert set(counter.expressed) <= large | {SMALL, counter.host}


@given(answers, lists, st.sampled_from(COUNTERS), st.integers(0, 10**6))
def test_who_is_not_counted_moves_nothing(
    said: list[tuple[Person, str]], large: frozenset[str], hostile: str, lie: int
) -> None:
    honest = [c for c in counted(said, large) if c.host != hostile]
    inside = {c.host for c in honest}
    before = total(honest, inside, large)
    after = total([*honest, Counter(hostile, lie, lie, {"b.example": lie})], inside, large)
    assert (after.at_least, after.at_most) == (before.at_least, before.at_most)
    assert after.also_reported == 3 * lie


def test_one_person_on_two_cards_is_one_at_least_and_two_at_most() -> None:
    of_large = [Counter(host, expressed={"large.example": 1}) for host in COUNTERS[:2]]
    assert total(of_large, set(COUNTERS), {"large.example"}) == Range(1, 2, 0)
    of_small = [Counter(host, expressed={"one.example": 1}) for host in COUNTERS[:2]]
    assert total(of_small, set(COUNTERS), {"large.example"}) == Range(1, 2, 0)


def test_own_people_of_several_servers_are_different_people() -> None:
    assert total([Counter("a.example", 3), Counter("b.example", 4)], set(COUNTERS), set()) == Range(
        7, 7, 0
    )


def test_nobody_is_nobody() -> None:
    assert total([], set(), {"large.example"}) == Range(0, 0, 0)
