"""Keyword replies: what is printed counts, and nothing that only looks like it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server import text
from server.domain.calling import keywords, kinds

CASES = [
    (code, kind, variant)
    for code in keywords.LANGUAGES
    for kind in kinds.KINDS
    for variant in kinds.variants(kind)
]
OPTIONS = ("Mondays", "Fridays")
ENGLISH = keywords.of_call("event", "", (), "en")


def of(kind: str, variant: str, code: str) -> tuple[keywords.Keyword, ...]:
    options = OPTIONS if kinds.has_own_options(kind, variant) else ()
    return keywords.of_call(kind, variant, options, code)


@pytest.mark.parametrize(("code", "kind", "variant"), CASES)
def test_every_answer_that_counts_has_words_of_its_own(code: str, kind: str, variant: str) -> None:
    found = of(kind, variant, code)
    options = OPTIONS if kinds.has_own_options(kind, variant) else ()
    counting = [a.key for a in kinds.answers(kind, variant, options) if a.counts]
    assert [k.key for k in found] == counting
    plain = {keywords.plain(k.words) for k in found}
    assert len(plain) == len(found)
    assert keywords.plain(keywords.of_language(code).withdraw) not in plain


@pytest.mark.parametrize(("code", "kind", "variant"), CASES)
def test_what_is_printed_is_understood(code: str, kind: str, variant: str) -> None:
    """As a reader copies it from the text, without its markup."""
    found = of(kind, variant, code)
    shown = text.plain(text.clean(keywords.printed(found, code)))
    for keyword in found:
        assert keyword.words in shown
        assert keywords.said(f"<p>{keyword.words}</p>", found, code) == keyword.key
    withdraw = keywords.of_language(code).withdraw
    assert withdraw in shown
    assert keywords.said(f"<p>{withdraw}</p>", found, code) == keywords.WITHDRAW


@pytest.mark.parametrize(
    "html",
    [
        "<p>count me in</p>",
        "<p>Count me in!</p>",
        "<p>COUNT  ME\u00a0IN …</p>",
        '<p><span class="h-card"><a href="https://a.example/@river" class="u-url mention">@<span>river</span>'
        "</a></span> count me in</p>",
        "<p>@river@a.example count me in @other</p>",
        "<p>@river@a.example</p><p>count me in</p>",
        "<p>count me in<br>I bring two friends</p>",
        "<p>count me in</p><p>They said: no</p>",
        "count me in",
    ],
)
def test_these_count(html: str) -> None:
    assert keywords.said(html, ENGLISH, "en") == "going"


@pytest.mark.parametrize(
    "html",
    [
        "",
        "<p>count me in?</p>",
        "<p>They said count me in</p>",
        "<p>count me in, they said</p>",
        "<p>Please do not<br>count me in</p>",
        "<p>count me into this</p>",
        "<p>discount me in</p>",
        "<p>“count me in”</p>",
        '<p>"count me in"</p>',
        "<p>&gt; count me in</p>",
        "<blockquote><p>count me in</p></blockquote><p>Really?</p>",
        "<blockquote><p>count me in</p></blockquote>",
        "<blockquote><blockquote>x</blockquote>count me in</blockquote><p>count me in</p>",
        "<p>count</p><p>me in</p>",
        "<p>count me in by name</p>",
        "<p>I can help</p>",
        "<p>do not #withdraw</p>",
        "<p>withdraw</p>",
    ],
)
def test_these_are_comments(html: str) -> None:
    assert keywords.said(html, ENGLISH, "en") is None


@pytest.mark.parametrize("code", [*keywords.LANGUAGES, "pt", None, "de-AT"])
def test_taking_back_is_understood_in_every_language(code: str | None) -> None:
    html = '<p><a href="https://a.example/tags/withdraw" class="mention hashtag">#<span>withdraw</span></a></p>'
    assert keywords.said(html, ENGLISH, code) == keywords.WITHDRAW


def test_accents_may_be_left_out() -> None:
    found = keywords.of_call("donate", "", (), "es")
    assert keywords.said("<p>ya done</p>", found, "es") == "gave"
    found = keywords.of_call("decision", "consent", (), "ar")
    assert keywords.said("<p>اوافق</p>", found, "ar") == "agree"


WORDS = st.text("abcdefghijklmnopqrstuvwxyz äé", min_size=1, max_size=20).filter(
    lambda w: w.strip() != ""
)


@given(before=WORDS, after=st.one_of(st.just(""), WORDS))
def test_words_beside_it_make_it_a_comment(before: str, after: str) -> None:
    for line in (f"{before} count me in {after}", f"count me in {before}"):
        assert keywords.said(f"<p>{line}</p>", ENGLISH, "en") is None


@given(st.text(max_size=200))
def test_nothing_that_is_typed_breaks_it(typed: str) -> None:
    html = text.compose(typed, {}, lambda tag: f"https://a.example/tags/{tag}")
    said = keywords.said(html, ENGLISH, "en")
    first = keywords.first_line(html)
    assert said is None or first in ("count me in", "#withdraw")
    assert keywords.plain(first) == first


@given(st.text(max_size=60), st.sampled_from(["going", "#withdraw"]))
def test_what_stands_below_does_not_matter(below: str, said: str) -> None:
    word = "count me in" if said == "going" else "#withdraw"
    html = f"<p>{word}</p><p>{text.escape(below)}</p>"
    assert keywords.said(html, ENGLISH, "en") == said
