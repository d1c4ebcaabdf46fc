"""A plain microblog, and other neighbours, take part in what a community of ours does."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta

import orjson
import pytest
from apsig import ProofVerifier
from apsig.exceptions import VerificationFailedError

from federation import capabilities
from federation.deliver import GIVE_UP_AFTER
from server.domain.calling import calls, deleting
from server.domain.posting import drafts, posts
from server.domain.posting.drafts import PollDraft
from server.jobs import deliver
from storage import lanes, outbox
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import CAVAGE, RFC9421, Json, Peer, Person, peer

GOING, MAYBE, DECLINED = "I'm coming", "Maybe", "I can't"


async def join(ours: Instance, server: Peer, who: Person, group: Account) -> None:
    """Follow a community, and forget what was said so far."""
    assert (await follow(ours, server, who, group))[0] == 202
    await ours.settle()
    assert len(server.of_type("Accept")) == 1
    server.received.clear()


async def follow(ours: Instance, server: Peer, who: Person, group: Account) -> tuple[int, str]:
    return await server.send(who, server.activity(who, "Follow", group.uri), ours.inbox)


async def act(ours: Instance, server: Peer, who: Person, kind: str, about: object) -> Json:
    """Send an activity, and see what it became: it must have been done."""
    document = server.activity(who, kind, about)
    assert (await server.send(who, document, ours.inbox)).status == 202
    await ours.settle()
    assert await ours.outcome(document["id"]) == "done"
    return document


async def vote(ours: Instance, server: Peer, who: Person, card: Json, choice: str) -> str:
    """Vote as a microblog does; what became of it."""
    ballot = server.vote(who, card, choice)
    assert (await server.send(who, ballot, ours.inbox)).status == 202
    await ours.settle()
    return await ours.outcome(ballot["id"])


def card_of(server: Peer) -> Json:
    made = [create["object"] for create in server.of_type("Create")]
    (card,) = [document for document in made if document["type"] == "Question"]
    return card


async def counts(ours: Instance, event: Post) -> tuple[int, int, int]:
    call = await ours.call(event)
    return call.confirmed, call.expressed, call.waiting


# The community


async def test_a_follow_is_accepted(ours: Instance, microblog: Peer, garden: Account) -> None:
    reader = microblog.person("reader")
    asked = microblog.activity(reader, "Follow", garden.uri)
    assert await microblog.send(reader, asked, f"{garden.uri}/inbox") == (202, "")
    await ours.settle()
    (accept,) = microblog.of_type("Accept")
    assert accept["actor"] == garden.uri
    assert accept["object"]["id"] == asked["id"]
    assert microblog.refused == []


async def test_rfc9421_is_read_too(ours: Instance, microblog: Peer, garden: Account) -> None:
    reader = microblog.person("reader")
    asked = microblog.activity(reader, "Follow", garden.uri)
    assert await microblog.send(reader, asked, ours.inbox, scheme=RFC9421) == (202, "")
    await ours.settle()
    assert len(microblog.of_type("Accept")) == 1


async def test_the_second_scheme_is_tried_and_remembered(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    microblog.takes = (RFC9421,)
    reader = microblog.person("reader")
    await follow(ours, microblog, reader, garden)
    await ours.settle()
    assert [r.scheme for r in microblog.received] == [RFC9421], microblog.refused
    assert len(microblog.refused) == 1
    assert await ours.value("select scheme from hosts where host = $1", microblog.host) == RFC9421
    await act(ours, microblog, reader, "Follow", garden.uri)
    assert [r.scheme for r in microblog.received] == [RFC9421, RFC9421]
    assert len(microblog.refused) == 1


def says_rfc9421(server: Peer, who: Person) -> None:
    """As WordPress says it (FEP-844e)."""
    software = {"type": "Application", "implements": [{"href": capabilities.RFC9421}]}
    server.serve({**who.document(), "generator": software})


async def test_who_says_that_it_reads_rfc9421_is_asked_so_first(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    microblog.takes = (RFC9421,)
    reader = microblog.person("reader")
    says_rfc9421(microblog, reader)
    await follow(ours, microblog, reader, garden)
    await ours.settle()
    assert [r.scheme for r in microblog.received] == [RFC9421]
    assert microblog.refused == []


async def test_what_a_host_took_counts_for_more_than_what_it_says(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    microblog.takes = (CAVAGE,)
    for name in ("reader", "writer"):
        says_rfc9421(microblog, microblog.person(name))
        await follow(ours, microblog, microblog.people[name], garden)
        await ours.settle()
    assert [r.scheme for r in microblog.received] == [CAVAGE, CAVAGE]
    assert len(microblog.refused) == 1


async def test_a_mention_is_carried_as_a_bare_boost(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    reader = microblog.person("reader")
    await join(ours, microblog, reader, garden)
    note = microblog.note(reader, "<p>Who has seeds?</p>", [garden.uri])
    await act_create(ours, microblog, reader, note)
    stored = await ours.post(note["id"])
    assert stored
    assert stored.community_id == garden.id
    (announce,) = microblog.of_type("Announce")
    assert announce["actor"] == garden.uri
    assert announce["object"] == note["id"]


async def act_create(ours: Instance, server: Peer, who: Person, note: Json) -> None:
    created = server.create(who, note)
    assert (await server.send(who, created, ours.inbox)).status == 202
    await ours.settle()
    assert await ours.outcome(created["id"]) == "done"


async def test_a_private_message_to_a_community_goes_nowhere(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    reader = microblog.person("reader")
    await join(ours, microblog, reader, garden)
    async with peer("lemmy") as threads:
        await join(ours, threads, threads.person("watcher"), garden)
        note = microblog.note(reader, "<p>Just for you</p>", [garden.uri], to=[garden.uri], cc=[])
        await act_create(ours, microblog, reader, note)
        assert threads.received == []
    assert microblog.received == []


async def test_groups_are_read_with_the_activity_embedded(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    reader = microblog.person("reader")
    await join(ours, microblog, reader, garden)
    async with peer("lemmy") as threads:
        await join(ours, threads, threads.person("watcher"), garden)
        note = microblog.note(reader, "<p>Who has seeds?</p>", [garden.uri])
        created = microblog.create(reader, note)
        await microblog.send(reader, created, ours.inbox)
        await ours.settle()
        (announce,) = threads.of_type("Announce")
        assert announce["object"] == created


async def test_what_one_did_oneself_can_be_undone(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    reader = microblog.person("reader")
    post = await ours.publish(organiser, "The beans are up")
    like = await act(ours, microblog, reader, "Like", post.uri)
    boost = await act(ours, microblog, reader, "Announce", post.uri)
    counted = await ours.post(post.uri)
    assert counted
    assert (counted.favourites_count, counted.reblogs_count) == (1, 1)
    await act(ours, microblog, reader, "Undo", like)
    await act(ours, microblog, reader, "Undo", boost["id"])
    counted = await ours.post(post.uri)
    assert counted
    assert (counted.favourites_count, counted.reblogs_count) == (0, 0)


async def test_a_note_is_updated_and_deleted_by_its_author(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    reader = microblog.person("reader")
    note = microblog.note(reader, "<p>Who has seeds?</p>", [garden.uri])
    await act_create(ours, microblog, reader, note)
    await act(ours, microblog, reader, "Update", {**note, "content": "<p>I have seeds</p>"})
    changed = await ours.post(note["id"])
    assert changed
    assert changed.content == "<p>I have seeds</p>"
    await act(ours, microblog, reader, "Delete", {"id": note["id"], "type": "Tombstone"})
    assert await ours.post(note["id"]) is None


async def test_an_unfollow_ends_what_is_sent(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    reader = microblog.person("reader")
    await join(ours, microblog, reader, garden)
    again = microblog.activity(reader, "Follow", garden.uri)
    await act(ours, microblog, reader, "Undo", again)
    await ours.event(organiser, garden, "Digging")
    await ours.settle()
    assert microblog.received == []


# Calls


async def test_a_call_is_one_card(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    reader = microblog.person("reader")
    await join(ours, microblog, reader, garden)
    event = await ours.event(organiser, garden, "Digging")
    await ours.settle()
    card = card_of(microblog)
    assert microblog.of_type("Create")[0]["actor"] == card["attributedTo"] == garden.uri
    assert card["type"] == "Question"
    assert [o["name"] for o in card["oneOf"]] == [GOING, MAYBE, DECLINED]
    assert sorted(r.type for r in microblog.received) == ["Add", "Create"]
    assert event.uri not in [a["object"] for a in microblog.of_type("Add")]


@pytest.mark.parametrize(("state", "word"), [("cancelled", "Cancelled"), ("closed", "Closed")])
async def test_a_card_that_takes_no_answers_asks_for_none_and_has_ended(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account, state: str, word: str
) -> None:
    """As Takahē 0.11 reads it: it knows ``endTime`` and no ``closed``, and shows whatever else as open."""
    await join(ours, microblog, microblog.person("reader"), garden)
    event = await ours.event(organiser, garden, "Digging")
    await ours.settle()
    created = card_of(microblog)
    assert "Are you coming?" in created["content"]
    assert "endTime" not in created
    for now in (state, "open"):
        ours.clock.forward(minutes=5)
        async with ours.work.transaction() as tx:
            await calls.edit(tx, organiser, event, state=now)
        await ours.settle()
    ended, again = (
        u["object"] for u in microblog.of_type("Update") if u["object"]["type"] == "Question"
    )
    assert word in ended["content"]
    assert "?" not in ended["content"]
    assert "Your answer" not in ended["content"]
    assert event.url in ended["content"]
    assert ended["endTime"] == ended["closed"]
    assert "endTime" not in again
    assert again["content"] == created["content"]


async def test_a_server_that_has_no_follower_left_hears_that_a_call_is_off_and_gone(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    """Takahē 0.11 went on showing a card of whose community the last follower had been banned."""
    reader = microblog.person("reader")
    await join(ours, microblog, reader, garden)
    event = await ours.event(organiser, garden, "Digging")
    await ours.settle()
    card = card_of(microblog)
    asked = {"type": "Follow", "actor": reader.uri, "object": garden.uri}
    await act(ours, microblog, reader, "Undo", asked)
    later = await ours.event(organiser, garden, "Not for those who left")
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, event, state="cancelled")
    await ours.settle()
    (told,) = (d for d in microblog.of_type("Update") if d["object"]["type"] == "Question")
    assert "Cancelled" in told["object"]["content"]
    for post in (event, later):
        async with ours.work.transaction() as tx:
            await deleting.delete(tx, organiser, post)
    await ours.settle()
    gone = [d["object"] for d in microblog.of_type("Delete")]
    assert [g["id"] for g in gone] == [card["id"]]


async def test_what_we_publish_is_proven(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    """FEP-8b32, verified by another implementation with the key in the actor's document."""
    await join(ours, microblog, microblog.person("reader"), garden)
    await ours.event(organiser, garden, "Digging")
    await ours.settle()
    (created,) = microblog.of_type("Create")
    actor = await microblog.fetch(created["actor"])
    (key,) = actor["assertionMethod"]
    assert created["proof"]["verificationMethod"] == key["id"]
    verifier = ProofVerifier(key["publicKeyMultibase"])
    changed = deepcopy({**created, "published": "2020-01-01T00:00:00Z"})
    assert verifier.verify(created, raise_on_fail=True)  # takes the proof out of what it is given
    with pytest.raises(VerificationFailedError):
        verifier.verify(changed, raise_on_fail=True)


async def test_a_late_follower_gets_the_open_calls(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    await ours.event(organiser, garden, "Digging")
    await ours.settle()
    await follow(ours, microblog, microblog.person("reader"), garden)
    await ours.settle()
    assert card_of(microblog)["type"] == "Question"


async def test_a_vote_on_the_card_is_an_answer(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    reader = microblog.person("reader")
    await join(ours, microblog, reader, garden)
    event = await ours.event(organiser, garden, "Digging")
    await ours.settle()
    assert await vote(ours, microblog, reader, card_of(microblog), GOING) == "done"
    assert await counts(ours, event) == (0, 1, 0)
    other = microblog.person("other")
    assert await vote(ours, microblog, other, card_of(microblog), MAYBE) == "done"
    assert await counts(ours, event) == (0, 1, 0)
    assert await vote(ours, microblog, other, card_of(microblog), GOING) == "done"
    assert await counts(ours, event) == (0, 2, 0)


async def test_counts_leave_every_three_minutes_at_most(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    voters = [microblog.person(f"voter{n}") for n in range(3)]
    await join(ours, microblog, voters[0], garden)
    await ours.event(organiser, garden, "Digging")
    await ours.settle()
    card = card_of(microblog)
    for voter in voters:
        await vote(ours, microblog, voter, card, GOING)
    sent = len(microblog.of_type("Update"))
    assert sent <= 1
    ours.clock.forward(minutes=2, seconds=50)
    await ours.settle()
    assert len(microblog.of_type("Update")) == sent
    ours.clock.forward(seconds=15)
    await ours.settle()
    updates = microblog.of_type("Update")
    assert len(updates) == sent + 1
    assert updates[-1]["object"]["oneOf"][0]["replies"]["totalItems"] == 3
    assert "updated" not in updates[-1]["object"]
    ours.clock.forward(days=1)
    await ours.settle()
    assert len(microblog.of_type("Update")) == sent + 1


async def test_places_are_given_in_order(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        people = [events.person(name) for name in ("first", "second", "third")]
        await join(ours, events, people[0], garden)
        event = await ours.event(organiser, garden, "Digging", capacity=1)
        await ours.settle()
        (created,) = events.of_type("Create")
        assert created["object"]["type"] == "Event"
        assert created["actor"] == organiser.uri
        joins = [await act(ours, events, who, "Join", event.uri) for who in people]
        assert answers(events) == [
            ("Accept", joins[0]["id"]),
            ("TentativeAccept", joins[1]["id"]),
            ("TentativeAccept", joins[2]["id"]),
        ]
        assert await counts(ours, event) == (1, 0, 2)
        events.received.clear()
        await act(ours, events, people[0], "Leave", event.uri)
        assert answers(events) == [("Accept", joins[1]["id"])]
        await act(ours, events, people[1], "Undo", joins[1])
        assert answers(events) == [("Accept", joins[1]["id"]), ("Accept", joins[2]["id"])]
        assert await counts(ours, event) == (1, 0, 0)


async def test_a_join_is_taken_back_by_its_id(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("mobilizon") as events:
        event = await ours.event(organiser, garden, "Digging", capacity=1)
        first, second = events.person("first"), events.person("second")
        joined = await act(ours, events, first, "Join", event.uri)
        waiting = await act(ours, events, second, "Join", event.uri)
        events.received.clear()
        await act(ours, events, first, "Undo", joined["id"])
        assert answers(events) == [("Accept", waiting["id"])]
        assert await counts(ours, event) == (1, 0, 0)


async def test_a_repeated_join_is_answered_and_keeps_its_place(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    """Whoever lost our answer asks again, with a new id."""
    async with peer("mobilizon") as events:
        event = await ours.event(organiser, garden, "Digging", capacity=1)
        people = [events.person(name) for name in ("first", "second", "third")]
        for who in people:
            await act(ours, events, who, "Join", event.uri)
        events.received.clear()
        ours.clock.forward(minutes=1)
        again = [await act(ours, events, who, "Join", event.uri) for who in reversed(people)]
        assert answers(events) == [
            ("TentativeAccept", again[0]["id"]),
            ("TentativeAccept", again[1]["id"]),
            ("Accept", again[2]["id"]),
        ]
        await act(ours, events, people[0], "Leave", event.uri)
        assert answers(events)[-1][0] == "Accept"
        assert events.of_type("Accept")[-1]["object"]["actor"] == people[1].uri
        assert await counts(ours, event) == (1, 0, 1)


async def test_all_are_told_when_a_call_changes(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    """Each in the form that it was first sent, whatever its server has become since."""
    await join(ours, microblog, microblog.person("reader"), garden)
    async with peer("mobilizon") as events:
        await join(ours, events, events.person("reader"), garden)
        event = await ours.event(organiser, garden, "Digging")
        await ours.settle()
        async with ours.work.transaction() as tx:
            await tx.conn.execute("update hosts set software = 'lemmy'")
            await calls.edit(tx, organiser, event, state="cancelled")
        await ours.settle()
        (card,) = microblog.of_type("Update")
        assert card["object"]["type"] == "Question"
        assert "Cancelled" in card["object"]["content"]
        (told,) = events.of_type("Update")
        assert told["object"]["type"] == "Event"
        assert told["object"]["status"] == "CANCELLED"
        async with ours.work.transaction() as tx:
            await deleting.delete(tx, organiser, event)
        await ours.settle()
        (gone,) = microblog.of_type("Delete")
        assert gone["object"]["id"] == card["object"]["id"]
        assert [d["object"]["id"] for d in events.of_type("Delete")] == [event.uri]


def answers(server: Peer) -> list[tuple[str, str]]:
    found = server.of_type("Accept", "TentativeAccept", "Reject")
    return [(a["type"], a["object"]["id"]) for a in found]


async def test_a_vote_waits_like_anybody(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    reader = microblog.person("reader")
    await join(ours, microblog, reader, garden)
    event = await ours.event(organiser, garden, "Digging", capacity=1)
    await ours.settle()
    card = card_of(microblog)
    async with peer("mobilizon") as events:
        first = events.person("first")
        await act(ours, events, first, "Join", event.uri)
        await vote(ours, microblog, reader, card, GOING)
        assert await counts(ours, event) == (1, 0, 1)
        await act(ours, events, first, "Leave", event.uri)
        assert await counts(ours, event) == (0, 1, 0)
        await vote(ours, microblog, reader, card, DECLINED)
        assert await counts(ours, event) == (0, 0, 0)


async def test_a_join_confirms_what_a_vote_expressed(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    """Of a server with both polls and events: the answer is one, and the better proof counts."""
    reader = microblog.person("reader")
    await join(ours, microblog, reader, garden)
    event = await ours.event(organiser, garden, "Digging", capacity=1)
    await ours.settle()
    await vote(ours, microblog, reader, card_of(microblog), GOING)
    asked = await act(ours, microblog, reader, "Join", event.uri)
    assert answers(microblog) == [("Accept", asked["id"])]
    assert await counts(ours, event) == (1, 0, 0)


async def test_a_call_in_a_group_is_one_announce(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer("lemmy") as threads:
        await join(ours, threads, threads.person("watcher"), garden)
        event = await ours.event(organiser, garden, "Digging")
        await ours.settle()
        assert threads.of_type("Create") == []
        (announce,) = threads.of_type("Announce")
        assert announce["object"]["type"] == "Create"
        assert announce["object"]["object"]["id"] == event.uri
        assert announce["object"]["actor"] == organiser.uri


async def test_a_server_without_nodeinfo_gets_the_card(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    async with peer(None) as unknown:
        await join(ours, unknown, unknown.person("reader"), garden)
        await ours.event(organiser, garden, "Digging")
        await ours.settle()
        assert card_of(unknown)["type"] == "Question"


async def test_a_poll_of_ours_is_voted_in_once(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    reader = microblog.person("reader")
    poll = await ours.publish(organiser, "Which?", poll=poll_of("Beans", "Peas"))
    question = {"id": poll.uri, "attributedTo": organiser.uri}
    assert await vote(ours, microblog, reader, question, "Peas") == "done"
    assert await vote(ours, microblog, reader, question, "Beans") == "already_voted"
    assert await tally(ours, poll) == [0, 1]


async def test_a_poll_with_several_choices_takes_them_one_by_one_or_together(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    one, two = microblog.person("one"), microblog.person("two")
    poll = await ours.publish(organiser, "Which?", poll=poll_of("Beans", "Peas", multiple=True))
    question = {"id": poll.uri, "attributedTo": organiser.uri}
    assert await vote(ours, microblog, one, question, "Peas") == "done"
    assert await vote(ours, microblog, one, question, "Beans") == "done"
    ballots = [microblog.vote(two, question, name)["object"] for name in ("Peas", "Beans")]
    together = microblog.activity(two, "Create", ballots, to=organiser.uri)
    await microblog.send(two, together, ours.inbox)
    await ours.settle()
    assert await tally(ours, poll) == [2, 2]
    stored = await ours.rows(
        "select v.uri, o.title from poll_votes v join poll_options o using (post_id, position)"
    )
    named = {ballot["id"]: ballot["name"] for ballot in ballots}
    assert {r["uri"]: r["title"] for r in stored if r["uri"] in named} == named


async def test_who_voted_sees_the_counts_without_following(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    """snac asks for the counts again at the end only, and shows till then what it was sent."""
    poll = await ours.publish(organiser, "Which day?", poll=poll_of("Saturday", "Sunday"))
    question = {"id": poll.uri, "attributedTo": organiser.uri}
    assert await vote(ours, microblog, microblog.person("passer-by"), question, "Sunday") == "done"
    ours.clock.forward(minutes=4)
    await ours.settle()
    (updated,) = microblog.of_type("Update")
    counted = [option["replies"]["totalItems"] for option in updated["object"]["oneOf"]]
    assert counted == [0, 1]


async def test_who_answered_a_call_hears_of_its_end_without_following(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    """They found the card by a search, or in somebody's boost."""
    event = await ours.event(organiser, garden, "Digging")
    await ours.settle()
    assert microblog.received == []
    call = await ours.call(event)
    question = {"id": call.card_uri, "attributedTo": garden.uri}
    assert await vote(ours, microblog, microblog.person("passer-by"), question, GOING) == "done"
    await ours.settle()
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, event, state="cancelled")
    await ours.settle()
    told = microblog.of_type("Update")[-1]["object"]
    assert (told["id"], "Cancelled" in told["content"]) == (call.card_uri, True)
    async with ours.work.transaction() as tx:
        await deleting.delete(tx, organiser, event)
    await ours.settle()
    assert [d["object"]["id"] for d in microblog.of_type("Delete")] == [call.card_uri]


def poll_of(*titles: str, multiple: bool = False) -> PollDraft:
    return PollDraft(tuple((title, 0) for title in titles), multiple)


async def tally(ours: Instance, poll: Post) -> list[int]:
    rows = await ours.rows(
        "select votes_count from poll_options where post_id = $1 order by position", poll.id
    )
    return [row["votes_count"] for row in rows]


# Delivery


async def test_a_dead_host_costs_one_lane_and_keeps_its_followers(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    await join(ours, microblog, microblog.person("reader"), garden)
    microblog.down = True
    started = ours.clock.now()
    for number in range(3):
        await ours.event(organiser, garden, f"Digging {number}")
    await ours.settle()
    waits: list[timedelta] = []
    while await ours.value("select count(*) from deliveries"):
        at = await ours.value("select ready_at from lanes where queue = 'delivery'")
        waits.append(at - ours.clock.now())
        ours.clock.forward(seconds=waits[-1].total_seconds() + 1)
        await ours.settle()
        assert len(waits) < 60
    assert waits == sorted(waits, key=lambda w: min(w, timedelta(hours=24)))
    assert max(waits) <= timedelta(hours=29)
    assert ours.clock.now() - started >= GIVE_UP_AFTER
    assert await ours.value("select given_up_at from hosts where host = $1", microblog.host)
    assert await ours.value("select followers_count from accounts where id = $1", garden.id) == 2
    microblog.down = False
    await ours.event(organiser, garden, "Harvest")
    await ours.settle()
    assert len(microblog.of_type("Create")) == 1
    assert not await ours.value("select given_up_at from hosts where host = $1", microblog.host)


async def test_order_is_kept_per_object_while_a_host_is_down(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    reader = microblog.person("reader")
    await act(ours, microblog, reader, "Follow", organiser.uri)
    microblog.received.clear()
    microblog.status = 503
    post = await ours.publish(organiser, "The beans are up")
    for _ in range(9):
        await ours.settle()
        (latest,) = await ours.rows("select max(ready_at) as at from deliveries")
        lane = await ours.value("select ready_at from lanes where queue = 'delivery'")
        assert latest["at"] <= lane, "it would be overtaken when the lane is ready"
        ours.clock.forward(seconds=(lane - ours.clock.now()).total_seconds() + 1)
    async with ours.work.transaction() as tx:
        await posts.edit(
            tx, organiser, post, drafts.Draft(content="<p>They are</p>", source="They")
        )
    microblog.status = 202
    ours.clock.forward(days=2)
    await ours.settle()
    assert [r.type for r in microblog.received] == ["Create", "Update"]


async def test_a_crash_between_sending_and_writing_sends_the_same_again(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    reader = microblog.person("reader")
    await follow(ours, microblog, reader, garden)
    for work in (ours.apply, ours.jobs):
        while await work():
            pass
    async with ours.work.transaction() as tx:  # a worker that dies with its hands full
        now, lease = tx.now, tx.now + deliver.LEASE
        hosts = await lanes.claim(tx.conn, lanes.DELIVERY, now, lease, 10, None)
        (held,) = await outbox.ready(tx.conn, hosts, now, 10)
        known = await outbox.host(tx.conn, microblog.host)
    assert known
    await deliver.send(ours.net, known, held)
    await ours.settle()
    assert len(microblog.received) == 1
    ours.clock.forward(seconds=deliver.LEASE.total_seconds() + 1)
    await ours.settle()
    assert [r.document["id"] for r in microblog.received] == [orjson.loads(held.body)["id"]] * 2
    assert await ours.value("select count(*) from deliveries") == 0


async def test_who_is_not_let_in_yet_cannot_be_followed(ours: Instance, microblog: Peer) -> None:
    baker, newcomer = microblog.person("baker"), await ours.member("newcomer")
    async with ours.work.transaction() as tx:
        await tx.conn.execute("update accounts set waiting = true where id = $1", newcomer.id)
    document = microblog.activity(baker, "Follow", newcomer.uri)
    assert (await microblog.send(baker, document, ours.inbox)).status == 202
    await ours.settle()
    assert await ours.outcome(document["id"]) == "unknown_target"
    assert await ours.value("select count(*) from follows") == 0
