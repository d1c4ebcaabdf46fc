"""Refused at the door of the inbox: each with its status and named reason, and nothing changed."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from storage.accounts import Account
from tests.federation.instance import Instance, instance
from tests.federation.peer import (
    ACTIVITY_JSON,
    Json,
    Peer,
    Person,
    cavage_headers,
    public_pem,
    rsa_key,
)
from tests.hostile.unchanged import unchanged


@pytest.fixture
async def follow(attacker: Peer, garden: Account) -> Json:
    return attacker.activity(attacker.person("mallory"), "Follow", garden.uri)


@pytest.fixture
async def untouched(ours: Instance, garden: Account) -> AsyncIterator[None]:
    """Whatever the test sends leaves no trace but the keys and actors that were looked up."""
    arrived = "select count(*) from inbox"
    before = await ours.value(arrived)
    async with unchanged(ours):
        yield
    assert await ours.value(arrived) == before


def signed(by: Person, inbox: str, body: bytes, **changed: Any) -> dict[str, str]:
    return cavage_headers(by.private, by.key_id, inbox, body, **changed)


# The request


async def test_unsigned(ours: Instance, attacker: Peer, follow: Json, untouched: None) -> None:
    body = orjson.dumps(follow)
    answer = await attacker.post(ours.inbox, body, {"Content-Type": ACTIVITY_JSON})
    assert answer == (401, "signature_missing")
    assert attacker.requests == []


async def test_wrong_key(ours: Instance, attacker: Peer, follow: Json, untouched: None) -> None:
    mallory, body = attacker.people["mallory"], orjson.dumps(follow)
    headers = cavage_headers(rsa_key(1), mallory.key_id, ours.inbox, body)
    assert await attacker.post(ours.inbox, body, headers) == (401, "signature_wrong")


async def test_wrong_digest(ours: Instance, attacker: Peer, follow: Json, untouched: None) -> None:
    body = orjson.dumps(follow)
    headers = signed(attacker.people["mallory"], ours.inbox, body)
    other = body.replace(b"Follow", b"Block ")
    assert await attacker.post(ours.inbox, other, headers) == (401, "digest_mismatch")
    assert attacker.requests == []


async def test_digest_not_covered(
    ours: Instance, attacker: Peer, follow: Json, untouched: None
) -> None:
    body = orjson.dumps(follow)
    covered = ["(request-target)", "host", "date"]
    headers = signed(attacker.people["mallory"], ours.inbox, body, covered=covered)
    assert await attacker.post(ours.inbox, body, headers) == (401, "signature_coverage")


async def test_other_actor_than_the_keys_owner(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account, untouched: None
) -> None:
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    follow = microblog.activity(victim, "Follow", garden.uri)
    answer = await attacker.send(mallory, follow, ours.inbox)
    assert answer == (401, "foreign_actor")


async def test_a_neighbour_of_the_keys_owner(
    ours: Instance, microblog: Peer, garden: Account, untouched: None
) -> None:
    victim, mallory = microblog.person("victim"), microblog.person("mallory", key=1)
    follow = microblog.activity(victim, "Follow", garden.uri)
    assert await microblog.send(mallory, follow, ours.inbox) == (401, "foreign_actor")


async def test_a_key_that_names_a_victim_as_its_owner(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account, untouched: None
) -> None:
    """Fedify CVE-2026-96625."""
    victim = microblog.person("victim")
    key = {
        "id": attacker.url("/key"),
        "owner": victim.uri,
        "publicKeyPem": public_pem(rsa_key(1)),
    }
    attacker.serve({"@context": "https://w3id.org/security/v1", "type": "Key", **key})
    body = orjson.dumps(microblog.activity(victim, "Follow", garden.uri))
    headers = cavage_headers(rsa_key(1), key["id"], ours.inbox, body)
    assert await attacker.post(ours.inbox, body, headers) == (401, "foreign_actor")
    assert attacker.requests == []


async def test_an_actor_that_lists_the_key_of_another(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account, untouched: None
) -> None:
    victim, mallory = microblog.person("victim"), attacker.person("mallory")
    document = mallory.document()
    document["publicKey"]["owner"] = victim.uri
    attacker.serve(document)
    follow = attacker.activity(mallory, "Follow", garden.uri)
    assert await attacker.send(mallory, follow, ours.inbox) == (401, "key_owner")


async def test_a_key_id_is_not_taken_over(ours: Instance, microblog: Peer, garden: Account) -> None:
    """Two actors of one server list the same key: whoever was first keeps it."""
    victim = microblog.person("victim")
    await microblog.send(victim, microblog.activity(victim, "Like", garden.uri), ours.inbox)
    mallory = microblog.person("mallory", key=1)
    document = mallory.document()
    stolen = {**document["publicKey"], "id": victim.key_id}
    microblog.serve({**document, "publicKey": [document["publicKey"], stolen]})
    follow = microblog.activity(mallory, "Follow", garden.uri)
    assert await microblog.send(mallory, follow, ours.inbox) == (401, "key_taken")
    owner = await ours.value(
        "select a.uri from keys k join accounts a on a.id = k.account_id where k.id = $1",
        victim.key_id,
    )
    assert owner == victim.uri


@pytest.mark.parametrize("hours", [-13, 13])
async def test_a_date_out_of_the_window(
    ours: Instance, attacker: Peer, follow: Json, untouched: None, hours: int
) -> None:
    attacker.now = ours.clock.now() + timedelta(hours=hours)
    mallory = attacker.people["mallory"]
    assert await attacker.send(mallory, follow, ours.inbox) == (401, "signature_date")
    assert attacker.requests == []


async def test_a_replay_is_one_event(ours: Instance, attacker: Peer, follow: Json) -> None:
    body = orjson.dumps(follow)
    headers = signed(attacker.people["mallory"], ours.inbox, body)
    for _ in range(3):
        assert (await attacker.post(ours.inbox, body, headers)).status == 202
        await ours.settle()
    both = await asyncio.gather(*(attacker.post(ours.inbox, body, headers) for _ in range(5)))
    assert {answer.status for answer in both} == {202}
    await ours.settle()
    assert len(attacker.of_type("Accept")) == 1
    assert await ours.value("select count(*) from inbox") == 1


async def test_an_oversized_body_is_not_read(
    ours: Instance, attacker: Peer, follow: Json, untouched: None
) -> None:
    body = orjson.dumps({**follow, "summary": "x" * 1024 * 1024})
    headers = signed(attacker.people["mallory"], ours.inbox, body)
    answer = await attacker.post(ours.inbox, io.BytesIO(body), headers)
    assert answer == (413, "too_large")


async def test_an_oversized_body_in_chunks(
    ours: Instance, attacker: Peer, follow: Json, untouched: None
) -> None:
    body = orjson.dumps({**follow, "summary": "x" * 1024 * 1024})
    headers = signed(attacker.people["mallory"], ours.inbox, body)

    async def chunks() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    assert await attacker.post(ours.inbox, chunks(), headers) == (413, "too_large")


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"x",' + b'"a":{' * 40 + b"}" * 41,
        b'{"id":"x","a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
        b'{"type":"Follow","type":"Block"}',
        b'{"type":NaN}',
        b'{"name":"\\u0000"}',
        b'{"name":"\\ud800"}',
        b'{"name":"\xff"}',
        b'{"limit":1e999}',
        b'{"limit":' + b"9" * 400 + b"}",
        b"[]",
        b"{",
        b"",
    ],
    ids=[
        "deep",
        "deeper",
        "twice",
        "nan",
        "nul",
        "surrogate",
        "bytes",
        "infinite",
        "huge",
        "list",
        "cut",
        "empty",
    ],
)
async def test_json_that_two_readers_read_differently(
    ours: Instance, attacker: Peer, garden: Account, untouched: None, body: bytes
) -> None:
    mallory = attacker.person("mallory")
    headers = signed(mallory, ours.inbox, body)
    assert await attacker.post(ours.inbox, body, headers) == (400, "bad_json")
    assert attacker.requests == []


@pytest.mark.parametrize("media_type", ["application/json", "text/html", "application/ld+json"])
async def test_another_media_type(
    ours: Instance, attacker: Peer, follow: Json, untouched: None, media_type: str
) -> None:
    body = orjson.dumps(follow)
    headers = signed(attacker.people["mallory"], ours.inbox, body)
    headers["content-type"] = media_type
    assert await attacker.post(ours.inbox, body, headers) == (415, "wrong_type")


async def test_a_compressed_body(
    ours: Instance, attacker: Peer, follow: Json, untouched: None
) -> None:
    body = orjson.dumps(follow)
    headers = signed(attacker.people["mallory"], ours.inbox, body)
    headers["Content-Encoding"] = "gzip"
    assert await attacker.post(ours.inbox, body, headers) == (415, "wrong_type")


async def test_a_host_that_is_not_ours(
    ours: Instance, attacker: Peer, follow: Json, untouched: None
) -> None:
    """Signed for another server, and passed on by it."""
    body = orjson.dumps(follow)
    headers = signed(attacker.people["mallory"], "https://other.example/inbox", body)
    headers["host"] = "other.example"
    assert await attacker.post(ours.inbox, body, headers) == (401, "signature_host")


async def test_an_activity_with_an_id_of_another_server(
    ours: Instance, attacker: Peer, microblog: Peer, follow: Json, untouched: None
) -> None:
    """It would be trusted, and keep the genuine one out (Fedify GHSA-4qhx-hhwf-8685)."""
    follow["id"] = microblog.url("/activities/1")
    mallory = attacker.people["mallory"]
    assert await attacker.send(mallory, follow, ours.inbox) == (401, "foreign_id")


@pytest.mark.parametrize("suffix", ["ü" * 2000, "x" * 3000], ids=["bytes", "letters"])
async def test_an_id_that_no_index_holds(
    ours: Instance, attacker: Peer, follow: Json, untouched: None, suffix: str
) -> None:
    follow["id"] = attacker.url(f"/{suffix}")
    mallory = attacker.people["mallory"]
    assert await attacker.send(mallory, follow, ours.inbox) == (400, "bad_id")


async def test_an_object_of_any_length_has_a_lane(
    ours: Instance, attacker: Peer, garden: Account
) -> None:
    mallory = attacker.person("mallory")
    long = attacker.activity(mallory, "Like", attacker.url("/" + "".join(map(str, range(5000)))))
    assert (await attacker.send(mallory, long, ours.inbox)).status == 202
    await ours.settle()
    assert await ours.outcome(long["id"]) == "no_object"


# Whose key it is


async def test_an_actor_that_redirects_to_another(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account, untouched: None
) -> None:
    """Fedify GHSA-8863-8468-7hq7."""
    mallory = attacker.person("mallory")
    victim = Person(microblog.url("/users/victim"), "victim")
    microblog.redirects["/users/victim"] = mallory.uri
    body = orjson.dumps(microblog.activity(victim, "Follow", garden.uri))
    headers = cavage_headers(mallory.private, victim.key_id, ours.inbox, body)
    assert await attacker.post(ours.inbox, body, headers) == (401, "key_not_listed")


async def test_an_actor_that_redirects_to_another_of_its_server(
    ours: Instance, microblog: Peer, garden: Account, untouched: None
) -> None:
    mallory = microblog.person("mallory")
    victim = Person(microblog.url("/users/victim"), "victim")
    microblog.redirects["/users/victim"] = mallory.uri
    follow = microblog.activity(victim, "Follow", garden.uri)
    assert await microblog.send(victim, follow, ours.inbox) == (401, "key_not_listed")


async def test_a_key_at_a_private_address(
    database_url: str, tmp_path: Path, attacker: Peer
) -> None:
    async with instance(database_url, tmp_path) as closed:
        mallory = attacker.person("mallory")
        follow = attacker.activity(mallory, "Follow", f"https://{closed.host}/communities/1")
        assert await attacker.send(mallory, follow, closed.inbox) == (401, "private_address")
        assert attacker.requests == []
        assert await closed.value("select count(*) from inbox") == 0


async def test_a_key_that_redirects_to_a_private_address(
    database_url: str, tmp_path: Path, attacker: Peer
) -> None:
    async with instance(database_url, tmp_path, "127.0.0.1/32") as half:
        victim = Person(attacker.url("/users/victim"), "victim")
        attacker.redirects["/users/victim"] = "https://127.0.0.2:8443/users/victim"
        follow = attacker.activity(victim, "Follow", f"https://{half.host}/communities/1")
        assert await attacker.send(victim, follow, half.inbox) == (401, "private_address")
        assert attacker.asked("/users/victim") == 1
        assert await half.value("select count(*) from inbox") == 0


async def test_a_flood_of_bad_signatures_costs_one_look_up(
    ours: Instance, attacker: Peer, microblog: Peer, garden: Account, untouched: None
) -> None:
    victim = microblog.person("victim")

    async def forge() -> tuple[int, str]:
        body = orjson.dumps(microblog.activity(victim, "Follow", garden.uri))
        headers = cavage_headers(rsa_key(1), victim.key_id, ours.inbox, body, now=ours.clock.now())
        return await attacker.post(ours.inbox, body, headers)

    answers = await asyncio.gather(*(forge() for _ in range(30)))
    assert set(answers) == {(401, "signature_wrong")}
    assert microblog.asked("/users/victim") == 1
    ours.clock.forward(minutes=6)
    assert {await forge() for _ in range(10)} == {(401, "signature_wrong")}
    assert microblog.asked("/users/victim") == 2


async def test_a_burst_from_somebody_new_is_one_look_up_and_loses_nothing(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    newcomer = microblog.person("newcomer")
    sent = [microblog.activity(newcomer, "Follow", who.uri) for who in (garden, organiser)] * 5
    answers = await asyncio.gather(*(microblog.send(newcomer, a, ours.inbox) for a in sent))
    assert {answer.status for answer in answers} == {202}
    assert microblog.asked("/users/newcomer") == 1


async def test_a_key_server_that_is_down_is_asked_again(
    ours: Instance, attacker: Peer, follow: Json
) -> None:
    mallory = attacker.people["mallory"]
    attacker.down = True
    assert await attacker.send(mallory, follow, ours.inbox) == (503, "network")
    asked = attacker.asked("/users/mallory")
    assert await attacker.send(mallory, follow, ours.inbox) == (503, "network")
    assert attacker.asked("/users/mallory") == asked
    attacker.down = False
    ours.clock.forward(minutes=6)
    assert (await attacker.send(mallory, follow, ours.inbox)).status == 202


async def test_a_key_server_that_talks_nonsense_is_asked_again(
    ours: Instance, attacker: Peer, follow: Json
) -> None:
    """415 would say that the Follow is wrong, and it would never come again."""
    mallory = attacker.people["mallory"]
    attacker.types["/users/mallory"] = "text/html"
    assert await attacker.send(mallory, follow, ours.inbox) == (401, "key_unreadable")
    attacker.types.clear()
    ours.clock.forward(minutes=6)
    assert (await attacker.send(mallory, follow, ours.inbox)).status == 202


async def test_a_key_that_was_changed_is_asked_for_once_more(
    ours: Instance, microblog: Peer, garden: Account
) -> None:
    reader = microblog.person("reader")
    await microblog.send(reader, microblog.activity(reader, "Follow", garden.uri), ours.inbox)
    ours.clock.forward(minutes=6)
    renewed = microblog.person("reader", key=1)
    again = microblog.activity(renewed, "Follow", garden.uri)
    assert (await microblog.send(renewed, again, ours.inbox)).status == 202


async def test_a_suspended_actor(
    ours: Instance, attacker: Peer, garden: Account, follow: Json
) -> None:
    mallory = attacker.people["mallory"]
    like = attacker.activity(mallory, "Like", garden.uri)
    assert (await attacker.send(mallory, like, ours.inbox)).status == 202
    async with ours.work.transaction() as tx:
        await tx.conn.execute(
            "update accounts set suspended_at = now() where uri = $1", mallory.uri
        )
    async with unchanged(ours):
        assert await attacker.send(mallory, follow, ours.inbox) == (403, "suspended")
    assert await ours.outcome(like["id"]) == "suspended"
    assert await ours.outcome(follow["id"]) == "absent"


async def test_a_stranger_that_leaves_is_not_looked_up(
    ours: Instance, attacker: Peer, garden: Account, untouched: None
) -> None:
    """Delete storms reach servers that never met the actor."""
    stranger = Person(attacker.url("/users/stranger"), "stranger")
    for about in (stranger.uri, stranger.document()):
        leaving = attacker.activity(stranger, "Delete", about)
        assert (await attacker.send(stranger, leaving, ours.inbox)).status == 202
    assert attacker.requests == []
