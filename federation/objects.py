"""What we understand of an actor and of a post, as frozen values.

``parse`` makes them from documents of any neighbour, ``build`` makes documents from them, and both
agree: what ``build`` writes, ``parse`` reads back as the same value. HTML in here is as it arrived
(cleaning it is the domain's part); every URL is http or https, every id https, every list bounded,
every time aware.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

ActorKind = Literal["person", "group", "application", "service", "organization"]
PostKind = Literal[
    "note", "page", "article", "question", "event", "video", "audio", "image", "document"
]
AttachmentKind = Literal["image", "video", "audio", "document", "link"]
EventStatus = Literal["confirmed", "tentative", "cancelled", "postponed"]
JoinMode = Literal["free", "restricted", "invite", "external", "none"]
CallKind = Literal[
    "event", "volunteer", "petition", "contact", "need", "donate", "decision", "share"
]


@dataclass(frozen=True, slots=True)
class Picture:
    """What an actor looks like; ``description`` is for those who cannot see it."""

    url: str
    description: str = ""
    media_type: str | None = None


@dataclass(frozen=True, slots=True)
class Emoji:
    """A custom emoji: ``shortcode`` without colons."""

    shortcode: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person, group, application, service or organization.

    ``summary`` and the values of ``fields`` are HTML. ``moderators`` is the collection that a Group
    names in ``attributedTo`` (FEP-1b12). ``upcoming_events`` lists its events to come (FEP-8a8e).
    ``discoverable`` and ``indexable`` are None where the document says nothing. ``moved_to`` took its
    place, ``copied_to`` did while it goes on (FEP-7628). ``topics`` (words in lower case, without the number sign)
    and ``languages`` (codes) are those of a Group, and ``linked`` the groups that it and that show each other. ``document`` is what was parsed, for
    ``federation.keys``; it takes no part
    in comparison.
    """

    id: str
    kind: ActorKind
    username: str
    inbox: str
    name: str = ""
    summary: str = ""
    url: str | None = None
    shared_inbox: str | None = None
    outbox: str | None = None
    followers: str | None = None
    following: str | None = None
    featured: str | None = None
    featured_tags: str | None = None
    moderators: str | None = None
    upcoming_events: str | None = None
    icon: Picture | None = None
    image: Picture | None = None
    emojis: tuple[Emoji, ...] = ()
    locked: bool = False
    discoverable: bool | None = None
    indexable: bool | None = None
    posting_restricted: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    published: datetime | None = None
    also_known_as: tuple[str, ...] = ()
    moved_to: str | None = None
    suspended: bool = False
    copied_to: str | None = None
    webfinger: str | None = None
    topics: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    linked: tuple[str, ...] = ()
    document: Mapping[str, object] = field(
        default_factory=dict[str, object], compare=False, repr=False
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file or a link beside a post. ``focus`` is Mastodon's focal point, each axis -1 to 1.

    ``preview``: the address of a picture that stands for a film or a sound.
    """

    url: str
    kind: AttachmentKind = "document"
    media_type: str | None = None
    description: str = ""
    width: int | None = None
    height: int | None = None
    blurhash: str | None = None
    focus: tuple[float, float] | None = None
    preview: str | None = None


@dataclass(frozen=True, slots=True)
class Mention:
    href: str
    name: str


@dataclass(frozen=True, slots=True)
class Option:
    """One answer of a poll and how many gave it."""

    name: str
    votes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """``closed_at`` is set once no more votes count; ``end_time`` may be in the future or absent."""

    options: tuple[Option, ...]
    multiple: bool = False
    end_time: datetime | None = None
    closed_at: datetime | None = None
    voters_count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """A postal address (schema.org ``PostalAddress``); one line of free text is all ``street``."""

    street: str = ""
    locality: str = ""
    postal_code: str = ""
    region: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something happens. Degrees are WGS 84, both given or both None."""

    name: str = ""
    address: Address | None = None
    latitude: float | None = None
    longitude: float | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """When, where and for how many.

    ``capacity`` is None where there is no limit. ``online_url`` is where one takes part from afar,
    ``external_url`` where one signs up outside the fediverse (http, https or mailto). ``anonymous``
    means that one can take part on the event's own page without an account. ``organizers`` are ids of
    actors, ``attendees`` is the collection of who takes part (FEP-8a8e). ``taken``: places, where that is not who
    takes part, as somebody brings guests.
    """

    start: datetime
    end: datetime | None = None
    timezone: str | None = None
    place: Place | None = None
    online_url: str | None = None
    capacity: int | None = None
    participant_count: int = 0
    join_mode: JoinMode = "free"
    external_url: str | None = None
    anonymous: bool = False
    status: EventStatus = "confirmed"
    organizers: tuple[str, ...] = ()
    attendees: str | None = None
    taken: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the organisers of a call ask who takes part; plain text."""

    text: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """How much of what: ``metric`` "people", ``value`` 40."""

    metric: str
    value: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """Who is wanted in a shift, and how many; ``skill``: what one needs to be able to do."""

    name: str
    places: int
    skill: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A need or an offer in the words of FEP-0837: how much of what is wanted or given, and how much of it
    still. None: no number is said. ``service``: something is done, and nothing handed over."""

    purpose: Literal["request", "offer"]
    quantity: int | None = None
    available: int | None = None
    category: str = ""
    service: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """So much is promised to what ``satisfies`` names, the intent of a proposal (FEP-0837).

    ``quantity``: None where it is no whole number. ``conforms_to``: what it is, where it says so;
    ``in_return``: it asks for something. ``id``: of one that both have agreed on.
    """

    satisfies: str
    quantity: int | None
    unit: str = "one"
    conforms_to: str = ""
    in_return: bool = False
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """To whom a contact call writes. ``address``: ``mailto:`` or ``https:``, empty where it is told to nobody;
    ``standing``: asked, pledged, refused or answered."""

    id: str
    name: str
    role: str = ""
    address: str = ""
    area: str = ""
    language: str = ""
    standing: str = "asked"
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What is written to targets of one standing; plain text."""

    standing: str
    subject: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A page that a call rests on."""

    url: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What makes a post a call to action (``cta:call``).

    ``variant``: what else a kind may be (a pledge, an offer). ``state`` is open, postponed, cancelled or
    closed, or empty; ``place`` of what is no event; ``places`` how many are wanted of it; ``link`` where one
    gives or signs elsewhere; ``about`` is its text as HTML where ``content`` says more. ``answers`` are the answers that can be given with their counts, ``waiting`` the length of the
    waiting list, ``card`` the Question that stands for the call on microblogs, ``stewards`` who hosts
    it in which order. ``shifts`` are the ids of the calls that this one is divided into; of a shift ``parent``
    is that call, ``choice`` its place among that call's answers, and ``roles`` who is wanted in it.
    ``started_from`` is the id of the first call of which this one is a copy for another place, anybody's;
    ``may_be_started``: whether others may do the same with this one. ``next``: the id of a call or the address of a
    page, for whoever has answered.
    ``guests_max``: whom each who takes part may bring; ``questions``: what they are asked. ``targets`` and
    ``scripts``: of a contact call. ``sources``: what it rests on. ``category``: what a need is about;
    ``proposal``: what a need or an offer says for readers of FEP-0837. ``secret_until_closed``: the counts of its
    answers are not told before.
    """

    kind: CallKind
    variant: str = ""
    state: str = ""
    about: str | None = None
    goal: Goal | None = None
    card: str | None = None
    answers: tuple[Option, ...] = ()
    waiting: int = 0
    deadline: datetime | None = None
    outcome: str = ""
    tallies: str | None = None
    stewards: tuple[str, ...] = ()
    place: Place | None = None
    places: int | None = None
    link: str | None = None
    urgent: bool = False
    timezone: str | None = None
    shifts: tuple[str, ...] = ()
    parent: str | None = None
    choice: int | None = None
    roles: tuple[Role, ...] = ()
    started_from: str | None = None
    next: str | None = None
    may_be_started: bool = True
    targets: tuple[Target, ...] = ()
    scripts: tuple[Script, ...] = ()
    category: str = ""
    proposal: Proposal | None = None
    guests_max: int = 0
    sources: tuple[Source, ...] = ()
    questions: tuple[Question, ...] = ()
    secret_until_closed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotePolicy:
    """Who may quote a post (``interactionPolicy.canQuote``): ids of actors and of collections of them,
    Public in its full form. ``automatic``: approved at once; ``manual``: its author decides."""

    automatic: tuple[str, ...] = ()
    manual: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteAuthorization:
    """The stamp by which an author lets one post (``interacting``) quote another (``target``)."""

    id: str
    attributed_to: str
    interacting: str
    target: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Anything that is shown as a post.

    ``to`` and ``cc`` hold Public in its full form only. ``content`` is HTML unless ``media_type``
    says otherwise; ``source`` is what its author typed, of type ``source_type``. ``summary`` is a
    content warning on a Note or Question and a line of description on other kinds. ``poll`` is there
    on a question, ``event`` on an event, ``call`` on a call to action, and ``card_for`` names the call
    for which a question is the answer card (such a question is never stored as a post).
    ``quote`` is the id of the post quoted, ``quote_authorization`` that of the stamp for it;
    ``quote_policy`` is None where nothing is said.
    """

    id: str
    kind: PostKind
    attributed_to: str
    name: str = ""
    summary: str = ""
    content: str = ""
    media_type: str = "text/html"
    source: str | None = None
    source_type: str | None = None
    in_reply_to: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    audience: str | None = None
    context: str | None = None
    replies: str | None = None
    url: str | None = None
    sensitive: bool = False
    language: str | None = None
    comments_enabled: bool = True
    attachments: tuple[Attachment, ...] = ()
    mentions: tuple[Mention, ...] = ()
    hashtags: tuple[str, ...] = ()
    emojis: tuple[Emoji, ...] = ()
    quote: str | None = None
    quote_authorization: str | None = None
    quote_policy: QuotePolicy | None = None
    poll: Poll | None = None
    event: Event | None = None
    call: Call | None = None
    card_for: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one server counted of its own people who answered a call (``object``) of another: numbers only.

    ``own``: its accounts; ``email``: confirmed addresses; ``expressed``: others by server, those that are not
    large together as ``small``. ``seq`` grows with each.
    """

    id: str
    attributed_to: str
    object: str
    seq: int
    own: int = 0
    email: int = 0
    expressed: Mapping[str, int] = field(default_factory=dict[str, int])
    withdrawn: int = 0
    start: datetime | None = None
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One choice of one voter: a Note with a ``name``, an ``inReplyTo`` and no content (FEP-9967)."""

    id: str
    attributed_to: str
    in_reply_to: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A collection or one page of it.

    ``items`` holds ids and embedded objects as they came; ``first`` and ``next`` are addresses of
    pages, ``first_page`` the first page where it was embedded. Members prove nothing: each is asked of
    its own server.
    """

    id: str
    total: int | None = None
    items: tuple[str | Mapping[str, object], ...] = ()
    first: str | None = None
    first_page: Collection | None = None
    next: str | None = None
