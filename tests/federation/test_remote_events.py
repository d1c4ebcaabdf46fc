"""Events of other servers, as Mobilizon and Gancio send them: our members see them, answer, and hear what
becomes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from server.arriving import resolve
from server.domain.calling import calls, participations
from server.domain.members import follows
from server.domain.moderating import group_moderation
from server.errors import Forbidden
from storage import participations as participation_rows
from storage.accounts import Account
from storage.participations import Participation
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, peer
from tests.federation.test_microblog import act


def event_of(server: Peer, ours: Instance, by: Person, group: Person | None, **more: Any) -> Json:
    """As Mobilizon 5.1 writes one (lib/federation/activity_stream/converter/event.ex, model_to_as)."""
    starts = ours.clock.now() + timedelta(days=20)
    whose = {"actor": by.uri, "attributedTo": group.uri} if group else {"attributedTo": by.uri}
    written = {
        "type": "Event",
        "name": "River walk",
        "startTime": starts.isoformat(),
        "endTime": (starts + timedelta(hours=2)).isoformat(),
        "timezone": "Europe/Rome",
        "joinMode": "free",
        "maximumAttendeeCapacity": 20,
        "participantCount": 3,
        "status": "CONFIRMED",
        "location": {"type": "Place", "name": "Mill Bridge"},
        "tag": [],
    }
    note = server.note(by, "<p>Boots needed</p>", [])
    return server.serve(note | written | whose | more)


async def arrive(ours: Instance, server: Peer, reader: Account, **more: Any) -> tuple[Person, Post]:
    """A group's event, which a member here follows; the organiser and the event."""
    walker = server.person("walker")
    group = server.person("friends", kind="Group", key=1)
    event = event_of(server, ours, walker, group, **more)
    await followed(ours, server, reader, group)
    created = server.activity(walker, "Create", event, to=event["to"], cc=[group.uri])
    await server.send(walker, created, ours.inbox)
    await ours.settle()
    await server.send(group, server.activity(group, "Announce", event["id"]), ours.inbox)
    await ours.settle()
    stored = await ours.post(event["id"])
    assert stored
    return walker, stored


async def followed(ours: Instance, server: Peer, reader: Account, whom: Person) -> None:
    found = await resolve.actor(ours.net, whom.uri)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, reader, found)
    await ours.settle()
    (asked,) = server.of_type("Follow")
    await server.send(whom, server.activity(whom, "Accept", asked), ours.inbox)
    await ours.settle()
    server.received.clear()


async def say(ours: Instance, who: Account, event: Post, said: str = "going") -> Participation:
    async with ours.work.transaction() as tx:
        made = await participations.answer(tx, who, event, said, "client")
    await ours.settle()
    return made


async def state(ours: Instance, who: Account, event: Post) -> str:
    async with ours.work.reading() as tx:
        found = await participation_rows.of_account(tx.conn, event.id, who.id)
    return found.state if found else "none"


@pytest.fixture
async def reader(ours: Instance) -> Account:
    return await ours.member("reader")


async def test_an_event_of_a_group_is_an_event_here(ours: Instance, reader: Account) -> None:
    async with peer("mobilizon") as events:
        walker, event = await arrive(ours, events, reader)
        call = await ours.call(event)
        assert (event.kind, event.title) == ("event", "River walk")
        assert (call.place_name, call.capacity, call.counted) == ("Mill Bridge", 20, 3)
        group = await ours.known(events.url("/users/friends"))
        author = await ours.known(walker.uri)
        assert group
        assert author
        assert (call.community_id, event.account_id) == (group.id, author.id)
        homes = await ours.rows(
            "select subject_id from home_entries where account_id = $1", reader.id
        )
        assert [row["subject_id"] for row in homes] == [event.id]


@pytest.mark.parametrize(
    ("kind", "state_"),
    [("Accept", "granted"), ("TentativeAccept", "waiting"), ("Reject", "refused")],
)
async def test_a_join_waits_for_the_word_of_its_host(
    ours: Instance, reader: Account, kind: str, state_: str
) -> None:
    """joinMode restricted: nothing is sure before the organiser has answered."""
    async with peer("mobilizon") as events:
        walker, event = await arrive(ours, events, reader, joinMode="restricted")
        await say(ours, reader, event)
        (joined,) = events.of_type("Join")
        assert (joined["actor"], joined["object"]) == (reader.uri, event.uri)
        assert await state(ours, reader, event) == "pending"
        await act(ours, events, walker, kind, joined)
        assert await state(ours, reader, event) == state_


async def test_a_moderator_answers_for_the_group_and_nobody_of_elsewhere(
    ours: Instance, reader: Account
) -> None:
    async with peer("mobilizon") as events, peer("mobilizon") as others:
        _, event = await arrive(ours, events, reader)
        await say(ours, reader, event)
        (joined,) = events.of_type("Join")
        mallory = others.person("mallory")
        forged = others.activity(mallory, "Accept", joined["id"])
        await others.send(mallory, forged, ours.inbox)
        await ours.settle()
        assert await ours.outcome(forged["id"]) == "foreign_answer"
        assert await state(ours, reader, event) == "pending"
        await act(ours, events, events.person("moderator", key=2), "Accept", joined)
        assert await state(ours, reader, event) == "granted"


async def test_what_was_asked_is_not_asked_again_unless_it_was_refused(
    ours: Instance, reader: Account
) -> None:
    """Mobilizon takes no second Join of one person."""
    async with peer("mobilizon") as events:
        walker, event = await arrive(ours, events, reader)
        await say(ours, reader, event)
        await say(ours, reader, event)
        (joined,) = events.of_type("Join")
        await act(ours, events, walker, "Accept", joined)
        await say(ours, reader, event)
        assert await state(ours, reader, event) == "granted"
        assert len(events.of_type("Join")) == 1
        await act(ours, events, walker, "Reject", joined)
        await say(ours, reader, event)
        assert len(events.of_type("Join")) == 2


@pytest.mark.parametrize(
    ("more", "reason", "says"),
    [
        (
            {"joinMode": "external", "externalParticipationUrl": "https://tickets.example/4"},
            "external",
            "https://tickets.example/4",
        ),
        ({"joinMode": "invite"}, "by_invitation", "invited"),
        ({"joinMode": "none"}, "no_answers", "no answers"),
        ({"status": "CANCELLED"}, "call_cancelled", "cancelled"),
    ],
)
async def test_what_cannot_be_joined_here_says_why_and_sends_nothing(
    ours: Instance, reader: Account, more: Json, reason: str, says: str
) -> None:
    async with peer("mobilizon") as events:
        _, event = await arrive(ours, events, reader, **more)
        with pytest.raises(Forbidden) as refused:
            await say(ours, reader, event)
        assert refused.value.reason == reason
        assert says in refused.value.sentence
        await ours.settle()
        assert events.of_type("Join") == []


async def test_who_goes_is_told_when_an_event_is_called_off(
    ours: Instance, reader: Account
) -> None:
    async with peer("mobilizon") as events:
        walker, event = await arrive(ours, events, reader)
        await say(ours, reader, event)
        await act(ours, events, walker, "Accept", events.of_type("Join")[0])
        changed = {
            **events.documents[event.uri.removeprefix(events.url(""))],
            "status": "CANCELLED",
        }
        await act(ours, events, walker, "Update", changed)
        assert (await ours.call(event)).state == "cancelled"
        told = await ours.rows("select type from notifications where account_id = $1", reader.id)
        assert [row["type"] for row in told] == ["status", "update"], "of the call, and of its end"
        await act(ours, events, walker, "Delete", {"type": "Tombstone", "id": event.uri})
        assert await ours.post(event.uri) is None


async def test_who_asked_to_go_is_told_too_when_it_is_called_off(
    ours: Instance, reader: Account
) -> None:
    """Nobody has answered the Join yet."""
    async with peer("mobilizon") as events:
        walker, event = await arrive(ours, events, reader)
        await say(ours, reader, event)
        assert await state(ours, reader, event) == "pending"
        known = events.documents[event.uri.removeprefix(events.url(""))]
        await act(ours, events, walker, "Update", {**known, "status": "CANCELLED"})
        told = await ours.rows("select type from notifications where account_id = $1", reader.id)
        assert [row["type"] for row in told] == ["status", "update"]


async def test_an_event_that_its_server_ignores_is_refused(ours: Instance, reader: Account) -> None:
    """WordPress's Event Bridge answers every Join with Ignore (FEP-8a8e)."""
    async with peer("wordpress") as events:
        walker, event = await arrive(ours, events, reader)
        await say(ours, reader, event)
        (joined,) = events.of_type("Join")
        await act(ours, events, walker, "Ignore", joined["id"])
        assert await state(ours, reader, event) == "refused"


async def test_counts_beyond_all_reason_are_bounded(ours: Instance, reader: Account) -> None:
    async with peer("mobilizon") as events:
        many = {"maximumAttendeeCapacity": 2**40, "participantCount": 2**40}
        walker = events.person("walker")
        event = event_of(events, ours, walker, None) | many
        await followed(ours, events, reader, walker)
        await act(ours, events, walker, "Create", event)
        assert (await ours.post(event["id"])) is not None


# Joins of ours


async def test_a_join_of_what_is_over_or_called_off_is_rejected(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        visitor = events.person("visitor")
        cancelled = await ours.event(organiser, garden, "Digging")
        async with ours.work.transaction() as tx:
            await calls.edit(tx, organiser, cancelled, state="cancelled")
        past = await ours.event(organiser, garden, "Harvest")
        first = await act(ours, events, visitor, "Join", cancelled.uri)
        ours.clock.forward(days=40)
        events.now = ours.clock.now()
        second = await act(ours, events, visitor, "Join", past.uri)
        said = [(a["type"], a["object"]["id"]) for a in events.of_type("Accept", "Reject")]
        assert said == [("Reject", first["id"]), ("Reject", second["id"])]
        assert await ours.value("select count(*) from participations") == 0


async def test_a_join_of_who_is_blocked_is_refused_without_a_word(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        visitor = events.person("visitor")
        event = await ours.event(organiser, garden, "Digging")
        await act(ours, events, visitor, "Follow", garden.uri)
        events.received.clear()
        known = await ours.known(visitor.uri)
        assert known
        async with ours.work.transaction() as tx:
            await follows.block(tx, organiser, known)
        joined = events.activity(visitor, "Join", event.uri)
        await events.send(visitor, joined, ours.inbox)
        await ours.settle()
        assert await ours.outcome(joined["id"]) == "blocked"
        assert events.of_type("Accept", "Reject", "TentativeAccept") == []


async def test_a_join_of_what_takes_no_answers_is_ignored_in_so_many_words(
    ours: Instance, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        visitor = events.person("visitor")
        post = await ours.publish(organiser, "The beans are up")
        joined = await act(ours, events, visitor, "Join", post.uri)
        (ignored,) = events.of_type("Ignore")
        assert (ignored["actor"], ignored["object"]) == (organiser.uri, joined["id"])
        secret = await ours.publish(organiser, "For few", visibility="private")
        asked = events.activity(visitor, "Join", secret.uri)
        await events.send(visitor, asked, ours.inbox)
        await ours.settle()
        assert await ours.outcome(asked["id"]) == "unknown_call"
        assert len(events.of_type("Ignore")) == 1


async def test_a_join_of_who_is_banned_from_the_community_is_rejected(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        visitor = events.person("visitor")
        await act(ours, events, visitor, "Follow", garden.uri)
        known = await ours.known(visitor.uri)
        assert known
        async with ours.work.transaction() as tx:
            by = await group_moderation.steward(tx, garden, organiser)
            await group_moderation.ban(tx, by, known, group_moderation.Ban())
        event = await ours.event(organiser, garden, "Digging")
        await ours.settle()
        events.received.clear()
        joined = await act(ours, events, visitor, "Join", event.uri)
        (rejected,) = events.of_type("Reject")
        assert rejected["object"]["id"] == joined["id"]
        assert await ours.value("select count(*) from participations") == 0


async def test_who_joins_twice_takes_the_last_back_by_its_id(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    """Some send the id alone."""
    async with peer("mobilizon") as events:
        visitor = events.person("visitor")
        event = await ours.event(organiser, garden, "Digging")
        await act(ours, events, visitor, "Join", event.uri)
        last = await act(ours, events, visitor, "Join", event.uri)
        await act(ours, events, visitor, "Undo", last["id"])
        assert await ours.value("select state from participations") == "withdrawn"


@pytest.mark.parametrize("how", ["Undo", "Leave"])
async def test_a_join_that_comes_after_it_was_taken_back_never_counts(
    how: str, ours: Instance, garden: Account, organiser: Account
) -> None:
    """Deliveries overtake each other. An Undo names the Join, Mobilizon's Leave the event alone."""
    async with peer("mobilizon") as events:
        visitor = events.person("visitor")
        event = await ours.event(organiser, garden, "Digging")
        late = events.activity(visitor, "Join", event.uri)
        back = events.activity(visitor, how, late if how == "Undo" else event.uri)
        for document in (back, late):
            assert (await events.send(visitor, document, ours.inbox)).status == 202
            await ours.settle()
        assert await ours.value("select count(*) from participations") == 0
        (rejected,) = events.of_type("Reject")
        assert rejected["object"]["id"] == late["id"]
        await act(ours, events, visitor, "Join", event.uri)  # who means it asks again
        assert await ours.value("select count(*) from participations") == 1


async def test_nobody_takes_back_what_another_of_their_server_sends(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    """Whoever guesses the id of a Join cannot make it count for nothing."""
    async with peer("mobilizon") as events:
        visitor, other = events.person("visitor"), events.person("other", key=1)
        event = await ours.event(organiser, garden, "Digging")
        late = events.activity(visitor, "Join", event.uri)
        guessed = events.activity(other, "Undo", late | {"actor": other.uri})
        assert (await events.send(other, guessed, ours.inbox)).status == 202
        await ours.settle()
        assert await ours.value("select count(*) from taken_back") == 1
        assert (await events.send(visitor, late, ours.inbox)).status == 202
        await ours.settle()
        assert await ours.value("select count(*) from participations where counts") == 1


async def test_a_join_that_was_taken_back_does_not_count_again(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    """However long its id is remembered at the door."""
    async with peer("mobilizon") as events:
        visitor = events.person("visitor")
        event = await ours.event(organiser, garden, "Digging")
        joined = await act(ours, events, visitor, "Join", event.uri)
        await act(ours, events, visitor, "Leave", event.uri)
        async with ours.work.transaction() as tx:
            await tx.conn.execute("delete from inbox")
        assert (await events.send(visitor, joined, ours.inbox)).status == 202
        await ours.settle()
        assert (
            await ours.value(
                "select count(*) from participations where counts and account_id is not null"
            )
            == 0
        )
        await act(ours, events, visitor, "Join", event.uri)
        assert (
            await ours.value("select count(*) from participations where account_id is not null")
            == 1
        )


async def test_a_leave_that_finds_nothing_is_forgotten_in_two_days(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        visitor = events.person("visitor")
        event = await ours.event(organiser, garden, "Digging")
        await act(ours, events, visitor, "Leave", event.uri)
        ours.clock.forward(days=2, minutes=1)
        events.now = ours.clock.now()
        await act(ours, events, visitor, "Join", event.uri)
        assert await ours.value("select count(*) from participations") == 1
