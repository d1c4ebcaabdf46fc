"""Communities that are not for everybody, as other servers see them: what they get, and what they do not."""

from __future__ import annotations

import orjson
import pytest

from federation import parse
from federation.objects import Actor
from server.domain import sight
from server.domain.groups import communities
from server.domain.moderating import group_moderation
from server.domain.posting import drafts, marks, posts
from server.errors import Forbidden, Invalid
from storage import accounts as account_rows
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.members import enter, get, join, private
from tests.federation.peer import PUBLIC, Json, Peer, Person


@pytest.fixture
async def shed(ours: Instance, organiser: Account) -> Account:
    """A private community that one asks to join."""
    return await private(ours, organiser)


@pytest.fixture
def threads(microblog: Peer) -> Peer:
    """A server that reads groups."""
    microblog.software = "lemmy"
    return microblog


@pytest.fixture
async def neighbour(ours: Instance, threads: Peer, shed: Account) -> Person:
    """A member from another server."""
    made = threads.person("neighbour")
    await join(ours, threads, made, shed)
    return made


async def written(ours: Instance, by: Account, shed: Account) -> Post:
    made = await ours.publish(by, "The key lies under the pot", title="The key", community=shed)
    await ours.settle()
    return made


def texts(document: Json) -> str:
    return orjson.dumps(document).decode()


def addressed(document: Json) -> list[str]:
    return [*document.get("to", []), *document.get("cc", [])]


async def seen_by(ours: Instance, post: Post, viewer: Account | None) -> bool:
    async with ours.work.reading() as tx:
        return bool(await sight.visible(tx, [post], viewer))


# --- what members get ---


async def test_what_is_posted_reaches_servers_of_members_alone(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    follower = threads.person("follower", key=1)
    await threads.send(follower, threads.activity(follower, "Follow", organiser.uri), ours.inbox)
    await ours.settle()
    await written(ours, organiser, shed)
    (announced,) = threads.of_type("Announce")
    create = announced["object"]
    page = create["object"]
    assert (create["type"], page["type"]) == ("Create", "Page")
    assert announced["to"] == [f"{shed.uri}/followers"]
    assert page["to"] == [shed.uri, f"{shed.uri}/followers"]
    assert page["audience"] == shed.uri
    assert page["attributedTo"] == organiser.uri
    assert PUBLIC not in texts(announced).replace('"automatic"', "")
    assert "proof" not in announced
    assert "proof" not in create
    assert not threads.of_type("Create"), "no follower of the author gets it"
    assert neighbour


async def test_a_microblog_is_not_sent_a_boost_of_it(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer
) -> None:
    reader = microblog.person("reader")
    await join(ours, microblog, reader, shed)
    await written(ours, organiser, shed)
    assert microblog.of_type("Announce", "Create") == []


async def test_members_read_it_and_followers_of_its_author_do_not(
    ours: Instance, organiser: Account, shed: Account
) -> None:
    member, follower = await ours.member("member"), await ours.member("follower")
    await enter(ours, member, shed)
    await enter(ours, follower, organiser)
    post = await written(ours, organiser, shed)
    assert post.visibility == "members"
    assert await seen_by(ours, post, member)
    assert await seen_by(ours, post, organiser)
    assert not await seen_by(ours, post, follower)
    assert not await seen_by(ours, post, None)
    homes = await ours.rows(
        "select account_id from home_entries where subject_id = $1 order by 1", post.id
    )
    assert {row["account_id"] for row in homes} == {organiser.id, member.id}


async def test_who_leaves_reads_no_more(ours: Instance, organiser: Account, shed: Account) -> None:
    member = await ours.member("member")
    await enter(ours, member, shed)
    post = await written(ours, organiser, shed)
    async with ours.work.transaction() as tx:
        await communities.follows.unfollow(tx, member, shed)
    assert not await seen_by(ours, post, member)


async def test_a_member_elsewhere_posts_and_their_server_is_told(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    note = threads.note(
        neighbour, "<p>I have the ladder</p>", [shed.uri],
        to=[shed.uri, f"{shed.uri}/followers"], cc=[], audience=shed.uri,
    )  # fmt: skip
    create = threads.activity(neighbour, "Create", note, to=note["to"], cc=[])
    await threads.send(neighbour, create, ours.inbox)
    await ours.settle()
    assert await ours.outcome(create["id"]) == "done"
    post = await ours.post(note["id"])
    assert post
    assert (post.visibility, post.community_id) == ("members", shed.id)
    (announced,) = threads.of_type("Announce")
    assert announced["object"] == create, "unchanged"
    assert await seen_by(ours, post, organiser)
    assert not await seen_by(ours, post, await ours.member("stranger"))


@pytest.mark.parametrize(
    ("to", "reason"),
    [
        ([PUBLIC], "private_community"),
        (["{group}", "{group}/followers"], "not_a_member"),
    ],
)
async def test_what_is_not_of_or_for_members_is_refused(
    ours: Instance, shed: Account, threads: Peer, neighbour: Person, to: list[str], reason: str
) -> None:
    by = neighbour if reason == "private_community" else threads.person("outsider", key=1)
    named = [uri.format(group=shed.uri) for uri in to]
    note = threads.note(by, "<p>Hello</p>", [shed.uri], to=named, audience=shed.uri)
    create = threads.activity(by, "Create", note, to=named, cc=[shed.uri])
    await threads.send(by, create, ours.inbox)
    await ours.settle()
    assert await ours.outcome(create["id"]) == reason
    assert await ours.post(note["id"]) is None


async def test_answers_stay_among_members(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    post = await written(ours, organiser, shed)
    reply = await ours.publish(
        organiser, "It is the red one", in_reply_to=post, visibility="private"
    )
    await ours.settle()
    assert (reply.visibility, reply.community_id) == ("members", shed.id)
    last = threads.of_type("Announce")[-1]["object"]
    assert last["object"]["inReplyTo"] == post.uri
    assert PUBLIC not in addressed(last["object"])
    assert neighbour


async def test_nobody_else_is_named_in_it(
    ours: Instance, organiser: Account, shed: Account
) -> None:
    outsider = await ours.member("outsider")
    post = await ours.publish(organiser, "Ask @outsider for it", community=shed)
    assert not await seen_by(ours, post, outsider)
    told = await ours.value("select count(*) from notifications where account_id = $1", outsider.id)
    assert told == 0


async def test_it_is_neither_boosted_nor_quoted_nor_pinned(
    ours: Instance, organiser: Account, shed: Account
) -> None:
    post = await written(ours, organiser, shed)
    async with ours.work.transaction() as tx:
        with pytest.raises(Forbidden) as refused:
            await marks.boost(tx, organiser, post)
        assert refused.value.reason == "not_public"
        assert (await sight.quotable(tx, organiser, {}, [post]))[post.id] == "denied"
        with pytest.raises(Invalid):
            await marks.pin(tx, organiser, post, added=True)


# --- what servers may fetch ---


PARTS = ("/outbox", "/outbox?before=99999999999999999", "/followers", "/following", "/featured",
         "/moderators")  # fmt: skip
OF_POST = ("", "/activity", "/replies", "/context")


async def test_outsiders_get_what_is_not_there(
    ours: Instance, organiser: Account, shed: Account, threads: Peer
) -> None:
    post = await written(ours, organiser, shed)
    outsider = threads.person("outsider")
    nothing = await get(threads, f"https://{ours.host}/posts/1")
    assert nothing.status == 404
    asked = [*(shed.uri + part for part in PARTS), *(post.uri + part for part in OF_POST)]
    for url in asked:
        for by in (None, outsider):
            answer = await get(threads, url, by)
            assert (answer.status, answer.body) == (404, nothing.body), url
            assert answer.headers["Cache-Control"] == nothing.headers["Cache-Control"] == "no-store"
            assert answer.headers["Vary"] == nothing.headers["Vary"]
            assert answer.headers["Content-Type"] == nothing.headers["Content-Type"]


async def test_a_server_of_members_gets_it_and_no_cache_keeps_it(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    post = await written(ours, organiser, shed)
    server = threads.person("server", "Application", key=2)
    for by in (neighbour, server):
        for url in [*(shed.uri + part for part in PARTS), *(post.uri + part for part in OF_POST)]:
            answer = await get(threads, url, by)
            assert answer.status == 200, url
            assert answer.headers["Cache-Control"] == "private, no-store", url
            assert {"Signature", "Accept"} <= set(answer.headers["Vary"].split(", "))
    items = (await get(threads, f"{shed.uri}/outbox", server)).json["orderedItems"]
    assert [item["object"]["object"]["id"] for item in items] == [post.uri]
    listed = (await get(threads, f"{post.uri}/context", server)).json
    assert listed["orderedItems"] == [post.uri]


async def test_somebody_else_of_that_server_gets_nothing_in_their_own_name(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    post = await written(ours, organiser, shed)
    other = threads.person("other", key=1)
    assert (await get(threads, post.uri, neighbour)).status == 200
    assert (await get(threads, post.uri, other)).status == 404


async def test_a_signature_that_does_not_hold_reads_nothing(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    post = await written(ours, organiser, shed)
    forged = Person(neighbour.uri, neighbour.name, key=3)
    assert (await get(threads, post.uri, forged)).status == 404


async def test_who_was_let_go_fetches_no_more(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    post = await written(ours, organiser, shed)
    undo = threads.activity(neighbour, "Undo", threads.activity(neighbour, "Follow", shed.uri))
    await threads.send(neighbour, undo, ours.inbox)
    await ours.settle()
    assert (await get(threads, post.uri, neighbour)).status == 404


async def test_a_host_of_what_was_posted_asks_who_else_may_have_it(
    ours: Instance, shed: Account, threads: Peer, neighbour: Person
) -> None:
    """As Lemmy does: ``followers?is_follower=`` with the actor that asks it."""
    outsider = threads.person("outsider", key=1)
    asked = f"{shed.uri}/followers?is_follower="
    assert (await get(threads, asked + neighbour.uri, neighbour)).status == 200
    assert (await get(threads, asked + outsider.uri, neighbour)).status == 404
    assert (await get(threads, asked + neighbour.uri, outsider)).status == 404


# --- finding and joining it ---


async def test_one_that_is_joined_on_request_shows_where_to_ask(
    ours: Instance, shed: Account, threads: Peer
) -> None:
    stub = (await get(threads, shed.uri)).json
    assert stub["manuallyApprovesFollowers"] is True
    assert stub["discoverable"] is False
    assert not {"summary", "attributedTo", "published", "url", "featured"} & stub.keys()
    assert "tools" not in texts(stub)
    actor = parse.parse_object(stub)
    assert isinstance(actor, Actor)
    assert actor.inbox == shed.inbox
    found = await get(
        threads, f"https://{ours.host}/.well-known/webfinger?resource=acct:shed@{ours.host}"
    )
    assert found.status == 200


async def test_one_for_the_invited_shows_its_key_alone(
    ours: Instance, organiser: Account, threads: Peer
) -> None:
    shed = await private(ours, organiser, "invited")
    stub = (await get(threads, shed.uri)).json
    assert stub.keys() == {"@context", "id", "publicKey"}
    assert stub["publicKey"]["owner"] == shed.uri
    web = f"https://{ours.host}"
    finger = f"{web}/.well-known/webfinger?resource=acct:"
    absent = await get(threads, f"{finger}nobody@{ours.host}")
    hidden = await get(threads, f"{finger}shed@{ours.host}")
    assert (hidden.status, hidden.body) == (absent.status, absent.body) == (404, absent.body)
    assert (await get(threads, f"{web}/@shed")).body == (await get(threads, f"{web}/@nobody")).body
    asking = threads.person("asking")
    follow = threads.activity(asking, "Follow", shed.uri)
    await threads.send(asking, follow, ours.inbox)
    await ours.settle()
    assert await ours.outcome(follow["id"]) == "not_invited"


async def test_who_is_invited_sees_it_and_is_let_in(
    ours: Instance, organiser: Account, threads: Peer
) -> None:
    shed = await private(ours, organiser, "invited")
    guest = threads.person("guest")
    await threads.send(guest, threads.activity(guest, "Follow", organiser.uri), ours.inbox)
    await ours.settle()
    invited = await ours.known(guest.uri)
    assert invited
    async with ours.work.transaction() as tx:
        await communities.invite(tx, organiser, shed, invited)
    await ours.settle()
    (invite,) = threads.of_type("Invite")
    assert (invite["actor"], invite["object"], invite["target"]) == (
        organiser.uri, shed.uri, guest.uri,
    )  # fmt: skip
    assert (await get(threads, shed.uri, guest)).json["summary"]
    follow = threads.activity(guest, "Follow", shed.uri)
    await threads.send(guest, follow, ours.inbox)
    await ours.settle()
    accepted = [a for a in threads.of_type("Accept") if a["actor"] == shed.uri]
    assert [a["object"]["id"] for a in accepted] == [follow["id"]]
    assert await ours.value("select count(*) from community_invites") == 0


async def test_only_who_steers_it_invites(
    ours: Instance, organiser: Account, shed: Account
) -> None:
    member, friend = await ours.member("member"), await ours.member("friend")
    await enter(ours, member, shed)
    async with ours.work.transaction() as tx:
        with pytest.raises(Forbidden):
            await communities.invite(tx, member, shed, friend)
    assert await ours.value("select count(*) from community_invites") == 0
    assert organiser


async def test_a_private_community_is_not_open(ours: Instance, organiser: Account) -> None:
    with pytest.raises(Invalid):
        await private(ours, organiser, "open")


async def test_an_unlisted_one_is_not_listed(ours: Instance, organiser: Account) -> None:
    async with ours.work.transaction() as tx:
        hidden = await communities.create(tx, organiser, "hidden", "Hidden", visibility="unlisted")
        listed = await account_rows.local_groups(tx.conn, 40)
        assert hidden.id not in {group.id for group in listed}
        assert not hidden.discoverable
        assert await sight.knowable(tx, [hidden], None) == [hidden]
        assert await sight.knowable(tx, [hidden], None, listed=True) == []


async def test_whom_its_author_blocks_does_not_fetch_it(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    post = await written(ours, organiser, shed)
    blocked = await ours.known(neighbour.uri)
    assert blocked
    assert (await get(threads, post.uri, neighbour)).status == 200
    async with ours.work.transaction() as tx:
        await communities.follows.block(tx, organiser, blocked)
    assert (await get(threads, post.uri, neighbour)).status == 404


async def test_what_was_removed_is_fetched_no_more(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    post = await written(ours, organiser, shed)
    async with ours.work.transaction() as tx:
        await tx.conn.execute("update posts set removed = 'here' where id = $1", post.id)
    assert (await get(threads, post.uri, neighbour)).status == 404


async def invited_guest(
    ours: Instance, threads: Peer, organiser: Account, shed: Account, kind: str = "Person"
) -> Person:
    guest = threads.person("guest", kind, key=1)
    await threads.send(guest, threads.activity(guest, "Follow", organiser.uri), ours.inbox)
    await ours.settle()
    await ask_in(ours, organiser, shed, guest)
    return guest


async def ask_in(ours: Instance, organiser: Account, shed: Account, guest: Person) -> None:
    invited = await ours.known(guest.uri)
    assert invited
    async with ours.work.transaction() as tx:
        await communities.invite(tx, organiser, shed, invited)
    await ours.settle()


async def test_who_is_only_invited_reads_nothing_yet(
    ours: Instance, organiser: Account, threads: Peer
) -> None:
    shed = await private(ours, organiser, "invited")
    post = await written(ours, organiser, shed)
    guest = await invited_guest(ours, threads, organiser, shed)
    assert (await get(threads, shed.uri, guest)).json["summary"]
    below = ("outbox", "followers", "featured", "moderators", f"followers?is_follower={guest.uri}")
    for url in (post.uri, f"{post.uri}/context", *(f"{shed.uri}/{name}" for name in below)):
        assert (await get(threads, url, guest)).status == 404, url


async def test_who_is_banned_is_not_invited_and_no_guest_any_more(
    ours: Instance, organiser: Account, threads: Peer
) -> None:
    shed = await private(ours, organiser, "invited")
    guest = await invited_guest(ours, threads, organiser, shed)
    known = await ours.known(guest.uri)
    assert known
    async with ours.work.transaction() as tx:
        by = await group_moderation.steward(tx, shed, organiser)
        await group_moderation.ban(tx, by, known, group_moderation.Ban())
    await ours.settle()
    assert "summary" not in (await get(threads, shed.uri, guest)).json
    with pytest.raises(Forbidden, match="lift the ban"):
        await ask_in(ours, organiser, shed, guest)
    follow = threads.activity(guest, "Follow", shed.uri)
    await threads.send(guest, follow, ours.inbox)
    await ours.settle()
    assert await ours.outcome(follow["id"]) == "banned"


async def test_a_bot_reads_for_nobody_but_itself(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    post = await written(ours, organiser, shed)
    bot, server = (
        threads.person("bot", "Service", key=1),
        threads.person("site", "Application", key=2),
    )
    for who in (bot, server):
        await threads.send(who, threads.activity(who, "Follow", organiser.uri), ours.inbox)
    await ours.settle()
    assert (await get(threads, post.uri, bot)).status == 404
    assert (await get(threads, post.uri, server)).status == 200
    assert neighbour


async def test_an_edit_names_nobody_else_either(
    ours: Instance, organiser: Account, shed: Account, threads: Peer, neighbour: Person
) -> None:
    post = await written(ours, organiser, shed)
    outsider = await ours.member("outsider")
    async with ours.work.transaction() as tx:
        typed = drafts.Typed("@outsider the key lies elsewhere", title="The key", edited=post)
        await posts.edit(tx, organiser, post, await drafts.draft(tx, organiser, typed))
    await ours.settle()
    (update,) = (
        a["object"] for a in threads.of_type("Announce") if a["object"]["type"] == "Update"
    )
    assert outsider.uri not in texts(update["object"]["to"])
    told = await ours.value("select count(*) from notifications where account_id = $1", outsider.id)
    assert told == 0
    assert neighbour


async def test_whoever_is_quoted_in_it_does_not_get_it(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer
) -> None:
    """A QuoteRequest would carry the whole post."""
    quoted, outsider = microblog.person("quoted"), await ours.member("outsider")
    note = microblog.note(quoted, "<p>Look</p>", [organiser.uri])
    note["interactionPolicy"] = {"canQuote": {"automaticApproval": [PUBLIC]}}
    await microblog.send(quoted, microblog.create(quoted, note), ours.inbox)
    await ours.settle()
    there = await ours.post(note["id"])
    here = await ours.publish(outsider, "Look here")
    for post in (there, here):
        made = await ours.publish(organiser, "The key", title="Key", community=shed, quote=post)
        assert made.visibility == "members"
    await ours.settle()
    assert "The key" not in str([r.document for r in microblog.received])
    assert microblog.of_type("QuoteRequest") == []
    told = await ours.value("select count(*) from notifications where account_id = $1", outsider.id)
    assert told == 0
