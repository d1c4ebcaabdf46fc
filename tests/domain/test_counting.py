"""Counting over several servers: the range holds the truth, and no server moves it far."""

from __future__ import annotations

from collections import Counter as Bag
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling.counting import FLOOR, SMALL, Counter, Known, cap, count, merged

EVERYBODY = Known(dict.fromkeys("abcdefgh", 10**9))
US, OTHER = "a", "b"
HOSTS = ("c", "d", "e", "f", "g", "h")


def known(users: Mapping[str, int] | None = None) -> Known:
    return Known(users or {}, roof=lambda host: ".".join(host.split(".")[-2:]))


def test_one_counter_counts_exactly() -> None:
    found = count([Counter(US, own=7, email=2, expressed={"c": 3}, vouched=True)], EVERYBODY)
    assert (found.at_least, found.at_most, found.also_reported) == (12, 12, 0)


@pytest.mark.parametrize(
    ("users", "confirmed", "counts"),
    [
        (None, 0, 20),
        (None, 10_000, 20),  # who does not say how many it has
        (3, 10_000, 3),  # never more than there are
        (10_000, 0, 20),
        (10_000, 199, 20),
        (10_000, 200, 20),
        (10_000, 1000, 100),
        (50, 1000, 50),
        (0, 1000, 0),
    ],
)
def test_the_cap_of_one_server(users: int | None, confirmed: int, counts: int) -> None:
    assert cap(users, confirmed) == counts


def test_votes_of_one_server_count_up_to_the_cap() -> None:
    votes = Counter(US, own=30, expressed={"c.example": 500, "d.example": 5}, vouched=True)
    found = count([votes], known({"c.example": 10_000, "d.example": 9}))
    assert (found.at_least, found.at_most) == (55, 55)
    assert found.also_reported == 480


def test_names_below_one_domain_share_a_cap() -> None:
    farm = {f"n{n}.farm.example": 5 for n in range(100)}
    found = count([Counter(US, own=1, expressed=farm, vouched=True)], known())
    assert (found.at_least, found.at_most, found.also_reported) == (21, 21, 480)
    tallies = [Counter(host, own=5) for host in farm]
    found = count([Counter(US, own=1, vouched=True), *tallies], known())
    assert (found.at_least, found.at_most, found.also_reported) == (21, 21, 480)


def test_a_server_that_claims_a_million_changes_only_what_is_also_reported() -> None:
    us, honest = Counter(US, own=40, email=3, vouched=True), Counter("b.example", own=12)

    def with_claim(claimed: int) -> tuple[int, int, int]:
        lie = Counter("lie.example", own=claimed, email=claimed, expressed={SMALL: claimed})
        found = count([us, honest, lie], known({"lie.example": 10**9}))
        return found.at_least, found.at_most, found.also_reported

    assert with_claim(0) == (55, 55, 0)
    assert with_claim(FLOOR) == (75, 75, 2 * FLOOR)
    assert with_claim(1_000_000) == (75, 75, 3_000_000 - FLOOR)


def test_a_tally_lifts_no_cap() -> None:
    """A tenth is of those who were confirmed where it is believed, not of what others claim."""
    us = Counter(US, expressed={"c": 60}, vouched=True)
    lie = Counter("lie", own=1_000_000)
    found = count([us, lie], EVERYBODY)
    assert (found.at_least, found.at_most) == (40, 40)


def test_the_same_people_at_two_counters_are_counted_once_at_least() -> None:
    first = Counter(US, own=5, email=2, expressed={"c": 4, "d": 1}, vouched=True)
    second = Counter(OTHER, own=3, email=6, expressed={"c": 2, "d": 3}, vouched=True)
    found = count([first, second], EVERYBODY)
    assert (found.at_least, found.at_most) == (5 + 3 + 6 + 4 + 3, 7 + 5 + 9 + 5)


def test_people_of_a_counter_who_voted_elsewhere_are_no_others() -> None:
    us = Counter(US, own=5, expressed={OTHER: 4}, vouched=True)
    found = count([us, Counter(OTHER, own=6, vouched=True)], EVERYBODY)
    assert (found.at_least, found.at_most) == (11, 15)


@given(
    st.lists(
        st.tuples(
            st.sampled_from((*HOSTS, US, OTHER, "mail")),
            st.integers(0, 30),
            st.frozensets(st.sampled_from((US, OTHER)), min_size=1),
        ),
        max_size=60,
    ),
    st.tuples(st.frozensets(st.sampled_from(HOSTS)), st.frozensets(st.sampled_from(HOSTS))),
)
def test_the_bounds_hold_the_truth(
    answers: list[tuple[str, int, frozenset[str]]],
    large: tuple[frozenset[str], frozenset[str]],
) -> None:
    """People (server, number) who answered at one counter or at both, whatever each takes for large."""
    truth = {(host, who) for host, who, _ in answers}
    counters: list[Counter] = []
    for name, shown in zip((US, OTHER), large, strict=True):
        mine = Bag(h for h, _ in {(h, w) for h, w, where in answers if name in where})
        own, email = mine.pop(name, 0), mine.pop("mail", 0)
        told = merged(mine, lambda host, shown=shown: host in shown or host in (US, OTHER))
        counters.append(Counter(name, own, email, told, vouched=True))
    known_ = Known({**EVERYBODY.users, SMALL: 10**9})
    found = count(counters, known_)
    assert found.at_least <= len(truth) <= found.at_most + found.also_reported
    assert found.at_least <= found.at_most


_COUNTERS = st.lists(
    st.builds(
        Counter,
        host=st.sampled_from((*HOSTS, US)),
        own=st.integers(0, 10**6),
        email=st.integers(0, 10**6),
        expressed=st.dictionaries(st.sampled_from((*HOSTS, SMALL)), st.integers(0, 10**6)),
        vouched=st.booleans(),
    ),
    max_size=6,
    unique_by=lambda c: c.host,
)


@given(_COUNTERS, st.dictionaries(st.sampled_from(HOSTS), st.integers(0, 10**6)))
def test_caps_never_raise(counters: list[Counter], users: dict[str, int]) -> None:
    found, free = count(counters, Known(users)), sum(c.total for c in counters)
    assert 0 <= found.at_least <= found.at_most
    assert found.at_most + found.also_reported == free
    assert found.also_reported >= 0


@given(_COUNTERS, st.sampled_from(HOSTS), st.integers(0, 10**6))
def test_no_server_moves_it_above_its_cap(counters: list[Counter], host: str, claimed: int) -> None:
    others = [c for c in counters if c.host != host]
    before = count(others, Known({}))
    after = count([*others, Counter(host, own=claimed)], Known({}))
    assert 0 <= after.at_least - before.at_least <= FLOOR
    assert 0 <= after.at_most - before.at_most <= FLOOR


@given(st.dictionaries(st.text(min_size=1), st.integers(0, 100)), st.frozensets(st.text()))
def test_no_small_server_leaves_by_name(people: dict[str, int], large: frozenset[str]) -> None:
    told = merged(people, lambda host: host in large)
    assert set(told) <= large | {SMALL}
    assert sum(told.values()) == sum(people.values())
