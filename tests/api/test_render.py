"""Rendering: a page costs the same few queries whatever its length, and titles never become markup."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.api.reading import statuses
from server.api.threads import ancestors, descendants
from server.clock import stamp
from server.domain.posting.drafts import Draft
from server.render import poll, status
from storage import timelines
from storage.calls import Call, Details
from storage.participations import Participation
from storage.polls import Option, Poll
from storage.posts import Post
from storage.timelines import Page
from tests.api.people import House

NOW = datetime(2030, 5, 4, 12, 0, 0, 123456, tzinfo=UTC)
HOUR = timedelta(hours=1)
POST = Post(
    id=1, uri="https://a.example/posts/1", url="https://a.example/posts/1", local=True, account_id=2,
    kind="note", reblog_of_id=None, community_id=None, in_reply_to_id=None,
    in_reply_to_account_id=None, thread_id=1, title="", content="<p>x</p>", source="x", summary="",
    sensitive=False, language=None, visibility="public", attachments=[], emojis=[], tags=[], app_id=None,
    quote_id=None,
    quoted_account_id=None, quote_state=None, quote_stamp=None, quote_automatic=[], quote_manual=[],
    replies_count=0, reblogs_count=0, favourites_count=0, quotes_count=0, published_at=NOW, edited_at=None,
    created_at=NOW, locked_at=None, removed=None, dislikes_count=0,
)  # fmt: skip
CALL = Call(
    post_id=1, community_id=3, kind="event", state="open", starts_at=NOW + HOUR, ends_at=None,
    timezone="Europe/Rome", place_name="Shed & yard", place_address="", latitude=None,
    longitude=None, capacity=None, guests_max=0, taken=0, may_be_started=True, card_uri=None, confirmed=0, expressed=0, waiting=0,
    tally_sent_at=None,
    revision=0,
    join_mode="free", external_url=None, variant="", closes_at=None, goal=None, goal_metric="people",
    urgent=False, outcome="", outcome_at=None, receipts=True,
    parent_id=None, choice=None, secret_until_closed=False,
)  # fmt: skip


async def queries(house: House, reader: Any, limit: int) -> tuple[int, int]:
    """How many posts a page of home held, and how many queries it took."""
    seen: list[str] = []
    async with house.work.reading() as tx:
        with tx.conn.query_logger(lambda record: seen.append(record.query)):
            ids = await timelines.home(tx.conn, reader.account.id, Page(limit), tx.now)
            page = await statuses(tx, ids, reader.account, feed=True)
    return len(page), len(seen)


async def test_a_page_costs_the_same_whatever_its_length(house: House) -> None:
    organiser, reader = await house.member("organiser"), await house.member("reader")
    garden = await house.community(organiser, "garden")
    await reader.good("POST", f"/api/v1/accounts/{garden.id}/follow")
    soon = datetime.now(UTC) + timedelta(days=1)
    for n in range(6):
        await organiser.says(f"@garden @reader {n}")
        await house.call(organiser, garden, Details(soon, None, "UTC"), f"Dig {n}")
    one, few = await queries(house, reader, 1)
    twelve, many = await queries(house, reader, 40)
    assert (one, twelve) == (1, 12)
    assert many <= few + 2, "a page with both kinds asks for mentions and apps too, once"
    assert many <= 13
    again, same = await queries(house, reader, 11)
    assert (again, same) == (11, many)


async def test_forty_posts_cost_as_many_queries_as_one(house: House) -> None:
    """Each with a tag, a mention and a quote of another member's post."""
    writer, other = await house.member("writer"), await house.member("other")
    reader = await house.member("reader")
    await reader.good("POST", f"/api/v1/accounts/{writer.id}/follow")
    for n in range(40):
        quoted = await other.says(f"said {n}")
        await writer.says(f"@reader #tea {n}", quoted_status_id=quoted["id"])
    one, few = await queries(house, reader, 1)
    forty, many = await queries(house, reader, 40)
    assert (one, forty) == (1, 40)
    assert many == few


def test_titles_and_places_are_text() -> None:
    titled = replace(POST, kind="page", title="<script>alert(1)</script>")
    assert "<script>" not in status.content(titled, None)
    event = status.content(replace(titled, kind="event"), CALL)
    assert "<script>" not in event
    assert "Shed &amp; yard" in event
    assert "Sat 4 May 2030, 15:00 CEST" in event


def test_what_links_elsewhere_says_where() -> None:
    remote = replace(POST, local=False, title="T", url="https://b.example/?a=1&b=2")
    for kind in ("article", "event"):
        html = status.content(replace(remote, kind=kind), None)
        assert 'href="https://b.example/?a=1&amp;b=2"' in html
    assert "href" not in status.content(replace(remote, kind="page"), None)
    link = [{"kind": "link", "url": "https://news.example/"}]
    assert "news.example" in status.content(replace(remote, kind="page", attachments=link), None)


@pytest.mark.parametrize(
    ("call", "expired"),
    [
        (CALL, False),
        (replace(CALL, state="postponed"), False),
        (replace(CALL, state="closed"), True),
        (replace(CALL, state="cancelled"), True),
        (replace(CALL, starts_at=NOW - HOUR), True),
        (replace(CALL, starts_at=NOW - HOUR, ends_at=NOW + HOUR), False),
    ],
)
def test_a_calls_poll_is_open_while_answers_are_taken(call: Call, expired: bool) -> None:
    row = Poll(1, multiple=False, ends_at=None, closed_at=None, voters_count=0)
    shown = poll.of_call(row, [Option(1, 0, "I'm coming", 0)], call, None, NOW)
    assert (shown["expired"], shown["voted"], shown["own_votes"]) == (expired, False, [])


@pytest.mark.parametrize(
    ("answer", "state", "own"),
    [("going", "waiting", [0]), ("maybe", "granted", [1]), ("declined", "granted", [2]),
     ("going", "pending", [0]), ("going", "refused", [])],
)  # fmt: skip
def test_an_answer_is_a_vote(answer: str, state: str, own: list[int]) -> None:
    at = ["going", "maybe", "declined"].index(answer)
    mine = Participation(
        id=1, turn=1, uri=None, post_id=1, account_id=2, contact_id=None, answer=answer, choice=at,
        counts=at == 0, state=state, tier="confirmed", door="page", created_at=NOW, answered_at=NOW,
        role=None, guests=0, ballot=None,
    )  # fmt: skip
    row = Poll(1, multiple=False, ends_at=None, closed_at=None, voters_count=0)
    shown = poll.of_call(row, [], CALL, mine, NOW)
    assert (shown["voted"], shown["own_votes"]) == (bool(own), own)


@given(st.datetimes(timezones=st.just(UTC)))
def test_times_have_three_digits(at: datetime) -> None:
    text = stamp(at)
    assert len(text) == 24
    assert abs(datetime.fromisoformat(text) - at) < timedelta(milliseconds=1)


@given(st.lists(st.integers(0, 30), max_size=30), st.integers(0, 30))
def test_a_thread_is_shown_once_parents_first(parents: list[int], at: int) -> None:
    """Whatever the rows say (loops too), nothing stands twice and no child before its parent."""
    thread = [replace(POST, id=n + 1, in_reply_to_id=p or None) for n, p in enumerate(parents)]
    focus = (
        replace(POST, id=at + 1, in_reply_to_id=parents[at] or None) if at < len(parents) else POST
    )
    above, below = ancestors(thread, focus), descendants(thread, focus)
    ids = [p.id for p in below]
    assert len(ids) == len(set(ids))
    known = {focus.id}
    for post in below:
        assert post.in_reply_to_id in known
        known.add(post.id)
    assert len({p.id for p in above}) == len(above)
    assert focus.id not in {p.id for p in above}


async def test_mentions_of_those_who_left_are_left_out(house: House) -> None:
    writer = await house.member("writer")
    far = await house.remote("far_writer")
    post = await writer.says("@far_writer@far.example hello")
    assert [m["acct"] for m in post["mentions"]] == ["far_writer@far.example"]
    async with house.work.transaction() as tx:
        await tx.conn.execute("delete from accounts where id = $1", far.id)
    shown = await writer.good("GET", f"/api/v1/statuses/{post['id']}")
    assert shown["mentions"] == []


async def test_a_boost_of_a_removed_post_is_gone(house: House) -> None:
    writer = await house.member("writer")
    far = await house.remote("far_writer")
    post = await house.arrives(far, "1", Draft(content="<p>x</p>"))
    boost = await writer.good("POST", f"/api/v1/statuses/{post.id}/reblog")
    async with house.work.transaction() as tx:
        await tx.conn.execute("delete from posts where id = $1", post.id)
    assert (await writer.get(f"/api/v1/statuses/{boost['id']}")).status == 404
