"""A vote by ranking across servers: ours send whole ballots, a microblog one option, and a wrong one is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.arriving import resolve
from server.domain.calling import calls, decisions, participations
from server.domain.calling.drafting import Wanted
from server.domain.members import follows
from server.errors import Invalid
from storage import participations as rows
from storage.accounts import Account
from storage.posts import Post
from tests.federation.five import five
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, peer
from tests.federation.test_decisions import OPEN, noun_of, record_of, shapes
from tests.federation.test_microblog import join

OPTIONS = ("Mondays", "Fridays", "Sundays")


async def vote_on(at: Instance, by: Account, group: Account, variant: str) -> Post:
    async with at.work.transaction() as tx:
        wanted = Wanted("When to meet", OPEN, kind="decision", variant=variant, options=OPTIONS)
        return await calls.create(tx, by, group, wanted)


async def test_three_servers_rank(template_url: str, tmp_path: Path) -> None:
    async with (
        five(template_url, tmp_path, ["home", "away"]) as both,
        peer("mastodon") as microblog,
    ):
        home, away = (server.here for server in both.servers)
        organiser, member = await home.member("organiser"), await away.member("neighbour")
        group = await home.community(organiser, "river")
        found = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, member, found)
        reader = microblog.person("reader")
        await join(home, microblog, reader, group)
        await both.settle()
        asked = await vote_on(home, organiser, group, "ranked")
        await both.settle()
        copy = await away.post(asked.uri)
        assert copy
        assert (await away.call(copy)).variant == "ranked"
        async with away.work.transaction() as tx:
            await decisions.answer(tx, member, copy, "", "client", "It suits us.", ballot=[2, 0, 1])
        async with home.work.transaction() as tx:
            await participations.answer(tx, organiser, asked, None, "client", ballot=[1, 2, 0])
        (card,) = [d for d in microblog.of_type("Create") if shapes(d) == "card"]
        assert "ranks one option alone" in noun_of(card)["content"]
        vote = microblog.vote(reader, card["object"], "Fridays")
        assert (await microblog.send(reader, vote, home.inbox)).status == 202
        await both.settle()
        record = await record_of(home, asked)
        assert [r.votes for r in record.rounds] == [(1, 1, 1), (2, 1, 0)]
        assert (record.result.word, record.result.leading) == ("chosen", ("1",))
        assert [r.reason for r in record.reasons] == ["It suits us."]
        async with away.work.transaction() as tx:  # the same first place, and another second one
            await participations.answer(tx, member, copy, None, "client", ballot=[0, 2, 1])
        await both.settle()
        assert (await record_of(home, asked)).result.leading == ("2",)
        async with away.work.reading() as tx:
            mine = await rows.of_account(tx.conn, copy.id, member.id)
        assert mine
        assert mine.ballot == [0, 2, 1]
        async with away.work.transaction() as tx:
            await participations.withdraw(tx, member, copy)
        await both.settle()
        record = await record_of(home, asked)
        assert (record.result.word, record.rounds[-1].votes) == ("tie", (1, 1, 0))


async def test_a_wrong_ballot_is_refused_here_before_it_leaves(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    asked = await vote_on(ours, organiser, garden, "score")
    with pytest.raises(Invalid):
        async with ours.work.transaction() as tx:
            await participations.answer(tx, organiser, asked, None, "client", ballot=[6, 0, 0])


def ballot_of(peer_: Peer, who: str, asked: Post, ballot: object) -> tuple[str, Json]:
    person = peer_.person(who)
    return person, peer_.activity(person, "Join", asked.uri) | {"cta:ballot": ballot}


@pytest.mark.parametrize(
    "ballot",
    [[6, 0, 0], [0, 0, 0], [1, 2], [1, 2, 3, 4, 5], [True, 0, 0], ["5", 0, 0], [0.5, 0, 0], [], {}],
)
async def test_a_wrong_ballot_of_another_server_counts_for_nothing(
    ours: Instance, garden: Account, organiser: Account, microblog: Peer, ballot: object
) -> None:
    asked = await vote_on(ours, organiser, garden, "score")
    person, joined = ballot_of(microblog, "reader", asked, ballot)
    await microblog.send(person, joined, ours.inbox)
    await ours.settle()
    assert await ours.outcome(joined["id"]) == "bad_ballot"
    assert (await record_of(ours, asked)).result.word == "nobody"


async def test_a_ballot_for_what_takes_none_is_refused(
    ours: Instance, garden: Account, organiser: Account, microblog: Peer
) -> None:
    event = await ours.event(organiser, garden, "Digging")
    person, joined = ballot_of(microblog, "reader", event, [1, 2, 0])
    await microblog.send(person, joined, ours.inbox)
    await ours.settle()
    assert await ours.outcome(joined["id"]) == "bad_ballot"
    assert (await ours.call(event)).counted == 0


async def test_points_of_another_server_count(
    ours: Instance, garden: Account, organiser: Account, microblog: Peer
) -> None:
    asked = await vote_on(ours, organiser, garden, "score")
    person, joined = ballot_of(microblog, "reader", asked, [1, 0, 4])
    await microblog.send(person, joined, ours.inbox)
    await ours.settle()
    record = await record_of(ours, asked)
    assert (record.points, record.result.leading) == ((1, 0, 4), ("3",))
