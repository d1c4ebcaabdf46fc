"""Every sentence that says who learns what, as it is shown: whoever changes one, changes it here too."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

from server.domain.calling import audience
from server.domain.calling.audience import Place
from server.domain.calling.kinds import KINDS

SHOWN = Path(__file__).with_name("audience.txt")
HERE = Place("green.example", "The garden")
CLOSED = replace(HERE, closed=True)
ELSEWHERE = Place("green.example", "The choir", "hill.example")
VISIBILITIES = ("public", "unlisted", "members", "private", "direct")
DOORS = ("card", "join", "client", "page", "reply", "email")


def sentences() -> dict[str, str]:
    """By where each is shown."""
    told = {f"post, {v}": audience.of_post(v, Place("green.example")) for v in VISIBILITIES}
    told |= {f"post to a community, {v}": audience.of_post(v, HERE) for v in VISIBILITIES[:3]}
    told |= {f"call, {kind}": audience.of_call(kind, HERE) for kind in KINDS}
    told["call among members"] = audience.of_call("petition", CLOSED)
    told |= {f"answer among members, {d}": audience.of_answer("petition", d, CLOSED) for d in DOORS}
    for kind, door in product(("event", "petition"), DOORS):
        told[f"answer, {kind} of ours, {door}"] = audience.of_answer(kind, door, HERE)
        if door != "email":
            there = audience.of_answer(kind, door, ELSEWHERE)
            told[f"answer, {kind} of another server, {door}"] = there
    for door, place in product(("card", "client"), (HERE, ELSEWHERE)):
        where = place.host or "ours"
        told[f"answer to a call that asks something, of {where}, {door}"] = audience.of_answer(
            "event", door, replace(place, asks=True)
        )
    told["answer to a call that asks something, email"] = audience.of_answer(
        "event", "email", replace(HERE, asks=True)
    )
    for door in ("email", "opened"):
        told[f"answer to an opened call, {door}"] = audience.of_opened(door, "green.example")
    told["feedback"] = audience.of_feedback(HERE)
    for purpose, kind in product(("answer", "news"), ("event", "petition")):
        words = audience.consent(purpose, kind, "The garden", "green.example")
        told[f"consent, {kind}, {purpose}"] = words
    return told


def test_the_sentences_are_those_that_were_agreed_on() -> None:
    written = "".join(f"{where}:\n  {said}\n" for where, said in sentences().items())
    assert written == SHOWN.read_text()


def test_every_sentence_says_what_matters() -> None:
    told = sentences()
    for where, said in told.items():
        assert said.endswith("."), where
        assert "  " not in said, where
    for kind in KINDS.values():
        call = told[f"call, {kind.name}"]
        assert ("how many of their people answer, and not who" in call) != kind.named
    assert "A vote is not secret" in told["answer, petition of ours, card"]
    for visibility in ("members", "private", "direct"):
        assert "not encrypted" in told[f"post, {visibility}"]
    assert "Everybody" not in told["call among members"]
    assert audience.of_answers("petition", CLOSED)["email"] is None
    assert "hears only a number" in told["answer, petition of another server, client"]
    assert "your name and your answer" in told["answer, event of another server, client"]
