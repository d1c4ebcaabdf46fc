"""Another server, as real as it can be on loopback: TLS with an authority of the tests' own."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_network
from pathlib import Path

import trustme
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult

from federation.fetch import EgressConfig

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
LOOPBACK = ("127.0.0.1/32",)
NAMES = ("garden.example", "rebind.example", "both.example")


@cache
def authority() -> trustme.CA:
    return trustme.CA()


def egress_config(folder: Path, *networks: str, per_host: int = 8) -> EgressConfig:
    ca_file = folder / "authority.pem"
    authority().cert_pem.write_to_path(str(ca_file))
    return EgressConfig(
        user_agent="beckon-test",
        ca_file=ca_file,
        allow_networks=tuple(ip_network(network) for network in networks),
        per_host=per_host,
    )


@dataclass
class Peer:
    """A running server. ``seen`` holds (method, path, headers, body) of what reached it."""

    host: str
    port: int
    seen: list[tuple[str, str, Mapping[str, str], bytes]] = field(default_factory=list)

    def url(self, path: str = "/", host: str | None = None) -> str:
        return f"https://{host or self.host}:{self.port}{path}"


@asynccontextmanager
async def tls_peer(handler: Handler, host: str = "127.0.0.1") -> AsyncGenerator[Peer]:
    peer = Peer(host, 0)

    async def record(request: web.Request) -> web.StreamResponse:
        peer.seen.append(
            (request.method, request.path_qs, request.headers.copy(), await request.read())
        )
        return await handler(request)

    runner = web.ServerRunner(
        web.Server(record, access_log=None, handler_cancellation=True), shutdown_timeout=0
    )
    await runner.setup()
    site = web.TCPSite(runner, host, 0, ssl_context=server_context(host, *NAMES))
    await site.start()
    peer.port = runner.addresses[0][1]
    try:
        yield peer
    finally:
        await runner.cleanup()


def server_context(*names: str) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority().issue_cert(*names).configure_cert(context)
    return context


@asynccontextmanager
async def raw_peer(answer: bytes) -> AsyncGenerator[Peer]:
    """A server that answers anything with these bytes, and closes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=server_context("127.0.0.1"))
    async with server:
        yield Peer("127.0.0.1", server.sockets[0].getsockname()[1])


class Names(AbstractResolver):
    """A resolver whose answers are a list per name: one entry per lookup, the last one stays."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {f"{name}.example": entries for name, entries in answers.items()}
        self.asked: list[str] = []

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        self.asked.append(host)
        entries = self.answers.get(host)
        if not entries:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        addresses = entries.pop(0) if len(entries) > 1 else entries[0]
        return [_result(host, port, address) for address in addresses]

    async def close(self) -> None:
        return


def _result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=socket.IPPROTO_TCP, flags=0
    )
