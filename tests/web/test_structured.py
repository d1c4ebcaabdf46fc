"""What a page says to programs that gather events, and that nothing said by others ends it early."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.web.house import House

BLOCK = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.DOTALL)
END = "</script><script>alert(1)</script><!--"


def told(page: str) -> Any:
    """The data of a page, as a reader of them takes it."""
    found = BLOCK.findall(page)
    return json.loads(found[0]) if found else None


async def test_an_event_is_told_with_time_place_and_host(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser), capacity=12)
    data = told((await (await house.browser()).get(f"/calls/{post.id}")).text)
    assert data["@type"] == "Event"
    assert data["name"] == "Turn the compost"
    assert data["startDate"] == "2031-05-17T10:00:00+02:00"
    assert data["location"] == {
        "@type": "Place", "name": "The old orchard", "address": "Orchard Lane 3",
    }  # fmt: skip
    assert data["organizer"]["name"] == "The shared garden"
    assert data["maximumAttendeeCapacity"] == 12
    assert data["eventStatus"] == "https://schema.org/EventScheduled"
    assert data["description"] == "Bring *gloves* & boots"


async def test_that_it_is_off_is_told_too(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    steward = await house.browser(organiser)
    await steward.post(f"/calls/{post.id}/state", state="cancelled")
    data = told((await (await house.browser()).get(f"/calls/{post.id}")).text)
    assert data["eventStatus"] == "https://schema.org/EventCancelled"


async def test_no_title_ends_the_data(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser), title=END, place_name=END)
    seen = await (await house.browser()).get(f"/calls/{post.id}")
    assert told(seen.text)["name"] == END
    assert told(seen.text)["location"]["name"] == END
    assert "<script>alert" not in seen.text


@pytest.mark.parametrize("visibility", ["private", "unlisted"])
async def test_what_is_not_for_everybody_is_told_to_no_program(
    house: House, visibility: str
) -> None:
    organiser = await house.person("organiser")
    inner = await house.community(organiser, visibility=visibility, community_policy="request")
    post = await house.call(organiser, inner)
    member = await house.browser(organiser)
    seen = await member.get(f"/calls/{post.id}")
    assert seen.status == 200
    assert told(seen.text) is None
    assert '<meta name="robots" content="noindex">' in seen.text


async def test_a_call_of_elsewhere_is_its_own_servers_to_tell(house: House) -> None:
    post = await house.call_elsewhere("choir.example")
    assert told((await (await house.browser()).get(f"/calls/{post.id}")).text) is None
