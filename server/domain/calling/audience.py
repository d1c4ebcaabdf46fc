"""Who will see it, who learns your name, and where it goes: in words, before anything is published.

Pure, and the one home of these sentences: pages, the API and mails show the same. They say what is so and
nothing more: that other servers keep copies, that operators can read what is not encrypted, that a vote on a
poll is not secret to the server that counts it (many believe it is). A test keeps every sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.calling.kinds import KINDS, NAMED
from storage.accounts import Account

KEEP_DAYS = 90
"""Days after its call is over for which contact data is kept (domain/retention.py)."""


@dataclass(frozen=True, slots=True)
class Place:
    """``domain``: this server; ``community``: its title, or ""; ``host``: of the call's server, "" for ours.
    ``closed``: the call is for the members of the community; ``asks``: its organisers ask something."""

    domain: str
    community: str = ""
    host: str = ""
    closed: bool = False
    asks: bool = False

    @property
    def group(self) -> str:
        return self.community or "the community"


def place(domain: str, community: Account, *, closed: bool = False, asks: bool = False) -> Place:
    """Of a call or post of this community, as seen from ``domain``."""
    name = community.display_name or community.username
    return Place(domain, name, community.host, closed, asks)


_COPIES = "Other servers keep copies, which a deletion may not reach."
_READABLE = "It is not encrypted: whoever runs one of these servers can read it."


def of_post(visibility: str, place: Place) -> str:
    """Of what a member writes. ``visibility``: public, unlisted, members, private or direct."""
    if visibility == "members":
        return (
            f"Only members of {place.group} can see this, with your name."
            f" It goes to the servers of its members. {_READABLE}"
        )
    if visibility == "private":
        return f"Your followers can see this, with your name. It goes to their servers. {_READABLE}"
    if visibility == "direct":
        return (
            "Only the people you mention can see this, with your name. It goes to their servers."
            f" {_READABLE}"
        )
    listed = "" if visibility == "public" else " It is left out of public lists and searches."
    passed = f" {place.community} passes it on to its members." if place.community else ""
    return f"Everybody on the web can see this, with your name.{listed}{passed} {_COPIES}"


def of_call(kind: str, place: Place) -> str:
    """Of a call that somebody makes. ``kind``: of call."""
    if place.closed:
        return (
            f"Only members of {place.group} can see this call, with your name as the one who makes it, and answer it."
            f" It goes to the servers of its members. {_READABLE} {place.domain} and the organisers of"
            f" {place.group} learn who answers. Who has no account cannot be a member, and cannot answer by e-mail."
            " The organisers may open this one call: then everybody who has the address of its page can see and answer it, without your name."
        )
    learns = (
        f"{place.domain} and the organisers of {place.group} learn who answers"
        if KINDS[kind].named
        else f"Servers that run Beckon tell {place.domain} how many of their people answer, and not who;"
        f" a vote from any other server carries a name. {_seen(kind, place)}"
    )
    return (
        "Everybody on the web can see this call, with your name as the one who makes it."
        f" {place.group[:1].upper()}{place.group[1:]} passes it on to its members. {_COPIES} {learns.removesuffix('.')}."
        " In public only numbers are shown."
    )


def of_answer(kind: str, door: str, place: Place) -> str:
    """Of an answer. ``door``: card, join, client, page, reply or email."""
    asks = place.asks and not (place.closed and door == "email")
    return _of_door(kind, door, place) + (_asked(place) if asks else "")


def _asked(place: Place) -> str:
    kept = "" if place.host else f" They are deleted {KEEP_DAYS} days after the call is over."
    return f" The organisers of {place.group} read your answers to their questions.{kept}"


def _of_door(kind: str, door: str, place: Place) -> str:
    if place.closed:
        return _among_members(door, place)
    if door == "email":
        return _of_email(place)
    if door == "reply":
        return (
            "Your reply is a public post: everybody can see it, with your name."
            f" {place.host or place.domain} counts it. A favourite or a boost is not counted."
        )
    if door in ("card", "join"):
        return _from_elsewhere(kind, door, place)
    return _from_here(kind, place)


def of_answers(kind: str, place: Place) -> dict[str, str | None]:
    """The same for each door; None for e-mail to another server, which is no door of ours."""
    told: dict[str, str | None] = {
        door: of_answer(kind, door, place) for door in ("card", "join", "client")
    }
    door = not (place.host or place.closed)
    return {**told, "email": of_answer(kind, "email", place) if door else None}


def _among_members(door: str, place: Place) -> str:
    """Answers to what is for members; a number is shown to these alone."""
    counts = place.host or place.domain
    if door == "email":
        return (
            f"Only members of {place.group} answer this call, with their account and not by e-mail."
        )
    if door == "reply":
        return (
            "Your reply is a post: send it to as few people as the call was sent to."
            f" {counts} counts it, and the organisers of {place.group} learn what your account answered."
        )
    secret = "A vote is not secret: " if door == "card" else ""
    return (
        f"{secret}{counts} and the organisers of {place.group} learn what your account answers."
        " Other members are shown only the number, and nobody else even that unless the organisers open this call to others."
    )


def _of_email(place: Place) -> str:
    return (
        f"Your address and what you write stay on {place.domain}, encrypted for {place.group}."
        " Its organisers see the name you give and your answer, but never your address."
        " In public only the number is shown."
        f" All of it is deleted {KEEP_DAYS} days after the call is over, or at once when you take your answer back."
    )


def _seen(kind: str, place: Place) -> str:
    """What organisers see of answers that are counted, and not named (``kinds.shows``)."""
    chosen = any(answer.key == NAMED for answer in KINDS[kind].answers)
    who = "a name only where the answer says that it is shown" if chosen else "no names"
    return f"The organisers of {place.group} see how many answer, and {who}."


def _from_elsewhere(kind: str, door: str, place: Place) -> str:
    counts = place.host or place.domain
    own = " Your own server may show it to others." if door == "join" else ""
    if not KINDS[kind].named:
        learns = (
            f"A vote is not secret: {counts} learns which account chose what."
            if door == "card"
            else f"{counts} learns that your account takes part."
        )
        return f"{learns} {_seen(kind, place)}{own} In public only the number is shown."
    secret = (
        f"A vote is not secret: {counts} and the organisers of {place.group} learn which account chose what."
        if door == "card"
        else f"{counts} and the organisers of {place.group} learn that your account takes part."
    )
    return f"{secret}{own} In public only the number is shown."


def _from_here(kind: str, place: Place) -> str:
    if place.host and KINDS[kind].named:
        return (
            f"{place.domain} tells {place.host} your name and your answer, because people act together there."
            " In public only the number is shown."
        )
    if place.host:
        return (
            f"Your name and your answer stay on {place.domain}. {place.host} hears only a number."
        )
    seen = f"The organisers of {place.group} see them." if KINDS[kind].named else _seen(kind, place)
    return (
        f"Your name and your answer stay on {place.domain}. {seen}"
        " In public only the number is shown."
    )


def of_opened(door: str, domain: str) -> str:
    """Of an answer to one call that a private community opened to everybody: it is not named. ``door``: email or
    opened."""
    if door == "email":
        return (
            f"Your address and what you write stay on {domain}, encrypted for those who call."
            " They see the name you give and your answer, but never your address."
            " Others are shown only the number."
            f" All of it is deleted {KEEP_DAYS} days after the call is over, or at once when you take your answer back."
        )
    return (
        f"Your name and your answer stay on {domain}. Those who call see them; others are shown only the number."
        " You answer this one call, and become a member of nothing."
    )


def of_feedback(place: Place) -> str:
    """Of what somebody says of a call that is over (``feedback``)."""
    return (
        f"The organisers of {place.group} read this, without your name, from the day after you wrote it: when three people"
        f" have written, or 14 days after the end. {place.domain} keeps that you wrote, and not which words are yours. All of it is deleted after a year."
    )


def consent(purpose: str, kind: str, community: str, domain: str) -> str:
    """What somebody without an account agrees to, unless the organisers say it in other words.

    ``purpose``: answer or news.
    """
    if purpose == "news":
        return f"{community} may also write to me once a week about what it does next, until I say stop with the link in its mails."
    opinion = "" if kind in ("event", "volunteer", "need") else " It may show my political opinion."
    return (
        f"I agree that {domain} keeps my address, my name and my answer for {community}, to count my answer"
        f" and to write to me about this call.{opinion} They are deleted {KEEP_DAYS} days after it is over."
        " I can take my answer back at any time, with the link in the mail."
    )
