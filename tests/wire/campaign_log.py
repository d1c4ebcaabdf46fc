"""Makes the entries of a campaign's log as co-hosts would sign them, without the signatures."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from federation.campaign_ledger import heads, standing
from federation.campaign_standing import Standing
from federation.campaigns import (
    Act,
    Agree,
    Amend,
    Charter,
    Digest,
    Entry,
    Found,
    Invite,
    Seat,
)

START = datetime(2030, 5, 1, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def digest(value: object) -> Digest:
    return "sha256:" + hashlib.sha256(repr(value).encode()).hexdigest()


def charter(name: str = "Clean rivers", replaces: Digest | None = None, **more: object) -> Charter:
    said = Charter(
        digest="", name=name, content="<p>Rivers belong to all</p>", kinds=("event", "petition"),
        opened=START, replaces=replaces, **more,  # pyright: ignore[reportArgumentType]
    )  # fmt: skip
    return Charter(**{**{f: getattr(said, f) for f in said.__slots__}, "digest": digest(said)})


def chapter(host: str) -> str:
    return f"https://{host}.example/communities/9"


def seat(host: str) -> Seat:
    return Seat(f"https://{host}.example/communities/1", f"key of {host}")


@dataclass
class Log:
    """All entries, as one who sees all of them holds them. Time goes on by a minute with each."""

    entries: list[Entry] = field(default_factory=list[Entry])
    now: datetime = START
    campaign: Digest = ""
    last: dict[str, Digest] = field(default_factory=dict[str, Digest])

    def sign(
        self, host: str, act: Act, *, after: Digest | None = None, blind: bool = False
    ) -> Entry:
        """``after``: instead of the last of this host; ``blind``: it knows nothing of the others."""
        self.now += MINUTE
        before = after if after is not None else self.last.get(host)
        others = {e.digest: e for e in self.entries}
        seen = () if blind else tuple(sorted(heads(others) - {before}))
        said = (host, act, self.now, before, seen)
        entry = Entry(
            digest(said), f"{chapter(host)}#{len(self.entries)}", self.campaign, chapter(host),
            self.now, before, seen, act,
        )  # fmt: skip
        self.entries.append(entry)
        self.last[host] = entry.digest
        return entry

    def found(self, host: str = "a", text: Charter | None = None) -> Entry:
        text = text or charter()
        self.campaign = text.digest
        return self.sign(host, Found(text, seat(host)))

    def join(self, host: str, by: Iterable[str] = ("a",)) -> Entry:
        """The first of ``by`` invites, the others agree, and it accepts."""
        first, *others = by
        asked = self.sign(first, Invite(seat(host).community))
        for other in others:
            self.sign(other, Agree(asked.digest))
        return self.accept(host, asked)

    def accept(self, host: str, asked: Entry) -> Entry:
        stands = self.standing().charter.digest
        return self.sign(host, Agree(asked.digest, stands, seat(host)), after=asked.digest)

    def amend(self, host: str, text: Charter) -> Entry:
        return self.sign(host, Amend(text))

    def agree(self, host: str, to: Entry) -> Entry:
        bound = to.act.charter.digest if isinstance(to.act, Amend | Found) else None
        return self.sign(host, Agree(to.digest, bound))

    def wait(self, days: float) -> None:
        self.now += days * DAY

    def standing(self) -> Standing:
        found = standing(self.entries, self.campaign)
        assert found
        return found

    def hosts(self) -> list[str]:
        """Who is named now."""
        return [m.host.partition(".")[0] for m in self.standing().standing(self.now)]


def together(count: int) -> Log:
    """A campaign of so many co-hosts, named a, b, c …"""
    log = Log()
    log.found("a")
    there = ["a"]
    for number in range(1, count):
        host = chr(ord("a") + number)
        log.join(host, there)
        there.append(host)
    return log
