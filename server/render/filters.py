"""Filters: their entities, and which of them catch the posts of a page.

Matching is the server's part (``Status.filtered``); what to do with it, and in which of its contexts, is the
client's, as in Mastodon: a filter that hides is answered too. What a member posted themselves is never
filtered. The keywords of an account are made ready once and kept in memory with their version, which
every page asks for beside the viewer's marks; a statement more is needed only where it changed.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from server import text
from server.render import matching
from server.render.matching import Match, Rule
from server.render.view import Json, View, maybe_stamp
from storage import filters
from storage.filters import Filter, Keyword, Listed, Rules
from storage.polls import Option
from storage.posts import Post

KEPT = 256  # accounts


@dataclass(frozen=True, slots=True)
class Compiled:
    version: UUID
    rules: Sequence[Rule]


@dataclass(frozen=True, slots=True)
class Cache:
    """What was compiled, by account; who was asked for longest ago goes first."""

    by_account: OrderedDict[int, Compiled] = field(default_factory=OrderedDict[int, Compiled])

    def get(self, account_id: int) -> Compiled | None:
        found = self.by_account.get(account_id)
        if found:
            self.by_account.move_to_end(account_id)
        return found

    def put(self, account_id: int, compiled: Compiled) -> None:
        self.by_account[account_id] = compiled
        self.by_account.move_to_end(account_id)
        while len(self.by_account) > KEPT:
            self.by_account.popitem(last=False)


_CACHE = Cache()


async def rules_of(view: View, version: UUID | None) -> Sequence[Rule]:
    """The viewer's filters, the expired ones too. One statement, where the version is a new one."""
    if view.viewer_id is None or version is None:
        return ()
    known = _CACHE.get(view.viewer_id)
    if known and known.version == version:
        return known.rules
    rows = await filters.rules(view.conn, view.viewer_id)
    if not rows:
        return ()
    fresh = Compiled(rows[0].version, [_rule(row) for row in rows if row.id is not None])
    _CACHE.put(view.viewer_id, fresh)
    return fresh.rules


def _rule(row: Rules) -> Rule:
    assert row.id is not None, "the caller left out the empty row"
    return Rule(
        id=row.id,
        title=row.title or "",
        context=row.context or [],
        action=row.action or "warn",
        expires_at=row.expires_at,
        needles=[
            matching.needle(word, whole_word=whole)
            for word, whole in zip(row.keywords, row.whole_word, strict=True)
        ],
        post_ids=frozenset(row.post_ids),
    )


async def load(
    view: View,
    posts: Sequence[Post],
    options: Mapping[int, Sequence[Option]],
    version: UUID | None,
) -> Mapping[int, list[Json]]:
    """``filtered`` of each of these posts that is caught, by its id.

    ``options``: of their polls; ``version``: of the viewer's filters, None where there never were any.
    """
    rules = await rules_of(view, version) if posts else ()
    if not rules:
        return {}
    caught: dict[int, list[Json]] = {}
    for post in posts:
        if post.account_id != view.viewer_id:
            hits = matching.matches(rules, _haystack(post, options), post.id, view.now)
            if hits:
                caught[post.id] = [result(hit, post.id) for hit in hits]
            await asyncio.sleep(
                0
            )  # a thousand odd keywords take 50 ms a post: others go in between
    return caught


def _haystack(post: Post, options: Mapping[int, Sequence[Option]]) -> matching.Haystack:
    described = (str(a.get("description") or "") for a in post.attachments)
    titles = (option.title for option in options.get(post.id, ()))
    return matching.haystack(
        [post.summary, post.title, text.plain(post.content), *titles, *described]
    )


def result(match: Match, post_id: int) -> Json:
    """``FilterResult``: the filter in it has neither keywords nor statuses."""
    rule = match.rule
    return {
        "filter": {
            "id": str(rule.id),
            "title": rule.title,
            "context": list(rule.context),
            "expires_at": maybe_stamp(rule.expires_at),
            "filter_action": rule.action,
        },
        "keyword_matches": list(match.keywords) or None,
        "status_matches": [str(post_id)] if match.listed else None,
    }


def filter_(row: Filter, keywords: Sequence[Keyword], listed: Sequence[Listed]) -> Json:
    """``Filter`` of v2. ``keywords`` and ``listed`` may be those of other filters too."""
    return {
        "id": str(row.id),
        "title": row.title,
        "context": row.context,
        "expires_at": maybe_stamp(row.expires_at),
        "filter_action": row.action,
        "keywords": [keyword(k) for k in keywords if k.filter_id == row.id],
        "statuses": [status(p) for p in listed if p.filter_id == row.id],
    }


def keyword(row: Keyword) -> Json:
    """``FilterKeyword``."""
    return {"id": str(row.id), "keyword": row.keyword, "whole_word": row.whole_word}


def status(row: Listed) -> Json:
    """``FilterStatus``."""
    return {"id": str(row.id), "status_id": str(row.post_id)}


def v1(row: Filter, word: Keyword) -> Json:
    """``Filter`` of v1: one keyword each, known by its id."""
    return {
        "id": str(word.id),
        "phrase": word.keyword,
        "context": row.context,
        "whole_word": word.whole_word,
        "expires_at": maybe_stamp(row.expires_at),
        "irreversible": row.action == "hide",
    }
