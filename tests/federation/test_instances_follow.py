"""Whole instances follow ours: the calendars of Mobilizon, Gancio and WordPress fill themselves so.

Each finds the actor of the instance by NodeInfo (FEP-2677), is accepted, and gets every public call once,
in its form and in the name of whom it follows.
"""

from __future__ import annotations

import pytest

from server.domain.calling import calls, deleting
from server.domain.moderating import host_blocks
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, peer
from tests.federation.test_microblog import act, join


async def found_actor(ours: Instance, server: Peer) -> str:
    """As Mobilizon, Gancio and WordPress look for whom to follow."""
    links = (await server.fetch(f"https://{ours.host}/.well-known/nodeinfo"))["links"]
    rel = "https://www.w3.org/ns/activitystreams#Application"
    (href,) = [link["href"] for link in links if link["rel"] == rel]
    return href


async def follow_us(ours: Instance, server: Peer) -> tuple[Person, str]:
    """The relay of a server follows our instance; forgets what was said so far."""
    relay = server.person("relay", kind="Application", key=1)
    us = await found_actor(ours, server)
    await act(ours, server, relay, "Follow", us)
    accepted = server.of_type("Accept")
    assert [a["actor"] for a in accepted] == [us]
    server.received.clear()
    return relay, us


def heard(server: Peer) -> list[tuple[str, str, str]]:
    """Type, actor and what it is about, of all but answers."""
    return [(r.type, r.document["actor"], about(r.document)) for r in server.received]


def about(document: Json) -> str:
    inner = document["object"]
    return inner if isinstance(inner, str) else inner["id"]


async def change(ours: Instance, organiser: Account, event: object, state: str) -> None:
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, event, state=state)  # pyright: ignore[reportArgumentType]
    await ours.settle()


async def test_mobilizon_is_told_by_the_actor_that_its_relay_follows(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    """It fetches what is announced, and lists it because of the announcement."""
    async with peer("mobilizon") as events:
        _, us = await follow_us(ours, events)
        event = await ours.event(organiser, garden, "Digging")
        await ours.settle()
        assert heard(events) == [("Announce", us, event.uri)]
        events.received.clear()
        await change(ours, organiser, event, "cancelled")
        assert heard(events) == [("Update", organiser.uri, event.uri)]
        events.received.clear()
        async with ours.work.transaction() as tx:
            await deleting.delete(tx, organiser, event)
        await ours.settle()
        assert heard(events) == [("Delete", organiser.uri, event.uri)]


@pytest.mark.parametrize("software", ["gancio", "wordpress"])
async def test_a_calendar_takes_events_only_of_whom_it_follows(
    ours: Instance, garden: Account, organiser: Account, software: str
) -> None:
    async with peer(software) as calendar:
        _, us = await follow_us(ours, calendar)
        event = await ours.event(organiser, garden, "Digging")
        await ours.settle()
        await change(ours, organiser, event, "postponed")
        async with ours.work.transaction() as tx:
            await deleting.delete(tx, organiser, event)
        await ours.settle()
        assert heard(calendar) == [(verb, us, event.uri) for verb in ("Create", "Update", "Delete")]
        created = calendar.of_type("Create")[0]["object"]
        assert (created["type"], created["attributedTo"]) == ("Event", organiser.uri)
        assert calendar.refused == []


@pytest.mark.parametrize("software", ["gancio", "wordpress"])
async def test_a_calendar_that_follows_the_community_hears_it_from_the_community(
    ours: Instance, garden: Account, organiser: Account, software: str
) -> None:
    async with peer(software) as calendar:
        await join(ours, calendar, calendar.person("calendar", kind="Application"), garden)
        event = await ours.event(organiser, garden, "Digging")
        await ours.settle()
        told = [h for h in heard(calendar) if h[0] != "Add"]
        assert told == [("Create", garden.uri, event.uri)]


async def test_who_follows_both_hears_once_and_stays_with_whom_it_heard_first(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("gancio") as calendar:
        relay, us = await follow_us(ours, calendar)
        first = await ours.event(organiser, garden, "Digging")
        await ours.settle()
        assert heard(calendar) == [("Create", us, first.uri)]
        await act(ours, calendar, relay, "Follow", garden.uri)
        calendar.received.clear()
        second = await ours.event(organiser, garden, "Harvest")
        await change(ours, organiser, first, "cancelled")
        told = [h for h in heard(calendar) if h[0] in ("Create", "Update")]
        assert sorted(told) == [("Create", garden.uri, second.uri), ("Update", us, first.uri)]


async def test_a_microblog_that_follows_the_instance_sees_a_boost_of_the_card(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    _, us = await follow_us(ours, microblog)
    event = await ours.event(organiser, garden, "Digging")
    await ours.settle()
    card = (await ours.call(event)).card_uri
    assert heard(microblog) == [("Announce", us, card)]
    assert (await microblog.fetch(card or ""))["type"] == "Question"


async def test_another_beckon_gets_the_whole_activity(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("beckon") as other:
        _, us = await follow_us(ours, other)
        event = await ours.event(organiser, garden, "Digging")
        await ours.settle()
        (announce,) = other.of_type("Announce")
        assert (announce["actor"], announce["object"]["actor"]) == (us, organiser.uri)
        assert announce["object"]["object"]["id"] == event.uri
        assert len(other.received) == 1


async def test_who_follows_late_is_told_what_is_still_open(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    event = await ours.event(organiser, garden, "Digging")
    gone = await ours.event(organiser, garden, "Harvest")
    await change(ours, organiser, gone, "cancelled")
    async with peer("gancio") as calendar:
        relay = calendar.person("relay", kind="Application", key=1)
        us = await found_actor(ours, calendar)
        await act(ours, calendar, relay, "Follow", us)
        assert [h for h in heard(calendar) if h[0] != "Accept"] == [("Create", us, event.uri)]
        calendar.received.clear()
        await act(ours, calendar, relay, "Follow", us)
        assert [r.type for r in calendar.received] == ["Accept"]


async def test_who_stops_following_hears_no_more(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        relay, us = await follow_us(ours, events)
        again = await act(ours, events, relay, "Follow", us)
        await act(ours, events, relay, "Undo", again)
        events.received.clear()
        await ours.event(organiser, garden, "Digging")
        await ours.settle()
        assert events.received == []


async def test_a_host_that_is_kept_out_cannot_follow_and_hears_nothing(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        relay, us = await follow_us(ours, events)
        async with ours.work.transaction() as tx:
            await host_blocks.block(tx, events.host, host_blocks.Terms("suspend"))
        await ours.settle()
        await ours.event(organiser, garden, "Digging")
        await ours.settle()
        assert heard(events) == []
        answer = await events.send(relay, events.activity(relay, "Follow", us), ours.inbox)
        assert answer.status == 403


async def test_the_outbox_of_the_instance_is_its_calendar(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    """Gancio and Mobilizon read it as soon as they follow, WordPress by its pages."""
    event = await ours.event(organiser, garden, "Digging")
    async with peer("gancio") as calendar:
        us = await calendar.fetch(await found_actor(ours, calendar))
        outbox = await calendar.fetch(us["outbox"])
        page = await calendar.fetch(outbox["first"])
        assert outbox["orderedItems"] == page["orderedItems"]
        (announce,) = page["orderedItems"]
        assert (announce["type"], announce["actor"]) == ("Announce", us["id"])
        assert announce["object"]["type"] == "Create"
        assert announce["object"]["object"]["id"] == event.uri


async def test_events_to_come_are_a_collection_of_their_actors(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    """FEP-8a8e: soonest first, of the community, of who made them, and of the whole instance."""
    later = await ours.event(organiser, garden, "Harvest")
    async with ours.work.transaction() as tx:
        await tx.conn.execute("update calls set starts_at = starts_at + interval '1 hour'")
    soon = await ours.event(organiser, garden, "Digging")
    gone = await ours.event(organiser, garden, "Mulching")
    await change(ours, organiser, gone, "cancelled")
    async with peer("mobilizon") as events:
        for uri in (garden.uri, organiser.uri, f"https://{ours.host}/actor"):
            actor = await events.fetch(uri)
            listed = await events.fetch(actor["upcomingEvents"])
            assert listed["type"] == "OrderedCollection"
            assert listed["orderedItems"] == [soon.uri, later.uri], uri
        ours.clock.forward(days=60)
        assert (await events.fetch(f"{garden.uri}/upcoming"))["totalItems"] == 0


async def test_how_many_take_part_is_served_and_never_who(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        event = await ours.event(organiser, garden, "Digging", capacity=3)
        await act(ours, events, events.person("first"), "Join", event.uri)
        attendees = await events.fetch(f"{event.uri}/attendees")
        assert (attendees["type"], attendees["totalItems"]) == ("Collection", 1)
        assert not {"items", "orderedItems", "first"} & attendees.keys()
        organizers = await events.fetch(f"{event.uri}/organizers")
        assert organizers["items"] == [organiser.uri, garden.uri]
