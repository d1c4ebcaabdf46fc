"""What the worker made of a file, and how it says so to the process that waits for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["image", "gifv", "video", "audio"]
Purpose = Literal["post", "avatar", "header", "cover"]
"""``cover``: what is shown before a film or a sound is played."""


class RefusedError(Exception):
    """The file is not taken; the text is for whoever sent it."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of the output folder, by its name there. Sizes are in pixels, 0 for sound."""

    name: str
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Made:
    """``duration`` is in seconds, ``bitrate`` in bits a second, ``frame_rate`` a fraction as text."""

    kind: Kind
    original: File
    small: File | None = None
    blurhash: str | None = None
    duration: float | None = None
    frame_rate: str | None = None
    bitrate: int | None = None
