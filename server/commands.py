"""What the commands do: names become rows, and the verbs of the domain do the rest.

They work beside a server that runs: ``run.opened`` joins its database, and a row that needs to be
delivered is delivered by its loops.
"""

from __future__ import annotations

import secrets
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import click

from server import processes, run, waiting
from server.config import Settings
from server.domain.calling import calls as call_verbs
from server.domain.calling.drafting import Wanted
from server.domain.groups import communities as community_verbs
from server.domain.groups import roles as role_verbs
from server.domain.members import oauth, scopes, sign_up
from server.domain.members import users as user_verbs
from server.domain.moderating import announcements as announcement_verbs
from server.domain.moderating import instance as instance_verbs
from server.domain.moderating import upkeep
from server.domain.tx import Tx, Work
from server.errors import Invalid, NotFound
from server.text import one_line
from server.version import VERSION
from storage import accounts, check, users
from storage import announcements as announcement_rows
from storage import status as status_rows
from storage.accounts import Account
from storage.calls import Details
from storage.users import User

# Running


async def serve(settings: Settings, *, work: bool) -> None:
    async with run.running(settings, work=work) as here:
        await announce(settings, here.work, here.url)
        await run.forever()


async def serve_many(settings: Settings, count: int, *, work: bool) -> None:
    async with run.opened(settings) as base:
        with run.listen(settings) as sock:
            await announce(settings, base.work, run.address_of(settings, sock))
            await processes.supervise(sock, count, work=work)


async def serve_on(settings: Settings, number: int, *, work: bool) -> None:
    """Be a child: ``number`` is the file descriptor of the parent's socket."""
    async with run.running(settings, work=work, sock=socket.socket(fileno=number)):
        await run.forever()


async def work(settings: Settings) -> None:
    async with run.running(settings, serve=False):
        click.echo("Beckon works, and serves nothing.")
        await run.forever()


async def announce(settings: Settings, work: Work, url: str) -> None:
    click.echo(f"Beckon serves {settings.domain} at {url}")
    link = await run.setup_link(work)
    if link:
        click.echo(
            f"There is no administrator yet. Whoever opens this link first becomes one: {link}"
        )
    sys.stdout.flush()


async def bring_forward(settings: Settings) -> list[str]:
    """The names of the migrations applied."""
    async with run.database(settings) as url:
        return await run.bring_forward(url)


# Making


async def create_account(
    settings: Settings, name: str, email: str, password: str | None, role: str
) -> tuple[str, str | None]:
    """The address of the profile, and the password where it was made here."""
    made = secrets.token_urlsafe(12) if password is None else None
    async with run.opened(settings) as base, base.work.transaction() as tx:
        _, account = await user_verbs.register(tx, email, name, password or made, role)
    return account.url, made


async def approve_account(settings: Settings, name: str) -> None:
    async with run.opened(settings) as base, base.work.transaction() as tx:
        await sign_up.approve(tx, await _user(tx, name))


async def reject_account(settings: Settings, name: str) -> None:
    async with run.opened(settings) as base, base.work.transaction() as tx:
        await sign_up.reject(tx, await _user(tx, name))


async def set_role(settings: Settings, name: str, role: str) -> None:
    async with run.opened(settings) as base, base.work.transaction() as tx:
        await upkeep.appoint(tx, await _user(tx, name), await _ours(tx, name), role)


async def password_alone(settings: Settings, name: str) -> None:
    async with run.opened(settings) as base, base.work.transaction() as tx:
        await upkeep.password_alone(tx, await _user(tx, name), await _ours(tx, name))


async def _user(tx: Tx, name: str) -> User:
    account = await _ours(tx, name)
    user = await users.by_id(tx.conn, account.user_id) if account.user_id else None
    if user is None:
        raise Invalid(f"@{account.username} is nobody who signs in.")
    return user


async def set_registrations(settings: Settings, mode: str) -> None:
    async with run.opened(settings) as base, base.work.transaction() as tx:
        await sign_up.set_mode(tx, mode)


async def describe(
    settings: Settings,
    title: str | None,
    description: str | None,
    rules: Sequence[str] | None,
    contact: str | None,
) -> None:
    """``None`` leaves a part as it is."""
    async with run.opened(settings) as base, base.work.transaction() as tx:
        await instance_verbs.describe(
            tx, title=title, description=description, rules=rules, contact=contact
        )


async def create_invite(settings: Settings, uses: int | None, days: int | None) -> str:
    """The link. ``None``: any number of times, for ever."""
    async with run.opened(settings) as base, base.work.transaction() as tx:
        return tx.site.urls.invite(await sign_up.invite(tx, uses, days))


async def create_token(settings: Settings, name: str, scope: str) -> str:
    async with run.opened(settings) as base, base.work.transaction() as tx:
        account = await _ours(tx, name)
        if account.user_id is None:
            raise Invalid(f"@{account.username} is nobody who signs in.")
        words = scopes.parse(scope)
        app, _ = await oauth.register_app(tx, "Command line", [oauth.OUT_OF_BAND], scope, None)
        issued = await oauth.issue(tx, app, words, user_id=account.user_id, account_id=account.id)
    return issued.secret


async def create_community(
    settings: Settings,
    name: str,
    title: str,
    by: str,
    about: str,
    policy: str,
    rules: Sequence[str],
    visibility: str = "public",
) -> str:
    """The address of its page."""
    async with run.opened(settings) as base, base.work.transaction() as tx:
        founder = await _ours(tx, by)
        group = await community_verbs.create(
            tx, founder, name, title, about=about, community_policy=policy, rules=rules,
            visibility=visibility,
        )  # fmt: skip
    return group.url


async def appoint_organiser(settings: Settings, community: str, to: str) -> None:
    """The operators' way, where whoever steered a community fell silent."""
    async with run.opened(settings) as base, base.work.transaction() as tx:
        group = await _ours(tx, community)
        if not group.is_group:
            raise Invalid(f"@{group.username} is no community.")
        await role_verbs.appoint(tx, group, await _ours(tx, to), by=group)


async def create_call(
    settings: Settings, community: str, by: str, title: str, text: str, details: Details
) -> str:
    """The address of the call."""
    async with run.opened(settings) as base, base.work.transaction() as tx:
        group, author = await _ours(tx, community), await _ours(tx, by)
        if not group.is_group:
            raise Invalid(f"@{group.username} is no community.")
        post = await call_verbs.create(tx, author, group, Wanted(title, details, text))
    return post.url


async def _ours(tx: Tx, name: str) -> Account:
    found = await accounts.by_handle(tx.conn, name.removeprefix("@"))
    if found is None:
        raise NotFound(f"There is no @{name.removeprefix('@')} here.")
    return found


# Looking


async def find_faults(settings: Settings) -> list[str]:
    async with run.opened(settings) as base, base.work.reading() as tx:
        return await check.faults(tx.conn)


async def status(settings: Settings) -> dict[str, Any]:
    """Plain values, ready for JSON; times in ISO 8601."""
    async with run.opened(settings) as base, base.work.reading() as tx:
        figures = await status_rows.figures(tx.conn, tx.now)
        found = (await waiting.report(tx)).plain()
    return {
        "domain": settings.domain,
        "federates": settings.federates,
        "version": VERSION,
        **_plain(asdict(figures)),
        "pushes": _plain(found.pop("pushes")),
        **{name: [_plain(row) for row in rows] for name, rows in found.items()},
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value.isoformat(timespec="seconds") if isinstance(value, datetime) else value
        for name, value in row.items()
    }


# Announcements


async def make_announcement(settings: Settings, text: str, until: datetime | None) -> int:
    """``until`` is in UTC. Gives its number."""
    async with run.opened(settings) as base, base.work.transaction() as tx:
        ends = until.replace(tzinfo=UTC) if until else None
        return (await announcement_verbs.announce(tx, text, ends_at=ends)).id


async def announcements(settings: Settings) -> list[str]:
    async with run.opened(settings) as base, base.work.reading() as tx:
        rows = await announcement_rows.current(tx.conn, tx.now)
    return [f"{row.id}  {row.published_at:%Y-%m-%d}  {one_line(row.source, 80)}\n" for row in rows]


async def withdraw_announcement(settings: Settings, number: int) -> None:
    async with run.opened(settings) as base, base.work.transaction() as tx:
        await announcement_verbs.withdraw(tx, number)
