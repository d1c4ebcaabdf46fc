"""One process of Beckon, from its settings to its doors, and back.

The way up: settings → PostgreSQL (its own, unless ``DATABASE_URL`` names one) → migrations → the one
row that says which instance this is → the pool → the way out to other servers → the loops → the doors.
The way down is the same backwards: it stops listening, lets requests finish for ``GRACE`` seconds, stops
the loops (what they had leased is taken up by the next who runs them), and then the database.

Each step is a context manager, so whatever fails on the way up, or whenever a signal comes, all that was
started is stopped. What a crash leaves behind is the next start's work: see ``storage.embedded`` for
PostgreSQL; everything else of ours is a row in it.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import ssl
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import asyncpg
import structlog
import uvloop
from aiohttp import web

from federation.fetch import Egress, EgressConfig
from server import blobs, keeper, mail, worker
from server.app import make_app
from server.arriving.resolve import Net, open_net
from server.clock import Clock
from server.config import Settings, variable
from server.domain.members import users as user_verbs
from server.domain.tx import Site, Work
from server.errors import DatabaseUnreachable, SettingsError, Unavailable
from server.sealing import Secret
from server.urls import Urls
from server.version import VERSION
from storage import community_keys, db, embedded, instance, migrate, users
from storage.instance import Instance

T = TypeVar("T")

log = structlog.get_logger()

GRACE = 5.0  # seconds for requests that are under way
BACKLOG = 1024  # connections that the kernel keeps for us while we are busy
HEALTH_SECONDS = 5.0


NOT_OPENED = (
    "The contact data in this database is sealed with a secret that is not in {place}: put it back there,"
    " or set BECKON_SECRET to it."
)

UNREACHABLE = (
    OSError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InterfaceError,
    ValueError,  # a connection string that cannot be read
)


@dataclass(frozen=True, slots=True)
class Base:
    """What a command works with: the database, brought forward, and known to be of this instance."""

    work: Work
    database_url: str


@dataclass(frozen=True, slots=True)
class Running:
    """``url``: where this process listens, with no slash at the end; empty where it does not."""

    work: Work
    net: Net
    url: str
    database_url: str


def until_done(main: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run to the end, or until SIGINT or SIGTERM; a second signal cuts the way down short.

    Raises ``SystemExit`` after a signal: with 0, because stopping was asked for.
    """

    async def guarded() -> T:
        task = asyncio.current_task()
        assert task, "we run in one"
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
        return await main()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(guarded())
        except asyncio.CancelledError:
            raise SystemExit(0) from None


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


# The way up, step by step


@asynccontextmanager
async def database(settings: Settings) -> AsyncGenerator[str]:
    """A connection string. Our own PostgreSQL runs until the block is left."""
    if settings.database_url:
        yield settings.database_url
        return
    try:
        stack = AsyncExitStack()
        url = await stack.enter_async_context(embedded.running(settings.data / "postgresql"))
    except (embedded.EmbeddedError, OSError) as error:
        raise DatabaseUnreachable(str(error)) from error
    async with stack:
        yield url


@asynccontextmanager
async def opened(settings: Settings) -> AsyncGenerator[Base]:
    """The database of this instance, ready for verbs.

    Raises ``DatabaseUnreachable``, ``Unavailable`` where it does not fit this code, and ``SettingsError``
    where it belongs to another domain.
    """
    clock = Clock(settings.clock_offset)
    async with database(settings) as url:
        await bring_forward(url)
        async with db.pool(url, size=settings.database_connections) as pool:
            async with pool.acquire() as conn:
                here = await _settle_domain(settings, conn, clock.now())
                secret = await settle_secret(settings, conn)
            urls = Urls(settings.domain, settings.base, here.secret.hex)
            site = Site(
                urls,
                settings.federates,
                here.title,
                mail=bool(settings.smtp_url),
                authorized_fetch=settings.authorized_fetch == "on",
                secret=secret,
            )
            yield Base(Work(pool, clock, site), url)


async def bring_forward(url: str) -> list[str]:
    """Apply the migrations that a database lacks; gives their names.

    Raises ``DatabaseUnreachable``, and ``Unavailable`` where the database does not fit this code.
    """
    try:
        return await migrate.migrate_url(url)
    except UNREACHABLE as error:
        raise DatabaseUnreachable(f"PostgreSQL cannot be reached: {error}") from error
    except migrate.MigrationError as error:
        raise Unavailable(str(error)) from error


async def _settle_domain(settings: Settings, conn: db.Connection, now: datetime) -> Instance:
    """Ids are addresses, and other servers keep them: a used database never changes its domain."""
    web_domain = settings.web_domain or settings.domain
    here = await instance.settle(conn, settings.domain, web_domain, now)
    pairs = [
        ("domain", settings.domain, here.domain),
        ("web_domain", web_domain, here.web_domain),
    ]
    faults = [
        f"{variable(field)} is {wanted}, but this database was made for {stored}:"
        " the domain of an instance cannot be changed."
        for field, wanted, stored in pairs
        if wanted != stored
    ]
    if faults:
        raise SettingsError(faults)
    return here


async def settle_secret(settings: Settings, conn: db.Connection) -> Secret:
    """The secret of this instance (server/keeper.py), made where nothing was ever sealed with another.

    Raises ``SettingsError`` where contact data waits for a secret that is not here.
    """
    found = keeper.find(settings)
    marked = await instance.secret_mark(conn)
    if (found is None or found.mark != marked) and await community_keys.any_key(conn):
        raise SettingsError([NOT_OPENED.format(place=keeper.place(settings))])
    secret = found or keeper.make(settings)
    await instance.set_secret_mark(conn, secret.mark)
    return secret


@asynccontextmanager
async def running(
    settings: Settings, *, serve: bool = True, work: bool = True, sock: socket.socket | None = None
) -> AsyncGenerator[Running]:
    """One process: its doors (``serve``) and its loops (``work``), until the block is left.

    ``sock`` is a listening socket to share instead of one of our own. Raises as ``opened`` does, and
    ``Unavailable`` where the address is in use.
    """
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(opened(settings))
        egress = Egress(_egress_config(settings))
        stack.push_async_callback(egress.close)
        net = await open_net(base.work, egress, blobs.open_stores(settings), mail.relay(settings))
        await stack.enter_async_context(net.stances.hearing(base.database_url))
        if work:
            await stack.enter_async_context(worker.working(net, base.database_url))
        url = (
            await stack.enter_async_context(_doors(settings, net, base.database_url, sock))
            if serve
            else ""
        )
        yield Running(base.work, net, url, base.database_url)


def _egress_config(settings: Settings) -> EgressConfig:
    agent = f"Beckon/{VERSION} (+{settings.base})"
    return EgressConfig(agent, settings.ca_file, settings.allow_networks)


@asynccontextmanager
async def _doors(
    settings: Settings, net: Net, database_url: str, sock: socket.socket | None
) -> AsyncGenerator[str]:
    app = make_app(settings, net.work, net, database_url=database_url)
    app.router.add_get("/health", _health(net.work))
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE, handle_signals=False)
    await runner.setup()
    try:
        context = tls(settings)
        shared = sock or listen(settings)
        await web.SockSite(runner, shared, ssl_context=context, backlog=BACKLOG).start()
        yield address_of(settings, shared)
    finally:
        await runner.cleanup()


def _health(work: Work) -> Callable[[web.Request], Coroutine[Any, Any, web.Response]]:
    async def health(_request: web.Request) -> web.Response:
        """200 where requests are answered, which takes a database too; else 503.

        Mastodon.py compares the text.
        """
        try:
            async with asyncio.timeout(HEALTH_SECONDS), work.reading() as tx:
                await instance.get(tx.conn)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return web.Response(status=503, text="The database does not answer.\n")
        return web.Response(text="OK")

    return health


def listen(settings: Settings) -> socket.socket:
    """The listening socket. Raises ``Unavailable`` where there can be none."""
    host, port = settings.address
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        code = error.errno or 0  # below 0 where the name was not found
        reason = os.strerror(code) if code > 0 else str(error)
        raise Unavailable(
            f"{variable('listen')}: {host}:{port} cannot be used: {reason}."
        ) from error


def address_of(settings: Settings, sock: socket.socket) -> str:
    """Where a socket of ours is reached from this machine, with no slash at the end."""
    host, port = sock.getsockname()[:2]
    scheme = "https" if settings.tls_cert else "http"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def tls(settings: Settings) -> ssl.SSLContext | None:
    """Raises ``SettingsError`` where the certificate and the key do not fit."""
    if settings.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_cert, settings.tls_key)
    except (ssl.SSLError, OSError) as error:
        fault = f"{variable('tls_cert')} and its key cannot be used together: {error}."
        raise SettingsError([fault]) from error
    return context


async def setup_link(work: Work) -> str | None:
    """A new one-time link while there is no administrator; the link before it ends."""
    async with work.transaction() as tx:
        if await users.any_admin(tx.conn):
            return None
        return tx.site.urls.setup(await user_verbs.begin_setup(tx))
