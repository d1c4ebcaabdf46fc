"""Another server, independent of ours: it signs and verifies with packages that we do not use.

Its documents are written by hand in the shape of Mastodon's. It verifies what it receives against the
actor's document as it fetches it over TLS, signs with ``apsig`` (draft-cavage) or
``http_message_signatures`` (RFC 9421), and writes down every request and every verified delivery.
"""

from __future__ import annotations

import asyncio
import ssl
import urllib.parse
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, NamedTuple

import orjson
from aiohttp import ClientSession, TCPConnector, web
from apsig.draft import Signer, Verifier
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    MappingKeyResolver,
    algorithms,
)
from multidict import CIMultiDict

from tests.tls_peer import authority, server_context

Json = dict[str, Any]
AS = "https://www.w3.org/ns/activitystreams"
PLAIN = {"Accept-Encoding": "identity"}  # what comes is looked at as it is, and unpacked by nobody
PUBLIC = f"{AS}#Public"
ACTIVITY_JSON = "application/activity+json"
SECURITY = "https://w3id.org/security/v1"
CAVAGE = "cavage"
RFC9421 = "rfc9421"


Answers = Callable[[web.Request], Awaitable[web.StreamResponse | None]]


class Answer(NamedTuple):
    """What an inbox of ours answered: its status, and the named reason of a refusal."""

    status: int
    reason: str


@dataclass(frozen=True)
class Received:
    """A delivery whose signature was verified."""

    key_id: str
    scheme: str
    document: Json
    headers: Mapping[str, str] = field(default_factory=CIMultiDict[str], compare=False, repr=False)

    @property
    def type(self) -> str:
        return self.document["type"]


@dataclass(frozen=True)
class Person:
    """An actor of the peer. ``key`` is the number of its RSA key."""

    uri: str
    name: str
    kind: str = "Person"
    key: int = 0

    @property
    def key_id(self) -> str:
        return f"{self.uri}#main-key"

    @property
    def private(self) -> rsa.RSAPrivateKey:
        return rsa_key(self.key)

    def document(self) -> Json:
        host = urllib.parse.urlsplit(self.uri).netloc
        return {
            "@context": [AS, SECURITY],
            "id": self.uri,
            "type": self.kind,
            "preferredUsername": self.name,
            "name": self.name.capitalize(),
            "inbox": f"{self.uri}/inbox",
            "outbox": f"{self.uri}/outbox",
            "followers": f"{self.uri}/followers",
            "featured": f"{self.uri}/featured",
            "url": f"https://{host}/@{self.name}",
            "published": "2024-03-02T00:00:00Z",
            "endpoints": {"sharedInbox": f"https://{host}/inbox"},
            "publicKey": {
                "id": self.key_id,
                "owner": self.uri,
                "publicKeyPem": public_pem(self.private),
            },
        }


@cache
def rsa_key(number: int) -> rsa.RSAPrivateKey:
    """The same few keys for all peers of a run: making one takes a tenth of a second."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


@dataclass
class Message:
    """The form of request that ``http_message_signatures`` reads and writes."""

    method: str
    url: str
    headers: dict[str, str]


class AnyTime(HTTPMessageVerifier):
    """The tests move the clock of the instance by weeks."""

    max_clock_skew: ClassVar[timedelta] = timedelta(days=1000)  # pyright: ignore[reportIncompatibleVariableOverride]


def cavage_headers(
    key: rsa.RSAPrivateKey,
    key_id: str,
    url: str,
    body: bytes,
    *,
    now: datetime | None = None,
    digest: str | None = None,
    covered: list[str] | None = None,
    method: str = "POST",
    more: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, str]:
    """The headers of a request signed by apsig. ``digest`` replaces the true one; ``more`` is sent too."""
    at = (now or datetime.now(UTC)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = {"Date": at, "Content-Type": ACTIVITY_JSON, **more}
    if digest is not None:
        headers["Digest"] = digest
    signed = Signer(
        headers=headers,
        private_key=key,
        method=method,
        url=url,
        key_id=key_id,
        body=body,
        signed_headers=covered or ["(request-target)", "host", "date", "digest", "content-type"],
    ).sign()
    del signed["Authorization"]
    return signed


def rfc9421_headers(
    key: rsa.RSAPrivateKey, key_id: str, url: str, body: bytes, *, now: datetime | None = None
) -> dict[str, str]:
    """The headers of a POST signed by http_message_signatures, as Mastodon asks for."""
    host = urllib.parse.urlsplit(url).netloc
    message = Message("POST", url, {"Host": host, "Content-Type": ACTIVITY_JSON})
    HTTPMessageSigner(
        signature_algorithm=algorithms.RSA_V1_5_SHA256,
        key_resolver=MappingKeyResolver(public_keys={}, private_keys={key_id: private_pem(key)}),
    ).sign(
        message,
        key_id=key_id,
        created=now or datetime.now(UTC),
        covered_component_ids=("@method", "@target-uri"),
        body=body,
    )
    return message.headers


@dataclass
class Peer:
    """A running server. Tests set what it serves and how it answers, and read what reached it.

    ``types``: media types by path, where they are others than they should be.
    ``takes``: the schemes of signatures that its inbox knows. ``status``: what its inbox answers to
    all others; ``down``: it closes every connection without an answer; ``held``: it says nothing until then;
    ``absent``: what single paths of inboxes answer instead; ``answers``: what any inbox does, unless None;
    ``gives``: what is answered to any GET, unless None;
    ``application``: its own actor, named by its NodeInfo.
    """

    host: str
    session: ClientSession
    software: str | None = "mastodon"
    documents: dict[str, Json] = field(default_factory=dict[str, Json])
    redirects: dict[str, str] = field(default_factory=dict[str, str])
    types: dict[str, str] = field(default_factory=dict[str, str])
    received: list[Received] = field(default_factory=list[Received])
    refused: list[str] = field(default_factory=list[str])
    requests: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    takes: tuple[str, ...] = (CAVAGE, RFC9421)
    status: int = 202
    down: bool = False
    held: asyncio.Event | None = None
    absent: dict[str, int] = field(default_factory=dict[str, int])
    answers: Answers | None = None
    gives: Answers | None = None
    now: datetime | None = None
    application: str = ""
    refuses: dict[str, list[int]] = field(default_factory=dict[str, list[int]])
    fingers: dict[str, Json] = field(default_factory=dict[str, Json])
    people: dict[str, Person] = field(default_factory=dict[str, Person])
    _numbers: int = 0

    def url(self, path: str) -> str:
        return f"https://{self.host}{path}"

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def person(self, name: str, kind: str = "Person", key: int = 0) -> Person:
        """An actor that this server serves from now on."""
        made = Person(self.url(f"/users/{name}"), name, kind, key)
        self.people[name] = made
        self.serve(made.document())
        return made

    def serve(self, document: Json) -> Json:
        self.documents[urllib.parse.urlsplit(document["id"]).path] = document
        return document

    def says(self, handle: str, uri: str, *, subject: str = "", **links: str) -> None:
        """Its WebFinger answers so for a handle. ``links``: templates by relation."""
        told: list[Json] = [{"rel": "self", "type": ACTIVITY_JSON, "href": uri}]
        told += [{"rel": rel, "template": template} for rel, template in links.items()]
        self.fingers[f"acct:{handle}"] = {"subject": f"acct:{subject or handle}", "links": told}

    def asked(self, path: str) -> int:
        """How often a path was requested."""
        return self.requests.count(("GET", path))

    def of_type(self, *types: str) -> list[Json]:
        return [r.document for r in self.received if r.type in types]

    # What it says

    def activity(self, by: Person, kind: str, about: object, **more: object) -> Json:
        uri = self.url(f"/activities/{self.number()}")
        return {
            "@context": AS, "id": uri, "type": kind, "actor": by.uri, "object": about,
            "to": [PUBLIC], **more,
        }  # fmt: skip

    def note(self, by: Person, content: str, named: list[str], **more: object) -> Json:
        return self.serve(
            {
                "@context": AS,
                "id": self.url(f"/notes/{self.number()}"),
                "type": "Note",
                "attributedTo": by.uri,
                "content": content,
                "published": datetime.now(UTC).isoformat(),
                "to": [PUBLIC],
                "cc": named,
                "tag": [{"type": "Mention", "href": uri, "name": "@someone"} for uri in named],
                **more,
            }
        )

    def create(self, by: Person, document: Json) -> Json:
        return self.activity(by, "Create", document, to=document["to"], cc=document.get("cc", []))

    def vote(self, by: Person, question: Json, name: str) -> Json:
        """As Mastodon sends one (FEP-9967): a Note with a name and no content, to the author only."""
        author = question["attributedTo"]
        cast = {
            "id": self.url(f"/votes/{self.number()}"),
            "type": "Note",
            "name": name,
            "attributedTo": by.uri,
            "inReplyTo": question["id"],
            "to": author,
        }
        return self.activity(by, "Create", cast, to=author)

    async def send(self, by: Person, document: Json, inbox: str, *, scheme: str = CAVAGE) -> Answer:
        """Sign and deliver, as ``by``."""
        body = orjson.dumps(document)
        sign = cavage_headers if scheme == CAVAGE else rfc9421_headers
        return await self.post(inbox, body, sign(by.private, by.key_id, inbox, body, now=self.now))

    async def post(self, url: str, body: Any, headers: Mapping[str, str]) -> Answer:
        """Exactly these bytes with exactly these headers."""
        async with self.session.post(url, data=body, headers=headers) as answer:
            said = await answer.read()
            reason = orjson.loads(said).get("reason", "") if said.startswith(b"{") else ""
            return Answer(answer.status, reason)

    # What it hears

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        if self.down:
            assert request.transport
            request.transport.abort()
            return web.Response(status=500)
        if self.held:
            await self.held.wait()
        if request.method == "POST":
            return await self._take(request)
        given = await self.gives(request) if self.gives else None
        if given:
            return given
        if self.refuses.get(request.path):
            return web.Response(status=self.refuses[request.path].pop(0))
        if request.path in self.redirects:
            raise web.HTTPFound(self.redirects[request.path])
        if request.path.startswith(("/.well-known/", "/nodeinfo/")):
            return self._well_known(request)
        if request.path not in self.documents:
            return web.Response(status=404)
        body = orjson.dumps(self.documents[request.path])
        return web.Response(body=body, content_type=self.types.get(request.path, ACTIVITY_JSON))

    def _well_known(self, request: web.Request) -> web.Response:
        if request.path == "/.well-known/webfinger":
            return self._webfinger(request.query.get("resource", ""))
        if self.software is None:
            return web.Response(status=404)
        schema = "http://nodeinfo.diaspora.software/ns/schema/2.0"
        if request.path == "/.well-known/nodeinfo":
            links = [{"rel": schema, "href": self.url("/nodeinfo/2.0")}]
            if self.application:
                rel = "https://www.w3.org/ns/activitystreams#Application"
                links.append({"rel": rel, "href": self.application})
            return web.json_response({"links": links})
        return web.json_response(
            {
                "version": "2.0",
                "software": {"name": self.software, "version": "4.7.0"},
                "protocols": ["activitypub"],
                "services": {"inbound": [], "outbound": []},
                "openRegistrations": False,
                "usage": {"users": {"activeMonth": 3}},
                "metadata": {},
            }
        )

    def _webfinger(self, resource: str) -> web.Response:
        if resource in self.fingers:
            return web.json_response(self.fingers[resource], content_type="application/jrd+json")
        name = resource.removeprefix("acct:").partition("@")[0]
        found = self.people.get(name)
        if found is None:
            return web.Response(status=404)
        link = {"rel": "self", "type": ACTIVITY_JSON, "href": found.uri}
        jrd = {"subject": f"acct:{name}@{self.host}", "links": [link]}
        return web.json_response(jrd, content_type="application/jrd+json")

    async def _take(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        said = await self.answers(request) if self.answers else None
        if said:
            return said
        if request.path in self.absent:
            return web.Response(status=self.absent[request.path])
        if self.status >= 300:
            return web.Response(status=self.status)
        try:
            verified = await self._verified(request, body)
        except Exception as error:  # whatever either package raises, it is no valid signature
            self.refused.append(repr(error))
            return web.Response(status=401)
        self.received.append(verified)
        return web.Response(status=202)

    async def _verified(self, request: web.Request, body: bytes) -> Received:
        document = orjson.loads(body)
        scheme = RFC9421 if "Signature-Input" in request.headers else CAVAGE
        if scheme not in self.takes:
            raise ValueError(f"{scheme} is not known here")
        key_id, pem = await self._key_of(document["actor"])
        url = f"https://{request.headers['Host']}{request.path_qs}"
        check = self._check_cavage if scheme == CAVAGE else self._check_rfc9421
        named = check(url, dict(request.headers), body, key_id, pem)
        if named != key_id:
            raise ValueError("signed by another key than the actor's")
        return Received(named, scheme, document, CIMultiDict(request.headers))

    def _check_cavage(
        self, url: str, headers: dict[str, str], body: bytes, _key_id: str, pem: str
    ) -> str:
        verifier = Verifier(pem, "POST", url, headers, body, clock_skew=10**9)
        return verifier.verify(raise_on_fail=True) or ""

    def _check_rfc9421(
        self, url: str, headers: dict[str, str], body: bytes, key_id: str, pem: str
    ) -> str:
        verifier = AnyTime(
            signature_algorithm=algorithms.RSA_V1_5_SHA256,
            key_resolver=MappingKeyResolver(public_keys={key_id: pem.encode()}, private_keys={}),
        )
        message = Message("POST", url, headers)
        needed = ("@method", "@target-uri", "content-digest")
        verified = verifier.verify(message, require_components=needed, body=body)
        return str(verified[0].parameters["keyid"])

    async def fetch(self, url: str) -> Json:
        """A document of somebody else."""
        async with self.session.get(url, headers={"Accept": ACTIVITY_JSON}) as answer:
            return orjson.loads(await answer.read())

    async def _key_of(self, actor: str) -> tuple[str, str]:
        """The key in the actor's own document, fetched as any server would."""
        document = await self.fetch(actor)
        key = document["publicKey"]
        if document["id"] != actor or key["owner"] != actor:
            raise ValueError("the actor is not at its own id")
        return key["id"], key["publicKeyPem"]


def client_context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority().configure_trust(context)
    return context


@asynccontextmanager
async def peer(software: str | None = "mastodon") -> AsyncGenerator[Peer]:
    """A server on a loopback port of its own."""
    connector = TCPConnector(ssl=client_context())
    async with ClientSession(connector=connector, auto_decompress=False, headers=PLAIN) as session:
        made = Peer("", session, software)
        runner = web.ServerRunner(web.Server(made.handle, access_log=None), shutdown_timeout=0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=server_context("127.0.0.1")).start()
        made.host = f"127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield made
        finally:
            await runner.cleanup()
            await asyncio.sleep(0)  # lets the transports that were aborted say goodbye
