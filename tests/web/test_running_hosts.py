"""Other servers, who comes in, words, files, jobs and mail, as administrators see and change them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import aiohttp
import pytest

from storage import host_allows, host_blocks, instance, invites, jobs, outbox
from tests.api.conftest import PASSWORD, Running, serving
from tests.relay import Kept, relay
from tests.web.house import TOKEN, House
from tests.web.test_running import keeper, log, staff


async def blocked(house: House) -> dict[str, str]:
    async with house.work.reading() as tx:
        return {row.host: row.severity for row in await host_blocks.every(tx.conn)}


async def actions(house: House) -> list[str]:
    return [action for action, _ in await log(house)]


async def test_a_server_is_blocked_changed_and_let_in_again(house: House) -> None:
    admin = await keeper(house)
    assert "No server is blocked" in (await admin.get("/admin/servers")).words
    sent = {"domain": "loud.example", "severity": "suspend", "public_comment": "Spam <b>"}
    assert (await admin.post("/admin/servers/blocks", **sent)).status == 303
    page = await admin.get("/admin/servers")
    assert "Spam &lt;b&gt;" in page.text
    assert (await admin.get("/admin/servers/blocks/1")).status == 200
    await admin.post("/admin/servers/blocks/1", severity="silence", private_comment="Watch it")
    assert await blocked(house) == {"loud.example": "silence"}
    again = await admin.post("/admin/servers/blocks", **sent)
    assert again.status == 422
    assert 'id="domain-error"' in again.text
    await admin.post("/admin/servers/blocks/1/lift")
    assert await blocked(house) == {}
    assert await actions(house) == ["host_lift", "host_change", "host_block"]
    assert (await admin.get("/admin/servers/blocks/1")).status == 404


async def test_a_server_cannot_block_itself(house: House) -> None:
    admin = await keeper(house)
    await admin.get("/admin/servers")
    refused = await admin.post(
        "/admin/servers/blocks", domain="green.example", severity="suspend", private_comment="Kept"
    )
    assert refused.status == 422
    assert "Kept" in refused.text
    assert await blocked(house) == {}


async def test_a_list_is_looked_at_before_it_holds(house: House) -> None:
    admin = await keeper(house)
    await admin.get("/admin/servers/import")
    sent = {
        "kind": "blocks",
        "list": "#domain,#severity\none.example,silence\ntwo.example,suspend\n",
    }
    preview = await admin.post("/admin/servers/import", step="preview", **sent)
    assert preview.status == 200
    assert "Nothing is changed yet" in preview.words
    assert "two.example Blocked" in preview.words
    assert await blocked(house) == {}
    assert (await admin.post("/admin/servers/import", step="apply", **sent)).status == 303
    assert await blocked(house) == {"one.example": "silence", "two.example": "suspend"}
    assert await actions(house) == ["host_import"]
    file = await admin.get("/admin/servers/blocks.csv")
    assert file.headers["Content-Type"].startswith("text/csv")
    assert "one.example,silence" in file.text


@pytest.mark.parametrize("text", ["", "no domain", "#domain,#severity\none.example,loudly"])
async def test_a_list_that_cannot_be_read_changes_nothing(house: House, text: str) -> None:
    admin = await keeper(house)
    await admin.get("/admin/servers/import")
    sent = {"kind": "blocks", "list": text, "step": "apply"}
    refused = await admin.post("/admin/servers/import", **sent)
    assert refused.status == 422
    assert 'id="list-error"' in refused.text
    assert await blocked(house) == {}


async def test_an_instance_is_limited_to_its_list(house: House) -> None:
    admin = await keeper(house)
    await admin.get("/admin/servers")
    assert (await admin.post("/admin/servers/allows", domain="?")).status == 422
    await admin.post("/admin/servers/allows", domain="friends.example")
    await admin.post("/admin/servers/limit", limited="yes")
    page = await admin.get("/admin/servers")
    assert "speaks only with the servers on its list" in page.words
    async with house.work.reading() as tx:
        assert await instance.limited(tx.conn)
        (row,) = await host_allows.every(tx.conn)
    await admin.post(f"/admin/servers/allows/{row.id}/remove")
    await admin.post("/admin/servers/limit", limited="no")
    assert await actions(house) == ["unlimit", "host_disallow", "limit", "host_allow"]


async def late(house: House, host: str) -> None:
    """Something that waits for a host until tomorrow."""
    author = await house.person("author")
    async with house.work.transaction() as tx:
        uri, inbox = "https://green.example/a/1", f"https://{host}/inbox"
        await outbox.send(tx.conn, uri, author.id, "", b"{}", {inbox: host}, tx.now)
        tx.wake("delivery", [host], tx.now + timedelta(days=1))
        await outbox.meet(tx.conn, [host])
        await outbox.host_failed(tx.conn, host, tx.now)


async def test_what_waits_for_a_server_is_tried_or_dropped(house: House) -> None:
    await late(house, "slow.example")
    admin = await keeper(house)
    page = await admin.get("/admin/deliveries")
    assert "slow.example Does not answer" in page.words
    assert (await admin.post("/admin/deliveries/retry", host="other.example")).status == 404
    assert (await admin.post("/admin/deliveries/retry", host="slow.example")).status == 303
    async with house.work.reading() as tx:
        (lane,) = await outbox.status(tx.conn)
        assert lane.ready_at <= tx.now
    await admin.post("/admin/deliveries/forget", host="slow.example")
    async with house.work.reading() as tx:
        assert await outbox.status(tx.conn) == []
    assert "Nothing waits." in (await admin.get("/admin/deliveries")).words
    assert await actions(house) == ["host_forget", "host_retry"]


async def test_a_moderator_sees_what_waits_and_drops_nothing(house: House) -> None:
    await late(house, "slow.example")
    moderator = await house.browser(await staff(house, "helper", "moderator"))
    page = await moderator.get("/admin/deliveries")
    assert "slow.example" in page.words
    assert "Drop what waits" not in page.words
    for verb in ("retry", "forget"):
        assert (
            await moderator.post(f"/admin/deliveries/{verb}", host="slow.example")
        ).status == 403


async def test_an_invitation_is_shown_once_and_taken_back(house: House) -> None:
    admin = await keeper(house)
    await admin.get("/admin/invitations")
    made = await admin.post("/admin/invitations", uses="5", days="0")
    link = made.text.partition('class="handle">')[2].partition("<")[0]
    assert "/invite/" in link
    page = await admin.get("/admin/invitations")
    assert link not in page.text
    assert "0 of 5 used" in page.words
    async with house.work.reading() as tx:
        (row,) = await invites.listed(tx.conn, tx.now + timedelta(days=1), 9)
    assert (await admin.post("/admin/invitations/revoke", digest="zz")).status == 404
    await admin.post("/admin/invitations/revoke", digest=row.digest.hex())
    assert (await admin.post("/admin/invitations/revoke", digest=row.digest.hex())).status == 404
    assert await actions(house) == ["uninvite", "invite"]


@pytest.mark.parametrize(
    ("kind", "sent", "shown"),
    [
        ("domain", {"domain": "spam.example"}, "spam.example"),
        ("email", {"email": "robot@people.example"}, "…"),
        ("network", {"ip": "192.0.2.0/24", "severity": "sign_up_block"}, "192.0.2.0/24"),
    ],
)
async def test_who_is_kept_out(house: House, kind: str, sent: dict[str, str], shown: str) -> None:
    moderator = await house.browser(await staff(house, "helper", "moderator"))
    await moderator.get("/admin/barred")
    assert (await moderator.post("/admin/barred", kind=kind, **sent)).status == 303
    assert shown in (await moderator.get("/admin/barred")).words
    twice = await moderator.post("/admin/barred", kind=kind, **sent)
    assert twice.status == 422
    assert "taken" in twice.words
    assert (await moderator.post("/admin/barred/1/lift", kind=kind)).status == 303
    assert (await moderator.post("/admin/barred/1/lift", kind=kind)).status == 404
    assert await log(house) == [("bar_lift", "moderator"), ("bar_add", "moderator")]


async def test_the_place_is_named_and_called_so_at_once(house: House) -> None:
    admin = await keeper(house)
    await admin.get("/admin/settings")
    refused = await admin.post("/admin/settings", title=" ", description="Kept")
    assert refused.status == 422
    assert 'id="title-error"' in refused.text
    assert "Kept" in refused.text
    wrong = await admin.post("/admin/settings", title="Beds", contact="nobody")
    assert 'id="contact-error"' in wrong.text
    saved = await admin.post("/admin/settings", title="Beds & berries", rules="Be kind\n\nShare")
    assert saved.status == 303
    about = await (await house.browser()).get("/about")
    assert "About Beds & berries" in about.words
    assert "Share" in about.words
    assert await actions(house) == ["describe"]


async def test_all_members_are_told_and_no_more(house: House) -> None:
    admin = await keeper(house)
    await admin.get("/admin/announcements")
    assert (await admin.post("/admin/announcements", text=" ")).status == 422
    assert (await admin.post("/admin/announcements", text="Hi", ends_at="soon")).status == 422
    await admin.post("/admin/announcements", text="We pause <now>", ends_at="2031-01-01T10:00")
    assert "We pause &lt;now&gt;" in (await admin.get("/admin/announcements")).text
    await admin.post("/admin/announcements/1/withdraw")
    assert (await admin.post("/admin/announcements/1/withdraw")).status == 404
    assert await actions(house) == ["withdraw", "announce"]


async def test_a_job_that_failed_is_tried_again_now(house: House) -> None:
    async with house.work.transaction() as tx:
        await tx.later("lane", "kind_of_work", {}, tx.now)
        await tx.conn.execute("update jobs set attempts = 2, last_error = 'No <answer>'")
        await tx.conn.execute("update jobs set run_at = now() + interval '1 day'")
    admin = await keeper(house)
    page = await admin.get("/admin/jobs")
    assert "No &lt;answer&gt;" in page.text
    async with house.work.reading() as tx:
        (row,) = await jobs.failing(tx.conn, 2**62, 9)
    await admin.post(f"/admin/jobs/{row.id}/again")
    async with house.work.reading() as tx:
        (row,) = await jobs.failing(tx.conn, 2**62, 9)
        assert row.run_at <= tx.now
    assert (await admin.post("/admin/jobs/999/again")).status == 404
    assert await actions(house) == ["job_again"]


async def test_files_are_cleaned_up_and_the_backup_is_told(house: House) -> None:
    async with house.work.transaction() as tx:
        made = instance.Backup(tx.now, "/somewhere/kept.tar.gz", 3_000_000)
        await instance.note_backup(tx.conn, made)
        await tx.conn.execute(
            "insert into remote_media (digest, key, expires_at)"
            " values ('\\x00', null, now() - interval '1 day'), ('\\x01', null, now() + interval '1 day')"
        )
    admin = await keeper(house)
    page = await admin.get("/admin/storage")
    assert "/somewhere/kept.tar.gz" in page.words
    assert "1 copy is old" in page.words
    await admin.post("/admin/storage/clean")
    assert await left(house) == 1
    await admin.post("/admin/storage/clean", cache="1")
    assert await left(house) == 0
    assert await actions(house) == ["clean", "clean"]


async def left(house: House) -> int:
    async with house.work.reading() as tx:
        return await tx.conn.fetchval("select count(*) from remote_media")


async def test_without_a_mail_server_the_page_says_so(house: House) -> None:
    page = await (await keeper(house)).get("/admin/mail")
    assert "sends no mail" in page.words


async def ask_for_mail(here: Running) -> str:
    """What the page says after the button was pressed."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(here.base, cookie_jar=jar) as browser:
        sent = {"name": "keeper", "password": PASSWORD, "next": "/admin/mail"}
        async with browser.post("/sign-in", data=sent) as page:
            token = TOKEN.findall(await page.text())[-1]
        async with browser.post("/admin/mail", data={"csrf": token}) as page:
            return await page.text()


async def try_mail(url: str, port: int, kept: Kept) -> str:
    mail = f"smtp+plain://127.0.0.1:{kept.port}"
    async with serving(url, port, smtp_url=mail, smtp_from="beckon@green.example") as here:
        await here.member("keeper", "admin")
        return await ask_for_mail(here)


async def test_a_test_mail_goes_to_who_asks_and_the_answer_is_shown(
    database_url: str, free_port: Callable[[], int]
) -> None:
    async with relay(free_port()) as kept:
        page = await try_mail(database_url, free_port(), kept)
    assert ">kept</code>" in page
    assert [mail["To"] for mail in kept.mails] == ["keeper@people.example"]


async def test_what_the_mail_server_refuses_is_shown(
    database_url: str, free_port: Callable[[], int]
) -> None:
    async with relay(free_port()) as kept:
        kept.refusal = "550 No such <mailbox>"
        page = await try_mail(database_url, free_port(), kept)
    assert "No such &lt;mailbox&gt;" in page
    assert not kept.mails
