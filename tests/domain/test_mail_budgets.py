"""How many mails people can cause: in no window of a bound's length are more than the bound."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from server.domain.mailing import mail_budgets
from server.domain.mailing.mail_budgets import DAY, HOUR, Asked, network_of
from server.errors import TooMany
from storage import mail_counts
from tests.clock import MovableClock
from tests.web.house import House, open_house

START = datetime(2030, 5, 6, 11, 55, tzinfo=UTC)
"""Just before an hour is full."""
ADDRESS = "neighbour@mail.example"


@pytest.fixture
async def clock() -> MovableClock:
    return MovableClock(START)


@pytest.fixture
async def house(database_url: str, clock: MovableClock):
    async with open_house(database_url, mail=True, clock=clock) as opened:
        yield opened


async def mail(house: House, address: str = ADDRESS, form: str = "a", source: str = "") -> bool:
    async with house.work.transaction() as tx:
        return await mail_budgets.may_mail(tx, address, Asked(form, source or None))


STEPS = st.lists(
    st.one_of(st.sampled_from([0, 1, 3599, 3600, 3601, 86_399, 86_400]), st.integers(0, 20_000)),
    max_size=25,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS, per_hour=st.integers(1, 3), per_day=st.integers(1, 6))
async def test_no_window_holds_more_than_its_bound(
    house: House, clock: MovableClock, steps: list[int], per_hour: int, per_day: int
) -> None:
    """And what has room in every window goes: letters to one address, with seconds between them."""
    clock.forward(days=3)  # past all that was counted for the example before
    went: list[datetime] = []
    limits = ((HOUR, per_hour), (DAY, per_day))
    for step in steps:
        clock.forward(seconds=step)
        now = clock.now()
        async with house.work.transaction() as tx:
            again = await mail_budgets.wait_to_write(
                tx, ADDRESS, mail_budgets.bounds("letters", ADDRESS, limits)
            )
        room = all(sum(at > now - w for at in went) < most for w, most in limits)
        assert (again is None) == room
        assert again is None or again > now
        went += [now] if again is None else []
    for window, most in limits:
        for end in went:
            assert sum(end - window < at <= end for at in went) <= most


async def test_a_full_hour_doubles_nothing(house: House, clock: MovableClock) -> None:
    assert await mail(house)
    clock.forward(minutes=10)
    assert not await mail(house), "the clock has struck twelve, and the hour is not over"
    clock.forward(minutes=50)
    assert await mail(house)


async def test_two_at_once_do_not_both_see_the_last_place(house: House) -> None:
    assert sum(await asyncio.gather(*(mail(house) for _ in range(8)))) == 1


async def test_four_a_day_whatever_the_form_and_the_network(
    house: House, clock: MovableClock
) -> None:
    sent = 0
    for n in range(24):
        sent += await mail(house, form=str(n), source=f"192.0.{n}.1")
        clock.forward(hours=1)
    assert sent == 4
    assert await mail(house)


@pytest.mark.parametrize(
    ("first", "same"),
    [
        ("neighbour@mail.example", " Neighbour+seeds@MAIL.example "),
        ("neighbour@bücher.example", "neighbour@xn--bcher-kva.example"),
        ("neighbour@mail.example", "neighbour@ｍａｉｌ.example"),
        ("neighbour@mail.example", "ｎeighbour@mail.example"),
        ("first.last@mail.example", "f.irstlast@mail.example"),
    ],
)
async def test_one_mailbox_is_one_however_it_is_written(
    house: House, first: str, same: str
) -> None:
    assert await mail(house, first)
    assert not await mail(house, same)


async def test_a_network_asks_for_so_many_and_in_vain_counts(house: House) -> None:
    (_, most), *_ = mail_budgets.PER_NETWORK
    for n in range(most):
        await mail(house, source=f"192.0.2.{n}")
    with pytest.raises(TooMany, match="your network") as refused:
        await mail(house, "another@mail.example", source="192.0.2.200")
    assert refused.value.retry_after == 3600
    assert await mail(house, "another@mail.example", source="192.0.3.1")


async def test_what_was_refused_takes_no_room_of_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever types one address again and again does not use up the form, or the mail service."""
    monkeypatch.setattr(mail_budgets, "PER_FORM", ((HOUR, 2),))
    monkeypatch.setattr(mail_budgets, "PER_DOMAIN", ((HOUR, 3),))
    assert [await mail(house) for _ in range(5)] == [True, *[False] * 4]
    assert await mail(house, "b@mail.example")
    with pytest.raises(TooMany, match="asked for here"):
        await mail(house, "c@mail.example")
    assert await mail(house, "c@mail.example", "another form")
    with pytest.raises(TooMany, match="this mail service"):
        await mail(house, "d@mail.example", "a third form")
    assert await mail(house, "d@other.example", "a third form")


async def test_addresses_that_a_user_brings_are_counted_by_the_day(
    house: House, clock: MovableClock
) -> None:
    async def bring(count: int) -> bool:
        async with house.work.transaction() as tx:
            return await mail_budgets.may_invite(tx, 1, count, 10)

    assert not await bring(11)
    assert await bring(6)
    clock.forward(hours=13)  # past midnight
    assert not await bring(5)
    assert await bring(4)
    clock.forward(hours=11)
    assert await bring(6)


async def test_rows_name_nobody_and_go_after_a_day(house: House, clock: MovableClock) -> None:
    for _ in range(2):
        await mail(house, source="192.0.2.1")
        clock.forward(days=1)
    async with house.work.transaction() as tx:
        keys = [row["key"] for row in await tx.conn.fetch("select key from mail_counts")]
        assert len(set(keys)) == len(keys), "those of another day have other keys"
        assert all(len(key) == 64 for key in keys)
        assert await mail_counts.forget(tx.conn, tx.now - timedelta(hours=1)) == len(keys)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix", "unix"),
    ],
)
def test_a_network_is_a_neighbourhood(address: str, network: str) -> None:
    assert network_of(address) == network
