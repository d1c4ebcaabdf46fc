"""All rows that a page of posts needs, loaded with a fixed number of queries whatever its length.

What the page quotes joins it first. Then one query each for accounts, mentions and the viewer's marks; and
only where the page has something of the kind, for apps, polls (with options and the viewer's choices),
calls (with the viewer's answers), cards of links, and filters that changed. Then everything is pure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from server.render import account, card, filters, quote
from server.render.quote import Quotes
from server.render.view import Json, View
from server.urls import Urls
from storage import accounts, calls, marks, oauth, participations, polls, posts
from storage.accounts import Account
from storage.calls import Call
from storage.cards import Shown
from storage.marks import Marks
from storage.oauth import App
from storage.participations import Participation
from storage.polls import Option, Poll
from storage.posts import Mentioned, Post


@dataclass(frozen=True, slots=True)
class Ballots:
    """The polls of a page."""

    polls: Mapping[int, Poll]
    options: Mapping[int, Sequence[Option]]
    choices: Mapping[int, Sequence[int]]
    calls: Mapping[int, Call]
    answers: Mapping[int, Participation]


NO_BALLOTS = Ballots({}, {}, {}, {}, {})


@dataclass(frozen=True, slots=True)
class Bundle:
    urls: Urls
    now: datetime
    viewer_id: int | None
    boosted: Mapping[int, Post]
    authors: Mapping[int, Account]
    people: Mapping[int, Json]  # rendered once, however often they appear
    mentions: Mapping[int, Sequence[Mentioned]]
    marks: Mapping[int, Marks]
    apps: Mapping[int, App]
    ballots: Ballots
    cards: Mapping[int, Shown]
    filtered: Mapping[int, list[Json]]  # by the viewer's filters
    quotes: Quotes
    quotable: Mapping[int, str]


async def load(
    view: View,
    shown: Sequence[Post],
    boosted: Mapping[int, Post],
    also: Iterable[int] = (),
) -> Bundle:
    """``boosted``: by id, for the boosts among ``shown``. ``also``: more accounts to render."""
    every = {p.id: p for p in shown} | dict(boosted)
    quotes = await quote.load(view, list(every.values()))
    every |= {p.id: p for p in quotes.whole}
    proper = [p for p in every.values() if p.reblog_of_id is None]
    ids = [p.id for p in proper]
    authors = {p.account_id for p in every.values()} | set(also)
    rows = await accounts.by_ids(view.conn, sorted(authors))
    ballots = await _ballots(view, proper)
    marks = await _marks(view, ids)
    return Bundle(
        urls=view.urls,
        now=view.now,
        viewer_id=view.viewer_id,
        boosted=boosted,
        authors=rows,
        people={row.id: account.account(view.urls, row) for row in rows.values()},
        mentions=await _mentions(view, ids),
        marks=marks,
        apps=await _apps(view, proper),
        ballots=ballots,
        cards=await card.load(view, proper),
        filtered=await filters.load(view, proper, ballots.options, _version(marks)),
        quotes=quotes,
        quotable=await view.quotable(proper),
    )


async def _mentions(view: View, ids: list[int]) -> Mapping[int, Sequence[Mentioned]]:
    by_post: dict[int, list[Mentioned]] = defaultdict(list)
    for row in await posts.mentioned(view.conn, ids) if ids else ():
        by_post[row.post_id].append(row)
    return by_post


async def _marks(view: View, ids: list[int]) -> Mapping[int, Marks]:
    if view.viewer_id is None or not ids:
        return {}
    return await marks.marks(view.conn, view.viewer_id, ids)


def _version(marks: Mapping[int, Marks]) -> UUID | None:
    """Of the viewer's filters."""
    return next((row.filters for row in marks.values()), None)


async def _apps(view: View, proper: Sequence[Post]) -> Mapping[int, App]:
    ids = sorted({p.app_id for p in proper if p.app_id is not None})
    return await oauth.apps(view.conn, ids) if ids else {}


async def _ballots(view: View, proper: Sequence[Post]) -> Ballots:
    ids = [p.id for p in proper if (p.kind == "question" or p.is_call)]
    if not ids:
        return NO_BALLOTS
    events = [p.id for p in proper if p.is_call]
    options: dict[int, list[Option]] = defaultdict(list)
    for option in await polls.options(view.conn, ids):
        options[option.post_id].append(option)
    choices: dict[int, list[int]] = defaultdict(list)
    answers: Mapping[int, Participation] = {}
    if view.viewer_id is not None:
        for choice in await polls.choices(view.conn, view.viewer_id, ids):
            choices[choice.post_id].append(choice.position)
        answers = await _answers(view, view.viewer_id, events)
    found = await polls.by_ids(view.conn, ids)
    return Ballots(found, options, choices, await _calls(view, events), answers)


async def _calls(view: View, ids: Sequence[int]) -> Mapping[int, Call]:
    return await calls.by_ids(view.conn, ids) if ids else {}


async def _answers(view: View, viewer_id: int, ids: Sequence[int]) -> Mapping[int, Participation]:
    return await participations.of_account_many(view.conn, viewer_id, ids) if ids else {}
