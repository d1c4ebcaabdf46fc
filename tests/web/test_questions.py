"""What organisers ask, on the page of a call and on the list for the door."""

from __future__ import annotations

from server.domain.calling import questions
from server.domain.calling.questions import Asked
from tests.web.house import House


async def test_a_page_asks_and_the_list_for_the_door_tells(house: House) -> None:
    organiser, eater = await house.person("organiser"), await house.person("eater")
    call = await house.call(organiser, await house.community(organiser))
    async with house.work.transaction() as tx:
        asked = [Asked("What do you bring?", required=True), Asked("What do you not <eat>?")]
        await questions.put(tx, call, asked)
    path = f"/calls/{call.id}"
    browser = await house.browser(eater)
    page = await browser.get(path)
    assert "What do you not <eat>? (optional)" in page.words
    assert "read your answers to their questions" in page.words
    left_open = await browser.post(f"{path}/answer", said="going", question_1="Nuts")
    assert left_open.status == 422
    assert "What do you bring?" in left_open.words
    await browser.get(path)
    declined = await browser.post(f"{path}/answer", said="declined", question_1="Nuts")
    assert declined.status == 303
    await browser.get(path)
    sent = await browser.post(f"{path}/answer", said="going", question_0="Rye <b>bread</b>")
    assert sent.status == 303
    again = await browser.get(path)
    assert "bread" not in again.words, (
        "not even to who wrote it: a page is looked at by others, too"
    )
    assert "You were asked this before" in again.words
    door = await (await house.browser(organiser)).get(f"{path}/door")
    assert "What do you bring? Rye <b>bread</b>" in door.words
    assert "<b>bread" not in door.text
