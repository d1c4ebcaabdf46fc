"""A group of another server gets its first member here: what was written before is read, within bounds."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from federation import keys, proofs
from server.arriving import resolve
from server.domain import sight
from server.domain.members import follows
from server.domain.posting import marks, posts
from server.jobs import histories
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.members import get
from tests.federation.peer import AS, PUBLIC, Json, Peer, Person, peer

OLD = (datetime.now(UTC) - timedelta(days=30)).isoformat()


@pytest.fixture
async def lemmy() -> AsyncIterator[Peer]:
    async with peer("lemmy") as made:
        yield made


@pytest.fixture
def group(lemmy: Peer) -> Person:
    return lemmy.person("gardening", "Group", key=1)


@pytest.fixture
def author(lemmy: Peer) -> Person:
    return lemmy.person("author")


def page(server: Peer, by: Person, group: Person, title: str, **more: Any) -> Json:
    """A post in the shape of Lemmy's."""
    return server.serve(
        {
            "@context": AS,
            "id": server.url(f"/post/{server.number()}"),
            "type": "Page",
            "attributedTo": by.uri,
            "to": [group.uri, PUBLIC],
            "cc": [],
            "audience": group.uri,
            "name": title,
            "content": f"<p>{title}</p>",
            "mediaType": "text/html",
            "attachment": [],
            "published": OLD,
            **more,
        }
    )


def create(server: Peer, document: Json) -> Json:
    return {
        "@context": AS,
        "id": server.url(f"/activities/create/{server.number()}"),
        "type": "Create",
        "actor": document["attributedTo"],
        "to": document["to"],
        "cc": document["cc"],
        "audience": document["audience"],
        "object": document,
    }


def announce(server: Peer, group: Person, said: object) -> Json:
    return {
        "id": server.url(f"/activities/announce/{server.number()}"),
        "type": "Announce",
        "actor": group.uri,
        "to": [PUBLIC],
        "cc": [f"{group.uri}/followers"],
        "object": said,
    }


def outbox(server: Peer, group: Person, items: list[object], **more: Any) -> Json:
    return server.serve(
        {
            "@context": AS,
            "id": f"{group.uri}/outbox",
            "type": "OrderedCollection",
            "totalItems": len(items),
            "orderedItems": items,
            **more,
        }
    )


async def join(ours: Instance, server: Peer, group: Person, name: str = "reader") -> Account:
    """One of ours follows the group, and it says yes; its history is read as far as it waits now."""
    member = await ours.member(name)
    target = await resolve.actor(ours.net, group.uri)
    async with ours.work.transaction() as tx:
        made = await follows.follow(tx, member, target)
    await ours.settle()
    accept = server.activity(group, "Accept", {"id": made.uri, "type": "Follow"})
    await server.send(group, accept, ours.inbox)
    await ours.settle()
    return member


def proven(server: Peer, by: Person, document: Json) -> Json:
    """With a proof by a key that its author's document lists (FEP-521a, FEP-8b32)."""
    key, key_id = keys.generate_ed25519(), f"{by.uri}#ed25519-key"
    method = {
        "id": key_id,
        "type": "Multikey",
        "controller": by.uri,
        "publicKeyMultibase": keys.multikey(key.public_key()),
    }
    server.serve({**by.document(), "assertionMethod": [method]})
    return proofs.add_proof(document, keys.SigningKey(key_id, key), datetime.now(UTC))


async def titles(ours: Instance) -> list[str]:
    rows = await ours.rows(
        "select title from posts where not local and kind <> 'boost' order by id"
    )
    return [row["title"] for row in rows]


async def home(ours: Instance, member: Account) -> int:
    return await ours.value("select count(*) from home_entries where account_id = $1", member.id)


async def by_uri(ours: Instance, document: Json) -> Post | None:
    return await ours.post(document["id"])


async def test_the_first_member_finds_what_was_written_before(
    ours: Instance, lemmy: Peer, group: Person, author: Person
) -> None:
    seeds, tools = (page(lemmy, author, group, title) for title in ("Seeds", "Tools"))
    outbox(lemmy, group, [announce(lemmy, group, create(lemmy, d)) for d in (tools, seeds)])
    member = await join(ours, lemmy, group)
    assert set(await titles(ours)) == {"Seeds", "Tools"}
    found = await by_uri(ours, seeds)
    target = await ours.known(group.uri)
    assert found
    assert target
    assert found.community_id == target.id
    assert await home(ours, member) == 0
    assert await ours.value("select count(*) from notifications") == 0


async def test_it_is_read_once_for_all_who_come(ours: Instance, lemmy: Peer, group: Person) -> None:
    outbox(lemmy, group, [])
    await join(ours, lemmy, group)
    await join(ours, lemmy, group, "second")
    assert lemmy.asked("/users/gardening/outbox") == 1


async def test_what_the_group_says_of_a_post_counts_for_nothing(
    ours: Instance, lemmy: Peer, microblog: Peer, group: Person
) -> None:
    """Its author's server has the post as it is; one that is not there was never written."""
    far = microblog.person("far")
    real = page(microblog, far, group, "Real")
    changed = {**real, "name": "Forged", "content": "<p>Forged</p>"}
    invented = {**real, "id": microblog.url("/post/invented"), "name": "Invented"}
    items = [announce(lemmy, group, create(microblog, d)) for d in (changed, invented)]
    outbox(lemmy, group, items)
    await join(ours, lemmy, group)
    assert await titles(ours) == ["Real"]


async def test_the_proof_of_its_author_spares_a_request(
    ours: Instance, lemmy: Peer, group: Person, author: Person
) -> None:
    document = page(lemmy, author, group, "Proven")
    signed = proven(lemmy, author, create(lemmy, document))
    outbox(lemmy, group, [announce(lemmy, group, signed)])
    await join(ours, lemmy, group)
    assert await titles(ours) == ["Proven"]
    assert lemmy.asked(document["id"].removeprefix(lemmy.url(""))) == 0


async def test_a_post_of_another_group_does_not_come_in(
    ours: Instance, lemmy: Peer, group: Person, author: Person
) -> None:
    other = lemmy.person("cars", "Group", key=2)
    strange = page(lemmy, author, other, "Cars")
    outbox(lemmy, group, [announce(lemmy, group, strange["id"])])
    await join(ours, lemmy, group)
    assert await titles(ours) == []


async def test_what_it_features_is_read_and_pinned(
    ours: Instance, lemmy: Peer, group: Person, author: Person
) -> None:
    rules = page(lemmy, author, group, "Rules")
    outbox(lemmy, group, [])
    lemmy.serve(
        {
            "@context": AS,
            "id": f"{group.uri}/featured",
            "type": "OrderedCollection",
            "totalItems": 1,
            "orderedItems": [rules],
        }
    )
    await join(ours, lemmy, group)
    assert await titles(ours) == ["Rules"]
    assert await ours.value("select count(*) from pins") == 1


async def test_pages_follow_one_by_one_and_end(
    ours: Instance, lemmy: Peer, group: Person, author: Person
) -> None:
    """Each page names a next one, for ever; the last one that is read is the ``PAGES``-th."""
    path = "/users/gardening/outbox"
    for number in range(1, histories.PAGES + 3):
        post = page(lemmy, author, group, f"Page {number}")
        lemmy.serve(
            {
                "@context": AS,
                "id": lemmy.url(f"{path}/{number}"),
                "type": "OrderedCollectionPage",
                "orderedItems": [announce(lemmy, group, post["id"])],
                "next": lemmy.url(f"{path}/{number + 1}"),
            }
        )
    outbox(lemmy, group, [], first=lemmy.url(f"{path}/1"))
    await join(ours, lemmy, group)
    assert await titles(ours) == ["Page 1"]
    for _ in range(histories.PAGES + 3):
        ours.clock.forward(seconds=histories.PAUSE.total_seconds())
        await ours.settle()
    assert set(await titles(ours)) == {f"Page {n}" for n in range(1, histories.PAGES + 1)}
    (row,) = await ours.rows("select * from group_histories")
    assert row["finished_at"]
    assert (row["pages"], row["found"]) == (histories.PAGES, histories.PAGES)


async def test_a_page_that_leads_to_itself_is_read_once(
    ours: Instance, lemmy: Peer, group: Person
) -> None:
    path = "/users/gardening/outbox/1"
    lemmy.serve(
        {
            "@context": AS,
            "id": lemmy.url(path),
            "type": "OrderedCollectionPage",
            "orderedItems": [],
            "next": lemmy.url(path),
        }
    )
    outbox(lemmy, group, [], first=lemmy.url(path))
    await join(ours, lemmy, group)
    for _ in range(4):
        ours.clock.forward(seconds=histories.PAUSE.total_seconds())
        await ours.settle()
    assert lemmy.asked(path) == 2, "once from the outbox, once as its own next page"


async def test_a_page_of_another_server_is_not_asked_for(
    ours: Instance, lemmy: Peer, microblog: Peer, group: Person
) -> None:
    outbox(lemmy, group, [], first=microblog.url("/elsewhere"))
    await join(ours, lemmy, group)
    assert microblog.asked("/elsewhere") == 0


async def test_not_more_is_asked_than_a_page_may_cost(
    ours: Instance, lemmy: Peer, group: Person
) -> None:
    items = [announce(lemmy, group, lemmy.url(f"/absent/{n}")) for n in range(90)]
    outbox(lemmy, group, items)
    await join(ours, lemmy, group)
    asked = [path for method, path in lemmy.requests if path.startswith("/absent/")]
    assert len(asked) == histories.FETCHES


async def test_who_left_meanwhile_is_not_read_for(
    ours: Instance, lemmy: Peer, group: Person
) -> None:
    path = "/users/gardening/outbox/1"
    outbox(lemmy, group, [announce(lemmy, group, lemmy.url("/a"))], next=lemmy.url(path))
    member = await join(ours, lemmy, group)
    target = await ours.known(group.uri)
    assert target
    async with ours.work.transaction() as tx:
        await follows.unfollow(tx, member, target)
    ours.clock.forward(seconds=histories.PAUSE.total_seconds())
    await ours.settle()
    assert lemmy.asked(path) == 0


# --- new threads, with all their comments ---


async def test_a_comment_whose_parents_are_unknown_brings_them(
    ours: Instance, lemmy: Peer, microblog: Peer, group: Person, author: Person
) -> None:
    """Strangers' answers, through the group: nobody here follows any of them."""
    outbox(lemmy, group, [])
    await join(ours, lemmy, group)
    stranger = microblog.person("stranger")
    head = page(lemmy, author, group, "Head")
    first = page(lemmy, author, group, "", type="Note", inReplyTo=head["id"])
    second = page(microblog, stranger, group, "", type="Note", inReplyTo=first["id"])
    said = announce(lemmy, group, create(microblog, second))
    await lemmy.send(group, {"@context": AS, **said}, ours.inbox)
    await ours.settle()
    assert await ours.outcome(said["id"]) == "done"
    rows = [await by_uri(ours, d) for d in (head, first, second)]
    assert all(rows)
    assert len({row.thread_id for row in rows if row}) == 1


# --- groups and groups ---


async def test_a_group_may_follow_ours_and_its_announces_do_not_come_back(
    ours: Instance, lemmy: Peer, group: Person, organiser: Account, garden: Account
) -> None:
    """FEP-d36d; without a guard two groups that follow each other would announce for ever."""
    await lemmy.send(group, lemmy.activity(group, "Follow", garden.uri), ours.inbox)
    await ours.settle()
    assert [d["type"] for d in lemmy.of_type("Accept")] == ["Accept"]
    post = await ours.publish(organiser, "Seeds", title="Seeds", community=garden)
    await ours.settle()
    (sent,) = lemmy.of_type("Announce")
    assert sent["object"]["object"]["id"] == post.uri
    before = await ours.value("select count(*) from outbox")
    back = announce(lemmy, group, post.uri)
    twice = announce(lemmy, group, sent)
    whole = announce(lemmy, group, sent["object"])
    for said in (back, twice, whole):
        await lemmy.send(group, {"@context": AS, **said}, ours.inbox)
    await ours.settle()
    assert await ours.value("select count(*) from outbox") == before
    assert len(lemmy.of_type("Announce")) == 1


# --- private groups elsewhere, and what our members write ---


@pytest.fixture
async def closed(lemmy: Peer) -> Person:
    """Private, as Lemmy says it."""
    made = lemmy.person("closed", "Group", key=1)
    lemmy.serve({**made.document(), "manuallyApprovesFollowers": True})
    outbox(lemmy, made, [])
    return made


async def test_what_a_private_group_brings_is_read_by_its_members_here_alone(
    ours: Instance, lemmy: Peer, closed: Person, author: Person
) -> None:
    member = await join(ours, lemmy, closed)
    other = await ours.member("other")
    named = [closed.uri, f"{closed.uri}/followers"]
    document = page(lemmy, author, closed, "Secret", to=named)
    said = announce(lemmy, closed, create(lemmy, document)) | {"to": [named[1]], "cc": []}
    await lemmy.send(closed, {"@context": AS, **said}, ours.inbox)
    await ours.settle()
    assert await ours.outcome(said["id"]) == "done"
    post = await by_uri(ours, document)
    assert post
    assert post.visibility == "members"
    assert await home(ours, member) == 1
    assert await home(ours, other) == 0
    async with ours.work.reading() as tx:
        assert await sight.visible(tx, [post], member)
        assert not await sight.visible(tx, [post], other)
        assert not await sight.visible(tx, [post], None)


async def test_what_ours_write_to_a_private_group_goes_to_it_alone(
    ours: Instance, lemmy: Peer, microblog: Peer, closed: Person
) -> None:
    member = await join(ours, lemmy, closed)
    follower = microblog.person("follower")
    await microblog.send(follower, microblog.activity(follower, "Follow", member.uri), ours.inbox)
    await ours.settle()
    group = await ours.known(closed.uri)
    post = await ours.publish(member, "The key", title="The key", community=group)
    await ours.settle()
    (sent,) = lemmy.of_type("Create")
    assert sent["to"] == sent["object"]["to"] == [closed.uri, f"{closed.uri}/followers"]
    assert sent["object"]["audience"] == closed.uri
    assert "proof" not in sent
    assert microblog.of_type("Create") == []
    server = lemmy.person("server", "Application", key=2)
    assert (await get(lemmy, post.uri, server)).status == 200, "its host may look it up"
    assert (await get(lemmy, post.uri)).status == 404
    async with ours.work.transaction() as tx:
        await posts.delete(tx, member, post)
    await ours.settle()
    (deleted,) = lemmy.of_type("Delete")
    assert deleted["to"] == [closed.uri, f"{closed.uri}/followers"]


async def test_what_ours_write_to_a_group_has_what_lemmy_demands(
    ours: Instance, lemmy: Peer, group: Person, author: Person
) -> None:
    """Lemmy's parser: ``to`` and ``cc`` are lists, the group stands in one of them with Public, ``audience``
    is that group, attachments are lists, a title or a parent; a vote names its object alone."""
    outbox(lemmy, group, [])
    member = await join(ours, lemmy, group)
    target = await ours.known(group.uri)
    theirs = page(lemmy, author, group, "Theirs")
    said = announce(lemmy, group, create(lemmy, theirs))
    await lemmy.send(group, {"@context": AS, **said}, ours.inbox)
    await ours.settle()
    parent = await by_uri(ours, theirs)
    assert parent
    await ours.publish(member, "Mine", title="Mine", community=target)
    await ours.publish(member, "An answer", in_reply_to=parent)
    async with ours.work.transaction() as tx:
        await marks.like(tx, member, parent)
        await marks.unlike(tx, member, parent)
    await ours.settle()
    sent = {"inReplyTo" in said["object"]: said for said in lemmy.of_type("Create")}
    head, comment = sent[False], sent[True]
    for said in (head, comment):
        for part in (said, said["object"]):
            assert isinstance(part["to"], list)
            assert isinstance(part["cc"], list)
            assert {group.uri, PUBLIC} <= {*part["to"], *part["cc"]}
        assert said["object"]["audience"] == group.uri
        assert isinstance(said["object"]["tag"], list)
        assert group.uri in [tag.get("href") for tag in said["object"]["tag"]]
    assert (head["object"]["type"], head["object"]["name"]) == ("Page", "Mine")
    assert "inReplyTo" not in head["object"]
    assert isinstance(head["object"].get("attachment", []), list)
    assert (comment["object"]["type"], comment["object"]["inReplyTo"]) == ("Note", theirs["id"])
    assert "name" not in comment["object"]
    (like,) = lemmy.of_type("Like")
    (undo,) = lemmy.of_type("Undo")
    assert like["object"] == theirs["id"]
    assert (undo["object"]["id"], undo["object"]["type"]) == (like["id"], "Like")
