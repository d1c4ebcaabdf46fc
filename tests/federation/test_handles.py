"""Handles of others: an actor and a handle name each other, wherever the handle's domain is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from federation.errors import Refused
from server.arriving import resolve
from server.domain.moderating import host_blocks
from tests.federation.instance import Instance
from tests.federation.peer import Peer, Person, peer


@pytest.fixture
async def domain() -> AsyncIterator[Peer]:
    """The host that handles end in, of people who live at ``microblog``."""
    async with peer(None) as made:
        yield made


def split(microblog: Peer, domain: Peer, who: Person) -> None:
    """Both hosts say that the handle ends in ``domain``, as a split-domain Mastodon does."""
    for host in (microblog, domain):
        host.says(f"{who.name}@{host.host}", who.uri, subject=f"{who.name}@{domain.host}")


async def test_a_handle_may_end_in_another_domain_where_both_agree(
    ours: Instance, microblog: Peer, domain: Peer
) -> None:
    gardener = microblog.person("gardener")
    split(microblog, domain, gardener)
    met = await resolve.actor(ours.net, gardener.uri)
    assert met.handle == f"gardener@{domain.host}"
    assert met.host == microblog.host  # what blocks and deliveries go by
    for host in (domain.host, microblog.host):
        assert (await resolve.handle(ours.net, "gardener", host)).id == met.id


async def test_it_is_found_by_its_handle_first(
    ours: Instance, microblog: Peer, domain: Peer
) -> None:
    gardener = microblog.person("gardener")
    split(microblog, domain, gardener)
    found = await resolve.search(ours.net, f"@gardener@{domain.host}")
    assert (await ours.known(gardener.uri)) == found


async def test_the_property_of_an_actor_is_only_a_claim(
    ours: Instance, microblog: Peer, domain: Peer
) -> None:
    """FEP-2c59, on an actor that the other domain does not know by that name."""
    domain.person("mayor")
    mallory = microblog.person("mayor")
    microblog.serve({**mallory.document(), "webfinger": f"mayor@{domain.host}"})
    met = await resolve.actor(ours.net, mallory.uri)
    assert met.handle == f"mayor@{microblog.host}"


async def test_a_host_cannot_give_the_actor_of_another_a_handle(
    ours: Instance, microblog: Peer, domain: Peer
) -> None:
    victim = microblog.person("mayor")
    domain.says(f"mayor@{domain.host}", victim.uri)
    with pytest.raises(Refused) as refused:
        await resolve.handle(ours.net, "mayor", domain.host)
    assert refused.value.reason == "handle_mismatch"
    known = await ours.known(victim.uri)
    assert known
    assert known.handle == f"mayor@{microblog.host}"


async def test_a_new_actor_takes_no_handle_that_its_server_gives_to_another(
    ours: Instance, microblog: Peer
) -> None:
    mayor = microblog.person("mayor")
    met = await resolve.actor(ours.net, mayor.uri)
    mallory = microblog.serve(
        {**microblog.person("mallory").document(), "preferredUsername": "mayor"}
    )
    other = await resolve.actor(ours.net, mallory["id"])
    assert other.handle_lost
    assert (await resolve.handle(ours.net, "mayor", microblog.host)).id == met.id
    assert not (await resolve.actor(ours.net, mayor.uri)).handle_lost


async def test_the_actor_that_its_server_names_takes_the_handle_back(
    ours: Instance, microblog: Peer
) -> None:
    """Whoever had it keeps the id, and nothing of the two is merged."""
    mayor = microblog.person("mayor")
    early = microblog.serve({**microblog.person("early").document(), "preferredUsername": "mayor"})
    first = await resolve.actor(ours.net, early["id"])
    met = await resolve.actor(ours.net, mayor.uri)
    assert (await resolve.handle(ours.net, "mayor", microblog.host)).id == met.id
    old = await ours.known(first.uri)
    assert old
    assert old.handle_lost
    assert old.id != met.id


async def test_a_name_changes_only_where_its_server_says_so_too(
    ours: Instance, microblog: Peer
) -> None:
    baker = microblog.person("baker")
    met = await resolve.actor(ours.net, baker.uri)
    microblog.serve({**baker.document(), "preferredUsername": "miller"})
    same = await resolve.actor(ours.net, baker.uri, refresh=True)
    assert same.username == "baker"
    microblog.says(f"miller@{microblog.host}", baker.uri)
    renamed = await resolve.actor(ours.net, baker.uri, refresh=True)
    assert (renamed.id, renamed.username, renamed.handle_lost) == (met.id, "miller", False)


async def test_a_server_is_asked_once_for_its_own_names(ours: Instance, microblog: Peer) -> None:
    for name in ("baker", "miller", "weaver"):
        await resolve.actor(ours.net, microblog.person(name).uri)
    assert microblog.asked("/.well-known/webfinger") == 1


async def test_a_block_of_the_domain_of_handles_holds_for_who_lives_elsewhere(
    ours: Instance, microblog: Peer, domain: Peer
) -> None:
    gardener = microblog.person("gardener")
    split(microblog, domain, gardener)
    met = await resolve.actor(ours.net, gardener.uri)
    assert met.suspended_at is None
    async with ours.work.transaction() as tx:
        await host_blocks.block(tx, domain.host, host_blocks.Terms("suspend"))
    after = await ours.known(met.uri)
    assert after
    assert after.suspended_by_host
