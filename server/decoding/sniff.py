"""What a file is, by its first bytes: a name or a header may say anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HEAD = 64
"""Bytes that are enough to tell."""


@dataclass(frozen=True, slots=True)
class Format:
    """``name``: Pillow's of a picture, FFmpeg's demuxer of anything else. ``ending``: of a file of it."""

    kind: Literal["image", "film", "sound"]
    name: str
    media_type: str
    ending: str = ""


JPEG = Format("image", "JPEG", "image/jpeg", "jpg")
PNG = Format("image", "PNG", "image/png", "png")
GIF = Format("image", "GIF", "image/gif", "gif")
WEBP = Format("image", "WEBP", "image/webp", "webp")
AVIF = Format("image", "AVIF", "image/avif", "avif")
HEIC = Format("image", "HEIF", "image/heic")
MP4 = Format("film", "mp4", "video/mp4", "mp4")
M4A = Format("film", "mp4", "audio/mp4", "m4a")
QUICKTIME = Format("film", "mov", "video/quicktime")
WEBM = Format("film", "matroska", "video/webm", "webm")
OGG = Format("film", "ogg", "audio/ogg", "ogg")
MP3 = Format("sound", "mp3", "audio/mpeg", "mp3")
AAC = Format("sound", "aac", "audio/aac")
WAV = Format("sound", "wav", "audio/wav", "wav")
FLAC = Format("sound", "flac", "audio/flac", "flac")

IMAGE_TYPES = (*(f.media_type for f in (JPEG, PNG, GIF, WEBP, AVIF, HEIC)), "image/heif")
FILM_TYPES = (
    *(f.media_type for f in (MP4, QUICKTIME, WEBM, MP3, M4A, AAC, OGG, WAV, FLAC)),
    "video/ogg",
    "audio/webm",
    "audio/x-m4a",
    "audio/mp3",
    "audio/wave",
    "audio/x-wav",
    "audio/flac",
    "audio/vnd.wave",
)
SUPPORTED = tuple(dict.fromkeys((*IMAGE_TYPES, *FILM_TYPES)))
"""Media types that clients may offer their user, with the spellings that are about."""

_STARTS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"\x1aE\xdf\xa3", WEBM),
    (b"OggS", OGG),
    (b"fLaC", FLAC),
    (b"ID3", MP3),
)
_RIFF = {b"WEBP": WEBP, b"WAVE": WAV}
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
_ATOMS = {b"moov", b"mdat", b"wide", b"free", b"skip"}


def sniff(head: bytes) -> Format | None:
    """``head``: the first ``HEAD`` bytes. None for what is not taken."""
    for start, found in _STARTS:
        if head.startswith(start):
            return found
    if head[:4] == b"RIFF":
        return _RIFF.get(head[8:12])
    if head[4:8] == b"ftyp":
        return _branded(head)
    if head[4:8] in _ATOMS:
        return QUICKTIME
    return _stream(head)


def _branded(head: bytes) -> Format:
    """ISO/IEC 14496-12, 4.3: a major brand, a version, and the brands that it is compatible with."""
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [head[8:12], *(head[at : at + 4] for at in range(16, end, 4))]
    if {b"avif", b"avis"} & set(brands):
        return AVIF
    if brands[0] in _HEIF:
        return HEIC
    if brands[0] in (b"M4A ", b"M4B "):
        return M4A
    return QUICKTIME if brands[0] == b"qt  " else MP4


def _stream(head: bytes) -> Format | None:
    """MPEG audio frames begin with eleven set bits; the layer bits are zero in ADTS only."""
    if len(head) < 2 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    return MP3 if head[1] & 0x06 else AAC
