"""The commands about hosts: `beckon blocks`, `beckon allows`, `beckon limit` and
`beckon instances`."""

from __future__ import annotations

from pathlib import Path

import click

from server import host_lists, instances, run
from server.config import Settings
from server.domain.moderating import host_allows, host_blocks
from server.domain.moderating.host_blocks import Imported
from server.errors import Invalid, NotFound
from storage import follows as follow_rows
from storage import host_allows as allow_rows
from storage import host_blocks as block_rows
from storage.follows import FollowedInstance

FOLLOWED_MOST = 10_000


async def export_blocks(settings: Settings) -> str:
    async with run.opened(settings) as base, base.work.reading() as tx:
        return host_lists.written_blocks(await block_rows.every(tx.conn))


async def import_blocks(settings: Settings, file: Path, *, dry_run: bool) -> Imported:
    """Raises ``Invalid`` with every bad line."""
    wanted = host_lists.blocks(_read(file))
    async with run.opened(settings) as base, base.work.trying(dry_run=dry_run) as tx:
        return await host_blocks.impose(tx, wanted)


async def export_allows(settings: Settings) -> str:
    async with run.opened(settings) as base, base.work.reading() as tx:
        return host_lists.written_allows(await allow_rows.every(tx.conn))


async def import_allows(settings: Settings, file: Path, *, dry_run: bool) -> int:
    """How many are new on the list. Raises ``Invalid`` with every bad line."""
    wanted = host_lists.allows(_read(file))
    async with run.opened(settings) as base, base.work.trying(dry_run=dry_run) as tx:
        return await host_allows.allow_all(tx, wanted)


async def add(settings: Settings, name: str) -> str:
    """Raises ``Invalid``."""
    host = host_lists.host_named(name)
    async with run.opened(settings) as base, base.work.transaction() as tx:
        return (await host_allows.allow(tx, host)).host


async def remove(settings: Settings, name: str) -> str:
    """Raises ``Invalid``, and ``NotFound`` for what is not on the list."""
    host = host_lists.host_named(name)
    async with run.opened(settings) as base, base.work.transaction() as tx:
        row = await allow_rows.by_host(tx.conn, host)
        if row is None:
            raise NotFound(f"{host} is not on the list.")
        await host_allows.disallow(tx, row)
    return host


async def limit(settings: Settings, *, limited: bool) -> int:
    """How many hosts are on the list."""
    async with run.opened(settings) as base, base.work.transaction() as tx:
        await host_allows.limit(tx, limited=limited)
        return len(await allow_rows.every(tx.conn))


async def follow(settings: Settings, name: str) -> str:
    """Raises ``Invalid``."""
    host = host_lists.host_named(name)
    async with run.running(settings, serve=False, work=False) as here:
        await instances.follow(here.net, host)
    return host


async def unfollow(settings: Settings, name: str) -> str:
    """Raises ``Invalid``, and ``NotFound`` for what is not followed."""
    host = host_lists.host_named(name)
    rows = [row for row in await followed(settings) if row.host == host]
    if not rows:
        raise NotFound(f"{host} is not followed.")
    async with run.running(settings, serve=False, work=False) as here:
        await instances.unfollow(here.net, rows[0].account_id)
    return host


async def followed(settings: Settings) -> list[FollowedInstance]:
    """The newest first."""
    async with run.opened(settings) as base, base.work.reading() as tx:
        us = tx.site.urls.instance_actor
        return await follow_rows.instances(tx.conn, us, 2**63 - 1, 0, FOLLOWED_MOST)


def _read(file: Path) -> str:
    """Raises ``Invalid``."""
    if file.stat().st_size > host_lists.MAX_BYTES:
        raise Invalid(f"{file} is larger than {host_lists.MAX_BYTES} bytes.")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise Invalid(f"{file} is no text in UTF-8.") from error


def say_imported(done: Imported, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    click.echo(
        f"{done.added} {would}added, {done.changed} {would}made stricter,"
        f" {done.unchanged} {would}left as they are."
    )
