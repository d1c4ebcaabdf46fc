"""Moderation of groups between servers, with documents in the shape of Lemmy's, over signed HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from server.arriving import resolve
from server.domain import sight
from server.domain.calling import participations
from server.domain.groups import communities
from server.domain.members import follows
from server.domain.moderating import group_moderation as verbs
from server.domain.moderating.group_moderation import Ban, Steward
from server.domain.posting import dislikes, posts
from server.domain.tx import Tx
from server.errors import Forbidden, NotFound
from storage.accounts import Account
from storage.posts import Post
from tests.federation import members
from tests.federation.instance import Instance
from tests.federation.peer import AS, PUBLIC, Json, Peer, Person, peer


@pytest.fixture
async def lemmy() -> AsyncIterator[Peer]:
    async with peer("lemmy") as made:
        yield made


def page(server: Peer, by: Person, group: str, **more: Any) -> Json:
    """A post as Lemmy writes it."""
    return server.serve(
        {
            "@context": AS,
            "id": server.url(f"/post/{server.number()}"),
            "type": "Page",
            "attributedTo": by.uri,
            "name": "Seeds",
            "content": "<p>Seeds to share</p>",
            "mediaType": "text/html",
            "published": "2026-11-22T10:00:00Z",
            "to": [group, PUBLIC],
            "cc": [],
            "audience": group,
            "attachment": [],
            **more,
        }
    )


def comment(server: Peer, by: Person, group: str, parent: str) -> Json:
    named = {"type": "Note", "inReplyTo": parent, "content": "<p>I want some</p>"}
    reply = page(server, by, group, **named)
    del reply["name"]
    return reply


def act(server: Peer, by: Person, kind: str, about: object, group: str, **more: Any) -> Json:
    """An activity of a moderator as Lemmy writes it."""
    said = {"to": [PUBLIC], "cc": [group], "audience": group}
    return server.activity(by, kind, about, **said | more)


async def sent(ours: Instance, server: Peer, by: Person, document: Json) -> str:
    """What became of it."""
    assert (await server.send(by, document, ours.inbox)).status == 202
    await ours.settle()
    return await ours.outcome(document["id"])


async def stored(ours: Instance, uri: str) -> Post:
    found = await ours.post(uri)
    assert found
    return found


async def seen(ours: Instance, post: Post, viewer: Account | None) -> bool:
    async with ours.work.reading() as tx:
        try:
            await sight.post(tx, post.id, viewer)
        except NotFound:
            return False
        return True


async def steward(tx: Tx, community: Account, by: Account) -> Steward:
    return await verbs.steward(tx, community, by)


def announced(server: Peer, kind: str) -> list[Json]:
    """What a group of ours passed on, embedded."""
    inner = [d["object"] for d in server.of_type("Announce") if isinstance(d["object"], dict)]
    return [document for document in inner if document["type"] == kind]


async def follow(ours: Instance, server: Peer, who: Person, target: Account) -> None:
    asked = server.activity(who, "Follow", target.uri, to=[target.uri])
    assert await sent(ours, server, who, asked) == "done"


# Our community, moderated from here and from there


@pytest.fixture
async def member(ours: Instance, lemmy: Peer, garden: Account) -> Person:
    """Somebody of a Lemmy who joined the garden."""
    who = lemmy.person("member")
    await follow(ours, lemmy, who, garden)
    return who


async def moderator_of(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, name: str = "moderator"
) -> Person:
    who = lemmy.person(name, key=1)
    await follow(ours, lemmy, who, garden)
    account = await ours.known(who.uri)
    assert account
    async with ours.work.transaction() as tx:
        await communities.grant(tx, organiser, garden, account, "moderator")
    await ours.settle()
    return who


@pytest.fixture
async def moderator(ours: Instance, lemmy: Peer, organiser: Account, garden: Account) -> Person:
    """Somebody of a Lemmy who moderates the garden."""
    return await moderator_of(ours, lemmy, organiser, garden)


async def posted(ours: Instance, lemmy: Peer, by: Person, group: Account) -> Post:
    document = page(lemmy, by, group.uri)
    assert await sent(ours, lemmy, by, lemmy.create(by, document)) == "done"
    return await stored(ours, document["id"])


async def test_a_moderator_is_announced(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, moderator: Person
) -> None:
    (added,) = announced(lemmy, "Add")
    assert added["actor"] == organiser.uri
    assert added["object"] == moderator.uri
    assert added["target"] == garden.moderators_uri
    assert (added["to"], added["cc"], added["audience"]) == ([PUBLIC], [garden.uri], garden.uri)
    account = await ours.known(moderator.uri)
    assert account
    async with ours.work.transaction() as tx:
        await communities.dismiss(tx, organiser, garden, account)
    await ours.settle()
    assert [d["object"] for d in announced(lemmy, "Remove")] == [moderator.uri]


async def test_a_moderator_who_leaves_elsewhere_is_none_any_more(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, moderator: Person
) -> None:
    """The last organiser, too: who left on another server has left."""
    account = await ours.known(moderator.uri)
    assert account
    async with ours.work.transaction() as tx:
        await communities.grant(tx, organiser, garden, account, "organiser")
        await communities.dismiss(tx, organiser, garden, organiser)
    follow_of = lemmy.activity(moderator, "Follow", garden.uri)
    undo = lemmy.activity(moderator, "Undo", follow_of)
    assert (await lemmy.send(moderator, undo, ours.inbox)).status == 202
    await ours.settle()
    assert await ours.outcome(undo["id"]) == "done"
    assert await ours.value("select count(*) from community_roles") == 0
    removed = announced(lemmy, "Remove")
    assert [d["object"] for d in removed] == [organiser.uri, moderator.uri]
    assert removed[-1]["actor"] == garden.uri


async def test_a_removal_is_announced_with_its_reason_and_its_undo(
    ours: Instance,
    lemmy: Peer,
    microblog: Peer,
    organiser: Account,
    garden: Account,
    member: Person,
) -> None:
    """Lemmy takes a Delete with a summary for a removal; a microblog only knows the boost."""
    reader = microblog.person("reader")
    await follow(ours, microblog, reader, garden)
    post = await posted(ours, lemmy, member, garden)
    assert [d["object"] for d in microblog.of_type("Announce")] == [post.uri]
    async with ours.work.transaction() as tx:
        await verbs.remove(tx, await steward(tx, garden, organiser), post, "Spam")
    await ours.settle()
    (gone,) = announced(lemmy, "Delete")
    assert (gone["object"], gone["summary"]) == (post.uri, "Spam")
    assert (gone["to"], gone["cc"], gone["audience"]) == ([PUBLIC], [garden.uri], garden.uri)
    assert gone["proof"]
    (undone,) = microblog.of_type("Undo")
    assert undone["object"]["object"] == post.uri
    assert not await seen(ours, post, organiser)
    assert not await seen(ours, post, None)
    async with ours.work.transaction() as tx:
        await verbs.restore(tx, await steward(tx, garden, organiser), post, "It was not")
    await ours.settle()
    (back,) = announced(lemmy, "Undo")
    assert back["object"]["type"] == "Delete"
    assert back["object"]["object"] == post.uri
    assert back["object"]["actor"] == back["actor"] == organiser.uri
    assert [d["object"] for d in microblog.of_type("Announce")] == [post.uri, post.uri]
    assert await seen(ours, post, None)


async def test_nothing_but_a_removed_thread_reaches_a_microblog(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    reader = microblog.person("reader")
    await follow(ours, microblog, reader, garden)
    post = await ours.publish(organiser, "@garden hello")
    await ours.settle()
    before = len(microblog.received)
    async with ours.work.transaction() as tx:
        by = await steward(tx, garden, organiser)
        await verbs.lock(tx, by, post)
        await verbs.unlock(tx, by, post)
    await ours.settle()
    assert len(microblog.received) == before


async def test_a_remote_moderator_removes_and_restores(
    ours: Instance,
    lemmy: Peer,
    organiser: Account,
    garden: Account,
    member: Person,
    moderator: Person,
) -> None:
    post = await posted(ours, lemmy, member, garden)
    gone = act(lemmy, moderator, "Delete", post.uri, garden.uri, summary="Spam")
    assert await sent(ours, lemmy, moderator, gone) == "done"
    assert not await seen(ours, post, organiser)
    assert announced(lemmy, "Delete") == [gone]
    undo = act(lemmy, moderator, "Undo", gone, garden.uri)
    assert await sent(ours, lemmy, moderator, undo) == "done"
    assert await seen(ours, post, organiser)
    assert undo in announced(lemmy, "Undo")
    log = await ours.rows("select action, role, reason from moderation_log order by id")
    assert [tuple(row.values()) for row in log] == [
        ("appoint", "organiser", ""),
        ("remove", "moderator", "Spam"),
        ("restore", "moderator", ""),
    ]


async def test_a_removed_post_of_ours_stays_its_authors(
    ours: Instance, lemmy: Peer, garden: Account, moderator: Person
) -> None:
    author = await ours.member("gardener")
    post = await ours.publish(author, "@garden hello")
    gone = act(lemmy, moderator, "Delete", post.uri, garden.uri, summary="Off topic")
    assert await sent(ours, lemmy, moderator, gone) == "done"
    assert await seen(ours, post, author)
    assert not await seen(ours, post, None)
    async with ours.work.transaction() as tx:
        await posts.delete(tx, author, await stored(ours, post.uri))
    await ours.settle()
    assert await ours.post(post.uri) is None


@pytest.mark.parametrize("kind", ["Delete", "Lock", "Block", "Add", "Remove"])
async def test_who_does_not_moderate_is_refused_by_name(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, member: Person, kind: str
) -> None:
    post = await ours.publish(organiser, "@garden hello")
    other = await ours.member("other")
    about: dict[str, tuple[str, dict[str, Any]]] = {
        "Delete": (post.uri, {"summary": "Spam"}),
        "Lock": (post.uri, {}),
        "Block": (other.uri, {"target": garden.uri, "removeData": True}),
        "Add": (member.uri, {"target": garden.moderators_uri}),
        "Remove": (organiser.uri, {"target": garden.moderators_uri}),
    }
    uri, more = about[kind]
    said = act(lemmy, member, kind, uri, garden.uri, **more)
    reasons = ("not_a_steward", "not_an_organiser")
    assert await sent(ours, lemmy, member, said) in reasons
    assert await seen(ours, post, None)
    assert await ours.value("select count(*) from moderation_log") == 0
    assert await ours.value("select count(*) from community_bans") == 0
    assert announced(lemmy, kind) == []


async def test_a_moderator_of_ours_does_not_reach_another_communitys_post(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, moderator: Person
) -> None:
    orchard = await ours.community(organiser, "orchard")
    elsewhere = await ours.publish(organiser, "@orchard hello")
    nowhere = await ours.publish(organiser, "hello")
    assert orchard
    for post, reason in ((elsewhere, "not_a_steward"), (nowhere, "foreign_object")):
        for kind in ("Delete", "Lock"):
            said = act(lemmy, moderator, kind, post.uri, garden.uri, summary="Mine")
            assert await sent(ours, lemmy, moderator, said) == reason
        assert await seen(ours, post, None)
    async with ours.work.transaction() as tx:
        with pytest.raises(Forbidden) as refused:
            await verbs.remove(tx, await steward(tx, garden, organiser), elsewhere)
    assert refused.value.reason == "not_in_community"


# Locks


async def test_a_locked_thread_takes_no_reply_from_anywhere(
    ours: Instance,
    lemmy: Peer,
    organiser: Account,
    garden: Account,
    member: Person,
    moderator: Person,
) -> None:
    post = await posted(ours, lemmy, member, garden)
    first = comment(lemmy, member, garden.uri, post.uri)
    assert await sent(ours, lemmy, member, lemmy.create(member, first)) == "done"
    lock = act(lemmy, moderator, "Lock", post.uri, garden.uri, summary="Calm down")
    assert await sent(ours, lemmy, moderator, lock) == "done"
    assert announced(lemmy, "Lock") == [lock]
    for parent in (post.uri, first["id"]):
        late = comment(lemmy, member, garden.uri, parent)
        assert await sent(ours, lemmy, member, lemmy.create(member, late)) == "locked"
        assert await ours.post(late["id"]) is None
        with pytest.raises(Forbidden) as refused:
            await ours.publish(organiser, "me too", in_reply_to=await stored(ours, parent))
        assert refused.value.reason == "locked"
    undo = act(lemmy, moderator, "Undo", lock, garden.uri, summary="Calm again")
    assert await sent(ours, lemmy, moderator, undo) == "done"
    again = comment(lemmy, member, garden.uri, post.uri)
    assert await sent(ours, lemmy, member, lemmy.create(member, again)) == "done"


async def test_a_lock_of_ours_is_what_lemmy_reads(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, member: Person
) -> None:
    assert member
    post = await ours.publish(organiser, "@garden hello", title="Hello")
    async with ours.work.transaction() as tx:
        by = await steward(tx, garden, organiser)
        await verbs.lock(tx, by, post, "Calm down")
        await verbs.lock(tx, by, post, "Calm down")
        await verbs.unlock(tx, by, post, "Calm again")
    await ours.settle()
    (lock,) = announced(lemmy, "Lock")
    assert (lock["object"], lock["summary"]) == (post.uri, "Calm down")
    assert (lock["to"], lock["cc"], lock["audience"]) == ([PUBLIC], [garden.uri], garden.uri)
    (undo,) = announced(lemmy, "Undo")
    assert undo["object"]["type"] == "Lock"
    assert undo["object"]["id"].startswith("https://")
    assert (undo["object"]["to"], undo["object"]["cc"]) == ([PUBLIC], [garden.uri])
    assert undo["summary"] == "Calm again"


# Bans


async def test_who_is_banned_finds_no_way_back(
    ours: Instance,
    lemmy: Peer,
    organiser: Account,
    garden: Account,
    member: Person,
    moderator: Person,
) -> None:
    mine = await posted(ours, lemmy, member, garden)
    theirs = await ours.publish(organiser, "@garden hello")
    ends = (ours.clock.now() + timedelta(days=3)).isoformat()
    more = {"target": garden.uri, "summary": "Loud", "endTime": ends, "removeData": False}
    ban = act(lemmy, moderator, "Block", member.uri, garden.uri, **more)
    assert await sent(ours, lemmy, moderator, ban) == "done"
    assert announced(lemmy, "Block") == [ban]
    assert [d["object"]["actor"] for d in lemmy.of_type("Reject")] == [member.uri]
    edited = {**page(lemmy, member, garden.uri), "id": mine.uri, "content": "<p>Loud</p>"}
    tries = [
        lemmy.create(member, page(lemmy, member, garden.uri)),
        lemmy.create(member, comment(lemmy, member, garden.uri, theirs.uri)),
        lemmy.create(member, {**comment(lemmy, member, garden.uri, theirs.uri), "to": [PUBLIC],
                              "cc": [], "audience": None}),
        lemmy.activity(member, "Update", edited),
        lemmy.activity(member, "Like", theirs.uri),
        lemmy.activity(member, "Dislike", theirs.uri),
        lemmy.activity(member, "Follow", garden.uri, to=[garden.uri]),
        lemmy.activity(member, "Join", garden.uri, to=[garden.uri]),
    ]  # fmt: skip
    for said in tries:
        assert await sent(ours, lemmy, member, said) == "banned", said["type"]
    assert (await stored(ours, mine.uri)).content == "<p>Seeds to share</p>"
    ours.clock.forward(days=4)
    again = lemmy.activity(member, "Follow", garden.uri, to=[garden.uri])
    lemmy.now = ours.clock.now()
    assert await sent(ours, lemmy, member, again) == "done"


async def test_what_a_ban_keeps_out_does_not_keep_out_who_answers_it(
    ours: Instance,
    lemmy: Peer,
    microblog: Peer,
    organiser: Account,
    garden: Account,
    member: Person,
) -> None:
    """Its parent is refused when it is fetched; the reply stands by itself."""
    who = await ours.known(member.uri)
    assert who
    async with ours.work.transaction() as tx:
        await verbs.ban(tx, await steward(tx, garden, organiser), who, Ban())
    parent = page(lemmy, member, garden.uri)
    honest = microblog.person("honest", key=1)
    reply = microblog.note(honest, "<p>No</p>", [garden.uri], inReplyTo=parent["id"])
    assert await sent(ours, microblog, honest, microblog.create(honest, reply)) == "done"
    assert await ours.post(parent["id"]) is None
    assert await ours.post(reply["id"])


async def test_a_banned_member_of_ours_answers_no_call_and_votes_in_no_poll(
    ours: Instance, organiser: Account, garden: Account
) -> None:
    loud = await ours.member("loud")
    call = await ours.event(organiser, garden, "Picnic")
    async with ours.work.transaction() as tx:
        await follows.follow(tx, loud, garden)
        await verbs.ban(tx, await steward(tx, garden, organiser), loud, Ban())
    for attempt in (
        lambda tx: participations.answer(tx, loud, call, "going", "client"),
        lambda tx: follows.follow(tx, loud, garden),
        lambda tx: dislikes.dislike(tx, loud, call),
    ):
        with pytest.raises(Forbidden) as refused:
            async with ours.work.transaction() as tx:
                await attempt(tx)
        assert refused.value.reason == "banned"
    async with ours.work.reading() as tx:
        assert (await communities.may_post(tx, garden, loud, "public")).reason == "banned"


async def test_a_ban_with_all_data_and_its_undo(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, member: Person
) -> None:
    one, two = [await posted(ours, lemmy, member, garden) for _ in range(2)]
    who = await ours.known(member.uri)
    assert who
    async with ours.work.transaction() as tx:
        by = await steward(tx, garden, organiser)
        await verbs.ban(tx, by, who, Ban(reason="Loud", remove_data=True))
    await ours.settle()
    (block,) = announced(lemmy, "Block")
    assert (block["object"], block["target"]) == (member.uri, garden.uri)
    assert (block["summary"], block["removeData"]) == ("Loud", True)
    assert "endTime" not in block
    assert not await seen(ours, one, organiser)
    assert not await seen(ours, two, organiser)
    async with ours.work.transaction() as tx:
        by = await steward(tx, garden, organiser)
        await verbs.unban(tx, by, who, restore_data=True)
    await ours.settle()
    (undo,) = announced(lemmy, "Undo")
    assert undo["object"]["type"] == "Block"
    assert undo["object"]["target"] == garden.uri
    assert undo["restoreData"] is True
    assert await seen(ours, one, organiser)
    assert await seen(ours, two, organiser)


async def test_a_moderator_does_not_ban_an_organiser_and_the_last_one_stays(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, moderator: Person
) -> None:
    ban = act(lemmy, moderator, "Block", organiser.uri, garden.uri, target=garden.uri)
    assert await sent(ours, lemmy, moderator, ban) == "outranked"
    more = {"target": garden.moderators_uri}
    remove = act(lemmy, moderator, "Remove", organiser.uri, garden.uri, **more)
    assert await sent(ours, lemmy, moderator, remove) == "not_an_organiser"
    async with ours.work.transaction() as tx:
        with pytest.raises(Forbidden) as refused:
            await communities.dismiss(tx, organiser, garden, organiser)
        assert refused.value.reason == "last_organiser"
    down = act(lemmy, moderator, "Remove", moderator.uri, garden.uri, **more)
    assert await sent(ours, lemmy, moderator, down) == "done"
    again = act(lemmy, moderator, "Block", organiser.uri, garden.uri, target=garden.uri)
    assert await sent(ours, lemmy, moderator, again) == "not_a_steward"


# Featured


async def test_a_remote_moderator_features_a_post_of_ours(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, moderator: Person
) -> None:
    post = await ours.publish(organiser, "@garden hello", title="Hello")
    stray = await ours.publish(organiser, "hello")
    more = {"target": garden.featured_uri}
    add = act(lemmy, moderator, "Add", post.uri, garden.uri, **more)
    assert await sent(ours, lemmy, moderator, add) == "done"
    assert add in announced(lemmy, "Add")
    assert await ours.value("select post_id from pins where account_id = $1", garden.id) == post.id
    wrong = act(lemmy, moderator, "Add", stray.uri, garden.uri, **more)
    assert await sent(ours, lemmy, moderator, wrong) == "foreign_object"
    remove = act(lemmy, moderator, "Remove", post.uri, garden.uri, **more)
    assert await sent(ours, lemmy, moderator, remove) == "done"
    assert await ours.value("select count(*) from pins where account_id = $1", garden.id) == 0


async def test_what_is_done_in_a_private_community_is_told_to_its_members_only(
    ours: Instance, lemmy: Peer, microblog: Peer, organiser: Account
) -> None:
    """To its followers, without Public and without a proof that would outlive it."""
    shed = await members.private(ours, organiser)
    neighbour = lemmy.person("neighbour")
    await members.join(ours, lemmy, neighbour, shed)
    post = await ours.publish(organiser, "@shed the key is under the pot", community=shed)
    await ours.settle()
    async with ours.work.transaction() as tx:
        by = await steward(tx, shed, organiser)
        await verbs.lock(tx, by, post, "Enough")
        await verbs.remove(tx, by, post, "Enough")
    await ours.settle()
    for kind in ("Lock", "Delete"):
        (said,) = announced(lemmy, kind)
        assert (said["to"], said["cc"]) == ([shed.followers_uri], [shed.uri])
        assert "proof" not in said
    told = [r.document for r in (*lemmy.received, *microblog.received)]
    assert PUBLIC not in str([d for d in told if d["type"] == "Announce"])
    known = await ours.known(neighbour.uri)
    assert not await seen(ours, post, known)
    async with ours.work.transaction() as tx:
        await verbs.restore(tx, await steward(tx, shed, organiser), post)
    assert await seen(ours, post, known)
    assert not await seen(ours, post, None)


# A group of another server


@dataclass
class Group:
    """A community of a Lemmy with a moderator at another server, which ``reader`` of ours has joined."""

    server: Peer
    who: Person
    document: Json
    reader: Account

    @property
    def uri(self) -> str:
        return self.who.uri

    def announce(self, inner: Json) -> Json:
        more = {"to": [PUBLIC], "cc": [f"{self.uri}/followers"]}
        return self.server.activity(self.who, "Announce", inner, **more)

    def lists(self, *moderators: str) -> None:
        self.server.serve(
            {
                "@context": AS,
                "id": f"{self.uri}/moderators",
                "type": "OrderedCollection",
                "totalItems": len(moderators),
                "orderedItems": list(moderators),
            }
        )


async def joined(ours: Instance, server: Peer, name: str, reader: Account, key: int = 0) -> Group:
    who = server.person(name, "Group", key)
    document = {**who.document(), "attributedTo": f"{who.uri}/moderators"}
    server.serve(document)
    made = Group(server, who, document, reader)
    made.lists()
    account = await resolve.actor(ours.net, who.uri)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, reader, account)
    await ours.settle()
    asked = server.of_type("Follow")[-1]
    answer = server.activity(who, "Accept", asked, to=[reader.uri])
    assert await sent(ours, server, who, answer) == "done"
    return made


@pytest.fixture
async def shed(ours: Instance, lemmy: Peer) -> Group:
    return await joined(ours, lemmy, "shed", await ours.member("reader"))


@pytest.fixture
async def far(microblog: Peer) -> Person:
    """Somebody of a server that is neither the group's nor ours."""
    return microblog.person("far")


async def in_shed(ours: Instance, shed: Group, server: Peer, by: Person) -> Post:
    """A post by ``by`` to the group, as the group passes it on."""
    document = page(server, by, shed.uri)
    said = shed.announce(server.create(by, document))
    assert await sent(ours, shed.server, shed.who, said) == "done"
    found = await stored(ours, document["id"])
    assert found.community_id
    return found


async def test_a_group_removes_what_was_posted_to_it_and_puts_it_back(
    ours: Instance, lemmy: Peer, microblog: Peer, shed: Group, far: Person
) -> None:
    """Who follows its author has the post from the author, and goes on seeing it."""
    post = await in_shed(ours, shed, microblog, far)
    fan = await ours.member("fan")
    author = await ours.known(far.uri)
    assert author
    async with ours.work.transaction() as tx:
        await follows.follow(tx, fan, author)
    await ours.settle()
    (asked,) = microblog.of_type("Follow")
    accept = microblog.activity(far, "Accept", asked, to=[fan.uri])
    assert await sent(ours, microblog, far, accept) == "done"
    moderator = lemmy.person("admin", key=1)
    gone = act(lemmy, moderator, "Delete", post.uri, shed.uri, summary="Spam")
    assert await sent(ours, lemmy, shed.who, shed.announce(gone)) == "done"
    assert not await seen(ours, post, shed.reader)
    assert not await seen(ours, post, None)
    assert await seen(ours, post, fan)
    assert (await stored(ours, post.uri)).content == post.content
    assert await ours.value("select count(*) from posts where kind = 'boost'") == 0
    undo = act(lemmy, moderator, "Undo", gone, shed.uri)
    assert await sent(ours, lemmy, shed.who, shed.announce(undo)) == "done"
    assert await seen(ours, post, shed.reader)
    assert await ours.value("select count(*) from posts where kind = 'boost'") == 1


async def test_a_post_of_ours_is_removed_by_the_group_and_stays_its_authors(
    ours: Instance, lemmy: Peer, shed: Group
) -> None:
    post = await ours.publish(shed.reader, f"@shed@{lemmy.host} hello", title="Hello")
    assert post.community_id
    admin = lemmy.person("admin", key=1)
    gone = act(lemmy, admin, "Delete", post.uri, shed.uri, summary="Spam")
    assert await sent(ours, lemmy, shed.who, shed.announce(gone)) == "done"
    assert await seen(ours, post, shed.reader)
    assert not await seen(ours, post, None)


async def test_a_group_does_not_moderate_what_is_not_in_it(
    ours: Instance, lemmy: Peer, microblog: Peer, shed: Group, far: Person
) -> None:
    """Its signature distributes; what it says of another's space is nobody's word."""
    barn = await joined(ours, microblog, "barn", shed.reader, key=1)
    other = await in_shed(ours, barn, microblog, far)
    nowhere = await ours.publish(shed.reader, "hello")
    own = await ours.community(await ours.member("founder"), "garden")
    ours_ = await ours.publish(shed.reader, "@garden hello")
    assert ours_.community_id == own.id
    admin = lemmy.person("admin", key=1)
    for post in (other, nowhere, ours_):
        for kind in ("Delete", "Lock"):
            said = act(lemmy, admin, kind, post.uri, shed.uri, summary="Mine")
            undo = act(lemmy, admin, "Undo", said, shed.uri)
            for inner in (said, undo):
                announce = shed.announce(inner)
                assert await sent(ours, lemmy, shed.who, announce) == "not_in_group"
        found = await stored(ours, post.uri)
        assert (found.removed, found.locked_at) == (None, None)
    for target in (barn.uri, own.uri):
        ban = act(lemmy, admin, "Block", shed.reader.uri, shed.uri, target=target)
        assert await sent(ours, lemmy, shed.who, shed.announce(ban)) == "not_in_group"
    assert await ours.value("select count(*) from community_bans") == 0


async def test_a_moderator_elsewhere_must_be_on_the_groups_list(
    ours: Instance, lemmy: Peer, microblog: Peer, shed: Group, far: Person
) -> None:
    post = await in_shed(ours, shed, microblog, far)
    stranger = microblog.person("stranger", key=1)
    lock = act(microblog, stranger, "Lock", post.uri, shed.uri)
    assert await sent(ours, lemmy, shed.who, shed.announce(lock)) == "not_a_moderator"
    assert await sent(ours, microblog, stranger, lock) == "not_a_moderator"
    assert (await stored(ours, post.uri)).locked_at is None
    assert lemmy.asked("/users/shed/moderators") == 1
    shed.lists(stranger.uri)
    ours.clock.forward(minutes=6)
    again = act(microblog, stranger, "Lock", post.uri, shed.uri)
    assert await sent(ours, lemmy, shed.who, shed.announce(again)) == "done"
    assert (await stored(ours, post.uri)).locked_at
    with pytest.raises(Forbidden) as refused:
        await ours.publish(shed.reader, "late", in_reply_to=await stored(ours, post.uri))
    assert refused.value.reason == "locked"


async def test_to_be_of_the_groups_server_is_not_enough_without_the_group(
    ours: Instance, lemmy: Peer, microblog: Peer, shed: Group, far: Person
) -> None:
    """Lemmy believes anybody of that server; anybody may have an account there."""
    post = await in_shed(ours, shed, microblog, far)
    somebody = lemmy.person("somebody", key=1)
    for kind in ("Delete", "Lock"):
        said = act(lemmy, somebody, kind, post.uri, shed.uri, summary="Mine")
        assert await sent(ours, lemmy, somebody, said) == "not_a_moderator"
    found = await stored(ours, post.uri)
    assert (found.removed, found.locked_at) == (None, None)


async def test_who_loses_the_role_is_not_believed_any_more(
    ours: Instance, lemmy: Peer, microblog: Peer, shed: Group, far: Person
) -> None:
    post = await in_shed(ours, shed, microblog, far)
    former = microblog.person("former", key=1)
    shed.lists(former.uri)
    lock = act(microblog, former, "Lock", post.uri, shed.uri)
    assert await sent(ours, microblog, former, lock) == "done"
    admin = lemmy.person("admin", key=1)
    shed.lists()
    target = f"{shed.uri}/moderators"
    gone = act(lemmy, admin, "Remove", former.uri, shed.uri, target=target)
    assert await sent(ours, lemmy, shed.who, shed.announce(gone)) == "done"
    undo = act(microblog, former, "Undo", lock, shed.uri)
    assert await sent(ours, microblog, former, undo) == "not_a_moderator"
    assert (await stored(ours, post.uri)).locked_at


async def test_a_ban_by_a_group_holds_for_a_member_of_ours(
    ours: Instance, lemmy: Peer, shed: Group
) -> None:
    """Lemmy sends it to the server of who is banned, by the moderator and not through the group."""
    moderator = lemmy.person("moderator", key=1)
    shed.lists(moderator.uri)
    more = {"target": shed.uri, "removeData": False, "summary": "Loud"}
    ban = act(lemmy, moderator, "Block", shed.reader.uri, shed.uri, **more)
    assert await sent(ours, lemmy, moderator, ban) == "done"
    with pytest.raises(Forbidden) as refused:
        await ours.publish(shed.reader, f"@shed@{lemmy.host} hello")
    assert refused.value.reason == "banned"
    await ours.publish(shed.reader, "to everybody else")
    undo = act(lemmy, moderator, "Undo", ban, shed.uri)
    assert await sent(ours, lemmy, moderator, undo) == "done"
    await ours.publish(shed.reader, f"@shed@{lemmy.host} hello")


async def test_a_group_features_its_posts_by_its_moderator(
    ours: Instance, lemmy: Peer, microblog: Peer, shed: Group, far: Person
) -> None:
    post = await in_shed(ours, shed, microblog, far)
    admin = lemmy.person("admin", key=1)
    add = act(lemmy, admin, "Add", post.uri, shed.uri, target=f"{shed.uri}/featured")
    assert await sent(ours, lemmy, shed.who, shed.announce(add)) == "done"
    assert await ours.value("select count(*) from pins where post_id = $1", post.id) == 1
    stray = await ours.publish(shed.reader, "hello")
    wrong = act(lemmy, admin, "Add", stray.uri, shed.uri, target=f"{shed.uri}/featured")
    assert await sent(ours, lemmy, shed.who, shed.announce(wrong)) == "foreign_object"


# Votes against


async def test_one_vote_per_person_and_never_both(
    ours: Instance, lemmy: Peer, organiser: Account, garden: Account, member: Person
) -> None:
    post = await ours.publish(organiser, "@garden hello", title="Hello")
    for kind in ("Dislike", "Dislike", "Like", "Dislike"):
        said = lemmy.activity(member, kind, post.uri, to=[], audience=garden.uri)
        assert await sent(ours, lemmy, member, said) == "done"
        found = await stored(ours, post.uri)
        assert (found.favourites_count, found.dislikes_count) == (
            (1, 0) if kind == "Like" else (0, 1)
        )
    inner = lemmy.activity(member, "Dislike", post.uri)
    undo = lemmy.activity(member, "Undo", inner)
    assert await sent(ours, lemmy, member, undo) == "done"
    found = await stored(ours, post.uri)
    assert (found.favourites_count, found.dislikes_count) == (0, 0)
    assert len(announced(lemmy, "Dislike")) == 2  # a repeat is no event


async def test_a_vote_of_ours_goes_to_author_and_group(
    ours: Instance, lemmy: Peer, microblog: Peer, shed: Group, far: Person
) -> None:
    post = await in_shed(ours, shed, microblog, far)
    async with ours.work.transaction() as tx:
        await dislikes.dislike(tx, shed.reader, post)
    await ours.settle()
    async with ours.work.transaction() as tx:
        await dislikes.undislike(tx, shed.reader, post)
    await ours.settle()
    for server in (lemmy, microblog):
        (said,) = server.of_type("Dislike")
        assert (said["actor"], said["object"]) == (shed.reader.uri, post.uri)
        assert [d["object"]["type"] for d in server.of_type("Undo")] == ["Dislike"]
