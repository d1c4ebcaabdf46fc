"""One call of a private community opened to everybody: its page, answers by e-mail and with an account, and what they
are told, at the outermost door and through a real relay. Nowhere may a word of the community stand."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest

from federation.fetch import Egress, EgressConfig
from server import mail
from server.arriving import resolve
from server.arriving.resolve import Net
from server.config import load
from server.domain import policy
from server.domain.calling import (
    call_notices,
    calls,
    kinds,
    next_steps,
    opened,
    outcomes,
    participations,
)
from server.domain.calling.drafting import Wanted
from server.domain.calling.shifts import Shift
from server.domain.groups import communities
from server.domain.members import subscriptions
from server.domain.posting import posts as post_verbs
from server.domain.posting.drafts import Draft
from server.errors import Forbidden, Invalid
from server.jobs import later
from storage import accounts, posts, questions, sources
from storage import calls as call_rows
from storage import participations as rows
from storage.accounts import Account
from storage.calls import Details
from storage.next_steps import Next
from storage.posts import Post
from storage.sources import Source
from tests.clock import MovableClock
from tests.relay import Kept, relay
from tests.web.house import Browser, House, Seen, open_house

WORD = "xyzzy"
"""In every text of the community and of who is in it, but for the call that is opened."""
HOST = "Friends of the orchard"
ADDRESS = "neighbour@mail.example"
STAMP = re.compile(r'name="stamp" value="([^"]+)"')
LINK = re.compile(r"https://green\.example(/(?:answers|receipts)/\S+?)(?=[\s\"<]|$)")


@dataclass
class Den:
    """A private community with one call that is about to be opened, and all else in it that has the word."""

    house: House
    clock: MovableClock
    kept: Kept
    net: Net
    organiser: Account
    group: Account
    call: Post

    async def open(self) -> str:
        """The path of the page."""
        async with self.house.work.transaction() as tx:
            await opened.put(tx, self.organiser, self.call, HOST)
            standing = await opened.standing(tx, self.organiser, self.call)
        assert standing.url
        return standing.url.removeprefix("https://green.example")

    async def revoke(self) -> None:
        async with self.house.work.transaction() as tx:
            await opened.revoke(tx, self.organiser, self.call)

    async def send(self, browser: Browser, path: str) -> Seen:
        """Open the form, take a minute, and send it."""
        page = await browser.get(path)
        found = STAMP.search(page.text)
        assert found, page.words
        self.clock.forward(seconds=60)
        form = {"email": ADDRESS, "said": "going", "name": "Neighbour", "agree_answer": "1"}
        return await browser.post(f"{path}/by-email", **{"stamp": found[1], **form})

    async def confirmed(self, browser: Browser, path: str) -> str:
        """Answer by e-mail and confirm; gives the path of the receipt."""
        assert (await self.send(browser, path)).status == 200
        await self.work()
        done = await browser.post(self.link(self.kept.text()))
        assert done.status == 303, done.words
        return done.headers["Location"]

    async def work(self) -> None:
        while await later.work_once(self.net):
            pass

    @staticmethod
    def link(text: str) -> str:
        found = LINK.search(text)
        assert found, text
        return found[1]

    async def going(self) -> int:
        async with self.house.work.reading() as tx:
            row = await call_rows.by_id(tx.conn, self.call.id)
        assert row
        return row.confirmed

    async def letters(self, who: Account) -> list[tuple[int, str]]:
        """What was written to somebody alone, the first first, as HTML; and by which account."""
        async with self.house.work.reading() as tx:
            rows = await tx.conn.fetch(
                "select p.content, p.account_id from posts p join post_mentions m on m.post_id = p.id"
                " where m.account_id = $1 and p.visibility = 'direct' order by p.id",
                who.id,
            )
        return [(row["account_id"], row["content"]) for row in rows]


@pytest.fixture
async def den(database_url: str, free_port: Callable[[], int]) -> AsyncIterator[Den]:
    port = free_port()
    settings = load(
        {
            "BECKON_SMTP_URL": f"smtp+plain://127.0.0.1:{port}",
            "BECKON_SMTP_FROM": "The valley <noreply@green.example>",
        }
    )
    egress = Egress(EgressConfig("test", None, ()))
    clock = MovableClock()
    async with relay(port) as kept, open_house(database_url, mail=True, clock=clock) as house:
        organiser = await house.person(f"{WORD}_organiser")
        async with house.work.transaction() as tx:
            group = await communities.create(
                tx, organiser, f"{WORD}_den", f"{WORD} title", about=f"{WORD} about",
                community_policy="request", visibility="private",
            )  # fmt: skip
        call = await house.call(organiser, group)
        net = await resolve.open_net(house.work, egress, relay=mail.relay(settings))
        made = Den(house, clock, kept, net, organiser, group, call)
        await _fill(made)
        await made.work()
        yield made
        await egress.close()


async def _fill(den: Den) -> None:
    """Another call, which is the next step of the one that is opened; a comment; somebody who takes part."""
    at = den.house.now + timedelta(days=30)
    async with den.house.work.transaction() as tx:
        other = Wanted(f"{WORD} call", Details(at, None, "UTC"), f"{WORD} words")
        made = await calls.create(tx, den.organiser, den.group, other)
        details = Details(at, None, "UTC", place_name="The old orchard", guests_max=2)
        said = Wanted(den.call.title, details, "Bring gloves #compost")
        await calls.edit(tx, den.organiser, den.call, wanted=said)
        await next_steps.put(tx, den.organiser, den.call, Next(made.id, None))
        reply = Draft(
            content=f"<p>{WORD} comment</p>",
            in_reply_to=den.call,
            visibility="members",
            community=den.group,
        )
        await post_verbs.publish(tx, den.organiser, reply)
        await participations.answer(tx, den.organiser, den.call, "going", "page")


def no_word(seen: Seen | str) -> None:
    text = seen if isinstance(seen, str) else f"{seen.text} {dict(seen.headers)}"
    assert WORD not in text.casefold()


# --- the page ---


async def test_the_page_says_nothing_but_its_call(den: Den) -> None:
    path, stranger = await den.open(), await den.house.browser()
    page = await stranger.get(path)
    assert page.status == 200
    for said in ("Turn the compost", "Bring gloves", "The old orchard", HOST, "1 person"):
        assert said in page.words
    no_word(page)
    neighbour = await den.house.browser(await den.house.person("neighbour"))
    no_word(await neighbour.get(path))


async def test_the_page_is_kept_from_indexes_caches_and_other_servers(den: Den) -> None:
    page = await (await den.house.browser()).get(await den.open())
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert '<meta name="robots" content="noindex' in page.text
    assert page.headers["Cache-Control"] == "private, no-store"
    assert page.headers["Referrer-Policy"] == "same-origin"
    for told in (
        "og:",
        "canonical",
        "alternate",
        "activity+json",
        f"/calls/{den.call.id}",
        "/tags/",
    ):
        assert told not in page.text


async def test_who_has_the_address_of_the_call_alone_finds_nothing(den: Den) -> None:
    await den.open()
    stranger = await den.house.browser()
    for path in ("", ".ics", ".atom", "/poster", "/qr.svg"):
        assert (await stranger.get(f"/calls/{den.call.id}{path}")).status == 404
    sent = await stranger.post(f"/calls/{den.call.id}/by-email", email=ADDRESS, said="going")
    assert sent.status == 404
    neighbour = await den.house.browser(await den.house.person("neighbour"))
    assert (await neighbour.get(f"/calls/{den.call.id}")).status == 404
    assert (await neighbour.post(f"/calls/{den.call.id}/answer", said="going")).status == 404
    assert (await stranger.get(f"/open/{'a' * 43}")).status == 404
    assert (await stranger.get("/open/short")).status == 404


async def test_what_is_taken_back_is_gone_and_comes_back_elsewhere(den: Den) -> None:
    first, stranger = await den.open(), await den.house.browser()
    assert await den.open() == first, "an open page keeps its address"
    await den.revoke()
    gone = await stranger.get(first)
    assert gone.status == 404
    no_word(gone)
    assert (await stranger.post(f"{first}/by-email", email=ADDRESS)).status == 404
    second = await den.open()
    assert second != first
    assert [(await stranger.get(path)).status for path in (first, second)] == [404, 200]


async def test_what_was_removed_has_no_page(den: Den) -> None:
    path, stranger = await den.open(), await den.house.browser()
    async with den.house.work.transaction() as tx:
        await tx.conn.execute("update posts set removed = 'here' where id = $1", den.call.id)
    assert (await stranger.get(path)).status == 404


async def test_what_a_suspended_community_calls_to_has_no_page(den: Den) -> None:
    path, stranger = await den.open(), await den.house.browser()
    async with den.house.work.transaction() as tx:
        await accounts.suspend(tx.conn, den.group.id, tx.now)
    assert (await stranger.get(path)).status == 404
    assert (await stranger.post(f"{path}/by-email", email=ADDRESS)).status == 404
    neighbour = await den.house.browser(await den.house.person("neighbour"))
    await neighbour.get("/")
    assert (await neighbour.post(f"{path}/answer", said="going")).status == 404


@pytest.mark.parametrize("where", ["place", "address", "outcome", "source", "question"])
async def test_who_opens_it_is_told_where_its_name_stands(den: Den, where: str) -> None:
    await den.open()
    name, at = den.group.username, den.house.now + timedelta(days=30)
    async with den.house.work.transaction() as tx:
        there = {"place": "place_name", "address": "place_address"}.get(where)
        if there:
            await tx.conn.execute(
                f"update calls set {there} = $2 where post_id = $1", den.call.id, f"At {name}"
            )
        if where == "outcome":
            await tx.conn.execute(
                "update calls set outcome = $2, outcome_at = $3 where post_id = $1",
                den.call.id, f"<p>Thanks, {name}</p>", at,
            )  # fmt: skip
        if where == "source":
            await sources.put(
                tx.conn, den.call.id, [Source("https://a.example/", f"Notes of {name}")]
            )
        if where == "question":
            await questions.put(tx.conn, den.call.id, [(f"Do you know {name}?", False)])
        told = await opened.standing(tx, den.organiser, den.call)
    assert told.names == [name]


# --- by e-mail ---


async def test_a_stranger_answers_by_email_and_hears_what_becomes_of_it(den: Den) -> None:
    path, stranger = await den.open(), await den.house.browser()
    assert await den.going() == 1
    receipt = await den.confirmed(stranger, path)
    assert await den.going() == 2
    own = await stranger.get(receipt)
    assert path in own.text
    no_word(own)
    async with den.house.work.transaction() as tx:
        for what in ("reminder", "changed", "postponed"):
            await call_notices.send(tx, den.call.id, what)
        await call_notices.write_to_all(tx, den.organiser, den.call, "Boots, please")
    await den.work()
    async with den.house.work.transaction() as tx:
        await calls.edit(tx, den.organiser, den.call, state="cancelled")
        await outcomes.note(tx, den.organiser, den.call, "Nothing, and next time more.")
    await den.work()
    told = [m["Subject"].split(":")[0] for m in den.kept.mails]
    assert told == [
        "Was this you? Your answer to Turn the compost", "Your answer counts", "A reminder",
        "Time or place have changed", "Postponed", "From the organisers", "Cancelled", "What came of it",
    ]  # fmt: skip
    for at, one in enumerate(den.kept.mails):
        no_word(f"{one} {den.kept.text(at)}")
        assert f"by {HOST}" in den.kept.text(at)
        assert "Next:" not in den.kept.text(at)


async def test_a_suspended_community_writes_to_nobody(den: Den) -> None:
    path, stranger = await den.open(), await den.house.browser()
    await den.confirmed(stranger, path)
    await den.work()
    before = len(den.kept.mails)
    async with den.house.work.transaction() as tx:
        await accounts.suspend(tx.conn, den.group.id, tx.now)
        await call_notices.send(tx, den.call.id, "reminder")
    await den.work()
    assert len(den.kept.mails) == before


async def test_by_email_nobody_is_asked_for_more_than_this_call(den: Den) -> None:
    page = await (await den.house.browser()).get(await den.open())
    assert "those who make this call" in page.words
    assert "agree_news" not in page.text


async def test_after_it_was_taken_back_answers_stay_and_end_when_their_givers_say(den: Den) -> None:
    path, stranger = await den.open(), await den.house.browser()
    receipt = await den.confirmed(stranger, path)
    await den.revoke()
    assert await den.going() == 2
    own = await stranger.get(receipt)
    assert own.status == 200
    assert "/open/" not in own.text
    no_word(own)
    async with den.house.work.transaction() as tx:
        await call_notices.send(tx, den.call.id, "changed")
    await den.work()
    no_word(den.kept.text())
    assert "/open/" not in den.kept.text()
    done = await stranger.post(receipt, act="withdraw")
    assert "Your answer is taken back" in done.words
    no_word(done)
    assert await den.going() == 1


async def test_what_was_not_confirmed_before_is_not_after(den: Den) -> None:
    path, stranger = await den.open(), await den.house.browser()
    await den.send(stranger, path)
    await den.work()
    link = den.link(den.kept.text())
    no_word(await stranger.get(link))
    await den.revoke()
    refused = await stranger.post(link)
    assert refused.status in (403, 404)
    no_word(refused)
    assert await den.going() == 1


# --- with an account that is no member ---


async def test_an_account_answers_and_is_still_no_member(den: Den) -> None:
    path, neighbour = await den.open(), await den.house.person("neighbour")
    browser = await den.house.browser(neighbour)
    await browser.get(path)
    done = await browser.post(f"{path}/answer", said="going", guests="1")
    assert done.status == 303
    receipt = done.headers["Location"]
    own = await browser.get(receipt)
    assert "I'm coming" in own.words
    no_word(own)
    assert await den.going() == 2
    assert (await browser.get(f"/calls/{den.call.id}")).status == 404
    await den.work()
    assert await den.letters(neighbour) == [], "they saw it where they answered"
    await den.revoke()
    gone = await browser.post(receipt)
    no_word(gone)
    assert await den.going() == 1


async def test_what_becomes_of_it_the_server_tells_them_itself(den: Den) -> None:
    path, neighbour = await den.open(), await den.house.person("neighbour")
    browser = await den.house.browser(neighbour)
    await browser.get(path)
    await browser.post(f"{path}/answer", said="going")
    async with den.house.work.transaction() as tx:
        for what in ("reminder", "changed", "postponed"):
            await call_notices.send(tx, den.call.id, what)
    await den.work()
    async with den.house.work.transaction() as tx:
        await calls.edit(tx, den.organiser, den.call, state="closed")
        await outcomes.note(tx, den.organiser, den.call, "A heap of it.")
    await den.revoke()
    await den.work()
    told = await den.letters(neighbour)
    assert len(told) == 4
    for by, said in told:
        assert by not in (den.group.id, den.organiser.id)
        no_word(said)
        assert "/calls/" not in said
        own = await browser.get(den.link(said).removesuffix("/feedback"))
        assert own.status == 200
        no_word(own)
    page = await browser.get(den.link(told[-1][1]).removesuffix("/feedback") + "/feedback")
    assert page.status == 200
    no_word(page)
    async with den.house.work.reading() as tx:
        rung = await tx.conn.fetch(
            "select type, from_account_id from notifications where account_id = $1", neighbour.id
        )
    assert {row["type"] for row in rung} == {"mention"}
    assert not {den.group.id, den.organiser.id} & {row["from_account_id"] for row in rung}


async def test_who_waits_is_told_of_a_place_without_a_name(den: Den) -> None:
    path, neighbour = await den.open(), await den.house.person("neighbour")
    async with den.house.work.transaction() as tx:
        await tx.conn.execute("update calls set capacity = 1 where post_id = $1", den.call.id)
    browser = await den.house.browser(neighbour)
    await browser.get(path)
    await browser.post(f"{path}/answer", said="going")
    async with den.house.work.transaction() as tx:
        await participations.withdraw(tx, den.organiser, den.call)
    await den.work()
    ((by, said),) = await den.letters(neighbour)
    assert "A place is free now, and it is yours" in said
    assert by not in (den.group.id, den.organiser.id)
    no_word(said)


async def test_a_member_answers_there_as_one(den: Den) -> None:
    path, browser = await den.open(), await den.house.browser(den.organiser)
    await browser.get(path)
    await browser.post(f"{path}/answer", said="withdrawn")
    assert await den.going() == 0
    await browser.post(f"{path}/answer", said="going")
    async with den.house.work.reading() as tx:
        given = await rows.of_account(tx.conn, den.call.id, den.organiser.id)
    assert given
    assert given.door == "page"


async def test_who_answered_finds_the_call_in_nothing_of_theirs(den: Den) -> None:
    path, neighbour = await den.open(), await den.house.person("neighbour")
    browser = await den.house.browser(neighbour)
    await browser.get(path)
    await browser.post(f"{path}/answer", said="going")
    async with den.house.work.transaction() as tx:
        secret = await subscriptions.renew(tx, neighbour)
    calendar = await browser.get(f"/subscriptions/{secret}/calendar.ics")
    assert calendar.status == 200
    assert den.call.title not in calendar.text
    no_word(calendar)


async def test_who_is_shut_out_is_not_told_of_what(den: Den) -> None:
    path, loud = await den.open(), await den.house.person("loud")
    async with den.house.work.transaction() as tx:
        await tx.conn.execute(
            "insert into community_bans (community_id, account_id, created_at) values ($1, $2, now())",
            den.group.id, loud.id,
        )  # fmt: skip
    browser = await den.house.browser(loud)
    await browser.get(path)
    refused = await browser.post(f"{path}/answer", said="going")
    assert refused.status == 403
    no_word(refused)
    assert "community" not in refused.words
    assert await den.going() == 1


async def test_a_door_is_not_open_to_who_only_says_so(den: Den) -> None:
    neighbour = await den.house.person("neighbour")
    for door in ("opened", "page", "client"):
        async with den.house.work.transaction() as tx:
            with pytest.raises(Forbidden):
                await participations.answer(tx, neighbour, den.call, "going", door)
    await den.open()
    await den.revoke()
    async with den.house.work.transaction() as tx:
        with pytest.raises(Forbidden):
            await participations.answer(tx, neighbour, den.call, "going", "opened")


# --- what may be opened ---


async def test_a_shift_is_opened_without_its_call(den: Den) -> None:
    at = den.house.now + timedelta(days=9)
    wanted = Wanted(f"{WORD} week", Details(None, None, "UTC"), "Bring gloves", kind="volunteer")
    wanted = Wanted(
        wanted.title, wanted.details, wanted.about, kind="volunteer", shifts=(Shift("Morning", at),)
    )
    async with den.house.work.transaction() as tx:
        whole = await calls.create(tx, den.organiser, den.group, wanted)
        (shift,) = await call_rows.shifts(tx.conn, [whole.id])
        with pytest.raises(Forbidden) as refused:
            await opened.put(tx, den.organiser, whole, "")
        assert refused.value.reason == "open_its_shifts"
        post = await posts.by_id(tx.conn, shift.post_id)
        assert post
        await opened.put(tx, den.organiser, post, "")
        standing = await opened.standing(tx, den.organiser, post)
    assert standing.url
    assert standing.words
    no_word(standing.words)
    browser = await den.house.browser()
    page = await browser.get(standing.url.removeprefix("https://green.example"))
    assert "Morning" in page.words
    no_word(page)
    receipt = await den.confirmed(browser, standing.url.removeprefix("https://green.example"))
    den.clock.forward(days=11)
    await den.work()
    for one in range(len(den.kept.mails)):
        no_word(den.kept.text(one))
    asked = await browser.get(f"{receipt}/feedback")
    assert "How was it?" in asked.words
    no_word(asked)
    done = await browser.post(f"{receipt}/feedback", good="The company")
    assert "Thank you" in done.words
    no_word(done)


def test_what_is_for_members_alone_is_not_opened() -> None:
    for kind in kinds.KINDS:
        verdict = policy.may_open("members", kind, divided=False)
        wanted = "not_to_open" if kind in ("decision", "contact", "share") else ""
        assert verdict.reason == wanted


async def test_a_public_call_needs_no_such_page(den: Den) -> None:
    gardener = await den.house.person("gardener")
    call = await den.house.call(gardener, await den.house.community(gardener))
    async with den.house.work.transaction() as tx:
        with pytest.raises(Forbidden) as refused:
            await opened.put(tx, gardener, call, "")
        assert refused.value.reason == "open_already"
        with pytest.raises(Invalid):
            await opened.put(tx, den.organiser, den.call, "x" * 101)


async def test_who_opens_is_told_where_the_name_stands(den: Den) -> None:
    await den.open()
    async with den.house.work.transaction() as tx:
        assert (await opened.standing(tx, den.organiser, den.call)).names == []
        await opened.put(tx, den.organiser, den.call, f"{WORD} title")
        standing = await opened.standing(tx, den.organiser, den.call)
    assert standing.names == [f"{WORD} title"]
