"""One total of what several servers counted for a campaign: a range that holds whoever took part twice. Pure.

Each counter tells what it counted itself: its own people, confirmed addresses, and people of other servers by server, where the
charter lists that server as large, else together as ``small``. As all have one list, ``small`` means the same servers to all
of them, and what several say of it, or of one server, may be the same people: the greatest is what is certain.

The total is of the co-hosts that stand and of servers that one of them vouches for. All others are *also reported*. Both bounds
count accounts and addresses. Nobody can know that each of them is one human.
"""

from __future__ import annotations

from collections.abc import Sequence, Set

from server.domain.calling.counting import SMALL, Counter, Range


def total(counters: Sequence[Counter], counted: Set[str], large: Set[str]) -> Range:
    """``counters``: one of each host; ``counted``: the hosts whose word is in the total; ``large``: the list of the charter."""
    inside = [told(c, large) for c in counters if c.host in counted]
    outside = [c for c in counters if c.host not in counted]
    return Range(
        at_least=_least(inside, large),
        at_most=sum(c.total for c in inside),
        also_reported=sum(c.total for c in outside),
    )


def told(counter: Counter, large: Set[str]) -> Counter:
    """As it may be told: large servers by name, and its own; all others as one. What is read is read so, too: a counter that names more
    than the list gains nothing by it."""
    merged: dict[str, int] = {}
    for host, people in counter.expressed.items():
        name = host if host in large or host == counter.host else SMALL
        merged[name] = merged.get(name, 0) + people
    return Counter(counter.host, counter.own, counter.email, merged, counter.vouched)


def _least(counters: Sequence[Counter], large: Set[str]) -> int:
    """Of each large server the most that one counter has of its people; of all others together what is certain; and the most
    addresses of one counter, as one address may be with several."""
    of_large = sum(max(_of(c, host) for c in counters) for host in large) if counters else 0
    addresses = max((c.email for c in counters), default=0)
    return of_large + _of_small(counters, large) + addresses


def _of(counter: Counter, host: str) -> int:
    own = counter.own if counter.host == host else 0
    return own + counter.expressed.get(host, 0)


def _of_small(counters: Sequence[Counter], large: Set[str]) -> int:
    """People of servers that are not large. Those of the counters themselves are different people; what a counter has as ``small`` may be
    any of them but its own."""
    own = {c.host: _of(c, c.host) for c in counters if c.host not in large}
    heard = (own.get(c.host, 0) + c.expressed.get(SMALL, 0) for c in counters)
    return max(sum(own.values()), *heard) if counters else 0
