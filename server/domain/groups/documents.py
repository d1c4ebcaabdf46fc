"""Documents that a community keeps: minutes, a phone list, how the shed is locked.

Whoever may read what the community says may read them; those of a private one are there for its members
alone. Each says who may change it: those who steer, or every member. Every change is a version with its
author and time, and the last ``VERSIONS`` stay. Who writes names the version that they changed, so that
nobody overwrites what they have not seen. Documents are read here and do not federate.
"""

from __future__ import annotations

from dataclasses import dataclass

from server import text
from server.domain import policy
from server.domain.groups import communities
from server.domain.tx import Tx
from server.errors import Conflict, Invalid, NotFound
from server.i18n import mark
from storage import communities as rows
from storage import documents, follows
from storage.accounts import Account
from storage.documents import Document, Version

EDITORS = ("stewards", "members")
TITLE_MAX = 200  # characters
TEXT_MAX = 20_000
PARAGRAPH_MAX = 4_000
VERSIONS = 50
"""Kept of each document."""
MOST = 200
"""Documents of a community."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """``source``: as it is typed. ``editors``: one of ``EDITORS``."""

    title: str
    source: str
    editors: str = "stewards"


async def create(tx: Tx, author: Account, community: Account, wanted: Wanted) -> Document:
    """Raises ``Forbidden`` (not a member, banned, not who steers), ``Invalid``."""
    await require_writer(tx, author, community, wanted.editors)
    _check(wanted)
    await rows.hold(tx.conn, community.id)
    if await documents.count(tx.conn, community.id) >= MOST:
        raise Invalid(
            mark("A community keeps at most %(most)s documents.", most=MOST), field="title"
        )
    made = await documents.insert(tx.conn, community.id, wanted.editors, tx.now)
    return await _write(tx, made, 1, author, wanted)


async def edit(
    tx: Tx, editor: Account, community: Account, document: Document, wanted: Wanted, seen: int
) -> Document:
    """``seen``: the version that was changed. The same once more is no event; who may edit it is for
    those who steer. Raises ``Forbidden``, ``Invalid``, ``Conflict`` (it was changed meanwhile)."""
    await require_writer(tx, editor, community, document.editors)
    if wanted.editors != document.editors:
        await communities.require_steward(tx, community, editor)
    _check(wanted)
    if await documents.lock(tx.conn, document.id) != seen:
        raise Conflict("Somebody changed this document meanwhile. Look at it again first.")
    await documents.set_editors(tx.conn, document.id, wanted.editors)
    if (document.title, document.source) == (_title(wanted), wanted.source):
        return await known(tx, document.id)
    return await _write(tx, document.id, seen + 1, editor, wanted)


async def pin(
    tx: Tx, steward: Account, community: Account, document: Document, *, pinned: bool
) -> None:
    """Shown before all others. Raises ``Forbidden``."""
    await communities.require_steward(tx, community, steward)
    await documents.pin(tx.conn, document.id, pinned=pinned)


async def delete(tx: Tx, steward: Account, community: Account, document: Document) -> None:
    """With all its versions. Raises ``Forbidden``."""
    await communities.require_steward(tx, community, steward)
    await documents.delete(tx.conn, document.id)


async def known(tx: Tx, document_id: int) -> Document:
    """Raises ``NotFound``. Whoever shows it asks ``communities.require_inside`` first."""
    found = await documents.by_id(tx.conn, document_id)
    if found is None:
        raise NotFound
    return found


async def require_writer(tx: Tx, account: Account, community: Account, editors: str) -> None:
    """Whether somebody may write a document with these ``editors``, or change it. Raises ``Forbidden``, ``Invalid``."""
    if editors not in EDITORS:
        raise Invalid("A document is changed by stewards or by members.", field="editors")
    if await rows.role(tx.conn, community.id, account.id):
        return
    await communities.require_part(tx, community.id, account)
    member = await follows.is_following(tx.conn, account.id, community.id)
    policy.may_write_document(editors, member=member).require()


def _title(wanted: Wanted) -> str:
    return text.one_line(wanted.title)


def _check(wanted: Wanted) -> None:
    if not 0 < len(_title(wanted)) <= TITLE_MAX:
        raise Invalid(mark("A title has 1 to %(most)s characters.", most=TITLE_MAX), field="title")
    if not 0 < len(wanted.source.strip()) <= TEXT_MAX:
        raise Invalid(mark("The text has 1 to %(most)s characters.", most=TEXT_MAX), field="text")
    if any(len(part) > PARAGRAPH_MAX for part in text.paragraphs(wanted.source)):
        raise Invalid(
            mark(
                "A paragraph has at most %(most)s characters: leave an empty line somewhere.",
                most=PARAGRAPH_MAX,
            ),
            field="text",
        )


async def _write(tx: Tx, document_id: int, number: int, by: Account, wanted: Wanted) -> Document:
    version = Version(document_id, number, _title(wanted), wanted.source, by.id, tx.now)
    await documents.write(tx.conn, version, VERSIONS)
    return await known(tx, document_id)
