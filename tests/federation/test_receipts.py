"""What those who take part are told: once, when it changes, to them alone; and not those who said no."""

from __future__ import annotations

import pytest

from server.arriving import budgets
from server.domain.calling import call_notices, calls, online, participations, receipts
from server.domain.calling.drafting import Wanted
from server.errors import Forbidden
from storage import calls as call_rows
from storage import group_moderation, shift_roles
from storage import participations as participation_rows
from storage.accounts import Account
from storage.calls import Details
from storage.online import Online
from storage.posts import Post
from tests.federation.answering import Remote, member
from tests.federation.instance import Instance
from tests.federation.peer import Peer


def visitor(ours: Instance, server: Peer, garden: Account, event: Post, name: str) -> Remote:
    return Remote(ours, server, server.person(name, key=1), event, garden)


async def test_a_place_is_told_once_with_the_way_back(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost", 5)
    one = visitor(ours, microblog, garden, event, "one")
    await one.vote()
    await one.vote()
    await one.send(one.a_reply())
    (message,) = one.messages()
    (said,) = one.words()
    assert said.startswith("You have a place: Turn the compost (")
    assert "#withdraw" in said
    assert message["attributedTo"] == garden.uri
    assert message.get("cc", []) == []
    assert [t["href"] for t in message["tag"]] == [one.who.uri]
    secret = one.links()[0].rpartition("/")[2]
    for table, column in (("posts", "content"), ("participation_tokens", "digest")):
        kept = await ours.value(
            f"select count(*) from {table} where position($1 in {column}::text) > 0", secret
        )
        assert kept == 0


async def test_the_waiting_list_is_told_as_it_moves(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost", 1)
    people = [visitor(ours, microblog, garden, event, f"visitor{n}") for n in range(3)]
    for person in people:
        await person.vote()
    first, second, third = people
    assert "You have a place" in first.words()[0]
    assert "You are number 1 on the waiting list" in second.words()[0]
    assert "You are number 2 on the waiting list" in third.words()[0]
    await first.leave()
    assert [w.partition(":")[0] for w in second.words()] == [
        "All places are taken",
        "A place is free now, and it is yours",
    ]
    assert len(third.words()) == 1
    assert len(first.words()) == 1
    # Both links of the second work still.
    for link in second.links():
        async with microblog.session.get(link) as seen:
            assert seen.status == 200


@pytest.mark.parametrize("private", [False, True])
async def test_a_message_names_what_is_for_who_gets_it(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account, private: bool
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost", 1)
    async with ours.work.transaction() as tx:
        await shift_roles.set_note(tx.conn, event.id, "The key is <below> the pot.")
        await online.put(tx, event.id, Online("https://meet.example/room", private))
    first, second = (visitor(ours, microblog, garden, event, n) for n in ("a", "b"))
    await first.vote()
    await second.vote()
    assert "meet.example/room" in first.words()[0]
    assert "Only for those who take part: The key is <below> the pot." in first.words()[0]
    assert ("meet.example/room" in second.words()[0]) is not private
    assert "pot" not in second.words()[0]
    await first.leave()
    assert "meet.example/room" in second.words()[1]
    assert "below" in second.words()[1]


async def test_a_reminder_names_where_who_has_a_place_takes_part(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost", 1)
    async with ours.work.transaction() as tx:
        await online.put(tx, event.id, Online("https://meet.example/room", for_participants=True))
    first, second = (visitor(ours, microblog, garden, event, n) for n in ("a", "b"))
    await first.vote()
    await second.vote()
    for what in ("reminder", "changed"):
        async with ours.work.transaction() as tx:
            await call_notices.send(tx, event.id, what)
        await ours.settle()
        assert "Online: https://meet.example/room" in first.words()[-1], what
    assert len(first.words()) == 3
    assert "Time or place have changed" in second.words()[-1]
    assert not any("meet.example" in said for said in second.words())


async def test_who_was_banned_is_not_told_where_the_others_meet(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost")
    async with ours.work.transaction() as tx:
        await online.put(tx, event.id, Online("https://meet.example/room", for_participants=True))
    one = visitor(ours, microblog, garden, event, "one")
    await one.vote()
    given = await ours.value("select id from participations where account_id is not null")
    async with ours.work.transaction() as tx:
        row = await participation_rows.by_id(tx.conn, given)
        call = await call_rows.by_id(tx.conn, event.id)
        assert row
        assert call
        assert await online.for_participant(tx, call, row)
        assert row.account_id
        await group_moderation.ban(
            tx.conn, garden.id, row.account_id, None, "No.", organiser.id, tx.now
        )
        assert await online.for_participant(tx, call, row) is None


async def test_who_says_no_or_joins_hears_nothing_here(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    """A Join has its Accept."""
    event = await ours.event(organiser, garden, "Turn the compost")
    no, maybe, joined = (visitor(ours, microblog, garden, event, n) for n in ("a", "b", "c"))
    await no.send(no.a_vote("I can't"))
    await maybe.send(maybe.a_vote("Maybe"))
    await joined.join()
    assert no.messages() == maybe.messages() == joined.messages() == []
    assert len(microblog.of_type("Accept")) == 1


async def test_members_are_told_what_their_client_does_not_show(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost", 1)
    first = await member(ours, microblog, "first", event)
    second = await member(ours, microblog, "second", event)
    await first.client()
    await second.client()
    await ours.settle()
    assert await first.messages() == []
    (said,) = await second.messages()
    assert "You are number 1 on the waiting list" in said
    await first.out_by_api()
    await ours.settle()
    assert "it is yours" in (await second.messages())[-1]
    notices = await second.api("GET", "/v1/notifications")
    assert [n["type"] for n in notices] == ["mention", "mention"]
    assert all(n["status"]["visibility"] == "direct" for n in notices)


async def test_cancelling_is_told_and_so_is_taking_that_back(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost")
    one = visitor(ours, microblog, garden, event, "one")
    await one.vote()
    for state in ("cancelled", "cancelled", "open"):
        async with ours.work.transaction() as tx:
            await calls.edit(tx, organiser, event, state=state)
        await ours.settle()
    assert [w.partition(":")[0].removeprefix("@one ") for w in one.words()] == [
        "You have a place",
        "Cancelled",
        "It takes place after all",
    ]


async def test_who_helps_is_not_given_a_place(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    ladder = Wanted("A ladder", Details(None, None, "UTC", capacity=1), kind="need")
    async with ours.work.transaction() as tx:
        need = await calls.create(tx, organiser, garden, ladder)
    first, second = (visitor(ours, microblog, garden, need, n) for n in ("a", "b"))
    await first.send(first.a_vote("I can help"))
    await second.send(second.a_vote("I can help"))
    assert first.words()[0].startswith("Your answer counts: A ladder.")
    assert "You are number 1 on the waiting list" in second.words()[0]


async def test_what_was_postponed_takes_place_after_all_and_nothing_is_said_to_have_changed(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost")
    one = visitor(ours, microblog, garden, event, "one")
    await one.vote()
    for state in ("postponed", "open"):
        async with ours.work.transaction() as tx:
            await calls.edit(tx, organiser, event, state=state)
        await ours.settle()
    assert [w.partition(":")[0].removeprefix("@one ") for w in one.words()[1:]] == [
        "Postponed",
        "It takes place after all",
    ]


async def test_why_it_is_called_off_is_told_to_all_whom_no_update_tells_it(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    """The servers of those who joined say that it is off, and not why."""
    event = await ours.event(organiser, garden, "Turn the compost")
    votes, joins = (visitor(ours, microblog, garden, event, n) for n in ("votes", "joins"))
    await votes.vote()
    await joins.join()
    for state, why in (("postponed", ""), ("open", "never told"), ("cancelled", "A storm comes")):
        async with ours.work.transaction() as tx:
            await calls.edit(tx, organiser, event, state=state, why=why)
        await ours.settle()
    assert votes.words()[-1].endswith("A storm comes")
    assert [said.endswith("A storm comes") for said in joins.words()] == [True]
    assert not any("never told" in said for said in votes.words())


@pytest.mark.parametrize("by", ["link", "reply"])
@pytest.mark.parametrize("what", ["changed", "reminder", "reopened"])
async def test_who_cannot_come_then_takes_the_answer_back_by_the_message(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account, what: str, by: str
) -> None:
    """Without an account here nobody can do so on the call's page."""
    event = await ours.event(organiser, garden, "Turn the compost")
    one = visitor(ours, microblog, garden, event, "one")
    await one.vote()
    before = set(one.links())
    async with ours.work.transaction() as tx:
        await call_notices.send(tx, event.id, what)
    await ours.settle()
    assert "take your answer back" in one.words()[-1]
    assert one.links()[-1] not in before
    secret = one.links()[-1].rpartition("/")[2]
    kept = await ours.value("select count(*) from posts where position($1 in content) > 0", secret)
    assert kept == 0
    assert await (one.link() if by == "link" else one.answer_to_receipt()) == "done"
    assert (await ours.call(event)).counted == 0


async def test_organisers_turn_thanks_off_and_who_waits_is_told(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost", 1)
    other = await ours.member("other")
    with pytest.raises(Forbidden):
        async with ours.work.transaction() as tx:
            await receipts.choose(tx, other, event, wanted=False)
    async with ours.work.transaction() as tx:
        await receipts.choose(tx, organiser, event, wanted=False)
    first, second = (visitor(ours, microblog, garden, event, n) for n in ("a", "b"))
    await first.vote()
    await second.vote()
    assert first.messages() == []
    assert "number 1 on the waiting list" in second.words()[0]


async def test_a_flood_of_votes_makes_no_flood_of_messages(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost")
    async with ours.work.transaction() as tx:
        rule = budgets.RECEIPTS
        await budgets.take(tx, rule, microblog.host, count=rule.limit - 1)
    first, second = (visitor(ours, microblog, garden, event, n) for n in ("a", "b"))
    await first.vote()
    await second.vote()
    assert len(first.messages()) == 1
    assert second.messages() == []
    assert (await ours.call(event)).counted == 2


async def test_the_words_of_a_link_are_nobodys_name(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Turn the compost")
    one = visitor(ours, microblog, garden, event, "visitor")
    await one.vote()
    async with microblog.session.get(one.links()[0]) as seen:
        page = await seen.text()
        assert seen.headers["Referrer-Policy"] == "same-origin"
        assert seen.headers["Cache-Control"] == "no-store"
    assert "I'm coming" in page.replace("&#39;", "'")
    assert "visitor" not in page


async def test_who_blocks_the_community_meanwhile_is_left_alone(
    ours: Instance, organiser: Account, garden: Account
) -> None:
    """A job that finds no answer any more writes nothing."""
    event = await ours.event(organiser, garden, "Turn the compost", 1)
    async with ours.work.transaction() as tx:
        assert await receipts.due(tx, 4711) is None
        row = await participations.answer(tx, organiser, event, "maybe", "client")
        assert await receipts.due(tx, row.id) is None


async def test_a_call_typed_elsewhere_stays_a_post_and_its_author_is_told(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    author = microblog.person("author")
    note = microblog.note(
        author, "<p>@garden !event Walk<br>when: 2090-05-01 10:00</p>", [garden.uri]
    )
    created = microblog.create(author, note)
    assert (await microblog.send(author, created, ours.inbox)).status == 202
    await ours.settle()
    stored = await ours.post(note["id"])
    assert stored
    assert stored.kind == "note"
    (told,) = [
        d["object"] for d in microblog.of_type("Create") if d["object"]["to"] == [author.uri]
    ]
    assert "stays a post" in told["content"]
    assert ours.host in told["content"]
