"""The payloads of ``fediverse-pasture-inputs``: odd and hostile objects, written by nobody of ours.

They are installed alone, in ``inputs`` beside the environment's packages, and import a sibling package for
two annotations: an empty module stands for it. Their made-up host becomes the peer that sends them, and
hosts that really exist become ``.example``: a test asks nobody outside.
"""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import orjson

from tests.federation.peer import PUBLIC, Json, Peer, Person

INPUTS = Path(sys.prefix) / "inputs"
SENDER = "http://pasture-one-actor"
_OUTSIDE = re.compile(rb"https?://(?!127\.0\.0\.1)([a-z0-9_.-]*?)(?:\.example)?(?=[/\"'\\ :])")
_CONTEXTS = (b"www.w3.org", b"w3id.org", b"joinpeertube.org", b"misskey-hub.net")


class Payload(NamedTuple):
    group: str
    index: int
    fields: Json

    @property
    def name(self) -> str:
        return f"{self.group}/{self.index:02}"


@cache
def payloads() -> tuple[Payload, ...]:
    """All of them, by group."""
    groups = _groups()
    return tuple(
        Payload(group, index, fields)
        for group in sorted(groups)
        for index, fields in enumerate(groups[group].examples)
    )


def _groups() -> dict[str, Any]:
    entry = ModuleType("fediverse_pasture.runner.entry")
    entry.__dict__["Entry"] = object
    named = {"fediverse_pasture", "fediverse_pasture.runner", entry.__name__}
    sys.modules.update({name: ModuleType(name) for name in named} | {entry.__name__: entry})
    sys.path.insert(0, str(INPUTS))
    try:
        import fediverse_pasture_inputs as inputs
    finally:
        sys.path.remove(str(INPUTS))
        for name in named:
            del sys.modules[name]
    return inputs.available


def note_of(payload: Payload, peer: Peer, by: Person, named: list[str]) -> Json:
    """The object, as the peer says it: served at its id, where it has one."""
    number = peer.number()
    said = {
        "@context": [
            "https://www.w3.org/ns/activitystreams",
            {"Hashtag": "as:Hashtag", "sensitive": "as:sensitive"},
        ],
        "type": "Note",
        "attributedTo": by.uri,
        "to": [PUBLIC],
        "cc": named,
        "id": peer.url(f"/notes/{number}"),
        "published": f"2026-01-01T00:{number // 60:02}:{number % 60:02}Z",
    }
    moved = {**said, **_moved(payload.fields, peer, by)}
    found = {key: value for key, value in moved.items() if value is not None}
    return peer.serve(found) if isinstance(found.get("id"), str) else found


def _moved(fields: Json, peer: Peer, by: Person) -> Json:
    text = orjson.dumps(fields).replace(f"{SENDER}/actor".encode(), by.uri.encode())
    text = text.replace(SENDER.encode(), peer.url("").encode())
    return orjson.loads(_OUTSIDE.sub(_away, text))


def _away(found: re.Match[bytes]) -> bytes:
    host = found[1]
    return found[0] if host in _CONTEXTS else b"https://%s.example" % host.replace(b".", b"-")
