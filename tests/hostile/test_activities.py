"""Well signed, and yet not to be believed: what an activity claims of things that are not its actor's."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from apsig import KeyUtil, ProofSigner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.domain.members import follows
from server.domain.posting import polls
from server.domain.posting.drafts import PollDraft
from server.errors import Invalid
from storage import posts as post_rows
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import AS, PUBLIC, Json, Peer, Person, peer
from tests.hostile.unchanged import snapshot


async def outcome(ours: Instance, server: Peer, who: Person, document: Json) -> str:
    """Deliver, do the work, and see what it became."""
    assert (await server.send(who, document, ours.inbox)).status == 202
    await ours.settle()
    return await ours.outcome(document["id"])


async def followed(ours: Instance, reader: Account, server: Peer, who: Person) -> None:
    """``reader`` of ours follows somebody there, who says yes."""
    from server.arriving import resolve

    account = await resolve.actor(ours.net, who.uri)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, reader, account)
    await ours.settle()
    (asked,) = server.of_type("Follow")
    assert await outcome(ours, server, who, server.activity(who, "Accept", asked)) == "done"


@pytest.fixture
async def victims_post(ours: Instance, microblog: Peer, organiser: Account) -> Post:
    """A post by somebody of the microblog whom one of ours follows."""
    victim = microblog.person("victim")
    await followed(ours, organiser, microblog, victim)
    note = microblog.note(victim, "<p>Mine</p>", [])
    assert await outcome(ours, microblog, victim, microblog.create(victim, note)) == "done"
    found = await ours.post(note["id"])
    assert found
    return found


# Posts


async def test_a_post_in_the_name_of_another(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    mallory, victim = microblog.person("mallory", key=1), microblog.person("victim")
    note = microblog.note(victim, "<p>I say so</p>", [garden.uri])
    created = microblog.create(mallory, note)
    assert await outcome(ours, microblog, mallory, created) == "foreign_author"
    assert await ours.post(note["id"]) is None


async def test_the_copy_of_another_servers_post_is_not_believed(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account
) -> None:
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    await followed(ours, organiser, attacker, mallory)
    note = microblog.note(victim, "<p>True</p>", [])
    forged = {**note, "content": "<p>False</p>"}
    created = attacker.activity(mallory, "Create", forged)
    assert await outcome(ours, attacker, mallory, created) == "done"
    stored = await ours.post(note["id"])
    assert stored
    assert stored.content == "<p>True</p>"


async def test_a_document_that_claims_the_id_of_another_server(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account
) -> None:
    """Mastodon CVE-2024-23832: where a document lies decides, not what it says."""
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    await followed(ours, organiser, attacker, mallory)
    note = microblog.note(victim, "<p>True</p>", [])
    attacker.documents["/copy"] = {**note, "content": "<p>False</p>"}
    for kind in ("Create", "Announce"):
        document = attacker.activity(mallory, kind, attacker.url("/copy"))
        assert await outcome(ours, attacker, mallory, document) == "foreign_id"
    assert await ours.post(note["id"]) is None


async def test_a_document_that_claims_another_id_of_its_server_is_asked_there(
    ours: Instance, attacker: Peer, organiser: Account
) -> None:
    mallory = attacker.person("mallory")
    await followed(ours, organiser, attacker, mallory)
    note = attacker.note(mallory, "<p>True</p>", [])
    attacker.documents["/copy"] = {**note, "content": "<p>False</p>"}
    document = attacker.activity(mallory, "Announce", attacker.url("/copy"))
    await outcome(ours, attacker, mallory, document)
    stored = await ours.post(note["id"])
    assert stored
    assert stored.content == "<p>True</p>"


async def test_a_thread_without_an_end_is_read_for_a_while(
    ours: Instance, attacker: Peer, garden: Account
) -> None:
    """Two posts that answer each other, and a chain as long as one likes (Mastodon issue 35600)."""
    mallory = attacker.person("mallory")
    one = attacker.note(mallory, "<p>1</p>", [garden.uri])
    two = attacker.note(mallory, "<p>2</p>", [garden.uri], inReplyTo=one["id"])
    attacker.serve({**one, "inReplyTo": two["id"]})
    three = attacker.note(mallory, "<p>3</p>", [garden.uri], inReplyTo=two["id"])
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, three)) == "done"
    last = three
    for _ in range(60):
        last = attacker.note(mallory, "<p>More</p>", [garden.uri], inReplyTo=last["id"])
    before = len(attacker.requests)
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, last)) == "done"
    assert len(attacker.requests) - before < 40


async def test_a_reply_to_what_cannot_be_read_heads_its_own_thread(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account
) -> None:
    reader = microblog.person("reader")
    attacker.down = True
    lost = attacker.url("/notes/9")
    note = microblog.note(reader, "<p>Indeed</p>", [garden.uri], inReplyTo=lost)
    assert await outcome(ours, microblog, reader, microblog.create(reader, note)) == "done"
    stored = await ours.post(note["id"])
    assert stored
    assert stored.is_head


async def test_nobody_here_asked_for_it(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account
) -> None:
    """Neither its own post, nor one that it points at, nor a boost (Mastodon PR 39892)."""
    mallory, victim = attacker.person("mallory"), microblog.person("victim")
    own = attacker.note(mallory, "<p>Buy</p>", [])
    other = microblog.note(victim, "<p>Unasked</p>", [])
    for document in (
        attacker.create(mallory, own),
        attacker.activity(mallory, "Create", other["id"]),
        attacker.activity(mallory, "Announce", other["id"]),
        attacker.activity(mallory, "Announce", microblog.create(victim, other)),
        attacker.activity(mallory, "Add", other["id"], target=f"{mallory.uri}/featured"),
    ):
        assert await outcome(ours, attacker, mallory, document) == "nobody_asked"
    assert microblog.requests == []
    assert await ours.value("select count(*) from posts") == 0


async def test_an_update_of_another_servers_post(
    ours: Instance, attacker: Peer, victims_post: Post
) -> None:
    mallory = attacker.person("mallory")
    before = await snapshot(ours)
    forged = {"id": victims_post.uri, "type": "Note", "attributedTo": mallory.uri, "content": "x"}
    update = attacker.activity(mallory, "Update", forged)
    assert await outcome(ours, attacker, mallory, update) == "foreign_object"
    assert await snapshot(ours) == before


async def test_an_update_of_a_neighbours_post(
    ours: Instance, microblog: Peer, victims_post: Post
) -> None:
    mallory = microblog.person("mallory", key=1)
    before = await snapshot(ours)
    forged = {"id": victims_post.uri, "type": "Note", "attributedTo": mallory.uri, "content": "x"}
    update = microblog.activity(mallory, "Update", forged)
    assert await outcome(ours, microblog, mallory, update) == "foreign_object"
    assert await snapshot(ours) == before


async def test_an_update_does_not_widen_who_may_see_it(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    victim = microblog.person("victim")
    note = microblog.note(victim, "<p>Between us</p>", [], to=[organiser.uri])
    assert await outcome(ours, microblog, victim, microblog.create(victim, note)) == "done"
    wider = {**note, "content": "<p>To all</p>", "to": [PUBLIC]}
    await outcome(ours, microblog, victim, microblog.activity(victim, "Update", wider))
    stored = await ours.post(note["id"])
    assert stored
    assert stored.visibility == "direct"


@pytest.mark.parametrize("neighbour", [False, True], ids=["stranger", "neighbour"])
async def test_a_delete_of_somebody_elses_post(
    ours: Instance, attacker: Peer, microblog: Peer, victims_post: Post, neighbour: bool
) -> None:
    server = microblog if neighbour else attacker
    mallory = server.person("mallory", key=1)
    before = await snapshot(ours)
    delete = server.activity(mallory, "Delete", victims_post.uri)
    assert await outcome(ours, server, mallory, delete) == "foreign_object"
    assert await snapshot(ours) == before


async def test_a_delete_of_somebody_else(
    ours: Instance, microblog: Peer, victims_post: Post
) -> None:
    mallory, victim = microblog.person("mallory", key=1), microblog.people["victim"]
    await outcome(ours, microblog, mallory, microblog.activity(mallory, "Delete", victim.uri))
    assert await ours.known(victim.uri)
    assert await ours.post(victims_post.uri)


async def test_who_leaves_takes_everything_along(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account, victims_post: Post
) -> None:
    victim = microblog.people["victim"]
    await outcome(ours, microblog, victim, microblog.activity(victim, "Follow", garden.uri))
    event = await ours.event(organiser, garden, "Digging", capacity=1)
    async with peer("mobilizon") as events:
        other = events.person("other")
        await outcome(ours, microblog, victim, microblog.activity(victim, "Join", event.uri))
        await outcome(ours, events, other, events.activity(other, "Join", event.uri))
        microblog.documents.pop("/users/victim")
        leaving = microblog.activity(victim, "Delete", victim.uri)
        assert await outcome(ours, microblog, victim, leaving) == "done"
        call = await ours.call(event)
        assert (call.confirmed, call.waiting) == (1, 0)
    assert await ours.known(victim.uri) is None
    assert await ours.post(victims_post.uri) is None


async def test_a_collection_of_somebody_else(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account, victims_post: Post
) -> None:
    mallory = attacker.person("mallory")
    await followed(ours, organiser, attacker, mallory)
    target = f"{microblog.people['victim'].uri}/featured"
    for kind in ("Add", "Remove"):
        document = attacker.activity(mallory, kind, victims_post.uri, target=target)
        assert await outcome(ours, attacker, mallory, document) == "foreign_target"
    assert await ours.value("select count(*) from pins") == 0


async def test_an_id_that_is_taken(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    """Two actors of one server use one id: whoever was first keeps it, and nothing waits for ever."""
    victim, mallory = microblog.person("victim"), microblog.person("mallory", key=1)
    poll_, question = await poll(ours, organiser, multiple=True)
    ballot = microblog.vote(victim, question, "Peas")
    assert await outcome(ours, microblog, victim, ballot) == "done"
    event = await ours.event(organiser, garden, "Digging")
    join = microblog.activity(victim, "Join", event.uri)
    assert await outcome(ours, microblog, victim, join) == "done"
    card = {"id": f"https://{ours.host}/cards/{event.id}", "attributedTo": garden.uri}
    stolen = microblog.vote(mallory, card, "I'm coming")
    stolen["object"]["id"] = join["id"]
    assert await outcome(ours, microblog, mallory, stolen) == "id_taken"
    assert (await ours.call(event)).counted == 1
    copied = microblog.vote(mallory, question, "Beans")
    copied["object"]["id"] = ballot["object"]["id"]
    await outcome(ours, microblog, mallory, copied)
    rows = await ours.rows(
        "select votes_count from poll_options where post_id = $1 order by position", poll_.id
    )
    assert [row["votes_count"] for row in rows] == [0, 1]


# Follows


async def test_an_undo_of_anothers_follow(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account
) -> None:
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    follow = microblog.activity(victim, "Follow", garden.uri)
    assert await outcome(ours, microblog, victim, follow) == "done"
    before = await snapshot(ours)
    whole = attacker.activity(mallory, "Undo", follow)
    assert await outcome(ours, attacker, mallory, whole) == "foreign_undo"
    claimed = attacker.activity(mallory, "Undo", {**follow, "actor": mallory.uri})
    await outcome(ours, attacker, mallory, claimed)
    by_id = attacker.activity(mallory, "Undo", follow["id"])
    assert await outcome(ours, attacker, mallory, by_id) == "unknown_object"
    assert await snapshot(ours) == before


@pytest.mark.parametrize("kind", ["Accept", "Reject"])
async def test_an_answer_to_a_follow_that_was_never_sent(
    ours: Instance, attacker: Peer, organiser: Account, kind: str
) -> None:
    mallory = attacker.person("mallory")
    before = await snapshot(ours)
    never = {
        "id": f"https://{ours.host}/activities/1",
        "type": "Follow",
        "actor": organiser.uri,
        "object": mallory.uri,
    }
    answer = attacker.activity(mallory, kind, never)
    assert await outcome(ours, attacker, mallory, answer) == "never_asked"
    assert await snapshot(ours) == before


@pytest.mark.parametrize("kind", ["Accept", "Reject"])
async def test_an_answer_by_a_third_actor(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account, kind: str
) -> None:
    from server.arriving import resolve

    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    account = await resolve.actor(ours.net, victim.uri)
    async with ours.work.transaction() as tx:
        await follows.follow(tx, organiser, account)
    await ours.settle()
    (asked,) = microblog.of_type("Follow")
    before = await snapshot(ours)
    bare = attacker.activity(mallory, kind, asked["id"])
    assert await outcome(ours, attacker, mallory, bare) == "foreign_answer"
    whole = attacker.activity(mallory, kind, asked)
    assert await outcome(ours, attacker, mallory, whole) in ("foreign_accept", "foreign_answer")
    assert await snapshot(ours) == before


async def test_an_answer_to_our_join_by_a_third_actor(
    ours: Instance, attacker: Peer, garden: Account, organiser: Account, microblog: Peer
) -> None:
    """Somebody who joined a call of ours cannot be let in by anybody but the call's author."""
    joiner, mallory = microblog.person("joiner"), attacker.person("mallory")
    event = await ours.event(organiser, garden, "Digging", capacity=1)
    first = microblog.activity(microblog.person("first"), "Join", event.uri)
    await outcome(ours, microblog, microblog.people["first"], first)
    join = microblog.activity(joiner, "Join", event.uri)
    await outcome(ours, microblog, joiner, join)
    before = await snapshot(ours)
    forged = attacker.activity(mallory, "Accept", join["id"])
    assert await outcome(ours, attacker, mallory, forged) == "foreign_answer"
    assert await snapshot(ours) == before


# Groups


@pytest.fixture
async def group(ours: Instance, attacker: Peer, organiser: Account) -> Person:
    """A group that one of ours has joined, and that lies."""
    made = attacker.person("group", "Group")
    await followed(ours, organiser, attacker, made)
    return made


async def test_a_group_cannot_speak_for_others(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person
) -> None:
    """Without a proof the post is asked of its origin; what the group said of it is ignored."""
    victim = microblog.person("victim")
    note = microblog.note(victim, "<p>True</p>", [group.uri])
    forged = microblog.create(victim, {**note, "content": "<p>False</p>"})
    announce = attacker.activity(group, "Announce", forged)
    assert await outcome(ours, attacker, group, announce) == "done"
    stored = await ours.post(note["id"])
    assert stored
    assert stored.content == "<p>True</p>"


async def test_a_group_cannot_invent_posts(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person
) -> None:
    victim = microblog.person("victim")
    note = microblog.note(victim, "<p>Never said</p>", [group.uri])
    del microblog.documents[note["id"].removeprefix(f"https://{microblog.host}")]
    announce = attacker.activity(group, "Announce", microblog.create(victim, note))
    assert await outcome(ours, attacker, group, announce) == "gone"
    assert await ours.post(note["id"]) is None


@pytest.mark.parametrize("proof", ["none", "wrong", "anothers"])
async def test_a_group_cannot_change_or_delete_what_others_wrote(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person, victims_post: Post, proof: str
) -> None:
    """Discourse PR 337."""
    victim = microblog.people["victim"]
    before = await snapshot(ours)
    changed = {**microblog.documents[victims_post.uri.removeprefix(f"https://{microblog.host}")]}
    update = microblog.activity(victim, "Update", {**changed, "content": "<p>False</p>"})
    delete = microblog.activity(victim, "Delete", victims_post.uri)
    owner = victim.uri if proof == "wrong" else group.uri
    for bare, expected in ((update, "done"), (delete, "not_gone")):
        inner = bare if proof == "none" else proven(bare, f"{owner}#ed25519-key")
        announce = attacker.activity(group, "Announce", inner)
        assert await outcome(ours, attacker, group, announce) == expected
    assert await snapshot(ours) == before


async def test_what_its_author_proved_needs_no_question(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person
) -> None:
    """FEP-8b32, signed by another implementation; a changed copy leads to the origin, which has none."""
    author, key = microblog.person("author"), Ed25519PrivateKey.generate()
    key_id = f"{author.uri}#ed25519-key"
    multikey = {
        "id": key_id,
        "type": "Multikey",
        "controller": author.uri,
        "publicKeyMultibase": KeyUtil(public_key=key.public_key()).encode_multibase(),
    }
    microblog.serve({**author.document(), "assertionMethod": [multikey]})
    notes = [microblog.note(author, "<p>Said</p>", [group.uri]) for _ in range(2)]
    for note in notes:
        del microblog.documents[note["id"].removeprefix(f"https://{microblog.host}")]
    true, changed = (proven(microblog.create(author, n), key_id, key) for n in notes)
    announce = attacker.activity(group, "Announce", true)
    assert await outcome(ours, attacker, group, announce) == "done"
    stored = await ours.post(notes[0]["id"])
    assert stored
    assert stored.content == "<p>Said</p>"
    forged = {**changed, "object": {**changed["object"], "content": "<p>Never said</p>"}}
    announce = attacker.activity(group, "Announce", forged)
    assert await outcome(ours, attacker, group, announce) == "gone"
    assert await ours.post(notes[1]["id"]) is None


def proven(document: Json, key_id: str, key: Ed25519PrivateKey | None = None) -> Json:
    """With a proof; without ``key`` by one that nobody lists under this id."""
    signer = ProofSigner(key or Ed25519PrivateKey.generate())
    return signer.sign(document, {
        "type": "DataIntegrityProof",
        "cryptosuite": "eddsa-jcs-2022",
        "proofPurpose": "assertionMethod",
        "verificationMethod": key_id,
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    })  # fmt: skip


async def test_a_group_can_pass_on_that_something_is_gone(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person, victims_post: Post
) -> None:
    del microblog.documents[victims_post.uri.removeprefix(f"https://{microblog.host}")]
    delete = microblog.activity(microblog.people["victim"], "Delete", victims_post.uri)
    announce = attacker.activity(group, "Announce", delete)
    assert await outcome(ours, attacker, group, announce) == "done"
    assert await ours.post(victims_post.uri) is None


@pytest.mark.parametrize("kind", ["Like", "Follow", "Undo", "Join", "Accept"])
async def test_a_group_cannot_act_for_others(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person, garden: Account, kind: str
) -> None:
    victim = microblog.person("victim")
    before = await snapshot(ours)
    announce = attacker.activity(group, "Announce", microblog.activity(victim, kind, garden.uri))
    assert await outcome(ours, attacker, group, announce) == "unproven"
    assert await snapshot(ours) == before


async def test_a_group_cannot_act_for_us(
    ours: Instance, attacker: Peer, group: Person, organiser: Account, garden: Account
) -> None:
    post = await ours.publish(organiser, "The beans are up")
    before = await snapshot(ours)
    for kind, about in (
        ("Delete", post.uri),
        ("Update", {"id": post.uri, "type": "Note", "attributedTo": organiser.uri}),
        ("Create", {"id": post.uri, "type": "Note", "attributedTo": organiser.uri}),
        ("Like", post.uri),
    ):
        inner = {
            "@context": AS, "id": f"https://{ours.host}/activities/7", "type": kind,
            "actor": organiser.uri, "object": about, "to": [PUBLIC],
        }  # fmt: skip
        announce = attacker.activity(group, "Announce", inner)
        assert await outcome(ours, attacker, group, announce) == "own_activity"
    assert await snapshot(ours) == before


async def test_a_suspended_author_does_not_come_in_through_a_group(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person, victims_post: Post
) -> None:
    """One rule for every way in (Mastodon CVE-2026-23961)."""
    victim = microblog.people["victim"]
    async with ours.work.transaction() as tx:
        await tx.conn.execute("update accounts set suspended_at = now() where uri = $1", victim.uri)
    before = await snapshot(ours)
    note = microblog.note(victim, "<p>Again</p>", [group.uri])
    changed = {**note, "id": victims_post.uri, "content": "<p>Changed</p>"}
    microblog.serve(changed)
    for inner in (
        microblog.create(victim, note),
        microblog.activity(victim, "Update", changed),
    ):
        announce = attacker.activity(group, "Announce", inner)
        assert await outcome(ours, attacker, group, announce) == "suspended"
    bare = attacker.activity(group, "Announce", note["id"])
    assert await outcome(ours, attacker, group, bare) == "suspended"
    assert await snapshot(ours) == before


async def test_a_dead_origin_holds_up_nobody_else(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person, victims_post: Post
) -> None:
    """A lying group names our own post's id in an activity whose author cannot be asked."""
    async with peer() as dead:
        nobody = dead.person("nobody")
        dead.down = True
        stuck = proven(dead.activity(nobody, "Like", victims_post.uri), f"{nobody.uri}#k")
        announce = attacker.activity(group, "Announce", stuck)
        await outcome(ours, attacker, group, announce)
        reader = microblog.person("reader")
        like = microblog.activity(reader, "Like", victims_post.uri)
        assert await outcome(ours, microblog, reader, like) == "done"
        assert await ours.outcome(announce["id"]) == "waiting"
        for _ in range(10):
            ours.clock.forward(days=2)
            await ours.settle()
        assert await ours.outcome(announce["id"]) == "network"


# Polls and calls


async def poll(ours: Instance, by: Account, *, multiple: bool = False) -> tuple[Post, Json]:
    ends = ours.clock.now() + timedelta(hours=1)
    draft = PollDraft((("Beans", 0), ("Peas", 0)), multiple, ends)
    made = await ours.publish(by, "Which?", poll=draft)
    return made, {"id": made.uri, "attributedTo": by.uri}


async def test_a_vote_after_the_end(ours: Instance, microblog: Peer, organiser: Account) -> None:
    reader = microblog.person("reader")
    _, question = await poll(ours, organiser)
    ours.clock.forward(hours=2)
    await ours.settle()
    before = await snapshot(ours)
    ballot = microblog.vote(reader, question, "Peas")
    assert await outcome(ours, microblog, reader, ballot) == "poll_ended"
    assert await snapshot(ours) == before


async def test_a_vote_for_what_is_no_option(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    reader = microblog.person("reader")
    _, question = await poll(ours, organiser)
    before = await snapshot(ours)
    ballot = microblog.vote(reader, question, "Leeks")
    assert await outcome(ours, microblog, reader, ballot) == "unknown_option"
    assert await snapshot(ours) == before


async def test_votes_are_not_stuffed(ours: Instance, microblog: Peer, organiser: Account) -> None:
    """New activities around one vote, the same option twice, several options where one may be had."""
    reader = microblog.person("reader")
    made, question = await poll(ours, organiser, multiple=True)
    cast = microblog.vote(reader, question, "Peas")["object"]
    for name in ("Peas", "Peas", "Beans", "Beans", "Beans"):
        again = microblog.activity(reader, "Create", {**cast, "name": name}, to=organiser.uri)
        await outcome(ours, microblog, reader, again)
    twice = [microblog.vote(reader, question, name)["object"] for name in ("Peas", "Peas", "Beans")]
    await outcome(ours, microblog, reader, microblog.activity(reader, "Create", twice))
    votes = await ours.rows(
        "select votes_count from poll_options where post_id = $1 order by position", made.id
    )
    assert [v["votes_count"] for v in votes] == [1, 1]
    _, single = await poll(ours, organiser)
    both = [microblog.vote(reader, single, name)["object"] for name in ("Peas", "Beans")]
    ballot = microblog.activity(reader, "Create", both)
    assert await outcome(ours, microblog, reader, ballot) == "choices"


async def test_an_answer_to_a_call_that_is_over(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    reader = microblog.person("reader")
    event = await ours.event(organiser, garden, "Digging")
    ours.clock.forward(days=40)
    microblog.now = ours.clock.now()
    await ours.settle()
    join = microblog.activity(reader, "Join", event.uri)
    assert await outcome(ours, microblog, reader, join) == "done"
    assert microblog.of_type("Reject")[-1]["object"]["id"] == join["id"]
    assert await ours.value("select count(*) from participations") == 0
    before = await snapshot(ours)
    card = {"id": f"https://{ours.host}/cards/{event.id}", "attributedTo": garden.uri}
    ballot = microblog.vote(reader, card, "I'm coming")
    assert await outcome(ours, microblog, reader, ballot) == "call_over"
    assert await snapshot(ours) == before


async def test_ten_places_are_ten_places(
    ours: Instance, garden: Account, organiser: Account
) -> None:
    """Fifty at once, through the card, by Join and from our own clients."""
    event = await ours.event(organiser, garden, "Digging", capacity=10)
    card = {"id": f"https://{ours.host}/cards/{event.id}", "attributedTo": garden.uri}
    members = [await ours.member(f"member{n}") for n in range(10)]
    async with peer("mobilizon") as events, peer("mastodon") as cards:
        joins = [events.activity(events.person(f"p{n}"), "Join", event.uri) for n in range(20)]
        votes = [cards.vote(cards.person(f"p{n}"), card, "I'm coming") for n in range(20)]

        async def here(member: Account) -> None:
            async with ours.work.transaction() as tx:
                await polls.vote(tx, member, event, [0])

        async def drain() -> None:
            while await ours.apply():
                pass

        sent = [events.send(events.people[f"p{n}"], joins[n], ours.inbox) for n in range(20)] + [
            cards.send(cards.people[f"p{n}"], votes[n], ours.inbox) for n in range(20)
        ]
        answers = await asyncio.gather(*sent, *(here(m) for m in members), drain())
        assert {a.status for a in answers if a} == {202}
        await asyncio.gather(*(drain() for _ in range(4)))
        await ours.settle()
        rows = await ours.rows("select * from participations order by id")
        states = [row["state"] for row in rows]
        assert states == ["granted"] * 10 + ["waiting"] * 40
        assert len(events.of_type("Accept", "TentativeAccept")) == 20
        granted = {a["object"]["actor"] for a in events.of_type("Accept")}
        assert len(granted) == sum(
            row["state"] == "granted" and row["door"] == "join" for row in rows
        )
    with pytest.raises(Invalid):
        async with ours.work.transaction() as tx:
            await polls.vote(tx, organiser, event, [7])
    async with ours.work.reading() as tx:
        assert await post_rows.by_uri(tx.conn, card["id"]) is None
