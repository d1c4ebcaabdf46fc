"""Guests on the page, and the list that is printed for the door."""

from __future__ import annotations

from server.domain.calling import attendance
from tests.web.house import House


async def test_the_list_for_the_door_is_for_who_stands_there(house: House) -> None:
    organiser, eater, late = [await house.person(n) for n in ("organiser", "eater", "late")]
    recorder, stranger = await house.person("recorder"), await house.person("stranger")
    call = await house.call(organiser, await house.community(organiser))
    async with house.work.transaction() as tx:
        await tx.conn.execute("update calls set capacity = 3, guests_max = 2")
        await attendance.appoint(tx, organiser, call, recorder, on=True)
    path = f"/calls/{call.id}"
    for who, guests in ((eater, "2"), (late, "")):
        browser = await house.browser(who)
        assert "Who comes with you" in (await browser.get(path)).words
        await browser.post(f"{path}/answer", said="going", guests=guests)
    for who in (organiser, recorder):
        seen = await (await house.browser(who)).get(f"{path}/door")
        assert seen.status == 200
        assert "no-store" in seen.headers["Cache-Control"]
        assert "3 places taken of 3, 1 waiting" in seen.words
        assert "eater 2 has one" in " ".join(seen.words.split())
        assert "late waits" in " ".join(seen.words.split())
    assert (await (await house.browser(stranger)).get(f"{path}/door")).status == 403
    anonymous = await (await house.browser()).get(f"{path}/door")
    assert anonymous.status != 200
    assert "eater" not in anonymous.words
    assert "List for the door" in (await (await house.browser(organiser)).get(path)).words
    assert "List for the door" not in (await (await house.browser(eater)).get(path)).words


async def test_a_form_that_is_not_ours_brings_nobody(house: House) -> None:
    organiser = await house.person("organiser")
    call = await house.call(organiser, await house.community(organiser))
    browser = await house.browser(organiser)
    await browser.get(f"/calls/{call.id}")
    for wrong, status in (("x", 400), ("-1", 400), ("9999", 400), ("1", 403)):
        seen = await browser.post(f"/calls/{call.id}/answer", said="going", guests=wrong)
        assert seen.status == status, wrong


async def test_there_is_a_list_for_the_door_of_a_private_community(house: House) -> None:
    """For who may print it, and nothing at all for who is no member."""
    organiser, stranger = await house.person("organiser"), await house.person("stranger")
    group = await house.community(
        organiser, "shed", visibility="private", community_policy="request"
    )
    path = f"/calls/{(await house.call(organiser, group)).id}/door"
    assert (await (await house.browser(organiser)).get(path)).status == 200
    assert (await (await house.browser(stranger)).get(path)).status == 404
