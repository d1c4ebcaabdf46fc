"""Lists that a member brings along: what is read of a file, what is refused, and what becomes of each line."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import FormData
from hypothesis import given
from hypothesis import strategies as st

from federation.fetch import Egress
from server.arriving import brought, resolve
from server.arriving.resolve import Net
from server.domain import retention
from server.domain.members import farewell, imports
from server.errors import Invalid
from server.jobs import imports as job_of_imports
from server.jobs import later
from storage import follows, jobs
from storage import imports as rows
from storage.accounts import Account
from tests.clock import MovableClock
from tests.federation.peer import Peer, peer
from tests.tls_peer import egress_config
from tests.web.house import DOMAIN, Browser, House, Seen, open_house

DATA = "/settings/data"


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock()


@pytest.fixture
async def house(database_url: str, clock: MovableClock) -> AsyncIterator[House]:
    async with open_house(database_url, clock=clock) as made:
        yield made


@pytest.fixture
async def net(house: House, tmp_path: Path) -> AsyncIterator[Net]:
    async with Egress(egress_config(tmp_path, "127.0.0.0/8")) as egress:
        yield await resolve.open_net(house.work, egress)


@pytest.fixture
async def microblog() -> AsyncIterator[Peer]:
    async with peer("mastodon") as made:
        yield made


async def bring(
    browser: Browser, body: bytes | str, kind: str = "following", mode: str = "merge"
) -> Seen:
    await browser.get(DATA)
    sent = FormData(default_to_multipart=True)
    sent.add_field("kind", kind)
    sent.add_field("mode", mode)
    given = body.encode() if isinstance(body, str) else body
    sent.add_field("file", io.BytesIO(given), filename="../../x.csv", content_type="text/csv")
    return await browser.send_form(f"{DATA}/imports", sent)


async def settle(net: Net) -> None:
    while await later.work_once(net):
        pass


async def run(browser: Browser, net: Net, body: str, kind: str, mode: str = "merge") -> Seen:
    """Bring it, begin, and look when nothing is left to do."""
    seen = await bring(browser, body, kind, mode)
    assert seen.status == 303, seen.words
    path = seen.headers["Location"]
    await browser.get(path)
    assert (await browser.post(f"{path}/begin")).status == 303
    await settle(net)
    return await browser.get(path)


# What is read


def subjects(kind: str, body: str) -> list[tuple[str, str]]:
    return [(r.subject, r.reason) for r in brought.read(kind, body.encode(), DOMAIN)]


@pytest.mark.parametrize(
    ("kind", "body", "expected"),
    [
        ("following", "Account address,Show boosts\nb@far.example,false\n", ["b@far.example"]),
        ("following", "\ufeffAccount address\r\n@b@far.example\r\n\r\n", ["b@far.example"]),
        ("following", "b@far.example\ncook\n", ["b@far.example", f"cook@{DOMAIN}"]),
        ("blocks", "Account address\nb@FAR.example\n", ["b@far.example"]),
        ("mutes", "Account address,Hide notifications\nb@far.example,false\n", ["b@far.example"]),
        ("lists", '"Cooks, near",b@far.example\n', ["b@far.example"]),
        ("lists", "List name,Account address\nCooks,b@far.example\n", ["b@far.example"]),
        ("domains", "loud.example\n", ["loud.example"]),
        ("domains", "#domain,#severity\nloud.example,suspend\n", ["loud.example"]),
        ("bookmarks", "https://far.example/1\n", ["https://far.example/1"]),
        ("bookmarks", "#uri\nhttps://far.example/1\n", ["https://far.example/1"]),
    ],
)
def test_files_are_read_with_a_header_and_without(
    kind: str, body: str, expected: list[str]
) -> None:
    assert subjects(kind, body) == [(subject, "") for subject in expected]


def test_columns_are_found_by_their_names() -> None:
    body = b'Languages,Notify on new posts,Account address\n"de, EN, !",true,b@far.example\n'
    (line,) = brought.read("following", body, DOMAIN)
    assert line.options == {"reblogs": True, "notify": True, "languages": ["de", "en"]}


@pytest.mark.parametrize(
    ("kind", "line", "why"),
    [
        ("following", '"=HYPERLINK(""https://far.example"")"', brought.NO_ACCOUNT),
        ("following", "https://far.example/@b", brought.NO_ACCOUNT),
        ("following", "b@../../etc", brought.NO_ACCOUNT),
        ("blocks", "a b@far.example", brought.NO_ACCOUNT),
        ("lists", "b@far.example", brought.NO_LIST),
        ("lists", f"{'x' * 257},b@far.example", brought.NO_LIST),
        ("domains", "localhost", brought.NO_HOST),
        ("domains", "https://far.example/", brought.NO_HOST),
        ("domains", "me@far.example", brought.NO_HOST),
        ("domains", DOMAIN, brought.THIS_SERVER),
        ("bookmarks", "javascript:alert(1)", brought.NO_ADDRESS),
        ("bookmarks", "http://far.example/1", brought.NO_ADDRESS),
    ],
)
def test_a_line_that_cannot_be_read_says_why(kind: str, line: str, why: str) -> None:
    ((_, reason),) = subjects(kind, line + "\n")
    assert reason == why


def test_what_stands_there_twice_is_done_once() -> None:
    read = subjects("following", "b@far.example\nB@FAR.example\n")
    assert [reason for _, reason in read] == ["", brought.TWICE]
    assert [r for _, r in subjects("lists", "A,b@far.example\nB,b@far.example\n")] == ["", ""]


@given(st.binary(max_size=400), st.sampled_from(sorted(imports.KINDS)))
def test_whatever_comes_is_read_or_refused(body: bytes, kind: str) -> None:
    try:
        lines = brought.read(kind, body, DOMAIN)
    except Invalid as error:
        assert error.field == "file"
    else:
        assert all(len(line.subject) <= imports.SUBJECT for line in lines)


# What is refused


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\xff", "following", brought.NO_TEXT),
        (b"b@far.example\0\n", "following", brought.NO_TEXT),
        (b"#domain\nfar.example\n", "following", brought.OTHER),
        (b"Account address,Hide notifications\nb@far.example,true\n", "following", brought.OTHER),
        (b"Account address\nb@far.example\n", "lists", brought.OTHER),
        (b"nonsense of all kinds\n", "following", imports.NOTHING),
        (b"\n\n \n", "following", imports.NOTHING),
        (b"b@far.example\n", "everything", "Choose what this file is."),
        (b"", "following", "Choose a file."),
        (b"a@far.example\n" * (imports.LINES + 2), "following", brought.TOO_LONG),
        (b"x" * (imports.BYTES + 1), "following", "too large"),
        (b"x" * 20_000_000, "following", "too large"),
    ],
)
async def test_a_file_that_is_none_is_refused_beside_its_field(
    house: House, body: bytes, kind: str, sentence: str
) -> None:
    browser = await house.browser(await house.person("gardener"))
    seen = await bring(browser, body, kind)
    assert seen.status == 422
    assert sentence in seen.words
    assert 'id="file"' in seen.text
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from imports") == 0


async def test_a_file_with_another_form_s_token_is_refused(house: House) -> None:
    browser = await house.browser(await house.person("gardener"))
    await browser.get(DATA)
    sent = FormData(default_to_multipart=True)
    for name, value in {"csrf": "0" * 64, "kind": "following", "mode": "merge"}.items():
        sent.add_field(name, value)
    assert (await browser.send_form(f"{DATA}/imports", sent, token=False)).status == 403
    stranger = await house.browser()
    assert (await stranger.get(f"{DATA}/imports/1")).headers["Location"].startswith("/sign-in")


async def test_of_somebody_else_s_file_nobody_learns(house: House, net: Net) -> None:
    owner, other = await house.person("gardener"), await house.person("neighbour")
    path = (await bring(await house.browser(owner), "a@far.example\n")).headers["Location"]
    browser = await house.browser(other)
    await browser.get(DATA)
    for each in (path, f"{path}/failed.csv", f"{DATA}/imports/999999999999999999999"):
        assert (await browser.get(each)).status == 404
    for act in ("begin", "cancel"):
        assert (await browser.post(f"{path}/{act}")).status == 404
    await settle(net)
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select state from imports") == "checked"


# What becomes of it


async def test_it_is_looked_at_first_and_nothing_happens(house: House, net: Net) -> None:
    owner, cook = await house.person("gardener"), await house.person("cook")
    browser = await house.browser(owner)
    seen = await bring(browser, f"cook@{DOMAIN}\nnot one of these\n")
    page = await browser.get(seen.headers["Location"])
    assert "1 line can be worked off" in page.words
    assert brought.NO_ACCOUNT in page.words
    await settle(net)
    async with house.work.reading() as tx:
        assert await follows.between(tx.conn, owner.id, cook.id) is None
    gone = await browser.post(f"{seen.headers['Location']}/cancel")
    assert gone.headers["Location"] == f"{DATA}?done=removed"
    assert (await browser.get(seen.headers["Location"])).status == 404


async def test_people_are_found_elsewhere_and_who_is_not_says_why(
    house: House, net: Net, microblog: Peer
) -> None:
    owner, cook = await house.person("gardener"), await house.person("cook")
    baker = microblog.person("baker")
    body = (
        "Account address,Show boosts,Notify on new posts,Languages\n"
        f'cook@{DOMAIN},false,true,"de, en"\nbaker@{microblog.host},true,false,\n'
        f"nobody@{microblog.host},true,false,\nnobody@{DOMAIN},true,false,\n=1+1,true,false,\n"
        f"gardener@{DOMAIN},true,false,\n"
    )
    browser = await house.browser(owner)
    seen = await run(browser, net, body, "following")
    assert "Everything had its turn" in seen.words
    assert "2 Done 4 Not done 0 Still to come" in seen.words
    async with house.work.reading() as tx:
        made = await follows.between(tx.conn, owner.id, cook.id)
        asked = await tx.conn.fetchval(
            "select count(*) from follows f join accounts a on a.id = f.target_id where a.uri = $1",
            baker.uri,
        )
    assert made
    assert (made.reblogs, made.notify, made.languages) == (False, True, ["de", "en"])
    assert asked == 1
    path = f"{DATA}/imports/1/failed.csv"
    table = await browser.get(path)
    lines = table.text.splitlines()
    assert lines[0] == "Line,List,What,Why"
    assert [line.split(",")[0] for line in lines[1:]] == ["4", "5", "6", "7"]
    assert ',"\'=1+1,true,false,",' in table.text
    assert table.headers["Content-Disposition"] == 'attachment; filename="failed.csv"'


@pytest.mark.parametrize(
    ("kind", "line", "table"),
    [
        ("blocks", f"cook@{DOMAIN}", "blocks"),
        ("mutes", f"cook@{DOMAIN},false", "mutes"),
        ("domains", "loud.example", "account_domain_blocks"),
        ("lists", f"Cooks,cook@{DOMAIN}", "list_accounts"),
    ],
)
async def test_each_kind_does_what_its_button_does(
    house: House, net: Net, kind: str, line: str, table: str
) -> None:
    owner = await house.person("gardener")
    await house.person("cook")
    browser = await house.browser(owner)
    for _ in range(2):  # once more does no harm
        seen = await run(browser, net, f"{line}\n", kind)
        assert "1 Done 0 Not done" in seen.words
        async with house.work.reading() as tx:
            assert await tx.conn.fetchval(f"select count(*) from {table}") == 1


async def test_bookmarks_are_of_what_one_may_see(house: House, net: Net) -> None:
    owner, cook = await house.person("gardener"), await house.person("cook")
    secret = await house.call(cook, await house.community(cook))
    async with house.work.transaction() as tx:
        await tx.conn.execute("update posts set visibility = 'direct' where id = $1", secret.id)
    open_call = await house.call(owner, await house.community(owner, "yard"))
    browser = await house.browser(owner)
    seen = await run(browser, net, f"{open_call.uri}\n{secret.uri}\n", "bookmarks")
    assert "1 Done 1 Not done" in seen.words
    assert (await browser.get(f"{DATA}/bookmarks.csv")).text == f"{open_call.uri}\n"


async def follow(house: House, owner: Account, *others: Account) -> None:
    async with house.work.transaction() as tx:
        for other in others:
            await follows.insert(
                tx.conn, f"https://x.example/{other.id}", owner.id, other.id, tx.now, tx.now,
                reblogs=True, notify=False, languages=None,
            )  # fmt: skip


async def test_overwriting_says_what_goes_and_takes_it_away_last(house: House, net: Net) -> None:
    owner = await house.person("gardener")
    cook, smith = await house.person("cook"), await house.person("smith")
    await follow(house, owner, smith)
    browser = await house.browser(owner)
    made = await bring(browser, f"cook@{DOMAIN}\n", mode="overwrite")
    page = await browser.get(made.headers["Location"])
    assert "1 is not in the file, and goes" in page.words
    assert f"smith@{DOMAIN}" in page.words
    seen = await run(browser, net, f"cook@{DOMAIN}\n", "following", "overwrite")
    assert "2 Done 0 Not done" in seen.words
    async with house.work.reading() as tx:
        assert await follows.between(tx.conn, owner.id, smith.id) is None
        assert await follows.between(tx.conn, owner.id, cook.id)


async def test_one_file_at_a_time_and_what_is_stopped_says_what_was_left(
    house: House, net: Net
) -> None:
    owner, cook = await house.person("gardener"), await house.person("cook")
    browser = await house.browser(owner)
    path = (await bring(browser, f"cook@{DOMAIN}\n")).headers["Location"]
    await browser.post(f"{path}/begin")
    assert imports.BUSY in (await bring(browser, "a@far.example\n")).words
    assert (await browser.post(f"{path}/cancel")).headers["Location"] == f"{path}?done=done"
    await settle(net)
    seen = await browser.get(path)
    assert "You stopped this" in seen.words
    assert imports.CANCELLED in seen.words
    async with house.work.reading() as tx:
        assert await follows.between(tx.conn, owner.id, cook.id) is None
    assert (await bring(browser, "a@far.example\n")).status == 303


async def test_a_restart_goes_on_where_it_was(house: House, net: Net, tmp_path: Path) -> None:
    browser = await house.browser(await house.person("gardener"))
    many = job_of_imports.AT_ONCE + 5
    body = "".join(f"host{number}.example\n" for number in range(many))
    path = (await bring(browser, body, "domains")).headers["Location"]
    await browser.post(f"{path}/begin")
    async with house.work.reading() as tx:
        (job,) = await jobs.ready(tx.conn, ["import:1"], tx.now)
    await job_of_imports.run(net, job)  # and its worker died before it said so
    seen = await browser.get(path)
    assert f"{job_of_imports.AT_ONCE} Done 0 Not done 5 Still to come" in seen.words
    assert "data-fresh" in seen.text
    async with Egress(egress_config(tmp_path, "127.0.0.0/8")) as egress:
        await settle(await resolve.open_net(house.work, egress))
    assert f"{many} Done 0 Not done 0 Still to come" in (await browser.get(path)).words
    async with house.work.reading() as tx:
        assert await tx.conn.fetchval("select count(*) from account_domain_blocks") == many
        assert await tx.conn.fetchval("select count(*) from jobs where kind = 'import_lines'") == 0


async def test_a_silent_server_is_asked_again_and_then_given_up(
    house: House, net: Net, clock: MovableClock
) -> None:
    browser = await house.browser(await house.person("gardener"))
    seen = await run(browser, net, "a@127.0.0.1:9\n", "following")
    assert "1 Still to come" in seen.words
    for hours in (1, 2):
        clock.forward(hours=hours)
        await settle(net)
    seen = await browser.get(f"{DATA}/imports/1")
    assert "0 Done 1 Not done 0 Still to come" in seen.words


async def test_what_a_fault_of_ours_breaks_off_is_not_left_silent(house: House) -> None:
    owner = await house.person("gardener")
    browser = await house.browser(owner)
    path = (await bring(browser, "a@far.example\n")).headers["Location"]
    await browser.post(f"{path}/begin")
    async with house.work.transaction() as tx:
        await imports.give_up(tx, 1)
    assert imports.FAULT in (await browser.get(path)).words


async def test_it_goes_after_seven_days_or_with_the_account(
    house: House, clock: MovableClock
) -> None:
    owner, other = await house.person("gardener"), await house.person("neighbour")
    for each in (owner, other):
        await bring(await house.browser(each), "a@far.example\n")
    async with house.work.transaction() as tx:
        await farewell.erase(tx, other)
        assert await tx.conn.fetchval("select count(*) from import_lines") == 1
    clock.forward(days=7, seconds=1)
    async with house.work.transaction() as tx:
        await retention.run(tx)
        assert await rows.of(tx.conn, owner.id, 5) == []
        assert await tx.conn.fetchval("select count(*) from import_lines") == 0
