"""Reading the ban list of another community, once a day.

One of ours is read from its rows; one of another server is the collection ``bans`` below the community's id,
with a Block by the community for each. What another server says there binds nobody here (``ban_lists``).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import cast

from federation import parse
from federation.activities import Block
from federation.errors import Gone, Refused, Unreachable
from server.arriving import resolve
from server.arriving.resolve import Net
from server.domain.moderating import ban_lists
from server.domain.moderating.ban_lists import Listed
from server.errors import BeckonError
from storage import accounts
from storage import ban_lists as rows
from storage.accounts import Account
from storage.jobs import Job

FAILURES = (Gone, Refused, Unreachable, BeckonError)


async def run(net: Net, job: Job) -> None:
    """Of the followed list ``id``."""
    async with net.work.reading() as tx:
        list_ = await rows.by_id(tx.conn, int(job.args["id"]))
        source = await accounts.by_id(tx.conn, list_.source_id) if list_ else None
    if list_ is None or source is None:
        return
    found, failure = None, ""
    try:
        found = await _read(net, source)
    except FAILURES as error:
        failure = str(error) or "The list could not be read."
    async with net.work.transaction() as tx:
        await ban_lists.heard(tx, list_, found, failure)


async def _read(net: Net, source: Account) -> list[Listed]:
    if source.local:
        async with net.work.reading() as tx:
            return await ban_lists.shared(tx, source)
    url = f"{source.uri}/bans"
    document = await resolve.own_document(net, url, source.uri)
    found = parse.parse_collection(document, limit=ban_lists.MOST)
    return [each for item in found.items if (each := _listed(item, source))]


def _listed(item: object, source: Account) -> Listed | None:
    """A Block by that community, of somebody from it; anything else says nothing."""
    if not isinstance(item, Mapping):
        return None
    with suppress(Refused):
        value = parse.parse_activity(cast("Mapping[str, object]", item))
        if isinstance(value, Block) and value.target == value.actor == source.uri:
            return Listed(value.object, value.summary, value.end_time)
    return None
