"""Well signed, and something else than it looks: documents that two readers would read differently, that
prove nothing, or that lie where no document lies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import orjson
import pytest
import rfc8785

from federation import multibase
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import AS, PUBLIC, Json, Peer, Person
from tests.hostile.test_activities import followed, outcome, victims_post
from tests.hostile.test_groups import Prover
from tests.hostile.unchanged import unchanged

__all__ = ["victims_post"]

ED25519_ORDER = 2**252 + 27742317777372353535851937790883648493


def path_of(uri: str) -> str:
    return "/" + uri.split("/", 3)[3]


# What is no document


@pytest.mark.parametrize(
    "media_type",
    [
        "application/json",
        "application/octet-stream",
        "text/html",
        "image/png",
        "application/ld+json",
    ],
)
async def test_an_upload_is_no_document(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account, media_type: str
) -> None:
    """A file of JSON that somebody put on the victim's server (Mastodon GHSA-jhrq, Misskey CVE-2024-25636)."""
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    await followed(ours, organiser, attacker, mallory)
    note = microblog.note(victim, "<p>Never said</p>", [])
    microblog.types[path_of(note["id"])] = media_type
    async with unchanged(ours):
        for kind in ("Announce", "Create"):
            said = attacker.activity(mallory, kind, note["id"])
            assert await outcome(ours, attacker, mallory, said) == "wrong_type"


async def test_an_upload_is_no_actor(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account
) -> None:
    forged = microblog.person("files", key=1)
    microblog.types["/users/files"] = "application/json"
    async with unchanged(ours):
        follow = microblog.activity(forged, "Follow", garden.uri)
        assert await microblog.send(forged, follow, ours.inbox) == (401, "key_unreadable")


# What two readers read differently


def in_a_graph(said: Json) -> Json:
    return {"@context": AS, "@graph": [said]}


def included(said: Json) -> Json:
    return {**said, "@included": [{"id": said["id"], "type": "Delete"}]}


def reversed_(said: Json) -> Json:
    return {**said, "@reverse": {"object": said["object"]}}


def by_another_name(said: Json) -> Json:
    context = [AS, {"who": "as:actor"}]
    return {**said, "@context": context, "who": "https://victim.example/users/1"}


def remapped(said: Json) -> Json:
    return {**said, "@context": [AS, {"object": "as:target", "target": "as:object"}]}


def retyped(said: Json) -> Json:
    return {**said, "@context": [AS, {"Follow": "as:Block"}]}


def addressed_otherwise(said: Json) -> Json:
    return {**said, "@context": [AS, {"to": {"@id": "as:bto", "@type": "@id"}}]}


def identified_otherwise(said: Json) -> Json:
    return {**said, "@context": [AS, {"id": "as:name", "name": "@id"}]}


def scoped(said: Json) -> Json:
    scope = {"Follow": {"@id": "as:Follow", "@context": {"object": "as:actor"}}}
    return {**said, "@context": [AS, scope]}


def emptied(said: Json) -> Json:
    return {**said, "@context": [AS, None, {"@vocab": "https://evil.example/"}]}


@pytest.mark.parametrize(
    "shape",
    [in_a_graph, included, reversed_, by_another_name, remapped, retyped, addressed_otherwise,
     identified_otherwise, scoped, emptied],
)  # fmt: skip
async def test_words_with_another_meaning(
    ours: Instance, attacker: Peer, garden: Account, shape: Callable[[Json], Json]
) -> None:
    """Moved, aliased or redefined: a full JSON-LD reader sees another activity than we do
    (Mastodon CVE-2022-24307, Misskey GHSA-2vxv, Fedify CVE-2026-42462)."""
    mallory = attacker.person("mallory")
    said = shape(attacker.activity(mallory, "Follow", garden.uri))
    async with unchanged(ours):
        status, reason = await attacker.send(mallory, said, ours.inbox)
        await ours.settle()
        became = await ours.outcome(str(said.get("id")))
    assert status in (202, 400), reason
    assert (became if status == 202 else reason) in {"context_redefines", "jsonld_shape", "no_id"}
    assert attacker.of_type("Accept") == []


async def test_a_context_is_never_fetched(ours: Instance, attacker: Peer, garden: Account) -> None:
    """Nor does what it would say change what our words mean."""
    mallory = attacker.person("mallory")
    attacker.documents["/context"] = {"@context": {"object": "as:actor"}}
    said = attacker.activity(mallory, "Follow", garden.uri)
    said["@context"] = [attacker.url("/context"), AS, "https://127.0.0.1:1/context"]
    assert await outcome(ours, attacker, mallory, said) == "done"
    assert attacker.asked("/context") == 0
    known = await ours.known(mallory.uri)
    assert known
    followed_here = "select count(*) from follows where target_id = $1 and follower_id = $2"
    assert await ours.value(followed_here, garden.id, known.id) == 1


# What proves nothing


def ld_signed(said: Json, creator: str) -> Json:
    signature = {
        "type": "RsaSignature2017",
        "creator": creator,
        "created": "2026-11-22T00:00:00Z",
        "signatureValue": "AAAA",
    }
    return {**said, "signature": signature}


async def test_a_linked_data_signature_proves_nothing(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account, victims_post: Post
) -> None:
    """Neither from whoever passes it on, nor inside of what a group passes on."""
    victim, mallory = microblog.people["victim"], attacker.person("mallory")
    group = attacker.person("group", "Group")
    await followed(ours, organiser, attacker, group)
    delete = ld_signed(microblog.activity(victim, "Delete", victims_post.uri), victim.key_id)
    like = ld_signed(microblog.activity(victim, "Like", victims_post.uri), victim.key_id)
    async with unchanged(ours):
        assert await attacker.send(mallory, delete, ours.inbox) == (401, "foreign_actor")
        for said, expected in ((delete, "not_gone"), (like, "unproven")):
            announce = attacker.activity(group, "Announce", said)
            assert await outcome(ours, attacker, group, announce) == expected


class Proving(Prover):
    """Puts proofs that are not quite right on what it says."""

    def proves(self, said: Json, **options: Any) -> Json:
        given = {
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "proofPurpose": "assertionMethod",
            "verificationMethod": self.key_id,
            "created": "2026-11-22T00:00:00Z",
            **options,
        }
        hashed = [sha256(rfc8785.dumps(part)).digest() for part in (given, said)]
        signature = multibase.encode(self.key.sign(b"".join(hashed)))
        return {**said, "proof": {**given, "proofValue": signature}}


def malleated(said: Json) -> Json:
    """The same signature with S + L: strict verifiers refuse it (RFC 8032, 5.1.7)."""
    raw = bytearray(multibase.decode(said["proof"]["proofValue"]))
    s = int.from_bytes(raw[32:], "little") + ED25519_ORDER
    raw[32:] = s.to_bytes(32, "little")
    return {**said, "proof": {**said["proof"], "proofValue": multibase.encode(bytes(raw))}}


@pytest.mark.parametrize(
    "fault",
    ["expired", "purpose", "future", "suite", "unsigned", "malleated", "bare", "another's"],
)
async def test_a_proof_that_is_not_quite_right(
    ours: Instance,
    attacker: Peer,
    microblog: Peer,
    organiser: Account,
    fault: str,
) -> None:
    """What a group passes on with it is asked of its origin, as if there were none."""
    group = attacker.person("group", "Group")
    await followed(ours, organiser, attacker, group)
    author = Proving(microblog)
    note = microblog.note(author.who, "<p>Never said</p>", [group.uri])
    del microblog.documents[path_of(note["id"])]
    said = microblog.create(author.who, note)
    now = ours.clock.now()
    options: dict[str, Json] = {
        "expired": {"expires": (now - timedelta(hours=1)).isoformat()},
        "purpose": {"proofPurpose": "authentication"},
        "future": {"created": (now + timedelta(days=3)).isoformat()},
        "suite": {"cryptosuite": "eddsa-rdfc-2022"},
        "another's": {"verificationMethod": f"{group.uri}#ed25519-key"},
    }
    forged = author.proves(said, **options.get(fault, {}))
    if fault == "bare":
        forged["proof"] = {"proofValue": forged["proof"]["proofValue"]}
    if fault == "unsigned":
        forged["proof"]["domain"] = "https://elsewhere.example"
    if fault == "malleated":
        forged = malleated(forged)
    announce = attacker.activity(group, "Announce", forged)
    async with unchanged(ours):
        assert await outcome(ours, attacker, group, announce) == "gone"


async def test_a_true_proof_is_believed(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account
) -> None:
    """So what is refused above is refused for its one fault."""
    group = attacker.person("group", "Group")
    await followed(ours, organiser, attacker, group)
    author = Proving(microblog)
    note = microblog.note(author.who, "<p>Said</p>", [group.uri])
    del microblog.documents[path_of(note["id"])]
    announce = attacker.activity(
        group, "Announce", author.proves(microblog.create(author.who, note))
    )
    assert await outcome(ours, attacker, group, announce) == "done"
    assert await ours.post(note["id"])


# What is shown is not what counts


async def test_what_somebody_says_of_themselves_is_read_at_their_own_address(
    ours: Instance, attacker: Peer, organiser: Account
) -> None:
    """The copy in an Update may be anybody's (Fedify GHSA-39gj-rchc-q5m3): what was fetched is what is kept."""
    mallory = attacker.person("mallory")
    await followed(ours, organiser, attacker, mallory)
    inline = {**mallory.document(), "name": "Somebody Else", "inbox": attacker.url("/other")}
    said = attacker.activity(mallory, "Update", inline)
    assert await outcome(ours, attacker, mallory, said) == "done"
    known = await ours.known(mallory.uri)
    assert known
    assert (known.display_name, known.inbox) == ("Mallory", f"{mallory.uri}/inbox")


@pytest.mark.parametrize("change", ["author", "kind", "audience"])
async def test_an_update_changes_words_and_nothing_else(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account, change: str
) -> None:
    """Neither whose a post is, nor what, nor who may see it (Mastodon 4.4.21)."""
    mallory, other = attacker.person("mallory"), attacker.person("other", key=1)
    await followed(ours, organiser, attacker, mallory)
    note = attacker.note(mallory, "<p>One</p>", [], to=[f"{mallory.uri}/followers"])
    assert await outcome(ours, attacker, mallory, attacker.create(mallory, note)) == "done"
    before = await ours.rows("select account_id, kind, visibility, community_id from posts")
    changed: dict[str, Json] = {
        "author": {"attributedTo": other.uri},
        "kind": {"type": "Question", "oneOf": [{"type": "Note", "name": "A"}]},
        "audience": {"to": [PUBLIC], "cc": []},
    }
    edited = {**note, "content": "<p>Two</p>", **changed[change]}
    await outcome(ours, attacker, mallory, attacker.activity(mallory, "Update", edited))
    after = await ours.rows("select account_id, kind, visibility, community_id from posts")
    assert after == before
    assert await ours.value("select count(*) from polls") == 0


@pytest.mark.parametrize("kind", ["Like", "Announce", "Block", "Join"])
async def test_nobody_takes_back_what_another_did(
    ours: Instance,
    attacker: Peer,
    microblog: Peer,
    organiser: Account,
    garden: Account,
    kind: str,
) -> None:
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    post = await ours.publish(organiser, "The beans are up")
    event = await ours.event(organiser, garden, "Digging")
    about = {"Block": organiser.uri, "Join": event.uri}.get(kind, post.uri)
    deed = microblog.activity(victim, kind, about)
    assert await outcome(ours, microblog, victim, deed) == "done"
    async with unchanged(ours):
        whole = attacker.activity(mallory, "Undo", deed)
        assert await outcome(ours, attacker, mallory, whole) == "foreign_undo"
        mine = attacker.activity(mallory, "Undo", {**deed, "actor": mallory.uri})
        await outcome(ours, attacker, mallory, mine)
        by_id = attacker.activity(mallory, "Undo", deed["id"])
        assert await outcome(ours, attacker, mallory, by_id) == "unknown_object"


async def test_nobody_buries_what_another_will_write(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    """A Delete may come before its Create; one by a neighbour of the author says nothing."""
    victim, mallory = microblog.person("victim"), microblog.person("mallory", key=1)
    notes = [microblog.note(victim, "<p>Hello</p>", [organiser.uri]) for _ in range(2)]
    for who, note in zip((mallory, victim), notes, strict=True):
        delete = microblog.activity(who, "Delete", note["id"])
        assert await outcome(ours, microblog, who, delete) == "done"
        await outcome(ours, microblog, victim, microblog.create(victim, note))
    assert await ours.post(notes[0]["id"])
    assert await ours.post(notes[1]["id"]) is None


async def test_a_list_of_followers_is_the_senders_own(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account, organiser: Account
) -> None:
    """``Collection-Synchronization`` that names a third server makes us ask and drop nothing."""
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    await followed(ours, organiser, microblog, victim)
    url = microblog.url("/users/victim/followers?domain=x")
    microblog.documents["/users/victim/followers"] = {
        "id": url, "type": "OrderedCollection", "orderedItems": []
    }  # fmt: skip
    body = orjson.dumps(attacker.activity(mallory, "Like", garden.uri))
    for collection in (f"{victim.uri}/followers", f"{mallory.uri}/followers"):
        said = f'collectionId="{collection}", url="{url}", digest="{"0" * 64}"'
        headers = synchronising(attacker, mallory, ours, body, said)
        async with unchanged(ours):
            await attacker.post(ours.inbox, body, headers)
    assert microblog.asked("/users/victim/followers") == 0


def synchronising(
    server: Peer, who: Person, ours: Instance, body: bytes, said: str
) -> dict[str, str]:
    from tests.federation.peer import cavage_headers

    headers = cavage_headers(who.private, who.key_id, ours.inbox, body, now=server.now)
    return {**headers, "Collection-Synchronization": said}
