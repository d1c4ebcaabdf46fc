"""Passing a call on: a few lines for any messenger, and a picture of its address."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from server.domain.calling import deleting, passing_on
from tests.web.house import House

LINE = st.text(st.characters(exclude_categories=("C", "Z")), max_size=250)


@given(LINE, LINE, st.integers(min_value=20, max_value=passing_on.URL_MAX))
def test_the_address_is_whole_however_long_the_rest(title: str, told: str, length: int) -> None:
    url = "https://garden.example/".ljust(length, "1")
    said = passing_on.fit(title, told, url)
    assert len(said) <= passing_on.MAX
    assert said.splitlines()[-1] == url


def test_what_fits_is_not_cut() -> None:
    url = "https://garden.example/calls/1"
    said = passing_on.fit("Plant trees", "Sat 5 Dec 2026 – Mill Bridge", url)
    assert said == f"Plant trees\nSat 5 Dec 2026 – Mill Bridge\n{url}"
    assert passing_on.fit("Sign", "", url) == f"Sign\n{url}"


async def test_a_call_is_passed_on_in_a_few_lines(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    page = await (await house.browser()).get(f"/calls/{post.id}")
    assert f"Sat 17 May 2031, 10:00 CEST – The old orchard\n{post.url}</textarea>" in page.text
    assert f"/calls/{post.id}/qr.svg" in page.text


async def test_the_code_is_a_picture_of_the_address_and_nothing_else(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    seen = await (await house.browser()).get(f"/calls/{post.id}/qr.svg")
    assert (seen.status, seen.headers["Content-Type"]) == (200, "image/svg+xml")
    assert seen.headers["Cache-Control"] == "public, max-age=86400"
    assert "default-src 'none'" in seen.headers["Content-Security-Policy"]
    assert "sandbox" in seen.headers["Content-Security-Policy"]
    drawn = etree.fromstring(seen.text.encode())
    named = {etree.QName(part).localname for part in drawn.iter()}
    assert named == {"svg", "title", "path"}
    assert drawn.findtext("{*}title") == post.url


async def test_there_is_no_code_of_what_may_not_be_seen(house: House) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    post = await house.call(organiser, group)
    stranger, member = await house.browser(), await house.browser(organiser)
    for nothing in ("1", "nine"):
        assert (await stranger.get(f"/calls/{nothing}/qr.svg")).status == 404
    async with house.work.transaction() as tx:
        await tx.conn.execute("update posts set visibility = 'members' where id = $1", post.id)
    assert (await stranger.get(f"/calls/{post.id}/qr.svg")).status == 404
    seen = await member.get(f"/calls/{post.id}/qr.svg")
    assert (seen.status, seen.headers["Cache-Control"]) == (200, "private, no-store")
    async with house.work.transaction() as tx:
        await deleting.delete(tx, organiser, post)
    assert (await member.get(f"/calls/{post.id}/qr.svg")).status == 404
