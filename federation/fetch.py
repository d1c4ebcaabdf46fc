"""The one outgoing HTTP client: whatever this server asks of another goes through here.

A fetch, in order: the address is read strictly (``origin.parse``), signed when the caller gives a
signer, sent to an address that ``guard`` permits, and followed through at most five redirects, each
of them checked, resolved and signed afresh. The answer must have a media type that its purpose
accepts; its bytes are counted as they come, after decompression, and one deadline covers it all.

What fails is one of three: ``Gone`` (404, 410), ``Refused`` (nothing that time will mend; ``Denied``
carries the status, because 401 and 403 may mean the other signature scheme), ``Unreachable`` (try
later). Nothing is stored here, so a restart loses at most the requests in flight.

The final address may be on another origin than the one asked for: the caller compares it with the
document's id (FEP-fe34; Fedify GHSA-8863-8468-7hq7).
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self
from urllib.parse import urljoin

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from federation.errors import Gone, Refused, Unreachable
from federation.guard import AddressRefused, Guard, Network
from federation.media_types import ACTIVITY_JSON, LD_JSON, essence, is_activity
from federation.origin import Url, parse
from federation.resolver import Resolver

Signer = Callable[[str, str, Mapping[str, str], bytes], Mapping[str, str]]
"""(method, url, headers, body) to the headers that sign it. The headers given hold ``Host``."""

MAX_REDIRECTS = 5
EXCERPT = 1_024
"""Bytes read of the answer to a POST: enough to tell an operator why it was refused."""

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PASSING = frozenset({408, 425, 429})  # 4xx that only time mends (RFC 9110, 6585, 8470)
_EXCERPT_SECONDS = 2.0


class Denied(Refused):
    """The other side answered with a status that refuses us. ``status`` is that status."""

    def __init__(self, url: Url, status: int) -> None:
        super().__init__(f"http_{status}", f"{url.authority} answered {status}.", cause=url.text)
        self.status = status


def _is_json_or_jrd(header: str) -> bool:
    return essence(header) in {"application/json", "application/jrd+json"}


def _is_json(header: str) -> bool:
    return essence(header) == "application/json"


def _is_html(header: str) -> bool:
    return essence(header) in {"text/html", "application/xhtml+xml"}


def _is_media(header: str) -> bool:
    """No SVG: it is a document with scripts. The first bytes say more, when they are here."""
    named = essence(header)
    kind = named.partition("/")[0]
    generic = named in {"application/octet-stream", "binary/octet-stream"}
    return (kind in {"image", "video", "audio"} and "+xml" not in named) or generic


@dataclass(frozen=True, slots=True)
class Purpose:
    """What is fetched and what may come back.

    ``is_type`` judges a Content-Type header; ``max_bytes`` counts the decompressed body;
    ``deadline`` is seconds for everything, redirects and the last byte included. ``head``: the first
    ``max_bytes`` are enough, and no more are read; else a larger body is refused.
    """

    name: str
    accept: str
    is_type: Callable[[str], bool]
    max_bytes: int
    deadline: float = 10.0
    head: bool = False


ACTIVITY = Purpose(
    "activity",
    accept=f"{ACTIVITY_JSON}, {LD_JSON}",
    is_type=is_activity,
    max_bytes=1024 * 1024,  # Mastodon's limit too
)
JRD = Purpose(
    "jrd",
    accept="application/jrd+json, application/json",
    is_type=_is_json_or_jrd,
    max_bytes=64 * 1024,
)
MEDIA = Purpose(
    "media",
    accept="image/*, video/*, audio/*",
    is_type=_is_media,
    max_bytes=40 * 1024 * 1024,
    deadline=60.0,
)
NODEINFO = Purpose(
    "nodeinfo",
    accept="application/json",
    is_type=_is_json_or_jrd,
    max_bytes=256 * 1024,
)
TEMPLATE = Purpose(  # of a call, from another instance of ours (docs/templates.md)
    "template",
    accept="application/json",
    is_type=_is_json,
    max_bytes=64 * 1024,
)
PAGE = Purpose(
    "page",
    accept="text/html, application/xhtml+xml;q=0.9",
    is_type=_is_html,
    max_bytes=1024 * 1024,
    head=True,  # what a page says of itself stands at its beginning
)


@dataclass(frozen=True, slots=True)
class EgressConfig:
    """Settings of the client. ``ca_file`` is trusted beside the system's authorities.

    ``per_host`` leaves room for four deliveries and four fetches at once; an idle connection with
    TLS costs about 0.2 MB, which is what ``total`` bounds.
    """

    user_agent: str
    ca_file: Path | None = None
    allow_networks: tuple[Network, ...] = ()
    per_host: int = 8
    total: int = 128


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer. ``url`` is where it came from in the end, in canonical spelling.

    ``content_type`` is the media type in lower case without parameters.
    """

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    content_type: str


class Egress:
    """One session and one TLS context. Made inside the running loop; ``close`` it at the end."""

    def __init__(self, config: EgressConfig, *, resolver: AbstractResolver | None = None) -> None:
        context = ssl.create_default_context()
        if config.ca_file is not None:
            context.load_verify_locations(config.ca_file)
        self._user_agent = config.user_agent
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                ssl=context,
                resolver=resolver or Resolver(),
                limit=config.total,
                limit_per_host=config.per_host,
                socket_factory=Guard(config.allow_networks).socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,  # it would inflate 32 MiB before we could count
            trust_env=False,  # a proxy would look names up for us, unchecked
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()

    async def get(
        self,
        url: str,
        purpose: Purpose,
        *,
        sign: Signer | None = None,
        into: IO[bytes] | None = None,
    ) -> Fetched:
        """Fetch a document. Raises ``Gone``, ``Refused`` (``Denied``), ``Unreachable``.

        ``into``: a file for its bytes, which are then not in ``Fetched.body``.
        """
        first = parse(url)
        with _failures(first):
            async with asyncio.timeout(purpose.deadline):
                return await self._follow(first, purpose, sign, into)

    async def post(
        self,
        url: str,
        body: bytes,
        content_type: str,
        *,
        deadline: float,
        sign: Signer | None,
        more: Mapping[str, str] | None = None,
    ) -> Fetched:
        """Send ``body`` once and report the answer, whatever its status; redirects are answers.

        ``Fetched.body`` holds its first ``EXCERPT`` bytes as sent. ``deadline`` is in seconds; ``more``
        are headers of the caller's. Raises ``Refused`` and ``Unreachable``.
        """
        target = parse(url)
        headers = {"Content-Type": content_type, "Accept-Encoding": "identity", **(more or {})}
        with _failures(target):
            async with (
                asyncio.timeout(deadline),
                self._request("POST", target, headers, body, sign) as response,
            ):
                return _fetched(target, response, await _excerpt(response))

    async def _follow(
        self, url: Url, purpose: Purpose, sign: Signer | None, into: IO[bytes] | None
    ) -> Fetched:
        headers = {"Accept": purpose.accept, "Accept-Encoding": "gzip"}
        seen: set[str] = set()
        while len(seen) <= MAX_REDIRECTS:
            if url.text in seen:
                raise Refused("redirect_loop", "The redirects lead in a circle.", cause=url.text)
            seen.add(url.text)
            async with self._request("GET", url, headers, b"", sign) as response:
                if response.status not in _REDIRECTS:
                    return await _document(url, response, purpose, into)
                url = redirect_target(url, response.headers)
        raise Refused("too_many_redirects", f"More than {MAX_REDIRECTS} redirects.", cause=url.text)

    def _request(
        self, method: str, url: Url, headers: Mapping[str, str], body: bytes, sign: Signer | None
    ) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        sent = {"Host": url.authority, "User-Agent": self._user_agent, **headers}
        if sign is not None:
            sent.update(sign(method, url.text, dict(sent), body))
        return self._session.request(
            method,
            URL(url.text, encoded=True),  # as it was signed, to the letter
            headers=sent,
            data=body or None,
            allow_redirects=False,
        )


def redirect_target(url: Url, headers: Mapping[str, str]) -> Url:
    """Where an answer from ``url`` points to. Raises ``Refused("bad_url")``."""
    try:
        return parse(urljoin(url.text, headers["Location"]))
    except (KeyError, ValueError) as error:
        raise Refused("bad_url", "The redirect leads nowhere.", cause=url.text) from error


async def _document(
    url: Url, response: aiohttp.ClientResponse, purpose: Purpose, into: IO[bytes] | None
) -> Fetched:
    _check_status(url, response.status)
    header = response.headers.get("Content-Type", "")
    if not purpose.is_type(header):
        raise Refused("wrong_type", "The answer has another media type.", cause=header)
    body = bytearray()
    await _read(response, purpose, into.write if into else body.extend)
    return _fetched(url, response, bytes(body))


def _fetched(url: Url, response: aiohttp.ClientResponse, body: bytes) -> Fetched:
    media_type = essence(response.headers.get("Content-Type", ""))
    return Fetched(url.text, response.status, response.headers, body, media_type)


def _check_status(url: Url, status: int) -> None:
    if status == 200:
        return
    if status in {404, 410}:
        raise Gone(url.text)
    if status >= 500 or status in _PASSING:
        raise Unreachable(f"http_{status}", f"{url.authority} answered {status}.", cause=url.text)
    raise Denied(url, status)


async def _read(
    response: aiohttp.ClientResponse, purpose: Purpose, write: Callable[[bytes], object]
) -> None:
    limit = purpose.max_bytes
    unpack = _unpacker(response.headers.get("Content-Encoding", ""))
    size, received = 0, 0
    async for chunk in response.content.iter_any():
        received += len(chunk)
        plain = unpack(chunk, limit + 1 - size)
        size += len(plain)
        # What arrived is counted too: a compressed stream can be endless and hold nothing.
        if max(size, received) > limit:
            if purpose.head:
                write(plain[: max(0, len(plain) - (size - limit))])
                return
            raise Refused("too_large", f"The answer is larger than {limit} bytes.")
        write(plain)


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes]:
    """How to turn a chunk into at most so many bytes. We ask for gzip, so nothing else may come."""
    if encoding.strip().lower() in {"", "identity"}:
        return lambda chunk, _: chunk
    if encoding.strip().lower() in {"gzip", "x-gzip"}:
        return zlib.decompressobj(wbits=zlib.MAX_WBITS | 16).decompress
    raise Refused("wrong_encoding", "The answer is compressed in an unknown way.", cause=encoding)


async def _excerpt(response: aiohttp.ClientResponse) -> bytes:
    """The start of a body, or nothing: the status says what happened, the body only why."""
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(_EXCERPT_SECONDS):
            return await response.content.read(EXCERPT)
    return b""


@contextmanager
def _failures(url: Url) -> Generator[None]:
    """Turn what the network and the other side's HTTP can raise into the errors of the wire."""
    try:
        yield
    except TimeoutError as error:
        raise _unreachable(url, "timeout", "did not answer in time", error) from error
    except aiohttp.ClientSSLError as error:
        raise _unreachable(url, "tls", "has no valid certificate", error) from error
    except aiohttp.ClientConnectorError as error:
        if isinstance(error.os_error, AddressRefused):
            raise Refused(
                "private_address", f"{url.authority} leads to an address that is not public."
            ) from error
        raise _unreachable(url, "network", "cannot be reached", error) from error
    except zlib.error as error:
        raise Refused("wrong_encoding", "The answer cannot be unpacked.") from error
    except aiohttp.ClientError as error:
        raise _unreachable(url, "network", "broke off", error) from error


def _unreachable(url: Url, reason: str, what: str, error: BaseException) -> Unreachable:
    return Unreachable(reason, f"{url.authority} {what}.", cause=f"{url.text}: {error!r}")
