"""How often somebody may ask: fixed windows, counted in memory.

Each process counts for itself and forgets at a restart; what must never be exceeded is kept by the
database. The figures are those of Mastodon, which clients expect.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_network

from server.errors import TooMany

KEPT = 20_000  # counters; beyond it those of past windows are dropped, then the oldest


@dataclass(frozen=True, slots=True)
class Rule:
    """At most ``limit`` times in each window of ``seconds``."""

    name: str
    limit: int
    seconds: int


TOKEN = Rule("token", 300, 300)
ADDRESS = Rule("address", 300, 300)
USER = Rule("user", 1500, 300)
APPS = Rule("apps", 5, 600)
MEDIA = Rule("media", 30, 1800)
DELETES = Rule("deletes", 30, 1800)  # of posts and boosts
REPORTS = Rule("reports", 30, 86_400)  # of one member: each rings at every moderator's
SIGN_UP = Rule("sign-up", 5, 1800)
CONFIRMATIONS = Rule("confirmations", 5, 1800)
RESETS = Rule("resets", 5, 1800)
IMPORTS = Rule("imports", 20, 3600)  # files that a member brings along
LOOK_UPS = Rule("look-ups", 30, 300)  # of what other servers have, from a page
PREVIEWS = Rule("previews", 200, 300)  # of a call: a script asks while somebody types
SIGN_IN_ADDRESS = Rule("sign-in-address", 25, 300)
SIGN_IN_ACCOUNT = Rule("sign-in-account", 10, 600)
UNPROVEN = Rule("unproven", 1000, 300)  # at inboxes: what is no activity, or not proven
NO_KEYS = Rule(
    "no-keys", 300, 300
)  # keys that an address had us ask for, and that did not come or fit


@dataclass(frozen=True, slots=True)
class Standing:
    """Where somebody stands within a rule, this request included."""

    limit: int
    remaining: int
    reset: datetime
    exceeded: bool


class Limits:
    """The counters of one process. With ``enforced`` false everybody is always at the start."""

    def __init__(self, *, enforced: bool = True) -> None:
        self._enforced = enforced
        self._counts: dict[tuple[str, str, int], int] = {}

    def __len__(self) -> int:
        return len(self._counts)

    def take(self, rule: Rule, key: str, now: datetime, *, cost: int = 1) -> Standing:
        """Count one request of ``key`` and tell where it stands. ``cost``: 0 only tells."""
        window = int(now.timestamp()) // rule.seconds
        reset = datetime.fromtimestamp((window + 1) * rule.seconds, UTC)
        if not self._enforced:
            return Standing(rule.limit, rule.limit, reset, exceeded=False)
        if len(self._counts) >= KEPT:
            self._drop_past(now)
        if len(self._counts) >= KEPT:
            self._drop_oldest()
        count = self._counts.get((rule.name, key, window), 0) + cost
        if cost:
            self._counts[rule.name, key, window] = count
        return Standing(rule.limit, max(rule.limit - count, 0), reset, count > rule.limit)

    def require(self, rule: Rule, key: str, now: datetime) -> Standing:
        """As ``take``. Raises ``TooMany`` beyond the limit."""
        standing = self.take(rule, key, now)
        refuse_beyond(standing, now)
        return standing

    def _drop_oldest(self) -> None:
        """Half of them at once: a flood of addresses costs memory and time within bounds."""
        self._counts = dict(list(self._counts.items())[KEPT // 2 :])

    def _drop_past(self, now: datetime) -> None:
        at = int(now.timestamp())
        rules = {rule.name: rule.seconds for rule in ALL}
        self._counts = {
            key: count for key, count in self._counts.items() if key[2] >= at // rules[key[0]]
        }


ALL = (
    TOKEN, ADDRESS, USER, APPS, MEDIA, DELETES, REPORTS, SIGN_UP, CONFIRMATIONS, RESETS, LOOK_UPS,
    PREVIEWS, SIGN_IN_ADDRESS,
    SIGN_IN_ACCOUNT, UNPROVEN, NO_KEYS,
)  # fmt: skip


def neighbourhood(address: str) -> str:
    """What an address is counted as: one household has a whole /64 of IPv6 (RFC 6177), not one address."""
    try:
        network = ip_network((address, 64), strict=False) if ":" in address else None
    except ValueError:
        return address
    return address if network is None else str(network)


def refuse_beyond(standing: Standing, now: datetime) -> None:
    """Raises ``TooMany`` with the seconds until the window ends."""
    if standing.exceeded:
        wait = max(int((standing.reset - now).total_seconds()), 1)
        raise TooMany("Too many requests: please wait a little.", retry_after=wait)
