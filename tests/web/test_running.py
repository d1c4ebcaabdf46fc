"""The pages of those who run the instance: who may open them, what they do, and what they leave in the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from aiohttp import web

from server.domain import retention
from server.domain.members import sign_up
from server.domain.moderating import reports
from server.domain.moderating import staff_log as staff_log_verbs
from server.domain.moderating.reports import Complaint
from server.web.running import desk
from server.web.running import routes as running
from storage import accounts as account_rows
from storage import staff_log, users
from storage.accounts import Account
from storage.timelines import Page
from tests.web.house import Browser, House

NUMBER = re.compile(r"\{[a-z_]+[^}]*\}")


def doors() -> Iterator[tuple[str, str]]:
    """Every address below /admin, with its method."""
    for route in running.routes():
        assert isinstance(route, web.RouteDef)
        yield route.method, NUMBER.sub("1", route.path)


async def staff(house: House, name: str, role: str) -> Account:
    person = await house.person(name)
    async with house.work.transaction() as tx:
        await users.set_role(tx.conn, person.user_id or 0, role)
    return person


async def keeper(house: House) -> Browser:
    return await house.browser(await staff(house, "keeper", "admin"))


async def log(house: House) -> list[tuple[str, str]]:
    """What was done, and in which role; the latest first."""
    async with house.work.reading() as tx:
        found = await staff_log.listed(tx.conn, Page(50), staff_log.Asked())
    return [(entry.action, entry.role) for entry in found]


async def test_no_member_finds_any_of_it(house: House) -> None:
    member = await house.browser(await house.person("member"))
    await member.get("/")
    for method, path in doors():
        ask = member.get if method == "GET" else member.post
        assert (await ask(path)).status == 404, path


async def test_a_stranger_is_asked_to_sign_in(house: House) -> None:
    stranger = await house.browser()
    for method, path in doors():
        if method == "GET":
            assert (await stranger.get(path)).headers["Location"].startswith("/sign-in"), path
        else:
            assert (await stranger.post(path)).status == 401, path


async def test_a_form_needs_the_token_of_the_session(house: House) -> None:
    admin = await keeper(house)
    for method, path in doors():
        if method == "POST":
            assert (await admin.post(path, token="0")).status == 403, path


CLOSED_TO_MODERATORS = ("/role", "/erase", "/mode", "/retry", "/forget")


async def test_a_moderator_finds_the_pages_of_administrators_closed(house: House) -> None:
    person = await staff(house, "helper", "moderator")
    moderator = await house.browser(person)
    assert "/admin" in (await moderator.get("/")).text
    for method, path in doors():
        open_ = "/".join(path.removeprefix("/admin").split("/")[:2]) in desk.MODERATORS
        if not open_ or path.endswith(CLOSED_TO_MODERATORS):
            ask = moderator.get if method == "GET" else moderator.post
            assert (await ask(path)).status == 403, path


async def test_an_account_is_found_and_silenced_and_let_speak(house: House) -> None:
    loud = await house.person("loud")
    admin = await keeper(house)
    found = await admin.get("/admin/accounts?q=lou&where=here")
    assert "@loud" in found.words
    assert "@keeper" not in found.text.partition("<main")[2].partition('class="plain')[2]
    by_mail = await admin.get("/admin/accounts?q=loud@mail.example")
    assert "@loud" in by_mail.words
    path = f"/admin/accounts/{loud.id}"
    await admin.get(path)
    done = await admin.post(f"{path}/action", type="silence", text="Less, please", mail="1")
    assert (done.status, done.headers["Location"]) == (303, f"{path}?done=done")
    assert (await house.reload(loud)).silenced_at
    page = await admin.get(path)
    assert "Less, please" in page.words
    assert "End the silence" in page.words
    await admin.post(f"{path}/unsilence")
    assert (await house.reload(loud)).silenced_at is None
    assert await log(house) == [("unsilence", "admin"), ("silence", "admin")]


async def test_what_cannot_be_is_told_with_the_words_kept(house: House) -> None:
    loud = await house.person("loud")
    admin = await keeper(house)
    await admin.get("/admin")
    path = f"/admin/accounts/{loud.id}/action"
    refused = await admin.post(path, type="shout", text="Kept words")
    assert refused.status == 422
    assert "Kept words" in refused.text
    assert await log(house) == []


async def test_nobody_decides_about_their_like(house: House) -> None:
    peer = await staff(house, "peer", "admin")
    admin = await keeper(house)
    page = await admin.get(f"/admin/accounts/{peer.id}")
    assert "Decide about this account" not in page.words
    for verb, sent in (
        ("action", {"type": "suspend"}),
        ("role", {"role": "member"}),
        ("sign-out", {}),
    ):
        assert (await admin.post(f"/admin/accounts/{peer.id}/{verb}", **sent)).status == 403
    assert (await house.reload(peer)).suspended_at is None


async def test_a_role_is_given_and_sessions_end(house: House) -> None:
    person = await house.person("helper")
    theirs = await house.browser(person)
    admin = await keeper(house)
    await admin.get("/admin")
    await admin.post(f"/admin/accounts/{person.id}/role", role="moderator")
    assert (await theirs.get("/admin")).status == 200
    await admin.post(f"/admin/accounts/{person.id}/sign-out")
    assert (await theirs.get("/admin")).status == 303
    assert [action for action, _ in await log(house)] == ["sign_out", "role"]


async def test_an_account_is_deleted_by_its_typed_name_alone(house: House) -> None:
    gone = await house.person("gone")
    admin = await keeper(house)
    await admin.get("/admin")
    path = f"/admin/accounts/{gone.id}"
    assert (await admin.post(f"{path}/erase", name="gone")).status == 403, "not suspended"
    await admin.post(f"{path}/action", type="suspend")
    assert (await admin.post(f"{path}/erase", name="gon")).status == 403
    assert not (await house.reload(gone)).erased
    assert (await admin.post(f"{path}/erase", name="@gone")).status == 303
    async with house.work.reading() as tx:
        row = await account_rows.by_id(tx.conn, gone.id)
    assert row is None or row.erased


async def wait(house: House, name: str) -> Account:
    """Somebody who signed up and waits."""
    async with house.work.transaction() as tx:
        await sign_up.set_mode(tx, "approved")
    wish = sign_up.Wish(name, f"{name}@mail.example", "a long password", True, "I like <b>bees</b>")
    ready = await sign_up.prepare(house.work, wish)
    async with house.work.transaction() as tx:
        return (await sign_up.sign_up(tx, ready))[1]


async def test_who_waits_is_let_in_or_refused(house: House) -> None:
    one, other = await wait(house, "one"), await wait(house, "other")
    admin = await keeper(house)
    page = await admin.get("/admin/sign-ups")
    assert "I like &lt;b&gt;bees" in page.text
    assert (await admin.get("/admin")).words.count("2 people wait to be let in") == 1
    await admin.post(f"/admin/sign-ups/{one.id}/approve")
    await admin.post(f"/admin/sign-ups/{other.id}/reject")
    assert not (await house.reload(one)).waiting
    async with house.work.reading() as tx:
        assert await account_rows.by_id(tx.conn, other.id) is None
    assert "Nobody waits" in (await admin.get("/admin/sign-ups")).words
    assert (await admin.post(f"/admin/sign-ups/{one.id}/approve")).status == 403
    assert (await log(house))[:2] == [("reject", "admin"), ("approve", "admin")]


async def test_who_may_sign_up(house: House) -> None:
    admin = await keeper(house)
    await admin.get("/admin/sign-ups")
    assert (await admin.post("/admin/sign-ups/mode", mode="sometimes")).status == 400
    await admin.post("/admin/sign-ups/mode", mode="open")
    async with house.work.reading() as tx:
        assert await sign_up.mode(tx) == "open"


async def complain(house: House, by: Account, target: Account, comment: str) -> int:
    async with house.work.transaction() as tx:
        return (await reports.report(tx, by, target, Complaint(comment=comment))).id


async def test_a_report_is_taken_on_and_decided(house: House) -> None:
    loud, gardener = await house.person("loud"), await house.person("gardener")
    number = await complain(house, gardener, loud, "Too <i>loud</i>")
    moderator = await house.browser(await staff(house, "helper", "moderator"))
    assert "Too &lt;i&gt;loud" in (await moderator.get("/admin/reports")).text
    path = f"/admin/reports/{number}"
    await moderator.get(path)
    await moderator.post(f"{path}/take-on")
    await moderator.post(f"{path}/sort", category="spam")
    assert "Spam" in (await moderator.get(path)).words
    refused = await moderator.post(f"{path}/action", type="shout", text="Kept")
    assert refused.status == 422
    assert "Kept" in refused.text
    await moderator.post(f"{path}/action", type="suspend", text="Spam")
    assert (await house.reload(loud)).suspended_at
    assert "Closed by" in (await moderator.get(path)).words
    assert "No report is open" in (await moderator.get("/admin/reports")).words
    assert f"Report {number}" in (await moderator.get("/admin/reports?which=closed")).words
    await moderator.post(f"{path}/reopen")
    did = [action for action, role in await log(house) if role == "moderator"]
    assert did == ["report_reopen", "report_resolve", "suspend", "report_sort", "report_take"]


@pytest.mark.parametrize("path", ["accounts/x", "accounts/99", "reports/99", "accounts/-1"])
async def test_what_is_not_there(house: House, path: str) -> None:
    assert (await (await keeper(house)).get(f"/admin/{path}")).status == 404


async def test_the_log_tells_who_did_what_in_which_role(house: House) -> None:
    async with house.work.transaction() as tx:
        await sign_up.set_mode(tx, "invited")
    admin = await keeper(house)
    await admin.get("/admin/sign-ups")
    await admin.post("/admin/sign-ups/mode", mode="open")
    page = await admin.get("/admin/log")
    assert page.words.count("changed who may sign up") == 2
    only = await admin.get("/admin/log?role=operator")
    assert "invited" in only.words
    assert only.words.count("changed who may sign up") == 1


async def test_what_was_decided_is_forgotten_after_two_years(house: House) -> None:
    async with house.work.transaction() as tx:
        await staff_log_verbs.note(tx, None, "clean")
        for days, left in ((729, 1), (731, 0)):
            later = replace(tx, now=tx.now + timedelta(days=days))
            await retention.run(later)
            assert await tx.conn.fetchval("select count(*) from staff_log") == left
    assert "two years" in (await (await house.browser()).get("/about")).words
