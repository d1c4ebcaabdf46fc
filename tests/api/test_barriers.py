"""Whom administrators keep from signing up, and that they are kept."""

from __future__ import annotations

from typing import Any

import pytest

from server.domain.moderating import barriers
from tests.api.conftest import Running
from tests.api.people import STAFF, House, Member
from tests.api.test_sign_up import invite, register, set_mode

BASE = "/api/v1/admin"
DOMAINS, EMAILS, NETWORKS = (
    f"{BASE}/{noun}" for noun in ("email_domain_blocks", "canonical_email_blocks", "ip_blocks")
)
MADE: dict[str, dict[str, Any]] = {
    DOMAINS: {"domain": "Spam.example"},
    EMAILS: {"email": "some.body+tag@people.example"},
    NETWORKS: {"ip": "192.0.2.7/24", "severity": "sign_up_block", "comment": "robots"},
}


@pytest.fixture
async def moderator(house: House) -> Member:
    return await house.member("organiser", role="moderator")


@pytest.mark.parametrize("path", MADE)
async def test_blocks_are_made_listed_and_dropped(
    house: House, moderator: Member, path: str
) -> None:
    made = await moderator.good("POST", path, json=MADE[path])
    assert await moderator.good("GET", path) == [made]
    assert await moderator.good("GET", f"{path}/{made['id']}") == made
    assert (await moderator.post(path, json=MADE[path])).status == 422
    assert (await moderator.post(path, json={})).status == 422
    assert await moderator.good("DELETE", f"{path}/{made['id']}") == {}
    assert await moderator.good("GET", path) == []
    for method in ("GET", "DELETE"):
        assert (await moderator.ask(method, f"{path}/{made['id']}")).status == 404


@pytest.mark.parametrize("path", MADE)
async def test_they_take_the_role_and_the_scope(house: House, moderator: Member, path: str) -> None:
    made = await moderator.good("POST", path, json=MADE[path])
    member = await house.member("gardener")
    scoped = Member(
        house.http, house.base, member.account, await house.sign_in(member.account, scope=STAFF)
    )
    narrow = Member(
        house.http,
        house.base,
        moderator.account,
        await house.sign_in(moderator.account, scope="read write admin:read:accounts"),
    )
    for somebody, status in ((house.stranger, 401), (scoped, 403), (narrow, 403)):
        one = f"{path}/{made['id']}"
        for method, at in (("GET", path), ("POST", path), ("GET", one), ("DELETE", one)):
            assert (await somebody.ask(method, at, json=MADE[path])).status == status
    assert len(await moderator.good("GET", path)) == 1


async def test_a_domain_stands_for_all_below_it(here: Running, moderator: Member) -> None:
    await set_mode(here, "open")
    await moderator.good("POST", DOMAINS, json=MADE[DOMAINS])
    for host, status in (
        ("spam.example", 422),
        ("mail.SPAM.example", 422),
        ("nospam.example", 200),
    ):
        name = host.partition(".")[0]
        answer = await register(here, username=name, email=f"gardener@{host}")
        assert answer.status == status, host
        if status == 422:
            assert answer.json["details"]["email"][0]["error"] == "ERR_BLOCKED"


async def test_an_address_in_other_clothes(here: Running, moderator: Member) -> None:
    await set_mode(here, "open")
    await moderator.good("POST", EMAILS, json=MADE[EMAILS])
    tried = {"email": "Somebody+x@People.example"}
    assert len(await moderator.good("POST", f"{EMAILS}/test", json=tried)) == 1
    other = {"email": "somebody@other.example"}
    assert await moderator.good("POST", f"{EMAILS}/test", json=other) == []
    refused = await register(here, **tried)
    assert refused.json["details"]["email"][0]["error"] == "ERR_BLOCKED"
    assert (await register(here, **other)).status == 200


async def test_a_network_that_may_not(here: Running, moderator: Member) -> None:
    await set_mode(here, "open")
    block = {"ip": "127.0.0.0/8", "severity": "sign_up_block"}
    made = await moderator.good("POST", NETWORKS, json=block)
    assert (await register(here)).status == 403
    async with here.http.get("/sign-up") as got:
        assert got.status == 403
    path = f"{NETWORKS}/{made['id']}"
    changed = await moderator.good("PUT", path, json={"severity": "sign_up_requires_approval"})
    assert (changed["ip"], changed["severity"]) == ("127.0.0.0/8", "sign_up_requires_approval")
    assert (await register(here)).json["details"].keys() == {"reason"}
    code = await invite(here)
    assert (await register(here, reason="Beans", invite_code=code)).status == 200
    async with here.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from users where approved_at is null") == 1


async def test_a_block_ends(here: Running, moderator: Member) -> None:
    await set_mode(here, "open")
    block = {"ip": "127.0.0.1", "severity": "sign_up_block", "expires_in": 3600}
    made = await moderator.good("POST", NETWORKS, json=block)
    assert (made["ip"], made["expires_at"] is None) == ("127.0.0.1/32", False)
    assert (await register(here)).status == 403
    here.clock.forward(hours=2)
    assert (await register(here)).status == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (DOMAINS, {"domain": "a b"}),
        (DOMAINS, {"domain": "x" * 300}),
        (EMAILS, {"canonical_email_hash": "xyz"}),
        (NETWORKS, {"ip": "nowhere", "severity": "sign_up_block"}),
        (NETWORKS, {"ip": "127.0.0.1", "severity": "no_access"}),
        (NETWORKS, {"ip": "127.0.0.1", "severity": "sign_up_block", "comment": "x" * 1001}),
    ],
)
async def test_what_is_no_block(moderator: Member, path: str, body: dict[str, str]) -> None:
    assert (await moderator.post(path, json=body)).status == 422
    assert await moderator.good("GET", path) == []


async def test_two_networks_cannot_become_one(moderator: Member) -> None:
    for ip in ("192.0.2.0/24", "198.51.100.0/24"):
        block = {"ip": ip, "severity": "sign_up_block"}
        made = await moderator.good("POST", NETWORKS, json=block)
    answer = await moderator.put(f"{NETWORKS}/{made['id']}", json={"ip": "192.0.2.0/24"})
    assert answer.status == 422
    assert (await moderator.put(f"{NETWORKS}/1000", json={"ip": "::1"})).status == 404


@pytest.mark.parametrize("address", ["", "nonsense", "fe80::1%eth0", "::ffff:192.0.2.1"])
async def test_addresses_of_all_sorts(here: Running, address: str) -> None:
    async with here.work.reading() as tx:
        assert await barriers.severity(tx, address) is None
