"""Pages that are made to keep whoever previews them busy."""

from __future__ import annotations

import time

import pytest

from federation import preview

SECONDS = 2.0  # of a core; each of these took 15 to 70

BOMBS = {
    "a hundred thousand attributes": b"<a " + b" ".join(b"x%x" % n for n in range(110_000)),
    "the same inside of a meta": b"<meta " + b" ".join(b"x%x" % n for n in range(110_000)) + b">",
    "ends that are looked for in the depth": b"<b>" * 100_000 + b"</i>" * 150_000,
    "depth alone": b"<div>" * 200_000,
    "beginnings of an end": b"<script>" + b"</s" * 300_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_a_page_costs_what_its_length_costs(bomb: bytes) -> None:
    began = time.process_time()
    found = preview.parse(b"<title>A page</title>" + bomb, "text/html", "https://far.example/")
    assert time.process_time() - began < SECONDS
    assert found
    assert found.title == "A page"


def test_the_first_title_and_the_first_of_each_word_count() -> None:
    page = (
        b"<html lang=de><title>Real</title><meta property=og:site_name content=First>"
        b"<body><svg><title>Other</title></svg><meta property=og:site_name content=Second>"
    )
    found = preview.parse(page, "text/html", "https://far.example/")
    assert found
    assert (found.title, found.provider, found.language) == ("Real", "First", "de")
