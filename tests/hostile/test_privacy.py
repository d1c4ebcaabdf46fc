"""What is not for everybody, asked for in every way that another server has."""

from __future__ import annotations

import re

import pytest

from server.domain.members import accounts as account_verbs
from server.domain.members import follows
from server.domain.posting import polls
from server.domain.posting.drafts import PollDraft
from storage import follows as follow_rows
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import ACTIVITY_JSON, Peer, Person, cavage_headers, peer
from tests.hostile.test_activities import outcome
from tests.hostile.unchanged import unchanged

PRIVATE = pytest.mark.parametrize("visibility", ["private", "direct"])


@pytest.fixture
async def mallory(attacker: Peer) -> Person:
    return attacker.person("mallory")


async def got(
    server: Peer, url: str, who: Person | None = None, accept: str = ACTIVITY_JSON
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body (without the number asked for) of a GET, signed where somebody is given."""
    headers = {"Accept": accept}
    if who:
        signed = cavage_headers(who.private, who.key_id, url, b"", now=server.now)
        headers |= {n: v for n, v in signed.items() if n.lower() != "content-type"}
    async with server.session.get(url, headers=headers, allow_redirects=False) as answer:
        kept = {n: v for n, v in answer.headers.items() if n not in ("Date", "X-Request-ID")}
        return answer.status, kept, re.sub(rb"\d{15,}", b"N", await answer.read())


@PRIVATE
@pytest.mark.parametrize("signed", [False, True])
@pytest.mark.parametrize("accept", [ACTIVITY_JSON, "text/html"])
async def test_what_is_private_is_answered_as_what_is_not_there(
    ours: Instance,
    attacker: Peer,
    mallory: Person,
    organiser: Account,
    visibility: str,
    signed: bool,
    accept: str,
) -> None:
    """Status, headers and body alike, so that nothing tells that it exists (Mastodon GHSA-gwhw)."""
    post = await ours.publish(organiser, "Secret word", visibility=visibility)
    nothing = f"https://{ours.host}/posts/{post.id - 1}"
    who = mallory if signed else None
    for below in ("", "/activity", "/replies", "/context", "/quotes/1"):
        there = await got(attacker, post.uri + below, who, accept)
        absent = await got(attacker, nothing + below, who, accept)
        assert there == absent
        assert there[0] == 404


async def deeds(ours: Instance, server: Peer, who: Person, post: Post) -> set[str]:
    """What becomes of all that somebody may do to a post."""
    answer = server.note(who, "<p>Ha</p>", [], inReplyTo=post.uri)
    done = [
        server.activity(who, "Like", post.uri),
        server.activity(who, "Announce", post.uri),
        server.activity(who, "EmojiReact", post.uri, content="x"),
        server.activity(who, "Add", post.uri, target=f"{who.uri}/featured"),
        server.activity(who, "Dislike", post.uri),
        server.create(who, answer),
    ]
    return {await outcome(ours, server, who, said) for said in done}


@PRIVATE
async def test_nobody_acts_on_what_they_may_not_see(
    ours: Instance, attacker: Peer, mallory: Person, organiser: Account, visibility: str
) -> None:
    """Whoever guesses an id gets no like, no boost and no answer onto it, and nobody is rung for it."""
    post = await ours.publish(organiser, "For friends", visibility=visibility)
    async with unchanged(ours):
        assert "done" not in await deeds(ours, attacker, mallory, post)


@PRIVATE
async def test_nobody_votes_in_a_poll_that_they_may_not_see(
    ours: Instance, attacker: Peer, mallory: Person, organiser: Account, visibility: str
) -> None:
    draft = PollDraft((("Beans", 0), ("Peas", 0)), False, None)
    post = await ours.publish(organiser, "Which?", visibility=visibility, poll=draft)
    question = {"id": post.uri, "attributedTo": organiser.uri}
    async with unchanged(ours):
        ballot = attacker.vote(mallory, question, "Peas")
        assert await outcome(ours, attacker, mallory, ballot) == "unknown_poll"


async def test_who_is_blocked_does_nothing_to_who_blocks(
    ours: Instance, attacker: Peer, mallory: Person, organiser: Account
) -> None:
    post = await ours.publish(organiser, "The beans are up")
    draft = PollDraft((("Beans", 0), ("Peas", 0)), False, None)
    asked = await ours.publish(organiser, "Which?", poll=draft)
    follow = attacker.activity(mallory, "Follow", organiser.uri)
    assert await outcome(ours, attacker, mallory, follow) == "done"
    known = await ours.known(mallory.uri)
    assert known
    async with ours.work.transaction() as tx:
        await follows.block(tx, organiser, known)
    async with unchanged(ours):
        seen = await deeds(ours, attacker, mallory, post)
        ballot = attacker.vote(mallory, {"id": asked.uri, "attributedTo": organiser.uri}, "Peas")
        seen.add(await outcome(ours, attacker, mallory, ballot))
        again = attacker.activity(mallory, "Follow", organiser.uri)
        seen.add(await outcome(ours, attacker, mallory, again))
    assert "done" not in seen


async def test_who_only_asked_to_follow_gets_nothing(
    ours: Instance, attacker: Peer, microblog: Peer, mallory: Person, organiser: Account
) -> None:
    """Nor does somebody else of a server where one was accepted (Pixelfed issue 4753)."""
    async with ours.work.transaction() as tx:
        locked = await account_verbs.edit_profile(tx, organiser, locked=True)
    friend, neighbour = microblog.person("friend"), microblog.person("neighbour", key=1)
    for server, who in ((attacker, mallory), (microblog, friend), (microblog, neighbour)):
        follow = server.activity(who, "Follow", locked.uri)
        assert await outcome(ours, server, who, follow) == "done"
    assert attacker.of_type("Accept") == []
    waiting = "select count(*) from follows where accepted_at is null"
    assert await ours.value(waiting) == 3
    known = await ours.known(friend.uri)
    assert known
    async with ours.work.transaction() as tx:
        made = await follow_rows.between(tx.conn, known.id, locked.id)
        assert made
        await follows.accept(tx, locked, made, known)
    post = await ours.publish(locked, "For followers", visibility="private")
    await ours.settle()
    assert attacker.of_type("Create") == []
    assert len(microblog.of_type("Create")) == 1
    assert (await got(microblog, post.uri, neighbour))[0] == 404
    async with unchanged(ours):
        assert "done" not in await deeds(ours, microblog, neighbour, post)
        assert "done" not in await deeds(ours, attacker, mallory, post)


@pytest.mark.parametrize("narrow", ["followers", "direct"])
async def test_what_is_not_for_all_is_not_passed_on(
    ours: Instance, microblog: Peer, garden: Account, narrow: str
) -> None:
    """A community of ours repeats what is public, and an answer for few that names it stays where it is."""
    async with peer("lemmy") as reader:
        member = reader.person("member")
        follow = reader.activity(member, "Follow", garden.uri)
        assert await outcome(ours, reader, member, follow) == "done"
        author = microblog.person("author")
        to = [f"{author.uri}/followers", garden.uri] if narrow == "followers" else [garden.uri]
        note = microblog.note(author, "<p>Secret word</p>", [garden.uri], to=to, cc=[])
        note["audience"] = garden.uri
        await outcome(ours, microblog, author, microblog.create(author, note))
        edited = {**note, "content": "<p>Secret word again</p>"}
        await outcome(ours, microblog, author, microblog.activity(author, "Update", edited))
        assert "Secret" not in str([r.document for r in reader.received])
    assert await ours.value("select count(*) from posts where kind = 'boost'") == 0


async def test_hidden_recipients_are_kept_nowhere(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    author, hidden = microblog.person("author"), "https://hidden.example/users/secret"
    note = microblog.note(author, "<p>Hello</p>", [organiser.uri], bcc=[hidden], bto=hidden)
    created = {**microblog.create(author, note), "bto": [hidden], "bcc": hidden}
    assert await outcome(ours, microblog, author, created) == "done"
    for table in ("posts", "post_mentions", "outbox", "deliveries", "jobs", "conversations"):
        found = f"select count(*) from {table} t where t::text like '%hidden.example%'"
        assert await ours.value(found) == 0, table


async def test_collections_name_nobody(
    ours: Instance, attacker: Peer, microblog: Peer, mallory: Person, garden: Account
) -> None:
    member = microblog.person("member")
    assert await outcome(ours, microblog, member, microblog.activity(member, "Follow", garden.uri))
    for name in ("followers", "following", "featured", "outbox"):
        for page in ("", "?page=1", "?page=true", "?before=9223372036854775807"):
            _, _, body = await got(attacker, f"{garden.uri}/{name}{page}", mallory)
            assert member.uri.encode() not in body
            assert b"member" not in body


async def test_polls_are_not_told_by_name(
    ours: Instance, attacker: Peer, microblog: Peer, mallory: Person, organiser: Account
) -> None:
    draft = PollDraft((("Beans", 0), ("Peas", 0)), False, None)
    post = await ours.publish(organiser, "Which?", poll=draft)
    member = await ours.member("quiet")
    async with ours.work.transaction() as tx:
        await polls.vote(tx, member, post, [0])
    _, _, body = await got(attacker, post.uri, mallory)
    assert str(member.id).encode() not in body
    assert b"quiet" not in body
