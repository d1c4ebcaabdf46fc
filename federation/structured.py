"""The part of Structured Field Values (RFC 9651) that HTTP message signatures use, read strictly.

A dictionary whose members are inner lists of strings with parameters (Signature-Input) or byte
sequences (Signature, Content-Digest). Repeated keys, which the RFC lets the last one win, are
refused: two readers could pick different ones.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from federation.errors import Refused
from federation.requests import from_base64

MAX_FIELD = 8192
Bare = str | int | bool
T = TypeVar("T")

_KEY = re.compile(r"[a-z*][a-z0-9_.*-]{0,63}")
_STRING = re.compile(r'"((?:[ !#-\[\]-~]|\\["\\])*)"')
_INTEGER = re.compile(r"-?[0-9]{1,15}(?![0-9.])")
_BINARY = re.compile(r":([A-Za-z0-9+/=]*):")
_COMMA = re.compile(r"[ \t]*,[ \t]*")


@dataclass(frozen=True, slots=True)
class InnerList:
    """Component names in order, the list's parameters, and the text both were read from."""

    items: tuple[str, ...]
    parameters: dict[str, Bare]
    text: str


def byte_sequence(data: bytes) -> str:
    """``:base64:``."""
    return f":{base64.b64encode(data).decode('ascii')}:"


def read_signature_inputs(field: str) -> dict[str, InnerList]:
    """Signature-Input: labels with covered components. Raises ``Refused``: ``signature_malformed``,
    ``signature_duplicate``, ``signature_component`` (a component with parameters)."""
    reader = _Reader(field)
    return reader.dictionary(reader.inner_list)


def read_byte_sequences(field: str) -> dict[str, bytes]:
    """Signature or Content-Digest: labels with bytes. Raises ``Refused`` like the other."""
    reader = _Reader(field)
    return reader.dictionary(reader.binary)


class _Reader:
    """One pass over one field: a position, and what must come next."""

    def __init__(self, field: str) -> None:
        if len(field) > MAX_FIELD:
            raise _malformed("too long")
        self.text = field.strip(" ")
        self.at = 0

    def dictionary(self, member: Callable[[], T]) -> dict[str, T]:
        members: dict[str, T] = {}
        while True:
            key = self._take(_KEY)[0]
            self._literal("=")
            _add(members, key, member())
            if self.at == len(self.text):
                return members
            self._take(_COMMA)

    def inner_list(self) -> InnerList:
        start = self.at
        self._literal("(")
        items: list[str] = []
        while not self._next(")"):
            if items:
                self._literal(" ")
            items.append(_unescaped(self._take(_STRING)[1]))
            if self._next(";"):
                # ;sf ;bs ;key ;req ;tr are not used between servers of the fediverse.
                raise Refused("signature_component", "A component has parameters.")
        self._literal(")")
        parameters = self._parameters()
        return InnerList(tuple(items), parameters, self.text[start : self.at])

    def binary(self) -> bytes:
        return from_base64(self._take(_BINARY)[1], "signature_malformed")

    def _parameters(self) -> dict[str, Bare]:
        parameters: dict[str, Bare] = {}
        while self._next(";"):
            self._literal(";")
            while self._next(" "):
                self._literal(" ")
            _add(parameters, self._take(_KEY)[0], self._value())
        return parameters

    def _value(self) -> Bare:
        if not self._next("="):
            return True
        self._literal("=")
        if self._next('"'):
            return _unescaped(self._take(_STRING)[1])
        return int(self._take(_INTEGER)[0])

    def _next(self, character: str) -> bool:
        return self.text.startswith(character, self.at)

    def _literal(self, character: str) -> None:
        if not self._next(character):
            raise _malformed(f"at {self.at}")
        self.at += 1

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str]:
        match = pattern.match(self.text, self.at)
        if match is None:
            raise _malformed(f"at {self.at}")
        self.at = match.end()
        return match


def _add(members: dict[str, T], key: str, value: T) -> None:
    if key in members:
        raise Refused("signature_duplicate", "A structured field repeats a key.")
    members[key] = value


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)


def _malformed(cause: str) -> Refused:
    return Refused("signature_malformed", "A structured field is malformed.", cause=cause)
