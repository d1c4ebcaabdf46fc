"""What co-hosts of a campaign sign: its charter, and the entries of its log (docs/fep-d9f9.md, "Campaigns").

A campaign is known by the digest of its first charter, and by no address: whoever holds the log holds the campaign.
Each entry is an activity by a co-host's chapter with a proof (FEP-8b32). It names the entry that the same chapter signed
before, and the newest ones of others that it knew. So no entry can be slipped in later, two stories told to two readers
are two entries after one, and all who hold the same entries come to the same state (``federation/campaign_ledger.py``).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from federation.jcs import canonical
from federation.objects import CallKind

Digest: TypeAlias = str
"""``sha256:`` and 64 hexadecimal digits."""

Quorum = Literal["majority", "two_thirds", "all"]
QUORUMS: Final[tuple[Quorum, ...]] = ("majority", "two_thirds", "all")
SHA256: Final = "sha256:"


@dataclass(frozen=True, slots=True)
class Funder:
    """Who gives money. ``amount``: in words, as they say it."""

    name: str
    amount: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter:
    """What all co-hosts agreed to. ``content`` is HTML as it arrived; ``goal`` people, or what ``metric`` says.

    ``large``: servers that a counter may name (``server/domain/calling/counting.py``): one list for all, or the lower bound
    breaks. ``replaces``: of a later charter the one before. ``opened``: when the first was signed. ``digest``: of the
    document as it was signed, with all that it says, also what is not read here.
    """

    digest: Digest
    name: str
    content: str
    kinds: tuple[CallKind, ...]
    opened: datetime
    quorum: Quorum = "majority"
    goal: int | None = None
    metric: str = "people"
    milestones: tuple[int, ...] = ()
    ends: datetime | None = None
    targets: tuple[str, ...] = ()
    data: str = ""
    funders: tuple[Funder, ...] = ()
    large: tuple[str, ...] = ()
    replaces: Digest | None = None


@dataclass(frozen=True, slots=True)
class Seat:
    """For whom a chapter speaks: the id of its community, and its Ed25519 key as a Multikey. The key is kept with the
    log, so that signatures can be checked when the server is gone."""

    community: str
    key: str


@dataclass(frozen=True, slots=True)
class Found:
    """Begins a campaign. Its charter's digest is the campaign's."""

    charter: Charter
    seat: Seat


@dataclass(frozen=True, slots=True)
class Invite:
    """Proposes a community as a co-host."""

    community: str


@dataclass(frozen=True, slots=True)
class Agree:
    """To a proposal; or, with a ``seat``, to an invitation of oneself. ``charter``: the digest of what one agrees to: of an
    amendment, or of what stands when one joins."""

    to: Digest
    charter: Digest | None = None
    seat: Seat | None = None


@dataclass(frozen=True, slots=True)
class Decline:
    """A proposal, or an invitation of oneself."""

    to: Digest


@dataclass(frozen=True, slots=True)
class TakeBack:
    """What one agreed to, proposed or reported."""

    entry: Digest


@dataclass(frozen=True, slots=True)
class Amend:
    """Proposes another charter in place of the one that it ``replaces``."""

    charter: Charter


@dataclass(frozen=True, slots=True)
class Exclude:
    """Proposes that a co-host is one no more."""

    chapter: str
    reason: str


@dataclass(frozen=True, slots=True)
class Vouch:
    """A server that is no co-host counts honestly."""

    host: str


@dataclass(frozen=True, slots=True)
class Unvouch:
    """Proposes that a server is vouched for no more."""

    host: str
    reason: str


@dataclass(frozen=True, slots=True)
class Leave:
    """``moved_to``: the chapter that its followers are sent to."""

    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class AddCall:
    """A call of one's own. ``replaces``: the id of a call whose host is gone."""

    call: str
    kind: CallKind
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class RemoveCall:
    call: str


@dataclass(frozen=True, slots=True)
class Statement:
    """One's own statement, as HTML; it takes the place of the one before."""

    content: str


@dataclass(frozen=True, slots=True)
class Silent:
    """Nothing signed was heard of a co-host for seven days."""

    chapter: str


Act: TypeAlias = (
    Found
    | Invite
    | Agree
    | Decline
    | TakeBack
    | Amend
    | Exclude
    | Vouch
    | Unvouch
    | Leave
    | AddCall
    | RemoveCall
    | Statement
    | Silent
)


@dataclass(frozen=True, slots=True)
class Entry:
    """``digest``: of the document without its proof. ``previous``: the entry that ``chapter`` signed before; of one who
    joins, the invitation; of the first of all, none. ``seen``: the newest of others. ``at``: later than any of these."""

    digest: Digest
    id: str
    campaign: Digest
    chapter: str
    at: datetime
    previous: Digest | None
    seen: tuple[Digest, ...]
    act: Act


def digest(value: object) -> Digest:
    """Of a document in its canonical form (RFC 8785). Raises ``Refused`` (``jcs_value``)."""
    return SHA256 + hashlib.sha256(canonical(value)).hexdigest()
