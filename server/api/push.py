"""Web push: one subscription for each token, so that a telephone rings while its client sleeps."""

from __future__ import annotations

from aiohttp import web

from federation import webpush
from federation.errors import Refused
from federation.webpush import Receiver
from server.api import auth, params
from server.api.answers import empty, ok
from server.api.auth import Caller, for_member
from server.api.describe import Described, Param, a_text, choice, flag, nested, op
from server.api.params import Params
from server.context import context
from server.domain.members import push
from server.domain.tx import Tx
from server.errors import Invalid, NotFound
from server.render.view import Json
from storage import pushes
from storage.pushes import Subscription, Wanted

PATH = "/api/v1/push/subscription"


async def entity(tx: Tx, row: Subscription) -> Json:
    """``WebPushSubscription``. Android wants each of these, and an integer for an id."""
    return {
        "id": row.id,
        "endpoint": row.endpoint,
        "standard": row.standard,
        "alerts": {name: name in row.alerts for name in push.ALERTS},
        "policy": row.policy,
        "server_key": await push.server_key(tx),
    }


def _wanted(sent: Params) -> Wanted:
    """Raises ``Invalid``, also for an address that no push service has."""
    """The policy also from beside ``data``, where Mastodon.py puts it."""
    subscription, data = sent.child("subscription"), sent.child("data")
    keys = subscription.child("keys")
    receiver = Receiver(
        subscription.text("endpoint") or "",
        webpush.decode(keys.text("p256dh") or ""),
        webpush.decode(keys.text("auth") or ""),
        standard=subscription.flag("standard"),
    )
    try:
        webpush.check(receiver)
    except Refused as error:
        sentence = f"Validation failed: {error.sentence}"
        raise Invalid(sentence, field="subscription", cause=error.cause) from error
    return Wanted(
        receiver.endpoint,
        receiver.public,
        receiver.auth,
        receiver.standard,
        _alerts(data),
        data.text("policy") or sent.text("policy") or "all",
    )


def _alerts(data: Params) -> list[str]:
    chosen = data.child("alerts")
    return [name for name in push.ALERTS if chosen.flag(name)]


async def create(request: web.Request, caller: Caller) -> web.Response:
    """Replaces what this token had. Ice Cubes sends all of it in the address."""
    wanted = _wanted(await params.read(request))
    secret = await auth.secret_of(request)
    async with context(request).work.transaction() as tx:
        made = await push.subscribe(tx, caller.token, secret, wanted)
        return ok(await entity(tx, made))


async def show(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.reading() as tx:
        row = await pushes.of_token(tx.conn, caller.token.id)
        if row is None:
            raise NotFound
        return ok(await entity(tx, row))


async def change(request: web.Request, caller: Caller) -> web.Response:
    """The alerts, all of them anew, and the policy. What is not sent of ``data`` stays as it is."""
    sent = await params.read(request)
    data = sent.child("data")
    async with context(request).work.transaction() as tx:
        row = await pushes.of_token(tx.conn, caller.token.id)
        if row is None:
            raise NotFound
        alerts = _alerts(data) if "alerts" in data else row.alerts
        policy = data.text("policy") or sent.text("policy") or row.policy
        return ok(await entity(tx, await push.change(tx, caller.token, alerts, policy)))


async def drop(request: web.Request, caller: Caller) -> web.Response:
    async with context(request).work.transaction() as tx:
        await pushes.drop(tx.conn, caller.token.id)
    return empty()


def routes() -> list[web.RouteDef]:
    return [
        for_member("POST", PATH, create, "push"),
        for_member("GET", PATH, show, "push"),
        for_member("PUT", PATH, change, "push"),
        for_member("DELETE", PATH, drop, "push"),
    ]


def _data() -> Param:
    alerts = nested("alerts", *(flag(name) for name in push.ALERTS))
    return nested("data", alerts, choice("policy", *push.POLICIES))


_KEYS = nested("keys", a_text("p256dh"), a_text("auth"), required=True)
_SUBSCRIPTION = nested(
    "subscription", a_text("endpoint", required=True), _KEYS, flag("standard"), required=True
)
DESCRIBED: Described = {
    f"POST {PATH}": op("WebPushSubscription", _SUBSCRIPTION, _data()),
    f"GET {PATH}": op("WebPushSubscription", also=(404,)),
    f"PUT {PATH}": op("WebPushSubscription", _data(), also=(404,)),
    f"DELETE {PATH}": op("Empty"),
}
