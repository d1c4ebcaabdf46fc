"""The pages that a kind of call has besides: to whom one writes, what is promised, how a decision stands, what was counted outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from server.domain.calling import calls, commitments, decisions
from server.domain.calling.drafting import Wanted
from storage import calls as call_rows
from storage import claims, polls, posts, target_mails, targets
from storage import commitments as commitment_rows
from storage import decisions as decision_rows
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.web.house import Browser, House, open_house
from tests.web.test_organising import refused

KINDS = {
    "targets": ("contact", ""),
    "promises": ("need", ""),
    "decision": ("decision", "consent"),
    "outside": ("petition", ""),
}


async def made(house: House, below: str, group: Account, organiser: Account) -> Post:
    kind, variant = KINDS[below]
    capacity = 3 if kind == "need" else None
    wanted = Wanted(
        f"Ours: {kind}", Details(None, None, "UTC", capacity=capacity, goal=10), "Because",
        kind=kind, variant=variant,
    )  # fmt: skip
    async with house.work.transaction() as tx:
        return await calls.create(tx, organiser, group, wanted)


async def opened(house: House, below: str) -> tuple[Browser, Post, str]:
    organiser = await house.person("organiser")
    post = await made(house, below, await house.community(organiser), organiser)
    browser = await house.browser(organiser)
    path = f"/calls/{post.id}/organise/{below}"
    assert (await browser.get(path)).status == 200
    return browser, post, path


@pytest.mark.parametrize("below", KINDS)
async def test_only_those_who_steer_may_open_it(house: House, below: str) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    post = await made(house, below, group, organiser)
    path = f"/calls/{post.id}/organise/{below}"
    assert await refused(house, path) == {"stranger": 303, "member": 403, "rival": 403}
    other = await house.browser(await house.person("other"))
    await other.get("/")
    for sent in ({"act": "add", "lines": "x"}, {"act": "rules"}, {"category": "food"}):
        assert (await other.post(path, **sent)).status in (400, 403)
    assert (
        f'href="{path}"'
        in (await (await house.browser(organiser)).get(f"/calls/{post.id}/organise")).text
    )


@pytest.mark.parametrize("below", KINDS)
async def test_of_a_private_community_there_is_nothing(house: House, below: str) -> None:
    organiser = await house.person("organiser")
    group = await house.community(
        organiser, "shed", visibility="private", community_policy="request"
    )
    post = await made(house, below, group, organiser)
    path = f"/calls/{post.id}/organise/{below}"
    assert await refused(house, path) == {"stranger": 303, "member": 404, "rival": 404}


async def test_a_call_of_another_kind_has_no_such_page(house: House) -> None:
    organiser = await house.person("organiser")
    call = await house.call(organiser, await house.community(organiser))
    browser = await house.browser(organiser)
    path = f"/calls/{call.id}/organise"
    for below in ("targets", "promises", "decision"):
        assert (await browser.get(f"{path}/{below}")).status == 404
        assert f"{path}/{below}" not in (await browser.get(path)).text


async def test_targets_come_as_lines_or_a_table_all_or_none(house: House) -> None:
    browser, post, path = await opened(house, "targets")
    lines = 'The council, council@town.example, Council, "Hill, upper"\r\n\r\nThe press;https://press.example'
    done = await browser.post(path, act="add", lines=lines)
    assert done.headers["Location"] == f"{path}?done=added"
    async with house.work.reading() as tx:
        first, second = await targets.of_call(tx.conn, post.id)
    assert (first.name, first.address, first.role, first.area) == (
        "The council", "mailto:council@town.example", "Council", "Hill, upper",
    )  # fmt: skip
    assert (second.name, second.address) == ("The press", "https://press.example")
    for wrong, sentence in (
        ("A fine one, fine@town.example\nNo address", "Line 2: a name, then an address"),
        ("Bad, nonsense", "Line 1: An address is like"),
        (" \n ", "Write at least one line."),
        ("x\n" * 201, "A call has at most 200 targets."),
    ):
        seen = await browser.post(path, act="add", lines=wrong)
        assert seen.status == 422
        assert sentence in seen.words
    assert "nonsense" in (await browser.post(path, act="add", lines="Bad, nonsense")).text
    async with house.work.reading() as tx:
        assert len(await targets.of_call(tx.conn, post.id)) == 2


async def test_where_a_target_stands_and_what_is_written(house: House) -> None:
    browser, post, path = await opened(house, "targets")
    await browser.post(path, act="add", lines="The council, council@town.example")
    async with house.work.reading() as tx:
        (row,) = await targets.of_call(tx.conn, post.id)
    which = str(row.id)
    await browser.post(path, act="status", which=which, status="pledged", note="They <b>will</b>")
    seen = await browser.get(path)
    assert "Said yes" in seen.words
    assert "They <b>will</b>" in seen.words
    assert "<b>will" not in seen.text
    for act, sent in (
        ("status", {"which": which, "status": "bought", "note": ""}),
        ("status", {"which": "x", "status": "asked"}),
        ("script", {"which": "bought", "subject": "a", "body": "b"}),
    ):
        assert (await browser.post(path, act=act, **sent)).status == 400
    assert (await browser.post(path, act="status", which="99999", status="asked")).status == 404
    seen = await browser.post(path, act="script", which="refused", subject="", body="Please")
    assert seen.status == 422
    assert "Please" in seen.text
    await browser.post(path, act="script", which="refused", subject="Again", body="Please")
    async with house.work.reading() as tx:
        script = await targets.script(tx.conn, post.id, "refused")
    assert script
    assert script.subject == "Again"
    await browser.post(path, act="remove", which=which)
    assert "Nobody is on the list yet." in (await browser.get(path)).words


async def test_a_promise_is_accepted_and_kept_and_another_declined(house: House) -> None:
    browser, post, path = await opened(house, "promises")
    for name in ("baker", "carter"):
        giver = await house.person(name)
        async with house.work.transaction() as tx:
            await commitments.promise(tx, giver, post, 1, f"From the {name}")
    assert "2 promises wait" in (await browser.get(f"/calls/{post.id}/organise")).words
    async with house.work.reading() as tx:
        found = await commitment_rows.of_call(tx.conn, post.id, None, 9)
    first, second = sorted(str(row.id) for row in found)
    for step, which in (("accept", first), ("fulfil", first), ("decline", second)):
        assert (await browser.post(path, **{step: which})).status == 303
    seen = await browser.get(path)
    assert "Kept" in seen.words
    assert "Declined" in seen.words
    again = await browser.post(path, accept=first)
    assert again.status == 422
    assert "It is fulfilled, not promised." in again.words
    assert (await browser.post(path, accept="99999")).status == 404
    assert (await browser.post(path, category="gold")).status == 400
    await browser.post(path, category="food")
    async with house.work.reading() as tx:
        assert await commitment_rows.category(tx.conn, post.id) == "food"


async def test_an_office_reads_no_promises(house: House) -> None:
    browser, _, path = await opened(house, "promises")
    async with house.work.transaction() as tx:
        await tx.conn.execute("update accounts set affiliation = 'official'")
    assert (await browser.get(path)).status == 403
    assert (await browser.post(path, category="food")).status == 403


async def test_an_objection_is_met(house: House) -> None:
    browser, post, path = await opened(house, "decision")
    await browser.post(path, act="rules", quorum="many", threshold="")
    seen = await browser.post(path, act="rules", quorum="", threshold="101")
    assert seen.status == 422
    await browser.post(path, act="rules", quorum="1", threshold="")
    member = await house.person("member")
    async with house.work.transaction() as tx:
        await decisions.answer(tx, member, post, "object", "page", "Mud & stones")
    assert "1 objection is not met" in (await browser.get(f"/calls/{post.id}/organise")).words
    seen = await browser.get(path)
    assert "There are objections." in seen.words
    assert "Mud & stones" in seen.words
    assert "People answered by this rule, so it stays." in seen.words
    async with house.work.reading() as tx:
        (reason,) = await decision_rows.reasons(tx.conn, post.id, 2**62, 0, 9)
    seen = await browser.post(path, act="resolve", which=str(reason.id), how=" ")
    assert seen.status == 422
    assert "Say how the objection was met." in seen.words
    await browser.post(path, act="resolve", which=str(reason.id), how="We lay planks")
    assert "Met: We lay planks" in (await browser.get(path)).words
    assert (await browser.post(path, act="resolve", which="99999", how="x")).status == 404


async def test_what_is_secret_stays_so_for_who_organises(house: House) -> None:
    organiser, member = await house.person("organiser"), await house.person("member")
    group = await house.community(organiser)
    wanted = Wanted(
        "Which way?", Details(None, None, "UTC"), kind="decision", options=("Bridge", "Ford"),
        secret_until_closed=True,
    )  # fmt: skip
    async with house.work.transaction() as tx:
        post = await calls.create(tx, organiser, group, wanted)
        await decisions.answer(tx, member, post, "2", "page", "A secret reason")
    browser = await house.browser(organiser)
    path = f"/calls/{post.id}/organise"
    for below in ("", "/decision", "/people"):
        seen = await browser.get(path + below)
        assert seen.status == 200
        assert "A secret reason" not in seen.text
        assert "Ford" not in seen.text
    assert "@member" in (await browser.get(f"{path}/people?answer=1")).words
    assert ",2," not in (await browser.get(f"{path}/people.csv")).text


async def test_paper_is_counted_beside(house: House) -> None:
    browser, post, path = await opened(house, "outside")
    sent = {"people": "40", "what": "signatures on paper", "evidence": "https://town.example/scan"}
    for field, wrong in (("people", "many"), ("what", " "), ("evidence", "javascript:alert(1)")):
        seen = await browser.post(path, act="add", **{**sent, field: wrong})
        assert seen.status == 422
        assert f'id="{field}-error"' in seen.text
    assert (await browser.post(path, act="add", **sent)).status == 303
    assert "40 signatures on paper" in (await browser.get(path)).words
    async with house.work.reading() as tx:
        (claim,) = await claims.of_call(tx.conn, post.id)
    assert (await browser.post(path, act="remove", which="99999")).status == 404
    assert (await browser.post(path, act="remove", which=str(claim.id))).status == 303
    assert "signatures on paper, collected" in (await browser.get(path)).words


async def test_who_organises_lets_the_server_send_letters(database_url: str) -> None:
    async with open_house(database_url, mail=True) as house:
        browser, post, path = await opened(house, "targets")
        for wrong in ("", "x", "0", "999999"):
            seen = await browser.post(path, act="mailing", on="yes", per_hour=wrong, per_day="9")
            assert seen.status == 422
        sent = {"act": "mailing", "per_hour": "5", "per_day": "9", "hidden": "yes"}
        assert (await browser.post(path, on="yes", **sent)).status == 303
        async with house.work.reading() as tx:
            found = await target_mails.mailing(tx.conn, post.id)
        assert found
        assert (found.active, found.per_hour, found.hidden) == (True, 5, True)
        assert (await browser.post(path, **sent)).status == 303
        async with house.work.reading() as tx:
            found = await target_mails.mailing(tx.conn, post.id)
        assert found
        assert (found.active, found.hidden) == (False, True), "what was hidden stays so"


async def test_a_server_without_mail_offers_no_letters(house: House) -> None:
    browser, _, path = await opened(house, "targets")
    assert "Letters that this server sends" not in (await browser.get(path)).words
    sent = {"act": "mailing", "on": "yes", "per_hour": "5", "per_day": "9"}
    assert (await browser.post(path, **sent)).status == 403


@pytest.mark.parametrize("kind", ["petition", "contact", "need", "donate", "share", "decision"])
async def test_until_when_it_is_answered_is_changed_and_nothing_else(
    house: House, kind: str
) -> None:
    organiser = await house.person("organiser")
    group = await house.community(organiser)
    link = "https://give.example/fund" if kind == "donate" else None
    wanted = Wanted(
        "Ours", Details(None, None, "UTC", external_url=link), "Because *so*", "en", kind=kind,
        options=("Bridge", "Ford") if kind == "decision" else (),
    )  # fmt: skip
    async with house.work.transaction() as tx:
        post = await calls.create(tx, organiser, group, wanted)
        before = await call_rows.by_id(tx.conn, post.id)
        options = await polls.options(tx.conn, [post.id])
    browser = await house.browser(organiser)
    path = f"/calls/{post.id}/organise/change"
    await browser.get(path)
    sent = {"closes_date": "2032-04-01", "closes_time": "", "timezone": "Europe/Rome", "goal": ""}
    assert (await browser.post(path, act="until", **sent)).status == 303
    async with house.work.reading() as tx:
        after = await call_rows.by_id(tx.conn, post.id)
        now = await posts.by_id(tx.conn, post.id)
        assert await polls.options(tx.conn, [post.id]) == options
    assert before
    assert after
    assert now
    closes = datetime(2032, 4, 1, 21, 59, tzinfo=UTC)
    assert after == replace(
        before, closes_at=closes, timezone="Europe/Rome", revision=after.revision,
        tally_sent_at=after.tally_sent_at,
    )  # fmt: skip
    assert (now.title, now.source, now.language) == (post.title, post.source, post.language)
