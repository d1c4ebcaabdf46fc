"""The list of a limited instance: the only hosts that it speaks with.

While the instance is limited, every host that neither is on the list nor lies below one that is stands as a
suspended one does (``host_blocks.stance``), with a reason of its own. The accounts there are marked as by a
block. Follows are kept, other than by a block, so that all is as before when a host is listed or the limit is
lifted; what waits to be sent is dropped. A block of a listed host holds.
"""

from __future__ import annotations

from collections.abc import Iterable

from server.domain.moderating import staff_log
from server.domain.tx import Tx
from storage import host_allows, host_blocks, instance
from storage.host_allows import HostAllow
from storage.users import User


async def allow(tx: Tx, host: str, by: User | None = None) -> HostAllow:
    """Put a host on the list. A repeat changes nothing."""
    await host_blocks.hold(tx.conn, host)
    made = await host_allows.insert(tx.conn, host, tx.now)
    if made is None:
        found = await host_allows.by_host(tx.conn, host)
        assert found, "somebody holds it"
        return found
    await host_blocks.stand(tx.conn, host, tx.now)
    await staff_log.note(tx, by, "host_allow", about=host)
    return made


async def allow_all(tx: Tx, hosts: Iterable[str], by: User | None = None) -> int:
    """Put many on the list; gives how many were not on it."""
    await host_blocks.hold_all(tx.conn)
    added = [await host_allows.insert(tx.conn, host, tx.now) is not None for host in hosts]
    await host_blocks.stand(tx.conn, None, tx.now)
    await staff_log.note(tx, by, "allow_import", about=f"{sum(added)} new")
    return sum(added)


async def disallow(tx: Tx, row: HostAllow, by: User | None = None) -> None:
    await host_blocks.hold(tx.conn, row.host)
    await host_allows.delete(tx.conn, row.id)
    await staff_log.note(tx, by, "host_disallow", about=row.host)
    await _settle(tx, row.host)


async def limit(tx: Tx, *, limited: bool, by: User | None = None) -> None:
    """Speak with listed hosts only, or with all again. A repeat changes nothing."""
    await host_blocks.hold_all(tx.conn)
    if await instance.set_limited(tx.conn, limited=limited):
        await staff_log.note(tx, by, "limit" if limited else "unlimit")
        await _settle(tx, None)


async def _settle(tx: Tx, host: str | None) -> None:
    await host_blocks.stand(tx.conn, host, tx.now)
    if await instance.limited(tx.conn):
        await host_blocks.drop_unlisted(tx.conn)
