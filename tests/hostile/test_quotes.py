"""Quotes that nobody approved: forged, borrowed and worn-out stamps, and questions about what is private."""

from __future__ import annotations

from typing import Any

import pytest

from server.arriving import resolve
from server.domain.members import follows
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, Person
from tests.hostile.test_activities import followed, outcome


def stamp(server: Peer, said: str, note: str, quoted: str, **more: Any) -> Json:
    """What claims to be the approval of ``said``, served by ``server``."""
    return server.serve(
        {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": server.url(f"/stamps/{server.number()}"),
            "type": "QuoteAuthorization",
            "attributedTo": said,
            "interactingObject": note,
            "interactionTarget": quoted,
            **more,
        }
    )


async def state(ours: Instance, uri: str) -> str | None:
    return await ours.value("select quote_state from posts where uri = $1", uri)


async def quoted_with(
    ours: Instance, attacker: Peer, mallory: Person, made: Json, approved: str
) -> str | None:
    """How a quote stands after its author has shown this as the approval, in two ways."""
    first = attacker.create(mallory, {**made, "quoteAuthorization": approved})
    assert await outcome(ours, attacker, mallory, first) == "done"
    again = attacker.activity(mallory, "Update", {**made, "quoteAuthorization": approved})
    assert await outcome(ours, attacker, mallory, again) == "done"
    return await state(ours, made["id"])


@pytest.fixture
async def mallory(ours: Instance, attacker: Peer, organiser: Account) -> Person:
    """Somebody of the attacker whom one of ours follows."""
    made = attacker.person("mallory", key=1)
    await followed(ours, organiser, attacker, made)
    return made


async def test_the_true_stamp_is_believed(
    ours: Instance, microblog: Peer, attacker: Peer, mallory: Person
) -> None:
    """So that the refusals below are for their own reasons."""
    author = microblog.person("author")
    note = microblog.note(author, "<p>Mine</p>", [])
    made = attacker.note(mallory, "<p>Ha</p>", [], quote=note["id"])
    approved = stamp(microblog, author.uri, made["id"], note["id"])
    assert await quoted_with(ours, attacker, mallory, made, approved["id"]) == "accepted"


async def test_a_stamp_of_another_server(
    ours: Instance, microblog: Peer, attacker: Peer, mallory: Person
) -> None:
    author = microblog.person("author")
    note = microblog.note(author, "<p>Mine</p>", [])
    made = attacker.note(mallory, "<p>Ha</p>", [], quote=note["id"])
    for said in (author.uri, mallory.uri):
        forged = stamp(attacker, said, made["id"], note["id"])
        assert await quoted_with(ours, attacker, mallory, made, forged["id"]) == "pending"


async def test_a_stamp_that_claims_an_id_of_another_server(
    ours: Instance, microblog: Peer, attacker: Peer, mallory: Person
) -> None:
    author = microblog.person("author")
    note = microblog.note(author, "<p>Mine</p>", [])
    made = attacker.note(mallory, "<p>Ha</p>", [], quote=note["id"])
    forged = stamp(attacker, author.uri, made["id"], note["id"])
    attacker.documents["/stamps/x"] = {**forged, "id": microblog.url("/stamps/x")}
    approved = attacker.url("/stamps/x")
    assert await quoted_with(ours, attacker, mallory, made, approved) == "pending"


async def test_a_stamp_for_another_post_and_by_another_author(
    ours: Instance, microblog: Peer, attacker: Peer, mallory: Person
) -> None:
    author, other = microblog.person("author"), microblog.person("other", key=1)
    note = microblog.note(author, "<p>Mine</p>", [])
    second = microblog.note(author, "<p>Another</p>", [])
    made = attacker.note(mallory, "<p>Ha</p>", [], quote=note["id"])
    borrowed = [
        stamp(microblog, author.uri, made["id"], second["id"]),
        stamp(microblog, author.uri, attacker.url("/notes/friendly"), note["id"]),
        stamp(microblog, other.uri, made["id"], note["id"]),
        stamp(microblog, author.uri, made["id"], note["id"], type="LikeAuthorization"),
    ]
    for approved in borrowed:
        assert await quoted_with(ours, attacker, mallory, made, approved["id"]) == "pending"


async def test_a_stamp_used_a_second_time(
    ours: Instance, microblog: Peer, attacker: Peer, mallory: Person
) -> None:
    author = microblog.person("author")
    note = microblog.note(author, "<p>Mine</p>", [])
    made = attacker.note(mallory, "<p>Nice</p>", [], quote=note["id"])
    approved = stamp(microblog, author.uri, made["id"], note["id"])
    assert await quoted_with(ours, attacker, mallory, made, approved["id"]) == "accepted"
    worse = attacker.note(mallory, "<p>Ha</p>", [], quote=note["id"])
    assert await quoted_with(ours, attacker, mallory, worse, approved["id"]) == "pending"


async def test_a_stamp_that_was_taken_back(
    ours: Instance, microblog: Peer, attacker: Peer, mallory: Person
) -> None:
    author = microblog.person("author")
    note = microblog.note(author, "<p>Mine</p>", [])
    made = attacker.note(mallory, "<p>Ha</p>", [], quote=note["id"])
    approved = stamp(microblog, author.uri, made["id"], note["id"])
    assert await quoted_with(ours, attacker, mallory, made, approved["id"]) == "accepted"
    gone = microblog.activity(author, "Delete", approved["id"])
    assert await outcome(ours, microblog, author, gone) == "done"
    shown = {**made, "quoteAuthorization": approved["id"]}
    again = attacker.activity(mallory, "Update", shown)
    assert await outcome(ours, attacker, mallory, again) == "done"
    assert await state(ours, made["id"]) == "revoked"


async def test_nobody_else_takes_an_approval_back(
    ours: Instance, microblog: Peer, attacker: Peer, mallory: Person
) -> None:
    author, other = microblog.person("author"), microblog.person("other", key=1)
    note = microblog.note(author, "<p>Mine</p>", [])
    made = attacker.note(mallory, "<p>Ha</p>", [], quote=note["id"])
    approved = stamp(microblog, author.uri, made["id"], note["id"])
    assert await quoted_with(ours, attacker, mallory, made, approved["id"]) == "accepted"
    for server, who in ((microblog, other), (attacker, mallory)):
        await outcome(ours, server, who, server.activity(who, "Delete", approved["id"]))
    assert await state(ours, made["id"]) == "accepted"


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_what_is_private_is_not_quoted_and_not_told_of(
    ours: Instance,
    attacker: Peer,
    organiser: Account,
    mallory: Person,
    visibility: str,
) -> None:
    """Not even by a follower: there is no answer, and the post quotes nothing here."""
    account = await ours.known(mallory.uri)
    assert account
    async with ours.work.transaction() as tx:
        await follows.follow(tx, account, organiser, uri=attacker.url("/follows/1"))
    await ours.settle()
    post = await ours.publish(organiser, "For friends", visibility=visibility)
    attacker.received.clear()
    made = attacker.note(mallory, "<p>Ha</p>", [organiser.uri], quote=post.uri)
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, made)) == "done"
    assert await state(ours, made["id"]) is None
    asked = attacker.activity(mallory, "QuoteRequest", post.uri, instrument=made)
    assert await outcome(ours, attacker, mallory, asked) == "unknown_object"
    unknown = attacker.activity(mallory, "QuoteRequest", post.uri + "0", instrument=made)
    assert await outcome(ours, attacker, mallory, unknown) == "nobody_asked"
    await ours.settle()
    assert attacker.of_type("Accept", "Reject") == []
    assert (await attacker.fetch(post.uri)).get("error")


async def test_nobody_asks_for_the_post_of_another(
    ours: Instance, microblog: Peer, attacker: Peer, organiser: Account, mallory: Person
) -> None:
    post = await ours.publish(organiser, "The beans are up")
    author = microblog.person("author")
    theirs = microblog.note(author, "<p>Look</p>", [], quote=post.uri)
    asked = attacker.activity(mallory, "QuoteRequest", post.uri, instrument=theirs["id"])
    assert await outcome(ours, attacker, mallory, asked) == "foreign_instrument"
    plain = attacker.note(mallory, "<p>Nothing</p>", [])
    asked = attacker.activity(mallory, "QuoteRequest", post.uri, instrument=plain)
    assert await outcome(ours, attacker, mallory, asked) == "foreign_instrument"
    forged = {**theirs, "attributedTo": mallory.uri}
    asked = attacker.activity(mallory, "QuoteRequest", post.uri, instrument=forged)
    assert await outcome(ours, attacker, mallory, asked) == "foreign_instrument"
    assert attacker.of_type("Accept", "Reject") == []
    stored = await ours.post(post.uri)
    assert stored
    assert stored.quotes_count == 0


async def test_a_question_about_others_makes_us_fetch_nothing(
    ours: Instance, microblog: Peer, attacker: Peer, mallory: Person
) -> None:
    author = microblog.person("author")
    note = microblog.note(author, "<p>Mine</p>", [])
    asked = attacker.activity(mallory, "QuoteRequest", note["id"], instrument=note["id"])
    assert await outcome(ours, attacker, mallory, asked) == "nobody_asked"
    stray = attacker.note(mallory, "<p>x</p>", [], quote=note["id"])
    update = attacker.activity(mallory, "Update", stray)
    assert await outcome(ours, attacker, mallory, update) == "unknown_object"
    assert microblog.requests == []


async def test_a_stranger_cannot_make_a_private_post_public_by_quoting_it(
    ours: Instance, attacker: Peer, mallory: Person
) -> None:
    """Of another of the same server, as it says."""
    victim = attacker.person("victim")
    secret = attacker.note(victim, "<p>Secret</p>", [], to=[f"{victim.uri}/followers"])
    assert await resolve.post(ours.net, secret["id"])
    made = attacker.note(mallory, "<p>Ha</p>", [], quote=secret["id"])
    approved = stamp(attacker, victim.uri, made["id"], secret["id"])
    assert await quoted_with(ours, attacker, mallory, made, approved["id"]) is None
