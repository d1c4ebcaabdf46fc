"""The eight kinds of call: what each is on the wire, and what can be answered to it.

One table, and pure. An answer has a key, which clients say and which is stored; a text, which stands on the
card and never changes; and it *counts* where giving it is taking part. A kind is ``named`` where the host of a
call learns who takes part, as people act together there: come, help, decide. Of the others each instance
counts its own people, and tells how many. The texts of cards are bounded by what microblogs take: four
options of fifty characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from server.i18n import mark

Shape = Literal["event", "page", "question"]

OPTIONS_MIN, OPTIONS_MAX, OPTION_LENGTH = 2, 4, 50


@dataclass(frozen=True, slots=True)
class Answer:
    """``title``: on the card; ``counts``: giving it is taking part."""

    key: str
    title: str
    counts: bool = False


@dataclass(frozen=True, slots=True)
class Kind:
    """``shape``: of the canonical object. ``answers``: none where each call brings its own options.

    ``timed``: people come at a time; ``places``: they may be limited; ``named``: the host learns who answers;
    ``linked``: it needs an address elsewhere. ``asks``: the question above the answers; ``note``: what is true
    of their number.
    """

    name: str
    title: str
    shape: Shape
    asks: str
    answers: tuple[Answer, ...] = ()
    timed: bool = False
    places: bool = False
    named: bool = False
    linked: bool = False
    note: str = ""


COMING = (
    Answer("going", mark("I'm coming"), counts=True),
    Answer("maybe", mark("Maybe")),
    Answer("declined", mark("I can't")),
)
HELPING = (
    Answer("going", mark("I can help"), counts=True),
    Answer("maybe", mark("Maybe")),
    Answer("declined", mark("I can't")),
)
SIGNING = (
    Answer("sign", mark("Count me"), counts=True),
    Answer("sign_named", mark("Count me and show my handle"), counts=True),
    Answer("support", mark("I support this, do not count me")),
)
WRITING = (
    Answer("did", mark("I did it"), counts=True),
    Answer("will", mark("I will do it")),
    Answer("answered", mark("I did it and got an answer"), counts=True),
)
GIVING = (Answer("help", mark("I can help"), counts=True), Answer("same", mark("I need this too")))
TAKING = (
    Answer("help", mark("I would like this"), counts=True),
    Answer("same", mark("I offer this too")),
)
DONATING = (Answer("gave", mark("I gave"), counts=True), Answer("will", mark("I will give")))
SHARING = (
    Answer("shared", mark("I passed it on"), counts=True),
    Answer("will", mark("I will pass it on")),
)
SENSING = (
    Answer("agree", mark("Looks good"), counts=True),
    Answer("unsure", mark("I am not sure"), counts=True),
    Answer("concern", mark("I have concerns"), counts=True),
)
OBJECTING = "object"
"""The answer that stands in the way of a consent until it is met."""

CONSENTING = (
    Answer("agree", mark("I consent"), counts=True),
    Answer("abstain", mark("I stand aside"), counts=True),
    Answer(OBJECTING, mark("I object"), counts=True),
)

NAMED = "sign_named"
"""The answer by which somebody who signs is shown."""

_KINDS = (
    Kind("event", mark("Event"), "event", mark("Are you coming?"), COMING, timed=True, places=True, named=True),
    Kind("volunteer", mark("Volunteers wanted"), "event", mark("Can you help?"), HELPING,
         timed=True, places=True, named=True),
    Kind("petition", mark("Petition"), "page", mark("Do you sign?"), SIGNING),
    Kind("contact", mark("Write to somebody"), "page", mark("Did you write?"), WRITING),
    Kind("need", mark("Need"), "page", mark("Can you help?"), GIVING, places=True, named=True),
    Kind("donate", mark("Donations"), "page", mark("Did you give?"), DONATING, linked=True,
         note=mark("What people say they gave is declared, not checked.")),
    Kind("decision", mark("Decision"), "question", mark("What do you say?"), named=True),
    Kind("share", mark("Pass it on"), "page", mark("Did you pass it on?"), SHARING),
)  # fmt: skip
KINDS = {kind.name: kind for kind in _KINDS}

_VARIANTS: dict[tuple[str, str], tuple[Answer, ...]] = {
    ("petition", "pledge"): (
        Answer("sign", mark("I pledge"), counts=True),
        Answer("sign_named", mark("I pledge, show my handle"), counts=True),
        Answer("support", mark("I support this, do not count me")),
    ),
    ("need", "offer"): TAKING,
    ("decision", "sense"): SENSING,
    ("decision", "consent"): CONSENTING,
    ("decision", "score"): (),
    ("decision", "ranked"): (),
}
"""What a kind may also be: where it has no answers, each call brings its own options."""

_ASKS = {
    ("petition", "pledge"): mark("Do you pledge?"),
    ("need", "offer"): mark("Would you like this?"),
}
"""Of a variant to which the question of its kind does not fit."""


def variants(kind: str) -> tuple[str, ...]:
    """The plain form, named by nothing, first."""
    return ("", *(variant for name, variant in _VARIANTS if name == kind))


def asks(kind: str, variant: str) -> str:
    """The question above the answers."""
    return _ASKS.get((kind, variant), KINDS[kind].asks)


def answers(kind: str, variant: str, options: Sequence[str] = ()) -> tuple[Answer, ...]:
    """What can be answered, in the order of the card. ``options``: the call's own, as its card has them."""
    known = _VARIANTS.get((kind, variant), KINDS[kind].answers)
    return known or tuple(
        Answer(str(at), title, counts=True) for at, title in enumerate(options, start=1)
    )


def by_name(kind: str, visibility: str) -> bool:
    """Whether the host of a call is told who answers, and not only how many. Of what is for the members of a
    community (``visibility`` of its post) always: it knows them, and lets nobody else answer."""
    return KINDS[kind].named or visibility == "members"


def shows(kind: str, visibility: str, answer: str) -> bool:
    """Whether the organisers of a call see who gave this answer: where the host is told who answers at all, and where
    the answer itself says so. The one rule for every list of who takes part."""
    return by_name(kind, visibility) or answer == NAMED


def has_own_options(kind: str, variant: str) -> bool:
    """Whether who makes such a call says what can be answered."""
    return not answers(kind, variant)


def default(kind: str, variant: str, options: Sequence[str] = ()) -> Answer:
    """What a plain Join says: the first that counts."""
    return next(a for a in answers(kind, variant, options) if a.counts)
