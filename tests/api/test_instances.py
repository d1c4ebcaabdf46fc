"""Our instance follows others as a whole: what administrators say, and what comes of it."""

from __future__ import annotations

import pytest

from tests.api.networked import Town, town
from tests.api.people import Member
from tests.federation.peer import Json, Peer, Person, peer
from tests.federation.worlds import microblog

__all__ = ["microblog", "town"]
BASE = "/api/beckon/v1/admin/instances"


@pytest.fixture
async def admin(town: Town) -> Member:
    return await town.house.member("keeper", role="admin")


def own_actor(server: Peer, kind: str = "Application") -> Person:
    made = server.person("relay", kind, key=1)
    server.application = made.uri
    return made


async def says(town: Town, server: Peer, by: Person, document: Json) -> str:
    assert (await server.send(by, document, town.ours.inbox)).status == 202
    await town.ours.settle()
    return await town.ours.outcome(document["id"])


async def follow(town: Town, admin: Member, server: Peer) -> Person:
    """It is asked and says yes."""
    relay = own_actor(server)
    made = await admin.good("POST", BASE, json={"host": server.host})
    assert (made["host"], made["uri"], made["state"]) == (server.host, relay.uri, "requested")
    await town.ours.settle()
    (asked,) = server.of_type("Follow")
    assert (asked["actor"], asked["object"]) == (f"https://{town.ours.host}/actor", relay.uri)
    assert await says(town, server, relay, server.activity(relay, "Accept", asked)) == "done"
    (row,) = await admin.good("GET", BASE)
    assert row["state"] == "accepted"
    return relay


async def public(town: Town) -> list[str]:
    found = await town.house.stranger.good("GET", "/api/v1/timelines/public?remote=true")
    return [status["uri"] for status in found]


async def homes(town: Town) -> int:
    return await town.ours.value("select count(*) from home_entries")


async def test_what_it_announces_is_seen_by_everybody_and_enters_no_home(
    town: Town, admin: Member, microblog: Peer
) -> None:
    relay = await follow(town, admin, microblog)
    note = microblog.note(microblog.person("author"), "<p>Seeds</p>", [])
    announce = microblog.activity(relay, "Announce", note["id"])
    assert await says(town, microblog, relay, announce) == "done"
    assert await public(town) == [note["id"]]
    assert await homes(town) == 0
    assert await admin.good("GET", "/api/v1/timelines/home") == []
    assert await admin.good("GET", "/api/v1/notifications") == []


async def test_an_event_of_its_own_actor_is_kept(town: Town, admin: Member) -> None:
    """As Gancio makes them."""
    async with peer("gancio") as calendar:
        relay = await follow(town, admin, calendar)
        event = calendar.note(relay, "<p>Bring tea</p>", [], type="Event", name="Picnic",
                              startTime="2026-12-24T10:00:00Z")  # fmt: skip
        created = calendar.create(relay, event)
        assert await says(town, calendar, relay, created) == "done"
        assert await public(town) == [event["id"]]
        assert await homes(town) == 0


async def test_when_it_is_followed_no_more_nobody_asked(
    town: Town, admin: Member, microblog: Peer
) -> None:
    relay = await follow(town, admin, microblog)
    (row,) = await admin.good("GET", BASE)
    await admin.good("DELETE", f"{BASE}/{row['id']}")
    await town.ours.settle()
    (undone,) = microblog.of_type("Undo")
    assert undone["object"]["object"] == relay.uri
    assert await admin.good("GET", BASE) == []
    note = microblog.note(microblog.person("author"), "<p>Seeds</p>", [])
    announce = microblog.activity(relay, "Announce", note["id"])
    assert await says(town, microblog, relay, announce) == "nobody_asked"
    assert await public(town) == []
    assert (await admin.delete(f"{BASE}/{row['id']}")).status == 404


async def test_without_a_link_it_has_the_name_of_its_host(
    town: Town, admin: Member, microblog: Peer
) -> None:
    """Mastodon's own actor is @host@host."""
    microblog.person("127.0.0.1", "Application", key=1)
    made = await admin.good("POST", BASE, json={"host": microblog.host})
    assert made["uri"] == microblog.url("/users/127.0.0.1")


@pytest.mark.parametrize("kind", ["Person", "Group"])
async def test_who_is_no_server_is_not_followed_so(
    town: Town, admin: Member, microblog: Peer, kind: str
) -> None:
    own_actor(microblog, kind)
    assert (await admin.post(BASE, json={"host": microblog.host})).status == 422
    await town.ours.settle()
    assert microblog.received == []
    assert await admin.good("GET", BASE) == []


async def test_an_actor_of_another_server_is_not_believed(
    town: Town, admin: Member, microblog: Peer
) -> None:
    async with peer("mastodon") as other:
        microblog.application = own_actor(other).uri
        assert (await admin.post(BASE, json={"host": microblog.host})).status == 422
        assert other.requests == []


async def test_only_for_administrators_and_open_hosts(
    town: Town, admin: Member, microblog: Peer
) -> None:
    own_actor(microblog)
    member = await town.house.member("member")
    moderator = await town.house.member("weeder", role="moderator")
    for who, status in ((member, 403), (moderator, 403), (town.house.stranger, 401)):
        assert (await who.post(BASE, json={"host": microblog.host})).status == status
        assert (await who.get(BASE)).status == status
    for host in ("", "no host", town.ours.host):
        assert (await admin.post(BASE, json={"host": host})).status == 422, host
    sent = {"domain": microblog.host, "severity": "suspend"}
    await admin.good("POST", "/api/v1/admin/domain_blocks", json=sent)
    assert (await admin.post(BASE, json={"host": microblog.host})).status == 422
    assert microblog.requests == []
