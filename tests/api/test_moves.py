"""Moving away and being awaited, through Beckon's own API."""

from __future__ import annotations

import pytest

from tests.api.conftest import PASSWORD
from tests.api.networked import Town, town
from tests.federation.peer import Peer, Person, peer

__all__ = ["town"]

ME = "/api/beckon/v1/accounts"


@pytest.fixture
async def harbour():
    async with peer("mastodon") as made:
        yield made


def named(harbour: Peer, who: Person, *uris: str) -> None:
    harbour.serve({**who.document(), "alsoKnownAs": list(uris)})


async def test_aliases_are_kept_and_dropped(town: Town, harbour: Peer) -> None:
    member = await town.house.member("gardener")
    old = harbour.person("old")
    added = await member.good("POST", f"{ME}/aliases", json={"acct": f"old@{harbour.host}"})
    assert [a["uri"] for a in added] == [old.uri]
    assert await member.good("GET", f"{ME}/aliases") == added
    assert member.account
    assert (await harbour.fetch(member.account.uri))["alsoKnownAs"] == [old.uri]
    gone = await member.good("DELETE", f"{ME}/aliases", json={"account_id": added[0]["id"]})
    assert gone == []


async def test_who_cannot_be_an_alias(town: Town, harbour: Peer) -> None:
    member = await town.house.member("gardener")
    for acct in ("", "nobody", f"nobody@{harbour.host}", "gardener"):
        answer = await member.post(f"{ME}/aliases", json={"acct": acct})
        assert answer.status == 422, acct
    assert await member.good("GET", f"{ME}/aliases") == []


async def test_a_member_moves_and_comes_back(town: Town, harbour: Peer) -> None:
    member, reader = await town.house.member("gardener"), await town.house.member("reader")
    assert member.account
    new = harbour.person("new")
    sent = {"acct": f"@new@{harbour.host}", "current_password": PASSWORD}
    refused = await member.post(f"{ME}/move", json=sent)
    assert refused.status == 403  # it does not name the old one yet
    named(harbour, new, member.account.uri)
    wrong = await member.post(f"{ME}/move", json=sent | {"current_password": "a guess"})
    assert wrong.status == 422
    assert (await member.good("POST", f"{ME}/move", json=sent))["uri"] == new.uri
    shown = await reader.good("GET", f"/api/v1/accounts/{member.id}")
    assert shown["moved"]["uri"] == new.uri
    own = await member.good("GET", "/api/v1/accounts/verify_credentials")
    assert own["moved"]["uri"] == new.uri
    assert (await member.post("/api/v1/statuses", json={"status": "Hello?"})).status == 403
    page = f"{town.house.base}/@gardener"
    async with town.house.http.get(page, headers={"Accept": "text/html"}) as answer:
        assert new.uri in await answer.text()
    await member.good("DELETE", f"{ME}/move")
    await member.says("Hello again")
    shown = await reader.good("GET", f"/api/v1/accounts/{member.id}")
    assert "moved" not in shown


async def test_a_community_is_moved_by_its_organisers(town: Town, harbour: Peer) -> None:
    organiser, member = await town.house.member("organiser"), await town.house.member("gardener")
    made = await organiser.good(
        "POST", "/api/beckon/v1/communities", json={"name": "garden", "title": "Garden"}
    )
    base = f"/api/beckon/v1/communities/{made['id']}"
    new = harbour.person("newgarden", "Group")
    named(harbour, new, made["uri"])
    sent = {"acct": new.uri, "current_password": PASSWORD}
    for path, body in (("aliases", {"acct": new.uri}), ("move", sent)):
        assert (await member.post(f"{base}/{path}", json=body)).status == 403
    assert (await member.get(f"{base}/aliases")).status == 403
    await organiser.good("POST", f"{base}/move", json=sent)
    assert (await organiser.good("GET", f"/api/v1/accounts/{made['id']}"))["moved"][
        "uri"
    ] == new.uri
    assert (await member.delete(f"{base}/move")).status == 403
    await organiser.good("DELETE", f"{base}/move")
