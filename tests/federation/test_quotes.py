"""Quotes between servers (FEP-044f): asked for, approved by a stamp, shown, and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from server.arriving import resolve
from server.domain.members import follows
from server.domain.posting import drafts, posts, quotes
from server.domain.posting.drafts import Typed
from server.domain.posting.quotes import Quoting
from storage import quotes as quote_rows
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import PUBLIC, Json, Peer, Person, peer


async def outcome(ours: Instance, server: Peer, who: Person, document: Json) -> str:
    """Deliver, do the work, and see what it became."""
    assert (await server.send(who, document, ours.inbox)).status == 202
    await ours.settle()
    return await ours.outcome(document["id"])


async def stored(ours: Instance, uri: str) -> Post:
    found = await ours.post(uri)
    assert found
    return found


async def standing(ours: Instance, uri: str) -> tuple[str | None, str | None]:
    """What a post quotes, and how that stands."""
    post = await stored(ours, uri)
    quoted = await ours.value("select uri from posts where id = $1", post.quote_id)
    return quoted, post.quote_state


async def followed(ours: Instance, reader: Account, server: Peer, who: Person) -> None:
    """``reader`` of ours follows somebody there, who says yes."""
    account = await resolve.actor(ours.net, who.uri)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, reader, account)
    await ours.settle()
    asked = server.of_type("Follow")[-1]
    assert await outcome(ours, server, who, server.activity(who, "Accept", asked)) == "done"
    server.received.clear()


def quoting(server: Peer, by: Person, quoted: str, **more: Any) -> Json:
    """As Mastodon writes a quote."""
    html = f'<p class="quote-inline">RE: <a href="{quoted}">{quoted}</a></p><p>Look</p>'
    return server.note(by, html, [], quote=quoted, quoteUri=quoted, _misskey_quote=quoted, **more)


def request(server: Peer, by: Person, note: Json | str, quoted: str) -> Json:
    """May this note quote that? Mastodon embeds the note."""
    asked = server.activity(by, "QuoteRequest", quoted, instrument=note)
    del asked["to"]
    return asked


def stamp(server: Peer, by: Person, note: str, quoted: str, **more: Any) -> Json:
    """An approval, served at its own id."""
    return server.serve(
        {
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": server.url(f"/stamps/{server.number()}"),
            "type": "QuoteAuthorization",
            "attributedTo": by.uri,
            "interactingObject": note,
            "interactionTarget": quoted,
            **more,
        }
    )


def quotable(server: Peer, by: Person, **more: Any) -> Json:
    policy = {"canQuote": {"automaticApproval": [PUBLIC]}}
    return server.note(by, "<p>Quote me</p>", [], interactionPolicy=policy, **more)


# Ours is quoted


async def test_whoever_asks_is_answered_with_a_stamp(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    post = await ours.publish(organiser, "The beans are up")
    fan = microblog.person("fan")
    note = quoting(microblog, fan, post.uri)
    asked = request(microblog, fan, note, post.uri)
    assert await outcome(ours, microblog, fan, asked) == "done"
    (accept,) = microblog.of_type("Accept")
    assert (accept["actor"], accept["object"]["id"]) == (organiser.uri, asked["id"])
    assert accept["object"]["instrument"] == note["id"]
    shown = await microblog.fetch(accept["result"])
    assert (shown["type"], shown["attributedTo"]) == ("QuoteAuthorization", organiser.uri)
    assert (shown["interactingObject"], shown["interactionTarget"]) == (note["id"], post.uri)
    assert accept["result"].startswith(f"{post.uri}/quotes/")
    assert await standing(ours, note["id"]) == (post.uri, "accepted")
    assert (await stored(ours, post.uri)).quotes_count == 1
    assert await ours.value("select type from notifications") == "quote"
    # Asked again, the answer is the same and nothing is counted twice.
    again = request(microblog, fan, note, post.uri)
    assert await outcome(ours, microblog, fan, again) == "done"
    assert microblog.of_type("Accept")[-1]["result"] == accept["result"]
    assert (await stored(ours, post.uri)).quotes_count == 1


async def test_a_post_that_came_first_waits_for_the_question(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    """As Misskey never asks, it waits for ever there and its link is shown."""
    post = await ours.publish(organiser, "The beans are up")
    fan = microblog.person("fan")
    note = quoting(microblog, fan, post.uri, cc=[organiser.uri])
    assert await outcome(ours, microblog, fan, microblog.create(fan, note)) == "done"
    assert await standing(ours, note["id"]) == (post.uri, "pending")
    assert (await stored(ours, post.uri)).quotes_count == 0
    asked = request(microblog, fan, note["id"], post.uri)
    assert await outcome(ours, microblog, fan, asked) == "done"
    assert await standing(ours, note["id"]) == (post.uri, "accepted")


async def test_a_post_named_by_its_id_is_fetched(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    post = await ours.publish(organiser, "The beans are up")
    fan = microblog.person("fan")
    note = quoting(microblog, fan, post.uri)
    asked = request(microblog, fan, note["id"], post.uri)
    assert await outcome(ours, microblog, fan, asked) == "done"
    assert await standing(ours, note["id"]) == (post.uri, "accepted")


@pytest.mark.parametrize(
    ("policy", "follows_us", "answer"),
    [("nobody", True, "Reject"), ("followers", False, "Reject"), ("followers", True, "Accept")],
)
async def test_the_policy_decides(
    ours: Instance,
    microblog: Peer,
    organiser: Account,
    policy: str,
    follows_us: bool,
    answer: str,
) -> None:
    post = await ours.publish(organiser, "The beans are up", quote_policy=policy)
    fan = microblog.person("fan")
    if follows_us:
        follow = microblog.activity(fan, "Follow", organiser.uri)
        assert await outcome(ours, microblog, fan, follow) == "done"
        microblog.received.clear()
    note = quoting(microblog, fan, post.uri)
    asked = request(microblog, fan, note, post.uri)
    assert await outcome(ours, microblog, fan, asked) == "done"
    (said,) = microblog.received
    assert (said.type, said.document["object"]["id"]) == (answer, asked["id"])
    state = "accepted" if answer == "Accept" else "rejected"
    assert await standing(ours, note["id"]) == (post.uri, state)


async def test_the_blocked_are_refused(ours: Instance, microblog: Peer, organiser: Account) -> None:
    post = await ours.publish(organiser, "The beans are up")
    fan = microblog.person("fan")
    note = quoting(microblog, fan, post.uri, cc=[organiser.uri])
    assert await outcome(ours, microblog, fan, microblog.create(fan, note)) == "done"
    account = await ours.known(fan.uri)
    assert account
    async with ours.work.transaction() as tx:
        await follows.block(tx, organiser, account)
    asked = request(microblog, fan, note, post.uri)
    assert await outcome(ours, microblog, fan, asked) == "done"
    assert len(microblog.of_type("Reject")) == 1


async def test_an_approval_that_is_taken_back(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    post = await ours.publish(organiser, "The beans are up")
    fan = microblog.person("fan")
    note = quoting(microblog, fan, post.uri)
    await outcome(ours, microblog, fan, request(microblog, fan, note, post.uri))
    approved = microblog.of_type("Accept")[0]["result"]
    async with ours.work.transaction() as tx:
        await quotes.revoke(tx, organiser, post, await stored(ours, note["id"]))
    await ours.settle()
    (deleted,) = microblog.of_type("Delete")
    assert (deleted["actor"], deleted["object"]["id"]) == (organiser.uri, approved)
    assert deleted["object"]["type"] == "QuoteAuthorization"
    assert "error" in await microblog.fetch(approved)
    assert await standing(ours, note["id"]) == (post.uri, "revoked")
    # Neither asking again nor showing the old stamp brings it back.
    again = request(microblog, fan, note, post.uri)
    assert await outcome(ours, microblog, fan, again) == "done"
    assert len(microblog.of_type("Reject")) == 1
    update = microblog.activity(fan, "Update", {**note, "quoteAuthorization": approved})
    assert await outcome(ours, microblog, fan, update) == "done"
    assert await standing(ours, note["id"]) == (post.uri, "revoked")


# One of ours quotes


async def quote_of(ours: Instance, server: Peer, author: Account, note: Json) -> Post:
    """A member quotes a post of the peer, which was asked."""
    quoted = await resolve.post(ours.net, note["id"])
    assert quoted
    async with ours.work.transaction() as tx:
        draft = await drafts.draft(tx, author, Typed("Look", quote=quoted))
        made = await posts.publish(tx, author, draft)
    assert made
    await ours.settle()
    return made


async def test_a_remote_author_is_asked_and_the_stamp_is_passed_on(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    author = microblog.person("author")
    note = quotable(microblog, author)
    made = await quote_of(ours, microblog, organiser, note)
    (asked,) = microblog.of_type("QuoteRequest")
    assert (asked["actor"], asked["object"]) == (organiser.uri, note["id"])
    whole = asked["instrument"]
    assert (whole["id"], whole["quote"]) == (made.uri, note["id"])
    for key in ("quoteUrl", "quoteUri", "_misskey_quote"):
        assert whole[key] == note["id"]
    assert whole["content"].startswith('<p class="quote-inline">RE: <a href=')
    assert made.content == "<p>Look</p>"
    assert await standing(ours, made.uri) == (note["id"], "pending")
    approved = stamp(microblog, author, made.uri, note["id"])
    microblog.received.clear()
    accept = microblog.activity(author, "Accept", asked, result=approved["id"])
    assert await outcome(ours, microblog, author, accept) == "done"
    assert await standing(ours, made.uri) == (note["id"], "accepted")
    assert (await stored(ours, note["id"])).quotes_count == 1
    (update,) = microblog.of_type("Update")
    assert update["object"]["quoteAuthorization"] == approved["id"]
    # Its author takes it back.
    gone = microblog.activity(author, "Delete", approved)
    assert await outcome(ours, microblog, author, gone) == "done"
    assert await standing(ours, made.uri) == (note["id"], "revoked")
    assert (await stored(ours, note["id"])).quotes_count == 0


async def test_a_remote_author_says_no(ours: Instance, microblog: Peer, organiser: Account) -> None:
    author = microblog.person("author")
    note = quotable(microblog, author)
    made = await quote_of(ours, microblog, organiser, note)
    (asked,) = microblog.of_type("QuoteRequest")
    reject = microblog.activity(author, "Reject", asked["id"])
    assert await outcome(ours, microblog, author, reject) == "done"
    assert await standing(ours, made.uri) == (note["id"], "rejected")


async def test_nobody_else_answers(ours: Instance, microblog: Peer, organiser: Account) -> None:
    author, other = microblog.person("author"), microblog.person("other", key=1)
    made = await quote_of(ours, microblog, organiser, quotable(microblog, author))
    (asked,) = microblog.of_type("QuoteRequest")
    for kind in ("Accept", "Reject"):
        result = microblog.url("/stamps/1")
        answer = microblog.activity(other, kind, asked, result=result)
        assert await outcome(ours, microblog, other, answer) == "foreign_answer"
    async with peer("mastodon") as third:
        foreign = microblog.activity(author, "Accept", asked, result=third.url("/stamps/1"))
        assert await outcome(ours, microblog, author, foreign) == "no_result"
    assert (await stored(ours, made.uri)).quote_state == "pending"


async def test_the_policy_of_a_post_is_read(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    author = microblog.person("author")
    shapes = [
        ({"automaticApproval": [PUBLIC]}, ["public"], []),
        ({"automaticApproval": f"{author.uri}/followers"}, ["followers"], []),
        ({"automaticApproval": [author.uri]}, [], []),
        ({"manualApproval": [PUBLIC]}, [], ["public"]),
        ({"always": ["as:Public"], "approvalRequired": []}, ["public"], []),
        ({"automaticApproval": [f"{author.uri}/friends"]}, ["unsupported_policy"], []),
        ([], [], []),
    ]
    for policy, automatic, manual in shapes:
        note = microblog.note(author, "<p>x</p>", [], interactionPolicy={"canQuote": policy})
        post = await resolve.post(ours.net, note["id"])
        assert post
        assert (post.quote_automatic, post.quote_manual) == (automatic, manual), policy


async def test_what_we_say_of_our_own(ours: Instance, microblog: Peer, organiser: Account) -> None:
    said = {"public": PUBLIC, "followers": organiser.followers_uri, "nobody": organiser.uri}
    for word, approved in said.items():
        post = await ours.publish(organiser, "x", quote_policy=word)
        document = await microblog.fetch(post.uri)
        assert document["interactionPolicy"] == {"canQuote": {"automaticApproval": [approved]}}
        assert "quote" not in document


# Others quote others


async def test_a_stamp_of_the_author_is_believed(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    author, fan = microblog.person("author"), microblog.person("fan")
    await followed(ours, organiser, microblog, fan)
    note = quotable(microblog, author)
    first = microblog.number()
    approved = stamp(microblog, author, microblog.url(f"/notes/{first + 2}"), note["id"])
    made = quoting(microblog, fan, note["id"], quoteAuthorization=approved["id"])
    assert made["id"] == approved["interactingObject"]
    assert await outcome(ours, microblog, fan, microblog.create(fan, made)) == "done"
    assert await standing(ours, made["id"]) == (note["id"], "accepted")
    gone = microblog.activity(author, "Delete", approved["id"])
    assert await outcome(ours, microblog, author, gone) == "done"
    assert await standing(ours, made["id"]) == (note["id"], "revoked")


async def test_a_stamp_that_comes_later(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    author, fan = microblog.person("author"), microblog.person("fan")
    await followed(ours, organiser, microblog, fan)
    note = quotable(microblog, author)
    made = quoting(microblog, fan, note["id"])
    assert await outcome(ours, microblog, fan, microblog.create(fan, made)) == "done"
    assert await standing(ours, made["id"]) == (note["id"], "pending")
    approved = stamp(microblog, author, made["id"], note["id"])
    update = microblog.activity(fan, "Update", {**made, "quoteAuthorization": approved["id"]})
    assert await outcome(ours, microblog, fan, update) == "done"
    assert await standing(ours, made["id"]) == (note["id"], "accepted")


async def test_whoever_quotes_themselves_needs_no_stamp(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    fan = microblog.person("fan")
    await followed(ours, organiser, microblog, fan)
    note = microblog.note(fan, "<p>One</p>", [])
    for key in ("quote", "quoteUrl", "quoteUri", "_misskey_quote"):
        made = microblog.note(fan, "<p>Two</p>", [], **{key: note["id"]})
        assert await outcome(ours, microblog, fan, microblog.create(fan, made)) == "done"
        assert await standing(ours, made["id"]) == (note["id"], "accepted"), key
    link = {
        "type": "Link",
        "mediaType": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"',
        "href": note["id"],
        "name": f"RE: {note['id']}",
    }
    made = microblog.note(fan, "<p>Three</p>", [], tag=[link])
    assert await outcome(ours, microblog, fan, microblog.create(fan, made)) == "done"
    assert await standing(ours, made["id"]) == (note["id"], "accepted")


async def test_a_chain_of_quotes_is_followed_one_step(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    fan = microblog.person("fan")
    await followed(ours, organiser, microblog, fan)
    first = microblog.note(fan, "<p>1</p>", [])
    second = microblog.note(fan, "<p>2</p>", [], quote=first["id"])
    third = microblog.note(fan, "<p>3</p>", [], quote=second["id"])
    assert await outcome(ours, microblog, fan, microblog.create(fan, third)) == "done"
    assert await standing(ours, third["id"]) == (second["id"], "accepted")
    assert await standing(ours, second["id"]) == (None, None)
    assert await ours.post(first["id"]) is None


async def test_an_edit_may_take_the_quote_away(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    fan = microblog.person("fan")
    await followed(ours, organiser, microblog, fan)
    note = microblog.note(fan, "<p>One</p>", [])
    made = quoting(microblog, fan, note["id"])
    await outcome(ours, microblog, fan, microblog.create(fan, made))
    assert (await stored(ours, note["id"])).quotes_count == 1
    plain = {k: v for k, v in made.items() if "quote" not in k.lower()}
    update = microblog.activity(fan, "Update", plain)
    assert await outcome(ours, microblog, fan, update) == "done"
    assert await standing(ours, made["id"]) == (None, None)
    assert (await stored(ours, note["id"])).quotes_count == 0


async def test_when_the_quoting_account_goes_the_count_is_right(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    post = await ours.publish(organiser, "The beans are up")
    fan = microblog.person("fan")
    note = quoting(microblog, fan, post.uri)
    await outcome(ours, microblog, fan, request(microblog, fan, note, post.uri))
    assert (await stored(ours, post.uri)).quotes_count == 1
    microblog.documents.pop("/users/fan")
    gone = microblog.activity(fan, "Delete", fan.uri)
    assert await outcome(ours, microblog, fan, gone) == "done"
    assert (await stored(ours, post.uri)).quotes_count == 0


async def test_a_stamp_is_for_one_post_of_ours_only(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    """At the address of another post it is not there."""
    post, other = await ours.publish(organiser, "1"), await ours.publish(organiser, "2")
    async with ours.work.transaction() as tx:
        draft = drafts.Draft(content="<p>x</p>", quote=Quoting(post))
        made = await posts.publish(tx, await ours_other(ours), draft)
    assert made
    assert made.quote_stamp
    assert (await microblog.fetch(made.quote_stamp))["interactingObject"] == made.uri
    secret = made.quote_stamp.rpartition("/")[2]
    assert "error" in await microblog.fetch(f"{other.uri}/quotes/{secret}")
    async with ours.work.reading() as tx:
        assert await quote_rows.by_stamp(tx.conn, made.quote_stamp) == made


async def ours_other(ours: Instance) -> Account:
    return await ours.member("neighbour")
