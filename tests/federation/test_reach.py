"""How far it is from a call to who sees it and answers, in steps and not in seconds: one pass of each worker, and two
requests of a client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from server.arriving import resolve
from server.domain.members import follows
from tests.federation.answering import Member, member
from tests.federation.five import five
from tests.federation.instance import STEPS, Instance
from tests.federation.peer import peer
from tests.federation.test_tallies import has


async def one_pass(at: Instance) -> None:
    """What the worker of an instance does once: what arrived, jobs, deliveries."""
    for step in STEPS:
        await step(at.net)


class Scripted:
    """A client that does what it was told to, and counts what that takes."""

    def __init__(self, who: Member) -> None:
        self.who = who
        self.requests = 0

    async def ask(self, method: str, path: str, **body: object) -> Any:
        self.requests += 1
        return await self.who.api(method, path, **body)


async def shown(client: Scripted) -> list[Any]:
    """The calls in the home timeline."""
    found = await client.ask("GET", "/v1/timelines/home")
    return [s for s in ((s["reblog"] or s) for s in found) if s["poll"]]


async def test_a_call_is_elsewhere_after_one_pass_and_answered_with_two_requests(
    template_url: str, tmp_path: Path
) -> None:
    async with (
        five(template_url, tmp_path, ["home", "away"]) as both,
        peer("mastodon") as microblog,
    ):
        home, away = (server.here for server in both.servers)
        await has(home, away.host, 50)
        organiser = await member(home, microblog, "organiser")
        reader = await member(away, microblog, "reader")
        group = await home.community(organiser.account, "river")
        found = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, reader.account, found)
        await both.settle()
        client = Scripted(reader)
        assert await shown(client) == []

        wanted = {"kind": "petition", "title": "Keep the allotments"}
        made = await organiser.api("POST", f"/beckon/v1/communities/{group.id}/calls", **wanted)
        await one_pass(home)
        await one_pass(away)

        client.requests = 0
        (status,) = await shown(client)
        poll = await client.ask("POST", f"/v1/polls/{status['poll']['id']}/votes", choices=[0])
        assert client.requests == 2
        assert poll["own_votes"] == [0]
        await both.settle()
        counted = await organiser.api("GET", f"/beckon/v1/calls/{made['id']}")
        assert counted["range"]["at_most"] == 1
