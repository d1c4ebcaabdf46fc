"""Contact, need, donate and share across three servers (ours, ours, and one like plain Mastodon): made, answered
through every door, changed, withdrawn, reported and closed."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.arriving import resolve
from server.domain.calling import calls, kinds, participations, tallies
from server.domain.calling.drafting import Wanted
from server.domain.calling.tallies import Standing
from server.domain.members import follows
from server.errors import Forbidden
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.federation.five import Five, five
from tests.federation.instance import Instance
from tests.federation.peer import Peer, peer
from tests.federation.test_microblog import join
from tests.federation.test_tallies import age, has

KINDS = ["contact", "need", "donate", "share"]


async def make(at: Instance, by: Account, group: Account, kind: str) -> Post:
    link = "https://give.example/" if kind == "donate" else None
    details = Details(None, None, "UTC", external_url=link)
    async with at.work.transaction() as tx:
        return await calls.create(tx, by, group, Wanted("Do it together", details, kind=kind))


async def say(at: Instance, who: Account, post: Post, said: str) -> None:
    async with at.work.transaction() as tx:
        await participations.answer(tx, who, post, said, "client")


async def standing(at: Instance, post: Post) -> Standing:
    async with at.work.reading() as tx:
        return await tallies.standing(tx, post)


async def vote(both: Five, microblog: Peer, home: Instance, option: str) -> None:
    reader = microblog.people["reader"]
    found = [create["object"] for create in microblog.of_type("Create")]
    (card,) = [each for each in found if each["type"] == "Question"]
    sent = microblog.vote(reader, card, option)
    assert (await microblog.send(reader, sent, home.inbox)).status == 202
    await both.settle()
    assert await home.outcome(sent["id"]) == "done"


@pytest.mark.parametrize("kind", KINDS)
async def test_from_the_first_answer_to_the_end(
    template_url: str, tmp_path: Path, kind: str
) -> None:
    first, other = kinds.answers(kind, "")[:2]
    async with (
        five(template_url, tmp_path, ["home", "away"]) as both,
        peer("mastodon") as microblog,
    ):
        home, away = (server.here for server in both.servers)
        organiser, member = await home.member("organiser"), await away.member("neighbour")
        group = await home.community(organiser, "river")
        await has(home, away.host, 50)
        followed = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, member, followed)
        await join(home, microblog, microblog.person("reader"), group)
        await both.settle()
        for at in (home, away):
            await age(at)
        made = await make(home, organiser, group, kind)
        await both.settle()
        copy = await away.post(made.uri)
        assert copy

        await say(home, organiser, made, first.key)
        await say(away, member, copy, first.key)
        await both.settle()
        await vote(both, microblog, home, first.title)
        found = await standing(home, made)
        assert (found.own, found.expressed) == (1, 1)
        assert (found.joined, found.by_tally) == ((1, 0) if kinds.KINDS[kind].named else (0, 1))

        await vote(both, microblog, home, other.title)  # changed: what does not count is no answer
        assert (await standing(home, made)).expressed == 0
        async with away.work.transaction() as tx:
            await participations.withdraw(tx, member, copy)
        both.clock.forward(minutes=3)
        microblog.now = both.clock.now()
        await both.settle()
        assert (await standing(home, made)).range.at_most == 1

        reader = microblog.people["reader"]
        flag = microblog.activity(reader, "Flag", [organiser.uri, made.uri])
        await microblog.send(reader, flag, home.inbox)
        await both.settle()
        assert await home.value("select post_ids from reports") == [made.id]

        async with home.work.transaction() as tx:
            await calls.edit(tx, organiser, made, state="closed")
        await both.settle()
        assert (await away.call(copy)).state == "closed"
        updates = [u["object"] for u in microblog.of_type("Update")]
        assert any(u["type"] == "Question" and u.get("closed") for u in updates)
        with pytest.raises(Forbidden):
            await say(home, organiser, made, first.key)
