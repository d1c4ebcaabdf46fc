"""Filters: what members want hidden or warned of. Private to them; nothing of it leaves.

How much one may look for is limited, because every page of theirs pays for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import events, filters
from storage.accounts import Account
from storage.filters import ACTIONS, CONTEXTS, Filter, Keyword, Listed
from storage.posts import Post

TITLE_MAX = 256
KEYWORD_MAX = 512
FILTERS_MAX = 200
KEYWORDS_MAX = 1000
"""Of one account, in all its filters; posts the same."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All of a filter but what it catches. ``expires_at``: None for never."""

    title: str
    context: Sequence[str]
    action: str = "warn"
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Word:
    """A keyword as asked for. Without ``id`` it is new; None leaves what stands."""

    id: int | None = None
    keyword: str | None = None
    whole_word: bool | None = None
    gone: bool = False


def check(wanted: Settings) -> None:
    """Raises ``Invalid``."""
    if not wanted.title.strip():
        raise Invalid("Validation failed: Title can't be blank", field="title")
    if len(wanted.title) > TITLE_MAX:
        raise Invalid(
            mark(
                "Validation failed: Title is too long (maximum is %(most)s characters)",
                most=TITLE_MAX,
            ),
            field="title",
        )
    if not wanted.context or not set(wanted.context) <= set(CONTEXTS):
        raise Invalid(
            "Validation failed: Context None or invalid context supplied", field="context"
        )
    if wanted.action not in ACTIONS:
        raise Invalid(
            "Validation failed: Filter action is not included in the list", field="filter_action"
        )


def _keyword(words: str | None) -> str:
    """Raises ``Invalid``."""
    clean = (words or "").strip()
    if not clean:
        raise Invalid("Validation failed: Keyword can't be blank", field="keyword")
    if len(clean) > KEYWORD_MAX:
        raise Invalid(
            mark(
                "Validation failed: Keyword is too long (maximum is %(most)s characters)",
                most=KEYWORD_MAX,
            ),
            field="keyword",
        )
    return clean


async def create(tx: Tx, owner: Account, wanted: Settings, words: Sequence[Word]) -> Filter:
    """Raises ``Invalid``."""
    check(wanted)
    await _changed(tx, owner)
    if await filters.count(tx.conn, owner.id) >= FILTERS_MAX:
        raise Invalid(
            mark("Validation failed: There are at most %(most)s filters", most=FILTERS_MAX),
            field="title",
        )
    context = list(dict.fromkeys(wanted.context))
    row = await filters.insert(
        tx.conn, owner.id, wanted.title, context, wanted.action, wanted.expires_at, tx.now
    )
    await _set_words(tx, owner, row.id, words)
    return row


async def edit(
    tx: Tx, owner: Account, row: Filter, wanted: Settings, words: Sequence[Word]
) -> Filter:
    """Raises ``Invalid``, or ``NotFound`` for a keyword that is not of this filter."""
    check(wanted)
    await _changed(tx, owner)
    context = list(dict.fromkeys(wanted.context))
    new = await filters.update(
        tx.conn, row.id, wanted.title, context, wanted.action, wanted.expires_at
    )
    await _set_words(tx, owner, row.id, words)
    return new


async def _set_words(tx: Tx, owner: Account, filter_id: int, words: Sequence[Word]) -> None:
    standing = {k.id: k for k in await filters.keywords(tx.conn, [filter_id])} if words else {}
    for word in words:
        if word.id is None:
            if not word.gone:
                await _add(tx, filter_id, word)
        elif word.id not in standing:
            raise NotFound
        elif word.gone:
            await filters.delete_keyword(tx.conn, word.id)
        else:
            await _set(tx, standing[word.id], word)
    await _require_room(tx, owner)


async def _add(tx: Tx, filter_id: int, word: Word) -> Keyword:
    return await filters.add_keyword(
        tx.conn, filter_id, _keyword(word.keyword), whole_word=word.whole_word is not False
    )


async def _set(tx: Tx, old: Keyword, word: Word) -> Keyword:
    return await filters.set_keyword(
        tx.conn,
        old.id,
        old.keyword if word.keyword is None else _keyword(word.keyword),
        whole_word=old.whole_word if word.whole_word is None else word.whole_word,
    )


async def _require_room(tx: Tx, owner: Account) -> None:
    if await filters.count_keywords(tx.conn, owner.id) > KEYWORDS_MAX:
        raise Invalid(
            mark("Validation failed: There are at most %(most)s keywords", most=KEYWORDS_MAX),
            field="keyword",
        )


async def delete(tx: Tx, owner: Account, row: Filter) -> None:
    await _changed(tx, owner)
    await filters.delete(tx.conn, row.id)


async def add_keyword(tx: Tx, owner: Account, row: Filter, word: Word) -> Keyword:
    """Raises ``Invalid``."""
    await _changed(tx, owner)
    made = await _add(tx, row.id, word)
    await _require_room(tx, owner)
    return made


async def edit_keyword(tx: Tx, owner: Account, old: Keyword, word: Word) -> Keyword:
    """Raises ``Invalid``."""
    await _changed(tx, owner)
    return await _set(tx, old, word)


async def delete_keyword(tx: Tx, owner: Account, row: Keyword) -> None:
    await _changed(tx, owner)
    await filters.delete_keyword(tx.conn, row.id)


async def edit_single(tx: Tx, owner: Account, old: Keyword, wanted: Settings, word: Word) -> Filter:
    """A keyword and its filter as one thing, as v1 has them. Raises ``Invalid``.

    Where the filter has other keywords too, what they share is not changed behind their back.
    """
    row = await of_keyword(tx, owner, old)
    siblings = await filters.keywords(tx.conn, [row.id])
    title = wanted.title if len(siblings) == 1 and row.title == old.keyword else row.title
    context = list(dict.fromkeys(wanted.context))
    shared = (context, wanted.action, wanted.expires_at)
    if len(siblings) > 1 and shared != (row.context, row.action, row.expires_at):
        raise Invalid(
            "These filter parameters cannot be changed from this application because they apply to"
            " more than one filter keyword"
        )
    new = Settings(title[:TITLE_MAX], context, wanted.action, wanted.expires_at)
    return await edit(tx, owner, row, new, [Word(old.id, word.keyword, word.whole_word)])


async def delete_single(tx: Tx, owner: Account, row: Keyword) -> None:
    """A keyword, and its filter where that catches nothing else."""
    await delete_keyword(tx, owner, row)
    await filters.delete_if_empty(tx.conn, row.filter_id)


async def of_keyword(tx: Tx, owner: Account, row: Keyword) -> Filter:
    """Raises ``NotFound``."""
    found = await filters.by_id(tx.conn, row.filter_id, owner.id)
    if found is None:
        raise NotFound
    return found


async def add_post(tx: Tx, owner: Account, row: Filter, post: Post) -> Listed:
    """Catch a single post, whatever it says. Raises ``Invalid``."""
    await _changed(tx, owner)
    made = await filters.add_post(tx.conn, row.id, post.id)
    if made is None:
        raise Invalid("Validation failed: Status has already been taken", field="status_id")
    if await filters.count_posts(tx.conn, owner.id) > KEYWORDS_MAX:
        raise Invalid(
            mark("Validation failed: There are at most %(most)s posts", most=KEYWORDS_MAX),
            field="status_id",
        )
    return made


async def delete_post(tx: Tx, owner: Account, row: Listed) -> None:
    await _changed(tx, owner)
    await filters.delete_post(tx.conn, row.id)


async def _changed(tx: Tx, owner: Account) -> None:
    """Every verb begins here: the account's filters are held, and what is compiled of them is void.

    The one place from which streams hear of it (``filters_changed``).
    """
    await filters.renew(tx.conn, owner.id)
    tx.happened(events.filters_changed(owner.id))
