"""A call that is started in other towns, on other servers: told to the first by the copy itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from federation.origin import domain_of
from server.arriving import budgets, resolve
from server.domain.calling import calls, copies, counting, deleting, participations, starting
from server.domain.calling.copies import Copies
from server.domain.calling.counting import Known, Range, Told
from server.domain.calling.drafting import Wanted
from server.domain.moderating import host_blocks
from server.domain.moderating.host_blocks import Terms
from storage import calls as call_rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.federation.five import Five, five
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, peer
from tests.federation.test_tallies import has

SAID = (("I sign", 7), ("I sign, with my name", 0), ("I support it", 0))
PETITION = Wanted("Keep the trees", Details(None, None, "UTC"), kind="petition")


@pytest.fixture
async def three(template_url: str, tmp_path: Path) -> AsyncIterator[Five]:
    """They have heard of each other, and of how many people each has."""
    async with five(template_url, tmp_path, ["river", "hill", "coast"]) as found:
        for one, other in permutations(found.servers, 2):
            await has(one.here, other.here.host, 50)
        yield found


async def make(at: Instance, name: str, wanted: Wanted = PETITION) -> tuple[Account, Account, Post]:
    by = await at.member(f"{name}keeper")
    group = await at.community(by, name)
    async with at.work.transaction() as tx:
        return by, group, await calls.create(tx, by, group, wanted)


async def start(at: Instance, name: str, uri: str) -> tuple[Account, Post]:
    """Somebody looks a call up by its address, and starts it in a community of theirs."""
    by = await at.member(f"{name}keeper")
    group = await at.community(by, name)
    seen = await resolve.post(at.net, uri)
    assert seen
    async with at.work.transaction() as tx:
        wanted = await starting.prefilled(tx, seen)
        return by, await starting.start(tx, by, group, seen, wanted)


async def listed(at: Instance, post: Post) -> Copies:
    async with at.work.reading() as tx:
        return await copies.of(tx, post, None)


async def test_the_first_server_is_told_of_a_copy_on_another(three: Five) -> None:
    river, hill, coast = (server.here for server in three.servers)
    _, _, origin = await make(river, "trees")
    keeper, copy = await start(hill, "hill", origin.uri)
    await three.settle()
    (found,) = (await listed(river, origin)).found
    assert (found.post.uri, found.community.host) == (copy.uri, hill.host)

    async with hill.work.transaction() as tx:
        await participations.answer(tx, keeper, copy, "sign", "client")
    await three.live(minutes=4)
    told = await listed(river, origin)
    assert (told.range.at_least, told.range.at_most) == (1, 1)
    assert (await river.call(origin)).counted == 0

    # A copy of the copy belongs to the first, which its own server has never heard of.
    _, third = await start(coast, "coast", copy.uri)
    await three.settle()
    assert [c.post.uri for c in (await listed(river, origin)).found] == [copy.uri, third.uri]
    assert (await listed(hill, copy)).found == []

    async with hill.work.transaction() as tx:
        await calls.edit(tx, keeper, copy, state="closed")
    await three.live(minutes=4)
    assert [c.call.state for c in (await listed(river, origin)).found] == ["closed", "open"]
    async with hill.work.transaction() as tx:
        await deleting.delete(tx, keeper, copy)
    await three.live(minutes=4)
    assert [c.post.uri for c in (await listed(river, origin)).found] == [third.uri]


async def test_a_blocked_server_is_left_out(three: Five) -> None:
    river, hill, _ = (server.here for server in three.servers)
    _, _, origin = await make(river, "trees")
    await start(hill, "hill", origin.uri)
    await three.settle()
    assert len((await listed(river, origin)).found) == 1
    async with river.work.transaction() as tx:
        await host_blocks.block(tx, hill.host, Terms(severity="suspend"))
    assert (await listed(river, origin)).found == []


async def test_what_its_maker_keeps_is_started_nowhere_else(three: Five) -> None:
    river, hill, _ = (server.here for server in three.servers)
    _, _, origin = await make(river, "trees", replace(PETITION, may_be_started=False))
    with pytest.raises(Exception, match="not to be started"):
        await start(hill, "hill", origin.uri)


# What others send


@pytest.fixture
async def beckon() -> AsyncIterator[Peer]:
    async with peer("beckon") as made:
        yield made


@pytest.fixture
async def petition(ours: Instance, organiser: Account, garden: Account) -> Post:
    async with ours.work.transaction() as tx:
        return await calls.create(tx, organiser, garden, PETITION)


def started(server: Peer, by: Person, group: Person, origin: str, **more: Any) -> Json:
    """A petition of the peer that says from which call it was started."""
    extension = {
        "type": "cta:Call",
        "kind": "petition",
        "answers": [{"name": said, "count": n} for said, n in SAID],
        "startedFrom": origin,
    }
    uri = server.url(f"/calls/{server.number()}")
    return server.serve({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": uri,
        "type": "Page",
        "name": "Keep our trees too",
        "content": "<p>Ours are old too.</p>",
        "attributedTo": by.uri,
        "audience": group.uri,
        "to": ["https://www.w3.org/ns/activitystreams#Public", group.uri],
        "cc": [],
        "cta:call": extension | more,
    })  # fmt: skip


async def tell(ours: Instance, server: Peer, by: Person, document: Json) -> str:
    create = server.create(by, document)
    assert (await server.send(by, create, ours.inbox)).status == 202
    await ours.settle()
    return await ours.outcome(create["id"])


async def test_a_copy_is_taken_from_its_own_author(
    ours: Instance, beckon: Peer, petition: Post
) -> None:
    by, group = beckon.person("organiser"), beckon.person("trees", "Group")
    document = started(beckon, by, group, petition.uri)
    assert await tell(ours, beckon, by, document) == "done"
    found = await listed(ours, petition)
    assert [(c.post.uri, c.range.at_most) for c in found.found] == [(document["id"], 7)]
    assert found.range == Range(3, 3, 4)  # as many as its server has people
    assert (await ours.call(petition)).counted == 0


async def test_who_claims_the_call_of_another_server_is_not_believed(
    ours: Instance, beckon: Peer, petition: Post
) -> None:
    async with peer("beckon") as other:
        by, group = other.person("organiser"), other.person("trees", "Group")
        document = started(other, by, group, petition.uri)
        forger = beckon.person("forger")
        assert await tell(ours, beckon, forger, document) != "done"
        document["attributedTo"] = forger.uri
        assert await tell(ours, beckon, forger, document) != "done"
        assert (await listed(ours, petition)).found == []


async def test_a_group_of_another_server_makes_no_copy(
    ours: Instance, beckon: Peer, petition: Post
) -> None:
    async with peer("beckon") as other:
        by, group = beckon.person("organiser"), other.person("trees", "Group")
        await tell(ours, beckon, by, started(beckon, by, group, petition.uri))
        assert (await listed(ours, petition)).found == []


async def test_a_group_passes_on_what_is_asked_of_its_origin(
    ours: Instance, beckon: Peer, petition: Post
) -> None:
    """Without a proof of its author the copy is fetched from its own host."""
    by, group = beckon.person("organiser"), beckon.person("trees", "Group")
    document = started(beckon, by, group, petition.uri)
    lied = document | {"cta:call": document["cta:call"] | {"answers": []}}
    announce = beckon.activity(group, "Announce", beckon.create(by, lied))
    assert (await beckon.send(group, announce, ours.inbox)).status == 202
    await ours.settle()
    (found,) = (await listed(ours, petition)).found
    assert found.range.at_most == 7
    assert beckon.asked(document["id"].removeprefix(beckon.url(""))) >= 1


@pytest.mark.parametrize("wrong", ["itself", "other kind", "not allowed", "a post"])
async def test_what_is_no_copy_stands_in_no_list(
    wrong: str, ours: Instance, beckon: Peer, petition: Post, organiser: Account
) -> None:
    by, group = beckon.person("organiser"), beckon.person("trees", "Group")
    document = started(beckon, by, group, petition.uri)
    extension = document["cta:call"]
    if wrong == "itself":
        extension["startedFrom"] = document["id"]
    elif wrong == "other kind":
        extension["kind"] = "share"
    elif wrong == "a post":
        extension["startedFrom"] = (await ours.publish(organiser, "Tomatoes!")).uri
    else:
        async with ours.work.transaction() as tx:
            await calls.edit(
                tx, organiser, petition, wanted=replace(PETITION, may_be_started=False)
            )
    outcome = await tell(ours, beckon, by, document)
    assert outcome == ("done" if wrong == "other kind" else "nobody_asked")
    assert (await listed(ours, petition)).found == []


async def test_two_that_name_each_other_go_round_in_no_circle(
    ours: Instance, organiser: Account, garden: Account, petition: Post
) -> None:
    """Whatever order they come in: no list leads to a call that is a copy itself."""
    made: list[Post] = [petition]
    for _ in range(2):
        async with ours.work.transaction() as tx:
            made.append(await calls.create(tx, organiser, garden, PETITION))
    for copy, origin in ((0, 1), (1, 2), (2, 0), (1, 0)):
        async with ours.work.transaction() as tx:
            row = await ours.call(made[copy])
            await copies.note(tx, made[copy], row, made[origin].uri)
    rows = await ours.rows("select post_id, origin_uri from call_copies order by post_id")
    last = made[2].uri
    assert {(r["post_id"], r["origin_uri"]) for r in rows} == {
        (made[0].id, last),
        (made[1].id, last),
    }


async def test_a_domain_makes_so_many_copies_a_day(
    ours: Instance, beckon: Peer, petition: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "COPIES", budgets.Rule("copies of a call", 1, budgets.DAY))
    by, group = beckon.person("organiser"), beckon.person("trees", "Group")
    for _ in range(2):
        await tell(ours, beckon, by, started(beckon, by, group, petition.uri))
    assert len((await listed(ours, petition)).found) == 1


# The range beside the figure


def told(host: str, people: int, *, vouched: bool = False) -> Told:
    return Told(host, Range(people, people, 0), people if vouched else 0, vouched=vouched)


def test_no_server_moves_the_range_far() -> None:
    known = Known({"liar.example": 10**9}, domain_of)
    found = counting.beside(
        [told("here.example", 5, vouched=True), told("liar.example", 10**6)], known, 5
    )
    assert found == Range(counting.FLOOR, 5 + counting.FLOOR, 10**6 - counting.FLOOR)


def test_five_copies_of_one_domain_count() -> None:
    known = Known({"many.example": 1000}, domain_of)
    found = counting.beside([told(f"n{n}.many.example", 2) for n in range(8)], known, 0)
    assert found == Range(2, 2 * counting.PER_ROOF, 6)


async def test_a_copy_keeps_its_first_call_when_that_is_gone(
    ours: Instance, petition: Post, organiser: Account, garden: Account
) -> None:
    async with ours.work.transaction() as tx:
        made = await starting.start(tx, organiser, garden, petition, PETITION)
    async with ours.work.transaction() as tx:
        await deleting.delete(tx, organiser, petition)
    async with ours.work.reading() as tx:
        row = await post_rows.by_id(tx.conn, made.id)
        assert row
        call = await call_rows.by_id(tx.conn, row.id)
        assert call
        assert (await copies.started(tx, [(row, call)], None))[row.id].first is None
