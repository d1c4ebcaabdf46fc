"""A campaign's log: who decides what, what a stamp binds to, forks, silence, and that order of arrival changes nothing."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation import campaign_quorum as quorum
from federation.campaign_ledger import standing
from federation.campaigns import (
    AddCall,
    Agree,
    Decline,
    Entry,
    Exclude,
    Invite,
    Leave,
    RemoveCall,
    Silent,
    Statement,
    TakeBack,
    Unvouch,
    Vouch,
)
from tests.wire.campaign_log import Log, chapter, charter, seat, together


def call(host: str, number: int = 1) -> str:
    return f"https://{host}.example/calls/{number}"


def why(log: Log, entry: Entry) -> str:
    """Why an entry is void; nothing where it counts."""
    return log.standing().void.get(entry.digest, "")


# Quorum


@pytest.mark.parametrize(
    ("voters", "majority", "two_thirds"),
    [(1, 1, 1), (2, 2, 2), (3, 2, 2), (4, 3, 3), (5, 3, 4), (6, 4, 4), (7, 4, 5)],
)
def test_how_many_have_to_agree(voters: int, majority: int, two_thirds: int) -> None:
    assert quorum.needed(voters) == majority
    assert quorum.needed(voters, "two_thirds") == two_thirds
    assert quorum.needed(voters, "all") == voters


@given(st.integers(0, 50), st.sampled_from(["majority", "two_thirds", "all"]))
def test_two_groups_never_decide_two_things(voters: int, rule: quorum.Quorum) -> None:
    assert 2 * quorum.needed(voters, rule) > voters
    assert quorum.needed(voters, rule) >= 1


@pytest.mark.parametrize("count", range(1, 8))
def test_an_amendment_needs_the_quorum_and_no_more(count: int) -> None:
    log = together(count)
    text = charter("Clean rivers and lakes", log.campaign)
    asked = log.amend("a", text)
    hosts = [chr(ord("a") + n) for n in range(1, count)]
    for agreed, host in enumerate(hosts, 1):
        assert (log.standing().charter == text) == (agreed >= quorum.needed(count))
        log.agree(host, asked)
    assert log.standing().charter == text


# Founding and joining


def test_who_founds_is_the_first_co_host() -> None:
    log = Log()
    entry = log.found("a")
    found = log.standing()
    assert [m.chapter for m in found.standing(log.now)] == [entry.chapter]
    assert found.campaign == found.charter.digest
    assert standing([], log.campaign) is None


def test_another_charter_founds_nothing_here() -> None:
    log = Log()
    first = log.found("a")
    other = Log(now=log.now)
    stray = replace(other.found("b", charter("Other")), campaign=log.campaign)
    assert standing([stray], log.campaign) is None
    found = standing([first, stray], log.campaign)
    assert found
    assert stray.digest in found.void
    assert [m.host for m in found.members.values()] == ["a.example"]


def test_nobody_is_a_co_host_without_a_stamp() -> None:
    log = Log()
    log.found("a")
    asked = log.sign("a", Invite(seat("b").community))
    assert log.hosts() == ["a"]
    log.accept("b", asked)
    assert log.hosts() == ["a", "b"]


def test_nobody_is_a_co_host_without_a_quorum() -> None:
    log = together(3)
    asked = log.sign("a", Invite(seat("d").community))
    log.accept("d", asked)
    assert log.hosts() == ["a", "b", "c"]
    log.agree("b", asked)
    assert log.hosts() == ["a", "b", "c", "d"]


def test_who_was_not_invited_does_not_join() -> None:
    log = together(2)
    asked = log.sign("a", Invite(seat("c").community))
    stranger = log.sign("d", Agree(asked.digest, log.campaign, seat("d")), after=asked.digest)
    assert why(log, stranger) == "Somebody else was invited."
    posing = replace(seat("c"), key="another")
    entry = log.sign("e", Agree(asked.digest, log.campaign, posing), after=asked.digest)
    assert "own server" in why(log, entry)
    nothing = log.sign("d", Statement("<p>Me too</p>"), after=asked.digest)
    assert why(log, nothing)
    assert log.hosts() == ["a", "b"]


def test_a_stamp_is_for_the_charter_that_stands() -> None:
    log = Log()
    log.found("a")
    asked = log.sign("a", Invite(seat("b").community))
    log.amend("a", charter("Another text", log.campaign))
    old = log.sign("b", Agree(asked.digest, log.campaign, seat("b")), after=asked.digest)
    assert "another charter" in why(log, old)
    assert log.hosts() == ["a"]


def test_one_co_host_of_each_server() -> None:
    log = together(2)
    entry = log.sign("a", Invite("https://b.example/communities/77"))
    assert "has a co-host already" in why(log, entry)


def test_an_invitation_lapses() -> None:
    log = together(2)
    asked = log.sign("a", Invite(seat("c").community))
    log.wait(15)
    late = log.agree("b", asked)
    assert "not proposed any more" in why(log, late)
    assert "lapsed" in why(log, log.accept("c", asked))
    assert log.hosts() == ["a", "b"]


# The charter


def test_the_first_host_alone_cannot_amend() -> None:
    log = together(3)
    text = charter("Mine alone", log.campaign)
    asked = log.amend("a", text)
    log.agree("a", asked)
    assert log.standing().charter.digest == log.campaign
    log.wait(15)
    log.agree("b", asked)
    assert log.standing().charter.digest == log.campaign


def test_a_vote_is_for_one_text() -> None:
    log = together(2)
    asked = log.amend("a", charter("Rivers and lakes", log.campaign))
    blank = log.sign("b", Agree(asked.digest))
    other = log.sign("b", Agree(asked.digest, log.campaign))
    assert why(log, blank)
    assert why(log, other)
    assert log.standing().charter.digest == log.campaign


def test_another_charter_makes_stamps_stale_until_they_are_renewed() -> None:
    log = together(4)
    asked = log.amend("a", charter("Rivers and lakes", log.campaign))
    log.agree("b", asked)
    log.agree("c", asked)
    stale = [m.host for m in log.standing().members.values() if m.stale_since]
    assert stale == ["d.example"]
    log.wait(13)
    assert log.hosts() == ["a", "b", "c", "d"]
    log.wait(2)
    assert log.hosts() == ["a", "b", "c"]
    log.agree("d", asked)
    assert log.hosts() == ["a", "b", "c", "d"]


def test_of_two_amendments_the_first_to_pass_stands() -> None:
    log = together(3)
    one = log.amend("a", charter("One", log.campaign))
    two = log.amend("b", charter("Two", log.campaign))
    log.agree("c", two)
    late = log.agree("c", one)
    assert log.standing().charter.name == "Two"
    assert "not proposed any more" in why(log, late)


def test_a_declined_amendment_may_still_pass_and_a_vote_may_be_taken_back() -> None:
    log = together(3)
    asked = log.amend("a", charter("One", log.campaign))
    log.sign("b", Decline(asked.digest))
    own = log.sign("a", TakeBack(asked.digest))
    assert why(log, own) == ""
    assert "not proposed any more" in why(log, log.agree("c", asked))


def test_a_stamp_taken_back_ends_being_named_at_once() -> None:
    log = together(3)
    stamp = next(e for e in log.entries if e.chapter == chapter("b"))
    log.sign("b", TakeBack(stamp.digest))
    assert log.hosts() == ["a", "c"]
    assert why(log, log.sign("b", Statement("<p>Still here</p>")))
    log.agree("b", log.entries[0])
    assert log.hosts() == ["a", "b", "c"]


# Leaving and excluding


def test_leaving_needs_nobody() -> None:
    log = together(3)
    log.sign("b", AddCall(call("b"), "event"))
    log.sign("b", Leave(chapter("c")))
    found = log.standing()
    assert log.hosts() == ["a", "c"]
    assert found.members[chapter("b")].moved_to == chapter("c")
    assert not found.calls
    assert why(log, log.sign("b", Statement("<p>But</p>")))


def test_excluding_needs_a_quorum() -> None:
    log = together(4)
    asked = log.sign("a", Exclude(chapter("d"), "It counts people who are not there"))
    log.agree("b", asked)
    assert log.hosts() == ["a", "b", "c", "d"]
    log.agree("c", asked)
    assert log.hosts() == ["a", "b", "c"]
    assert why(log, log.sign("d", AddCall(call("d"), "event")))


def test_who_was_excluded_may_be_invited_anew() -> None:
    log = together(3)
    asked = log.sign("a", Exclude(chapter("c"), "Why"))
    log.agree("b", asked)
    log.join("c", ["a", "b"])
    assert log.hosts() == ["a", "b", "c"]
    old = next(e for e in log.entries if e.chapter == chapter("c"))
    assert why(log, log.sign("c", Statement("<p>On the old line</p>"), after=old.digest))


def test_two_cannot_exclude_one_another() -> None:
    log = together(2)
    log.sign("a", Exclude(chapter("b"), "Mine"))
    assert log.hosts() == ["a", "b"]


# Calls, words for others, statements


def test_calls_are_ones_own_and_of_a_kind_that_the_charter_has() -> None:
    log = together(2)
    log.sign("a", AddCall(call("a"), "event"))
    assert why(log, log.sign("b", AddCall(call("a", 2), "event")))
    assert why(log, log.sign("b", AddCall(call("b"), "donate")))
    assert why(log, log.sign("b", RemoveCall(call("a"))))
    assert list(log.standing().calls) == [call("a")]
    log.sign("a", RemoveCall(call("a")))
    assert not log.standing().calls


def test_a_word_for_another_server_needs_one_and_its_end_a_quorum() -> None:
    log = together(3)
    log.sign("b", Vouch("d.example"))
    assert log.standing().vouched == {"d.example"}
    asked = log.sign("a", Unvouch("d.example", "It counts wrong"))
    assert log.standing().vouched == {"d.example"}
    log.agree("c", asked)
    assert not log.standing().vouched


def test_a_statement_takes_the_place_of_the_one_before() -> None:
    log = together(2)
    log.sign("b", Statement("<p>One</p>"))
    log.sign("b", Statement("<p>Two</p>"))
    assert log.standing().statements == {chapter("b"): "<p>Two</p>"}


# Forks


def test_who_tells_two_stories_is_shown_as_a_fork_and_has_no_vote() -> None:
    log = together(3)
    before = log.last["c"]
    one = log.sign("c", AddCall(call("c", 1), "event"), after=before)
    two = log.sign("c", AddCall(call("c", 2), "event"), after=before)
    then = log.sign("c", AddCall(call("c", 3), "event"))
    found = log.standing()
    assert found.forks == {chapter("c"): frozenset({one.digest, two.digest})}
    assert log.hosts() == ["a", "b"]
    assert not found.calls
    assert {one.digest, two.digest, then.digest} <= set(found.void)


def test_no_entry_can_be_slipped_in_under_anothers_name() -> None:
    log = together(3)
    other = log.last["b"]
    entry = log.sign("c", AddCall(call("c"), "event"), after=other)
    assert why(log, entry) == "It follows what its chapter did not sign."


def test_time_never_runs_backwards() -> None:
    log = together(2)
    early = replace(log.sign("b", Statement("<p>Early</p>")), at=log.entries[0].at)
    log.entries[-1] = early
    assert early.digest in log.standing().pending


# When a host is gone


def test_of_a_silent_co_host_the_calls_get_a_new_home() -> None:
    log = together(3)
    log.sign("a", AddCall(call("a"), "petition"))
    log.wait(8)
    log.sign("b", Silent(chapter("a")))
    assert why(log, log.sign("b", AddCall(call("b"), "petition", call("a"))))
    log.sign("c", Silent(chapter("a")))
    log.sign("b", AddCall(call("b"), "petition", call("a")))
    again = log.sign("c", AddCall(call("c"), "petition", call("a")))
    found = log.standing()
    assert found.calls[call("a")].replaced_by == call("b")
    assert "has a host" in why(log, again)
    assert found.members[chapter("a")].silent_since
    assert log.hosts() == ["a", "b", "c"]  # frozen, and named with its day


def test_a_silent_co_host_has_no_vote_so_that_the_others_can_go_on() -> None:
    log = together(2)
    log.wait(8)
    log.sign("b", Silent(chapter("a")))
    log.amend("b", charter("Going on", log.campaign))
    assert log.standing().charter.name == "Going on"


def test_who_speaks_is_not_silent() -> None:
    log = together(3)
    log.wait(8)
    log.sign("b", Silent(chapter("a")))
    log.sign("c", Silent(chapter("a")))
    log.sign("a", Statement("<p>Back</p>"))
    assert not log.standing().members[chapter("a")].silent_since
    early = log.sign("b", Silent(chapter("a")))
    assert "within seven days" in why(log, early)


def test_a_report_that_was_wrong_moves_nothing_once_the_entry_comes() -> None:
    """Two halves that did not hear each other: what the lost half signed arrives later, with its own time."""
    log = together(3)
    log.wait(6)
    spoke = log.sign("a", Statement("<p>Here</p>"))
    log.entries.remove(spoke)
    log.wait(6)
    log.sign("b", Silent(chapter("a")))
    log.sign("c", Silent(chapter("a")))
    assert log.standing().members[chapter("a")].silent_since
    log.entries.append(spoke)
    assert not log.standing().members[chapter("a")].silent_since


def test_nobody_is_silent_by_the_word_of_one_among_many() -> None:
    log = together(4)
    log.wait(8)
    log.sign("b", Silent(chapter("a")))
    assert not log.standing().members[chapter("a")].silent_since


# Any order


@given(st.randoms(use_true_random=False), st.integers(2, 5))
def test_in_whatever_order_entries_arrive_they_come_to_the_same(
    chance: random.Random, count: int
) -> None:
    log = together(count)
    hosts = [chr(ord("a") + n) for n in range(count)]
    for _ in range(12):
        _anything(log, chance, hosts)
    whole = log.standing()
    shuffled = list(log.entries)
    chance.shuffle(shuffled)
    assert standing(shuffled, log.campaign) == whole
    assert standing(shuffled + shuffled[:3], log.campaign) == whole
    half = shuffled[: len(shuffled) // 2]
    standing(half, log.campaign)  # whatever is missing, nothing breaks
    assert standing(half + shuffled[len(shuffled) // 2 :], log.campaign) == whole


def _anything(log: Log, chance: random.Random, hosts: list[str]) -> None:
    """Somebody signs something, perhaps not knowing of the others, perhaps twice after one entry."""
    host = chance.choice(hosts)
    some = chance.choice(log.entries)
    before = log.last[host] if chance.random() < 0.9 else None
    act = chance.choice([
        AddCall(call(host, chance.randrange(4)), "event"),
        AddCall(call(host, 9), "petition", call(chance.choice(hosts), chance.randrange(4))),
        Statement(f"<p>{chance.randrange(9)}</p>"),
        Vouch("other.example"),
        Unvouch("other.example", "Why"),
        Exclude(chapter(chance.choice(hosts)), "Why"),
        Silent(chapter(chance.choice(hosts))),
        Leave(),
        TakeBack(some.digest),
        Decline(some.digest),
        Invite(seat("z").community),
    ])  # fmt: skip
    if chance.random() < 0.4:
        log.agree(host, some)
    elif before is None:
        own = [e for e in log.entries if e.chapter == chapter(host)]
        log.sign(host, act, after=chance.choice(own).digest)
    else:
        log.sign(host, act, blind=chance.random() < 0.3)
    log.now += timedelta(days=chance.choice([0, 0, 1, 8]))
