"""Who gets a document: everybody but whom is shut out, or, where fetch is authorised, who proves who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from federation.errors import Unreachable
from server.arriving import resolve
from server.domain.moderating import domain_blocks, host_allows, host_blocks
from server.domain.moderating.host_blocks import Terms
from server.domain.posting import marks
from storage import instance as instance_rows
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import LOOPBACK, Instance, instance
from tests.federation.invariants import check
from tests.federation.members import get
from tests.federation.peer import Peer, Person, peer


@pytest.fixture
async def strict(database_url: str, tmp_path: Path) -> AsyncIterator[Instance]:
    async with instance(database_url, tmp_path, LOOPBACK, authorized_fetch=True) as made:
        yield made
        await check(made)


async def written(ours: Instance) -> tuple[Account, Post]:
    author = await ours.member("author")
    return author, await ours.publish(author, "Seeds to share")


def addresses(author: Account, post: Post) -> list[str]:
    of_actor = [
        f"{author.uri}{part}" for part in ("", "/outbox", "/followers", "/featured", "/tags")
    ]
    of_post = [f"{post.uri}{part}" for part in ("", "/activity", "/replies", "/context")]
    return [*of_actor, author.url, *of_post]


async def block(ours: Instance, author: Account, account: Account) -> None:
    async with ours.work.transaction() as tx:
        await tx.conn.execute(
            "insert into blocks (account_id, target_id, uri, created_at) values ($1, $2, $3, now())",
            author.id, account.id, f"{author.uri}/block",
        )  # fmt: skip


# Where fetch is authorised


async def test_nothing_is_given_to_nobody_in_particular(strict: Instance, microblog: Peer) -> None:
    author, post = await written(strict)
    for address in addresses(author, post):
        answer = await get(microblog, address)
        if address in (author.uri, author.url):
            continue  # its key, below
        assert answer.status == 401, address
        assert answer.headers["Cache-Control"] == "no-store"


async def test_whoever_proves_who_they_are_reads_and_no_cache_keeps_it(
    strict: Instance, microblog: Peer
) -> None:
    author, post = await written(strict)
    reader = microblog.person("reader")
    for address in addresses(author, post):
        answer = await get(microblog, address, reader)
        assert answer.status == 200, address
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert {"Signature", "Signature-Input"} <= set(answer.headers["Vary"].split(", "))


async def test_keys_and_the_instance_and_how_we_are_found_stay_open(
    strict: Instance, microblog: Peer
) -> None:
    author, _ = await written(strict)
    stub = await microblog.fetch(author.uri)
    assert stub["publicKey"]["owner"] == stub["id"] == author.uri
    assert set(stub) == {
        "@context", "id", "type", "preferredUsername", "inbox", "publicKey", "assertionMethod"
    }  # fmt: skip
    base = f"https://{strict.host}"
    whole = await microblog.fetch(f"{base}/actor")
    assert whole["outbox"]
    for path in (f"webfinger?resource={author.uri}", "nodeinfo", "host-meta"):
        assert (await get(microblog, f"{base}/.well-known/{path}")).status == 200
    assert (await get(microblog, f"{base}/nodeinfo/2.1")).status == 200


async def test_the_calendar_of_the_instance_is_a_document_like_others(
    strict: Instance, microblog: Peer
) -> None:
    """Whole calls stand in it."""
    author = await strict.member("author")
    community = await strict.community(author, "garden")
    await strict.event(author, community, "Repair evening")
    reader = microblog.person("reader")
    for name in ("outbox", "outbox?before=9", "upcoming", "followers", "following", "featured"):
        address = f"https://{strict.host}/actor/{name}"
        assert (await get(microblog, address)).status == 401, name
        assert (await get(microblog, address, reader)).status == 200, name


async def test_a_page_is_for_everybody(strict: Instance, microblog: Peer) -> None:
    _, post = await written(strict)
    assert (await get(microblog, post.uri, accept="text/html")).status == 200


async def test_a_signature_that_does_not_hold_is_none(strict: Instance, microblog: Peer) -> None:
    author, post = await written(strict)
    reader = microblog.person("reader")
    forged = Person(reader.uri, reader.name, key=1)
    for address in addresses(author, post):
        assert (await get(microblog, address, forged)).status == 401
    elsewhere = await get(microblog, post.uri, reader, signs=author.uri)
    assert elsewhere.status == 401


async def test_where_the_key_cannot_be_had_they_are_to_come_again(
    strict: Instance, microblog: Peer
) -> None:
    _, post = await written(strict)
    reader = microblog.person("reader")
    microblog.down = True
    assert (await get(microblog, post.uri, reader)).status == 503


async def test_two_instances_that_both_want_signatures_read_each_other(
    strict: Instance, microblog: Peer
) -> None:
    """The key that signs their GET is at an address that is open, so neither waits for the other."""
    _, post = await written(strict)
    asked = microblog.asked("/users/reader")
    await get(microblog, post.uri, microblog.person("reader"))
    assert microblog.asked("/users/reader") == asked + 1


async def test_a_limited_instance_wants_signatures_of_listed_hosts(
    ours: Instance, microblog: Peer
) -> None:
    _, post = await written(ours)
    reader = microblog.person("reader")
    async with ours.work.transaction() as tx:
        await instance_rows.settle(tx.conn, ours.host, ours.host, tx.now)
        await host_allows.limit(tx, limited=True)
    assert (await get(microblog, post.uri)).status == 401
    assert (await get(microblog, post.uri, reader)).status == 404
    assert microblog.requests == []
    async with ours.work.transaction() as tx:
        await host_allows.allow(tx, microblog.host)
    assert (await get(microblog, post.uri, reader)).status == 200


# Who is shut out, however fetch is


@pytest.mark.parametrize("mode", ["ours", "strict"])
async def test_who_is_blocked_by_the_author_finds_nothing(
    mode: str, request: pytest.FixtureRequest, database_url: str, tmp_path: Path, microblog: Peer
) -> None:
    async with instance(
        database_url, tmp_path, LOOPBACK, authorized_fetch=mode == "strict"
    ) as here:
        author, post = await written(here)
        reader, other = microblog.person("reader"), microblog.person("other")
        met = await resolve.actor(here.net, reader.uri)
        await block(here, author, met)
        missing = await get(microblog, f"https://{here.host}/posts/1", reader)
        for address in addresses(author, post):
            answer = await get(microblog, address, reader)
            assert (answer.status, answer.body) == (404, missing.body), address
            assert answer.headers["Cache-Control"] == "no-store"
            assert (await get(microblog, address, other)).status == 200, address


async def test_whose_host_is_blocked_by_the_author_finds_nothing(
    ours: Instance, microblog: Peer
) -> None:
    author, post = await written(ours)
    reader = microblog.person("reader")
    await resolve.actor(ours.net, reader.uri)
    async with ours.work.transaction() as tx:
        await domain_blocks.block(tx, author, microblog.host)
    assert (await get(microblog, post.uri, reader)).status == 404
    assert (await get(microblog, post.uri)).status == 200


async def test_a_suspended_host_finds_nothing_and_is_asked_nothing(
    ours: Instance, microblog: Peer
) -> None:
    author, post = await written(ours)
    reader = microblog.person("reader")
    async with ours.work.transaction() as tx:
        await host_blocks.block(tx, microblog.host, Terms("suspend"))
    for address in addresses(author, post):
        assert (await get(microblog, address, reader)).status == 404, address
    assert microblog.requests == []


async def test_a_suspended_account_finds_nothing(ours: Instance, microblog: Peer) -> None:
    author, post = await written(ours)
    reader = microblog.person("reader")
    met = await resolve.actor(ours.net, reader.uri)
    async with ours.work.transaction() as tx:
        await tx.conn.execute("update accounts set suspended_at = now() where id = $1", met.id)
    for address in addresses(author, post):
        assert (await get(microblog, address, reader)).status == 404, address


async def test_a_stranger_who_signs_costs_no_key(ours: Instance, microblog: Peer) -> None:
    author, post = await written(ours)
    async with peer("mastodon") as other:
        reader = other.person("reader")
        for address in addresses(author, post):
            answer = await get(other, address, reader)
            assert answer.status == 200
            assert "Signature" in answer.headers["Vary"]
        assert other.requests == []


async def test_a_boost_of_what_nobody_may_see_is_nowhere(ours: Instance, microblog: Peer) -> None:
    author, post = await written(ours)
    sharer, reader = await ours.member("sharer"), microblog.person("reader")
    async with ours.work.transaction() as tx:
        boost = await marks.boost(tx, sharer, post)
    assert boost
    doors = [f"{boost.uri}{part}" for part in ("", "/replies")]
    for address in doors:
        assert (await get(microblog, address, reader)).status == 200, address
    assert (await get(microblog, boost.uri, accept="text/html")).status == 302
    async with ours.work.transaction() as tx:
        await tx.conn.execute("update accounts set suspended_at = now() where id = $1", author.id)
    for address in doors:
        assert (await get(microblog, address, reader)).status == 404, address
        assert (await get(microblog, address)).status == 404, address
    assert (await get(microblog, boost.uri, accept="text/html")).status == 404


# What we sign


@pytest.mark.parametrize("status", [401, 403])
async def test_a_query_is_signed_and_then_left_out_and_then_signed_anew(
    ours: Instance, microblog: Peer, status: int
) -> None:
    """GoToSocial takes both, others one of them; a 503 is no reason to knock again."""
    url = microblog.url("/outbox?page=1")
    microblog.refuses["/outbox"] = [status, status, 503]
    with pytest.raises(Unreachable):
        await resolve.own_document(ours.net, url, url)
    assert microblog.asked("/outbox") == 3
    microblog.refuses["/outbox"] = [503, status]
    with pytest.raises(Unreachable):
        await resolve.own_document(ours.net, url, url)
    assert microblog.asked("/outbox") == 4
