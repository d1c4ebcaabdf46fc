"""Reports as a weapon: to ring at the moderators all day, and to open what is private."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.arriving import budgets
from server.domain.members import follows
from server.domain.moderating import reports
from server.domain.moderating.reports import Complaint
from server.errors import NotFound
from storage.accounts import Account
from tests.federation.instance import Instance
from tests.federation.peer import Peer
from tests.hostile.test_activities import outcome


async def test_one_server_reports_so_often_and_no_more(
    ours: Instance,
    attacker: Peer,
    microblog: Peer,
    organiser: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(budgets, "FLAGS", replace(budgets.FLAGS, limit=2))
    people = [attacker.person("one"), attacker.person("two", key=1)]
    seen: list[str | None] = []
    for who in (*people, *people):
        flag = attacker.activity(who, "Flag", [organiser.uri], content="x")
        seen.append(await outcome(ours, attacker, who, flag))
    assert seen == ["done", "done", "over_budget", "over_budget"]
    assert await ours.value("select count(*) from reports") == 2
    other = microblog.person("reader")
    flag = microblog.activity(other, "Flag", [organiser.uri], content="x")
    assert await outcome(ours, microblog, other, flag) == "done"


@pytest.mark.parametrize("visibility", ["private", "direct"])
async def test_a_report_opens_no_letter_of_others(
    ours: Instance, attacker: Peer, organiser: Account, visibility: str
) -> None:
    mallory = attacker.person("mallory")
    post = await ours.publish(organiser, "For friends", visibility=visibility)
    flag = attacker.activity(mallory, "Flag", [organiser.uri, post.uri], content="x")
    assert await outcome(ours, attacker, mallory, flag) == "done"
    assert await ours.value("select post_ids from reports") == []


async def test_what_a_server_was_sent_its_own_actor_may_report(
    ours: Instance, microblog: Peer, organiser: Account
) -> None:
    reader = microblog.person("reader")
    server = microblog.person("server", key=1, kind="Application")
    hello = microblog.note(reader, "<p>Hi</p>", [organiser.uri])
    await outcome(ours, microblog, reader, microblog.create(reader, hello))
    letter = await ours.publish(organiser, f"@reader@{microblog.host} rude", visibility="direct")
    flag = microblog.activity(server, "Flag", [organiser.uri, letter.uri], content="x")
    assert await outcome(ours, microblog, server, flag) == "done"
    assert await ours.value("select post_ids from reports") == [letter.id]


async def test_who_blocks_after_a_letter_can_still_be_reported(ours: Instance) -> None:
    rude, reader = await ours.member("rude"), await ours.member("reader")
    other = await ours.member("other")
    letter = await ours.publish(rude, "@reader go away", visibility="direct")
    open_ = await ours.publish(rude, "Nobody likes them")
    async with ours.work.transaction() as tx:
        await follows.block(tx, rude, reader)
        made = await reports.report(tx, reader, rude, Complaint(post_ids=[letter.id, open_.id]))
        assert made.post_ids == [letter.id, open_.id]
        with pytest.raises(NotFound):
            await reports.report(tx, other, rude, Complaint(post_ids=[letter.id]))
