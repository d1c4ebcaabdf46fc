"""JSON Canonicalization Scheme (RFC 8785): one byte string for one JSON value."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import cast

import orjson

from federation.errors import Refused

MAX_INTEGER = 2**53 - 1  # RFC 8785 appendix D: beyond it readers disagree
MAX_DEPTH = 64


def canonical(value: object) -> bytes:
    """The canonical UTF-8 form. Raises ``Refused`` (``jcs_value``) for what JSON cannot carry
    between readers: integers beyond 2^53, NaN, infinities, lone surrogates, other types."""
    parts: list[str] = []
    _write(value, parts, MAX_DEPTH)
    return "".join(parts).encode()


def _write(value: object, parts: list[str], depth: int) -> None:
    if isinstance(value, str):
        parts.append(_string(value))
    elif isinstance(value, Mapping):
        _write_object(cast(Mapping[object, object], value), parts, depth)
    elif isinstance(value, list | tuple):
        _write_array(cast(Sequence[object], value), parts, depth)
    elif value is None or isinstance(value, bool):
        parts.append({None: "null", True: "true", False: "false"}[value])
    else:
        parts.append(_number(value))


def _write_object(value: Mapping[object, object], parts: list[str], depth: int) -> None:
    _check_depth(depth)
    separator = "{"
    for name in sorted(value, key=_utf16):
        parts += (separator, _string(cast(str, name)), ":")
        _write(value[name], parts, depth - 1)
        separator = ","
    parts.append("}" if value else "{}")


def _write_array(value: Sequence[object], parts: list[str], depth: int) -> None:
    _check_depth(depth)
    separator = "["
    for item in value:
        parts.append(separator)
        _write(item, parts, depth - 1)
        separator = ","
    parts.append("]" if value else "[]")


def _check_depth(depth: int) -> None:
    if depth == 0:
        raise Refused("jcs_value", "A value is nested too deeply.")


def _utf16(name: object) -> bytes:
    """RFC 8785 3.2.3: names are sorted by UTF-16 code units."""
    if not isinstance(name, str):
        raise Refused("jcs_value", "A member's name is not a string.")
    return name.encode("utf-16-be", "surrogatepass")


def _string(text: str) -> str:
    try:
        # Escapes exactly what RFC 8785 3.2.2.2 does; a str subclass would be refused.
        return orjson.dumps(str(text)).decode()
    except orjson.JSONEncodeError:
        raise Refused("jcs_value", "A text holds a lone surrogate.") from None


def _number(value: object) -> str:
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return _float(value)
    raise Refused("jcs_value", "A value cannot be written in JSON so that all readers agree.")


def _float(value: float) -> str:
    """ECMAScript's Number::toString, from the same shortest digits that Python prints."""
    if value == 0:
        return "0"
    sign, digit_tuple, exponent = Decimal(repr(value)).normalize().as_tuple()
    digits = "".join(map(str, digit_tuple))
    count, point = len(digits), len(digits) + cast(int, exponent)
    return ("-" if sign else "") + _placed(digits, count, point)


def _placed(digits: str, count: int, point: int) -> str:
    if count <= point <= 21:
        return digits + "0" * (point - count)
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    fraction = f".{digits[1:]}" if count > 1 else ""
    return f"{digits[0]}{fraction}e{'+' if point > 0 else '-'}{abs(point - 1)}"
