"""Post documents: from one ``Post`` to what every neighbour can read.

One shape serves all readers, so each key here is somebody's demand: Lemmy refuses a document whose
``attachment``, ``to`` or ``cc`` is no array; PieFed's event reader fails on an absent key where null is
fine; Mobilizon wants one place with float coordinates; Gancio wants a media type on every attachment
and the image first. Types are single, never arrays.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, TypeAlias
from urllib.parse import quote
from zoneinfo import ZoneInfo

from federation.objects import (
    Address,
    Attachment,
    Call,
    Emoji,
    Event,
    EventStatus,
    Mention,
    Option,
    Place,
    Poll,
    Post,
    Proposal,
    Question,
    QuoteAuthorization,
    QuotePolicy,
    Role,
    Script,
    Source,
    Target,
    Vote,
)
from federation.vocab import (
    AS,
    CALL_TERMS,
    CATEGORY,
    DATA_INTEGRITY,
    EVENT_TERMS,
    POST_TERMS,
    PRIMARY,
    PROPOSAL_TERMS,
    QUOTE_TERMS,
)

Json: TypeAlias = dict[str, object]

SUMMARY_MAX: Final = 500
_STATUSES: Final[dict[EventStatus, tuple[str, str]]] = {
    "confirmed": ("CONFIRMED", "EventScheduled"),
    "tentative": ("TENTATIVE", "EventTentative"),
    "cancelled": ("CANCELLED", "EventCancelled"),
    # Mobilizon's list has no "postponed"
    "postponed": ("TENTATIVE", "EventPostponed"),
}


def post(value: Post) -> Json:
    """The document of a post of any kind that we publish: note, page, article, question, event."""
    match value.kind:
        case "note":
            return note(value)
        case "question":
            return question(value)
        case "event":
            return event(value)
        case _:
            return page(value)


def note(value: Post) -> Json:
    """An untitled post or a comment. Never with a ``name``: as a reply it would look like a vote."""
    document = _common(value, "Note")
    document.pop("name", None)
    return document


def page(value: Post) -> Json:
    """A titled post; ``summary`` is one plain line, as Mastodon shows name, summary and link only."""
    document = _common(value, value.kind.capitalize())
    return _with(document, summary=one_line(value.summary))


def question(value: Post) -> Json:
    """A poll (FEP-9967), or the answer card of a call when ``card_for`` is set."""
    document = _common(value, "Question")
    if value.card_for is not None:
        document["cta:cardFor"] = value.card_for
    return document | _poll(value.poll) if value.poll is not None else document


def event(value: Post) -> Json:
    """An event with every key that a reader demands, null where there is nothing to say.

    Raises ValueError where ``value`` has no event.
    """
    if value.event is None:
        raise ValueError("an event post needs its event")
    document = _with(
        _common(value, "Event"), summary=one_line(value.summary), inLanguage=value.language
    )
    return document | _when_and_where(value.event) | _taking_part(value, value.event)


def vote(value: Vote, to: str) -> Json:
    """One choice, for the author of the poll only. PieFed wants no ``published`` here."""
    return {
        "@context": AS,
        "id": value.id,
        "type": "Note",
        "attributedTo": value.attributed_to,
        "inReplyTo": value.in_reply_to,
        "name": value.name,
        "to": [to],
        "cc": [],
    }


def quote_authorization(value: QuoteAuthorization) -> Json:
    """The stamp by which an author lets a post quote another (FEP-044f)."""
    return {
        "@context": [AS, QUOTE_TERMS],
        "id": value.id,
        "type": "QuoteAuthorization",
        "attributedTo": value.attributed_to,
        "interactingObject": value.interacting,
        "interactionTarget": value.target,
    }


def tombstone(object_id: str, former_type: str, deleted: datetime) -> Json:
    """What is left of a deleted object."""
    return {
        "@context": AS,
        "id": object_id,
        "type": "Tombstone",
        "formerType": former_type,
        "deleted": utc(deleted),
    }


def one_line(summary: str) -> str:
    """Plain text of at most 500 characters on a single line."""
    return " ".join(summary.split())[:SUMMARY_MAX]


def utc(time: datetime) -> str:
    """RFC 3339 in UTC. Raises ValueError for a time without a zone."""
    if time.tzinfo is None:
        raise ValueError("a time on the wire needs a zone")
    return time.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _with(document: Json, **fields: object) -> Json:
    """``document`` and those of ``fields`` that say something."""
    return document | {key: value for key, value in fields.items() if value not in (None, "")}


def _context(value: Post) -> list[object]:
    terms = dict[str, object](POST_TERMS)
    if value.kind == "event":
        terms |= EVENT_TERMS
    if value.call is not None or value.card_for is not None:
        terms |= CALL_TERMS
    if value.call is not None and value.call.proposal is not None:
        terms |= PROPOSAL_TERMS
    return [AS, DATA_INTEGRITY, terms]


def _common(value: Post, kind: str) -> Json:
    document: Json = {
        "@context": _context(value),
        "id": value.id,
        "type": kind,
        "attributedTo": value.attributed_to,
        "to": list(value.to),
        "cc": list(value.cc),
        "content": value.content,
        "mediaType": value.media_type,
        "sensitive": value.sensitive,
        "attachment": _attachments(value),
        "tag": _tags(value),
    }
    if not value.comments_enabled:
        document["commentsEnabled"] = False
    return _with(
        document,
        name=value.name,
        summary=value.summary,
        contentMap={value.language: value.content} if value.language and value.content else None,
        source=_source(value),
        inReplyTo=value.in_reply_to,
        published=utc(value.published) if value.published else None,
        updated=utc(value.updated) if value.updated else None,
        audience=value.audience,
        context=value.context,
        replies=value.replies,
        url=value.url,
        **_quote(value),
        **{"cta:call": _call(value.call)},
        **_proposal(value.id, value.call.proposal if value.call else None),
    )


def _proposal(post_id: str, value: Proposal | None) -> Json:
    """What makes a need a proposal as well, for readers of FEP-0837, which lets a proposal have any type. It has
    no ``unitBased``: one may promise any part of it."""
    if value is None:
        return {}
    kind = f"{CATEGORY}{value.category}" if value.category else None
    intent: Json = {
        "type": "Intent",
        "id": f"{post_id}{PRIMARY}",
        "action": "deliverService" if value.service else "transfer",
        "resourceQuantity": _amount(value.quantity),
    }
    left = None if value.available is None else _amount(value.available)
    intent = _with(intent, resourceConformsTo=kind, availableQuantity=left)
    return {"purpose": value.purpose, "publishes": intent}


def _amount(number: int | None) -> Json:
    """An om2 quantity, as Valueflows writes them: the number is a string of digits."""
    unit: Json = {"hasUnit": "one"}
    return unit if number is None else unit | {"hasNumericalValue": str(number)}


def _quote(value: Post) -> Json:
    """What is quoted, for every reader by its own name: Mastodon; Pleroma; Fedibird; Misskey."""
    quoted: Json = dict.fromkeys(("quote", "quoteUrl", "quoteUri", "_misskey_quote"), value.quote)
    stamp = {"quoteAuthorization": value.quote_authorization}
    return quoted | stamp | {"interactionPolicy": _quote_policy(value.quote_policy)}


def _quote_policy(value: QuotePolicy | None) -> Json | None:
    if value is None:
        return None
    automatic, manual = list(value.automatic), list(value.manual)
    return {"canQuote": _with({"automaticApproval": automatic}, manualApproval=manual or None)}


def _source(value: Post) -> Json | None:
    if value.source is None:
        return None
    return _with({"content": value.source}, mediaType=value.source_type)


def _tags(value: Post) -> list[Json]:
    base = value.id[: value.id.index("/", value.id.index("://") + 3)]
    return [
        *(_mention(mention) for mention in value.mentions),
        *(hashtag(name, base) for name in value.hashtags),
        *(_emoji(emoji) for emoji in value.emojis),
    ]


def _mention(mention: Mention) -> Json:
    return {"type": "Mention", "href": mention.href, "name": mention.name}


def hashtag(name: str, base: str) -> Json:
    href = f"{base}/tags/{quote(name, safe='')}"
    return {"type": "Hashtag", "href": href, "name": f"#{name}"}


def _emoji(emoji: Emoji) -> Json:
    icon: Json = {"type": "Image", "url": emoji.url}
    return {"type": "Emoji", "name": f":{emoji.shortcode}:", "icon": icon}


def _attachments(value: Post) -> list[Json]:
    """Of an event, images come first and nothing lacks a media type (Gancio fails otherwise)."""
    if value.event is None:
        return [_attachment(entry) for entry in value.attachments]
    ordered = sorted(value.attachments, key=lambda entry: entry.kind != "image")
    documents = [_default_media_type(_attachment(entry)) for entry in ordered]
    return [*documents, *_stream(value.event)]


def _stream(value: Event) -> list[Json]:
    """Where one takes part online: Mobilizon reads it from a Link of this name."""
    if value.online_url is None:
        return []
    link: Json = {"type": "Link", "href": value.online_url}
    return [link | {"mediaType": "text/html", "name": "Website"}]


def _default_media_type(document: Json) -> Json:
    fallback = "text/html" if document["type"] == "Link" else "application/octet-stream"
    return {"mediaType": fallback} | document


def _attachment(value: Attachment) -> Json:
    """Lemmy knows Link, Image and Document only, so that every file of a known type is a Document."""
    if value.kind == "link":
        return _with(
            {"type": "Link", "href": value.url}, mediaType=value.media_type, name=value.description
        )
    return _with(
        {"type": "Document" if value.media_type else value.kind.capitalize(), "url": value.url},
        mediaType=value.media_type,
        name=value.description,
        width=value.width,
        height=value.height,
        blurhash=value.blurhash,
        focalPoint=list(value.focus) if value.focus else None,
        icon={"type": "Image", "url": value.preview} if value.preview else None,
    )


def _poll(poll: Poll) -> Json:
    options = [_option(option) for option in poll.options]
    return _with(
        {"anyOf" if poll.multiple else "oneOf": options},
        endTime=utc(poll.end_time) if poll.end_time else None,
        closed=utc(poll.closed_at) if poll.closed_at else None,
        votersCount=poll.voters_count,
    )


def _option(option: Option) -> Json:
    replies: Json = {"type": "Collection", "totalItems": option.votes}
    return {"type": "Note", "name": option.name, "replies": replies}


def _when_and_where(value: Event) -> Json:
    return _with(
        {
            "startTime": _local(value.start, value.timezone),
            "endTime": _local(value.end, value.timezone) if value.end else None,
            "displayEndTime": value.end is not None,
            "timezone": value.timezone,
            "isOnline": value.online_url is not None and value.place is None,
            "onlineLink": value.online_url,
        },
        location=_place(value.place) if value.place else None,
    )


def _taking_part(post_: Post, value: Event) -> Json:
    status, event_status = _STATUSES[value.status]
    taken = value.participant_count if value.taken is None else value.taken
    return _who(post_, value) | {
        "joinMode": value.join_mode,
        "maximumAttendeeCapacity": value.capacity or 0,  # Mobilizon's word for no limit
        "remainingAttendeeCapacity": max(value.capacity - taken, 0) if value.capacity else None,
        "participantCount": value.participant_count,
        # Whoever answers need tell nobody but the organiser (FEP-8a8e).
        "requiredJoinVisibility": [post_.attributed_to],
        "category": "MEETING",  # Mobilizon's and FEP-8a8e's closed lists have it
        "repliesModerationOption": "allow_all" if post_.comments_enabled else "closed",
        "externalParticipationUrl": value.external_url,
        "anonymousParticipation": value.anonymous,
        "anonymousParticipationEnabled": value.anonymous,
        "buyTicketsLink": None,
        "feeCurrency": None,
        "feeAmount": 0,
        "status": status,
        "eventStatus": event_status,
    }


def _who(post_: Post, value: Event) -> Json:
    """Who organises, by id, and how many take part: never who."""
    said: Json = {}
    if value.organizers:
        items = list(value.organizers)
        listed: Json = {"id": f"{post_.id}/organizers", "type": "Collection"}
        said["organizers"] = listed | {"totalItems": len(items), "items": items}
    if value.attendees:
        counted: Json = {"id": value.attendees, "type": "Collection"}
        said["attendees"] = counted | {"totalItems": value.participant_count}
    return said


def _local(time: datetime, timezone: str | None) -> str:
    """RFC 3339 with the offset that the clock on the wall shows there (FEP-8a8e)."""
    if time.tzinfo is None:
        raise ValueError("a time on the wire needs a zone")
    return (time.astimezone(ZoneInfo(timezone)) if timezone else time).isoformat()


def _place(value: Place) -> Json:
    """One object; coordinates must be JSON floats for Mobilizon."""
    return _with(
        {"type": "Place"},
        name=value.name,
        address=_address(value.address) if value.address else None,
        latitude=float(value.latitude) if value.latitude is not None else None,
        longitude=float(value.longitude) if value.longitude is not None else None,
        url=value.url,
    )


def _address(value: Address) -> Json:
    return _with(
        {"type": "PostalAddress"},
        streetAddress=value.street,
        addressLocality=value.locality,
        postalCode=value.postal_code,
        addressRegion=value.region,
        addressCountry=value.country,
    )


def _call(value: Call | None) -> Json | None:
    if value is None:
        return None
    about: Json = {} if value.about is None else {"about": value.about}  # even of no words
    return _with(
        {"type": "cta:Call", "kind": value.kind, "stewards": list(value.stewards), **about},
        goal=_goal(value),
        card=value.card,
        answers=[_answer(option) for option in value.answers],
        waiting=value.waiting,
        deadline=utc(value.deadline) if value.deadline else None,
        outcome=value.outcome,
        tallies=value.tallies,
        variant=value.variant,
        state=value.state,
        location=_place(value.place) if value.place else None,
        places=value.places,
        link=value.link,
        urgent=value.urgent or None,
        timezone=value.timezone,
        subEvent=list(value.shifts) or None,
        superEvent=value.parent,
        choice=value.choice,
        roles=[_role(role) for role in value.roles] or None,
        startedFrom=value.started_from,
        nextStep=value.next,
        mayBeStarted=None if value.may_be_started else False,
        secretUntilClosed=value.secret_until_closed or None,
        guestsMax=value.guests_max or None,
        sources=[_source_of(source) for source in value.sources] or None,
        questions=[_question(each) for each in value.questions] or None,
        targets=[_target(target) for target in value.targets] or None,
        scripts=[_script(script) for script in value.scripts] or None,
    )


def _source_of(value: Source) -> Json:
    return {"type": "Link", "href": value.url, "name": value.title}


def _question(value: Question) -> Json:
    return {"type": "cta:Question", "name": value.text, "required": value.required}


def _target(value: Target) -> Json:
    return _with(
        {"type": "cta:Target", "id": value.id, "name": value.name, "standing": value.standing},
        role=value.role,
        contact=value.address,
        area=value.area,
        inLanguage=value.language,
        note=value.note,
    )


def _script(value: Script) -> Json:
    return {
        "type": "cta:Script",
        "standing": value.standing,
        "subject": value.subject,
        "body": value.body,
    }


def _role(value: Role) -> Json:
    return _with(
        {"type": "cta:Role", "name": value.name, "places": value.places}, skill=value.skill
    )


def _goal(value: Call) -> Json | None:
    if value.goal is None:
        return None
    return {"type": "cta:Goal", "metric": value.goal.metric} | _amount(value.goal.value)


def _answer(option: Option) -> Json:
    return {"type": "cta:Answer", "name": option.name, "count": option.votes}
