"""What the entries of a campaign's log come to: its charter, its co-hosts, what is proposed, its calls. Pure.

The log is a set. Whoever holds the same entries comes to the same standing, in whatever order they arrived: an entry
counts when all that it names are there and earlier, the rest waits; those that count are taken by time, then by digest.

An entry that may not be is *void*: it stays in the log and does nothing, and why is told. Who signs two entries after one has
told two stories: from there on all that this chapter signed is void, and it has no vote, until it is excluded and invited
anew.

Needs a quorum: another charter, a new co-host, the end of one, the end of a word for another server. A proposal lapses after
14 days. Needs nobody: one's calls, one's statement, one's word for another server, leaving.

A stamp is agreement to one charter. Another charter makes the stamps of all who did not agree to it stale; who does not
renew it within 14 days is not named any more, has no vote, and is counted beside the total.

A co-host of whom nothing signed was heard for seven days is silent when most of the others say so. It has no vote until it
signs something again. What it had counted stands. Of two co-hosts one alone can say so of the other: else the loss of one
would end the campaign, and it can give the other's calls a new home, but it can never speak for it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from federation import campaign_acts as acts
from federation.campaign_book import Book, VoidError
from federation.campaign_standing import Standing
from federation.campaigns import Digest, Entry


def standing(entries: Iterable[Entry], campaign: Digest) -> Standing | None:
    """What they come to; None while the entry that founded the campaign is not among them."""
    known = {e.digest: e for e in entries if e.campaign == campaign}
    there = whole(known)
    forks, dropped = _forks(there.values())
    ordered = sorted(there.values(), key=lambda e: (e.at, e.digest))
    book = Book(campaign, forks=forks)
    for entry in ordered:
        if entry.digest in dropped:
            book.void[entry.digest] = "Its chapter signed two entries after one."
            book.fork(entry)
        else:
            _take(book, entry)
    return book.standing(frozenset(known) - frozenset(there))


def _take(book: Book, entry: Entry) -> None:
    try:
        book.follow(entry)
        book.hear(entry)
        acts.ACTS[type(entry.act)](book, entry)
    except VoidError as why:
        book.void[entry.digest] = str(why)


def whole(known: Mapping[Digest, Entry]) -> dict[Digest, Entry]:
    """Those of which all that they name is here, and earlier."""
    found: dict[Digest, Entry] = {}
    for entry in sorted(known.values(), key=lambda e: (e.at, e.digest)):
        names = [*([entry.previous] if entry.previous else []), *entry.seen]
        if all(name in found and found[name].at < entry.at for name in names):
            found[entry.digest] = entry
    return found


def heads(known: Mapping[Digest, Entry]) -> frozenset[Digest]:
    """The newest: those that no other one names."""
    named = {name for e in known.values() for name in (e.previous, *e.seen)}
    return frozenset(digest for digest in known if digest not in named)


def _forks(there: Iterable[Entry]) -> tuple[dict[str, frozenset[Digest]], set[Digest]]:
    """By chapter the entries that it signed after one and the same; and these, with all that it signed after them."""
    after: dict[tuple[str, Digest | None], list[Digest]] = defaultdict(list)
    for entry in there:
        after[entry.chapter, entry.previous].append(entry.digest)
    forks: dict[str, frozenset[Digest]] = {}
    for (chapter, _), found in after.items():
        if len(found) > 1:
            forks[chapter] = forks.get(chapter, frozenset()) | frozenset(found)
    dropped: set[Digest] = set()
    left = [(chapter, digest) for chapter, found in forks.items() for digest in found]
    while left:
        chapter, digest = left.pop()
        dropped.add(digest)
        left += [(chapter, child) for child in after.get((chapter, digest), [])]
    return forks, dropped
