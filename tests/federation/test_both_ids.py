"""The id of a call and that of its card lead to one call, by every door; and what a host was first sent of
it stays."""

from __future__ import annotations

import pytest

from server.arriving import resolve
from server.domain.calling import calls, deleting
from server.domain.forms import FORMS, of_call
from storage.accounts import Account
from storage.posts import Post
from tests.federation.instance import Instance
from tests.federation.peer import PUBLIC, Json, Peer, peer
from tests.federation.test_microblog import act, act_create, join

IDS = ["call", "card"]


@pytest.fixture
async def event(ours: Instance, garden: Account, organiser: Account) -> Post:
    return await ours.event(organiser, garden, "Digging")


async def uri_of(ours: Instance, event: Post, which: str) -> str:
    return event.uri if which == "call" else (await ours.call(event)).card_uri or ""


@pytest.mark.parametrize("which", IDS)
async def test_a_like_and_a_boost(ours: Instance, microblog: Peer, event: Post, which: str) -> None:
    uri = await uri_of(ours, event, which)
    reader = microblog.person("reader")
    liked = await act(ours, microblog, reader, "Like", uri)
    boosted = await act(ours, microblog, reader, "Announce", uri)
    seen = await ours.post(event.uri)
    assert seen
    assert (seen.favourites_count, seen.reblogs_count) == (1, 1)
    await act(ours, microblog, reader, "Undo", {**liked})
    await act(ours, microblog, reader, "Undo", {**boosted})
    seen = await ours.post(event.uri)
    assert seen
    assert (seen.favourites_count, seen.reblogs_count) == (0, 0)


@pytest.mark.parametrize("which", IDS)
async def test_a_reply(
    ours: Instance, microblog: Peer, event: Post, garden: Account, which: str
) -> None:
    uri = await uri_of(ours, event, which)
    reader = microblog.person("reader")
    note = microblog.note(reader, "<p>With boots?</p>", [garden.uri], inReplyTo=uri)
    await act_create(ours, microblog, reader, note)
    reply = await ours.post(note["id"])
    assert reply
    assert (reply.in_reply_to_id, reply.thread_id) == (event.id, event.id)


@pytest.mark.parametrize(
    ("which", "named"),
    [("call", "organiser"), ("call", "nobody"), ("card", "garden"), ("card", "nobody")],
)
async def test_a_report(
    ours: Instance, microblog: Peer, event: Post, organiser: Account, garden: Account,
    which: str, named: str,
) -> None:  # fmt: skip
    """A microblog names the account that it takes for the author: of a card the community."""
    uri = await uri_of(ours, event, which)
    account = {"organiser": [organiser.uri], "garden": [garden.uri], "nobody": []}[named]
    reporter = microblog.person("reporter")
    await act(ours, microblog, reporter, "Flag", [*account, uri])
    (report,) = await ours.rows("select target_id, post_ids from reports")
    assert report["post_ids"] == [event.id]
    assert report["target_id"] == (garden.id if named == "garden" else organiser.id)


@pytest.mark.parametrize("which", IDS)
async def test_a_search_by_its_address(ours: Instance, event: Post, which: str) -> None:
    found = await resolve.search(ours.net, await uri_of(ours, event, which))
    assert isinstance(found, Post)
    assert found.id == event.id


@pytest.mark.parametrize("which", IDS)
@pytest.mark.parametrize(("kind", "answer"), [("Join", "going"), ("TentativeAccept", "maybe")])
async def test_an_answer(
    ours: Instance, microblog: Peer, event: Post, which: str, kind: str, answer: str
) -> None:
    uri = await uri_of(ours, event, which)
    await act(ours, microblog, microblog.person("reader"), kind, uri)
    rows = await ours.rows("select post_id, answer from participations")
    assert rows == [{"post_id": event.id, "answer": answer}]


def quote_of(microblog: Peer, uri: str) -> tuple[Json, Json]:
    """As Mastodon asks (FEP-044f): the quoting post, and the request for it."""
    reader = microblog.person("reader")
    note = microblog.note(reader, "<p>Come!</p>", [], quote=uri)
    asked = microblog.activity(reader, "QuoteRequest", uri, instrument=note, to=[])
    return note, asked


@pytest.mark.parametrize("which", IDS)
async def test_a_quote_is_approved_by_whom_the_quoter_takes_for_the_author(
    ours: Instance, microblog: Peer, event: Post, organiser: Account, garden: Account, which: str
) -> None:
    uri = await uri_of(ours, event, which)
    owner = organiser.uri if which == "call" else garden.uri
    note, asked = quote_of(microblog, uri)
    await microblog.send(microblog.people["reader"], asked, ours.inbox)
    await ours.settle()
    (accept,) = microblog.of_type("Accept")
    assert (accept["actor"], accept["object"]["object"]) == (owner, uri)
    stamp = await microblog.fetch(accept["result"])
    assert (stamp["id"], stamp["attributedTo"]) == (accept["result"], owner)
    assert (stamp["interactionTarget"], stamp["interactingObject"]) == (uri, note["id"])
    quoting = await ours.post(note["id"])
    assert quoting
    assert (quoting.quote_id, quoting.quote_state) == (event.id, "accepted")


async def test_a_card_says_that_it_may_be_quoted(
    ours: Instance, microblog: Peer, garden: Account, organiser: Account
) -> None:
    await join(ours, microblog, microblog.person("reader"), garden)
    await ours.event(organiser, garden, "Digging")
    await ours.settle()
    (created,) = microblog.of_type("Create")
    policy = created["object"]["interactionPolicy"]["canQuote"]
    assert policy == {"automaticApproval": [PUBLIC]}


SOFTWARE = """akkoma friendica gancio gotosocial lemmy mastodon mbin misskey mobilizon nodebb piefed pleroma
snac wordpress beckon unheard_of""".split()


def shape(document: Json) -> str:
    """The form of what reached a host."""
    inner = document["object"]
    if document["type"] == "Announce":
        named = "page" if isinstance(inner, dict) else ""
        return named or "event"
    kind = inner.get("formerType", inner["type"])
    if kind == "Question":
        return "card"
    return "gancio" if "/communities/" in document["actor"] else "event"


@pytest.mark.parametrize("software", SOFTWARE)
async def test_every_software_gets_its_form_and_keeps_it(
    ours: Instance, garden: Account, organiser: Account, software: str
) -> None:
    """Whatever it becomes in between: Update and Delete follow what it was first sent."""
    async with peer(software) as server:
        await join(ours, server, server.person("member"), garden)
        event = await ours.event(organiser, garden, "Digging")
        await ours.settle()
        form = of_call(software)
        assert await ours.value("select form from call_forms where host = $1", server.host) == form
        for other in FORMS:
            async with ours.work.transaction() as tx:
                await tx.conn.execute(
                    "update hosts set software = $1", {"card": "x"}.get(other, other)
                )
                await calls.edit(tx, organiser, event, state="postponed")
                await calls.edit(tx, organiser, event, state="open")
            await ours.settle()
        async with ours.work.transaction() as tx:
            await deleting.delete(tx, organiser, event)
        await ours.settle()
        about = [r.document for r in server.received if r.type not in ("Add", "Remove")]
        seen = {shape(d) for d in about}
        assert seen == {form if form != "beckon" else "page"}
        assert about[0]["type"] in ("Create", "Announce")
        last = about[-1]["object"] if about[-1]["type"] == "Announce" else about[-1]
        assert last["type"] == "Delete"
