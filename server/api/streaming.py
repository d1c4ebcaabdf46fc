"""Streams: what happens, sent as it happens, over WebSocket or as server-sent events.

One WebSocket carries any number of streams: ``?stream=`` subscribes at once, frames subscribe and
unsubscribe. A stream that is not there, or not for this token, is answered with an error in a frame, and the
socket stays: Ice Cubes asks for one called "local". What is known before the upgrade is refused
before it, in plain HTTP: a bad token is 401, so that a client learns that it was signed out.

A browser cannot set a header on a WebSocket, so the token comes in the query, in the Authorization header,
or as the subprotocol, which is sent back in any case: Chrome closes the socket otherwise.

Public streams need no token, as the public timelines need none. How a stream ends is told by the code of
RFC 6455, 7.4.1; a client that reads too slowly is cut off without one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, cast

import orjson
import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from server import ids
from server.api import auth, lists, params
from server.api.auth import Caller, Guarded, Rule
from server.api.describe import Described, a_text, an_id, flag, op
from server.api.openapi import OPEN
from server.context import context
from server.domain.members import scopes
from server.errors import BadRequest, BeckonError, Forbidden, NotFound, Unauthenticated, Unavailable
from server.stream import End, Frame, Hub, Listener, Subscription
from storage import events
from storage import lists as list_rows

log = structlog.get_logger()

HUB: web.AppKey[Hub] = web.AppKey("hub", Hub)
MAX_FRAME = 4096  # bytes that a client may say at once
CLOSING = 1.0  # seconds for the other side to say goodbye
CODES = {
    None: WSCloseCode.OK,
    End.REVOKED: WSCloseCode.POLICY_VIOLATION,
    End.MISSED: WSCloseCode.SERVICE_RESTART,
    End.STOPPING: WSCloseCode.GOING_AWAY,
    End.SLOW: WSCloseCode.TRY_AGAIN_LATER,
}
PUBLIC = frozenset(
    f"public{side}{media}" for side in ("", ":local", ":remote") for media in ("", ":media")
)
HASHTAG = frozenset({"hashtag", "hashtag:local"})


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds between two signs of life where nothing happens."""

    ping: float = 30.0
    comment: float = 15.0


PACE: web.AppKey[Pace] = web.AppKey("pace", Pace)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client wants to hear: a stream's name, with a tag or the id of a list."""

    stream: str
    tag: str = ""
    list: str = ""


# Which stream is for whom


async def subscription(request: web.Request, caller: Caller | None, wish: Wish) -> Subscription:
    """Raises ``BadRequest``, ``Unauthenticated``, ``Forbidden``, ``NotFound``."""
    if wish.stream in PUBLIC:
        _may_look(caller)
        return Subscription((wish.stream,), frozenset({wish.stream}))
    if wish.stream in HASHTAG:
        _may_look(caller)
        if not wish.tag:
            raise BadRequest("Missing tag name parameter")
        channel = f"{wish.stream}/{wish.tag.lower()}"
        return Subscription((wish.stream, wish.tag), frozenset({channel}))
    return await _own(request, _member(caller), wish)


def _may_look(caller: Caller | None) -> None:
    if caller:
        _require(caller, "read:statuses")


def _member(caller: Caller | None) -> Caller:
    if caller is None:
        raise Unauthenticated("Missing access token")
    return caller


def _require(caller: Caller, scope: str) -> None:
    if not scopes.covers(caller.token.scopes, scope):
        raise Forbidden("Access token does not have the required scopes", reason="scope")


async def _own(request: web.Request, caller: Caller, wish: Wish) -> Subscription:
    account_id = caller.account.id
    if wish.stream == "user:notification":
        _require(caller, "read:notifications")
        return Subscription((wish.stream,), frozenset({events.told(account_id)}))
    if wish.stream not in ("user", "direct", "list"):
        raise BadRequest("Unknown stream type")
    _require(caller, "read:statuses")
    if wish.stream == "user":
        return Subscription(("user",), _of_user(caller))
    if wish.stream == "direct":
        return Subscription(("direct",), frozenset({events.direct(account_id)}))
    channel = events.of_list(await _list(request, caller, wish.list), account_id)
    return Subscription(("list", wish.list), frozenset({channel}))


def _of_user(caller: Caller) -> frozenset[str]:
    """The home timeline, with the notifications as far as the token may read them."""
    own = {events.home(caller.account.id), events.EVERYBODY}
    if scopes.covers(caller.token.scopes, "read:notifications"):
        own.add(events.told(caller.account.id))
    return frozenset(own)


async def _list(request: web.Request, caller: Caller, sent: str) -> int:
    number = ids.parse(sent)
    if number is None:
        raise NotFound
    async with context(request).work.reading() as tx:
        row = await list_rows.by_id(tx.conn, number, caller.account.id)
        return row.id if row else (await lists.joined(tx, caller.account, number)).id


# Who asks


async def _caller(request: web.Request) -> Caller | None:
    """Counted as any request. An app alone is nobody in particular. Raises ``Unauthenticated``."""
    bearer = await auth.admit(request, _protocol(request))
    return auth.caller_of(bearer) if bearer else None


def _protocol(request: web.Request) -> str:
    """The subprotocol that was asked for, or ""."""
    return request.headers.get("Sec-WebSocket-Protocol", "").partition(",")[0].strip()


async def _joined(request: web.Request, caller: Caller | None) -> tuple[Hub, Listener]:
    hub = request.app.get(HUB)
    if hub is None:
        raise Unavailable("There are no streams here.")
    key = f"token:{caller.token.id}" if caller else f"address:{auth.neighbour(request)}"
    token_id, account = (caller.token.id, caller.account) if caller else (None, None)
    listener = Listener(key, token_id, account)
    await hub.join(listener)
    return hub, listener


# WebSocket


async def socket(request: web.Request) -> web.StreamResponse:
    """``GET /api/v1/streaming``"""
    protocol = _protocol(request)
    ws = web.WebSocketResponse(
        protocols=[protocol] if protocol else [],
        heartbeat=request.app[PACE].ping,
        timeout=CLOSING,
        max_msg_size=MAX_FRAME,
        compress=False,  # a window for each socket would be most of its memory
    )
    if not ws.can_prepare(request):
        raise BadRequest("This address speaks WebSocket.")
    caller = await _caller(request)
    wish = _wish(request.query)
    if wish.stream and not wish.stream.startswith(("public", "hashtag")):
        _member(caller)
    hub, listener = await _joined(request, caller)
    try:
        await ws.prepare(request)
        talk = Talk(request, ws, hub, listener, caller)
        await _until_one_ends(talk.send(), talk.receive(wish), listener.ended.wait())
        await _close(request, ws, listener)
    finally:
        hub.leave(listener)
    return ws


def _wish(said: Any) -> Wish:
    """From a query or a frame."""
    texts = {name: str(said.get(name) or "") for name in ("stream", "tag", "list")}
    return Wish(**texts)


async def _close(request: web.Request, ws: web.WebSocketResponse, listener: Listener) -> None:
    if listener.end is End.SLOW:
        _cut(request)
    else:
        reason = listener.end.value if listener.end else ""
        await ws.close(code=CODES[listener.end], message=reason.encode(), drain=False)


def _cut(request: web.Request) -> None:
    """Whoever does not read would not read a goodbye either."""
    if request.transport:
        request.transport.abort()


async def _until_one_ends(*parts: Coroutine[Any, Any, object]) -> None:
    """What breaks off with its connection ends in silence; any other fault is logged."""
    tasks = [asyncio.ensure_future(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        for fault in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(fault, Exception) and not isinstance(fault, ConnectionError):
                log.error("stream.broken", exc_info=fault)


@dataclass(frozen=True, slots=True)
class Talk:
    """One WebSocket."""

    request: web.Request
    ws: web.WebSocketResponse
    hub: Hub
    listener: Listener
    caller: Caller | None

    async def send(self) -> None:
        while True:
            frame = await self.listener.next()
            if frame:
                await self.ws.send_str(_written(frame))

    async def receive(self, first: Wish) -> None:
        if first.stream:
            await self.subscribe(first)
        async for message in self.ws:
            if message.type is WSMsgType.TEXT:
                await self._said(message.data)

    async def _said(self, text: str) -> None:
        """What is no JSON object says nothing."""
        try:
            said: object = orjson.loads(text)
        except orjson.JSONDecodeError:
            return
        if not isinstance(said, dict):
            return
        frame = cast("dict[str, object]", said)
        wish = _wish(frame)
        if frame.get("type") == "subscribe":
            await self.subscribe(wish, counted=False)
        elif frame.get("type") == "unsubscribe":
            self._unsubscribe(wish)

    async def subscribe(self, wish: Wish, *, counted: bool = True) -> None:
        """Whoever asks by a frame asks the database as with any request; the first wish was counted."""
        try:
            if not counted:
                self._count()
            self.hub.subscribe(self.listener, await subscription(self.request, self.caller, wish))
        except BeckonError as error:
            told = {"error": error.sentence, "status": error.status}
            await self.ws.send_str(orjson.dumps(told).decode())

    def _count(self) -> None:
        token, user = (self.caller.token, self.caller.user) if self.caller else (None, None)
        auth.count_for(self.request, token, user)

    def _unsubscribe(self, wish: Wish) -> None:
        labels = _labels(wish)
        for standing in [s for s in self.listener.subscriptions if s.labels == labels]:
            self.hub.unsubscribe(self.listener, standing)


def _labels(wish: Wish) -> tuple[str, ...]:
    if wish.stream in HASHTAG:
        return (wish.stream, wish.tag)
    return (wish.stream, wish.list) if wish.stream == "list" else (wish.stream,)


def _written(frame: Frame) -> str:
    said: dict[str, object] = {"stream": frame.labels, "event": frame.event}
    if frame.payload is not None:
        said["payload"] = frame.payload
    return orjson.dumps(said).decode()


# Server-sent events


def _events_of(stream: str) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        caller = await _caller(request)
        sent = await params.read(request)
        media = ":media" if stream in PUBLIC and sent.flag("only_media") else ""
        wish = Wish(stream + media, sent.text("tag") or "", sent.text("list") or "")
        wanted = await subscription(request, caller, wish)
        hub, listener = await _joined(request, caller)
        try:
            hub.subscribe(listener, wanted)
            return await _send_events(request, listener)
        finally:
            hub.leave(listener)

    return answer


async def _send_events(request: web.Request, listener: Listener) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "private, no-store",
            "X-Accel-Buffering": "no",  # nginx would keep events until it has a bufferful
        }
    )
    await response.prepare(request)
    await _until_one_ends(
        _write_events(response, listener, request.app[PACE].comment), listener.ended.wait()
    )
    if listener.end is End.SLOW:
        _cut(request)
    return response


async def _write_events(response: web.StreamResponse, listener: Listener, quiet: float) -> None:
    await response.write(b":)\n\n")  # begun: some proxies send nothing on before the first byte
    while True:
        frame = await listener.next(quiet)
        # Mastodon writes this word where there is no payload, and Mastodon.py wants a line of data.
        text = (
            f"event: {frame.event}\ndata: {frame.payload or 'undefined'}\n\n"
            if frame
            else ":thump\n\n"
        )
        await response.write(text.encode())


async def health(_request: web.Request) -> web.Response:
    """``GET /api/v1/streaming/health``"""
    return web.Response(text="OK")


BASE = "/api/v1/streaming"
STREAMS = {
    "user": "user",
    "user/notification": "user:notification",
    "public": "public",
    "public/local": "public:local",
    "public/remote": "public:remote",
    "hashtag": "hashtag",
    "hashtag/local": "hashtag:local",
    "list": "list",
    "direct": "direct",
}
"""Of server-sent events, by path."""


def _rule(stream: str) -> Rule:
    if stream in PUBLIC | HASHTAG:
        return Rule("anyone", ("read:statuses",))
    scope = "read:notifications" if stream == "user:notification" else "read:statuses"
    return Rule("member", (scope,))


def routes() -> Sequence[web.RouteDef]:
    return [
        Guarded("GET", BASE, socket, Rule("anyone", ())),
        Guarded("GET", f"{BASE}/health", health, OPEN),
        *(
            Guarded("GET", f"{BASE}/{path}", _events_of(stream), _rule(stream))
            for path, stream in STREAMS.items()
        ),
    ]


_TAKES = {"hashtag": (a_text("tag", required=True),), "list": (an_id("list", required=True),)}
DESCRIBED: Described = {
    f"GET {BASE}": op(
        None, a_text("stream"), a_text("tag"), an_id("list"), status=101, also=(400, 401, 429)
    ),
    f"GET {BASE}/health": op(None, media_type="text/plain"),
    **{
        f"GET {BASE}/{path}": op(
            None,
            *_TAKES.get(path.partition("/")[0], ()),
            *((flag("only_media"),) if path.startswith("public") else ()),
            also=(404,),
            media_type="text/event-stream",
        )
        for path in STREAMS
    },
}
