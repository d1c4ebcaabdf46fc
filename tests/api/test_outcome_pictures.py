"""The pictures of what came of a call: an organiser's, handed over to the community, and shown wherever it is told."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from federation.media_types import ACTIVITY_JSON
from server.domain.members import farewell
from server.domain.posting import media as verbs
from storage import check
from storage import media as media_rows
from storage.calls import Details
from tests.api.conftest import Running
from tests.api.people import House, Member
from tests.api.test_exports import fetched
from tests.api.test_media import sent

BASE = "/api/beckon/v1"


class Over:
    """A call of the garden that is over, and its organiser."""

    def __init__(self, here: Running, house: House, organiser: Member, garden: str, call: str):
        self.here, self.house, self.organiser = here, house, organiser
        self.garden, self.call = garden, call
        self.path = f"{BASE}/calls/{call}/outcome"

    async def note(self, outcome: str = "Forty trees.", **more: Any) -> Any:
        body = {"outcome": outcome} | more
        return await self.organiser.good("POST", self.path, json=body)

    async def picture(self, description: str = "Trees") -> Any:
        return await sent(self.organiser, description=description)

    async def told(self) -> list[Any]:
        """The community's posts below the call, as any client shows them."""
        thread = await self.house.stranger.good("GET", f"/api/v1/statuses/{self.call}/context")
        return thread["descendants"]

    async def faults(self) -> list[Any]:
        async with self.house.work.reading() as tx:
            return list(await check.faults(tx.conn))

    async def stored(self) -> int:
        async with self.house.work.reading() as tx:
            return await tx.conn.fetchval("select count(*) from media")


@pytest.fixture
async def over(here: Running, house: House) -> Over:
    organiser = await house.member("organiser")
    garden = await house.community(organiser, "garden")
    starts = house.work.clock.now() + timedelta(hours=1)
    post = await house.call(organiser, garden, Details(starts, None, "UTC"), "Plant trees")
    here.clock.forward(hours=2)
    return Over(here, house, organiser, str(garden.id), str(post.id))


async def test_an_outcome_has_pictures_wherever_it_is_told(over: Over) -> None:
    trees, cake = await over.picture('Forty "trees"'), await over.picture("A cake")
    call = await over.note(media_ids=[trees["id"], cake["id"]])
    assert call["outcome_media"] == [trees, cake]
    (told,) = await over.told()
    assert (told["account"]["acct"], told["media_attachments"]) == ("garden", [trees, cake])
    page = (await fetched(over.house.stranger, f"/calls/{over.call}"))[1]
    assert 'alt="Forty &#34;trees&#34;"' in str(page)
    headers = {"Accept": ACTIVITY_JSON}
    async with over.house.http.get(told["uri"], headers=headers) as response:
        document = await response.json(content_type=None)
    assert [(a["type"], a["url"], a["name"]) for a in document["attachment"]] == [
        ("Document", trees["url"], 'Forty "trees"'),
        ("Document", cake["url"], "A cake"),
    ]
    assert await over.faults() == []


async def test_its_pictures_stay_are_changed_and_taken_away(over: Over) -> None:
    trees, cake = await over.picture(), await over.picture("A cake")
    await over.note(media_ids=[trees["id"]])
    call = await over.note("Forty-one trees.")
    assert call["outcome_media"] == [trees]
    (told,) = await over.told()
    assert "Forty-one" in told["content"], "what was told is put right"
    call = await over.note(media_ids=[cake["id"], trees["id"]])
    assert call["outcome_media"] == [cake, trees]
    assert (await over.note(media_ids=[]))["outcome_media"] == []
    (told,) = await over.told()
    assert told["media_attachments"] == []
    assert await over.faults() == []


async def test_what_is_no_picture_of_an_outcome_is_refused(over: Over) -> None:
    other = await over.house.member("other")
    mute, theirs = await sent(over.organiser), await sent(other, description="Theirs")
    used, shown = await over.picture(), await over.picture()
    await over.organiser.says("Look", media_ids=[used["id"]])
    avatar = await over.picture()
    five = [(await over.picture(str(n)))["id"] for n in range(5)]
    async with over.house.work.transaction() as tx:
        assert over.organiser.account
        row = await verbs.begin(tx, over.organiser.account, "image", "Not ready")
        await media_rows.use(tx.conn, int(avatar["id"]), "avatar")
    wrong = ([mute["id"]], [theirs["id"]], [used["id"]], [str(row.id)], ["1"], [avatar["id"]], five)
    for ids in wrong:
        body = {"outcome": "Done", "media_ids": [shown["id"], *ids]}
        assert (await over.organiser.post(over.path, json=body)).status == 422, ids
    assert await over.told() == []
    assert (await over.organiser.good("GET", f"{BASE}/calls/{over.call}"))["outcome"] is None
    for file in (shown, mute):  # nothing was handed over
        await over.organiser.good("GET", f"/api/v1/media/{file['id']}")
    body = {"outcome": "Done", "media_ids": [theirs["id"]]}
    assert (await other.post(over.path, json=body)).status == 403


async def test_what_was_handed_over_is_the_communitys(over: Over) -> None:
    trees = await over.picture()
    await over.note(media_ids=[trees["id"]])
    assert (await over.organiser.get(f"/api/v1/media/{trees['id']}")).status == 404
    assert (await over.organiser.delete(f"/api/v1/media/{trees['id']}")).status == 404
    again = {"status": "Mine", "media_ids": [trees["id"]]}
    assert (await over.organiser.post("/api/v1/statuses", json=again)).status == 422
    async with over.house.work.transaction() as tx:
        assert over.organiser.account
        await farewell.erase(tx, over.organiser.account)
    async with over.house.work.reading() as tx:
        owner = await tx.conn.fetchval("select account_id from media")
    assert owner == int(over.garden)
    async with over.house.work.transaction() as tx:
        await verbs.clean(tx)
    assert await over.stored() == 1


async def test_pictures_go_with_the_call_and_with_what_was_told(over: Over) -> None:
    trees = await over.picture()
    await over.note(media_ids=[trees["id"]])
    await over.organiser.good("DELETE", f"{BASE}/calls/{over.call}")
    over.here.clock.forward(days=1, minutes=1)
    async with over.house.work.transaction() as tx:
        await verbs.clean(tx)
    assert await over.stored() == 0
    assert await over.faults() == []
