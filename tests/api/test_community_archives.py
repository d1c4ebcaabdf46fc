"""The archive of a community: made as a job, of what its organiser may see, readable without a server."""

from __future__ import annotations

import io
import re
import zipfile
from typing import Any

import orjson
import pytest

from server.domain.groups import community_archives
from server.domain.members import farewell
from tests.api.networked import Town, town
from tests.api.people import Member

__all__ = ["town"]

BECKON = "/api/beckon/v1/communities"


async def fetched(who: Member, path: str) -> tuple[int, bytes]:
    async with who.http.get(who.base + path, headers=who.token) as answer:
        return answer.status, await answer.read()


async def shed(organiser: Member) -> Any:
    sent = {"name": "shed", "title": "The <shed>", "policy": "request", "visibility": "private"}
    return await organiser.good("POST", BECKON, json=sent)


async def test_an_archive_is_made_and_stays_readable(town: Town) -> None:
    organiser = await town.house.member("organiser")
    made = await shed(organiser)
    head = await organiser.says("@shed Who has the key?", title="Keys & <locks>")
    await organiser.says("@shed I have <it>", in_reply_to_id=head["id"])
    await organiser.says("@organiser between us", visibility="direct")
    one = f"{BECKON}/{made['id']}/archive"
    sent = {"title": "Rules", "text": "Close the <door>"}
    await organiser.good("POST", f"{BECKON}/{made['id']}/documents", json=sent)
    assert (await organiser.get(one)).status == 404
    asked = await organiser.good("POST", one)
    assert asked["made_at"] is None
    assert (await organiser.post(one)).status == 422
    assert (await fetched(organiser, f"{one}.zip"))[0] == 404
    await town.ours.settle()
    assert (await organiser.good("GET", one))["size"] > 0
    status, body = await fetched(organiser, f"{one}.zip")
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        pages = {name: file.read(name).decode() for name in file.namelist()}
    told = orjson.loads(pages.pop("archive.json"))
    links = re.findall(r'href="([^"]+\.html)"', pages["index.html"])
    assert set(links) == set(pages) - {"index.html"}
    assert "The &lt;shed&gt;" in pages["index.html"]
    assert "Keys &amp; &lt;locks&gt;" in pages[f"threads/{head['id']}.html"]
    assert "I have &lt;it&gt;" in pages[f"threads/{head['id']}.html"]
    assert [d["text"] for d in told["documents"]] == ["Close the <door>"]
    assert {p["title"] for p in told["posts"]} == {"Keys & <locks>", ""}
    assert "between us" not in "".join(pages.values())
    assert all("<script" not in page for page in pages.values())


async def test_it_is_for_organisers(town: Town) -> None:
    organiser = await town.house.member("organiser")
    member, outsider = await town.house.member("member"), await town.house.member("outsider")
    made = await shed(organiser)
    one = f"{BECKON}/{made['id']}/archive"
    await organiser.good("POST", f"{BECKON}/{made['id']}/invites", json={"account_id": member.id})
    await member.good("POST", f"/api/v1/accounts/{made['id']}/follow")
    role = {"account_id": member.id, "role": "moderator"}
    await organiser.good("POST", f"{BECKON}/{made['id']}/roles", json=role)
    await organiser.good("POST", one)
    await town.ours.settle()
    for who, status in ((member, 403), (outsider, 404), (town.house.stranger, 401)):
        assert (await who.get(one)).status == status
        assert (await who.post(one)).status == status
        assert (await fetched(who, f"{one}.zip"))[0] == status


async def test_it_is_forgotten(town: Town) -> None:
    organiser = await town.house.member("organiser")
    made = await shed(organiser)
    one = f"{BECKON}/{made['id']}/archive"
    await organiser.good("POST", one)
    await town.ours.settle()
    assert (await fetched(organiser, f"{one}.zip"))[0] == 200
    town.ours.clock.forward(days=8)
    async with town.ours.work.transaction() as tx:
        await community_archives.forget(tx)
    assert (await organiser.get(one)).status == 404


@pytest.mark.parametrize("when", ["made", "asked for"])
async def test_what_is_deleted_is_in_no_archive(town: Town, when: str) -> None:
    organiser, writer = await town.house.member("organiser"), await town.house.member("writer")
    sent = {"name": "shed", "title": "The shed"}
    made = await organiser.good("POST", BECKON, json=sent)
    said = await writer.says("@shed My telephone is 555 0199")
    one = f"{BECKON}/{made['id']}/archive"
    await organiser.good("POST", one)
    if when == "made":
        await town.ours.settle()
        assert (await fetched(organiser, f"{one}.zip"))[0] == 200
    await writer.good("DELETE", f"/api/v1/statuses/{said['id']}")
    await town.ours.settle()
    assert (await fetched(organiser, f"{one}.zip"))[0] == 404
    await organiser.good("POST", one)
    await town.ours.settle()
    status, body = await fetched(organiser, f"{one}.zip")
    assert (status, b"555 0199" in zipfile.ZipFile(io.BytesIO(body)).read("archive.json")) == (
        200,
        False,
    )


async def test_a_deleted_call_that_waits_for_its_notices_is_in_no_archive(town: Town) -> None:
    organiser, member = await town.house.member("organiser"), await town.house.member("member")
    made = await organiser.good("POST", BECKON, json={"name": "shed", "title": "The shed"})
    sent = {"kind": "petition", "title": "Ring 555 0199"}
    call = await organiser.good("POST", f"{BECKON}/{made['id']}/calls", json=sent)
    await member.good("POST", f"/api/beckon/v1/calls/{call['id']}/answer", json={"answer": "sign"})
    one = f"{BECKON}/{made['id']}/archive"
    await organiser.good("POST", one)
    await town.ours.settle()
    await organiser.good("DELETE", f"/api/v1/statuses/{call['id']}")
    assert (await fetched(organiser, f"{one}.zip"))[0] == 404
    await organiser.good("POST", one)
    await town.ours.settle()
    _, body = await fetched(organiser, f"{one}.zip")
    assert b'"Ring 555 0199"' not in zipfile.ZipFile(io.BytesIO(body)).read("archive.json")


async def test_an_archive_goes_with_who_is_erased(town: Town) -> None:
    organiser, writer = await town.house.member("organiser"), await town.house.member("writer")
    made = await organiser.good("POST", BECKON, json={"name": "shed", "title": "The shed"})
    await writer.says("@shed My telephone is 555 0199")
    one = f"{BECKON}/{made['id']}/archive"
    await organiser.good("POST", one)
    await town.ours.settle()
    async with town.ours.work.transaction() as tx:
        assert writer.account
        await farewell.erase(tx, writer.account)
    assert (await fetched(organiser, f"{one}.zip"))[0] == 404
