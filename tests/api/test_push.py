"""Web push to a push service on loopback: what a browser there decrypts is what a client shows."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from aiohttp import web
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from mastodon import Mastodon

from federation.fetch import Egress
from server import ids, worker
from server.arriving.resolve import Net, open_net
from server.domain import effects, notifications
from server.domain.members import push as push_verbs
from server.jobs import push
from storage import accounts, check, lanes, users
from storage import oauth as token_rows
from storage import pushes as push_rows
from tests.api.conftest import Running
from tests.api.people import House, Member
from tests.tls_peer import egress_config, tls_peer
from tests.wire.browser import Browser, fields, unbase64

ROUTE = "/api/v1/push/subscription"
EVERYTHING = {"mention": True, "follow": True, "favourite": True, "reblog": True}


@dataclass
class Service:
    """A push service: it answers ``status`` and keeps what it was sent, by path."""

    base: str = ""
    status: int = 201
    headers: dict[str, str] = field(default_factory=dict[str, str])
    sent: list[tuple[str, Mapping[str, str], bytes]] = field(default_factory=list)
    bell: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.Request) -> web.Response:
        assert request.method == "POST"
        self.sent.append((request.path, request.headers.copy(), await request.read()))
        self.bell.set()
        broken = request.path.startswith("/broken")
        return web.Response(status=503 if broken else self.status, headers=self.headers)

    def paths(self) -> list[str]:
        return [path for path, _, _ in self.sent]


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    made = Service()
    async with tls_peer(made.answer) as peer:
        made.base = peer.url().rstrip("/")
        yield made


@pytest.fixture
async def net(here: Running, tmp_path: Path) -> AsyncIterator[Net]:
    async with Egress(egress_config(tmp_path, "127.0.0.1/32")) as egress:
        yield await open_net(here.work, egress)


@dataclass(frozen=True)
class Phone:
    """A member's client with its browser, subscribed."""

    member: Member
    browser: Browser
    path: str
    service: Service

    @property
    def secret(self) -> str:
        return self.member.token["Authorization"].removeprefix("Bearer ")

    def rings(self) -> list[Any]:
        """What it was told, decrypted."""
        return [
            json.loads(self.browser.decrypt(body, headers))
            for path, headers, body in self.service.sent
            if path == self.path
        ]


async def subscribed(service: Service, member: Member, path: str = "/send/1", **data: Any) -> Phone:
    browser = Browser.new()
    standard = data.pop("standard", True)
    told = {"endpoint": service.base + path, "keys": browser.keys(), "standard": standard}
    data = {"alerts": EVERYTHING, "policy": "all", **data}
    await member.good("POST", ROUTE, json={"subscription": told, "data": data})
    return Phone(member, browser, path, service)


async def sending(net: Net) -> None:
    """Until nothing is ready."""
    while await push.work_once(net):
        pass


# The message


@pytest.mark.parametrize("standard", [True, False])
async def test_a_mention_rings(house: House, net: Net, service: Service, standard: bool) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    phone = await subscribed(service, gardener, standard=standard)
    posted = await baker.says("@gardener Who brings <tea>?")
    await sending(net)
    (told,) = phone.rings()
    (row,) = await gardener.good("GET", "/api/v1/notifications")
    assert row["status"]["id"] == posted["id"]
    assert told == {
        "access_token": phone.secret,
        "preferred_locale": "en",
        "notification_id": int(row["id"]),
        "notification_type": "mention",
        "icon": row["account"]["avatar"],
        "title": "baker mentioned you",
        "body": "@gardener Who brings <tea>?",
    }
    ((_, headers, _),) = service.sent
    assert headers["Content-Encoding"] == ("aes128gcm" if standard else "aesgcm")
    assert 0 < int(headers["TTL"]) <= 48 * 3600
    assert headers["Urgency"] == "high"
    assert headers["User-Agent"] == "beckon-test"
    key = (await house.stranger.good("GET", "/api/v2/instance"))["configuration"]["vapid"]
    used = (
        headers["Authorization"].partition("k=")[2]
        if standard
        else fields(headers["Crypto-Key"])["p256ecdsa"]
    )
    assert used == key["public_key"]


async def test_a_push_speaks_as_its_reader_chose(house: House, net: Net, service: Service) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    phone = await subscribed(service, gardener)
    async with house.work.transaction() as tx:
        account = await accounts.by_handle(tx.conn, "gardener")
        assert account and account.user_id
        await users.set_language(tx.conn, account.user_id, "fr")
    await baker.says("@gardener Who brings tea?")
    await sending(net)
    (told,) = phone.rings()
    assert told["preferred_locale"] == "fr"


async def test_mastodon_py_subscribes(house: House, net: Net, service: Service) -> None:
    """With the keys that it makes. (What it decrypts with, http-ece, is no package of ours.)"""
    gardener, baker = await house.member("gardener"), await house.member("baker")
    secret = gardener.token["Authorization"].removeprefix("Bearer ")
    client = Mastodon(access_token=secret, api_base_url=house.base)
    own, theirs = client.push_subscription_generate_keys()
    made = await asyncio.to_thread(
        client.push_subscription_set, service.base + "/py", theirs, mention_events=True
    )
    assert made.alerts.mention
    assert made.alerts.follow is False
    await baker.says("@gardener Hello")
    await sending(net)
    ((_, headers, body),) = service.sent
    browser = Browser(ec.derive_private_key(own["privkey"], ec.SECP256R1()), own["auth"])
    assert json.loads(browser.decrypt(body, headers))["access_token"] == secret
    updated = await asyncio.to_thread(client.push_subscription_update, follow_events=True)
    assert updated.alerts.follow
    assert (await asyncio.to_thread(client.push_subscription)).id == made.id
    await asyncio.to_thread(client.push_subscription_delete)
    assert (await gardener.get(ROUTE)).status == 404


async def test_a_warning_hides_the_text_and_a_long_one_is_cut(
    house: House, net: Net, service: Service
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    phone = await subscribed(service, gardener)
    await baker.says("@gardener the end", spoiler_text="About the film")
    await baker.says("@gardener " + "é" * 3000)
    await sending(net)
    first, second = phone.rings()
    assert first["body"] == "About the film"
    assert len(second["body"]) == 140
    assert second["body"].endswith("…")


async def test_the_worker_sends_at_once(
    house: House, net: Net, service: Service, database_url: str
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    phone = await subscribed(service, gardener)
    async with worker.working(net, database_url):
        await baker.says("@gardener Hello")
        async with asyncio.timeout(20):
            await service.bell.wait()
    assert len(phone.rings()) == 1


# Who is rung, and for what


async def test_alerts(house: House, net: Net, service: Service) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    phone = await subscribed(service, gardener, alerts={"favourite": "1", "mention": "0"})
    posted = await gardener.says("Seeds")
    await baker.says("@gardener Hello")
    for act in ("favourite", "favourite", "reblog"):
        await baker.good("POST", f"/api/v1/statuses/{posted['id']}/{act}")
    await sending(net)
    assert [told["notification_type"] for told in phone.rings()] == ["favourite"]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("all", ["followed", "follower", "other"]),
        ("followed", ["followed"]),
        ("follower", ["follower"]),
        ("none", []),
    ],
)
async def test_policies(
    house: House, net: Net, service: Service, policy: str, expected: list[str]
) -> None:
    gardener = await house.member("gardener")
    people = {name: await house.member(name) for name in ("followed", "follower", "other")}
    await gardener.good("POST", f"/api/v1/accounts/{people['followed'].id}/follow")
    await people["follower"].good("POST", f"/api/v1/accounts/{gardener.id}/follow")
    phone = await subscribed(service, gardener, policy=policy)
    for member in people.values():
        await member.says("@gardener Hello")
    await sending(net)
    assert [told["title"].split()[0] for told in phone.rings()] == expected


async def test_each_token_has_its_own(here: Running, net: Net, service: Service) -> None:
    house = House(here.work, here.http, here.base, here.member, here.token)
    gardener, baker = await house.member("gardener"), await house.member("baker")
    second = Member(house.http, house.base, gardener.account, await here.token(gardener.account))
    phones = [
        await subscribed(service, gardener, "/send/1"),
        await subscribed(service, second, "/send/2", standard=False),
        await subscribed(service, baker, "/send/3"),
    ]
    await baker.says("@gardener Hello")
    await sending(net)
    assert [[told["access_token"] for told in phone.rings()] for phone in phones] == [
        [phones[0].secret], [phones[1].secret], [],
    ]  # fmt: skip


async def test_nothing_rings_that_was_withdrawn(house: House, net: Net, service: Service) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await subscribed(service, gardener)
    posted = await baker.says("@gardener Hello")
    await baker.good("DELETE", f"/api/v1/statuses/{posted['id']}")
    await sending(net)
    assert service.sent == []


async def test_nothing_rings_of_whom_one_has_been_blocked_by(
    house: House, net: Net, service: Service
) -> None:
    """The post that it was about may not be seen any more."""
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await subscribed(service, gardener)
    await baker.says("@gardener Hello")
    await baker.good("POST", f"/api/v1/accounts/{gardener.id}/block")
    await sending(net)
    assert service.sent == []


async def test_nothing_rings_in_the_name_of_what_one_may_not_know_of(
    house: House, net: Net, service: Service
) -> None:
    """Who has left a community to which only who was invited may come."""
    gardener, keeper = await house.member("gardener"), await house.member("keeper")
    assert gardener.account
    quiet = await house.community(keeper, "quiet", "invited")
    await subscribed(service, gardener)
    async with house.work.transaction() as tx:
        await tx.conn.execute("update communities set visibility = 'private'")
        told = await notifications.tell(tx, [gardener.account.id], "follow", quiet.id, None, None)
        await effects.ring(tx, told)
    await sending(net)
    assert service.sent == []


async def test_nothing_rings_for_who_is_suspended(house: House, net: Net, service: Service) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    assert gardener.account
    await subscribed(service, gardener)
    await baker.says("@gardener Hello")
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update accounts set suspended_at = now() where id = $1", gardener.account.id
        )
    await sending(net)
    assert service.sent == []


async def test_what_was_rolled_back_does_not_ring(house: House, net: Net, service: Service) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    assert gardener.account
    assert baker.account
    await subscribed(service, gardener)
    with pytest.raises(RuntimeError, match="no"):
        async with house.work.transaction() as tx:
            await effects.tell(tx, [gardener.account], "follow", baker.account, None)
            raise RuntimeError("no")
    assert not await push.work_once(net)
    assert service.sent == []


# What fails


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_removed(
    house: House, net: Net, service: Service, status: int
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await subscribed(service, gardener)
    service.status = status
    await baker.says("@gardener One")
    await baker.says("@gardener Two")
    await sending(net)
    assert len(service.sent) == 1
    assert (await gardener.get(ROUTE)).status == 404
    await baker.says("@gardener Three")
    await sending(net)
    assert len(service.sent) == 1


async def test_one_that_was_put_in_its_place_meanwhile_stays(
    house: House, net: Net, service: Service
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await subscribed(service, gardener)
    await baker.says("@gardener One")
    (leased,) = await push.claim(net, 1)
    service.status = 410
    await subscribed(service, gardener, "/send/new")
    await push.run(net, leased)
    assert (await gardener.good("GET", ROUTE))["endpoint"].endswith("/send/new")


async def test_a_dead_endpoint_holds_up_no_other_and_is_given_up(
    here: Running, house: House, net: Net, service: Service
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    eve = await house.member("eve")
    await subscribed(service, gardener, "/broken/1")
    good = await subscribed(service, eve, "/send/2")
    await baker.says("@gardener @eve Hello")
    await baker.says("@gardener @eve Again")
    await sending(net)
    assert len(good.rings()) == 2
    assert service.paths().count("/broken/1") == 1  # the second waits behind the first
    for _ in range(push.MAX_ATTEMPTS - 1):
        here.clock.forward(hours=6)
        await sending(net)
    tried = service.paths().count("/broken/1")
    assert 4 <= tried <= push.MAX_ATTEMPTS
    here.clock.forward(hours=72)
    await sending(net)
    async with house.work.reading() as tx:
        assert await lanes.next_ready(tx.conn, lanes.PUSH, tx.now) is None
        assert await check.faults(tx.conn) == []
    assert (await gardener.get(ROUTE)).status == 200  # it may come back: only the news were dropped


async def test_a_service_that_asks_to_wait_is_waited_for(
    here: Running, house: House, net: Net, service: Service
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await subscribed(service, gardener)
    service.status, service.headers = 429, {"Retry-After": "7200"}
    await baker.says("@gardener Hello")
    await sending(net)
    service.status, service.headers = 201, {}
    here.clock.forward(hours=1.9)
    await sending(net)
    assert len(service.sent) == 1
    here.clock.forward(hours=0.2)
    await sending(net)
    assert len(service.sent) == 2
    assert 0 < int(service.sent[1][1]["TTL"]) < int(service.sent[0][1]["TTL"])


async def test_a_refused_message_is_not_sent_again(
    here: Running, house: House, net: Net, service: Service
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await subscribed(service, gardener)
    service.status = 400
    await baker.says("@gardener Hello")
    await sending(net)
    here.clock.forward(days=1)
    await sending(net)
    assert len(service.sent) == 1


async def test_old_news_does_not_ring(
    here: Running, house: House, net: Net, service: Service
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await subscribed(service, gardener)
    await baker.says("@gardener Hello")
    here.clock.forward(hours=49)
    await sending(net)
    assert service.sent == []
    assert not await push.work_once(net)


async def test_a_private_address_is_not_reached(
    here: Running, tmp_path: Path, house: House, service: Service
) -> None:
    """Without the network named in the settings the guard lets nothing through."""
    gardener, baker = await house.member("gardener"), await house.member("baker")
    await subscribed(service, gardener)
    await baker.says("@gardener Hello")
    async with Egress(egress_config(tmp_path)) as egress:
        await push.work_once(await open_net(here.work, egress))
    assert service.sent == []


# The routes


async def test_the_life_of_a_subscription(house: House, service: Service) -> None:
    gardener = await house.member("gardener")
    assert (await gardener.get(ROUTE)).status == 404
    assert (await gardener.put(ROUTE, json={"data": {"policy": "all"}})).status == 404
    await subscribed(service, gardener)
    made = await gardener.good("GET", ROUTE)
    assert 0 < made["id"] < 2**31
    assert made["endpoint"] == f"{service.base}/send/1"
    assert made["standard"] is True
    assert made["policy"] == "all"
    assert made["alerts"].keys() == set(push_verbs.ALERTS)
    assert made["alerts"]["mention"] is True
    assert made["alerts"]["poll"] is False
    changed = await gardener.good(
        "PUT", ROUTE, json={"data": {"alerts": {"poll": True}, "policy": "followed"}}
    )
    assert (changed["policy"], changed["id"]) == ("followed", made["id"])
    assert [name for name, on in changed["alerts"].items() if on] == ["poll"]
    kept = await gardener.good("PUT", ROUTE, json={})
    assert kept == changed
    await subscribed(service, gardener, "/send/2", standard=False)
    again = await gardener.good("GET", ROUTE)
    assert (again["endpoint"], again["standard"]) == (f"{service.base}/send/2", False)
    assert (again["policy"], again["alerts"]["poll"]) == ("all", False)
    assert await gardener.good("DELETE", ROUTE) == {}
    assert (await gardener.get(ROUTE)).status == 404
    assert await gardener.good("DELETE", ROUTE) == {}


async def test_everything_may_stand_in_the_address(house: House, service: Service) -> None:
    gardener = await house.member("gardener")
    browser = Browser.new()
    sent = {
        "subscription[endpoint]": f"{service.base}/send/1",
        "subscription[keys][p256dh]": browser.keys()["p256dh"],
        "subscription[keys][auth]": browser.keys()["auth"],
        "data[alerts][mention]": "true",
        "data[alerts][follow]": "false",
        "data[policy]": "follower",
    }
    made = await gardener.good("POST", f"{ROUTE}?{urlencode(sent)}")
    assert (made["policy"], made["standard"]) == ("follower", False)
    assert (made["alerts"]["mention"], made["alerts"]["follow"]) == (True, False)
    made = await gardener.good("PUT", f"{ROUTE}?{urlencode({'data[policy]': 'none'})}")
    assert (made["policy"], made["alerts"]["mention"]) == ("none", True)
    assert (await gardener.post(ROUTE, data=sent)).status == 200


def odd(**changes: Any) -> dict[str, Any]:
    keys = Browser.new().keys()
    told: dict[str, Any] = {"endpoint": "https://push.example/1", "keys": keys}
    data: dict[str, Any] = {"policy": "all"}
    return {"subscription": told | changes, "data": data}


NEVER: list[Any] = [
    {},
    {"subscription": "x"},
    odd(endpoint=None),
    odd(endpoint="http://push.example/1"),
    odd(endpoint="https://push.example/" + "x" * 3000),
    odd(endpoint="javascript:1"),
    odd(keys={}),
    odd(keys=Browser.new().keys() | {"auth": "AA"}),
    odd(keys=Browser.new().keys() | {"p256dh": base64.b64encode(b"\4" * 65).decode()}),
    odd() | {"data": {"policy": "sometimes"}},
]


@pytest.mark.parametrize("sent", NEVER, ids=range(len(NEVER)))
async def test_what_is_no_subscription_is_refused(house: House, sent: Any) -> None:
    gardener = await house.member("gardener")
    assert (await gardener.post(ROUTE, json=sent)).status == 422
    assert (await gardener.get(ROUTE)).status == 404


async def test_who_may_subscribe(here: Running, house: House) -> None:
    gardener = await house.member("gardener")
    for account, scope, status in (
        (gardener.account, "read write follow", 403),
        (None, "push", 422),
    ):
        other = Member(house.http, house.base, None, await here.token(account, scope))
        for method in ("GET", "POST", "PUT", "DELETE"):
            assert (await other.ask(method, ROUTE)).status == status
    assert (await house.stranger.post(ROUTE)).status == 401


async def test_it_goes_with_its_token(
    here: Running, house: House, net: Net, service: Service
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    phone = await subscribed(service, gardener)
    await baker.says("@gardener Hello")
    async with here.work.transaction() as tx:
        found = await token_rows.bearer(tx.conn, digest(phone))
        assert found
        await token_rows.drop_token(tx.conn, found.token.id)
    await sending(net)
    assert service.sent == []
    async with here.work.reading() as tx:
        assert await push_rows.of_token(tx.conn, found.token.id) is None
        assert await check.faults(tx.conn) == []


def digest(phone: Phone) -> bytes:
    return ids.digest(phone.secret)


async def test_the_token_is_not_to_be_read_in_the_table(
    here: Running, house: House, service: Service
) -> None:
    gardener = await house.member("gardener")
    phone = await subscribed(service, gardener)
    async with here.work.reading() as tx:
        found = await token_rows.bearer(tx.conn, digest(phone))
        assert found
        row = await push_rows.of_token(tx.conn, found.token.id)
        pem = await push_verbs.private_key(tx)
    assert row
    assert phone.secret.encode() not in row.sealed_token
    assert push_verbs.unseal(pem, row.token_id, row.sealed_token) == phone.secret
    with pytest.raises(InvalidTag):
        push_verbs.unseal(pem, row.token_id + 1, row.sealed_token)


async def test_there_is_one_key_and_it_stays(here: Running, house: House, service: Service) -> None:
    gardener = await house.member("gardener")

    async def asked() -> str:
        async with here.work.reading() as tx:
            return await push_verbs.server_key(tx)

    keys = set(await asyncio.gather(*(asked() for _ in range(8))))
    v2 = await house.stranger.good("GET", "/api/v2/instance")
    keys.add(v2["configuration"]["vapid"]["public_key"])
    app = {"client_name": "Test", "redirect_uris": "urn:ietf:wg:oauth:2.0:oob"}
    keys.add((await house.stranger.good("POST", "/api/v1/apps", json=app))["vapid_key"])
    keys.add((await gardener.good("GET", "/api/v1/apps/verify_credentials"))["vapid_key"])
    await subscribed(service, gardener)
    keys.add((await gardener.good("GET", ROUTE))["server_key"])
    (key,) = keys
    ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), unbase64(key))
    assert "=" not in key
