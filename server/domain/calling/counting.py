"""How many take part, from what several servers counted: a range, and what nobody here can vouch for. Pure.

A counter is one server. It knows its own accounts and the addresses that were confirmed to it, and of others
how many of each server answered. One person may have answered at several counters, so that their sum is
the most that it can be. The least is what cannot be the same person twice: of each server the greatest number
that anybody counted, and the greatest number of addresses, as one address may be with several counters.

No server moves that far by itself. What it says of its own people, by votes or by a tally, counts up to
``cap``: not above the people that it says to have, nor above a tenth of those who were confirmed here, or 20.
The rest is shown as *also reported*, and added to nothing. Support (likes) and spread (boosts) never come here.

Both bounds count accounts and addresses. Nobody can know that each of them is one human.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

SMALL = "small"
"""The name under which a counter puts all servers that are not large: a server of one person is a name."""
LARGE = 500
"""Active users from which on a server may be named."""
COUNT_MAX = 10**9
FLOOR = 20
SHARE = 10
"""One in so many of those who were confirmed."""


@dataclass(frozen=True, slots=True)
class Counter:
    """``expressed``: people of other servers, or not yet confirmed ones of its own, by server or ``SMALL``.

    ``vouched``: what it counts itself is believed; of what it heard of others the cap holds in any case.
    """

    host: str
    own: int = 0
    email: int = 0
    expressed: Mapping[str, int] = field(default_factory=dict[str, int])
    vouched: bool = False

    @property
    def total(self) -> int:
        return self.own + self.email + sum(self.expressed.values())


@dataclass(frozen=True, slots=True)
class Range:
    at_least: int
    at_most: int
    also_reported: int


@dataclass(frozen=True, slots=True)
class Known:
    """``users``: active ones by server, as far as they say. ``roof``: the registrable domain of a server: a
    name below a domain costs nothing."""

    users: Mapping[str, int]
    roof: Callable[[str], str] = str


def cap(users: int | None, confirmed: int) -> int:
    """How many people of one server count, by its own word. ``users``: None where it does not say."""
    most = max(FLOOR, confirmed // SHARE)
    return min(FLOOR if users is None else users, most)


def count(counters: Sequence[Counter], known: Known) -> Range:
    """The range over all counters. Those of one host are one counter."""
    counted = kept(counters, known)
    at_most = sum(c.total for c in counted)
    everything = sum(c.total for c in counters)
    at_least = _at_least(counted, known, _confirmed(counters))
    return Range(at_least, at_most, everything - at_most)


def kept(counters: Sequence[Counter], known: Known) -> list[Counter]:
    """The counters with what counts of them: the caps kept."""
    confirmed = _confirmed(counters)
    left: dict[str, int] = {}  # what still counts of each roof, by the tallies of its servers
    believed = [_trusted(c, known, confirmed) for c in counters if c.vouched]
    return believed + [_within(c, known, confirmed, left) for c in counters if not c.vouched]


def _confirmed(counters: Sequence[Counter]) -> int:
    return sum(c.own + c.email for c in counters if c.vouched)


def _trusted(counter: Counter, known: Known, confirmed: int) -> Counter:
    """What one server heard of others, up to the cap of each of them."""
    left: dict[str, int] = {}
    return replace(
        counter,
        expressed={
            host: _take(left, people, host, known, confirmed)
            for host, people in counter.expressed.items()
        },
    )


def _within(counter: Counter, known: Known, confirmed: int, left: dict[str, int]) -> Counter:
    """All that one server says, up to its cap: first its own, then what others told it."""

    def taken(people: int) -> int:
        return _take(left, people, counter.host, known, confirmed)

    return replace(
        counter,
        own=taken(counter.own),
        email=taken(counter.email),
        expressed={host: taken(people) for host, people in counter.expressed.items()},
    )


def _take(left: dict[str, int], people: int, host: str, known: Known, confirmed: int) -> int:
    """Count so many of a server as its roof has left."""
    roof = known.roof(host)
    room = left.get(roof, cap(known.users.get(roof), confirmed))
    found = min(people, room)
    left[roof] = room - found
    return found


def _at_least(counted: Sequence[Counter], known: Known, confirmed: int) -> int:
    """What cannot be one person twice.

    What a counter calls small may be what another names, so that it adds only to what the same counter names.
    """
    most: dict[str, int] = {}
    for counter in counted:
        for host, people in _by_server(counter).items():
            most[host] = max(people, most.get(host, 0))
    believed = {c.host for c in counted if c.vouched}
    named = _sum(most, known, confirmed, believed)
    for counter in counted:
        own = {host: most[host] for host in _by_server(counter)}
        small = counter.expressed.get(SMALL, 0)
        named = max(named, small + _sum(own, known, confirmed, believed))
    return named + max((c.email for c in counted), default=0)


def _by_server(counter: Counter) -> dict[str, int]:
    """Its own people, confirmed or not, are people of its server."""
    found = {host: people for host, people in counter.expressed.items() if host != SMALL}
    found[counter.host] = counter.own + found.get(counter.host, 0)
    return found


def _sum(most: Mapping[str, int], known: Known, confirmed: int, believed: set[str]) -> int:
    """All servers under one roof count up to one cap, but those that are believed."""
    roofs: dict[str, int] = {}
    for host, people in most.items():
        if host not in believed:
            roofs[known.roof(host)] = roofs.get(known.roof(host), 0) + people
    others = sum(min(n, cap(known.users.get(r), confirmed)) for r, n in roofs.items())
    return others + sum(people for host, people in most.items() if host in believed)


def merged(by_server: Mapping[str, int], large: Callable[[str], bool]) -> dict[str, int]:
    """As a counter may tell it: large servers by name, all others as one."""
    told: dict[str, int] = {}
    for host, people in by_server.items():
        name = host if large(host) else SMALL
        told[name] = told.get(name, 0) + people
    return {host: people for host, people in told.items() if people}


# Copies of a call for other towns

PER_ROOF = 5
"""Copies of one registrable domain that count beside the call from which they were started."""


@dataclass(frozen=True, slots=True)
class Told:
    """The figure of one copy, by its host. ``confirmed``: of those, who are known here; ``vouched``: it is
    counted here."""

    host: str
    range: Range
    confirmed: int = 0
    vouched: bool = False


def beside(copies: Sequence[Told], known: Known, confirmed: int) -> Range:
    """All copies together. Who takes part in one may take part in each, so that the least is the greatest of
    them. ``confirmed``: by whom the caps are measured."""
    least, most, everything = 0, 0, 0
    left: dict[str, int] = {}
    listed: dict[str, int] = {}
    for copy in copies:
        roof = known.roof(copy.host)
        listed[roof] = listed.get(roof, 0) + 1
        people = copy.range.at_most
        if not copy.vouched:
            room = listed[roof] <= PER_ROOF
            people = _take(left, people, copy.host, known, confirmed) if room else 0
        least = max(least, min(people, copy.range.at_least))
        most += people
        everything += copy.range.at_most + copy.range.also_reported
    return Range(least, most, everything - most)
