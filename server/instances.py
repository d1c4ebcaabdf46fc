"""Other instances, followed as a whole: all that their own actor makes or announces is kept here.

That actor is named by a server's NodeInfo (FEP-2677), else it has the handle that Mastodon gives its own,
``@host@host``. Ours follows it, and is accepted like anybody. What comes so enters nobody's home: it is seen
where everybody looks, in the public timeline (``storage/timelines.py``), and costs the budgets of that domain.
"""

from __future__ import annotations

from federation import fetch, jsonld, nodeinfo
from federation.errors import Gone, Refused, Unreachable
from federation.origin import host_of
from server.arriving import resolve
from server.arriving.resolve import Net
from server.domain.members import accounts as account_verbs
from server.domain.members import follows
from server.errors import Forbidden, Invalid, NotFound
from server.i18n import mark
from storage import accounts
from storage import follows as rows
from storage.accounts import Account
from storage.follows import Follow

OWN_ACTORS = ("application", "service", "organization")


async def follow(net: Net, host: str) -> Follow:
    """Ask to follow a server as a whole; a repeat is no event. Raises ``Invalid``."""
    try:
        found = await _own_actor(net, host)
        async with net.work.transaction() as tx:
            return await follows.follow(tx, await account_verbs.instance_actor(tx), found)
    except (Gone, Unreachable, Refused, NotFound, Forbidden) as error:
        raise Invalid(
            mark("%(host)s has no actor of its own that can be followed.", host=host),
            field="host",
            cause=str(error),
        ) from error


async def _own_actor(net: Net, host: str) -> Account:
    """Raises ``Refused`` where it is somebody, and as ``resolve.actor``."""
    uri = await _named(net, host)
    if uri is None:
        found = await resolve.handle(net, host.partition(":")[0], host)
    elif host_of(uri) == host:
        found = await resolve.actor(net, uri, refresh=True)
    else:
        raise Refused("foreign_id", "A server names an actor of another one.", cause=uri)
    if found.kind not in OWN_ACTORS or found.host != host:
        raise Refused("not_an_instance", "That is not the actor of a server.", cause=found.uri)
    return found


async def _named(net: Net, host: str) -> str | None:
    await resolve.require_open(net, host)
    try:
        links = await net.egress.get(f"https://{host}{nodeinfo.PATH}", fetch.NODEINFO)
    except (Gone, Refused):
        return None
    return nodeinfo.application(jsonld.loads(links.body))


async def unfollow(net: Net, account_id: int) -> None:
    """Raises ``NotFound`` for what is not followed."""
    async with net.work.transaction() as tx:
        us, them = await account_verbs.instance_actor(tx), await accounts.by_id(tx.conn, account_id)
        if them is None or await rows.between(tx.conn, us.id, them.id) is None:
            raise NotFound
        await follows.unfollow(tx, us, them)
