"""Needs and offers between servers (FEP-0837): what is promised from elsewhere, and what ours promise elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from server.arriving import resolve
from server.domain import wire
from server.domain.calling import calls, commitments, participations
from server.domain.calling.drafting import Wanted
from server.domain.members import follows
from storage import commitments as rows
from storage import taken_back
from storage.accounts import Account
from storage.calls import Details
from storage.commitments import Commitment
from storage.posts import Post
from tests.federation.five import five
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person, peer

CATEGORY = "https://w3id.org/fep/d9f9/category/"


async def make(
    at: Instance, by: Account, group: Account, *, kind: str = "need", capacity: int | None = 5
) -> Post:
    details = Details(None, None, "UTC", capacity=capacity if kind == "need" else None)
    async with at.work.transaction() as tx:
        post = await calls.create(tx, by, group, Wanted("Chairs", details, kind=kind))
        if kind == "need":
            await commitments.categorise(tx, by, post, "tools")
        return post


async def promised(at: Instance, by: Account, post: Post) -> list[Commitment]:
    async with at.work.reading() as tx:
        return await commitments.of_call(tx, by, post)


async def step(at: Instance, by: Account, post: Post, name: str) -> None:
    (found,) = await promised(at, by, post)
    async with at.work.transaction() as tx:
        await commitments.step(tx, by, post, found.id, name)
    await at.settle()


def offer(server: Peer, who: Person, post: Post, quantity: str = "3", **more: Any) -> Json:
    agreement: Json = {
        "type": "Agreement",
        "stipulates": {
            "type": "Commitment",
            "satisfies": more.pop("satisfies", f"{post.uri}#primary"),
            "resourceQuantity": {
                "hasUnit": more.pop("unit", "one"),
                "hasNumericalValue": quantity,
            },
            **({"resourceConformsTo": more.pop("what")} if "what" in more else {}),
        },
        **more,
    }
    return server.activity(who, "Offer", agreement, content="From the school")


async def send(ours: Instance, server: Peer, who: Person, document: Json) -> str:
    assert (await server.send(who, document, ours.inbox)).status == 202
    await ours.settle()
    return await ours.outcome(document["id"])


@pytest.fixture
async def market() -> Any:
    async with peer("mitra") as made:
        yield made


async def test_a_need_is_a_proposal_too(
    ours: Instance, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    async with ours.work.reading() as tx:
        document = await wire.post(tx, post)
    assert (document["type"], document["purpose"]) == ("Page", "request")
    assert document["publishes"] == {
        "type": "Intent",
        "id": f"{post.uri}#primary",
        "action": "transfer",
        "resourceConformsTo": f"{CATEGORY}tools",
        "resourceQuantity": {"hasUnit": "one", "hasNumericalValue": "5"},
        "availableQuantity": {"hasUnit": "one", "hasNumericalValue": "5"},
    }
    assert "unitBased" not in document  # any part of it may be promised
    assert document["cta:call"]


async def test_other_calls_are_no_proposals(
    ours: Instance, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden, kind="petition")
    async with ours.work.reading() as tx:
        document = await wire.post(tx, post)
    assert not {"purpose", "publishes"} & document.keys()


async def test_an_offer_is_accepted_and_confirmed(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    bob = market.person("bob")
    sent = offer(market, bob, post, what=f"{CATEGORY}tools")
    assert await send(ours, market, bob, sent) == "done"
    (found,) = await promised(ours, organiser, post)
    assert (found.quantity, found.said, found.state) == (3, "From the school", "promised")
    assert market.of_type("Accept", "Reject") == []  # until somebody says so

    await step(ours, organiser, post, "accept")
    (accepted,) = market.of_type("Accept")
    assert (accepted["actor"], accepted["object"]) == (organiser.uri, sent["id"])
    agreed = accepted["result"]
    assert agreed["stipulates"]["satisfies"] == f"{post.uri}#primary"
    assert agreed["stipulates"]["id"] == f"{agreed['id']}#primary"
    assert agreed["stipulates"]["resourceQuantity"] == {"hasUnit": "one", "hasNumericalValue": "3"}

    await step(ours, organiser, post, "fulfil")
    (receipt,) = market.of_type("Create")
    assert receipt["object"]["context"] == agreed["id"]
    assert receipt["to"] == [bob.uri]


async def test_what_is_declined_is_rejected(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    bob = market.person("bob")
    sent = offer(market, bob, post)
    await send(ours, market, bob, sent)
    await step(ours, organiser, post, "decline")
    (rejected,) = market.of_type("Reject")
    assert rejected["object"] == sent["id"]


NOT_TAKEN = [
    ({"quantity": "6"}, "No more than 5 are still wanted."),
    ({"quantity": "0"}, "A quantity is 1 to 1,000,000."),
    ({"quantity": "2.5"}, "What is promised is a whole number of the unit one."),
    ({"unit": "kilogram"}, "What is promised is a whole number of the unit one."),
    ({"what": f"{CATEGORY}food"}, "That is not what this call is about."),
    ({"stipulatesReciprocal": {"type": "Commitment"}}, "Nothing is given in return."),
]


@pytest.mark.parametrize(("said", "why"), NOT_TAKEN)
async def test_what_cannot_be_taken_is_rejected_with_the_reason(
    ours: Instance, market: Peer, organiser: Account, garden: Account, said: Json, why: str
) -> None:
    post = await make(ours, organiser, garden)
    bob = market.person("bob")
    sent = offer(market, bob, post, **said)
    assert await send(ours, market, bob, sent) == "done"
    (rejected,) = market.of_type("Reject")
    assert (rejected["object"], rejected["content"]) == (sent["id"], why)
    assert await promised(ours, organiser, post) == []
    assert (await ours.call(post)).counted == 0


async def test_what_is_closed_takes_no_offers(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="closed")
    bob = market.person("bob")
    await send(ours, market, bob, offer(market, bob, post))
    (rejected,) = market.of_type("Reject")
    assert rejected["content"] == "This call is over."
    assert await promised(ours, organiser, post) == []


async def test_who_is_blocked_hears_nothing(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    bob = market.person("bob")
    found = await resolve.actor(ours.net, bob.uri)
    async with ours.work.transaction() as tx:
        await follows.block(tx, organiser, found)
    market.received.clear()
    assert await send(ours, market, bob, offer(market, bob, post)) == "blocked"
    assert market.of_type("Reject", "Accept") == []
    assert await promised(ours, organiser, post) == []


async def test_only_needs_and_offers_take_offers(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden, kind="petition")
    bob = market.person("bob")
    assert await send(ours, market, bob, offer(market, bob, post)) == "unknown_call"
    other = offer(market, bob, post, satisfies=f"{post.uri}#reciprocal")
    assert await send(ours, market, bob, other) == "unknown_call"
    plain = market.activity(bob, "Offer", {"type": "Note", "content": "x"})
    assert await send(ours, market, bob, plain) == "unknown_object_type"


async def test_an_offer_by_another_hand_is_refused(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    bob, mallory = market.person("bob"), market.person("mallory", key=1)
    sent = offer(market, bob, post)
    assert (await market.send(mallory, sent, ours.inbox)).status == 401
    await ours.settle()
    assert await promised(ours, organiser, post) == []


async def test_the_same_offer_again_is_no_event(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    bob = market.person("bob")
    sent = offer(market, bob, post)
    await send(ours, market, bob, sent)
    await step(ours, organiser, post, "accept")
    again = {**sent, "content": "Something else"}
    await send(ours, market, bob, again)
    (found,) = await promised(ours, organiser, post)
    assert (found.state, found.said) == ("accepted", "From the school")


async def test_an_offer_is_taken_back(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    bob, mallory = market.person("bob"), market.person("mallory", key=1)
    sent = offer(market, bob, post)
    await send(ours, market, bob, sent)
    foreign = market.activity(mallory, "Undo", sent["id"])
    assert await send(ours, market, mallory, foreign) == "unknown_object"
    undo = market.activity(bob, "Undo", sent["id"])
    assert await send(ours, market, bob, undo) == "done"
    (found,) = await promised(ours, organiser, post)
    assert (found.state, found.account_id, found.said) == ("cancelled", None, "")


async def test_an_offer_that_comes_after_it_was_taken_back_counts_for_nothing(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    """Deliveries overtake each other."""
    post = await make(ours, organiser, garden)
    bob, mallory = market.person("bob"), market.person("mallory", key=1)
    sent = offer(market, bob, post)
    assert await send(ours, market, bob, market.activity(bob, "Undo", sent)) == "done"
    await send(ours, market, bob, sent)
    assert await promised(ours, organiser, post) == []
    elsewhere = offer(market, mallory, post, satisfies="https://else.example/x#primary")
    undo = market.activity(mallory, "Undo", elsewhere)
    assert await send(ours, market, mallory, undo) == "unknown_object"


async def test_an_offer_that_was_taken_back_does_not_count_again(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    bob = market.person("bob")
    sent = offer(market, bob, post)
    await send(ours, market, bob, sent)
    await send(ours, market, bob, market.activity(bob, "Undo", sent))
    async with ours.work.transaction() as tx:
        await tx.conn.execute("delete from inbox")  # as after the days for which it is kept
    await send(ours, market, bob, sent)
    (found,) = await promised(ours, organiser, post)
    assert (found.state, found.account_id) == ("cancelled", None)
    await send(ours, market, bob, offer(market, bob, post, "2"))
    assert [each.quantity for each in await promised(ours, organiser, post)] == [3, 2]


async def test_a_member_promises_to_a_need_elsewhere(template_url: str, tmp_path: Path) -> None:
    async with five(template_url, tmp_path, ["home", "away"]) as both:
        home, away = (server.here for server in both.servers)
        organiser, member = await home.member("organiser"), await away.member("neighbour")
        group = await home.community(organiser, "river")
        followed = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, member, followed)
        await both.settle()
        made = await make(home, organiser, group)
        both.clock.forward(minutes=3)
        await both.settle()
        copy = await away.post(made.uri)
        assert copy
        async with away.work.transaction() as tx:
            assert await rows.category(tx.conn, copy.id) == "tools"
            await commitments.promise(tx, member, copy, 3, "From the school")
        await both.settle()
        (here,) = await promised(home, organiser, made)
        assert (here.quantity, here.said, here.state) == (3, "From the school", "promised")
        (there,) = await promised(away, member, copy)
        assert there.state == "promised"

        for name, state in (("accept", "accepted"), ("fulfil", "fulfilled")):
            await step(home, organiser, made, name)
            await both.settle()
            (there,) = await promised(away, member, copy)
            assert there.state == state
        told = "select count(*) from notifications where account_id = $1 and type = 'update'"
        assert await away.value(told, member.id) == 1
        assert await promised(away, await away.member("other"), copy) == []

        async with away.work.transaction() as tx:
            await participations.withdraw(tx, member, copy)
        await both.settle()
        (here,) = await promised(home, organiser, made)
        assert (here.state, here.account_id) == ("cancelled", None)


async def test_nobody_else_speaks_for_the_call(template_url: str, tmp_path: Path) -> None:
    async with (
        five(template_url, tmp_path, ["home", "away"]) as both,
        peer("mitra") as market,
    ):
        home, away = (server.here for server in both.servers)
        organiser, member = await home.member("organiser"), await away.member("neighbour")
        group = await home.community(organiser, "river")
        followed = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, member, followed)
        await both.settle()
        made = await make(home, organiser, group)
        await both.settle()
        copy = await away.post(made.uri)
        assert copy
        async with away.work.transaction() as tx:
            await commitments.promise(tx, member, copy, 3, "")
        await both.settle()
        uri = await away.value("select uri from participations where account_id = $1", member.id)
        mallory = market.person("mallory")
        market.now = both.clock.now()
        said = market.activity(mallory, "Accept", uri)
        assert await send(away, market, mallory, said) == "foreign_answer"
        await step(home, organiser, made, "accept")
        await both.settle()
        (there,) = await promised(away, member, copy)
        receipt = {
            "type": "Document",
            "id": market.url("/receipts/1"),
            "name": "Receipt",
            "context": there.agreement,
        }
        forged = market.activity(mallory, "Create", receipt)
        assert await send(away, market, mallory, forged) != "done"
        (there,) = await promised(away, member, copy)
        assert there.state == "accepted"


async def test_who_is_declined_is_counted_no_more_by_an_offer_and_by_a_join(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    """Who joined before they offered is told so of both."""
    post = await make(ours, organiser, garden)
    bob, ann = market.person("bob"), market.person("ann", key=1)
    joined, sent = market.activity(bob, "Join", post.uri), offer(market, bob, post)
    for document in (joined, sent):
        assert await send(ours, market, bob, document) == "done"
    assert (await ours.call(post)).counted == 1
    await step(ours, organiser, post, "decline")
    assert (await ours.call(post)).counted == 0
    assert await ours.value("select state from participations") == "refused"
    told = [
        r["object"] if isinstance(r["object"], str) else r["object"]["id"]
        for r in market.of_type("Reject")
    ]
    assert sorted(told) == sorted([joined["id"], sent["id"]])
    assert await send(ours, market, ann, offer(market, ann, post)) == "done"
    assert (await ours.call(post)).counted == 1
    assert await send(ours, market, bob, offer(market, bob, post, "2")) == "done"
    assert (await ours.call(post)).counted == 2


async def test_who_is_declined_elsewhere_takes_no_part_on_both_sides(
    template_url: str, tmp_path: Path
) -> None:
    async with five(template_url, tmp_path, ["home", "away"]) as both:
        home, away = (server.here for server in both.servers)
        organiser, member = await home.member("organiser"), await away.member("neighbour")
        group = await home.community(organiser, "river")
        followed = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, member, followed)
        await both.settle()
        made = await make(home, organiser, group)
        both.clock.forward(minutes=3)
        await both.settle()
        copy = await away.post(made.uri)
        assert copy
        async with away.work.transaction() as tx:
            await commitments.promise(tx, member, copy, 3, "From the school")
        await both.settle()
        await step(home, organiser, made, "decline")
        both.clock.forward(minutes=3)
        await both.settle()
        for at, post in ((home, made), (away, copy)):
            assert await at.value("select state from participations") == "refused"
            assert (await at.call(post)).counted == 0
        (there,) = await promised(away, member, copy)
        assert there.state == "declined"


@pytest.mark.parametrize("kind", ["Join", "Offer"])
async def test_what_is_undone_by_its_bare_id_before_it_comes_counts_for_nothing(
    ours: Instance, market: Peer, organiser: Account, garden: Account, kind: str
) -> None:
    """Nothing says what it is about. Another's word, of the same server too, is worth nothing."""
    post = await make(ours, organiser, garden)
    bob, mallory = market.person("bob"), market.person("mallory", key=1)

    def late() -> Json:
        return offer(market, bob, post) if kind == "Offer" else market.activity(bob, kind, post.uri)

    guessed, meant, old = late(), late(), late()
    assert await send(ours, market, mallory, market.activity(mallory, "Undo", guessed["id"])) == (
        "done"
    )
    for each in (meant, old):
        assert await send(ours, market, bob, market.activity(bob, "Undo", each["id"])) == "done"
    await send(ours, market, bob, meant)
    assert (await ours.call(post)).counted == 0
    (rejected,) = market.of_type("Reject")
    named = rejected["object"] if isinstance(rejected["object"], str) else rejected["object"]["id"]
    assert named == meant["id"]
    await send(ours, market, bob, guessed)
    assert (await ours.call(post)).counted == 1
    undone = market.activity(bob, "Undo", guessed["id"])
    assert await send(ours, market, bob, undone) == "done"
    assert (await ours.call(post)).counted == 0


async def test_what_is_undone_early_is_forgotten_in_time(
    ours: Instance, market: Peer, organiser: Account, garden: Account
) -> None:
    post = await make(ours, organiser, garden)
    bob = market.person("bob")
    late = market.activity(bob, "Join", post.uri)
    assert await send(ours, market, bob, market.activity(bob, "Undo", late["id"])) == "done"
    foreign = market.activity(bob, "Undo", "https://else.example/joins/1")
    assert await send(ours, market, bob, foreign) == "unknown_object"
    assert await ours.value("select count(*) from undone_early") == 1
    ours.clock.forward(days=3)
    async with ours.work.transaction() as tx:
        await taken_back.forget(tx.conn, tx.now)
    assert await ours.value("select count(*) from undone_early") == 0
