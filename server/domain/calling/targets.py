"""Contact calls: to whom one writes, what one writes, and what came of it.

Letters leave by the mail program of who writes them, so that nobody's box is filled in a name that nobody checked; where
the stewards let it, this server sends them, a few an hour (``target_mails.py``). One person writes to one target once. What is written depends on where the target stands: who
has pledged is not asked again, unless the stewards wrote a letter of thanks. What a target said goes to stewards
alone, without the name of who reports it.

Of a contact call of another server we know the targets, where each stands and what is written to them. A letter of one
of ours counts here, in the tally.

A letter counts as written from the moment that somebody says so, or has it sent. One that does not go after all, as the
target's server refuses it or the target has pledged, counts no more: who took part by it alone says then that they will.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlsplit

import idna

from server import text
from server.domain import effects, policy
from server.domain.calling import kinds, line, participations
from server.domain.groups import communities
from server.domain.members import users
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.i18n import mark
from storage import accounts, calls, target_mails, targets
from storage import participations as rows
from storage.accounts import Account
from storage.calls import Call
from storage.posts import Post
from storage.targets import Heard, Letter, NewTarget, Script, Target

STATUSES = ("asked", "pledged", "refused", "answered")
MOST = 200
NAME_MAX = 100
ADDRESS_MAX = 2000
NOTE_MAX = 1000
SAID_MAX = 2000
SUBJECT_MAX, BODY_MAX = 200, 5000
REPORTS_MAX = 1000
NO_ADDRESS = mark("An address is like council@town.example or https://town.example.")


def _contact(call: Call | None) -> Call:
    if call is None or call.kind != "contact":
        raise NotFound
    return call


async def _steered(tx: Tx, actor: Account, post: Post) -> Call:
    call = _contact(await participations.locked(tx, post))
    community = await accounts.by_id(tx.conn, call.community_id)
    if community is None or not post.local:
        raise NotFound
    await communities.require_steward(tx, community, actor)
    return call


async def add(tx: Tx, actor: Account, post: Post, wanted: NewTarget) -> None:
    """Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    call = await _steered(tx, actor, post)
    name = text.one_line(wanted.name)
    if not 0 < len(name) <= NAME_MAX:
        raise Invalid(mark("A name has 1 to %(most)s characters.", most=NAME_MAX), field="name")
    if max(len(wanted.role), len(wanted.area), len(wanted.language or "")) > NAME_MAX:
        raise Invalid(
            mark("Role, area and language have at most %(most)s characters.", most=NAME_MAX),
            field="role",
        )
    if await targets.count(tx.conn, post.id) >= MOST:
        raise Invalid(mark("A call has at most %(most)s targets.", most=MOST), field="name")
    new = NewTarget(name, text.one_line(wanted.role), address(wanted.address),
                    text.one_line(wanted.area), wanted.language)  # fmt: skip
    await targets.insert(tx.conn, post.id, new, tx.now)
    await _changed(tx, call)


def address(said: str) -> str:
    """``mailto:`` or ``https:`` of what was typed. Raises ``Invalid``."""
    typed = said.strip()
    if len(typed) > ADDRESS_MAX or not typed.isprintable() or " " in typed:
        raise Invalid("That is no address.", field="address")
    mail = typed.removeprefix("mailto:")
    if "@" in mail and "/" not in mail and not set(mail) & set('?&,;<>"%'):
        return f"mailto:{mailbox(mail)}"
    if urlsplit(typed).scheme in ("http", "https") and urlsplit(typed).hostname:
        return typed
    raise Invalid(NO_ADDRESS, field="address")


def mailbox(mail: str) -> str:
    """An address as every mail server takes it, its domain in IDNA. Raises ``Invalid``, and says so of a local part outside
    ASCII: few servers know those (SMTPUTF8, RFC 6531), and there is no other way to write one."""
    local, _, domain = mail.rpartition("@")
    if not local.isascii():
        raise Invalid(
            "Before the @ this address has letters that most mail servers cannot carry. Please give one with plain"
            " letters, a to z.",
            field="address",
        )
    try:
        host = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError as error:
        raise Invalid("What stands after the @ is no domain.", field="address") from error
    found = f"{local}@{host}"
    if len(found) > users.EMAIL_MAX or "." not in host or not users.EMAIL.fullmatch(found):
        raise Invalid(NO_ADDRESS, field="address")
    return found


async def remove(tx: Tx, actor: Account, post: Post, target_id: int) -> None:
    """Raises ``Forbidden``, ``NotFound``."""
    call = await _steered(tx, actor, post)
    if await targets.by_id(tx.conn, post.id, target_id) is None:
        raise NotFound
    await stop(tx, post, call, target_id)
    await targets.delete(tx.conn, post.id, target_id)
    await _changed(tx, call)


async def _changed(tx: Tx, call: Call) -> None:
    """Who looks sees it, and other servers hear of it in a while."""
    effects.changed(tx, call.post_id)
    await line.let_hear(tx, call)


async def set_status(
    tx: Tx, actor: Account, post: Post, target_id: int, status: str, note: str
) -> None:
    """Where a target stands now, with a public note. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    call = await _steered(tx, actor, post)
    if status not in STATUSES:
        raise Invalid(
            mark("A status is one of: %(known)s.", known=", ".join(STATUSES)), field="status"
        )
    if len(note) > NOTE_MAX:
        raise Invalid(mark("A note has at most %(most)s characters.", most=NOTE_MAX), field="note")
    if await targets.by_id(tx.conn, post.id, target_id) is None:
        raise NotFound
    await targets.set_status(tx.conn, target_id, status, note.strip(), tx.now)
    if status == "pledged":
        await stop(tx, post, call, target_id)
    await _changed(tx, call)


async def stop(tx: Tx, post: Post, call: Call, target_id: int) -> None:
    """Letters to a target that wait do not go. The caller holds the lock of the call."""
    await unsent(tx, post, call, await target_mails.stop(tx.conn, target_id))


async def unsent(tx: Tx, post: Post, call: Call, of: Sequence[int]) -> None:
    """Letters of these participations went nowhere: what is counted follows. The caller holds the lock of the call."""
    if not of:
        return
    known = [answer.key for answer in kinds.answers(call.kind, call.variant)]
    await target_mails.take_back(tx.conn, of, "will", known.index("will"))
    await line.settle(tx, post, call)
    effects.changed(tx, post.id)


async def set_script(tx: Tx, actor: Account, post: Post, wanted: Script) -> None:
    """What is written to targets of one status. Raises ``Forbidden``, ``Invalid``, ``NotFound``."""
    call = await _steered(tx, actor, post)
    if wanted.status not in STATUSES:
        raise Invalid(
            mark("A status is one of: %(known)s.", known=", ".join(STATUSES)), field="status"
        )
    subject, body = text.one_line(wanted.subject), wanted.body.strip()
    if not 0 < len(subject) <= SUBJECT_MAX:
        raise Invalid(
            mark("A subject has 1 to %(most)s characters.", most=SUBJECT_MAX), field="subject"
        )
    if not 0 < len(body) <= BODY_MAX:
        raise Invalid(mark("A letter has 1 to %(most)s characters.", most=BODY_MAX), field="body")
    await targets.put_script(tx.conn, post.id, Script(wanted.status, subject, body))
    await _changed(tx, call)


async def hear(tx: Tx, post: Post, heard: Sequence[Heard], scripts: Sequence[Script]) -> None:
    """Another server says to whom its call writes, where each stands, and what is written to them."""
    if await targets.hear(tx.conn, post.id, heard, tx.now):
        effects.changed(tx, post.id)
    await targets.put_scripts(tx.conn, post.id, scripts)


async def hides(tx: Tx, post_id: int, viewer: Account | None) -> bool:
    """Whether the addresses of a call's targets are kept from somebody: all but stewards, where it says so."""
    allowed = await target_mails.mailing(tx.conn, post_id)
    if allowed is None or not allowed.hidden:
        return False
    call = await calls.by_id(tx.conn, post_id)
    community = await accounts.by_id(tx.conn, call.community_id) if call else None
    if community is None or viewer is None:
        return True
    return not await communities.steers(tx, community, viewer)


async def letter(tx: Tx, post: Post, target: Target) -> Script | None:
    """What is to be written; None where nothing is, as the target has pledged."""
    own = await targets.script(tx.conn, post.id, target.status)
    if own or target.status == "pledged":
        return own
    asked = await targets.script(tx.conn, post.id, "asked")
    return asked or Script("asked", post.title, text.plain(post.content)[:BODY_MAX])


def mailto(target: Target, script: Script) -> str | None:
    """The letter as a link for a mail program (RFC 6068); None where one writes on a page of theirs."""
    if not target.address.startswith("mailto:"):
        return None
    body = script.body.replace("\r\n", "\n").replace("\n", "\r\n")
    return f"{target.address}?subject={quote(script.subject, safe='')}&body={quote(body, safe='')}"


async def report(
    tx: Tx, actor: Account, post: Post, target_id: int, *, answered: bool, said: str = ""
) -> int:
    """Somebody wrote to a target, and what they answered. It is taking part in the call. Of a call of another server
    that counts here, without a name, and its organisers learn how many; so what was said is not taken.

    Gives the id of their answer. Raises ``Forbidden`` for a second letter, ``Invalid``, and ``Forbidden`` and ``NotFound`` as an answer does.
    """
    _contact(await participations.locked(tx, post))
    if await targets.by_id(tx.conn, post.id, target_id) is None:
        raise NotFound
    if said and not post.local:
        raise Invalid("What they said stays here: write to the organisers.", field="said")
    if len(said) > SAID_MAX:
        raise Invalid(mark("It has at most %(most)s characters.", most=SAID_MAX), field="said")
    old = await rows.of_account(tx.conn, post.id, actor.id)
    status = "answered" if answered else "did"
    best = "answered" if answered or (old and old.answer == "answered") else "did"
    row = await participations.answer(tx, actor, post, best, "client")
    told = Letter(target_id, status, said.strip() if answered else "", tx.now)
    if not await targets.put_letter(tx.conn, row.id, told):
        policy.WRITTEN_BEFORE.require()
    return row.id


async def reports(tx: Tx, actor: Account, post: Post) -> list[Letter]:
    """What targets said. Raises ``Forbidden``, ``NotFound``."""
    call = _contact(await calls.by_id(tx.conn, post.id))
    community = await accounts.by_id(tx.conn, call.community_id)
    if community is None or not post.local:
        raise NotFound
    await communities.require_people(tx, community, actor)
    return await targets.reports(tx.conn, post.id, REPORTS_MAX)
