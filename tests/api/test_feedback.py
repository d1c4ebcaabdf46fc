"""What people say of a call that is over: who may, who reads it and when, and that nobody is named."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from server.domain import retention
from server.domain.groups import affiliations
from storage.calls import Details
from tests.api.conftest import Running
from tests.api.people import House, Member

BASE = "/api/beckon/v1"
GOOD = {"good": "The tea", "better": "The hour", "again": "yes"}


@dataclass
class Cast:
    here: Running
    organiser: Member
    came: list[Member]
    call: str

    @property
    def path(self) -> str:
        return f"{BASE}/calls/{self.call}/feedback"


@pytest.fixture
async def cast(here: Running, house: House) -> Cast:
    organiser = await house.member("organiser")
    came = [await house.member(f"gardener{n}") for n in range(3)]
    garden = await house.community(organiser, "garden")
    starts = house.work.clock.now() + timedelta(days=7)
    post = await house.call(organiser, garden, Details(starts, None, "UTC"), "Plant trees")
    for who in came:
        await who.good("POST", f"{BASE}/calls/{post.id}/answer", json={"answer": "going"})
    return Cast(here, organiser, came, str(post.id))


async def test_who_took_part_says_it_once_when_it_is_over(cast: Cast) -> None:
    first = cast.came[0]
    early = await first.post(cast.path, json=GOOD)
    assert (early.status, early.json["error"]) == (403, "It is not over yet.")
    form = await first.good("GET", f"{cast.path}/form")
    assert (form["open"], form["given"], form["reason"]) == (False, False, "It is not over yet.")
    assert "The organisers of Garden read this, without your name" in form["audience"]
    cast.here.clock.forward(days=8)
    assert (await first.good("GET", f"{cast.path}/form"))["open"]
    await first.good("POST", cast.path, json=GOOD)
    again = await first.post(cast.path, json={"good": "The cake"})
    assert again.status == 409
    form = await first.good("GET", f"{cast.path}/form")
    assert (form["open"], form["given"]) == (False, True)


@pytest.mark.parametrize(
    "typed",
    [{}, {"good": "  "}, {"good": "x" * 1001}, {"better": "x" * 1001}, {"again": "never"}],
)
async def test_what_cannot_be_read_leaves_nothing(cast: Cast, typed: dict[str, str]) -> None:
    cast.here.clock.forward(days=8)
    assert (await cast.came[0].post(cast.path, json=typed)).status == 422
    assert await rows(cast) == (0, 0)
    await cast.came[0].good("POST", cast.path, json=GOOD)


async def test_who_took_no_part_says_nothing(cast: Cast, house: House) -> None:
    outsider = await house.member("outsider")
    await cast.came[0].good("DELETE", f"{BASE}/calls/{cast.call}/answer")
    await cast.came[1].good("POST", f"{BASE}/calls/{cast.call}/answer", json={"answer": "maybe"})
    cast.here.clock.forward(days=8)
    for who in (outsider, cast.came[0], cast.came[1], cast.organiser):
        assert (await who.post(cast.path, json=GOOD)).status == 403
    assert (await house.stranger.post(cast.path, json=GOOD)).status == 401
    assert await rows(cast) == (0, 0)


async def test_it_is_said_within_sixty_days_and_never_of_what_was_cancelled(cast: Cast) -> None:
    cast.here.clock.forward(days=68)
    late = await cast.came[0].post(cast.path, json=GOOD)
    assert (late.status, late.json["error"]) == (403, "It is too long ago.")
    await cast.organiser.good("PUT", f"{BASE}/calls/{cast.call}", json={"state": "cancelled"})
    assert (await cast.came[0].post(cast.path, json=GOOD)).status == 403


async def test_organisers_read_it_when_three_have_written(cast: Cast, house: House) -> None:
    cast.here.clock.forward(days=8)
    for who in cast.came[:2]:
        await who.good("POST", cast.path, json=GOOD)
    today = await cast.organiser.good("GET", cast.path)
    assert today == {"people": 0, "shown": False, "said": []}
    cast.here.clock.forward(days=1)
    hidden = await cast.organiser.good("GET", cast.path)
    assert hidden == {"people": 2, "shown": False, "said": []}
    await cast.came[2].good("POST", cast.path, json={"better": "More cake"})
    assert await cast.organiser.good("GET", cast.path) == hidden
    cast.here.clock.forward(days=1)
    heard = await cast.organiser.good("GET", cast.path)
    assert (heard["people"], heard["shown"], len(heard["said"])) == (3, True, 3)
    assert {s["better"] for s in heard["said"]} == {"The hour", "More cake"}
    assert all("gardener" not in str(s) for s in heard["said"])
    for who in (cast.came[0], await house.member("outsider")):
        assert (await who.get(cast.path)).status == 403


async def test_what_is_said_later_shows_with_the_day(cast: Cast, house: House) -> None:
    """Whoever looks after each would else know whose words are the new ones."""
    late = await house.member("late")
    await late.good("POST", f"{BASE}/calls/{cast.call}/answer", json={"answer": "going"})
    cast.here.clock.forward(days=8)
    for who in cast.came:
        await who.good("POST", cast.path, json=GOOD)
    cast.here.clock.forward(days=1)
    before = await cast.organiser.good("GET", cast.path)
    assert (before["people"], before["shown"]) == (3, True)
    await late.good("POST", cast.path, json={"better": "The mud"})
    assert await cast.organiser.good("GET", cast.path) == before
    cast.here.clock.forward(days=1)
    assert (await cast.organiser.good("GET", cast.path))["people"] == 4


async def test_or_fourteen_days_after_the_end(cast: Cast) -> None:
    cast.here.clock.forward(days=8)
    await cast.came[0].good("POST", cast.path, json=GOOD)
    assert not (await cast.organiser.good("GET", cast.path))["shown"]
    cast.here.clock.forward(days=14)
    assert [s["good"] for s in (await cast.organiser.good("GET", cast.path))["said"]] == ["The tea"]


async def test_an_office_reads_nothing(cast: Cast) -> None:
    async with cast.here.work.transaction() as tx:
        await affiliations.declare(tx, cast.organiser.account, "official")
    assert (await cast.organiser.get(cast.path)).status == 403


async def test_what_is_kept_names_nobody_and_no_hour_and_goes_after_a_year(cast: Cast) -> None:
    cast.here.clock.forward(days=8)
    await cast.came[0].good("POST", cast.path, json=GOOD)
    async with cast.here.work.reading() as tx:
        said = await tx.conn.fetchrow("select * from call_feedback")
        given = await tx.conn.fetchrow("select * from call_feedback_given")
    assert set(said.keys()) == {"id", "post_id", "good", "better", "again", "said_on"}
    assert set(given.keys()) == {"post_id", "fingerprint", "said_on"}
    assert str(cast.came[0].account.id) not in str(dict(said)) + str(dict(given))
    cast.here.clock.forward(days=367)
    async with cast.here.work.transaction() as tx:
        await retention.run(tx)
    assert await rows(cast) == (0, 0)


async def rows(cast: Cast) -> tuple[int, int]:
    async with cast.here.work.reading() as tx:
        kept = "select (select count(*) from call_feedback), (select count(*) from call_feedback_given)"
        found = await tx.conn.fetchrow(kept)
    return found[0], found[1]


async def test_the_log_does_not_say_from_which_address_it_came(
    cast: Cast, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the call beside the address and the minute, few lines would tell who wrote what."""
    cast.here.clock.forward(days=8)
    capsys.readouterr()
    await cast.came[0].good("POST", cast.path, json=GOOD)
    said = capsys.readouterr()
    assert f"{BASE}/calls/{{id}}/feedback" in said.out + said.err
    assert cast.path not in said.out + said.err


async def test_nor_who_answered_a_call(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    own = f"{BASE}/calls/{cast.call}/answer"
    await cast.came[0].good("POST", own, json={"answer": "maybe"})
    await cast.came[0].good("DELETE", own)
    said = capsys.readouterr()
    assert f"{BASE}/calls/{{id}}/answer" in said.out + said.err
    assert own not in said.out + said.err
