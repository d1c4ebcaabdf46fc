"""The pages of who organises a call: who may open them, who is listed there, and what each button does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from server.domain.calling import calls as call_verbs
from server.domain.calling import listing
from server.domain.calling import participations as participation_verbs
from server.domain.calling.drafting import Wanted
from server.domain.calling.shifts import Shift
from storage import attendance, calls, participations
from storage import posts as post_rows
from storage.accounts import Account
from storage.calls import Details
from storage.participants import Sought
from storage.posts import Post
from storage.shift_roles import Role
from tests.web.house import House

PAGES = ("", "/people", "/people.csv", "/message", "/change", "/outcome")


async def refused(house: House, path: str) -> dict[str, int]:
    """What somebody gets who does not steer the community of the call: by who they are."""
    rival = await house.person("rival")
    await house.community(rival, "rivals")
    member = await house.person("plain_member")
    who = {"stranger": None, "member": member, "rival": rival}
    return {
        name: (await (await house.browser(each)).get(path)).status for name, each in who.items()
    }


@pytest.mark.parametrize("below", PAGES)
async def test_only_those_who_steer_organise(house: House, below: str) -> None:
    organiser = await house.person("organiser")
    call = await house.call(organiser, await house.community(organiser))
    path = f"/calls/{call.id}/organise{below}"
    assert await refused(house, path) == {"stranger": 303, "member": 403, "rival": 403}
    assert (await (await house.browser(organiser)).get(path)).status == 200


@pytest.mark.parametrize("below", PAGES)
async def test_of_a_private_community_there_is_nothing_for_others(house: House, below: str) -> None:
    organiser = await house.person("organiser")
    group = await house.community(
        organiser, "shed", visibility="private", community_policy="request"
    )
    path = f"/calls/{(await house.call(organiser, group)).id}/organise{below}"
    assert await refused(house, path) == {"stranger": 303, "member": 404, "rival": 404}
    assert (await (await house.browser(organiser)).get(path)).status == 200


async def test_what_is_no_call_has_no_pages(house: House) -> None:
    browser = await house.browser(await house.person("organiser"))
    for nonsense in ("x", "0", "99999999999999999999"):
        assert (await browser.get(f"/calls/{nonsense}/organise")).status == 404


async def test_an_office_sees_no_people(house: House) -> None:
    organiser, eater = await house.person("organiser"), await house.person("eater")
    call = await house.call(organiser, await house.community(organiser))
    await house.answer(eater, call)
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update accounts set affiliation = 'official' where id = $1", organiser.id
        )
    browser = await house.browser(organiser)
    path = f"/calls/{call.id}/organise"
    seen = await browser.get(path)
    assert "Official and commercial accounts do not see" in seen.words
    for below in ("/people", "/people.csv"):
        seen = await browser.get(path + below)
        assert (seen.status, "eater" in seen.text) == (403, False)
    assert (await browser.post(f"{path}/people", room="yes", places="1")).status == 403


async def full(house: House, **more: object) -> tuple[Account, Post, list[Account]]:
    """A call with one place, one who has it and two who wait."""
    organiser = await house.person("organiser")
    call = await house.call(organiser, await house.community(organiser), capacity=1, **more)
    people = [await house.person(name) for name in ("first", "second", "third")]
    for person in people:
        await house.answer(person, call, door="page")
    return organiser, call, people


async def test_who_waits_gets_a_place_when_there_is_room(house: House) -> None:
    organiser, call, _ = await full(house)
    browser = await house.browser(organiser)
    path = f"/calls/{call.id}/organise/people"
    assert "@first" in (await browser.get(path)).words
    waiting = await browser.get(f"{path}?state=waiting")
    assert "@first" not in waiting.words
    assert "@second" in waiting.words
    assert "@third" in waiting.words
    for wrong in ("", "0", "-1", "x", "1001", "9" * 30):
        seen = await browser.post(path, room="yes", places=wrong)
        assert seen.status == 422
        assert "A number from 1 to 1,000, please." in seen.words
    done = await browser.post(path, room="yes", places="1")
    assert (done.status, done.headers["Location"]) == (303, f"{path}?done=done")
    async with house.work.reading() as tx:
        now = await calls.by_id(tx.conn, call.id)
        assert now
        assert (now.capacity, now.counted, now.waiting) == (2, 2, 1)
        assert now.revision == 0, "neither time nor place are other ones"


async def test_who_came_is_written_down_once_it_began(house: House) -> None:
    organiser, call, (first, _, _) = await full(house)
    browser = await house.browser(organiser)
    path = f"/calls/{call.id}/organise/people"
    async with house.work.reading() as tx:
        row = await participations.of_account(tx.conn, call.id, first.id)
        assert row
    early = await browser.post(path, came=str(row.id))
    assert early.status == 403
    assert "Did not" not in early.words
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update calls set starts_at = $1, ends_at = $1", tx.now - timedelta(hours=1)
        )
    assert "Did not" in (await browser.get(path)).words
    done = await browser.post(path, came=str(row.id))
    assert done.headers["Location"] == f"{path}#p{row.id}"
    async with house.work.reading() as tx:
        assert await attendance.of_many(tx.conn, [row.id]) == {row.id: True}
    assert (await browser.post(path, came="99999")).status == 404
    assert (await browser.post(path, fly="1")).status == 400


async def test_nobody_of_another_call_is_written_down_here(house: House) -> None:
    organiser, call, _ = await full(house)
    other = await house.call(organiser, await house.community(organiser, "hill"))
    guest = await house.person("guest")
    await house.answer(guest, other)
    async with house.work.reading() as tx:
        row = await participations.of_account(tx.conn, other.id, guest.id)
        assert row
    browser = await house.browser(organiser)
    seen = await browser.post(f"/calls/{call.id}/organise/people", came=str(row.id))
    assert seen.status == 404


async def test_requests_to_join_are_answered_there(house: House) -> None:
    organiser, asking = await house.person("organiser"), await house.person("asking")
    group = await house.community(organiser, community_policy="request")
    call = await house.call(organiser, group)
    await (await house.browser(asking)).post("/@garden/follow")
    browser = await house.browser(organiser)
    assert "1 person asks to join" in (await browser.get(f"/calls/{call.id}/organise")).words
    path = f"/calls/{call.id}/organise/people"
    assert "Asking to join the community" in (await browser.get(path)).words
    assert (await browser.post(path, admit=str(asking.id))).status == 303
    assert "Asking to join" not in (await browser.get(path)).words


async def test_somebody_is_asked_to_write_down_who_came(house: House) -> None:
    organiser, call, (first, _, _) = await full(house)
    browser = await house.browser(organiser)
    path = f"/calls/{call.id}/organise/people"
    await browser.get(path)
    seen = await browser.post(path, appoint="yes", handle="@nobody_here")
    assert seen.status == 422
    assert "There is nobody of that name here." in seen.words
    assert 'value="@nobody_here"' in seen.text
    assert (await browser.post(path, appoint="yes", handle="@first")).status == 303
    assert "No longer" in (await browser.get(path)).words
    assert (await browser.post(path, dismiss=str(first.id))).status == 303
    assert "No longer" not in (await browser.get(path)).words


async def test_the_table_has_everybody_and_asks_no_spreadsheet_to_reckon(house: House) -> None:
    organiser, call, (first, _, _) = await full(house)
    async with house.work.transaction() as tx:
        await tx.conn.execute("update accounts set display_name = '=1+1' where id = $1", first.id)
    seen = await (await house.browser(organiser)).get(f"/calls/{call.id}/organise/people.csv")
    assert seen.headers["Content-Disposition"] == f'attachment; filename="call-{call.id}.csv"'
    assert "no-store" in seen.headers["Cache-Control"]
    lines = seen.text.splitlines()
    assert len(lines) == 4
    assert "'=1+1" in lines[1]


async def test_a_long_list_has_pages(house: House) -> None:
    organiser = await house.person("organiser")
    call = await house.call(organiser, await house.community(organiser))
    for number in range(55):
        await house.answer(await house.elsewhere(f"w{number}", "far.example"), call)
    browser = await house.browser(organiser)
    path = f"/calls/{call.id}/organise/people"
    seen = await browser.get(path)
    assert seen.text.count('class="face"') == 50
    more = seen.text.partition("after=")[2].partition('"')[0]
    rest = await browser.get(f"{path}?after={more}")
    assert rest.text.count('class="face"') == 5
    assert "More" not in rest.words.partition("Ask them")[0].split()
    few, many = [await queries(house, organiser, call, limit) for limit in (2, 50)]
    assert few == many


async def queries(house: House, viewer: Account, post: Post, limit: int) -> int:
    """How many a page of so many people takes."""
    seen: list[str] = []
    async with house.work.reading() as tx:
        call = await calls.by_id(tx.conn, post.id)
        assert call
        with tx.conn.query_logger(lambda record: seen.append(record.query)):
            found = await listing.page(tx, viewer, post, call, Sought(), 0, limit)
    assert len(found) == limit
    return len(seen)


async def shifts(house: House) -> tuple[Account, Post, list[int]]:
    """A call for volunteers with two shifts, and somebody in each."""
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    starts = house.now + timedelta(days=3)
    wanted = Wanted(
        "Soup", Details(None, None, "UTC"), kind="volunteer",
        shifts=(
            Shift("Cooking", starts, capacity=2),
            Shift("Serving", starts, roles=(Role(0, "Server", 0, 1, ""),)),
        ),
    )  # fmt: skip
    async with house.work.transaction() as tx:
        post = await call_verbs.create(tx, organiser, group, wanted)
        ids = [shift.post_id for shift in await calls.shifts(tx.conn, [post.id])]
        for name, shift in zip(("cook", "waitress"), ids, strict=True):
            at = await post_rows.by_id(tx.conn, shift)
            assert at
            person = await house.person(name)
            await participation_verbs.answer(tx, person, at, "going", "page")
    return organiser, post, ids


async def test_the_people_of_all_shifts_are_found_by_shift_and_role(house: House) -> None:
    organiser, post, (cooking, serving) = await shifts(house)
    browser = await house.browser(organiser)
    path = f"/calls/{post.id}/organise"
    assert "Cooking" in (await browser.get(path)).words
    both = (await browser.get(f"{path}/people")).words
    assert "@cook" in both
    assert "@waitress" in both
    one = (await browser.get(f"{path}/people?shift={cooking}")).words
    assert "@cook" in one
    assert "@waitress" not in one
    one = (await browser.get(f"{path}/people?role=Server")).words
    assert "@cook" not in one
    assert "@waitress" in one
    lines = (await browser.get(f"{path}/people.csv")).text.splitlines()
    assert lines[0].endswith("shift,role")
    assert lines[2].endswith("Serving,Server")
    within = await browser.get(f"/calls/{serving}/organise")
    assert "A shift of Soup" in within.words
    assert "/organise/outcome" not in within.text


async def test_who_came_to_a_shift_is_written_down_with_its_call(house: House) -> None:
    organiser, post, (cooking, _) = await shifts(house)
    async with house.work.transaction() as tx:
        await tx.conn.execute("update calls set starts_at = $1", tx.now - timedelta(hours=1))
        (row,) = await participations.without_role(tx.conn, cooking)
    browser = await house.browser(organiser)
    path = f"/calls/{post.id}/organise/people"
    await browser.get(path)
    assert (await browser.post(f"{path}?shift={cooking}", absent=str(row.id))).headers[
        "Location"
    ] == f"{path}?shift={cooking}#p{row.id}"
    async with house.work.reading() as tx:
        assert await attendance.of_many(tx.conn, [row.id]) == {row.id: False}
