"""Signed requests, for the tests of signatures."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime

import pytest

from federation.keys import ActorKey, SigningKey
from federation.signatures import Request, Verified, parse, sign_cavage, sign_rfc9421, verify

OURS = frozenset({"here.example"})
BODY = b'{"type":"Follow"}'
Sign = Callable[[Request, SigningKey, datetime], dict[str, str]]
BOTH = pytest.mark.parametrize("sign_with", [sign_cavage, sign_rfc9421])


def post(body: bytes = BODY, path: str = "/inbox", **headers: str) -> Request:
    base = {"host": "here.example", "content-type": "application/activity+json"}
    return Request("POST", path, {**base, **headers}, body)


def get(path: str = "/users/1") -> Request:
    return Request("GET", path, {"host": "here.example"})


def signed(request: Request, added: dict[str, str], **changed: str) -> Request:
    low = {name.lower(): value for name, value in added.items()}
    return dataclasses.replace(request, headers={**request.headers, **low, **changed})


def check(request: Request, key: ActorKey, now: datetime) -> Verified:
    claims = parse(request, authorities=OURS, now=now)
    return verify(claims, request, key, now=now)
