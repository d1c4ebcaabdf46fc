"""A group that many follow, run by somebody who means harm: what it passes on, and what it repeats."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from apsig import KeyUtil
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import PUBLIC, Json, Peer, Person, peer
from tests.hostile.test_activities import followed, outcome, proven


@pytest.fixture
async def group(ours: Instance, attacker: Peer, organiser: Account) -> Person:
    """A group of the attacker's that one of ours follows."""
    found = attacker.person("group", "Group")
    await followed(ours, organiser, attacker, found)
    return found


class Prover:
    """Somebody honest whose server puts a proof on all that they do."""

    def __init__(self, server: Peer) -> None:
        self.server = server
        self.who = server.person("victim")
        self.key = Ed25519PrivateKey.generate()
        self.key_id = f"{self.who.uri}#ed25519-key"
        multikey = KeyUtil(self.key.public_key()).encode_multibase()
        listed: Json = {
            "id": self.key_id,
            "type": "Multikey",
            "controller": self.who.uri,
            "publicKeyMultibase": multikey,
        }
        server.serve({**self.who.document(), "assertionMethod": [listed]})

    def does(self, kind: str, about: object, **more: Any) -> Json:
        return proven(self.server.activity(self.who, kind, about, **more), self.key_id, self.key)


@pytest.fixture
async def victim(microblog: Peer) -> Prover:
    return Prover(microblog)


async def repeated(ours: Instance, attacker: Peer, group: Person, said: Json) -> str:
    return await outcome(ours, attacker, group, attacker.activity(group, "Announce", said))


async def test_an_old_version_is_not_brought_back(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person, victim: Prover
) -> None:
    """A proof says who wrote it, not that it still stands: the later version counts."""
    note = microblog.note(victim.who, "<p>One</p>", [group.uri])
    await outcome(ours, microblog, victim.who, microblog.create(victim.who, note))
    assert await repeated(ours, attacker, group, victim.does("Create", note)) == "done"
    versions: list[Json] = []
    for number, words in enumerate(("Two", "Three")):
        updated = (ours.clock.now() + timedelta(seconds=number)).isoformat()
        changed = {**note, "content": f"<p>{words}</p>", "updated": updated}
        versions.append(victim.does("Update", changed))
        assert await repeated(ours, attacker, group, versions[-1]) == "done"
    assert await repeated(ours, attacker, group, versions[0]) == "stale"
    stored = await ours.post(note["id"])
    assert stored
    assert stored.content == "<p>Three</p>"


async def test_a_version_without_a_time_is_asked_of_its_origin(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person, victim: Prover
) -> None:
    note = microblog.note(victim.who, "<p>One</p>", [group.uri])
    assert await repeated(ours, attacker, group, victim.does("Create", note)) == "done"
    old = victim.does("Update", {**note, "content": "<p>Two</p>"})
    assert await repeated(ours, attacker, group, old) == "done"
    microblog.serve({**note, "content": "<p>Three</p>"})
    assert await repeated(ours, attacker, group, old) == "done"
    stored = await ours.post(note["id"])
    assert stored
    assert stored.content == "<p>Three</p>"


async def test_an_answer_to_a_call_is_not_repeated_for_its_giver(
    ours: Instance,
    attacker: Peer,
    microblog: Peer,
    group: Person,
    victim: Prover,
    organiser: Account,
    garden: Account,
) -> None:
    post = await ours.event(organiser, garden, "Picnic")
    join, leave = victim.does("Join", post.uri), victim.does("Leave", post.uri)
    assert await outcome(ours, microblog, victim.who, join) == "done"
    assert (await ours.call(post)).counted == 1
    assert await outcome(ours, microblog, victim.who, leave) == "done"
    assert await repeated(ours, attacker, group, join) == "not_for_groups"
    assert (await ours.call(post)).counted == 0


async def test_a_vote_is_not_repeated_for_its_giver(
    ours: Instance,
    attacker: Peer,
    microblog: Peer,
    group: Person,
    victim: Prover,
    organiser: Account,
    garden: Account,
) -> None:
    post = await ours.event(organiser, garden, "Picnic")
    call = await ours.call(post)
    question = {"id": call.card_uri, "attributedTo": garden.uri}
    votes: list[Json] = []
    for name in ("I'm coming", "I can't"):
        cast = microblog.vote(victim.who, question, name)
        votes.append(proven(cast, victim.key_id, victim.key))
        assert await outcome(ours, microblog, victim.who, votes[-1]) == "done"
    assert await repeated(ours, attacker, group, votes[0]) == "not_for_groups"
    assert (await ours.call(post)).counted == 0


@pytest.mark.parametrize("kind", ["Announce", "Follow", "Block", "Add", "Accept"])
async def test_what_groups_do_not_pass_on(
    ours: Instance, attacker: Peer, group: Person, victim: Prover, garden: Account, kind: str
) -> None:
    """Nor does a boost inside a boost send us anywhere."""
    async with peer("mastodon") as third:
        note = third.note(third.person("third"), "<p>Look here</p>", [])
        about = note["id"] if kind == "Announce" else garden.uri
        said = victim.does(kind, about, target=f"{victim.who.uri}/featured")
        assert await repeated(ours, attacker, group, said) == "not_for_groups"
        assert third.requests == []
    assert await ours.value("select count(*) from posts where kind = 'boost'") == 0
    assert await ours.value("select count(*) from blocks") == 0


@pytest.mark.parametrize("to", ["followers", "us"])
async def test_what_strangers_may_not_see_is_not_gone(
    ours: Instance, attacker: Peer, microblog: Peer, group: Person, organiser: Account, to: str
) -> None:
    """To the server's own request a private post looks the same as one that is gone."""
    victim = microblog.person("victim")
    await followed(ours, organiser, microblog, victim)
    narrow = [f"{victim.uri}/followers"] if to == "followers" else [organiser.uri]
    note = microblog.note(victim, "<p>Between us</p>", [organiser.uri], to=narrow, cc=[])
    assert await outcome(ours, microblog, victim, microblog.create(victim, note)) == "done"
    del microblog.documents[note["id"].removeprefix(f"https://{microblog.host}")]
    delete = microblog.activity(victim, "Delete", note["id"])
    assert await repeated(ours, attacker, group, delete) == "not_public"
    assert await ours.post(note["id"])


async def test_hidden_recipients_are_not_passed_on(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    """A community of ours carries what arrived, but not for whom else it was meant."""
    async with peer("lemmy") as reader:
        member = reader.person("member")
        assert await outcome(ours, reader, member, reader.activity(member, "Follow", garden.uri))
        author, hidden = microblog.person("author"), "https://hidden.example/users/secret"
        note = microblog.note(author, "<p>Hello</p>", [garden.uri], bcc=[hidden])
        created = {**microblog.create(author, note), "bto": [hidden], "cc": [garden.uri, PUBLIC]}
        assert await outcome(ours, microblog, author, created) == "done"
        announced = [d for d in reader.of_type("Announce") if isinstance(d["object"], dict)]
        assert announced
        assert "hidden.example" not in str(announced)
