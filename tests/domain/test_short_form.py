"""The short form of a call: what its lines mean, and that whatever is wrong names its line."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.domain.calling import drafting, kinds, short_form
from server.domain.calling.deciding import Rules
from server.errors import Invalid

MANUAL = (Path(__file__).parents[2] / "docs" / "short-form.md").read_text()
EXAMPLES = re.findall(r"```text\n(.*?)```", MANUAL, re.DOTALL)


def test_the_manual_shows_every_kind_and_every_line() -> None:
    shown = {short_form.parse(example, "UTC").wanted.kind for example in EXAMPLES}
    assert shown == set(kinds.KINDS)
    assert all(f"`{name}: " in MANUAL for name in short_form.FIELDS)
    assert all(f"`!{name}`" in MANUAL for name in short_form.ALSO)


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_is_a_call(example: str) -> None:
    assert short_form.is_one(example)
    wanted = short_form.parse(example, "UTC").wanted
    drafting.check(wanted)
    assert "@" not in wanted.title + wanted.about


def test_all_of_it() -> None:
    short = short_form.parse(EXAMPLES[1], "UTC", "en")
    wanted, details = short.wanted, short.wanted.details
    assert (wanted.kind, wanted.title, wanted.language) == ("event", "River clean-up", "en")
    assert details.starts_at == datetime(2027, 5, 1, 8, tzinfo=UTC)
    assert details.ends_at == datetime(2027, 5, 1, 11, tzinfo=UTC)
    assert (details.timezone, details.place_name, details.capacity) == (
        "Europe/Rome",
        "Mill Bridge",
        40,
    )
    assert wanted.about == "Gloves are there. Bring boots, and a friend."
    assert short.lines["starts_at"] == 2


def test_a_decision_says_how_it_is_made_and_by_which_rules() -> None:
    typed = "!ranked Where to meet\noptions: Mill / Bridge\nquorum: 20\nthreshold: 60"
    wanted = short_form.parse(typed, "UTC").wanted
    drafting.check(wanted)
    assert (wanted.kind, wanted.variant, wanted.options) == (
        "decision",
        "ranked",
        ("Mill", "Bridge"),
    )
    assert wanted.rules == Rules(quorum=20, threshold=60)
    assert short_form.parse("!score What\noptions: a / b", "UTC").wanted.variant == "score"
    for wrong in ("!petition Sign\nquorum: 20", "!consent Path\nthreshold: 101"):
        with pytest.raises(Invalid):
            drafting.check(short_form.parse(wrong, "UTC").wanted)


def test_where_no_zone_is_said_the_community_decides() -> None:
    at = short_form.parse("!event Walk\nwhen: 2027-01-01 10:00", "Asia/Tokyo").wanted.details
    assert (at.starts_at, at.timezone) == (datetime(2027, 1, 1, 1, tzinfo=UTC), "Asia/Tokyo")
    exact = short_form.parse("!event Walk\nwhen: 2027-01-01T10:00+02:00", "Asia/Tokyo").wanted
    assert exact.details.starts_at == datetime(2027, 1, 1, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "Hello",
        "!",
        "!important notice",
        "@river !hello there",
        "Text\n!event Walk",
        "!eventually",
        "#event x",
    ],
)
def test_these_are_posts(typed: str) -> None:
    assert not short_form.is_one(typed)


@pytest.mark.parametrize(
    ("typed", "number", "said"),
    [
        ("!call party Tonight", 1, "a call is one of event"),
        ("!event", 1, "a title follows"),
        ("@river !petition", 1, "a title follows"),
        ("!event/pledge Walk", 1, "after event/ there may be: nothing"),
        ("!petition/offer Walk", 1, "after petition/ there may be: pledge"),
        ("\n\n!event", 3, "a title follows"),
        ("!event Walk\nwhen: tomorrow", 2, "a time such as"),
        ("!event Walk\nwhere: x\nwhen: 2027-13-01 10:00", 3, "a time such as"),
        ("!event Walk\nwhen: 2027-05-01 10:00\nends: late", 3, "a time such as"),
        ("!event Walk\nwhen: 2027-05-01 10:00\nends: 29:00", 3, "a time such as"),
        ("!event Walk\ntimezone: Rome", 2, "a time zone is named like"),
        ("!event Walk\ntimezone: ../../etc/passwd", 2, "a time zone is named like"),
        ("!event Walk\nplaces: many", 2, "a number such as"),
        ("!event Walk\nplaces: -3", 2, "a number such as"),
        ("!petition Walk\ngoal: some people", 2, "a number such as"),
        ("!petition Walk\nurgent: very", 2, "yes or no"),
        ("!petition Walk\nwen: 2027-05-01", 2, "there is no wen; there are when"),
        ("!petition Walk\nlink:", 2, "nothing follows link"),
        ("!petition Walk\nPlease come", 2, "text follows an empty line"),
        ("!petition Walk\nwhere: a\nwhere: b", 3, "where was said before, in line 2"),
    ],
)  # fmt: skip
def test_what_is_wrong_names_its_line(typed: str, number: int, said: str) -> None:
    with pytest.raises(Invalid) as refused:
        short_form.parse(typed, "UTC")
    assert refused.value.sentence.startswith(f"Line {number}: ")
    assert said in refused.value.sentence
    assert refused.value.field == "status"


LINE = st.text(st.characters(blacklist_categories=["Cs"]), max_size=40)


@given(kind=st.sampled_from([*kinds.KINDS, *short_form.ALSO]), rest=st.lists(LINE, max_size=6))
def test_whatever_follows_it_is_a_call_or_a_line_is_wrong(kind: str, rest: list[str]) -> None:
    typed = "\n".join([f"!{kind} Something", *rest])
    assert short_form.is_one(typed)
    try:
        short = short_form.parse(typed, "UTC")
    except Invalid as refused:
        assert refused.sentence.startswith("Line ")
    else:
        assert short.wanted.title == "Something"


WORD = st.text("abcdefghij äß", min_size=1, max_size=12).map(str.strip).filter(bool)


@given(
    at=st.datetimes(datetime(2027, 1, 1), datetime(2090, 1, 1)),  # noqa: DTZ001 - written without a zone
    place=WORD, places=st.integers(1, 10**6), about=st.lists(WORD, max_size=4),
    order=st.permutations(["when", "where", "places"]),
)  # fmt: skip
def test_what_is_written_is_read(
    at: datetime, place: str, places: int, about: list[str], order: list[str]
) -> None:
    said = {"when": f"{at:%Y-%m-%d %H:%M}", "where": place, "places": str(places)}
    lines = [f"{name}: {said[name]}" for name in order]
    typed = "\n".join(["@river !event Walk", *lines, "", *about])
    details = short_form.parse(typed, "UTC").wanted.details
    assert details.starts_at == at.replace(second=0, microsecond=0, tzinfo=UTC)
    assert (details.place_name, details.capacity) == (place, places)
    assert short_form.parse(typed, "UTC").wanted.about == "\n".join(about)


@given(st.text(max_size=300))
def test_no_text_breaks_it(typed: str) -> None:
    if short_form.is_one(typed):
        try:
            short_form.parse(typed, "UTC")
        except Invalid as refused:
            assert refused.sentence.startswith("Line ")
