"""A decision whose counts are secret, on two servers of ours and a microblog: nobody is told before it closes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.api import call_entities
from server.arriving import resolve
from server.domain.calling import calls, participations
from server.domain.calling.drafting import Wanted
from server.domain.members import follows
from server.render import poll as render
from storage import calls as rows
from storage import polls
from storage.calls import Details
from storage.posts import Post
from tests.federation.five import five
from tests.federation.instance import Instance
from tests.federation.peer import peer
from tests.federation.test_decisions import shapes
from tests.federation.test_microblog import join

SECRET = Wanted(
    "When to meet",
    Details(None, None, "UTC"),
    kind="decision",
    options=("Mondays", "Fridays"),
    secret_until_closed=True,
)


async def shown(at: Instance, post: Post) -> tuple[dict[str, Any], list[int | None]]:
    """The call in our own API, and the counts of its poll in a client."""
    async with at.work.reading() as tx:
        call = await rows.by_id(tx.conn, post.id)
        row = await polls.by_id(tx.conn, post.id)
        options = await polls.options(tx.conn, [post.id])
        assert call
        assert row
        poll = render.of_call(row, options, call, None, tx.now)
        told = await call_entities.one(tx, post, call, None)
    return told, [option["votes_count"] for option in poll["options"]]


async def test_other_servers_are_told_the_counts_when_it_closes(
    template_url: str, tmp_path: Path
) -> None:
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
        async with home.work.transaction() as tx:
            asked = await calls.create(tx, organiser, group, SECRET)
        await both.settle()
        copy = await away.post(asked.uri)
        assert copy
        async with away.work.transaction() as tx:
            await participations.answer(tx, member, copy, "2", "client")
        async with home.work.transaction() as tx:
            await participations.answer(tx, organiser, asked, "1", "client")
        (card,) = [d for d in microblog.of_type("Create") if shapes(d) == "card"]
        vote = microblog.vote(reader, card["object"], "Mondays")
        assert (await microblog.send(reader, vote, home.inbox)).status == 202
        await both.settle()
        home.clock.forward(minutes=3)
        away.clock.forward(minutes=3)
        await both.settle()
        update = microblog.of_type("Update")[-1]["object"]
        assert [option["replies"]["totalItems"] for option in update["oneOf"]] == [0, 0]
        assert update["votersCount"] == 3
        for at, post in ((home, asked), (away, copy)):
            told, counts = await shown(at, post)
            assert told["secret_until_closed"] is True
            assert [answer["people"] for answer in told["answers"]] == [None, None]
            assert counts == [None, None]
            assert told["counted"] == 3, at.host
        stored = "select sum(votes_count) from poll_options where post_id = $1"
        assert await away.value(stored, copy.id) == 0
        async with home.work.transaction() as tx:
            await calls.edit(tx, organiser, asked, state="closed")
        await both.settle()
        update = microblog.of_type("Update")[-1]["object"]
        assert [option["replies"]["totalItems"] for option in update["oneOf"]] == [2, 1]
        for at, post in ((home, asked), (away, copy)):
            told, counts = await shown(at, post)
            assert [answer["people"] for answer in told["answers"]] == counts == [2, 1], at.host


async def test_it_is_shown_when_its_time_is_over(ours: Instance) -> None:
    organiser = await ours.member("keeper")
    group = await ours.community(organiser, "lake")
    async with ours.work.transaction() as tx:
        asked = await calls.create(tx, organiser, group, SECRET)
        await participations.answer(tx, organiser, asked, "1", "client")
    ours.clock.forward(days=14)
    assert (await shown(ours, asked))[1] == [None, None]
    await ours.settle()
    assert (await shown(ours, asked))[1] == [1, 0]
