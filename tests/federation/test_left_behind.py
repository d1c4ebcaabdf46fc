"""Who went from a private community is told nothing more of its calls, those that they took part in too."""

from __future__ import annotations

import pytest

from server.domain.calling import call_notices, calls, outcomes, receipts
from server.domain.members import follows
from server.domain.moderating import group_moderation
from storage import participations
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.members import enter, get, join, private
from tests.federation.peer import Peer
from tests.federation.test_private_calls import make, say, texts

SECRET = "We meet in the cellar"


@pytest.fixture
async def shed(ours: Instance, organiser: Account) -> Account:
    return await private(ours, organiser)


async def told(ours: Instance, who: Account) -> int:
    return await ours.value(
        "select count(*) from notifications n left join posts p on p.id = n.post_id"
        " where n.account_id = $1 and (p.visibility = 'members' or p.content like '%cellar%')",
        who.id,
    )


async def go(ours: Instance, who: Account, shed: Account, organiser: Account, how: str) -> None:
    async with ours.work.transaction() as tx:
        if how == "banned":
            by = await group_moderation.steward(tx, shed, organiser)
            await group_moderation.ban(tx, by, who, group_moderation.Ban(reason="loud"))
        else:
            await follows.unfollow(tx, who, shed)
    await ours.settle()


@pytest.mark.parametrize("how", ["left", "banned"])
async def test_who_went_hears_no_more_of_what_is_over(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer, how: str
) -> None:
    """Neither what came of it nor what is written to all, here and on other servers; who stayed hears both."""
    stays, goes = await ours.member("stays"), await ours.member("goes")
    for who in (stays, goes):
        await enter(ours, who, shed)
    far = microblog.person("far")
    await join(ours, microblog, far, shed)
    post = await make(ours, organiser, shed, "petition")
    (create,) = microblog.of_type("Create")
    for who in (stays, goes):
        await say(ours, who, post)
    await microblog.send(far, microblog.vote(far, create["object"], "Count me"), ours.inbox)
    await ours.settle()
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="closed")
    await ours.settle()
    there = await ours.known(far.uri)
    assert there
    for who in (goes, there):
        await go(ours, who, shed, organiser, how)
    before = await told(ours, goes)
    microblog.received.clear()
    async with ours.work.transaction() as tx:
        await outcomes.note(tx, organiser, post, SECRET)
        await call_notices.write_to_all(tx, organiser, post, SECRET)
    await ours.settle()
    assert await told(ours, stays) > 1
    assert await told(ours, goes) == before
    assert SECRET not in texts(microblog)


async def test_the_link_to_an_answer_leads_nowhere_for_who_went(
    ours: Instance, organiser: Account, shed: Account, microblog: Peer
) -> None:
    """It shows a call that is for members; what is over cannot be taken back anyway."""
    far = microblog.person("far")
    await join(ours, microblog, far, shed)
    post = await make(ours, organiser, shed, "petition")
    (create,) = microblog.of_type("Create")
    await microblog.send(far, microblog.vote(far, create["object"], "Count me"), ours.inbox)
    await ours.settle()
    async with ours.work.transaction() as tx:
        await calls.edit(tx, organiser, post, state="closed")
        (given,) = await participations.participants(tx.conn, post.id)
        link = await receipts.again(tx, given)
    there = await ours.known(far.uri)
    assert there
    assert (await get(microblog, link, accept="text/html")).status == 200
    await go(ours, there, shed, organiser, "left")
    for page in (link, f"{link}/feedback"):
        shown = await get(microblog, page, accept="text/html")
        assert (shown.status, post.title in shown.body.decode()) == (404, False)
