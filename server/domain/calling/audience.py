"""Who will see it, who learns your name, and where it goes: in words, before anything is published.

Pure, and the one home of these sentences: pages, the API and mails show the same. They say what is so and
nothing more: that other servers keep copies, that operators can read what is not encrypted, that a vote on a
poll is not secret to the server that counts it (many believe it is). A test keeps every sentence.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.domain.calling.kinds import KINDS, NAMED
from server.i18n import Told, joined, mark
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
        return self.community or mark("the community")


def place(domain: str, community: Account, *, closed: bool = False, asks: bool = False) -> Place:
    """Of a call or post of this community, as seen from ``domain``."""
    name = community.display_name or community.username
    return Place(domain, name, community.host, closed, asks)


_COPIES = mark("Other servers keep copies, which a deletion may not reach.")
_READABLE = mark("It is not encrypted: whoever runs one of these servers can read it.")
_TO_THEIR_SERVERS = mark("It goes to the servers of its members.")
_NUMBER_ALONE = mark("In public only the number is shown.")
_DELETED = mark(
    "All of it is deleted %(days)s days after the call is over, or at once when you take your answer back.",
    days=KEEP_DAYS,
)


def of_post(visibility: str, place: Place) -> Told:
    """Of what a member writes. ``visibility``: public, unlisted, members, private or direct."""
    if visibility == "members":
        return joined(
            mark("Only members of %(group)s can see this, with your name.", group=place.group),
            _TO_THEIR_SERVERS,
            _READABLE,
        )
    if visibility == "private":
        return joined(
            mark("Your followers can see this, with your name. It goes to their servers."),
            _READABLE,
        )
    if visibility == "direct":
        only = mark(
            "Only the people you mention can see this, with your name. It goes to their servers."
        )
        return joined(only, _READABLE)
    return joined(
        mark("Everybody on the web can see this, with your name."),
        "" if visibility == "public" else mark("It is left out of public lists and searches."),
        _passes_on(place) if place.community else "",
        _COPIES,
    )


def of_call(kind: str, place: Place) -> Told:
    """Of a call that somebody makes. ``kind``: of call."""
    if place.closed:
        return _of_closed_call(place)
    learns = (
        mark("%(domain)s and the organisers of %(group)s learn who answers.", **_names(place))
        if KINDS[kind].named
        else joined(
            mark(
                "Servers that run Beckon tell %(domain)s how many of their people answer, and not who;"
                " a vote from any other server carries a name.",
                domain=place.domain,
            ),
            _seen(kind, place),
        )
    )
    return joined(
        mark("Everybody on the web can see this call, with your name as the one who makes it."),
        _passes_on(place),
        _COPIES,
        learns,
        mark("In public only numbers are shown."),
    )


def _of_closed_call(place: Place) -> Told:
    return joined(
        mark(
            "Only members of %(group)s can see this call, with your name as the one who makes it, and answer it.",
            group=place.group,
        ),
        _TO_THEIR_SERVERS,
        _READABLE,
        mark("%(domain)s and the organisers of %(group)s learn who answers.", **_names(place)),
        mark("Who has no account cannot be a member, and cannot answer by e-mail."),
        mark(
            "The organisers may open this one call: then everybody who has the address of its page can see and"
            " answer it, without your name."
        ),
    )


def _names(place: Place) -> dict[str, str]:
    return {"domain": place.domain, "group": place.group}


def _passes_on(place: Place) -> Told:
    if not place.community:
        return mark("The community passes it on to its members.")
    return mark(
        "%(group)s passes it on to its members.",
        group=place.community[:1].upper() + place.community[1:],
    )


def of_answer(kind: str, door: str, place: Place) -> Told:
    """Of an answer. ``door``: card, join, client, page, reply or email."""
    asks = place.asks and not (place.closed and door == "email")
    told = _of_door(kind, door, place)
    return joined(told, *_asked(place)) if asks else told


def _asked(place: Place) -> tuple[str, str]:
    kept = mark("They are deleted %(days)s days after the call is over.", days=KEEP_DAYS)
    read = mark(
        "The organisers of %(group)s read your answers to their questions.", group=place.group
    )
    return read, "" if place.host else kept


def _of_door(kind: str, door: str, place: Place) -> Told:
    if place.closed:
        return _among_members(door, place)
    if door == "email":
        return _of_email(place)
    if door == "reply":
        return joined(
            mark("Your reply is a public post: everybody can see it, with your name."),
            mark(
                "%(host)s counts it. A favourite or a boost is not counted.",
                host=place.host or place.domain,
            ),
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


def _among_members(door: str, place: Place) -> Told:
    """Answers to what is for members; a number is shown to these alone."""
    who = {"host": place.host or place.domain, "group": place.group}
    if door == "email":
        return mark(
            "Only members of %(group)s answer this call, with their account and not by e-mail.",
            group=place.group,
        )
    if door == "reply":
        return joined(
            mark("Your reply is a post: send it to as few people as the call was sent to."),
            mark(
                "%(host)s counts it, and the organisers of %(group)s learn what your account answered.",
                **who,
            ),
        )
    learns = (
        mark(
            "A vote is not secret: %(host)s and the organisers of %(group)s learn what your account answers.",
            **who,
        )
        if door == "card"
        else mark(
            "%(host)s and the organisers of %(group)s learn what your account answers.", **who
        )
    )
    return joined(
        learns,
        mark(
            "Other members are shown only the number, and nobody else even that unless the organisers open this"
            " call to others."
        ),
    )


def _of_email(place: Place) -> Told:
    return joined(
        mark(
            "Your address and what you write stay on %(domain)s, encrypted for %(group)s.",
            **_names(place),
        ),
        mark("Its organisers see the name you give and your answer, but never your address."),
        _NUMBER_ALONE,
        _DELETED,
    )


def _seen(kind: str, place: Place) -> Told:
    """What organisers see of answers that are counted, and not named (``kinds.shows``)."""
    if any(answer.key == NAMED for answer in KINDS[kind].answers):
        return mark(
            "The organisers of %(group)s see how many answer, and a name only where the answer says that it is shown.",
            group=place.group,
        )
    return mark("The organisers of %(group)s see how many answer, and no names.", group=place.group)


def _from_elsewhere(kind: str, door: str, place: Place) -> Told:
    own = mark("Your own server may show it to others.") if door == "join" else ""
    named = KINDS[kind].named
    return joined(
        _learns_by_name(door, place) if named else _learns(door, place),
        "" if named else _seen(kind, place),
        own,
        _NUMBER_ALONE,
    )


def _learns(door: str, place: Place) -> Told:
    host = place.host or place.domain
    if door == "card":
        return mark("A vote is not secret: %(host)s learns which account chose what.", host=host)
    return mark("%(host)s learns that your account takes part.", host=host)


def _learns_by_name(door: str, place: Place) -> Told:
    who = {"host": place.host or place.domain, "group": place.group}
    if door == "card":
        return mark(
            "A vote is not secret: %(host)s and the organisers of %(group)s learn which account chose what.",
            **who,
        )
    return mark(
        "%(host)s and the organisers of %(group)s learn that your account takes part.", **who
    )


def _from_here(kind: str, place: Place) -> Told:
    there = {"domain": place.domain, "host": place.host}
    if place.host and KINDS[kind].named:
        return joined(
            mark(
                "%(domain)s tells %(host)s your name and your answer, because people act together there.",
                **there,
            ),
            _NUMBER_ALONE,
        )
    if place.host:
        return mark(
            "Your name and your answer stay on %(domain)s. %(host)s hears only a number.", **there
        )
    return joined(
        mark("Your name and your answer stay on %(domain)s.", domain=place.domain),
        mark("The organisers of %(group)s see them.", group=place.group)
        if KINDS[kind].named
        else _seen(kind, place),
        _NUMBER_ALONE,
    )


def of_opened(door: str, domain: str) -> Told:
    """Of an answer to one call that a private community opened to everybody: it is not named. ``door``: email or
    opened."""
    if door == "email":
        return joined(
            mark(
                "Your address and what you write stay on %(domain)s, encrypted for those who call.",
                domain=domain,
            ),
            mark("They see the name you give and your answer, but never your address."),
            mark("Others are shown only the number."),
            _DELETED,
        )
    return joined(
        mark(
            "Your name and your answer stay on %(domain)s. Those who call see them; others are shown only the number.",
            domain=domain,
        ),
        mark("You answer this one call, and become a member of nothing."),
    )


def of_feedback(place: Place) -> Told:
    """Of what somebody says of a call that is over (``feedback``)."""
    return joined(
        mark(
            "The organisers of %(group)s read this, without your name, from the day after you wrote it: when three"
            " people have written, or 14 days after the end.",
            group=place.group,
        ),
        mark(
            "%(domain)s keeps that you wrote, and not which words are yours. All of it is deleted after a year.",
            domain=place.domain,
        ),
    )


def consent(purpose: str, kind: str, community: str, domain: str) -> Told:
    """What somebody without an account agrees to, unless the organisers say it in other words.

    ``purpose``: answer or news.
    """
    if purpose == "news":
        return mark(
            "%(group)s may also write to me once a week about what it does next, until I say stop with the link in"
            " its mails.",
            group=community,
        )
    opinion = kind not in ("event", "volunteer", "need")
    return joined(
        mark(
            "I agree that %(domain)s keeps my address, my name and my answer for %(group)s, to count my answer"
            " and to write to me about this call.",
            domain=domain,
            group=community,
        ),
        mark("It may show my political opinion.") if opinion else "",
        mark("They are deleted %(days)s days after it is over.", days=KEEP_DAYS),
        mark("I can take my answer back at any time, with the link in the mail."),
    )
