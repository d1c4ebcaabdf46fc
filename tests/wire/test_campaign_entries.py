"""The entries of a campaign's log: what is written is read back; what is not whole, or not its chapter's, is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation import build_campaign, proofs
from federation.build_post import Json
from federation.campaigns import (
    QUORUMS,
    Act,
    AddCall,
    Agree,
    Amend,
    Charter,
    Decline,
    Entry,
    Exclude,
    Found,
    Funder,
    Invite,
    Leave,
    RemoveCall,
    Seat,
    Silent,
    Statement,
    TakeBack,
    Unvouch,
    Vouch,
    digest,
)
from federation.errors import Refused
from federation.keys import SigningKey, generate_ed25519, multikey
from federation.parse_campaign import is_entry, parse_charter, parse_entry, verify
from federation.vocab import CALL_KINDS, CALLS, CAMPAIGN_TERMS, CO_HOSTS, COUNTERS, SILENT

ROOT = Path(__file__).parents[2]

CHAPTER = "https://garden.example/communities/9"
NOW = datetime(2030, 5, 1, 12, tzinfo=UTC)
ONE, OTHER = digest("one"), digest("other")

words = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=40).filter(
    str.strip
)
numbers = st.integers(1, 10**9)
kinds = st.lists(st.sampled_from(sorted(CALL_KINDS)), min_size=1, max_size=8, unique=True)
digests = st.sampled_from([ONE, OTHER])
places = st.sampled_from(["https://lake.example/communities/1", "https://b.example/calls/3"])
hosts = st.sampled_from(["lake.example", "b.example:8443"])
funders = st.builds(Funder, words, words, st.sampled_from(["", "https://fund.example/"]))
times = st.integers(0, 10**9).map(lambda seconds: NOW + timedelta(seconds=seconds))
goals = st.one_of(st.tuples(st.none(), st.just("people")), st.tuples(numbers, words))


@st.composite
def charters(draw: st.DrawFn) -> Charter:
    goal, metric = draw(goals)
    said = Charter(
        digest="", name=draw(words), content=draw(words), kinds=tuple(draw(kinds)), opened=draw(times),
        quorum=draw(st.sampled_from(QUORUMS)), goal=goal, metric=metric,
        milestones=tuple(draw(st.lists(numbers, max_size=3))), ends=draw(st.none() | times),
        targets=tuple(draw(st.lists(words, max_size=3))), data=draw(words),
        funders=tuple(draw(st.lists(funders, max_size=2))),
        large=tuple(draw(st.lists(hosts, max_size=2))), replaces=draw(st.none() | digests),
    )  # fmt: skip
    return replace(said, digest=digest(build_campaign.charter(said)))


seats = st.builds(Seat, places, words)
ACTS: dict[type[Act], st.SearchStrategy[Act]] = {
    Found: st.builds(Found, charters(), seats),
    Invite: st.builds(Invite, places),
    Agree: st.builds(Agree, digests, st.none() | digests, st.none() | seats),
    Decline: st.builds(Decline, digests),
    TakeBack: st.builds(TakeBack, digests),
    Amend: st.builds(Amend, charters()),
    Exclude: st.builds(Exclude, places, words),
    Vouch: st.builds(Vouch, hosts),
    Unvouch: st.builds(Unvouch, hosts, words),
    Leave: st.builds(Leave, st.just("") | places),
    AddCall: st.builds(AddCall, places, st.sampled_from(sorted(CALL_KINDS)), st.just("") | places),
    RemoveCall: st.builds(RemoveCall, places),
    Statement: st.builds(Statement, words),
    Silent: st.builds(Silent, places),
}


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    act = draw(st.one_of(*ACTS.values()))
    seen = tuple(draw(st.lists(digests, max_size=2, unique=True)))
    return written(act, at=draw(times), previous=draw(st.none() | digests), seen=seen)


def written(act: Act, **more: object) -> Entry:
    values: dict[str, object] = {"at": NOW, "previous": ONE, "seen": ()}
    entry = Entry(
        digest="", id=f"{CHAPTER}#log-7", campaign=OTHER, chapter=CHAPTER, act=act, **(values | more),  # pyright: ignore[reportArgumentType]
    )  # fmt: skip
    return replace(entry, digest=digest(build_campaign.entry(entry)))


def test_every_act_is_tried() -> None:
    assert set(ACTS) == set(Act.__args__)


@given(entries())
def test_what_is_written_is_read_back(entry: Entry) -> None:
    document = build_campaign.entry(entry)
    assert is_entry(document)
    assert parse_entry(document) == entry


@given(charters())
def test_a_charter_is_its_digest(charter: Charter) -> None:
    document = build_campaign.charter(charter)
    assert parse_charter(document) == charter
    assert parse_charter({**document, "more": "small print"}).digest != charter.digest
    assert parse_charter({**document, "name": charter.name + "!"}).digest != charter.digest


def signed(entry: Entry, key: SigningKey) -> Json:
    return dict(proofs.add_proof(build_campaign.entry(entry), key, NOW))


def test_an_entry_is_of_the_chapter_whose_key_signed_it() -> None:
    private = generate_ed25519()
    public = multikey(private.public_key())
    document = signed(written(Statement("<p>Ours</p>")), SigningKey(f"{CHAPTER}#key", private))
    verify(document, CHAPTER, public, NOW)
    assert parse_entry(document).digest == parse_entry(signed_anew(document)).digest
    for wrong in (
        {**document, "published": "2030-05-02T12:00:00Z"},
        {**document, "seen": [ONE]},
        {name: part for name, part in document.items() if name != "proof"},
    ):
        with pytest.raises(Refused):
            verify(wrong, CHAPTER, public, NOW)
    with pytest.raises(Refused):
        verify(document, CHAPTER, multikey(generate_ed25519().public_key()), NOW)
    with pytest.raises(Refused):
        verify(document, "https://other.example/communities/1", public, NOW)


def signed_anew(document: Json) -> Json:
    """Another proof on the same words: the digest is that of the words."""
    bare = {name: part for name, part in document.items() if name != "proof"}
    key = SigningKey(f"{CHAPTER}#key", generate_ed25519())
    return dict(proofs.add_proof(bare, key, NOW + timedelta(days=1)))


BAD: list[Callable[[Json], Json]] = [
    lambda d: {**d, "published": "yesterday"},
    lambda d: {**d, "published": None},
    lambda d: {**d, "campaign": "sha256:abc"},
    lambda d: {**d, "campaign": ONE.upper()},
    lambda d: {**d, "previous": 7},
    lambda d: {**d, "seen": [ONE] * 101},
    lambda d: {**d, "seen": ["one"]},
    lambda d: {**d, "actor": "https://other.example/communities/9"},
    lambda d: {**d, "actor": None},
    lambda d: {**d, "type": "Like"},
    lambda d: {**d, "type": ["Add"]},
    lambda d: {**d, "target": "cta:featured"},
    lambda d: {**d, "target": None},
    lambda d: {**d, "object": "https://garden.example/calls/1"},
    lambda d: {**d, "object": {**d["object"], "kind": "war"}},
    lambda d: {**d, "object": {**d["object"], "replaces": "javascript:alert(1)"}},
    lambda d: {**d, "object": {**d["object"], "id": "http://garden.example/calls/1"}},
    lambda d: {**d, "number": float("nan")},
    lambda d: {**d, "number": 2**60},
]


@pytest.mark.parametrize("change", BAD)
def test_what_cannot_be_read_is_refused(change: Callable[[Json], Json]) -> None:
    document = build_campaign.entry(written(AddCall("https://garden.example/calls/1", "event")))
    parse_entry(document)
    with pytest.raises(Refused):
        parse_entry(change(document))


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""}, {"name": 5}, {"name": "n" * 501}, {"content": None}, {"content": "c" * 50_001},
        {"opened": "soon"}, {"quorum": "one"}, {"quorum": None}, {"kinds": []}, {"kinds": ["war"]}, {"kinds": [5]},
        {"goal": {"hasNumericalValue": "-5"}}, {"goal": {"hasNumericalValue": "0"}}, {"milestones": ["many"]},
        {"targets": ["t"] * 51}, {"funders": [{"name": ""}]}, {"large": ["not a host"]}, {"large": ["Lake.example"]},
        {"large": ["l.example"] * 201}, {"replaces": "the one before"},
    ],
    ids=str,
)  # fmt: skip
def test_half_a_charter_is_none(change: dict[str, object]) -> None:
    whole = Charter(digest="", name="Rivers", content="<p>All</p>", kinds=("event",), opened=NOW)
    document = build_campaign.charter(whole)
    parse_charter(document)
    with pytest.raises(Refused):
        parse_charter({**document, **change})


def examples() -> list[Json]:
    """The JSON of the proposal's chapter on campaigns."""
    text = (ROOT / "docs" / "fep-d9f9.md").read_text(encoding="utf-8")
    chapter = text.partition("## Campaigns\n")[2].partition("## Security")[0]
    return [json.loads(block) for block in re.findall(r"```json\n(.*?)```", chapter, re.DOTALL)]


def test_the_examples_of_the_proposal_can_be_read() -> None:
    charter, entry = examples()
    assert parse_charter(charter).large == ("large.example",)
    read = parse_entry(entry)
    assert isinstance(read.act, Agree)
    assert read.act.seat
    assert build_campaign.entry(read).items() >= {k: v for k, v in entry.items() if v}.items()


def test_the_proposal_names_every_term_and_target() -> None:
    text = (ROOT / "docs" / "fep-d9f9.md").read_text(encoding="utf-8")
    for target in (CO_HOSTS, COUNTERS, CALLS, SILENT):
        assert f"`{target}`" in text
    ours = [name for name, term in CAMPAIGN_TERMS.items() if "cta:" in str(term)]
    assert [name for name in ours if f"`{name}`" not in text and f'"{name}"' not in text] == []
