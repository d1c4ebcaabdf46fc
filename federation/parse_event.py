"""What is special about an Event or a Question: time, place, places, answers, and our own ``cta:call``.

Every neighbour spells events a little differently (Mobilizon, Gancio, PieFed, WordPress, FEP-8a8e);
each difference is named where it is read. An unusable part becomes None: the post stays readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Final, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from federation.errors import Refused
from federation.fields import (
    TEXT_MAX,
    Document,
    contact_url,
    items,
    mapping,
    mappings,
    number,
    own_ref,
    ref,
    refs,
    text,
    time,
    web_url,
    whole,
)
from federation.objects import (
    Address,
    Call,
    CallKind,
    Event,
    EventStatus,
    Goal,
    JoinMode,
    Option,
    Place,
    Poll,
    Question,
    Role,
    Source,
)
from federation.origin import same_origin
from federation.parse_target import scripts, targets
from federation.vocab import CALL_KINDS, CALL_STATES, EVENT_STATUSES, JOIN_MODES

OPTIONS_MAX: Final = 64
STEWARDS_MAX: Final = 64
VARIANT_MAX: Final = 20
SHIFTS_MAX: Final = 64
ROLES_MAX: Final = 20
ROLE_MAX: Final = 60
GUESTS_MAX: Final = 10
SOURCES_MAX: Final = 5
TITLE_MAX: Final = 200
QUESTIONS_MAX: Final = 3
QUESTION_MAX: Final = 200
PLACES_MAX: Final = 1_000_000
LOCATIONS_MAX: Final = 8
ORGANIZERS_MAX: Final = 64
_ZONE: Final = re.compile(r"[A-Za-z0-9_+\-]{1,32}(/[A-Za-z0-9_+\-]{1,32}){0,3}")


def parse_poll(document: Document, fallback_time: datetime | None) -> Poll | None:
    """The answers of a Question (FEP-9967), or None where it has none.

    ``closed`` may be a bare true: the poll then counts as closed at its end, else at
    ``fallback_time``. Raises Refused("too_many_options") above 64: to cut them would change the poll.
    """
    multiple = bool(document.get("anyOf"))
    listed = document.get("anyOf") if multiple else document.get("oneOf")
    options = mappings(listed, OPTIONS_MAX + 1)
    if len(options) > OPTIONS_MAX:
        raise Refused("too_many_options", f"A poll has at most {OPTIONS_MAX} options.")
    if not options:
        return None
    end_time = time(document.get("endTime"))
    closed_at = time(document.get("closed"))
    if document.get("closed") is True:
        closed_at = end_time or fallback_time
    return Poll(
        options=tuple(_option(entry) for entry in options),
        multiple=multiple,
        end_time=end_time,
        closed_at=closed_at,
        voters_count=whole(document.get("votersCount")),
    )


def _option(entry: Document) -> Option:
    replies = mapping(entry.get("replies")) or {}
    return Option(text(entry.get("name")), whole(replies.get("totalItems")) or 0)


def parse_event(document: Document) -> Event | None:
    """When, where and for how many; None without a ``startTime``."""
    start = time(document.get("startTime"))
    if start is None:
        return None
    end = time(document.get("endTime"))
    place, online = _where(document.get("location"))
    return Event(
        start=start,
        end=end if end is not None and end >= start else None,
        timezone=_timezone(document.get("timezone")),
        place=place,
        online_url=web_url(document.get("onlineLink")) or online,
        # Mobilizon writes 0 where there is no limit
        capacity=whole(document.get("maximumAttendeeCapacity")) or None,
        participant_count=whole(document.get("participantCount")) or 0,
        join_mode=_join_mode(document.get("joinMode")),
        external_url=contact_url(document.get("externalParticipationUrl")),
        anonymous=_is_anonymous(document),
        status=_status(document),
        organizers=_organizers(document.get("organizers")),
        attendees=ref(document.get("attendees")),
        taken=_taken(document),
    )


def _taken(document: Document) -> int | None:
    """From what it says is left; None where these are no more than take part."""
    there, left = (whole(document.get(f"{n}AttendeeCapacity")) for n in ("maximum", "remaining"))
    if not there or left is None or left > there:
        return None
    return there - left if there - left > (whole(document.get("participantCount")) or 0) else None


def _organizers(value: object) -> tuple[str, ...]:
    """The members of the collection where it was embedded (FEP-8a8e): of itself or of its first page."""
    collection = mapping(value) or {}
    page = mapping(collection.get("first")) or collection
    return refs(page.get("items", page.get("orderedItems")), ORGANIZERS_MAX)


def _is_anonymous(document: Document) -> bool:
    """PieFed's word and Mobilizon's."""
    words = ("anonymousParticipation", "anonymousParticipationEnabled")
    return any(document.get(word) is True for word in words)


def _timezone(value: object) -> str | None:
    """An IANA name that exists here."""
    if not isinstance(value, str) or not _ZONE.fullmatch(value):
        return None
    try:
        return ZoneInfo(value).key
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _join_mode(value: object) -> JoinMode:
    known = isinstance(value, str) and value in JOIN_MODES
    return cast("JoinMode", value) if known else "free"


def _status(document: Document) -> EventStatus:
    """``status`` is Mobilizon's, ``ical:status`` its older spelling, ``eventStatus`` FEP-8a8e's.

    Only the last can say postponed, beside a ``status`` for those who do not know that word.
    """
    words = [_word(document.get(key)) for key in ("status", "ical:status", "eventStatus")]
    found = [EVENT_STATUSES[word] for word in words if word in EVENT_STATUSES]
    if words[2] == "eventpostponed" and "cancelled" not in found:
        return "postponed"
    return cast("EventStatus", found[0]) if found else "confirmed"


def _word(said: object) -> str:
    return said.rpartition("/")[2].lower() if isinstance(said, str) else ""


def _where(value: object) -> tuple[Place | None, str | None]:
    """The first physical place and the first address online.

    Gancio writes an array for a hybrid event, FEP-8a8e a ``VirtualLocation``, some a bare string.
    """
    place: Place | None = None
    online: str | None = None
    for entry in items(value, LOCATIONS_MAX):
        location = mapping(entry)
        if location is not None and location.get("type") == "VirtualLocation":
            online = online or web_url(location.get("url"))
        else:
            place = place or _place(location if location is not None else {"name": entry})
    return place, online


def _place(location: Document) -> Place | None:
    latitude, longitude = _coordinates(location)
    place = Place(
        name=text(location.get("name")),
        address=_address(location.get("address")),
        latitude=latitude,
        longitude=longitude,
        url=web_url(location.get("url")),
    )
    return None if place == Place() else place


def _coordinates(location: Document) -> tuple[float, float] | tuple[None, None]:
    latitude, longitude = number(location.get("latitude")), number(location.get("longitude"))
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return None, None
    return latitude, longitude


def _address(value: object) -> Address | None:
    if (parts := mapping(value)) is None:
        parts = {"streetAddress": value}
    address = Address(
        street=text(parts.get("streetAddress")),
        locality=text(parts.get("addressLocality")),
        postal_code=text(parts.get("postalCode")),
        region=text(parts.get("addressRegion")),
        country=text(parts.get("addressCountry")),
    )
    return None if address == Address() else address


def parse_call(value: object, owner: str, category: str = "") -> Call | None:
    """Our extension, or None where it is absent or of a kind not known here.

    ``card`` and ``tallies`` count only on the origin of ``owner``, the id of the call. ``category``: what a need
    says beside it that it is about.
    """
    extension = mapping(value)
    kind = extension.get("kind") if extension is not None else None
    if extension is None or not isinstance(kind, str) or kind not in CALL_KINDS:
        return None
    return Call(
        kind=cast("CallKind", kind),
        goal=_goal(extension.get("goal")),
        card=own_ref(extension.get("card"), owner),
        answers=tuple(_answer(entry) for entry in mappings(extension.get("answers"), OPTIONS_MAX)),
        waiting=whole(extension.get("waiting")) or 0,
        deadline=time(extension.get("deadline")),
        outcome=text(extension.get("outcome"), TEXT_MAX),
        tallies=own_ref(extension.get("tallies"), owner),
        stewards=refs(extension.get("stewards"), STEWARDS_MAX),
        variant=text(extension.get("variant"), VARIANT_MAX),
        state=_state(extension.get("state")),
        about=text(extension["about"], TEXT_MAX) if "about" in extension else None,
        place=_where(extension.get("location"))[0],
        places=whole(extension.get("places")) or None,
        link=web_url(extension.get("link")),
        urgent=extension.get("urgent") is True,
        timezone=_timezone(extension.get("timezone")),
        shifts=tuple(
            uri for uri in refs(extension.get("subEvent"), SHIFTS_MAX) if same_origin(uri, owner)
        ),
        parent=own_ref(extension.get("superEvent"), owner),
        choice=_choice(extension.get("choice")),
        roles=tuple(_roles(extension.get("roles"))),
        started_from=_other(extension.get("startedFrom"), owner),
        next=_other(extension.get("nextStep"), owner),
        may_be_started=extension.get("mayBeStarted") is not False,
        targets=tuple(targets(extension.get("targets"), owner)),
        scripts=tuple(scripts(extension.get("scripts"))),
        category=category,
        sources=tuple(_sources(extension.get("sources"))),
        guests_max=min(whole(extension.get("guestsMax")) or 0, GUESTS_MAX),
        questions=tuple(_questions(extension.get("questions"))),
        secret_until_closed=extension.get("secretUntilClosed") is True,
    )


def _other(said: object, owner: str) -> str | None:
    """An id on any server, but not the owner's: nothing was started from itself."""
    found = ref(said)
    return None if found == owner else found


def _sources(value: object) -> Iterator[Source]:
    for entry in mappings(value, SOURCES_MAX):
        url = web_url(entry)
        if url and url.startswith("https://"):
            yield Source(url=url, title=text(entry.get("name"), TITLE_MAX))


def _choice(said: object) -> int | None:
    at = whole(said)
    return at if at is not None and at < OPTIONS_MAX else None


def _questions(value: object) -> Iterator[Question]:
    for entry in mappings(value, QUESTIONS_MAX):
        asked = text(entry.get("name"), QUESTION_MAX)
        if asked:
            yield Question(text=asked, required=entry.get("required") is True)


def _roles(value: object) -> Iterator[Role]:
    for entry in mappings(value, ROLES_MAX):
        name, places = text(entry.get("name"), ROLE_MAX), whole(entry.get("places"))
        if name and places and places <= PLACES_MAX:
            yield Role(name=name, places=places, skill=text(entry.get("skill"), ROLE_MAX))


def _state(said: object) -> str:
    return said if isinstance(said, str) and said in CALL_STATES else ""


def _goal(value: object) -> Goal | None:
    goal = mapping(value) or {}
    metric, amount = text(goal.get("metric")), whole(goal.get("hasNumericalValue"))
    return Goal(metric=metric, value=amount) if metric and amount is not None else None


def _answer(entry: Document) -> Option:
    return Option(text(entry.get("name")), whole(entry.get("count")) or 0)
