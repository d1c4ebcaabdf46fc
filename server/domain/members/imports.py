"""Lists that a member brings along from another server as a file: looked at first, then worked off line by line.

``check`` keeps the lines as they were read (``server/arriving/brought.py``) and does nothing yet: the member sees what
was read, and begins it or throws it away. Begun, a job takes the lines one after the other (``server/jobs/imports.py``):
whoever is unknown is asked for over the network, and then ``carry_out`` does, in one transaction, what the same
button would do, and notes that it is done. So a restart finds every line either done or waiting. What is tried in vain
tells why, and can be fetched as a file. With ``overwrites``, what stands and is not in the file goes, after all that is
in it has been done. One import of a member at a time; a week later it is forgotten.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from server.domain import sight
from server.domain.members import follows, mutes, takeout
from server.domain.members import lists as list_verbs
from server.domain.moderating import domain_blocks
from server.domain.posting import marks
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, lists
from storage import follows as follow_rows
from storage import imports as rows
from storage import posts as post_rows
from storage.accounts import Account
from storage.imports import Import
from storage.imports import Line as Row
from storage.posts import Post

JOB = "import_lines"
LINES = 10_000
BYTES = 2 * 1024 * 1024
SUBJECT = 2048
"""Letters of what one line is about."""
KEPT = timedelta(days=7)
TRIES = 3
KINDS: Mapping[str, str] = {
    "following": mark("Whom you follow"),
    "lists": mark("Your lists"),
    "blocks": mark("Whom you block"),
    "mutes": mark("Whom you mute"),
    "domains": mark("Servers you block"),
    "bookmarks": mark("Your bookmarks"),
}
FAULT = mark("Something went wrong here. Please try this line again.")
CANCELLED = mark("You stopped before its turn came.")
NOTHING = mark("No line of this file can be read.")
BUSY = mark("Another file is being worked off. Wait until it is done, or stop it.")


@dataclass(frozen=True, slots=True)
class Read:
    """A line as it was read. ``subject``: a handle without its first @, a host, or an address; as it was typed where it
    cannot be read, which ``reason`` says. ``options``: what else stands in it."""

    number: int
    subject: str
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    reason: str = ""


async def check(
    tx: Tx, account: Account, kind: str, lines: Sequence[Read], *, overwrites: bool
) -> Import:
    """Keep what was read; what was looked at before, and not begun, is thrown away. Raises ``Invalid``."""
    if all(line.reason for line in lines):
        raise Invalid(NOTHING, field="file")
    await follow_rows.hold_all(tx.conn, [account.id])
    before = await rows.open_of(tx.conn, account.id)
    if before and before.state == "running":
        raise Invalid(BUSY, field="file")
    if before:
        await rows.delete(tx.conn, before.id)
    made = await rows.insert(tx.conn, account.id, kind, tx.now, overwrites=overwrites)
    await rows.add_lines(tx.conn, made.id, [_row(line, line.number) for line in lines], tx.now)
    return made


def _row(line: Read, number: int | None) -> dict[str, object]:
    return {
        "number": number,
        "subject": line.subject,
        "options": dict(line.options),
        "reason": line.reason,
    }


async def own(tx: Tx, account: Account, import_id: int) -> Import:
    """Raises ``NotFound``: of others nobody learns that it is there."""
    found = await rows.by_id(tx.conn, import_id)
    if found is None or found.account_id != account.id:
        raise NotFound
    return found


async def begin(tx: Tx, account: Account, import_id: int) -> None:
    """Work it off. Begun before is no event. Raises ``NotFound``."""
    made = await rows.hold(tx.conn, (await own(tx, account, import_id)).id)
    if made is None or made.state != "checked":
        return
    going = [_row(line, None) for line in await leftover(tx, account, made)]
    await rows.add_lines(tx.conn, made.id, going, tx.now)
    await rows.set_state(tx.conn, made.id, "running", None)
    await _next(tx, made.id, 0, tx.now)


async def cancel(tx: Tx, account: Account, import_id: int) -> bool:
    """Stop it: what is done stays done. False where nothing was begun, and it is thrown away. Raises ``NotFound``."""
    made = await rows.hold(tx.conn, (await own(tx, account, import_id)).id)
    if made and made.state == "checked":
        await rows.delete(tx.conn, made.id)
        return False
    await _end(tx, import_id, "cancelled", CANCELLED)
    return True


async def give_up(tx: Tx, import_id: int) -> None:
    """The job failed too often: what was not done says so."""
    await _end(tx, import_id, "stopped", FAULT)


async def _end(tx: Tx, import_id: int, state: str, reason: str) -> None:
    made = await rows.hold(tx.conn, import_id)
    if made and made.ended_at is None:
        await rows.fail_all(tx.conn, import_id, reason)
        await rows.set_state(tx.conn, import_id, state, tx.now)


async def go_on(tx: Tx, import_id: int, turn: int) -> None:
    """After the lines of a job: the next one, or the end."""
    made = await rows.hold(tx.conn, import_id)
    if made is None or made.state != "running":
        return
    due = await rows.next_due(tx.conn, import_id)
    if due is None:
        await rows.set_state(tx.conn, import_id, "done", tx.now)
    else:
        await _next(tx, import_id, turn + 1, max(due, tx.now))


async def _next(tx: Tx, import_id: int, turn: int, at: datetime) -> None:
    args = {"import_id": import_id, "turn": turn}
    await tx.later(f"import:{import_id}", JOB, args, at)


async def postpone(tx: Tx, row: Row, after: timedelta, reason: str, *, counts: bool) -> None:
    """Try a line again later; one that was tried ``TRIES`` times has failed. ``counts``: whether this was a try."""
    if counts and row.tries + 1 >= TRIES:
        await rows.fail(tx.conn, row.id, reason)
    else:
        await rows.postpone(tx.conn, row.id, tx.now + after, counts=counts)


# What is not in the file


async def leftover(tx: Tx, account: Account, made: Import) -> list[Read]:
    """What stands and is not in the file; nothing but where it overwrites. Lines that cannot be read are not in it."""
    if not made.overwrites:
        return []
    wanted = {_key(row.subject, row.options) for row in await rows.wanted(tx.conn, made.id)}
    stands = await takeout.subjects(tx, account, made.kind)
    return [Read(0, s, o) for s, o in stands if _key(s, o) not in wanted]


def _key(subject: str, options: Mapping[str, Any]) -> tuple[str, str]:
    """Handles and hosts differ in more than case nowhere; addresses do."""
    folded = subject if subject.startswith("https://") else subject.lower()
    return str(options.get("list", "")), folded


# One line


async def carry_out(tx: Tx, row: Row, target: Account | Post | None) -> None:
    """Do what the line says. ``target``: whom or what it is about, where that is not a host. Raises ``BeckonError``."""
    held = await rows.hold_line(tx.conn, row.id)
    made = await rows.by_id(tx.conn, row.import_id)
    actor = await accounts.by_id(tx.conn, made.account_id) if made else None
    if held is None or made is None or actor is None or made.state != "running":
        return
    if made.kind == "domains":
        await _domain(tx, actor, row)
    elif isinstance(target, Account) and made.kind in PEOPLE:
        await PEOPLE[made.kind](tx, actor, target, row)
    elif isinstance(target, Post) and made.kind == "bookmarks":
        seen = await sight.subject(tx, target.id, actor)
        await marks.bookmark(tx, actor, seen, kept=not row.removes)
    elif not row.removes:
        raise NotFound("There is nothing of this kind at this address.")
    await rows.finish(tx.conn, row.id)


async def here(tx: Tx, kind: str, row: Row) -> Account | Post | None:
    """Whom or what a line means, as far as it is known here."""
    if kind == "domains":
        return None
    if kind == "bookmarks":
        return await post_rows.by_uri(tx.conn, row.subject) or await post_rows.by_url(
            tx.conn, row.subject
        )
    username, _, host = row.subject.partition("@")
    ours = host == tx.site.urls.domain
    return await accounts.by_handle(tx.conn, username, "" if ours else host)


async def _follow(tx: Tx, actor: Account, target: Account, row: Row) -> None:
    if row.removes:
        await follows.unfollow(tx, actor, target)
        return
    said = row.options
    options = follows.Options(
        said.get("reblogs", True), said.get("notify", False), said.get("languages") or None
    )
    await follows.follow(tx, actor, target, options=options)


async def _block(tx: Tx, actor: Account, target: Account, row: Row) -> None:
    if row.removes:
        await follows.unblock(tx, actor, target)
    else:
        await follows.block(tx, actor, target)


async def _mute(tx: Tx, actor: Account, target: Account, row: Row) -> None:
    if row.removes:
        await mutes.unmute(tx, actor, target)
    else:
        hides = bool(row.options.get("notifications", True))
        await mutes.mute(tx, actor, target, notifications=hides)


async def _domain(tx: Tx, actor: Account, row: Row) -> None:
    change = domain_blocks.unblock if row.removes else domain_blocks.block
    await change(tx, actor, row.subject)


async def _list(tx: Tx, actor: Account, target: Account, row: Row) -> None:
    """Only who is followed, or asked, can be in a list: so they are followed, as Mastodon does."""
    title = str(row.options["list"])
    known = next((li for li in await lists.of(tx.conn, actor.id) if li.title == title), None)
    if row.removes:
        if known:
            await lists.remove(tx.conn, known.id, [target.id])
        return
    if target.id != actor.id and not await follow_rows.between(tx.conn, actor.id, target.id):
        await follows.follow(tx, actor, target)
    into = known or await list_verbs.create(tx, actor, list_verbs.Settings(title))
    if into not in await lists.holding(tx.conn, actor.id, target.id):
        await list_verbs.add(tx, actor, into, [target.id])


Doer: TypeAlias = Callable[[Tx, Account, Account, Row], Awaitable[None]]
PEOPLE: Mapping[str, Doer] = {
    "following": _follow,
    "lists": _list,
    "blocks": _block,
    "mutes": _mute,
}
