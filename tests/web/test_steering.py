"""Steering a community in the browser: people, bans, settings; and everybody else meets nothing there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from server.web import bans
from storage.accounts import Account
from tests.web.house import Browser, House

ROOT = Path(__file__).parents[2]
PAGES = ("", "/queue", "/rules", "/bans", "/settings")


@pytest.fixture
async def organiser(house: House) -> Account:
    return await house.person("organiser")


@pytest.fixture
async def steering(house: House, organiser: Account) -> Browser:
    await house.community(organiser, community_policy="request")
    return await house.browser(organiser)


@pytest.mark.parametrize("path", PAGES)
async def test_who_steers_nothing_finds_nothing(house: House, steering: Browser, path: str) -> None:
    other = await house.person("other")
    await house.community(other, "hill")
    neighbour, stranger = await house.browser(other), await house.browser()
    here = f"/@garden/steer{path}"
    assert (await steering.get(here)).status == 200
    assert (await neighbour.get(here)).status == 404
    acts = {"act": "link", "verdict": "let_in", "post": "1", "days": "0", "seconds": "0"}
    for act in ("link", "slow", "ban", "add"):
        sent = acts | {
            "act": act,
            "kind": "word",
            "value": "x",
            "handle": "organiser",
            "title": "Taken",
        }
        assert (await neighbour.post(here, **sent)).status in (400, 404)
    assert (await stranger.get(here)).headers["Location"].startswith("/sign-in?next=")
    assert "Taken" not in (await steering.get("/@garden")).words


async def test_who_asks_is_let_in_and_given_a_role(house: House, steering: Browser) -> None:
    asking = await house.person("asking")
    browser = await house.browser(asking)
    await browser.post("/@garden/follow")
    page = await steering.get("/@garden/steer")
    assert "@asking" in page.words
    await steering.post("/@garden/steer", act="admit", account=str(asking.id))
    done = await steering.post("/@garden/steer", act="grant", handle="@asking", role="moderator")
    assert done.headers["Location"] == "/@garden/steer?done=done"
    assert (await browser.get("/@garden/steer")).status == 200
    await steering.post("/@garden/steer", act="dismiss", account=str(asking.id))
    assert (await browser.get("/@garden/steer")).status == 404


async def test_whom_nobody_knows_is_said_beside_what_was_typed(steering: Browser) -> None:
    seen = await steering.post("/@garden/steer", act="grant", handle="@no'body", role="moderator")
    assert seen.status == 422
    assert "There is nobody of that name here." in seen.words
    assert "@no&#39;body" in seen.text


async def test_a_link_is_shown_once(steering: Browser) -> None:
    made = await steering.post("/@garden/steer", act="link")
    assert "/join/" in made.text
    assert "no-store" in made.headers["Cache-Control"]
    assert "/join/" not in (await steering.get("/@garden/steer")).text


async def test_somebody_is_kept_out_and_comes_back(house: House, steering: Browser) -> None:
    loud = await house.person("loud")
    sent = {"act": "ban", "handle": "@loud", "days": "7", "reason": "Loud & rude"}
    await steering.post("/@garden/steer/bans", **sent)
    page = await steering.get("/@garden/steer/bans")
    assert "@loud" in page.words and "Loud & rude" in page.words
    public = await (await house.browser()).get("/@garden/log")
    assert "Organiser : banned somebody" in public.words
    await steering.post("/@garden/steer/bans", act="unban", account=str(loud.id))
    assert "@loud" not in (await steering.get("/@garden/steer/bans")).words
    refused = await steering.post("/@garden/steer/bans", **(sent | {"handle": "@organiser"}))
    assert refused.status == 403
    assert "Loud & rude" in refused.text.replace("&amp;", "&")


async def test_what_a_community_says_of_itself(steering: Browser) -> None:
    page = await steering.get("/@garden/steer/settings")
    assert page.status == 200
    told = {
        "title": "The garden", "about": "Beds & berries", "purpose": "Food for all", "norms": "",
        "policy": "open", "visibility": "public", "proposals": "open", "seconds": "2",
        "capacity": "", "rules": "Tools go back\nBe kind", "questions": "", "topics": "garden, food",
    }  # fmt: skip
    saved = await steering.post("/@garden/steer/settings", **told)
    assert (saved.status, saved.headers["Location"]) == (303, "/@garden/steer/settings?done=saved")
    shown = (await steering.get("/@garden")).words
    assert "Be kind" in shown and "The garden" in shown
    wrong = await steering.post("/@garden/steer/settings", **(told | {"capacity": "many"}))
    assert wrong.status == 422
    assert "This is no number." in wrong.words


async def test_the_log_of_a_private_community_is_for_its_members(house: House) -> None:
    keeper = await house.person("keeper")
    await house.community(keeper, "quiet", visibility="private", community_policy="request")
    outsider = await house.browser(await house.person("outsider"))
    assert (await outsider.get("/@quiet/log")).status == 404
    assert (await (await house.browser(keeper)).get("/@quiet/log")).status == 200


def test_every_decision_is_told_in_words() -> None:
    schema = (ROOT / "storage" / "migrations" / "0001_first.sql").read_text()
    table = schema.partition("create table moderation_log")[2].partition(";")[0]
    kinds = table.partition("action text not null check (action in (")[2].partition("))")[0]
    assert set(re.findall(r"'(\w+)'", kinds)) == set(bans.ACTIONS)
