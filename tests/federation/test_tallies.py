"""Who signs a petition of another server is counted at home: that server is told how many, and never who."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from server.arriving import resolve
from server.domain.calling import calls, participations, tallies
from server.domain.calling.counting import FLOOR
from server.domain.calling.drafting import Wanted
from server.domain.calling.tallies import Standing
from server.domain.members import follows
from storage import outbox
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.federation.five import Five, five
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, peer

UNTIL = Details(None, None, "UTC", goal=100)


async def call(at: Instance, by: Account, group: Account, kind: str = "petition") -> Post:
    details = Details(
        None, None, "UTC", external_url="https://give.example/" if kind == "donate" else None
    )
    async with at.work.transaction() as tx:
        return await calls.create(tx, by, group, Wanted("Keep the allotments", details, kind=kind))


async def standing(at: Instance, post: Post) -> Standing:
    async with at.work.reading() as tx:
        found = await post_rows.by_id(tx.conn, post.id)
        assert found
        return await tallies.standing(tx, found)


async def age(at: Instance) -> None:
    """Everybody has been here for long."""
    async with at.work.transaction() as tx:
        await tx.conn.execute("update accounts set created_at = created_at - interval '30 days'")


async def has(at: Instance, host: str, users: int) -> None:
    """So many active people, as its NodeInfo says."""
    async with at.work.transaction() as tx:
        await outbox.describe(tx.conn, host, "beckon", "1", users, tx.now)


@dataclass
class Two:
    """``home`` has the petition, ``away`` people who sign it."""

    both: Five
    petition: Post
    home: Instance
    away: Instance
    members: list[Account]

    async def sign(self, who: Account, said: str = "sign") -> None:
        async with self.away.work.transaction() as tx:
            copy = await post_rows.by_uri(tx.conn, self.petition.uri)
            assert copy
            await participations.answer(tx, who, copy, said, "client")

    async def withdraw(self, who: Account) -> None:
        async with self.away.work.transaction() as tx:
            copy = await post_rows.by_uri(tx.conn, self.petition.uri)
            assert copy
            await participations.withdraw(tx, who, copy)

    async def told(self) -> list[Json]:
        """What left the other server for this one, oldest first."""
        rows = await self.away.rows("select body from outbox order by id")
        found = [orjson.loads(row["body"]) for row in rows]
        return [d for d in found if isinstance(d["object"], dict) and "seq" in d["object"]]


@pytest.fixture
async def two(template_url: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with five(template_url, tmp_path, ["home", "away"]) as both:
        home, away = (server.here for server in both.servers)
        keeper = await home.member("keeper")
        group = await home.community(keeper, "allotments")
        members = [await away.member(f"signer{n}") for n in range(4)]
        found = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, members[0], found)
        await both.settle()
        for server in (home, away):
            await age(server)
        petition = await call(home, keeper, group)
        await both.live(minutes=1)
        yield Two(both, petition, home, away, members)


async def test_the_number_travels_and_no_name(two: Two) -> None:
    for who in two.members[:3]:
        await two.sign(who)
    await two.both.settle()
    found = await standing(two.home, two.petition)
    assert (found.range.at_least, found.range.at_most, found.by_tally) == (3, 3, 3)
    (told,) = await two.told()
    assert told["actor"] == f"https://{two.away.host}/actor"
    assert told["proof"]["cryptosuite"] == "eddsa-jcs-2022"
    assert told["object"]["lines"] == [{"tier": "confirmed", "own": 3, "email": 0}]
    known = await two.home.rows("select username from accounts where host = $1", two.away.host)
    assert not {row["username"] for row in known} & {who.username for who in two.members[1:]}
    assert await two.home.value("select count(*) from participations") == 0
    body = orjson.dumps(told).decode()
    assert not any(who.username in body or who.uri in body for who in two.members)


async def test_it_is_told_again_only_when_it_changed_and_after_three_minutes(two: Two) -> None:
    await two.sign(two.members[0])
    await two.both.settle()
    await two.sign(two.members[1])
    await two.sign(two.members[2], "support")  # which is not counted
    await two.both.settle()
    assert len(await two.told()) == 1
    await two.both.live(minutes=3)
    assert [t["object"]["lines"][0]["own"] for t in await two.told()] == [1, 2]
    assert (await standing(two.home, two.petition)).range.at_least == 2
    await two.sign(two.members[2], "support")
    await two.both.live(minutes=10)
    assert len(await two.told()) == 2
    first, second = (t["object"]["seq"] for t in await two.told())
    assert second > first


async def test_nothing_is_told_where_there_is_nobody(two: Two) -> None:
    await two.sign(two.members[0])
    await two.withdraw(two.members[0])
    await two.both.live(minutes=10)
    assert await two.told() == []


async def test_taking_it_back_moves_the_number_down(two: Two) -> None:
    for who in two.members[:2]:
        await two.sign(who)
    await two.both.settle()
    await two.withdraw(two.members[0])
    await two.both.live(minutes=3)
    assert (await standing(two.home, two.petition)).range.at_most == 1
    await two.withdraw(two.members[1])
    await two.both.live(minutes=3)
    found = await standing(two.home, two.petition)
    assert (found.range.at_least, found.range.at_most) == (0, 0)
    assert (await two.told())[-1]["object"]["withdrawn"] == 2


async def test_new_accounts_count_up_to_the_cap_until_they_are_settled(two: Two) -> None:
    crowd = [await two.away.member(f"new{n}") for n in range(FLOOR + 5)]
    for who in crowd:
        await two.sign(who)
    await two.both.settle()
    (told,) = await two.told()
    assert told["object"]["lines"][1] == {
        "tier": "expressed",
        "byDomain": [{"domain": two.away.host, "people": FLOOR + 5}],
    }
    await two.both.live(days=7, minutes=1)
    assert (await two.told())[-1]["object"]["lines"] == [
        {"tier": "confirmed", "own": FLOOR + 5, "email": 0}
    ]
    found = await standing(two.home, two.petition)
    assert found.range.at_least <= FLOOR


async def test_the_copy_says_what_both_know(two: Two) -> None:
    keeper = await two.home.known(two.petition.uri.replace("calls", "users"))
    assert keeper is None
    for who in two.members[:3]:
        await two.sign(who)
    async with two.away.work.reading() as tx:
        copy = await post_rows.by_uri(tx.conn, two.petition.uri)
        assert copy
        call = await two.away.call(copy)
        found = (await tallies.elsewhere(tx, [(copy, call)]))[copy.id]
    assert (found.at_least, found.at_most) == (3, 3)


# What others send


@pytest.fixture
async def beckon() -> AsyncIterator[Peer]:
    async with peer("beckon") as made:
        yield made


@pytest.fixture
async def petition(ours: Instance, organiser: Account, garden: Account) -> Post:
    return await call(ours, organiser, garden)


def tally(server: Peer, by: Person, post: Post, own: int, seq: int = 1, **more: Any) -> Json:
    told = {
        "id": server.url("/tallies/1"),
        "type": "cta:Tally",
        "attributedTo": by.uri,
        "object": post.uri,
        "seq": seq,
        "lines": [{"tier": "confirmed", "own": own, "email": 0}],
        "withdrawn": 0,
        **more,
    }
    return server.activity(by, "Update", told)


async def told(ours: Instance, server: Peer, by: Person, document: Json) -> str:
    server.now = ours.clock.now()
    assert (await server.send(by, document, ours.inbox)).status == 202
    await ours.settle()
    return await ours.outcome(document["id"])


async def test_an_older_tally_changes_nothing(ours: Instance, beckon: Peer, petition: Post) -> None:
    them = beckon.person("actor", "Application")
    for seq, own, outcome in (
        (5, 7, "done"),
        (5, 9, "old_tally"),
        (4, 9, "old_tally"),
        (6, 3, "done"),
    ):
        assert await told(ours, beckon, them, tally(beckon, them, petition, own, seq)) == outcome
    assert (await standing(ours, petition)).by_tally == 3


async def test_what_comes_after_a_call_was_over_moves_nothing(
    ours: Instance, beckon: Peer, organiser: Account, garden: Account
) -> None:
    them = beckon.person("actor", "Application")
    closes = ours.clock.now() + timedelta(hours=2)
    ends = Details(None, None, "UTC", goal=100, closes_at=closes)
    async with ours.work.transaction() as tx:
        ended = await calls.create(
            tx, organiser, garden, Wanted("Keep the trees", ends, kind="petition")
        )
        closed = await calls.create(
            tx, organiser, garden, Wanted("Keep the pond", UNTIL, kind="petition")
        )
    assert await told(ours, beckon, them, tally(beckon, them, ended, 1)) == "done"
    assert await told(ours, beckon, them, tally(beckon, them, closed, 1)) == "done"
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, closed, state="closed")
    ours.clock.forward(minutes=50)  # what was on its way counts
    assert await told(ours, beckon, them, tally(beckon, them, closed, 2, 2)) == "done"
    ours.clock.forward(hours=2)
    assert await told(ours, beckon, them, tally(beckon, them, ended, 2, 2)) == "done"
    ours.clock.forward(minutes=20)
    for post in (ended, closed):
        late = tally(beckon, them, post, 3, 3)
        assert await told(ours, beckon, them, late) == "call_over"
        assert (await standing(ours, post)).by_tally == 2


async def test_a_person_tells_no_tally(ours: Instance, beckon: Peer, petition: Post) -> None:
    somebody = beckon.person("somebody")
    document = tally(beckon, somebody, petition, 7)
    assert await told(ours, beckon, somebody, document) == "not_the_instance"


async def test_other_software_tells_no_tally(
    ours: Instance, microblog: Peer, petition: Post
) -> None:
    them = microblog.person("actor", "Application")
    assert await told(ours, microblog, them, tally(microblog, them, petition, 7)) == "not_beckon"


@pytest.mark.parametrize("kind", ["need"])
async def test_who_is_told_by_name_is_not_counted_by_tally(
    kind: str, ours: Instance, beckon: Peer, organiser: Account, garden: Account
) -> None:
    post = await call(ours, organiser, garden, kind)
    them = beckon.person("actor", "Application")
    document = tally(beckon, them, post, 7)
    assert await told(ours, beckon, them, document) == "counted_by_name"


async def test_a_tally_of_what_is_no_call_of_ours(
    ours: Instance, beckon: Peer, organiser: Account
) -> None:
    post = await ours.publish(organiser, "Tomatoes!")
    them = beckon.person("actor", "Application")
    document = tally(beckon, them, post, 7)
    assert await told(ours, beckon, them, document) == "unknown_call"


async def test_a_claim_of_a_million_moves_nothing_but_what_is_also_reported(
    ours: Instance, beckon: Peer, petition: Post
) -> None:
    them = beckon.person("actor", "Application")
    before = (await standing(ours, petition)).range
    assert before.at_most == 0
    assert await told(ours, beckon, them, tally(beckon, them, petition, 1_000_000)) == "done"
    await has(ours, beckon.host, 10**9)
    found = await standing(ours, petition)
    assert (found.range.at_least, found.range.at_most) == (FLOOR, FLOOR)
    assert found.range.also_reported == 1_000_000 - FLOOR
    assert await told(ours, beckon, them, tally(beckon, them, petition, 999, 2)) == "done"
    again = await standing(ours, petition)
    assert (again.range.at_least, again.range.at_most) == (FLOOR, FLOOR)


async def test_a_server_that_has_grown_is_asked_how_many_it_has(two: Two) -> None:
    await has(two.home, two.away.host, 1)
    for who in two.members[:3]:
        await two.sign(who)
    await two.both.settle()
    assert (await standing(two.home, two.petition)).range.also_reported == 2
    two.both.clock.forward(minutes=3)
    await two.sign(two.members[3])
    await two.both.settle()
    assert (await standing(two.home, two.petition)).range.at_least == 4


async def test_it_counts_no_more_than_the_people_it_has(
    ours: Instance, beckon: Peer, petition: Post
) -> None:
    them = beckon.person("actor", "Application")
    assert await told(ours, beckon, them, tally(beckon, them, petition, 15)) == "done"
    await has(ours, beckon.host, 4)
    found = (await standing(ours, petition)).range
    assert (found.at_least, found.at_most, found.also_reported) == (4, 4, 11)


async def test_a_suspended_server_counts_no_more(
    ours: Instance, beckon: Peer, petition: Post
) -> None:
    them = beckon.person("actor", "Application")
    assert await told(ours, beckon, them, tally(beckon, them, petition, 5)) == "done"
    async with ours.work.transaction() as tx:
        await tx.conn.execute("update accounts set suspended_at = now() where uri = $1", them.uri)
    assert (await standing(ours, petition)).range.at_most == 0


async def test_tallies_have_a_budget(
    ours: Instance, beckon: Peer, petition: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.arriving import budgets

    monkeypatch.setattr(budgets, "TALLIES", budgets.Rule("tallies", 1, budgets.HOUR))
    them = beckon.person("actor", "Application")
    assert await told(ours, beckon, them, tally(beckon, them, petition, 5, 1)) == "done"
    assert await told(ours, beckon, them, tally(beckon, them, petition, 6, 2)) != "done"
    await has(ours, beckon.host, 100)
    ours.clock.forward(hours=2)
    await ours.settle()
    assert (await standing(ours, petition)).by_tally == 6
