"""Suspension holds on every way in and out (Mastodon CVE-2026-23961 is one way that was forgotten)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from federation.errors import Gone, Refused
from federation.webfinger import Handle
from server.arriving import resolve
from server.domain.moderating import host_allows, host_blocks, moderation
from server.domain.moderating.host_blocks import Terms
from storage import instance, users
from storage.accounts import Account
from storage.posts import Post
from tests.federation.acting import followed, follows_us, outcome
from tests.federation.instance import Instance
from tests.federation.members import get
from tests.federation.peer import Json, Peer, Person


@dataclass(frozen=True)
class Scene:
    """``mallory`` of ``attacker`` is shut out; ``friend`` of ``microblog`` is not, and is followed."""

    ours: Instance
    attacker: Peer
    mallory: Person
    note: Json
    microblog: Peer
    friend: Person
    organiser: Account
    post: Post


Way = Callable[[Scene], Awaitable[object]]


async def _arrives(scene: Scene) -> object:
    follow = scene.attacker.activity(scene.mallory, "Follow", scene.organiser.uri)
    answer = await scene.attacker.send(scene.mallory, follow, scene.ours.inbox)
    assert answer.status == 403
    return None


async def _leaves(scene: Scene) -> object:
    gone = scene.attacker.activity(scene.mallory, "Delete", scene.mallory.uri)
    assert (await scene.attacker.send(scene.mallory, gone, scene.ours.inbox)).status == 403
    return None


async def _an_announce_by_another(scene: Scene) -> object:
    boost = scene.microblog.activity(scene.friend, "Announce", scene.note["id"])
    return await outcome(scene.ours, scene.microblog, scene.friend, boost)


async def _an_announce_of_all_of_it(scene: Scene) -> object:
    inner = scene.attacker.create(scene.mallory, scene.note)
    boost = scene.microblog.activity(scene.friend, "Announce", inner)
    return await outcome(scene.ours, scene.microblog, scene.friend, boost)


async def _an_answer_to_it(scene: Scene) -> object:
    answer = scene.microblog.note(
        scene.friend, "<p>Read this</p>", [scene.organiser.uri], inReplyTo=scene.note["id"]
    )
    await outcome(
        scene.ours, scene.microblog, scene.friend, scene.microblog.create(scene.friend, answer)
    )
    return None


async def _a_quote_of_it(scene: Scene) -> object:
    stamp = scene.attacker.url("/stamps/1")
    quoting = scene.microblog.note(
        scene.friend, "<p>Look</p>", [scene.organiser.uri],
        quote=scene.note["id"], quoteAuthorization=stamp,
    )  # fmt: skip
    made = scene.microblog.create(scene.friend, quoting)
    await outcome(scene.ours, scene.microblog, scene.friend, made)
    return None


async def _fetched_as_an_actor(scene: Scene) -> object:
    return await resolve.actor(scene.ours.net, scene.mallory.uri, refresh=True)


async def _fetched_as_a_post(scene: Scene) -> object:
    return await resolve.post(scene.ours.net, scene.note["id"])


async def _fetched_as_a_collection(scene: Scene) -> object:
    uri = f"{scene.mallory.uri}/outbox"
    return await resolve.own_document(scene.ours.net, uri, scene.mallory.uri)


async def _a_key_of_it(scene: Scene) -> object:
    return await resolve.key(scene.ours.net, scene.mallory.key_id)


async def _searched_for(scene: Scene) -> object:
    return await resolve.search(scene.ours.net, scene.note["id"])


async def _searched_for_by_handle(scene: Scene) -> object:
    return await resolve.search(scene.ours.net, f"@unknown@{scene.attacker.host}")


async def _asked_by_webfinger(scene: Scene) -> object:
    return await scene.ours.net.fingers.ask(Handle("mallory", scene.attacker.host))


async def _asked_what_it_runs(scene: Scene) -> object:
    await resolve.describe(scene.ours.net, scene.attacker.host)
    return None


async def _asked_where_its_people_act(scene: Scene) -> object:
    sent = {
        "uri": scene.organiser.uri,
        "kind": "follow",
        "handle": f"@mallory@{scene.attacker.host}",
    }
    url = f"https://{scene.ours.host}/take-part"
    async with scene.attacker.session.post(url, data=sent) as answer:
        assert answer.status == 422
        assert "suspended" in await answer.text() or "listed" in await answer.text()
    return None


async def _reads_what_is_ours(scene: Scene) -> object:
    for address in (scene.post.uri, scene.organiser.uri, f"{scene.organiser.uri}/outbox"):
        assert (await get(scene.attacker, address, scene.mallory)).status == 404
    return None


OF_HOSTS: tuple[Way, ...] = (
    _arrives, _leaves, _an_announce_by_another, _an_announce_of_all_of_it, _an_answer_to_it,
    _a_quote_of_it, _fetched_as_an_actor, _fetched_as_a_post, _fetched_as_a_collection, _a_key_of_it,
    _searched_for, _searched_for_by_handle, _asked_by_webfinger, _asked_what_it_runs,
    _asked_where_its_people_act, _reads_what_is_ours,
)  # fmt: skip
OF_ACCOUNTS: tuple[Way, ...] = (
    _arrives, _leaves, _an_announce_by_another, _an_announce_of_all_of_it, _an_answer_to_it,
    _a_quote_of_it, _fetched_as_a_post, _a_key_of_it, _searched_for, _reads_what_is_ours,
)  # fmt: skip


@pytest.fixture
async def scene(ours: Instance, attacker: Peer, microblog: Peer, organiser: Account) -> Scene:
    friend, mallory = microblog.person("friend"), attacker.person("mallory")
    await followed(ours, organiser, microblog, friend)
    note = attacker.note(mallory, "<p>Buy now</p>", [])
    attacker.serve({"id": f"{mallory.uri}/outbox", "type": "OrderedCollection", "totalItems": 0})
    post = await ours.publish(organiser, "Seeds to share")
    return Scene(ours, attacker, mallory, note, microblog, friend, organiser, post)


async def left_of(scene: Scene) -> list[dict[str, Any]]:
    """Whatever is here of the attacker, but for what we suspended."""
    host = scene.attacker.host
    return [
        *await scene.ours.rows("select uri from posts where uri like '%' || $1 || '%'", host),
        *await scene.ours.rows(
            "select f.uri from follows f join accounts a on a.id = f.follower_id where a.host = $1",
            host,
        ),
        *await scene.ours.rows(
            "select n.id from notifications n join accounts a on a.id = n.from_account_id"
            " where a.host = $1",
            host,
        ),
    ]


async def goes_nowhere(scene: Scene, way: Way) -> None:
    try:
        found = await way(scene)
    except (Refused, Gone):
        found = None
    assert found in (None, "host_suspended", "host_not_allowed", "suspended", "unknown_author")
    assert await left_of(scene) == []


@pytest.mark.parametrize("way", OF_HOSTS)
async def test_a_suspended_host_gets_nowhere_and_is_asked_nothing(scene: Scene, way: Way) -> None:
    async with scene.ours.work.transaction() as tx:
        await host_blocks.block(tx, scene.attacker.host, Terms("suspend"))
    await goes_nowhere(scene, way)
    assert scene.attacker.requests == []


@pytest.mark.parametrize("way", OF_HOSTS)
async def test_a_host_that_is_not_listed_gets_nowhere_either(scene: Scene, way: Way) -> None:
    async with scene.ours.work.transaction() as tx:
        await instance.settle(tx.conn, scene.ours.host, scene.ours.host, tx.now)
        await host_allows.allow(tx, scene.microblog.host)
        await host_allows.limit(tx, limited=True)
    await goes_nowhere(scene, way)
    assert scene.attacker.requests == []


@pytest.mark.parametrize("way", OF_ACCOUNTS)
async def test_a_suspended_account_gets_nowhere(scene: Scene, way: Way) -> None:
    met = await resolve.actor(scene.ours.net, scene.mallory.uri)
    async with scene.ours.work.transaction() as tx:
        await tx.conn.execute("update accounts set suspended_at = now() where id = $1", met.id)
    await goes_nowhere(scene, way)


# One of ours


async def test_followers_are_told_of_a_suspension_and_of_its_end(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    """As Mastodon tells it; a repeat tells nothing."""
    await follows_us(ours, microblog, microblog.person("neighbour"), organiser)
    async with ours.work.transaction() as tx:
        keeper = await users.create(tx.conn, "keeper@mail.example", None, "admin", tx.now)
        suspended = await moderation.suspend(tx, keeper, organiser)
        await moderation.suspend(tx, keeper, suspended)
    await ours.settle()
    (told,) = microblog.of_type("Update")
    assert told["actor"] == told["object"]["id"] == organiser.uri
    assert told["object"]["suspended"] is True
    microblog.received.clear()
    async with ours.work.transaction() as tx:
        await moderation.unsuspend(tx, keeper, suspended)
    await ours.settle()
    (told,) = microblog.of_type("Update")
    assert "suspended" not in told["object"]
