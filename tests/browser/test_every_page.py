"""Every page, by everybody whom it is for: nothing that axe-core finds serious, and no wider than a telephone."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.async_api import Browser

from server.arriving import brought as brought_reasons
from server.domain.tx import Tx
from storage import imports
from storage.imports import Import
from tests.api.conftest import PASSWORD, Running
from tests.api.people import House
from tests.api.world import World, full
from tests.browser.conftest import Opened
from tests.browser.places import ELSEWHERE, PLACES, READER, STRANGER, Place, pages
from tests.browser.window import DESK, PHONE, Looks, Window

SHOTS = os.environ.get("BECKON_SHOTS")
"""The folder for a picture of each, where one is wanted."""

LOOKS = [Looks(PHONE), Looks(DESK, dark=True), Looks(PHONE, dark=True, language="ar")]


def paths(world: World, place: Place) -> list[str]:
    """The place, once for each thing of its kind in the world."""
    noun = place.path.partition("{")[2].partition("}")[0]
    if not noun:
        return [place.path]
    return [place.path.replace(f"{{{noun}}}", each) for each in world.ids[noun]]


async def look(window: Window, who: str, path: str) -> list[str]:
    """What is wrong with a page."""
    status = await window.open(path)
    wrong = [] if status == 200 else [f"answers {status}"]
    if (wide := await window.overflow()) > 0:
        wrong.append(f"is {wide} pixels wider than {window.looks.width}")
    wrong += await window.faults()
    if SHOTS:
        name = f"{path.strip('/').replace('/', '_') or 'start'}-{who}-{window.looks}.png"
        await window.page.screenshot(path=Path(SHOTS) / name, full_page=True)
    wrong += await window.unreached()
    return [f"{path} ({window.looks}) {fault}" for fault in wrong]


async def prepare(house: House, world: World) -> None:
    """What some pages need beside the world: a call of each kind, one that is closed, and one that repeats."""
    closed = int(world.ids["calls"][2])
    async with house.work.transaction() as tx:
        rows = await tx.conn.fetch("select post_id from call_occurrences order by post_id limit 1")
        await tx.conn.execute("update calls set state = 'closed' where post_id = $1", closed)
        kinds = await tx.conn.fetch(
            "select max(post_id) as id, kind from calls where post_id = any($1::bigint[]) group by kind",
            [int(each) for each in world.ids["calls"]],
        )
        world.ids["imports"] = await brought(tx, int(world.reader.id))
    world.ids["repeated"] = [str(row["post_id"]) for row in rows]
    world.ids["closed"] = [str(closed)]
    world.ids |= {row["kind"]: [str(row["id"])] for row in kinds}


async def brought(tx: Tx, account_id: int) -> list[str]:
    """A file of the reader that is looked at, and one that was worked off, as far as it went."""
    made = list[Import]()
    for kind, state in (("lists", "done"), ("following", "checked")):
        each = await imports.insert(
            tx.conn, account_id, kind, tx.now, overwrites=state == "checked"
        )
        named: dict[str, object] = {"list": "Neighbours"} if kind == "lists" else {}
        lines: list[dict[str, object]] = [
            {"number": 1, "subject": "baker@far.example", "options": named, "reason": ""},
            {
                "number": 7,
                "subject": "=" + "x" * 300,
                "options": {},
                "reason": brought_reasons.NO_ACCOUNT,
            },
        ]
        await imports.add_lines(tx.conn, each.id, lines, tx.now)
        if state == "done":
            await tx.conn.execute(
                "update import_lines set state = 'done' where reason = '' and import_id = $1",
                each.id,
            )
            await imports.set_state(tx.conn, each.id, state, tx.now)
        made.append(each)
    return [str(each.id) for each in made]


async def test_every_page_can_be_used_by_everybody(house: House, opened: Opened) -> None:
    world = await full(house)
    async with house.work.transaction() as tx:
        await tx.conn.execute("update instance set registrations = 'open'")
    world.ids["own"], world.ids["organised"] = world.ids["calls"][1:2], world.ids["calls"][1:]
    await prepare(house, world)
    world.ids["friend"], world.ids["reports"] = world.ids["accounts"][-1:], ["1"]
    wrong: list[str] = []
    for looks in LOOKS:
        windows = {who: await opened(looks) for who in (STRANGER, READER)}
        await windows[READER].open("/")
        await windows[READER].sign_in("reader", PASSWORD)
        for place in (place for each in PLACES.values() for place in each):
            for path in paths(world, place):
                wrong += await look(windows[place.who], place.who, path)
    assert not wrong, "\n".join(wrong)


def test_every_page_is_in_the_table(here: Running, browser: Browser) -> None:
    there = set(pages(here.app))
    assert there == {*PLACES, *ELSEWHERE}
