"""Other JSON-LD shapes at the inbox: what means well becomes what it says, and nothing is read in two ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from server.arriving import budgets, shapes
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import AS, Json, Peer, Person
from tests.hostile.test_activities import followed, victims_post
from tests.hostile.test_documents import Proving, path_of
from tests.hostile.unchanged import unchanged
from tests.wire.test_shapes import expanded, prefixed

__all__ = ["victims_post"]


async def became(ours: Instance, server: Peer, who: Person, said: Json, named: str) -> str:
    """What the door or the worker made of it."""
    status, reason = await server.send(who, said, ours.inbox)
    await ours.settle()
    return await ours.outcome(named) if status == 202 else reason


# What means well


@pytest.mark.parametrize("written", [expanded, prefixed])
async def test_a_post_in_another_shape(
    ours: Instance, microblog: Peer, organiser: Account, written: Callable[[Json], Json]
) -> None:
    """Delivered whole, and found at its own address in the same shape, as its author is."""
    author = microblog.person("author")
    microblog.serve(author.document())
    microblog.documents[path_of(author.uri)] = expanded(author.document())
    note = microblog.note(author, "<p>Beans</p>", [organiser.uri])
    said = microblog.create(author, note)
    assert await became(ours, microblog, author, written(said), said["id"]) == "done"
    stored = await ours.post(note["id"])
    assert stored
    assert (stored.content, stored.visibility) == ("<p>Beans</p>", "public")
    other = microblog.note(author, "<p>Peas</p>", [])
    microblog.documents[path_of(other["id"])] = written(other)
    await followed(ours, organiser, microblog, author)
    boost = microblog.activity(author, "Announce", other["id"])
    assert await became(ours, microblog, author, boost, boost["id"]) == "done"
    found = await ours.post(other["id"])
    assert found
    assert found.content == "<p>Peas</p>"


async def test_what_arrived_is_kept_as_it_came(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    author = microblog.person("author")
    said = expanded(microblog.activity(author, "Follow", garden.uri))
    assert await became(ours, microblog, author, said, said["@id"]) == "done"
    kept = await ours.value("select body from inbox where activity_id = $1", said["@id"])
    assert kept == orjson.dumps(said)


# Whose it is


async def test_the_actor_is_that_of_the_plain_reading(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account
) -> None:
    """``actor`` is a name like any other to JSON-LD, and who it means has to have signed."""
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    other = attacker.person("other", key=1)
    forged = expanded(attacker.activity(victim, "Follow", garden.uri))
    neighbour = expanded(attacker.activity(other, "Follow", garden.uri))
    swapped = attacker.activity(mallory, "Follow", garden.uri, who=victim.uri)
    swapped["@context"] = [AS, {"who": {"@id": "as:actor", "@type": "@id"}, "actor": None}]
    swapped["@id"] = swapped.pop("id")
    elsewhere = expanded(attacker.activity(mallory, "Follow", garden.uri))
    elsewhere["@id"] = microblog.url("/activities/1")
    async with unchanged(ours):
        for said, reason in (
            (forged, "foreign_id"),
            (neighbour, "foreign_actor"),
            (swapped, "foreign_id"),
            (elsewhere, "foreign_id"),
        ):
            assert await became(ours, attacker, mallory, said, "") == reason


async def test_nobody_is_read_who_did_not_sign(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account
) -> None:
    """The reading costs: a signature that is wrong ends before it, and uses up nobody's budget."""
    victim, mallory = microblog.person("victim"), attacker.person("mallory", key=1)
    body = orjson.dumps(expanded(microblog.activity(victim, "Follow", garden.uri)))
    pretending = Person(victim.uri, "victim", key=mallory.key)
    async with unchanged(ours):
        answer = await microblog.send(pretending, orjson.loads(body), ours.inbox)
    assert answer.status == 401
    used = "select count(*) from budgets where rule = $1"
    assert await ours.value(used, budgets.SHAPES.name) == 0


async def test_only_so_many_of_a_domain(
    ours: Instance, attacker: Peer, garden: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budgets, "SHAPES", budgets.Rule(budgets.SHAPES.name, 1, budgets.HOUR))
    mallory = attacker.person("mallory")
    first, second = (expanded(attacker.activity(mallory, "Follow", garden.uri)) for _ in range(2))
    assert await became(ours, attacker, mallory, first, first["@id"]) == "done"
    assert await attacker.send(mallory, second, ours.inbox) == (503, "over_budget")


async def test_none_waits_for_long(
    ours: Instance, attacker: Peer, garden: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is read at a time: who comes when many wait is told to come again."""
    mallory = attacker.person("mallory")
    said = expanded(attacker.activity(mallory, "Follow", garden.uri))
    with monkeypatch.context() as patched:
        patched.setattr(shapes, "SECONDS", 0.0)
        assert await attacker.send(mallory, said, ours.inbox) == (503, "jsonld_busy")
    assert await became(ours, attacker, mallory, said, said["@id"]) == "done"


# What could be read in two ways


def nested(said: Json) -> Json:
    return {**said, "as:object": {"@id": said["object"], "@nest": {"actor": said["actor"]}}}


def in_a_graph(said: Json) -> Json:
    return {"@context": AS, "@graph": [said]}


def as_a_graph_of_one(said: Json) -> Json:
    return {**said, "@context": [AS, {"object": {"@id": "as:object", "@container": "@graph"}}],
            "@type": said["type"]}  # fmt: skip


def included(said: Json) -> Json:
    return {**expanded(said), "@included": [{"@id": said["id"], "@type": [f"{AS}#Delete"]}]}


def reversed_(said: Json) -> Json:
    return {**expanded(said), "@reverse": {f"{AS}#object": [{"@id": said["object"]}]}}


def graph_by_another_name(said: Json) -> Json:
    return {"@context": [AS, {"things": "@graph"}], "as:name": "x", "things": [said]}


def twice(said: Json) -> Json:
    """The plain name says one thing, the whole one another: JSON-LD reads both."""
    return {**said, f"{AS}#object": {"@id": "https://victim.example/users/1"}}


def two_kinds(said: Json) -> Json:
    return {**said, "type": ["Follow", "as:Block"]}


def two_nodes(said: Json) -> Json:
    return {"@context": AS, "@id": said["id"], "@set": [said]}


def with_a_context_of_its_own(said: Json) -> Json:
    return {**expanded(said), "@context": "https://attacker.example/context"}


def large(said: Json) -> Json:
    return {**expanded(said), f"{AS}#summary": "x" * 70_000}


@pytest.mark.parametrize(
    ("shape", "reason"),
    [
        (nested, "jsonld_shape"),
        (in_a_graph, "jsonld_shape"),
        (as_a_graph_of_one, "jsonld_shape"),
        (included, "jsonld_shape"),
        (reversed_, "jsonld_shape"),
        (graph_by_another_name, "jsonld_shape"),
        (twice, "jsonld_shape"),
        (two_kinds, "ambiguous_type"),
        (two_nodes, "jsonld_shape"),
        (with_a_context_of_its_own, "unknown_context"),
        (large, "jsonld_large"),
    ],
)
async def test_no_second_reading(
    ours: Instance, attacker: Peer, garden: Account, shape: Callable[[Json], Json], reason: str
) -> None:
    """Mastodon CVE-2022-24307 and CVE-2026-46349, Misskey GHSA-2vxv, Fedify CVE-2026-42462."""
    mallory = attacker.person("mallory")
    said = attacker.activity(mallory, "Follow", garden.uri)
    async with unchanged(ours):
        assert await became(ours, attacker, mallory, shape(said), said["id"]) == reason
    assert attacker.of_type("Accept") == []


# What proves nothing


async def test_a_proof_in_another_shape_is_none(
    ours: Instance, attacker: Peer, microblog: Peer, organiser: Account
) -> None:
    """A group passes it on with the author's true proof of the plain form: the origin is asked."""
    group = attacker.person("group", "Group")
    await followed(ours, organiser, attacker, group)
    author = Proving(microblog)
    note = microblog.note(author.who, "<p>Said</p>", [group.uri])
    del microblog.documents[path_of(note["id"])]
    said: dict[str, Any] = author.proves(microblog.create(author.who, note))
    announce = attacker.activity(group, "Announce", said)
    announce["@type"] = announce.pop("type")
    async with unchanged(ours):
        assert await became(ours, attacker, group, announce, announce["id"]) == "gone"
