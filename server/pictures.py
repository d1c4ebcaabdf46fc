"""The pictures of those who have none, drawn here: old Tusky crashes without.

PNG and not SVG, which most apps cannot show. Each has a palette of few colours, so it is a few kilobytes.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from functools import cache
from math import sin, sqrt

Colour = tuple[int, int, int]
SKY: Colour = (228, 240, 233)
NEAR: Colour = (29, 106, 76)
MIDDLE: Colour = (94, 158, 127)
FAR: Colour = (160, 200, 178)

AVATAR_SIZE = 400
HEADER_WIDTH, HEADER_HEIGHT = 1200, 400
FILM_WIDTH, FILM_HEIGHT = 640, 360


def png(rows: Sequence[bytes], palette: Sequence[Colour]) -> bytes:
    """A PNG (ISO/IEC 15948) of rows of palette indices, a byte each."""
    head = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 3, 0, 0, 0)
    data = zlib.compress(b"".join(b"\0" + row for row in rows), 9)
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            _chunk(b"IHDR", head),
            _chunk(b"PLTE", bytes(part for colour in palette for part in colour)),
            _chunk(b"IDAT", data),
            _chunk(b"IEND", b""),
        ]
    )


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _across(y: float, centre: float, radius: float) -> int:
    """Half the width of a circle at height ``y``."""
    return round(sqrt(max(radius**2 - (y - centre) ** 2, 0)))


@cache
def avatar() -> bytes:
    """Head and shoulders."""
    size, middle = AVATAR_SIZE, AVATAR_SIZE // 2
    rows: list[bytes] = []
    for y in range(size):
        half = max(_across(y, size * 0.39, size * 0.17), _across(y, size * 0.98, size * 0.34))
        side = b"\0" * (middle - half)
        rows.append(side + b"\1" * (2 * half) + side)
    return png(rows, [SKY, MIDDLE])


@cache
def header() -> bytes:
    """Three ranges of hills."""
    waves = ((0.45, 0.10, 150.0, 0.4), (0.62, 0.09, 110.0, 2.1), (0.80, 0.07, 190.0, 4.0))
    heights = [
        [HEADER_HEIGHT * (level + swing * sin(x / length + shift)) for x in range(HEADER_WIDTH)]
        for level, swing, length, shift in waves
    ]
    columns = list(zip(*heights, strict=True))
    rows = [bytes(sum(y >= top for top in tops) for tops in columns) for y in range(HEADER_HEIGHT)]
    return png(rows, [SKY, FAR, MIDDLE, NEAR])


@cache
def film() -> bytes:
    """The sign for playing, for films that come without a picture of themselves."""
    tall, middle = FILM_HEIGHT // 3, FILM_HEIGHT // 2
    rows: list[bytes] = []
    for y in range(FILM_HEIGHT):
        wide = max(round((tall / 2 - abs(y - middle)) * 1.7), 0)
        side = b"\0" * ((FILM_WIDTH - tall) // 2)
        rows.append((side + b"\1" * wide).ljust(FILM_WIDTH, b"\0"))
    return png(rows, [SKY, MIDDLE])


ICON_SIZES = (180, 192, 512)
TOUCH_ICON = 180
"""What telephones of Apple put on their screens."""
CENTRE, DOT = (0.5, 0.41), 0.115
ARMS, STROKE = 0.28, 0.1
"""Of the icon, by its side: somebody with both arms raised. All of it is inside of the circle that every mask leaves
(W3C Web App Manifest, 3.1.5.3: 80 % of the side)."""
REACH = 0.98
"""How far the arms go to either side, as the sine of the angle."""
SHADES = 16
EDGES = 1.0  # pixels between a shape and its ground


@cache
def icon(size: int) -> bytes:
    """The icon of the instance, as a square of so many pixels."""
    last = SHADES - 1
    shades = [
        (
            NEAR[0] + (SKY[0] - NEAR[0]) * n // last,
            NEAR[1] + (SKY[1] - NEAR[1]) * n // last,
            NEAR[2] + (SKY[2] - NEAR[2]) * n // last,
        )
        for n in range(SHADES)
    ]
    pixels = [(n + 0.5) / size for n in range(size)]
    rows = [bytes(round(_covered(x, y, size) * last) for x in pixels) for y in pixels]
    return png(rows, shades)


def _covered(x: float, y: float, size: int) -> float:
    """How much of the pixel there is light, from 0 to 1."""
    right, down = abs(x - CENTRE[0]), y - CENTRE[1]
    far = sqrt(right * right + down * down)
    if down > 0 and right <= REACH * far:
        arms = abs(far - ARMS)
    else:  # the round end
        arms = sqrt((right - REACH * ARMS) ** 2 + (down - sqrt(1 - REACH**2) * ARMS) ** 2)
    away = min(far - DOT, arms - STROKE / 2)
    return min(max(0.5 - away * size / EDGES, 0.0), 1.0)


@cache
def drawn_icon() -> bytes:
    """The same as SVG, for whoever can show it at any size."""
    x, y, arms = CENTRE[0] * 100, CENTRE[1] * 100, ARMS * 100
    right, down = arms * REACH, arms * sqrt(1 - REACH**2)
    light, ground = ("#{:02x}{:02x}{:02x}".format(*colour) for colour in (SKY, NEAR))
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">'
        f'<path fill="{ground}" d="M0 0h100v100H0z"/>'
        f'<circle cx="{x:g}" cy="{y:g}" r="{100 * DOT:g}" fill="{light}"/>'
        f'<path fill="none" stroke="{light}" stroke-width="{100 * STROKE:g}" stroke-linecap="round"'
        f' d="M{x - right:.1f} {y + down:.1f}A{arms:g} {arms:g} 0 0 0 {x + right:.1f} {y + down:.1f}"/>'
        "</svg>"
    ).encode()
