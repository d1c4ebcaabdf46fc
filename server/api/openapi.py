"""The OpenAPI 3.1 document of both APIs, put together from the routes as they are declared.

Path, method and scopes come from ``for_member`` and its like, what is answered and taken from the tables
``DESCRIBED``, entities from entities.py. Refusals follow from the kind of route. Not told, because it holds
everywhere: a slash may end each path, PUT and PATCH are one, and parameters that nobody knows are ignored.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from http import HTTPStatus

import orjson
from aiohttp import web

from server.api import answers
from server.api.auth import Caller, Guarded, Rule, for_anyone
from server.api.describe import Described, Op, Param, op
from server.api.entities import ENTITIES
from server.api.schema import Schema, schema
from server.domain.members import scopes
from server.version import VERSION

PATH = "/api/openapi.json"
OPEN = Rule("open", ())
"""The rule of a route that reads no token."""

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
LINK: Schema = {
    "Link": {
        "description": 'Addresses of the pages beside this one: rel="next" and rel="prev"',
        "schema": {"type": "string"},
    }
}
ALWAYS = (400, 429, 503)
"""A request that cannot be read, that comes too often, or while the database is away."""
BY_RULE: Mapping[str, tuple[int, ...]] = {
    "member": (401, 403, 422),  # 422: also what an app alone is told
    "anyone": (401, 403),
    "app": (401, 403),
    "open": (),
}


def document(routes: Sequence[web.RouteDef], described: Described) -> Schema:
    """All routes that are described. ``routes`` as declared, without their twins."""
    paths: dict[str, Schema] = {}
    for route in routes:
        told = described.get(key(route))
        if told:
            paths.setdefault(route.path, {})[route.method.lower()] = operation(route, told)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Beckon",
            "version": VERSION,
            "summary": "The client API of Mastodon, and Beckon's own for communities and calls",
            "description": (
                "A slash may end each path. PUT and PATCH are one. Query, form, multipart form and"
                " JSON say the same things. Parameters that are not known are ignored."
            ),
            "license": {"name": "AGPL-3.0-only", "identifier": "AGPL-3.0-only"},
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {"schemas": ENTITIES, "securitySchemes": {"oauth": OAUTH}},
    }


def key(route: web.RouteDef) -> str:
    return f"{route.method} {route.path}"


def operation(route: web.RouteDef, told: Op) -> Schema:
    rule = route.rule if isinstance(route, Guarded) else OPEN
    reads = route.method == "GET"
    parameters = [_in_path(name) for name in re.findall(r"{(\w+)}", route.path)]
    found: Schema = {
        "operationId": _name(route),
        "parameters": [*parameters, *(_in_query(p) for p in told.takes if reads)],
        "responses": _responses(route, rule, told),
    }
    if told.takes and not reads:
        found["requestBody"] = _body(told.takes)
    if rule.who != "open":
        granted: list[Schema] = [{"oauth": [scope]} for scope in rule.scopes] or [{"oauth": []}]
        found["security"] = [*granted, {}] if rule.who == "anyone" else granted
    return found


def _name(route: web.RouteDef) -> str:
    """``get_api_v1_lists_id``"""
    return re.sub(r"\W+", "_", f"{route.method.lower()}{route.path}").strip("_")


def _in_path(name: str) -> Schema:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "schema": {"type": "string", "minLength": 1},
    }


def _in_query(param: Param) -> Schema:
    many = param.schema.get("type") == "array"
    return {
        "name": f"{param.name}[]" if many else param.name,
        "in": "query",
        "required": param.required,
        "schema": param.schema,
    }


def _body(takes: Sequence[Param]) -> Schema:
    """JSON, or a form with brackets in the names; only a form where a file may be sent."""
    required = [p.name for p in takes if p.required]
    shape: Schema = {"type": "object", "properties": {p.name: p.schema for p in takes}}
    if required:
        shape["required"] = required
    has_file = any(p.schema.get("format") == "binary" for p in takes)
    kinds = (MULTIPART,) if has_file else (JSON, FORM)
    return {"required": bool(required), "content": {kind: {"schema": shape} for kind in kinds}}


def _responses(route: web.RouteDef, rule: Rule, told: Op) -> Schema:
    missing = (404,) if "{" in route.path else ()
    refused = {*ALWAYS, *BY_RULE[rule.who], *missing, *(s for s in told.also if s >= 300)}
    good = {told.status, *(s for s in told.also if s < 300)}
    return {
        **{str(status): _good(told, status) for status in sorted(good)},
        **{str(status): _refusal(status) for status in sorted(refused)},
    }


def _good(told: Op, status: int) -> Schema:
    described = {"description": HTTPStatus(status).phrase}
    if told.answers is None:
        return described | {"content": {told.media_type: {"schema": {"type": "string"}}}}
    paged = any(p.name in ("max_id", "offset") for p in told.takes)
    headers: Schema = {"headers": LINK} if paged else {}
    return described | headers | {"content": {JSON: {"schema": told.answers}}}


def _refusal(status: int) -> Schema:
    content = {JSON: {"schema": schema("Error")}}
    return {"description": HTTPStatus(status).phrase, "content": content}


OAUTH: Schema = {
    "type": "oauth2",
    "flows": {
        "authorizationCode": {
            "authorizationUrl": "/oauth/authorize",
            "tokenUrl": "/oauth/token",
            "scopes": dict.fromkeys(scopes.KNOWN, ""),
        },
    },
}


def serving(every: Sequence[web.RouteDef], described: Described) -> web.RouteDef:
    """The route of the document of all these routes and of itself."""

    async def show(_request: web.Request, _caller: Caller | None) -> web.Response:
        return web.Response(body=written(), content_type=JSON, headers=answers.PUBLIC)

    route = for_anyone("GET", PATH, show)
    written = cache(lambda: orjson.dumps(document([*every, route], described)))
    return route


DESCRIBED: Described = {
    f"GET {PATH}": op({"type": "object"}),
}
