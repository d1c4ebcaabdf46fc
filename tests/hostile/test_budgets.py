"""What one domain may use up: beyond it, it is refused by name, and nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from federation.origin import domain_of
from server import worker
from server.arriving import arrivals, budgets, inbox
from server.arriving.budgets import OverBudget, Rule, Turns
from storage import inbox as inbox_rows
from storage import lanes
from storage.accounts import Account
from storage.inbox import Arrival
from tests.federation.instance import Instance
from tests.federation.peer import Peer, Person, peer
from tests.hostile.test_activities import followed, outcome, poll

Shrink = Callable[[Rule, int], Rule]


@pytest.fixture
def shrink(monkeypatch: pytest.MonkeyPatch) -> Shrink:
    """Makes one budget small, for one test."""

    def shrunk(rule: Rule, limit: int) -> Rule:
        small = replace(rule, limit=limit)
        name = next(n for n, value in vars(budgets).items() if value is rule)
        monkeypatch.setattr(budgets, name, small)
        changed = tuple(small if one is rule else one for one in budgets.RULES)
        monkeypatch.setattr(budgets, "RULES", changed)
        return small

    return shrunk


# Who shares a budget


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("mastodon.social", "mastodon.social"),
        ("a.b.troll.example", "troll.example"),
        ("a.troll.example:8443", "troll.example"),
        ("one.co.uk", "one.co.uk"),
        ("two.one.co.uk", "one.co.uk"),
        ("co.uk", "co.uk"),
        ("someone.github.io", "someone.github.io"),
        ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("127.0.0.1:8443", "127.0.0.1:8443"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::1]:8443", "[2001:db8::1]:8443"),
        ("localhost:8420", "localhost:8420"),
    ],
)
def test_who_is_under_one_roof(host: str, domain: str) -> None:
    assert domain_of(host) == domain


@given(st.lists(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), min_size=1, max_size=6))
def test_names_below_a_domain_are_of_it(labels: list[str]) -> None:
    assert domain_of(".".join([*labels, "troll", "example"])) == "troll.example"


# Counting


async def test_a_window_holds_so_much_and_the_next_one_again(ours: Instance) -> None:
    rule = Rule("test", 3, 3600)
    for count in (2, 1):
        async with ours.work.transaction() as tx:
            await budgets.take(tx, rule, "a.troll.example", count=count)
    for host in ("b.troll.example", "troll.example:8443"):
        with pytest.raises(OverBudget) as refused:
            async with ours.work.transaction() as tx:
                await budgets.take(tx, rule, host)
        assert 0 < refused.value.retry_after <= 3600
    async with ours.work.transaction() as tx:
        await budgets.take(tx, rule, "other.example")
    ours.clock.forward(hours=1)
    async with ours.work.transaction() as tx:
        await budgets.take(tx, rule, "troll.example")


async def test_more_than_all_at_once_leaves_no_trace(ours: Instance) -> None:
    with pytest.raises(OverBudget):
        async with ours.work.transaction() as tx:
            await budgets.take(tx, Rule("test", 3, 3600), "troll.example", count=4)
    assert await ours.value("select count(*) from budgets") == 0


async def test_what_is_used_up_is_told_until_the_window_ends(
    ours: Instance, shrink: Shrink
) -> None:
    small = shrink(budgets.BURIED, 1)
    async with ours.work.transaction() as tx:
        await budgets.take(tx, small, "troll.example")
        told = await budgets.exhausted(tx.conn, tx.now)
        later = await budgets.exhausted(tx.conn, tx.now + timedelta(hours=1))
    assert ([(row.rule, row.key) for row in told], later) == ([(small.name, "troll.example")], [])


# The queue of arrivals


def arrival(number: int, domain: str, subject: str | None = None) -> Arrival:
    uri = f"https://{domain}/{number}"
    return Arrival(f"https://{domain}:443", uri, uri, subject or uri, b"{}", domain)


async def test_a_full_queue_refuses_its_own_domain_alone(
    ours: Instance,
    attacker: Peer,
    microblog: Peer,
    garden: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(arrivals, "WAITING_OF_DOMAIN", 2)
    mallory, reader = attacker.person("mallory"), microblog.person("reader")
    seen = [
        (await attacker.send(mallory, attacker.activity(mallory, "Like", garden.uri), ours.inbox))
        for _ in range(4)
    ]
    assert seen == [(202, ""), (202, ""), (503, "over_budget"), (503, "over_budget")]
    follow = microblog.activity(reader, "Follow", garden.uri)
    assert (await microblog.send(reader, follow, ours.inbox)).status == 202
    await ours.settle()
    ours.clock.forward(seconds=2)
    again = attacker.activity(mallory, "Like", garden.uri)
    assert (await attacker.send(mallory, again, ours.inbox)).status == 202


async def test_a_full_queue_says_when_to_come_again(
    ours: Instance, attacker: Peer, garden: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "BYTES_OF_DOMAIN", 1)
    mallory = attacker.person("mallory")
    like = attacker.activity(mallory, "Like", garden.uri)
    assert (await attacker.send(mallory, like, ours.inbox)).status == 202
    assert await attacker.send(mallory, like, ours.inbox) == (503, "over_budget")


async def turns(ours: Instance, limit: int, after: str = "") -> list[str]:
    async with ours.work.transaction() as tx:
        until = tx.now + timedelta(minutes=5)
        found = await lanes.claim_in_turns(tx.conn, lanes.INBOX, tx.now, until, limit, None, after)
    return sorted(turn.share for turn in found)


async def receive_all(ours: Instance, *arrivals: Arrival) -> None:
    async with ours.work.transaction() as tx:
        await inbox_rows.receive(tx.conn, arrivals, tx.now)


async def test_a_noisy_domain_holds_up_nobody(ours: Instance) -> None:
    await receive_all(ours, *(arrival(number, "noisy.example") for number in range(50)))
    ours.clock.forward(minutes=1)
    await receive_all(ours, arrival(1, "a.example"), arrival(1, "z.example"))
    assert await turns(ours, 6) == ["a.example", "noisy.example", "noisy.example", "z.example"]
    assert await turns(ours, 6) == ["noisy.example"] * 6


async def test_more_domains_than_places_go_round(ours: Instance) -> None:
    names = ["a.example", "b.example", "c.example", "d.example"]
    await receive_all(ours, *(arrival(n, name) for name in names for n in range(3)))
    served = [await turns(ours, 2), await turns(ours, 2, "b.example"), await turns(ours, 2, "d.e")]
    assert served == [names[:2], names[2:], ["d.example"] * 2]


async def test_an_inbox_serves_every_domain(ours: Instance) -> None:
    """With fewer places than domains, from where it stopped and round again."""
    names = [f"{letter}.example" for letter in "abcde"]
    await receive_all(ours, *(arrival(n, name) for name in names for n in range(2)))
    served: list[str] = []
    for _ in range(5):
        for lane in await inbox.claim(ours.net, 2):
            served += [item.domain for item in lane.items]
    assert sorted(served[:5]) == names
    assert len(served) >= 9


class Silence(asyncio.Event):
    """What a server says that says nothing, until it is set; ``heard``: somebody listens to it."""

    def __init__(self) -> None:
        super().__init__()
        self.heard = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.heard.set()
        return await super().wait()


async def test_slow_servers_leave_places_to_others(
    ours: Instance, database_url: str, microblog: Peer, organiser: Account
) -> None:
    """Every answer of theirs leans on something that they never give: more of them than there are places."""
    reader, silence, answered = microblog.person("reader"), Silence(), asyncio.Event()
    follow = microblog.activity(reader, "Follow", organiser.uri)

    async def accepted(_request: web.Request) -> None:
        answered.set()

    microblog.answers = accepted
    async with peer("mastodon") as one, peer("mastodon") as two, peer("mastodon") as three:
        for server in (one, two, three):
            await met(ours, server, server.person("mallory"))
        for server in (one, two, three):
            mallory, server.held = server.people["mallory"], silence
            for number in range(2 * inbox.AT_ONCE):
                parent = server.url(f"/held/{number}")
                note = server.note(mallory, "<p>And?</p>", [organiser.uri], inReplyTo=parent)
                await server.send(mallory, server.create(mallory, note), ours.inbox)
        try:
            async with worker.working(ours.net, database_url), asyncio.timeout(7):
                await silence.heard.wait()
                await microblog.send(reader, follow, ours.inbox)
                await answered.wait()
        finally:
            silence.set()


def test_a_domain_whose_server_is_slow_has_few_places() -> None:
    given = Turns()
    given.places = {str(n): ("slow.example", 0.0) for n in range(8)}
    given.places |= {f"quick {n}": ("quick.example", 5.0) for n in range(8)}
    assert given.full(5.5) == ["slow.example"]
    assert given.full(0.5) == []
    assert given.each == 28
    given.places |= {f"other {n}": (f"{n}.example", 0.0) for n in range(100)}
    assert given.each == 3
    assert "7.example" in given.full(5.5)


async def test_of_a_lane_so_much_is_read_at_once(ours: Instance) -> None:
    """Twenty activities of a megabyte in each of many lanes do not all come into memory."""
    large = b"x" * (inbox.BYTES_EACH - 1)
    rows = [replace(arrival(n, "large.example", "one"), body=large) for n in range(4)]
    small = [arrival(n, "small.example", "two") for n in range(4)]
    await receive_all(ours, *rows, *small)
    leased = {lane.key: len(lane.items) for lane in await inbox.claim(ours.net, 8)}
    assert leased == {"one": 2, "two": 4}


# What arrives


async def test_strangers_on_ever_new_names(
    ours: Instance, attacker: Peer, garden: Account, shrink: Shrink
) -> None:
    """Mastodon issue 21977. Here each port is a domain, so the accounts of one are counted."""
    shrink(budgets.ACCOUNTS, 2)
    answers: list[int] = []
    for number in range(4):
        who = attacker.person(f"troll{number}")
        follow = attacker.activity(who, "Follow", garden.uri)
        answers.append((await attacker.send(who, follow, ours.inbox)).status)
    assert answers == [202, 202, 503, 503]
    assert [attacker.asked(f"/users/troll{n}") for n in range(4)] == [1, 1, 0, 0]
    ours.clock.forward(hours=1)
    late = attacker.people["troll3"]
    follow = attacker.activity(late, "Follow", garden.uri)
    assert (await attacker.send(late, follow, ours.inbox)).status == 202


async def test_new_hosts_of_a_domain(ours: Instance, attacker: Peer, shrink: Shrink) -> None:
    shrink(budgets.HOSTS, 1)
    async with ours.work.transaction() as tx:
        await budgets.take(tx, budgets.HOSTS, attacker.host)
    who = attacker.person("troll")
    follow = attacker.activity(who, "Follow", "https://nobody.example/")
    assert await attacker.send(who, follow, ours.inbox) == (503, "over_budget")


async def test_posts_are_fetched_so_often(
    ours: Instance, attacker: Peer, organiser: Account, shrink: Shrink
) -> None:
    """What waits for the budget is done when there is one again."""
    shrink(budgets.POSTS, 1)
    mallory = attacker.person("mallory")
    sent = []
    for number in range(2):
        parent = attacker.note(mallory, f"parent {number}", [])
        boost = attacker.activity(mallory, "Announce", parent["id"])
        sent.append(boost)
    await followed(ours, organiser, attacker, mallory)
    assert [await outcome(ours, attacker, mallory, boost) for boost in sent] == ["done", "waiting"]
    waits = await ours.arrival(sent[1]["id"])
    assert waits
    assert waits.reason == "over_budget"
    ours.clock.forward(hours=1)
    await ours.settle()
    assert await ours.outcome(sent[1]["id"]) == "done"


async def met(ours: Instance, server: Peer, who: Person) -> Account:
    """Somebody whom the instance knows by one harmless activity."""
    await server.send(who, server.activity(who, "Like", ours.inbox), ours.inbox)
    await ours.settle()
    found = await ours.known(who.uri)
    assert found
    return found


async def test_a_community_passes_on_so_much_of_one_account(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account, shrink: Shrink
) -> None:
    shrink(budgets.CARRIED_OF_ONE, 2)
    mallory, reader = attacker.person("mallory"), microblog.person("reader")
    notes = [attacker.note(mallory, f"<p>{n}</p>", [garden.uri]) for n in range(3)]
    seen = [
        await outcome(ours, attacker, mallory, attacker.create(mallory, note)) for note in notes
    ]
    assert seen == ["done", "done", "waiting"]
    assert await ours.post(notes[2]["id"]) is None
    note = microblog.note(reader, "<p>hello</p>", [garden.uri])
    assert await outcome(ours, microblog, reader, microblog.create(reader, note)) == "done"


async def test_a_community_passes_on_so_much_of_one_domain(
    ours: Instance, attacker: Peer, garden: Account, shrink: Shrink
) -> None:
    shrink(budgets.CARRIED, 1)
    seen = []
    for number in range(2):
        who = attacker.person(f"troll{number}")
        note = attacker.note(who, "<p>me</p>", [garden.uri])
        seen.append(await outcome(ours, attacker, who, attacker.create(who, note)))
    assert seen == ["done", "waiting"]


async def test_deletions_of_what_nobody_knows(
    ours: Instance, attacker: Peer, garden: Account, shrink: Shrink
) -> None:
    shrink(budgets.BURIED, 1)
    mallory = attacker.person("mallory")
    await met(ours, attacker, mallory)
    seen = [
        await outcome(ours, attacker, mallory, attacker.activity(mallory, "Delete", uri))
        for uri in (attacker.url("/gone/1"), attacker.url("/gone/2"))
    ]
    assert seen == ["done", "over_budget"]
    assert await ours.value("select count(*) from tombstones") == 1


async def test_undoings_of_what_nobody_knows(
    ours: Instance, attacker: Peer, garden: Account, shrink: Shrink
) -> None:
    shrink(budgets.UNDONE, 1)
    mallory = attacker.person("mallory")
    await met(ours, attacker, mallory)
    seen = [
        await outcome(ours, attacker, mallory, attacker.activity(mallory, "Undo", uri))
        for uri in (attacker.url("/joins/1"), attacker.url("/joins/2"))
    ]
    assert seen == ["done", "over_budget"]
    assert await ours.value("select count(*) from undone_early") == 1


async def test_votes_of_throw_away_actors(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account, shrink: Shrink
) -> None:
    shrink(budgets.VOTES, 2)
    post, question = await poll(ours, organiser)
    seen = []
    for number in range(3):
        who = attacker.person(f"voter{number}")
        seen.append(await outcome(ours, attacker, who, attacker.vote(who, question, "Beans")))
    honest = microblog.person("reader")
    vote = microblog.vote(honest, question, "Peas")
    seen.append(await outcome(ours, microblog, honest, vote))
    assert seen == ["done", "done", "waiting", "done"]
    counted = "select sum(votes_count)::int from poll_options where post_id = $1"
    assert await ours.value(counted, post.id) == 3


async def test_answers_of_throw_away_actors(
    ours: Instance, attacker: Peer, organiser: Account, garden: Account, shrink: Shrink
) -> None:
    shrink(budgets.ANSWERS, 2)
    post = await ours.event(organiser, garden, "River clean-up", capacity=10)
    seen = []
    for number in range(3):
        who = attacker.person(f"guest{number}")
        seen.append(await outcome(ours, attacker, who, attacker.activity(who, "Join", post.uri)))
    assert seen == ["done", "done", "waiting"]
    assert (await ours.call(post)).confirmed == 2


async def test_mentions_by_a_domain_that_nobody_has_heard_of(
    ours: Instance, attacker: Peer, organiser: Account, shrink: Shrink
) -> None:
    shrink(budgets.UNASKED_OF_NEW, 1)
    mallory = attacker.person("mallory")
    notes = [attacker.note(mallory, f"<p>look {n}</p>", [organiser.uri]) for n in range(2)]
    seen = [await outcome(ours, attacker, mallory, attacker.create(mallory, n)) for n in notes]
    assert seen == ["done", "waiting"]
    assert await ours.value("select count(*) from notifications") == 1


async def test_a_follower_hears_of_every_mention(
    ours: Instance, attacker: Peer, organiser: Account, shrink: Shrink
) -> None:
    shrink(budgets.UNASKED_OF_NEW, 1)
    friend = attacker.person("friend")
    await followed(ours, organiser, attacker, friend)
    notes = [attacker.note(friend, f"<p>look {n}</p>", [organiser.uri]) for n in range(3)]
    seen = [await outcome(ours, attacker, friend, attacker.create(friend, n)) for n in notes]
    assert seen == ["done"] * 3


# In memory


async def test_a_domain_has_so_many_turns_at_once_and_leaves_nothing_behind() -> None:
    held = Turns()
    entered = 0

    async def fetch(number: int) -> None:
        nonlocal entered
        async with held.at(f"n{number}.troll.example"):
            entered += 1
            await release.wait()

    release = asyncio.Event()
    tasks = [asyncio.create_task(fetch(n)) for n in range(budgets.AT_ONCE + 5)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert entered == budgets.AT_ONCE
    async with held.at("other.example"):
        pass
    release.set()
    await asyncio.gather(*tasks)
    assert (entered, held.lines) == (budgets.AT_ONCE + 5, {})


def test_the_windows_of_a_rule_follow_each_other() -> None:
    rule = Rule("test", 1, 3600)
    at = datetime(2030, 1, 1, 10, 59, 59, tzinfo=UTC)
    assert budgets.window(rule, at) == datetime(2030, 1, 1, 10, tzinfo=UTC)
    assert budgets.window(rule, at + timedelta(seconds=1)) == datetime(2030, 1, 1, 11, tzinfo=UTC)
