"""Files that wait for a scheduled post: kept, shown and held for it, and free again when it is given up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from federation.fetch import Egress, EgressConfig
from server import blobs
from server.arriving.resolve import Net, open_net
from server.clock import stamp
from server.jobs import later
from tests.api.conftest import Running, serving
from tests.api.fields import check
from tests.api.people import House, Member
from tests.api.test_media import clean, sent

MEDIA = "/api/v1/media"
STATUSES = "/api/v1/statuses"
SCHEDULED = "/api/v1/scheduled_statuses"


@pytest.fixture
async def here(
    database_url: str, free_port: Callable[[], int], tmp_path: Path
) -> AsyncIterator[Running]:
    async with serving(database_url, free_port(), data=str(tmp_path)) as running:
        yield running


@pytest.fixture
async def net(here: Running, tmp_path: Path) -> AsyncIterator[Net]:
    stores = blobs.Stores(*(blobs.Folder(tmp_path / name) for name in blobs.STORES))
    async with Egress(EgressConfig("test")) as egress:
        yield await open_net(here.work, egress, stores)


@pytest.fixture
async def gardener(house: House) -> Member:
    return await house.member("gardener")


async def plan(here: Running, by: Member, *files: Any, days: int = 3) -> Any:
    ids = [each["id"] for each in files]
    at = stamp(here.clock.now() + timedelta(days=days))
    return await by.good("POST", STATUSES, json={"media_ids": ids, "scheduled_at": at})


async def wait(net: Net, here: Running, days: int) -> None:
    here.clock.forward(days=days)
    while await later.work_once(net):
        pass
    await clean(net)


async def test_files_are_shown_and_kept_until_their_time(
    here: Running, gardener: Member, net: Net
) -> None:
    first, second = [await sent(gardener, description=n) for n in ("one", "two")]
    kept = await plan(here, gardener, second, first)
    check(kept, "ScheduledStatus")
    assert kept["media_attachments"] == [second, first]
    assert kept["params"]["media_ids"] == [second["id"], first["id"]]
    await wait(net, here, days=2)
    assert await gardener.good("GET", SCHEDULED) == [kept]
    await wait(net, here, days=2)
    (post,) = await gardener.good("GET", "/api/v1/timelines/home")
    assert [each["description"] for each in post["media_attachments"]] == ["two", "one"]
    await wait(net, here, days=2)
    async with gardener.http.get(first["url"]) as response:
        assert response.status == 200


async def test_nothing_else_takes_them(here: Running, gardener: Member) -> None:
    file = await sent(gardener)
    await plan(here, gardener, file)
    again = {"status": "x", "media_ids": [file["id"]]}
    later_ = again | {"scheduled_at": stamp(here.clock.now() + timedelta(days=1))}
    for body in (again, later_):
        assert (await gardener.post(STATUSES, json=body)).status == 422
    one = f"{MEDIA}/{file['id']}"
    assert (await gardener.put(one, json={"description": "x"})).status == 404
    assert (await gardener.delete(one)).status == 422
    assert len(await gardener.good("GET", SCHEDULED)) == 1


async def test_given_up_they_are_free_for_a_day(here: Running, gardener: Member, net: Net) -> None:
    used, left = await sent(gardener), await sent(gardener)
    kept = await plan(here, gardener, used, left)
    await wait(net, here, days=2)
    await gardener.good("DELETE", f"{SCHEDULED}/{kept['id']}")
    await clean(net)
    await gardener.good("POST", STATUSES, json={"media_ids": [used["id"]]})
    await wait(net, here, days=2)
    assert (await gardener.get(f"{MEDIA}/{left['id']}")).status == 404
    async with gardener.http.get(used["url"]) as response:
        assert response.status == 200


async def test_a_refused_post_keeps_its_files(here: Running, gardener: Member, net: Net) -> None:
    file = await sent(gardener)
    kept = await plan(here, gardener, file, days=1)
    async with here.work.transaction() as tx:
        await tx.conn.execute("update users set disabled_at = now()")
    await wait(net, here, days=3)
    async with here.work.transaction() as tx:
        await tx.conn.execute("update users set disabled_at = null")
    refused = await gardener.good("GET", f"{SCHEDULED}/{kept['id']}")
    assert refused["failure"] == "This account may not post."
    assert refused["media_attachments"] == [file]
    at = stamp(here.clock.now() + timedelta(hours=1))
    await gardener.good("PUT", f"{SCHEDULED}/{kept['id']}", json={"scheduled_at": at})
    await wait(net, here, days=1)
    (post,) = await gardener.good("GET", "/api/v1/timelines/home")
    assert post["media_attachments"][0]["id"] == file["id"]
