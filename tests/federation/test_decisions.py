"""A decision across servers: a Question for those who read one, a page for those who do not, one of them each."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.arriving import resolve
from server.domain import forms
from server.domain.calling import calls, decisions, deleting, participations
from server.domain.calling.decisions import Record
from server.domain.calling.drafting import Wanted
from server.domain.members import follows
from server.errors import Forbidden
from storage.accounts import Account
from storage.calls import Details
from storage.posts import Post
from storage.timelines import Page
from tests.federation.five import five
from tests.federation.instance import Instance
from tests.federation.peer import Json, Peer, peer
from tests.federation.test_microblog import act_create, join

OPEN = Details(None, None, "UTC")


async def decision(at: Instance, by: Account, group: Account, variant: str = "") -> Post:
    options = () if variant else ("Mondays", "Fridays")
    async with at.work.transaction() as tx:
        wanted = Wanted("When to meet", OPEN, kind="decision", variant=variant, options=options)
        return await calls.create(tx, by, group, wanted)


@pytest.fixture
async def asked(ours: Instance, garden: Account, organiser: Account) -> Post:
    return await decision(ours, organiser, garden)


FORMS = {
    "beckon": "Question",
    "piefed": "Question",
    "lemmy": "Page",
    "mbin": "Page",
    "mastodon": "card",
    "mobilizon": None,
}


def noun_of(document: Json) -> Json:
    inner = document["object"]
    return inner["object"] if document["type"] == "Announce" else inner


def shapes(document: Json) -> str:
    inner = noun_of(document)
    return "card" if inner.get("cta:cardFor") else inner["type"]


@pytest.mark.parametrize("software", FORMS)
async def test_each_reader_gets_one_form_and_keeps_it(
    ours: Instance, garden: Account, organiser: Account, software: str
) -> None:
    async with peer(software) as server:
        await join(ours, server, server.person("reader"), garden)
        found = await decision(ours, organiser, garden)
        await ours.settle()
        told = server.of_type("Create", "Announce")
        assert [shapes(d) for d in told] == ([FORMS[software]] if FORMS[software] else [])
        if FORMS[software] == "Page":
            inner = told[0]["object"]["object"]
            assert inner["id"] == f"{found.uri}/page"
            assert told[0]["object"]["actor"] == inner["attributedTo"] == organiser.uri
            assert "Mondays" in inner["content"]
        async with ours.work.transaction() as tx:
            await calls.edit(tx, organiser, found, state="closed")
            await deleting.delete(tx, organiser, found)
        await ours.settle()
        for document in told:
            gone = server.of_type("Delete", "Announce")[-1]
            assert noun_of(gone)["id"] == noun_of(document)["id"]
            assert noun_of(gone)["type"] == "Tombstone"


def test_who_reads_a_question_is_sent_one() -> None:
    assert forms.of_call("piefed", "question") == forms.BECKON
    assert forms.of_call("lemmy", "question") == forms.PAGE
    assert forms.of_call("mobilizon", "question") is None


async def test_a_decision_ends_as_piefed_needs(ours: Instance, asked: Post) -> None:
    call = await ours.call(asked)
    assert call.closes_at
    assert call.closes_at - asked.published_at == calls.DECIDED_IN


async def test_a_comment_below_the_page_is_in_the_thread_of_the_call(
    ours: Instance, microblog: Peer, garden: Account, asked: Post
) -> None:
    reader = microblog.person("reader")
    note = microblog.note(
        reader, "<p>Not on Mondays.</p>", [garden.uri], inReplyTo=f"{asked.uri}/page"
    )
    await act_create(ours, microblog, reader, note)
    reply = await ours.post(note["id"])
    assert reply
    assert (reply.in_reply_to_id, reply.thread_id) == (asked.id, asked.id)


async def test_there_is_no_page_beside_other_calls(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    event = await ours.event(organiser, garden, "Digging")
    reader = microblog.person("reader")
    liked = microblog.activity(reader, "Like", f"{event.uri}/page")
    await microblog.send(reader, liked, ours.inbox)
    await ours.settle()
    assert await ours.outcome(liked["id"]) == "unknown_object"


async def test_three_servers_decide(template_url: str, tmp_path: Path) -> None:
    """Ours, ours and a microblog: answered through every door, changed, withdrawn, closed, and recorded."""
    async with (
        five(template_url, tmp_path, ["home", "away"]) as both,
        peer("mastodon") as microblog,
    ):
        home, away = (server.here for server in both.servers)
        organiser, member = await home.member("organiser"), await away.member("neighbour")
        group = await home.community(organiser, "river")
        found = await resolve.actor(away.net, group.uri)
        async with away.work.transaction() as tx:
            await follows.follow(tx, member, found)
        reader = microblog.person("reader")
        await join(home, microblog, reader, group)
        await both.settle()
        asked = await decision(home, organiser, group, "consent")
        await both.settle()
        copy = await away.post(asked.uri)
        assert copy
        async with away.work.transaction() as tx:
            await decisions.answer(tx, member, copy, "object", "client", "It floods.")
        async with home.work.transaction() as tx:
            await decisions.answer(tx, organiser, asked, "agree", "client", "We need it.")
        (card,) = [d for d in microblog.of_type("Create") if shapes(d) == "card"]
        vote = microblog.vote(reader, card["object"], "I consent")
        assert (await microblog.send(reader, vote, home.inbox)).status == 202
        await both.settle()
        record = await record_of(home, asked)
        assert record.result.word == "blocked"
        assert [g.people for g in record.given] == [2, 0, 1]
        assert {r.reason for r in record.reasons} == {"It floods.", "We need it."}
        async with away.work.transaction() as tx:
            await participations.answer(tx, member, copy, "abstain", "client")
        await both.settle()
        record = await record_of(home, asked)
        assert (record.result.word, [g.people for g in record.given]) == ("consent", [2, 1, 0])
        assert [r.reason for r in record.reasons] == ["We need it."]
        async with away.work.transaction() as tx:
            await participations.withdraw(tx, member, copy)
        await both.settle()
        async with home.work.transaction() as tx:
            await calls.edit(tx, organiser, asked, state="closed")
        await both.settle()
        assert [g.people for g in (await record_of(home, asked)).given] == [2, 0, 0]
        assert (await away.call(copy)).state == "closed"
        with pytest.raises(Forbidden):
            async with away.work.transaction() as tx:
                await participations.answer(tx, member, copy, "agree", "client")


async def record_of(at: Instance, asked: Post) -> Record:
    async with at.work.reading() as tx:
        return await decisions.record(tx, asked, None, Page(40))


async def object_from(ours: Instance, away: Peer, who: str, asked: Post, why: str) -> Json:
    person = away.person(who)
    said = away.activity(person, "Join", asked.uri)
    said |= {"cta:answer": "object", "participationMessage": why}
    await away.send(person, said, ours.inbox)
    await ours.settle()
    return said


async def test_a_refused_join_changes_no_reason(
    ours: Instance, garden: Account, organiser: Account, microblog: Peer
) -> None:
    """What was objected, and how that was met, stands as it was when the decision closed."""
    asked = await decision(ours, organiser, garden, "consent")
    async with ours.work.transaction() as tx:
        await decisions.answer(tx, organiser, asked, "agree", "client", "We need it.")
    await object_from(ours, microblog, "reader", asked, "It floods.")
    reasons = (await record_of(ours, asked)).reasons
    (objection,) = [r for r in reasons if r.reason == "It floods."]
    async with ours.work.transaction() as tx:
        await decisions.resolve(tx, organiser, asked, objection.id, "We build a dam.")
        await calls.edit(tx, organiser, asked, state="closed")
    before = await record_of(ours, asked)
    assert before.result.word == "consent"
    await object_from(ours, microblog, "reader", asked, "Something else.")
    assert await record_of(ours, asked) == before
