"""The calendar of a community as a page."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from server.web.months import FIRST, LAST, before, days, following, month_of
from tests.web.house import House

HERE = "/@garden/calendar"
TODAY = date(2026, 3, 31)


async def test_a_call_stands_in_its_month_by_its_own_clock(house: House) -> None:
    organiser = await house.person("organiser")
    garden = await house.community(organiser)
    late = datetime(2031, 5, 31, 22, 30, tzinfo=UTC)  # in Rome it is June
    await house.call(organiser, garden, "Watch <stars>", starts_at=late)
    await house.call(organiser, garden)
    reader = await house.browser()
    may, june = await reader.get(f"{HERE}?month=2031-05"), await reader.get(f"{HERE}?month=2031-06")
    assert (may.status, june.status) == (200, 200)
    assert "Turn the compost" in may.words
    assert "stars" not in may.words
    assert "Watch <stars>" in june.words
    assert "<stars>" not in june.text
    assert "Turn the compost" not in june.words
    assert 'href="?month=2031-04"' in may.text
    assert 'href="?month=2031-06"' in may.text
    assert '"/@garden.ics"' in may.text
    assert "style=" not in may.text
    empty = await reader.get(f"{HERE}?month=2031-07")
    assert "Nothing is planned for this month." in empty.words
    assert "Nothing was planned in this month." in (await reader.get(f"{HERE}?month=1999-07")).words


async def test_days_are_named_in_the_language_that_is_asked_for(house: House) -> None:
    organiser = await house.person("organiser")
    await house.call(organiser, await house.community(organiser))
    reader = await house.browser()
    german = await reader.get(f"{HERE}?month=2031-05", **{"Accept-Language": "de"})
    assert "Mai 2031" in german.words
    assert "Montag" in german.words


async def test_the_community_links_to_it(house: House) -> None:
    await house.community(await house.person("organiser"))
    assert f'href="{HERE}"' in (await (await house.browser()).get("/@garden")).text


async def test_of_a_private_one_it_is_for_members(house: House) -> None:
    organiser, other = await house.person("organiser"), await house.person("other")
    shed = await house.community(
        organiser, "shed", community_policy="request", visibility="private"
    )
    await house.call(organiser, shed)
    there = "/@shed/calendar?month=2031-05"
    inside = await (await house.browser(organiser)).get(there)
    assert "Turn the compost" in inside.words
    assert "shed.ics" not in inside.text
    assert "noindex" in inside.text
    for browser in (await house.browser(), await house.browser(other)):
        assert (await browser.get(there)).status == 404
        assert (await browser.get("/@nobody/calendar")).status == 404
        assert (await browser.get("/@organiser/calendar")).status == 404


@pytest.mark.parametrize(
    "asked", ["", "2026", "2026-13", "2026-00", "1969-12", "2200-01", "٢٠٢٦-٠٤", "2026-4", "x" * 99]
)
def test_what_is_no_month_is_this_one(asked: str) -> None:
    assert month_of(asked, TODAY) == date(2026, 3, 1)


def test_months_follow_each_other_to_the_end_of_them() -> None:
    assert following(date(2026, 1, 1)) == date(2026, 2, 1)
    assert following(date(2026, 12, 1)) == date(2027, 1, 1)
    assert before(date(2026, 1, 1)) == date(2025, 12, 1)
    assert following(date(LAST, 12, 1)) is None
    assert before(date(FIRST, 1, 1)) is None
    assert [len(days(date(year, 2, 1), [])) for year in (2026, 2028)] == [28, 29]
