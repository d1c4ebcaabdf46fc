"""Calls as OSDI has them (Open Supporter Data Interface 1.2), for the tools that campaigns use elsewhere.

Each kind of call is one resource, and each answer to it one of the records below that: a petition has
signatures, an event attendances. What OSDI calls an advocacy campaign is one contact call. Needs, decisions
and calls to pass something on are forms with submissions. The links are HAL's.

What is added up is what OSDI means: ``total_signatures`` are the confirmed ones, as those of other servers
are known by their word only. A person stands beside a record where the caller gives one, and only there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

Json = dict[str, object]

MEDIA_TYPE = "application/hal+json"
SYSTEM = "Beckon"
CURIES = [
    {"name": "osdi", "href": "https://opensupporter.github.io/osdi-docs/{rel}", "templated": True}
]


@dataclass(frozen=True, slots=True)
class Place:
    """``public`` false: it is told to who takes part, and stands in no public export."""

    name: str = ""
    address: str = ""
    latitude: float | None = None
    longitude: float | None = None
    public: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """One call with its counts. ``uri`` names it; ``url`` is its page; ``html`` and ``plain`` its text."""

    uri: str
    url: str
    kind: str
    title: str
    html: str
    plain: str
    state: str
    created_at: datetime
    modified_at: datetime
    confirmed: int
    expressed: int
    private: bool = False
    variant: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    place: Place = Place()
    capacity: int | None = None
    targets: tuple[str, ...] = ()
    link: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    handle: str
    url: str
    uri: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What one person said. ``person``: None where nobody is named. ``attended``: None where nobody noted it."""

    number: int
    answer: str
    state: str
    created_at: datetime
    answered_at: datetime
    person: Person | None = None
    comment: str = ""
    attended: bool | None = None


@dataclass(frozen=True, slots=True)
class _Shape:
    """``resource`` and ``record`` in the singular and plural; ``total``: the field of the count."""

    resource: str
    record: str
    records: str
    total: str


SHAPES: Mapping[str, _Shape] = {
    "petition": _Shape("petition", "signature", "signatures", "total_signatures"),
    "event": _Shape("event", "attendance", "attendances", "total_accepted"),
    "contact": _Shape("advocacy_campaign", "outreach", "outreaches", "total_outreaches"),
    "donate": _Shape("fundraising_page", "donation", "donations", "total_donations"),
    "form": _Shape("form", "submission", "submissions", "total_submissions"),
}
_OF_KIND = {"volunteer": "event", "need": "form", "decision": "form", "share": "form"}
STATUS = {"cancelled": "cancelled", "postponed": "tentative"}
ATTENDANCE = {"going": "accepted", "maybe": "tentative", "declined": "declined"}


def shape(kind: str) -> _Shape:
    return SHAPES[_OF_KIND.get(kind, kind)]


def call(of: Call, self_url: str) -> Json:
    """The resource. ``self_url``: where this very export is."""
    form = shape(of.kind)
    document = _common(of.uri, of.created_at, of.modified_at) | {
        "name": of.title,
        "title": of.title,
        "description": of.html,
        "summary": " ".join(of.plain.split())[:500],
        "browser_url": of.url,
        form.total: of.confirmed,
        "beckon:kind": of.kind,
        "beckon:variant": of.variant,
        "beckon:state": of.state,
        "beckon:expressed": of.expressed,
    }
    document |= _MORE.get(form.resource, _nothing)(of)
    return document | {"_links": {"curies": CURIES, "self": {"href": self_url}}}


def with_answers(of: Call, answers: Sequence[Answer], self_url: str) -> Json:
    """The resource, with all that was answered embedded in it."""
    form = shape(of.kind)
    document = call(of, self_url)
    document["_embedded"] = {f"osdi:{form.records}": [_record(of, each) for each in answers]}
    return document


def _common(identifier: str, created_at: datetime, modified_at: datetime) -> Json:
    return {
        "identifiers": [f"beckon:{identifier}"],
        "origin_system": SYSTEM,
        "created_date": stamp(created_at),
        "modified_date": stamp(modified_at),
    }


def stamp(at: datetime) -> str:
    """ISO 8601 in UTC, to the second (osdi-docs, index: datetime)."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _nothing(_of: Call) -> Json:
    return {}


def _petition(of: Call) -> Json:
    return {"petition_text": of.plain, "target": [{"name": each} for each in of.targets]}


def _event(of: Call) -> Json:
    document: Json = {
        "type": "open",
        "status": STATUS.get(of.state, "confirmed"),
        "all_day": False,
        "transparence": "opaque",
        "visibility": "private" if of.private else "public",
    }
    if of.starts_at:
        document["start_date"] = stamp(of.starts_at)
    if of.ends_at:
        document["end_date"] = stamp(of.ends_at)
    if of.capacity is not None:
        document["capacity"] = of.capacity
    location = _location(of.place)
    return document | ({"location": location} if location else {})


def _location(place: Place) -> Json:
    if not place.public:
        return {"public": False}
    found: Json = {}
    if place.name:
        found["venue"] = place.name
    if place.address:
        found["address_lines"] = [place.address]
    if place.latitude is not None and place.longitude is not None:
        found["location"] = {
            "latitude": place.latitude,
            "longitude": place.longitude,
            "accuracy": "Rooftop",
        }
    return found


def _advocacy(of: Call) -> Json:
    return {"type": "email", "targets": ", ".join(of.targets)}


def _fundraising(of: Call) -> Json:
    """We hold the way there, and no card and no sum."""
    return {"donate_url": of.link} if of.link else {}


_MORE = {
    "petition": _petition,
    "event": _event,
    "advocacy_campaign": _advocacy,
    "fundraising_page": _fundraising,
}


def _record(of: Call, answer: Answer) -> Json:
    form = shape(of.kind)
    record = _common(f"{of.uri}#{answer.number}", answer.created_at, answer.answered_at) | {
        "action_date": stamp(answer.answered_at),
        "beckon:answer": answer.answer,
        "beckon:state": answer.state,
    }
    if form.record == "attendance":
        record["status"] = _attendance(answer)
        if answer.attended is not None:
            record["attended"] = answer.attended
    if answer.comment:
        record["comment" if form.record == "attendance" else "comments"] = answer.comment
    if answer.person:
        record["_embedded"] = {"osdi:person": _person(answer.person)}
    return record


def _attendance(answer: Answer) -> str:
    """Who waits for a place has no answer yet."""
    if answer.state != "granted":
        return "declined" if answer.state == "refused" else "needs action"
    return ATTENDANCE.get(answer.answer, "accepted")


def _person(person: Person) -> Json:
    return {
        "identifiers": [f"activitypub:{person.uri}"],
        "given_name": person.name,
        "browser_url": person.url,
        "profiles": [
            {
                "provider": "ActivityPub",
                "id": person.uri,
                "url": person.url,
                "handle": person.handle,
            }
        ],
    }
