"""What organisers ask, between instances and through doors that cannot ask."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from federation import parse
from federation.activities import Join
from federation.errors import Refused
from server.arriving import resolve
from server.domain.calling import calls, participations, questions
from server.domain.calling.drafting import Wanted
from server.domain.calling.questions import Asked
from server.errors import Invalid
from storage import calls as call_rows
from storage import participations as rows
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from tests.federation.answering import Remote
from tests.federation.five import Five, neighbours
from tests.federation.instance import Instance
from tests.federation.peer import Peer

DISH, DIET = Asked("What do you bring?", required=True), Asked("What do you not eat?")


async def ask(ours: Instance, post: Post, *asked: Asked) -> None:
    async with ours.work.transaction() as tx:
        await questions.put(tx, post, asked or (DISH, DIET))


async def said(ours: Instance, post: Post) -> list[dict[str, str]]:
    async with ours.work.reading() as tx:
        call = await call_rows.by_id(tx.conn, post.id)
        assert call
        found = await rows.participants(tx.conn, post.id)
        return [dict(each) for each in (await questions.read(tx, call, found)).values()]


@dataclass
class Two:
    """``home`` has the call, ``away`` a member of its community. ``copy``: of the call there."""

    both: Five
    home: Instance
    away: Instance
    reader: Account
    post: Post
    copy: Post

    async def come(self, *fields: str) -> None:
        async with self.away.work.transaction() as tx:
            await participations.answer(
                tx, self.reader, self.copy, "going", "client", fields=fields
            )
        await self.both.settle()


@pytest.fixture
async def two(template_url: str, tmp_path: Path) -> AsyncIterator[Two]:
    async with neighbours(template_url, tmp_path) as near:
        both, home, away = near.both, near.home, near.away
        keeper, reader, group = near.keeper, near.reader, near.group
        details = Details(home.clock.now() + timedelta(days=7), None, "UTC")
        async with home.work.transaction() as tx:
            wanted = Wanted("Feast", details, questions=(DISH, DIET))
            post = await calls.create(tx, keeper, group, wanted)
        await both.settle()
        copy = await away.post(post.uri)
        assert copy
        yield Two(both, home, away, reader, post, copy)


async def test_a_member_elsewhere_is_asked_at_home_and_the_host_is_told(two: Two) -> None:
    async with two.away.work.reading() as tx:
        assert await questions.wanted(tx, two.copy.id) == (DISH, DIET)
    with pytest.raises(Invalid, match="What do you bring"):
        await two.come("", "Nuts")
    await two.come("Bread", "Nuts")
    assert await said(two.home, two.post) == [{DISH.text: "Bread", DIET.text: "Nuts"}]
    assert await two.away.value("select count(*) from participation_fields") == 0
    await two.come("", "")
    await two.come("Soup")
    assert await said(two.home, two.post) == [{DISH.text: "Soup"}]
    async with two.away.work.transaction() as tx:
        await participations.withdraw(tx, two.reader, two.copy)
    await two.both.settle()
    assert await two.home.value("select count(*) from participation_fields") == 0


async def test_a_petition_asks_nobody_of_another_server(two: Two) -> None:
    """Its server is not told who signs."""
    async with two.home.work.transaction() as tx:
        keeper = await two.home.member("signer")
        group = await two.home.community(keeper, "trees")
        petition = Wanted("Save it", Details(None, None, "UTC"), kind="petition", questions=(DIET,))
        post = await calls.create(tx, keeper, group, petition)
    copy = await resolve.post(two.away.net, post.uri)
    assert copy
    async with two.away.work.transaction() as tx:
        assert await questions.wanted(tx, copy.id) == ()
        with pytest.raises(Invalid, match="does not ask so much"):
            await participations.answer(tx, two.reader, copy, "sign", "client", fields=["Nuts"])


async def test_what_was_not_asked_or_not_to_be_is_refused_and_leaves_nothing(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Feast", 5)
    await ask(ours, event)
    one = Remote(ours, microblog, microblog.person("eater", key=1), event, garden)
    other = [{"type": "cta:Field", "name": "Your income?", "content": "None"}]
    assert "not_asked" in await one.send({**one.a_join(), "cta:fields": other})
    assert (await ours.call(event)).taken == 0
    given = [{"type": "cta:Field", "name": DISH.text, "content": "Bread"}]
    await one.send({**one.a_join(), "cta:fields": given})
    assert await said(ours, event) == [{DISH.text: "Bread"}]
    assert one.messages() == [], "an Accept says the rest"


@pytest.mark.parametrize(
    "fields",
    [
        "Bread",
        [{"name": "Q"}],
        [{"name": "Q", "content": 5}],
        [{"name": "", "content": "x"}],
        [{"name": "Q" * 201, "content": "x"}],
        [{"name": "Q", "content": "x" * 501}],
        [{"name": "Q", "content": "x"}, {"name": "Q", "content": "y"}],
        [{"name": f"Q{n}", "content": "x"} for n in range(4)],
    ],
)
def test_what_is_no_answer_to_questions_is_refused(fields: object) -> None:
    join: dict[str, Any] = {
        "id": "https://a.example/1", "type": "Join", "actor": "https://a.example/users/1",
        "object": "https://b.example/calls/1",
    }  # fmt: skip
    with pytest.raises(Refused) as refused:
        parse.parse_activity({**join, "cta:fields": fields})
    assert refused.value.reason == "bad_fields"
    found = parse.parse_activity(join)
    assert isinstance(found, Join)
    assert found.fields is None


@pytest.mark.parametrize("door", ["vote", "join", "reply"])
async def test_where_the_door_cannot_ask_the_receipt_does(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account, door: str
) -> None:
    event = await ours.event(organiser, garden, "Feast", 5)
    await ask(ours, event)
    await ours.rows("update calls set receipts = false")
    one = Remote(ours, microblog, microblog.person("eater", key=1), event, garden)
    await getattr(one, door)()
    assert (await ours.call(event)).counted == 1
    (words,) = one.words()
    assert DISH.text in words
    address = one.links()[0]
    async with microblog.session.get(address) as page:
        text = await page.text()
        assert DISH.text in text
        assert "required" in text
    typed = {"act": "fields", "question_0": ""}
    async with microblog.session.post(address, data=typed) as open_:
        assert open_.status == 422
    typed = {"act": "fields", "question_0": "Bread", "question_1": "Nuts"}
    async with microblog.session.post(address, data=typed) as done:
        assert done.status == 200
        assert "Bread" not in await done.text(), "what was said is shown to organisers alone"
    assert await said(ours, event) == [{DISH.text: "Bread", DIET.text: "Nuts"}]
    async with microblog.session.post(address) as gone:
        assert "taken back" in await gone.text()
    assert await ours.value("select count(*) from participation_fields") == 0
    assert len(one.messages()) == 1


async def test_a_call_that_is_over_asks_no_more(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Feast", 5)
    await ask(ours, event)
    one = Remote(ours, microblog, microblog.person("eater", key=1), event, garden)
    await one.vote()
    await ours.rows("update calls set state = 'closed'")
    typed = {"act": "fields", "question_0": "Bread"}
    async with microblog.session.post(one.links()[0], data=typed) as answer:
        assert answer.status == 403
    assert await said(ours, event) == []


async def test_a_reply_with_too_many_guests_is_told_so_once(
    ours: Instance, microblog: Peer, organiser: Account, garden: Account
) -> None:
    event = await ours.event(organiser, garden, "Feast", 5)
    await ours.rows("update calls set guests_max = 1")
    one = Remote(ours, microblog, microblog.person("eater", key=1), event, garden)
    await one.send(one.a_reply("count me in +3"))
    (words,) = one.words()
    assert "not counted" in words
    assert "1 guests at most" in words
    await one.edit("count me in +4")
    assert len(one.messages()) == 1
    await one.send(one.a_reply("count me in +1"))
    assert (await ours.call(event)).taken == 2
    assert "With you: 1." in one.words()[-1]
