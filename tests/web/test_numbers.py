"""A call in numbers: for whoever may see it, days put together for strangers, and no count that is secret yet."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

from server.domain.calling import calls
from server.domain.calling import participations as taking_part
from server.domain.calling.drafting import Wanted
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.web.house import House


async def answered(house: House, post: Post, days: int) -> list[Account]:
    """Somebody says yes on each of so many days."""
    people = [await house.person(f"walker{number}") for number in range(days)]
    for number, person in enumerate(people):
        async with house.work.transaction() as tx:
            on = replace(tx, now=tx.now + timedelta(days=number))
            await taking_part.answer(on, person, post, "going", "page")
    return people


async def test_how_it_grew_is_drawn_with_a_table_behind(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser), goal=12)
    await answered(house, post, 7)
    steward = await (await house.browser(organiser)).get(f"/calls/{post.id}/numbers")
    stranger = await (await house.browser()).get(f"/calls/{post.id}/numbers")
    assert steward.status == stranger.status == 200
    assert "<polyline" in steward.text
    assert steward.text.count('<th scope="row">') > stranger.text.count('<th scope="row">')
    assert "The goal: 12" in stranger.words
    assert "7" in stranger.words
    assert "walker" not in stranger.text


async def test_who_left_or_waits_is_not_in_the_line(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser), capacity=5)
    first, *_ = await answered(house, post, 7)  # two of them wait
    async with house.work.transaction() as tx:
        await taking_part.withdraw(tx, first, post)  # one of those has the place now
    seen = await (await house.browser(organiser)).get(f"/calls/{post.id}/numbers")
    assert rows(seen.text, "grown")[-1] == 5


def rows(page: str, section: str) -> list[int]:
    """The numbers in the tables of a section."""
    part = page.partition(f'id="{section}"')[2].partition("</section>")[0]
    return [int(number) for number in re.findall(r'<td class="figure">(\d+)</td>', part)]


async def test_few_answers_draw_no_line_for_strangers(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser()
    assert "Nobody has answered yet" in (await browser.get(f"/calls/{post.id}/numbers")).words
    await answered(house, post, 2)
    assert "<polyline" not in (await browser.get(f"/calls/{post.id}/numbers")).text


async def test_what_others_count_and_what_is_not_for_all_is_not_here(house: House) -> None:
    organiser = await house.person("organiser")
    far = await house.call_elsewhere("choir.example")
    inner = await house.community(
        organiser, "inner", visibility="private", community_policy="request"
    )
    post = await house.call(organiser, inner)
    stranger = await house.browser()
    for number in (far.id, post.id, 12):
        assert (await stranger.get(f"/calls/{number}/numbers")).status == 404
    assert (await (await house.browser(organiser)).get(f"/calls/{post.id}/numbers")).status == 200


async def test_secret_counts_are_secret_here_too(house: House) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    async with house.work.transaction() as tx:
        closes = Details(None, None, "UTC", closes_at=tx.now + timedelta(days=3))
        wanted = Wanted(
            "Which way?", closes, kind="decision", options=("The bridge", "The ford"), secret_until_closed=True
        )  # fmt: skip
        post = await calls.create(tx, organiser, group, wanted)
        await taking_part.answer(tx, organiser, post, "1", "page")
    seen = await (await house.browser(organiser)).get(f"/calls/{post.id}/numbers")
    assert seen.status == 200
    assert "The bridge" not in seen.text
