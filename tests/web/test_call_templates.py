"""Templates of calls on the pages of those who steer: looked at, filled in, kept of a call, deleted."""

from __future__ import annotations

import pytest

from server.domain.calling import templates
from storage import communities
from storage.accounts import Account
from tests.web.house import Browser, House

HERE = "/@garden/steer/templates"


@pytest.fixture
async def group(house: House) -> Account:
    return await house.community(await house.person("organiser"))


@pytest.fixture
async def steward(house: House, group: Account) -> Browser:
    async with house.work.reading() as tx:
        (organiser,) = await communities.stewards(tx.conn, group.id)
    return await house.browser(organiser)


async def _kept(house: House, group: Account) -> list[str]:
    async with house.work.reading() as tx:
        (organiser,) = await communities.stewards(tx.conn, group.id)
        return [str(row.id) for row in await templates.of_community(tx, group, organiser)]


async def test_one_that_comes_with_beckon_begins_a_call(steward: Browser) -> None:
    assert "A meeting open to everybody" in (await steward.get(HERE)).words
    page = await steward.get(f"{HERE}/event")
    assert "Where you meet" in page.words
    sent = {"place_what": "Seed <b>swap</b>", "place_meeting_point": "the {what} bridge"}
    begun = await steward.post(f"{HERE}/event", **sent)
    assert begun.status == 200
    assert 'value="Seed &lt;b&gt;swap&lt;/b&gt; at the {what} bridge"' in begun.text
    assert 'action="/@garden/calls/new"' in begun.text


async def test_a_call_is_kept_as_a_template_and_deleted(
    house: House, group: Account, steward: Browser
) -> None:
    async with house.work.reading() as tx:
        (organiser,) = await communities.stewards(tx.conn, group.id)
    call = await house.call(organiser, group, capacity=12)
    made = await steward.post(HERE, act="keep", call=str(call.id), name="Compost & all")
    assert made.headers["Location"] == f"{HERE}?done=added"
    assert "Compost &amp; all" in (await steward.get(HERE)).text
    (number,) = await _kept(house, group)
    assert "Bring *gloves* & boots" in (await steward.get(f"{HERE}/{number}")).words
    begun = await steward.post(f"{HERE}/{number}")
    assert 'value="Turn the compost"' in begun.text and 'value="12"' in begun.text
    await steward.post(HERE, act="delete", template=number)
    assert await _kept(house, group) == []


async def test_what_cannot_be_kept_is_said_beside_it(
    house: House, group: Account, steward: Browser
) -> None:
    other = await house.person("other")
    theirs = await house.call(other, await house.community(other, "hill"))
    none = await steward.post(HERE, act="keep", call=str(theirs.id), name="")
    assert "Choose one of the calls" in none.words, "though there is none to choose"
    async with house.work.reading() as tx:
        (organiser,) = await communities.stewards(tx.conn, group.id)
    await house.call(organiser, group)
    for call in (str(theirs.id), "x", ""):
        wrong = await steward.post(HERE, act="keep", call=call, name="Mine <i>")
        assert wrong.status == 422
        assert "Choose one of the calls" in wrong.words and "Mine &lt;i&gt;" in wrong.text
    nowhere = await steward.post(HERE, act="take_over", url="https://far.example/1")
    assert nowhere.status == 503
    assert "does not talk to others" in nowhere.words and "https://far.example/1" in nowhere.text
    for key in ("nothing", "99", "-1"):
        assert (await steward.get(f"{HERE}/{key}")).status == 404
        assert (await steward.post(HERE, act="delete", template=key)).status == 404


async def test_it_is_for_those_who_steer_it(house: House, group: Account, steward: Browser) -> None:
    async with house.work.reading() as tx:
        (organiser,) = await communities.stewards(tx.conn, group.id)
    call = await house.call(organiser, group)
    await steward.post(HERE, act="keep", call=str(call.id), name="")
    (number,) = await _kept(house, group)
    member, rival = await house.person("member"), await house.person("rival")
    await house.community(rival, "hill")
    await (await house.browser(member)).post("/@garden/follow")
    for account in (member, rival):
        browser = await house.browser(account)
        for path in (HERE, f"{HERE}/{number}", f"{HERE}/event"):
            assert (await browser.get(path)).status == 404
            sent = {"act": "delete", "template": number}
            assert (await browser.post(path, **sent)).status == 404
    theirs = await house.browser(rival)
    assert (await theirs.get(f"/@hill/steer/templates/{number}")).status == 404
    sent = {"act": "delete", "template": number}
    assert (await theirs.post("/@hill/steer/templates", **sent)).status == 404
    stranger = await (await house.browser()).get(HERE)
    assert stranger.headers["Location"].startswith("/sign-in?next=")
    assert await _kept(house, group) == [number]
