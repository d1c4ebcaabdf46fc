"""Reading the featured collection of an account of another server.

A member of it proves nothing: each is asked of its own id, and enters no home.
"""

from __future__ import annotations

from contextlib import suppress

import structlog

from federation import parse
from federation.errors import Gone, Refused, Unreachable
from federation.objects import Post
from server.arriving import resolve
from server.arriving.resolve import Net
from server.domain.members import featured
from server.errors import BeckonError
from server.jobs import listing
from storage import accounts
from storage.accounts import Account
from storage.jobs import Job

log = structlog.get_logger()

FAILURES = (Gone, Refused, Unreachable, BeckonError)


async def run(net: Net, job: Job) -> None:
    """Of the account ``account_id``. Where the collection cannot be read, what was pinned stays so."""
    async with net.work.reading() as tx:
        owner = await accounts.by_id(tx.conn, int(job.args["account_id"]))
    if owner is None or owner.local or not owner.featured_uri:
        return
    try:
        uris = await listing.ids(net, owner.featured_uri, owner.uri, pages=1, most=featured.MOST)
    except FAILURES as error:
        log.info("featured.unread", account=owner.uri, reason=str(error))
        return
    found = [post_id for uri in uris if (post_id := await _post(net, owner, uri))]
    async with net.work.transaction() as tx:
        await featured.replace(tx, owner, list(dict.fromkeys(found)))


async def _post(net: Net, owner: Account, uri: str) -> int | None:
    with suppress(*FAILURES):
        found = await resolve.known_post(net, uri)
        if found is None and not net.work.site.urls.is_ours(uri):
            value = parse.parse_object(await resolve.unknown_post(net, uri))
            if not isinstance(value, Post) or not (
                owner.is_group or value.attributed_to == owner.uri
            ):
                return None
            found = await resolve.keep(net, value, history=True)
        return found.id if found else None
    return None
