"""Hosts that the instance keeps out (*suspend*), keeps down (*silence*), or takes less from.

A block holds for its host and all below it. It works in one place each. What a suspended host sends is
refused at the inbox (``server/activitypub/inboxes.py``) and what it says elsewhere is not fetched
(``server/arriving/resolve.py``). All its accounts are suspended, or silenced, or shown without pictures, by a mark
on the account (``storage/host_blocks.py``), so that every rule for one account holds for theirs: not seen,
sent nothing, let into nothing. Files of a host whose media are refused are not fetched (``server/proxy.py``),
and its reports are not taken (``server/arriving/receive.py``).

Suspending ends the follows in both directions, which is told to whom it meets, and drops what waits to be
sent. Lifting a block shows again what is here; it brings back no follow, and leaves what was decided about
single accounts. Blocking is one transaction: done whole, or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from server.domain import effects
from server.domain.moderating import staff_log
from server.domain.moderating.barriers import parents
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, host_blocks
from storage.accounts import Account
from storage.host_blocks import HostBlock
from storage.users import User

SEVERITIES = ("noop", "silence", "suspend")
COMMENT_MAX = 5000  # characters
TAKEN = mark("Validation failed: Domain has already been taken")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is decided about a host."""

    severity: str = "silence"
    reject_media: bool = False
    reject_reports: bool = False
    private_comment: str = ""
    public_comment: str = ""
    obfuscate: bool = False


SUSPENDED = "host_suspended"
NOT_ALLOWED = "host_not_allowed"
SENTENCES = {
    SUSPENDED: mark("This server is suspended here."),
    NOT_ALLOWED: mark("This server speaks with listed servers only."),
}


@dataclass(frozen=True, slots=True)
class Stance:
    """What holds for one host. ``refusal``: why nothing passes between us (one of ``SENTENCES``), or empty."""

    refusal: str = ""
    silenced: bool = False
    media_refused: bool = False
    reports_refused: bool = False

    @property
    def suspended(self) -> bool:
        return bool(self.refusal)


def names(host: str) -> list[str]:
    """A host, and all that it lies below; with a port, also without it."""
    plain = host.partition(":")[0]
    return [*([host] if plain != host else []), *parents(plain)]


async def stance(tx: Tx, host: str) -> Stance:
    """What blocks and the list of a limited instance say of a host. ``host``: as in ``accounts.host``."""
    found = await host_blocks.over(tx.conn, names(host))
    refusal = SUSPENDED if found.suspended else NOT_ALLOWED if found.unlisted else ""
    out = bool(refusal)
    return Stance(refusal, found.silenced, out or found.media, out or found.reports)


async def met(tx: Tx, account: Account) -> Account:
    """Somebody new stands as their host does."""
    if await stance(tx, account.host) == Stance():
        return account
    await host_blocks.stand(tx.conn, account.host, tx.now)
    return (await accounts.by_ids(tx.conn, [account.id]))[account.id]


def _check(terms: Terms) -> None:
    if terms.severity not in SEVERITIES:
        raise Invalid(
            mark("The severity is one of %(known)s.", known=", ".join(SEVERITIES)), field="severity"
        )
    if max(len(terms.private_comment), len(terms.public_comment)) > COMMENT_MAX:
        raise Invalid(
            mark("A comment has at most %(most)s characters.", most=COMMENT_MAX),
            field="public_comment",
        )


def _ours(tx: Tx) -> set[str]:
    """This server, by the domain of its handles and by its address, and all that they lie below."""
    urls = tx.site.urls
    return {*names(urls.domain), *names(urls.base.partition("://")[2])}


async def block(tx: Tx, host: str, terms: Terms, by: User | None = None) -> HostBlock:
    """Raises ``Invalid``: ours lies in it, it is blocked already, or the terms make no sense."""
    _check(terms)
    if host in _ours(tx):
        raise Invalid("Validation failed: Domain is this server itself", field="domain")
    await host_blocks.hold(tx.conn, host)
    made = await _insert(tx, host, terms)
    if made is None:
        raise Invalid(TAKEN, field="domain")
    await _follow_up(tx, made, was="noop")
    await _note(tx, by, "host_block", made)
    return made


async def change(tx: Tx, row: HostBlock, terms: Terms, by: User | None = None) -> HostBlock:
    """Raises ``Invalid``, and ``NotFound`` where it was lifted meanwhile."""
    _check(terms)
    await host_blocks.hold(tx.conn, row.host)
    made = await host_blocks.update(
        tx.conn,
        row.id,
        terms.severity,
        terms.private_comment,
        terms.public_comment,
        reject_media=terms.reject_media,
        reject_reports=terms.reject_reports,
        obfuscate=terms.obfuscate,
    )
    if made is None:
        raise NotFound
    await _follow_up(tx, made, was=row.severity)
    await _note(tx, by, "host_change", made)
    return made


async def _note(tx: Tx, by: User | None, action: str, row: HostBlock) -> None:
    said = row.private_comment or row.public_comment
    reason = f"{row.severity}: {said}" if said else row.severity
    await staff_log.note(tx, by, action, about=row.host, reason=reason)


async def lift(tx: Tx, row: HostBlock, by: User | None = None) -> None:
    """A repeat changes nothing."""
    await host_blocks.hold(tx.conn, row.host)
    await host_blocks.delete(tx.conn, row.id)
    await host_blocks.stand(tx.conn, row.host, tx.now)
    await staff_log.note(tx, by, "host_lift", about=row.host)


@dataclass(frozen=True, slots=True)
class Imported:
    """How many hosts of a list are kept out or down anew, more strictly than before, or as before."""

    added: int
    changed: int
    unchanged: int


async def impose(tx: Tx, wanted: Mapping[str, Terms], by: User | None = None) -> Imported:
    """Carry out a list, all of it. Of what holds and what the list says, the stricter part holds.

    Raises ``Invalid`` where the list has this server.
    """
    ours = sorted(wanted.keys() & _ours(tx))
    if ours:
        raise Invalid(
            mark("Nothing was imported: %(what)s is this server itself.", what=ours[0]),
            field="list",
        )
    await host_blocks.hold_all(tx.conn)
    known = {row.host: row for row in await host_blocks.every(tx.conn)}
    met_hosts = {name for host in await host_blocks.met_hosts(tx.conn) for name in names(host)}
    added = changed = 0
    for host, terms in wanted.items():
        old = known.get(host)
        row = await (_stricter(tx, old, terms) if old else _insert(tx, host, terms))
        added, changed = added + (row is not None and old is None), changed + (row is not old)
        if row is not None and row is not old and host in met_hosts:
            await _follow_up(tx, row, was=old.severity if old else "noop")
    said = f"{added} new, {changed - added} stricter"
    await staff_log.note(tx, by, "host_import", about=said)
    return Imported(added, changed - added, len(wanted) - changed)


async def _stricter(tx: Tx, old: HostBlock, terms: Terms) -> HostBlock | None:
    severity = max(old.severity, terms.severity, key=SEVERITIES.index)
    media = old.reject_media or terms.reject_media
    reports = old.reject_reports or terms.reject_reports
    if (severity, media, reports) == (old.severity, old.reject_media, old.reject_reports):
        return old
    return await host_blocks.update(
        tx.conn, old.id, severity, old.private_comment, old.public_comment or terms.public_comment,
        reject_media=media, reject_reports=reports, obfuscate=old.obfuscate,
    )  # fmt: skip


async def _insert(tx: Tx, host: str, terms: Terms) -> HostBlock | None:
    return await host_blocks.insert(
        tx.conn,
        host,
        terms.severity,
        terms.private_comment,
        terms.public_comment,
        tx.now,
        reject_media=terms.reject_media,
        reject_reports=terms.reject_reports,
        obfuscate=terms.obfuscate,
    )


async def _follow_up(tx: Tx, row: HostBlock, was: str) -> None:
    await host_blocks.stand(tx.conn, row.host, tx.now)
    if row.severity != "suspend" or was == "suspend":
        return
    await host_blocks.drop_deliveries(tx.conn, row.host)
    lost = await host_blocks.severed(tx.conn, row.host)
    await host_blocks.sever(tx.conn, row.host)
    people = await accounts.by_ids(tx.conn, [each.account_id for each in lost])
    for each in lost:
        about = {
            "type": "domain_block",
            "purged": False,
            "target_name": row.host,
            "followers_count": each.followers,
            "following_count": each.following,
        }
        member = people[each.account_id]
        await effects.tell(tx, [member], "severed_relationships", member, None, about=about)
