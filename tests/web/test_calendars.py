"""Calendars as programs that subscribe read them: zones, states, who may, and how often they are sent whole."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from icalendar import Calendar

from server.domain.calling import calls
from server.domain.members import follows, subscriptions
from server.web.calendars import calendar
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post
from tests.web.house import Browser, House

NOW = datetime(2026, 3, 1, tzinfo=UTC)
ZONES = sorted(zone for zone in available_timezones() if "/" in zone)


def made_call(**more: Any) -> Call:
    known = dict.fromkeys(Call.__dataclass_fields__) | {
        "post_id": 1, "community_id": 2, "kind": "event", "state": "open", "timezone": "Europe/Rome",
        "place_name": "", "place_address": "", "revision": 0,
    }  # fmt: skip
    return Call(**(known | more))


def made_post(**more: Any) -> Post:
    known = dict.fromkeys(Post.__dataclass_fields__) | {
        "uri": "https://green.example/calls/1", "url": "https://green.example/calls/1",
        "title": "Dig", "content": "", "published_at": NOW,
    }  # fmt: skip
    return Post(**(known | more))


def told(at: datetime, zone: str, now: datetime = NOW) -> Any:
    """The event as it is read, with the zones of the file alone."""
    call = made_call(starts_at=at, timezone=zone)
    return Calendar.from_ical(calendar("", [(made_post(), call)], now))


def by_its_own_zone(read: Any) -> datetime:
    """When it starts, by the VTIMEZONE beside it, which is all that some programs know."""
    begin = read.walk("VEVENT")[0]["dtstart"]
    zones = {str(z["tzid"]): z for z in read.walk("VTIMEZONE")}
    name = begin.params.get("TZID")
    if name is None:
        return begin.dt
    return begin.dt.replace(tzinfo=zones[name].to_tz(lookup_tzid=False)).astimezone(UTC)


@given(
    st.integers(0, 11 * 365 * 24 * 60).map(
        lambda minutes: datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    ),
    st.sampled_from(ZONES),
)
@example(datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "Europe/Rome")  # a minute before summer time
@example(datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "Europe/Rome")
@example(datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Europe/Rome")  # 02:30, and an hour later
@example(datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Europe/Rome")  # 02:30 once more
@example(datetime(2031, 4, 5, 15, 30, tzinfo=UTC), "Australia/Lord_Howe")  # by half an hour
@example(datetime(2026, 7, 1, tzinfo=UTC), "Europe/Dublin")  # whose winter is the exception
def test_every_instant_is_told_in_every_zone(at: datetime, zone: str) -> None:
    read = told(at, zone)
    assert read.walk("VEVENT")[0]["dtstart"].dt.astimezone(UTC) == at
    assert by_its_own_zone(read) == at


def test_an_hour_that_comes_twice_is_told_in_utc() -> None:
    at = datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    assert b"DTSTART:20261025T013000Z" in told(at, "Europe/Rome").to_ical()
    before = told(at - timedelta(hours=1), "Europe/Rome").to_ical()
    assert b"DTSTART;TZID=Europe/Rome:20261025T023000" in before


async def asked(browser: Browser, path: str, **headers: str) -> Any:
    seen = await browser.get(path, **headers)
    assert seen.status == 200, (path, seen.status)
    assert seen.headers["Content-Type"] == "text/calendar; charset=utf-8"
    return Calendar.from_ical(seen.text)


def titles(read: Any) -> list[str]:
    return [str(event["summary"]) for event in read.walk("VEVENT")]


async def test_a_change_keeps_the_uid_and_grows_the_sequence(house: House) -> None:
    """Postponed is tentative, and cancelled stays and says so: what vanishes stays in many calendars."""
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser()
    seen: list[tuple[str, int, str]] = []
    for state in ("open", "postponed", "cancelled"):
        async with house.work.transaction() as tx:
            await calls.edit(tx, organiser, post, state=state)
        for path in (f"/calls/{post.id}.ics", "/@garden.ics", "/@organiser.ics", "/calendar.ics"):
            (event,) = (await asked(browser, path)).walk("VEVENT")
            seen.append((str(event["uid"]), event["sequence"], str(event["status"])))
    assert seen == [
        *[(post.uri, 0, "CONFIRMED")] * 4,
        *[(post.uri, 1, "TENTATIVE")] * 4,
        *[(post.uri, 2, "CANCELLED")] * 4,
    ]


async def test_a_calendar_says_how_often_to_ask_and_what_it_is(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(
        organiser, await house.community(organiser), latitude=45.5, longitude=9.2
    )
    read = await asked(await house.browser(), "/@garden.ics")
    assert str(read["name"]) == str(read["x-wr-calname"]) == "The shared garden"
    assert read["refresh-interval"].dt == timedelta(hours=1)
    (event,) = read.walk("VEVENT")
    assert event["dtstamp"].dt == post.published_at.replace(microsecond=0)
    assert event["geo"].to_ical() == "45.5;9.2"
    assert str(event["location"]) == "The old orchard, Orchard Lane 3"
    assert event["dtstart"].dt == datetime(2031, 5, 17, 10, 0, tzinfo=ZoneInfo("Europe/Rome"))


async def test_what_has_not_changed_is_not_sent_again(house: House) -> None:
    organiser = await house.person("organiser")
    post = await house.call(organiser, await house.community(organiser))
    browser = await house.browser()
    for path in ("/@garden.ics", "/calendar.ics", f"/calls/{post.id}.ics", "/@garden.atom"):
        first = await browser.get(path)
        tag = first.headers["Etag"]
        again = await browser.get(path, **{"If-None-Match": f'"other", W/{tag}'})
        assert (again.status, again.text, again.headers["Etag"]) == (304, "", tag)
        assert (await browser.get(path, **{"If-None-Match": '"other"'})).status == 200
    first = await browser.get("/@garden.ics")
    async with house.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="cancelled")
    changed = await browser.get("/@garden.ics", **{"If-None-Match": first.headers["Etag"]})
    assert changed.status == 200


async def test_a_calendar_is_bounded(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.web.calendars.LIMIT", 2)
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    for day in (20, 18, 19):
        await house.call(organiser, group, starts_at=datetime(2031, 5, day, 8, tzinfo=UTC))
    for path in ("/@garden.ics", "/@organiser.ics", "/calendar.ics"):
        events = (await asked(await house.browser(), path)).walk("VEVENT")
        assert [event["dtstart"].dt.day for event in events] == [18, 19]


async def test_an_unlisted_community_is_found_by_its_address_alone(house: House) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser, visibility="unlisted")
    await house.call(organiser, group)
    browser = await house.browser()
    assert titles(await asked(browser, "/@garden.ics")) == ["Turn the compost"]
    assert titles(await asked(browser, "/calendar.ics")) == []


# What is one member's own


async def secret(house: House, owner: Account) -> str:
    async with house.work.transaction() as tx:
        return "/subscriptions/" + await subscriptions.renew(tx, owner)


async def shut(house: House, group: Account, policy: str = "request") -> None:
    """The community, with all that was called in it, is for its members from now on."""
    async with house.work.transaction() as tx:
        await tx.conn.execute(
            "update communities set visibility = 'private', policy = $2 where account_id = $1",
            group.id,
            policy,
        )
        await tx.conn.execute(
            "update posts set visibility = 'members' where community_id = $1", group.id
        )


async def test_a_members_own_calendar_has_what_they_take_part_in(house: House) -> None:
    organiser, member = await house.person("organiser"), await house.person("member")
    open_group = await house.community(organiser)
    hidden = await house.community(organiser, "shed")
    async with house.work.transaction() as tx:
        await follows.follow(tx, member, hidden)
    private = await house.call(organiser, hidden)
    public = await house.call(organiser, open_group)
    await house.call(organiser, open_group)  # and nobody answers it
    declined = await house.call(organiser, open_group)
    await house.answer(member, private)
    await house.answer(member, public, "maybe")
    await house.answer(member, declined, "declined")
    await shut(house, hidden)
    browser = await house.browser()
    path = await secret(house, member)
    events = (await asked(browser, f"{path}/calendar.ics")).walk("VEVENT")
    assert {str(event["uid"]) for event in events} == {private.uri, public.uri}
    assert len((await asked(browser, f"{path}/communities/{hidden.id}.ics")).walk("VEVENT")) == 1
    async with house.work.transaction() as tx:
        await follows.unfollow(tx, member, hidden)
    events = (await asked(browser, f"{path}/calendar.ics")).walk("VEVENT")
    assert {str(event["uid"]) for event in events} == {public.uri}
    assert (await browser.get(f"{path}/communities/{hidden.id}.ics")).status == 404


async def test_a_secret_is_good_until_it_is_renewed(house: House) -> None:
    member = await house.person("member")
    browser = await house.browser()
    first = await secret(house, member)
    seen = await browser.get(f"{first}/calendar.ics")
    assert (seen.status, seen.headers["Cache-Control"]) == (200, "private, no-cache")
    second = await secret(house, member)
    assert (await browser.get(f"{first}/calendar.ics")).status == 404
    assert (await browser.get(f"{second}/calendar.ics")).status == 200
    await house.suspend(member)
    assert (await browser.get(f"{second}/calendar.ics")).status == 404


async def test_a_secret_is_in_no_log_and_no_row(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    member = await house.person("member")
    path = await secret(house, member)
    await (await house.browser()).get(f"{path}/calendar.ics")
    said = capsys.readouterr()
    assert "/subscriptions/{secret}/calendar.ics" in said.out + said.err
    assert path not in said.out + said.err
    async with house.work.reading() as tx:
        kept = await tx.conn.fetchval("select subscriptions::text from subscriptions")
    assert path.rpartition("/")[2] not in kept


async def test_a_private_community_is_in_no_public_calendar_or_feed(house: House) -> None:
    """Neither by its own address, where its name may be known, nor in what is of its people or of all."""
    organiser, outsider = await house.person("organiser"), await house.person("outsider")
    await house.community(organiser, "garden")
    for name, policy in (("shed", "request"), ("attic", "invited")):
        hidden = await house.community(organiser, name)
        post = await house.call(organiser, hidden)
        await shut(house, hidden, policy)
        strange = await secret(house, outsider)
        browser = await house.browser(organiser)
        kept = await browser.get(f"/calls/{post.id}.ics")
        assert (kept.status, kept.headers["Cache-Control"]) == (200, "private, no-cache")
        assert (await (await house.browser()).get(f"/calls/{post.id}.ics")).status == 404
        assert (await (await house.browser(outsider)).get(f"/calls/{post.id}.ics")).status == 404
        for path in (
            *(f"/@{name}.{form}" for form in ("ics", "atom", "rss")),
            f"/calls/{post.id}.atom",
            *(f"{strange}/communities/{hidden.id}.{form}" for form in ("ics", "atom")),
        ):
            assert (await browser.get(path)).status == 404, path
    for path in (
        "/calendar.ics", "/feed.atom", "/@organiser.ics", "/@organiser.atom", "/@organiser.rss",
        "/@garden.ics", "/@garden.atom",
    ):  # fmt: skip
        seen = await browser.get(path)
        assert seen.status == 200, path
        assert "Turn the compost" not in seen.text, path
    mine = await secret(house, organiser)
    seen = await browser.get(f"{mine}/communities/{hidden.id}.atom")
    assert "Turn the compost" in seen.text
