"""Decisions with their reasons, and the one appeal against each, on the pages of both sides; and reported posts."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from server.domain.moderating import group_moderation, reports
from server.domain.moderating.reports import Complaint
from server.domain.posting import posts
from server.domain.posting.drafts import Draft
from storage import appeals as rows
from storage.accounts import Account
from storage.posts import Post
from tests.web.house import Browser, House

OWN, APPEALS, REPORTS = "/settings/decisions", "/@garden/steer/appeals", "/@garden/steer/reports"


@dataclass(frozen=True)
class Garden:
    """``organiser`` and ``keeper`` steer it; ``writer`` is in it, and wrote ``post``."""

    house: House
    organiser: Account
    keeper: Account
    writer: Account
    group: Account
    post: Post

    async def removed(self, reason: str = "Off <i>topic</i>") -> int:
        """The id of the decision."""
        async with self.house.work.transaction() as tx:
            by = await group_moderation.steward(tx, self.group, self.organiser)
            await group_moderation.remove(tx, by, self.post, reason)
            (entry,) = await rows.decisions(tx.conn, self.writer.id, 2**62, 0, 9)
        return entry.id

    async def reported(self) -> None:
        async with self.house.work.transaction() as tx:
            said = Complaint([self.post.id], "Much <b>too</b> loud")
            await reports.report(tx, self.keeper, self.writer, said)


@pytest.fixture
async def garden(house: House) -> Garden:
    organiser, keeper, writer = [await house.person(n) for n in ("organiser", "keeper", "writer")]
    group = await house.community(organiser)
    steward = await house.browser(organiser)
    for each in (keeper, writer):
        await (await house.browser(each)).post("/@garden/follow")
    await steward.post("/@garden/steer", act="grant", handle="@keeper", role="moderator")
    async with house.work.transaction() as tx:
        post = await posts.publish(tx, writer, Draft(content="<p>Loud words</p>", community=group))
    assert post
    return Garden(house, organiser, keeper, writer, group, post)


async def appealed(garden: Garden) -> Browser:
    """Whom it met, with their appeal on its way."""
    entry = await garden.removed()
    member = await garden.house.browser(garden.writer)
    sent = await member.post(OWN, decision=str(entry), text="It was <u>not</u>")
    assert sent.headers["Location"] == f"{OWN}?done=sent"
    return member


async def number(garden: Garden) -> str:
    async with garden.house.work.reading() as tx:
        (row,) = await rows.of_community(tx.conn, garden.group.id, 2**62, 0, 9)
    return str(row.id)


async def test_whom_it_met_reads_why_and_appeals_once(garden: Garden) -> None:
    entry = await garden.removed()
    member = await garden.house.browser(garden.writer)
    page = await member.get(OWN)
    assert "Off &lt;i&gt;topic" in page.text and "A post was removed" in page.words
    empty = await member.post(OWN, decision=str(entry), text=" ")
    assert empty.status == 422
    assert "An appeal has 1 to" in empty.words
    await member.post(OWN, decision=str(entry), text="It was <u>not</u>")
    page = await member.get(OWN)
    assert "Waits for an answer" in page.words and "It was &lt;u&gt;not" in page.text
    assert "Send the appeal" not in page.words
    assert "organiser" not in page.words.lower().replace("organiser: “", "")
    again = await member.post(OWN, decision=str(entry), text="Really")
    assert again.status == 403
    assert "looked at once" in again.words


async def test_what_met_somebody_else_is_not_there(garden: Garden) -> None:
    entry = await garden.removed()
    other = await garden.house.browser(garden.keeper)
    assert "Off " not in (await other.get(OWN)).words
    assert (await other.post(OWN, decision=str(entry), text="Mine")).status == 404
    assert (await other.post(OWN, decision="x", text="Mine")).status == 400
    stranger = await garden.house.browser()
    assert (await stranger.get(OWN)).headers["Location"].startswith("/sign-in?next=")


async def test_another_steward_takes_it_back(garden: Garden) -> None:
    member = await appealed(garden)
    keeper = await garden.house.browser(garden.keeper)
    page = await keeper.get(APPEALS)
    assert "It was &lt;u&gt;not" in page.text and "Loud" in page.words
    sent = {"appeal": await number(garden), "reason": "We <b>erred</b>"}
    done = await keeper.post(APPEALS, verdict="take_back", **sent)
    assert done.headers["Location"] == f"{APPEALS}?done=done"
    page = await member.get(OWN)
    assert "The decision was taken back. We &lt;b&gt;erred" in " ".join(page.text.split()).replace(
        "</b> <bdi>", " "
    )
    assert (await member.get(f"/posts/{garden.post.id}")).status == 200
    again = await keeper.post(APPEALS, verdict="keep", **sent)
    assert again.status == 403
    assert "answered already" in again.words


async def test_who_decided_it_does_not_answer(garden: Garden) -> None:
    await appealed(garden)
    organiser = await garden.house.browser(garden.organiser)
    sent = {"appeal": await number(garden), "verdict": "keep", "reason": "No & no"}
    refused = await organiser.post(APPEALS, **sent)
    assert refused.status == 403
    assert "the decision was yours" in refused.words and "No &amp; no" in refused.text
    too_long = await organiser.post(APPEALS, **(sent | {"reason": "x" * 501}))
    assert too_long.status == 422


async def test_a_reported_post_is_removed_with_a_reason(garden: Garden) -> None:
    await garden.reported()
    organiser = await garden.house.browser(garden.organiser)
    page = await organiser.get(REPORTS)
    assert "Much &lt;b&gt;too" in page.text and "Loud" in page.words
    assert "keeper" not in page.words
    post = str(garden.post.id)
    long = await organiser.post(REPORTS, act="remove", post=post, reason="x" * 501)
    assert long.status == 422
    locked = await organiser.post(REPORTS, act="lock", post=post, reason="")
    assert locked.headers["Location"] == f"{REPORTS}?done=done"
    assert "Takes no more replies" in (await organiser.get(REPORTS)).words
    await organiser.post(REPORTS, act="remove", post=post, reason="Too loud")
    assert "No post of this community is reported" in (await organiser.get(REPORTS)).words
    assert "Too loud" in (await (await garden.house.browser(garden.writer)).get(OWN)).words


@pytest.mark.parametrize("path", [APPEALS, REPORTS])
async def test_it_is_for_those_who_steer_it(garden: Garden, path: str) -> None:
    await garden.reported()
    await appealed(garden)
    rival = await garden.house.person("rival")
    await garden.house.community(rival, "hill")
    sent = {"post": str(garden.post.id), "act": "lock", "verdict": "keep", "reason": "Mine"}
    sent["appeal"] = await number(garden)
    for account in (garden.writer, rival):
        browser = await garden.house.browser(account)
        assert (await browser.get(path)).status == 404
        assert (await browser.post(path, **sent)).status == 404
    theirs = await garden.house.browser(rival)
    assert (await theirs.post(path.replace("garden", "hill"), **sent)).status == 404
    stranger = await garden.house.browser()
    assert (await stranger.get(path)).headers["Location"].startswith("/sign-in?next=")
    assert (await stranger.post(path, **sent)).status in (303, 401, 403)
