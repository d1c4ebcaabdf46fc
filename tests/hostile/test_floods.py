"""Much of something: it costs its sender more than us."""

from __future__ import annotations

from datetime import UTC, datetime
from time import process_time

import pytest

from server import limits, text
from server.limits import Limits

NOW = datetime(2030, 1, 1, tzinfo=UTC)
LONG = 1 << 20  # characters: what an activity can hold


def test_counters_of_a_flood_stay_few() -> None:
    """Somebody with a whole network of addresses, within one window."""
    counters = Limits()
    for number in range(limits.KEPT + 5000):
        counters.take(limits.ADDRESS, f"2001:db8::{number:x}", NOW)
    assert len(counters) <= limits.KEPT


def test_who_asks_too_often_is_refused_during_a_flood() -> None:
    counters = Limits()
    for number in range(limits.KEPT + 5000):
        counters.take(limits.ADDRESS, str(number), NOW)
    standings = [counters.take(limits.ADDRESS, "same", NOW) for _ in range(301)]
    assert standings[-1].exceeded


@pytest.mark.parametrize("part", [" #a1", "a\n\n", "<", "&", " @a@b.example", "https://a.example "])
def test_long_plain_text_is_read_at_once(part: str) -> None:
    """Everybody else waits while one text is read."""
    given = (part * LONG)[:LONG]
    began = process_time()
    html = text.clean(text.from_plain(given))
    assert process_time() - began < 2
    assert "<a " not in html


def test_plain_text_of_others_is_no_html() -> None:
    assert (
        text.from_plain("<b>1</b>\n2\n\n3 & 4")
        == "<p>&lt;b&gt;1&lt;/b&gt;<br>2</p><p>3 &amp; 4</p>"
    )
