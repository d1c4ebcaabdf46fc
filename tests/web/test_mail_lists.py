"""A mail list that organisers bring along: each address is asked once, and nobody is subscribed by it."""

from __future__ import annotations

import pytest

from server.domain import retention
from server.domain.groups import affiliations
from server.domain.mailing import mail_lists
from server.domain.moderating import barriers
from server.errors import Forbidden, Invalid, NotFound, TooMany
from storage.accounts import Account
from tests.web.test_mail_follows import ADDRESS, LINK, STOP, Door, door

__all__ = ["door"]

CSV = (
    'Name,Mail\n"Doe, J",neighbour@mail.example\nK,Neighbour+x@MAIL.example\nL,other@mail.example\n'
)


async def upload(door: Door, text: str, who: Account | None = None) -> mail_lists.Standing:
    async with door.house.work.transaction() as tx:
        return await mail_lists.upload(tx, who or door.organiser, door.group, text)


async def test_each_address_is_asked_once_and_follows_when_it_says_so(door: Door) -> None:
    told = await upload(door, CSV)
    assert (told.added, told.waiting, told.followers) == (2, 2, 0)
    assert await door.run() == 2
    sent = next(each for each in door.kept.mails if each["To"] == ADDRESS)
    assert "Would you like a weekly mail about The shared garden?" in sent["Subject"]
    assert sent["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert await door.rows() == 0, "nobody is subscribed by a list"
    async with door.house.work.reading() as tx:
        kept = await tx.conn.fetchval("select count(sealed) from mail_invitations")
    assert kept == 0, "the list is dropped"
    found = LINK.search(sent.get_content())
    assert found
    await door.browser.get(found[1])
    assert await door.rows() == 0
    await door.browser.post(found[1])
    assert await door.rows() == 1


async def test_who_refused_is_not_asked_again_within_a_year(door: Door) -> None:
    await upload(door, ADDRESS)
    await door.run()
    assert (await door.browser.post(door.link(STOP))).status == 200
    assert await door.rows("new") == 0
    door.clock.forward(days=300)
    assert (await upload(door, ADDRESS)).added == 0
    assert await door.run() == 1


async def test_who_unsubscribed_before_is_on_no_list_for_a_year(door: Door) -> None:
    await door.follows()
    await door.says("News")
    await door.weeks()
    assert (await door.browser.post(door.link(STOP))).status == 200
    before = len(door.kept.mails)
    assert (await upload(door, ADDRESS)).added == 0
    assert await door.run() == before
    async with door.house.work.transaction() as tx:
        held = await tx.conn.fetch("select sealed, refused from mail_invitations")
        assert [(each["sealed"], each["refused"]) for each in held] == [(None, True)]
    door.clock.forward(days=366)
    async with door.house.work.transaction() as tx:
        await retention.run(tx)
        assert await tx.conn.fetchval("select count(*) from mail_invitations") == 0


async def test_who_follows_gets_no_invitation_and_nobody_learns_it(door: Door) -> None:
    await door.follows()
    before = await door.run()
    door.clock.forward(hours=2)
    assert (await upload(door, ADDRESS)).added == 1, "as with any other address"
    assert await door.run() == before


async def test_so_many_leave_in_an_hour(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail_lists, "PER_HOUR", 3)
    await upload(door, "\n".join(f"n{n}@mail.example" for n in range(8)))
    seen = [await door.run()]
    for _ in range(4):
        door.clock.forward(hours=1)
        seen.append(await door.run())
    assert seen == [3, 6, 8, 8, 8]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no e-mail address"),
        ("Name,Phone\nN,555-0199\n", "no e-mail address"),
        ("good@mail.example\nbad@\n", "Line 2"),
        ('"open', "no CSV"),
        ("\n".join(f"n{n}@mail.example" for n in range(501)), "at most 500"),
        ("x" * 100_001, "at most 100,000"),
    ],
)
async def test_a_list_that_is_none_leaves_nothing(door: Door, text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        await upload(door, text)
    async with door.house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from mail_invitations") == 0
        assert await tx.conn.fetchval("select count(*) from jobs where kind = 'mail_list'") == 0


async def test_only_who_steers_may_and_never_a_marked_account(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(Forbidden):
        await upload(door, ADDRESS, await door.house.person("member"))
    with monkeypatch.context() as few:
        few.setattr(mail_lists, "A_YEAR", 1)
        with pytest.raises(TooMany):
            await upload(door, CSV)
    async with door.house.work.transaction() as tx:
        official = await affiliations.declare(tx, door.organiser, "official")
    with pytest.raises(Forbidden):
        await upload(door, ADDRESS, official)


async def test_many_communities_of_one_member_have_one_limit(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever founds communities without end does not send mails without end."""
    monkeypatch.setattr(mail_lists, "A_DAY", 3)
    other = await door.house.community(door.organiser, "meadow")
    await upload(door, "a@mail.example\nb@mail.example")
    async with door.house.work.transaction() as tx:
        with pytest.raises(TooMany):
            await mail_lists.upload(tx, door.organiser, other, "c@mail.example\nd@mail.example")
        assert (await mail_lists.upload(tx, door.organiser, other, "c@mail.example")).added == 1
    door.clock.forward(days=1)
    async with door.house.work.transaction() as tx:
        assert (await mail_lists.upload(tx, door.organiser, other, "d@mail.example")).added == 1


async def test_what_may_not_be_written_to_is_passed_over(door: Door) -> None:
    async with door.house.work.transaction() as tx:
        await barriers.block_email_domain(tx, "spam.example")
    await upload(door, "robot@spam.example")
    assert await door.run() == 0


async def test_a_community_that_became_private_invites_nobody(door: Door) -> None:
    await upload(door, ADDRESS)
    async with door.house.work.transaction() as tx:
        await tx.conn.execute("update communities set visibility = 'private', policy = 'request'")
    with pytest.raises(NotFound):
        await upload(door, "other@mail.example")
    assert await door.run() == 0
    async with door.house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from mail_invitations") == 0
