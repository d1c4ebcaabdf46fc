"""An organiser looks after a call that was made: lets somebody in, makes room, writes to all, puts it off, tells what came of it with
a picture, and calls another one off with a reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from storage import calls
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.api.conftest import PASSWORD
from tests.api.people import House, Member
from tests.browser.conftest import Opened
from tests.browser.window import EVERY, Looks, Window
from tests.samples import picture

BECKON = "/api/beckon/v1"


async def garden(house: House) -> tuple[Member, Account]:
    organiser = await house.member("organiser")
    group = await house.community(organiser, "garden", "request")
    newcomer = await house.member("newcomer")
    await newcomer.good("POST", f"/api/v1/accounts/{group.id}/follow")
    return organiser, group


async def call(house: House, by: Member, group: Account, title: str) -> Post:
    """With one place, one who has it and one who waits."""
    starts = datetime.now(UTC) + timedelta(days=30)
    details = Details(starts, None, "Europe/Rome", "The orchard", capacity=1)
    return await house.call(by, group, details, title)


async def answered(house: House, post: Post, *names: str) -> None:
    for name in names:
        member = await house.member(name)
        path = f"{BECKON}/calls/{post.id}/answer"
        await member.good("POST", path, json={"answer": "going"})


async def menu(window: Window, title: str) -> None:
    """Another of the pages about this call."""
    await window.turn_to(title)
    assert await window.overflow() <= 0


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_an_organiser_looks_after_a_call(looks: Looks, house: House, opened: Opened) -> None:
    organiser, group = await garden(house)
    post = await call(house, organiser, group, "Dig the pond")
    await answered(house, post, "first", "second")
    window = await opened(looks)
    page = window.page
    await window.sign_in("organiser", PASSWORD)
    await window.open(f"/calls/{post.id}")
    await page.get_by_role("link", name="Organise this call").click()
    assert "1 person asks to join the community" in await window.words()
    await people(window)
    await message(window)
    await put_off(window)
    await outcome(window)
    async with house.work.reading() as tx:
        found = await calls.by_id(tx.conn, post.id)
    assert found
    assert (found.capacity, found.counted, found.waiting) == (2, 2, 0)


async def people(window: Window) -> None:
    page = window.page
    await menu(window, "Who takes part")
    await page.get_by_role("button", name="Let in @newcomer").click()
    assert "Asking to join" not in await window.words()
    assert "@first" in await window.words()
    await page.get_by_role("link", name="Waits: 1").click()
    assert "@second" in await window.words()
    await page.get_by_label("How many more places?").fill("1")
    await page.get_by_role("button", name="Make room").click()
    await page.get_by_role("link", name="Take part: 2").wait_for()


async def message(window: Window) -> None:
    page = window.page
    await menu(window, "Write to them")
    await page.get_by_label("What do you want to tell them?").fill("Bring boots")
    await page.get_by_role("button", name="Send it to 2 people").click()
    said = await window.words()
    assert "Sent." in said
    assert "Bring boots" in said.partition("What you wrote before")[2]


async def put_off(window: Window) -> None:
    page = window.page
    await menu(window, "Change or call off")
    await page.get_by_text("Put it off, without a new time yet").click()
    state = page.locator("#state")
    await state.get_by_label("Why?").first.fill("The ground is frozen")
    await page.get_by_role("button", name="Put it off").click()
    assert "Postponed." in await window.words()
    await page.get_by_label("Day", exact=True).fill("2032-04-01")
    await page.get_by_label("Begins at").fill("10:00")
    await page.get_by_role("button", name="It takes place then").click()
    assert "Postponed." not in await window.words()


async def outcome(window: Window) -> None:
    page = window.page
    await page.get_by_text("Close it for answers").click()
    await page.get_by_role("button", name="Close it", exact=True).click()
    await menu(window, "Overview")
    await page.get_by_role("link", name="What came of it?").click()
    await page.get_by_label("In your words").fill("The pond is there")
    file = {"name": "pond.png", "mimeType": "image/png", "buffer": picture()}
    await page.get_by_label("Picture 1", exact=True).set_input_files(file)
    await page.get_by_role("button", name="Tell what came of it").click()
    assert "Say in words what this picture shows." in await window.words()
    assert await page.get_by_label("In your words").input_value() == "The pond is there"
    await page.get_by_label("Picture 1", exact=True).set_input_files(file)
    await page.get_by_label("What picture 1 shows").fill("A pond with two ducks")
    await page.get_by_role("button", name="Tell what came of it").click()
    assert "Saved." in await window.words()
    assert await page.get_by_role("img", name="A pond with two ducks").count() == 1
    await page.get_by_role("link", name="See it as it was told").click()
    assert "The pond is there" in await window.words()
    assert await page.get_by_role("img", name="A pond with two ducks").count() == 1


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_an_organiser_calls_it_off(looks: Looks, house: House, opened: Opened) -> None:
    organiser, group = await garden(house)
    post = await call(house, organiser, group, "Sing in the square")
    await answered(house, post, "first")
    window = await opened(looks)
    page = window.page
    await window.sign_in("organiser", PASSWORD)
    await window.open(f"/calls/{post.id}/organise/change")
    await page.get_by_text("Call it off", exact=True).first.click()
    said = await window.words()
    assert "1 person who takes part is told." in said
    await page.locator("#why_cancelled").fill("A storm comes")
    await page.get_by_role("button", name="Call it off").click()
    assert "It does not take place." in await window.words()
    await page.get_by_text("Delete it", exact=True).first.click()
    await page.get_by_label("Yes, delete it").check()
    await page.get_by_role("button", name="Delete it for good").click()
    assert "Removed." in await window.words()
    assert "Sing in the square" not in await window.words()


async def of_kind(house: House, by: Member, group: Account, **wanted: str) -> str:
    """The path of a new call."""
    sent = {"title": "Ours", **wanted}
    made = await by.good("POST", f"{BECKON}/communities/{group.id}/calls", json=sent)
    return f"/calls/{made['id']}"


@pytest.mark.parametrize("looks", EVERY, ids=str)
async def test_an_organiser_hears_whom_the_call_is_about(
    looks: Looks, house: House, opened: Opened
) -> None:
    """Those who are written to, those who help, and those who object."""
    organiser, group = await garden(house)
    helper = await house.member("helper")
    letters = await of_kind(house, organiser, group, kind="contact")
    need = await of_kind(house, organiser, group, kind="need")
    vote = await of_kind(house, organiser, group, kind="decision", variant="consent")
    await helper.good("POST", f"{BECKON}{need}/commitments", json={"quantity": 2, "text": "Spades"})
    said = {"answer": "object", "reason": "Too much mud"}
    await helper.good("POST", f"{BECKON}{vote}/answer", json=said)
    window = await opened(looks)
    await window.sign_in("organiser", PASSWORD)
    await window.open(f"{letters}/organise")
    await write(window)
    await window.open(f"{need}/organise")
    await accept(window)
    await window.open(f"{vote}/organise")
    await meet(window)


async def write(window: Window) -> None:
    page = window.page
    await menu(window, "To whom you write")
    await page.get_by_label("One in each line").fill("The council, nonsense")
    await page.get_by_role("button", name="Add them").click()
    assert "Line 1: An address is like" in await window.words()
    await page.get_by_label("One in each line").fill("The council, council@town.example")
    await page.get_by_role("button", name="Add them").click()
    await page.get_by_text("Change where The council stands").click()
    await page.get_by_label("Where they stand").select_option("Said yes")
    await page.get_by_label("A note, which everybody sees").fill("In the assembly of May")
    await page.get_by_role("button", name="Save", exact=True).first.click()
    assert "In the assembly of May" in await window.words()
    await menu(window, "Counted outside")
    await page.get_by_label("How many people").fill("40")
    await page.get_by_label("What was counted").fill("postcards")
    await page.get_by_label("Where it can be seen").fill("https://town.example/cards")
    await page.get_by_role("button", name="Add it").click()
    assert "40 postcards" in await window.words()


async def accept(window: Window) -> None:
    page = window.page
    await page.get_by_role("link", name="1 promise waits for your yes or no").click()
    assert "Spades" in await window.words()
    await page.get_by_role("button", name="Yes, please: helper").click()
    await page.get_by_role("button", name="It was kept: helper").click()
    assert "Kept" in await window.words()


async def meet(window: Window) -> None:
    page = window.page
    await page.get_by_role("link", name="1 objection is not met").click()
    assert "Too much mud" in await window.words()
    await page.get_by_label("What you agreed on with who objects").fill("Planks on the path")
    await page.get_by_role("button", name="It is met").click()
    assert "Met: Planks on the path" in await window.words()
    assert await window.overflow() <= 0
