"""Whether a text holds what a filter looks for: pure, and bounded whatever was typed.

Keywords are no patterns here: a keyword is looked for as a plain piece of text, without case, so that none
can be hostile. "Whole word" follows Mastodon's expression: a boundary is asked for at an end of the keyword
only where that end is a letter, a digit or the like. Boundaries are made visible: each word of the text, and
of the keyword, is put between two marks, and then a whole word is a plain piece of text too. A thousand
keywords take some milliseconds a page.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

MARK = "\0"  # stands in no text of ours: PostgreSQL cannot store it
TEXT_MAX = 10_000
"""Characters of a post that are looked at; our own posts have half of it at most."""
PLANES = 0x20000  # letters beyond are ideographs, which have no combining marks


@dataclass(frozen=True, slots=True)
class Needle:
    """A keyword made ready. ``keyword``: as it was typed."""

    keyword: str
    folded: str
    whole_word: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One filter. ``action`` and ``context`` are for whoever shows the result."""

    id: int
    title: str
    context: Sequence[str]
    action: str
    expires_at: datetime | None
    needles: Sequence[Needle]
    post_ids: Collection[int]

    def lives(self, now: datetime) -> bool:
        return self.expires_at is None or self.expires_at > now


@dataclass(frozen=True, slots=True)
class Match:
    """What of a rule was found: keywords as typed, and whether the post itself is listed."""

    rule: Rule
    keywords: Sequence[str]
    listed: bool


@dataclass(frozen=True, slots=True)
class Haystack:
    """The words of one post, made ready for all needles."""

    folded: str
    marked: str

    def holds(self, needle: Needle) -> bool:
        return needle.folded in (self.marked if needle.whole_word else self.folded)


@cache
def _word() -> re.Pattern[str]:
    """Runs of letters, digits and underscores, combining marks among them: Python's own ``\\w`` lacks
    these, and would cut Devanagari in the middle of words."""
    marks = (chr(n) for n in range(PLANES) if unicodedata.category(chr(n))[0] == "M")
    return re.compile(f"[\\w{re.escape(''.join(marks))}]+")


def marked(folded: str) -> str:
    """The text with each word between two marks."""
    return _word().sub(f"{MARK}\\g<0>{MARK}", folded)


def needle(keyword: str, *, whole_word: bool) -> Needle:
    folded = keyword.casefold()
    return Needle(keyword, marked(folded) if whole_word else folded, whole_word)


def haystack(parts: Sequence[str]) -> Haystack:
    """``parts``: plain texts of one post; nothing is found across two of them that has no line end."""
    folded = "\n\n".join(part for part in parts if part)[:TEXT_MAX].casefold()
    return Haystack(folded, marked(folded))


def matches(rules: Sequence[Rule], text: Haystack, post_id: int, now: datetime) -> list[Match]:
    """What each rule that still lives finds, in their order; a rule that finds nothing is left out."""
    return [
        found
        for rule in rules
        if rule.lives(now) and ((found := _match(rule, text, post_id)).keywords or found.listed)
    ]


def _match(rule: Rule, text: Haystack, post_id: int) -> Match:
    found = [n.keyword for n in rule.needles if text.holds(n)]
    return Match(rule, found, post_id in rule.post_ids)
