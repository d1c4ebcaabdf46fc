"""What reaches a member, chosen through the API; pushes that wait for the morning; the link that ends digests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from server.arriving.resolve import Net
from storage import attention
from storage.attention import Attention
from tests.api.conftest import Running, serving
from tests.api.people import House
from tests.api.test_push import Service, net, sending, service, subscribed  # noqa: F401 - fixtures

ROUTE = "/api/beckon/v1/attention"
CHOSEN = {
    "timezone": "Europe/Lisbon", "quiet_from": "22:00", "quiet_until": "07:30", "digest": "none",
    "digest_day": 5, "digest_hour": 18,
}  # fmt: skip


async def test_what_is_chosen_is_kept_and_what_is_left_out_stays(house: House) -> None:
    member, other = await house.member("gardener"), await house.member("baker")
    before = await member.good("GET", ROUTE)
    assert (before["quiet_from"], before["digest"]) == (None, "mail")
    assert await member.good("PUT", ROUTE, json=CHOSEN) == CHOSEN
    assert await member.good("PUT", ROUTE, json={"quiet_from": "", "quiet_until": ""}) == CHOSEN | {
        "quiet_from": None, "quiet_until": None,
    }  # fmt: skip
    assert await other.good("GET", ROUTE) == before


@pytest.mark.parametrize(
    "wrong",
    [{"timezone": "Mars"}, {"quiet_from": "25:00"}, {"quiet_from": "22:00"}, {"digest": "hourly"}],
)
async def test_what_cannot_be_chosen_is_422(house: House, wrong: dict[str, str]) -> None:
    member = await house.member("gardener")
    before = await member.good("GET", ROUTE)
    answer = await member.put(ROUTE, json=wrong)
    assert answer.status == 422
    assert await member.good("GET", ROUTE) == before


async def test_the_level_of_a_community_is_its_members_choice(house: House) -> None:
    organiser, stranger = await house.member("organiser"), await house.member("stranger")
    made = await organiser.good(
        "POST", "/api/beckon/v1/communities",
        json={"name": "plot", "title": "Plot", "policy": "invited", "visibility": "private"},
    )  # fmt: skip
    one = f"/api/beckon/v1/communities/{made['id']}/attention"
    assert await organiser.good("GET", one) == {"level": "calls"}
    assert await organiser.good("PUT", one, json={"level": "mentions"}) == {"level": "mentions"}
    assert (await organiser.put(one, json={"level": "loud"})).status == 422
    assert (await stranger.get(one)).status == 404  # of a private one nobody else learns
    assert (await stranger.put(one, json={"level": "calls"})).status == 404
    opened = await organiser.good(
        "POST", "/api/beckon/v1/communities", json={"name": "mill", "title": "Mill"}
    )
    path = f"/api/beckon/v1/communities/{opened['id']}/attention"
    assert (await stranger.put(path, json={"level": "calls"})).status == 403


async def test_a_telephone_rings_after_the_quiet_hours(
    house: House,
    here: Running,
    net: Net,  # noqa: F811
    service: Service,  # noqa: F811
) -> None:
    gardener, baker = await house.member("gardener"), await house.member("baker")
    phone = await subscribed(service, gardener)
    now = here.work.clock.now().astimezone(ZoneInfo("UTC"))
    minute = now.hour * 60 + now.minute
    quiet = Attention("UTC", minute, (minute + 120) % 1440)
    async with here.work.transaction() as tx:
        user_id = await tx.conn.fetchval(
            "select user_id from accounts where id = $1", int(gardener.id)
        )
        await attention.put(tx.conn, user_id, quiet)
    await baker.says("@gardener Who brings tea?")
    await baker.says("@gardener And cake?")
    await sending(net)
    assert phone.rings() == []
    async with here.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from pushes") == 2
        ready = await tx.conn.fetchval("select ready_at from lanes where queue = 'push'")
    assert ready == now.replace(second=0, microsecond=0) + timedelta(hours=2)
    assert isinstance(ready, datetime)
    assert ready.astimezone(UTC) > now
    async with here.work.transaction() as tx:
        await attention.put(tx.conn, user_id, Attention())
        await tx.conn.execute("update lanes set ready_at = $1 where queue = 'push'", tx.now)
    await sending(net)
    assert len(phone.rings()) == 2


async def test_the_link_in_a_digest_ends_it_without_signing_in(
    database_url: str, free_port: Callable[[], int]
) -> None:
    async with serving(database_url, free_port(), secret="s" * 32) as here:
        await _end_digests(here)


async def _end_digests(here: Running) -> None:
    gardener = await here.member("gardener")
    user_id = gardener.user_id or 0

    async def digest() -> str:
        async with here.work.reading() as tx:
            return (await attention.of(tx.conn, user_id)).digest

    link = here.work.site.urls.unsubscribe(user_id).removeprefix(here.work.site.urls.base)
    async with here.http.get(link) as looked:  # as a mail program does before anybody clicks
        assert looked.status == 200
        assert looked.headers["Cache-Control"] == "private, no-store"
    assert await digest() == "mail"
    for wrong in (link + "0", link.replace(f"/{user_id}.", f"/{user_id + 1}."), "/unsubscribe/1"):
        async with here.http.post(wrong) as refused:
            assert refused.status == 404
    assert await digest() == "mail"
    for _ in range(2):  # RFC 8058, 3.2: as the mail program sends it
        async with here.http.post(link, data={"List-Unsubscribe": "One-Click"}) as ended:
            assert ended.status == 200
    assert await digest() == "none"
