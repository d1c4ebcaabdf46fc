"""Video and sound: what every client plays is copied packet by packet, the rest is encoded anew.

A copy takes the first stream of pictures and the first of sound and nothing else, so that tags, places,
chapters, covers and the sensors of cameras stay behind. H.264 in MP4 with AAC is what all clients play.
"""

# PyAV and Pillow leave parts of themselves untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import av
from av.stream import Disposition

from server.decoding import bounds, images
from server.decoding.coding import PLAIN, Silent, described, within_coded
from server.decoding.made import Made, RefusedError
from server.decoding.sniff import Format
from server.i18n import mark

SOUND_RATE = 48_000
SOUND_FRAME = 1_024  # samples that AAC takes at once
REORDERED = 17  # more pictures than H.264 ever holds back
WHOLE = 0.9
"""What part of the length that a file claims must be in it."""

CUT = mark("The file is cut off or damaged.")


def convert(source: Path, out: Path, found: Format) -> Made:
    """Raises ``RefusedError`` and whatever PyAV does."""
    with _opened(source, found.name) as given:
        pictures, sound = _streams(given)
        claimed = (given.duration or 0) / 1_000_000
        _check(claimed, pictures)
        if pictures:
            path = out / "original.mp4"
            _film(given, path, pictures, sound, claimed)
        elif sound:
            path = _sound(given, out, sound, claimed)
        else:
            raise RefusedError("There is neither picture nor sound in this file.")
    made = _described_film(path, out) if pictures else described("audio", path)
    if claimed and (made.duration or 0) < claimed * WHOLE:
        raise RefusedError(CUT)
    return made


def _opened(source: Path, name: str) -> Any:
    """By the demuxer that its first bytes ask for and no other: a playlist would open more files."""
    return av.open(str(source), format=name, options={"protocol_whitelist": "file"})


def _streams(given: Any) -> tuple[Any, Any]:
    """The first stream of pictures that is no cover, and the first of sound."""
    cover = Disposition.attached_pic
    pictures = (s for s in given.streams.video if not s.disposition & cover)
    return next(pictures, None), next(iter(given.streams.audio), None)


def _check(seconds: float, pictures: Any) -> None:
    if seconds > bounds.FILM_SECONDS:
        raise RefusedError(f"It lasts longer than {bounds.FILM_SECONDS // 60} minutes.")
    if pictures is None:
        return
    if not 0 < pictures.width * pictures.height <= bounds.FILM_PIXELS:
        raise RefusedError("The pictures of this film are too large.")
    if (pictures.average_rate or 0) > bounds.FRAME_RATE:
        raise RefusedError(f"More than {bounds.FRAME_RATE} pictures a second.")


def _film(given: Any, path: Path, pictures: Any, sound: Any, seconds: float) -> None:
    context = pictures.codec_context
    plays = context.name == "h264" and context.pix_fmt in ("yuv420p", "yuvj420p")
    heard = sound is None or sound.codec_context.name in ("aac", "mp3")
    if not plays and seconds > bounds.CODED_FILM_SECONDS:
        raise RefusedError(
            f"A film of this form lasts at most {bounds.CODED_FILM_SECONDS} seconds;"
            " one of H.264 and AAC in MP4 may be longer."
        )
    if not heard:
        _check_sound(seconds)
    with av.open(str(path), "w", format="mp4", options=PLAIN) as out:
        ways: list[Way] = [
            _Copy(out, pictures) if plays else _Pictures(out, pictures, _rotation(given))
        ]
        if sound:
            ways.append(_Copy(out, sound) if heard else _Sound(out, sound))
        _pass(given, ways)


def _sound(given: Any, out: Path, sound: Any, seconds: float) -> Path:
    name = sound.codec_context.name
    path = out / ("original.mp3" if name in ("mp3", "mp3float") else "original.m4a")
    copied = name in ("mp3", "mp3float", "aac")
    if not copied:
        _check_sound(seconds)
    muxer = "mp3" if path.suffix == ".mp3" else "mp4"
    with av.open(str(path), "w", format=muxer, options=PLAIN) as made:
        _pass(given, [_Copy(made, sound) if copied else _Sound(made, sound)])
    return path


def _check_sound(seconds: float) -> None:
    if seconds > bounds.CODED_SOUND_SECONDS:
        raise RefusedError(
            f"Sound of this form lasts at most {bounds.CODED_SOUND_SECONDS // 60} minutes;"
            " MP3 or AAC may be longer."
        )


def _pass(given: Any, ways: Sequence[Way]) -> None:
    by_index = {way.source.index: way for way in ways}
    for packet in given.demux([way.source for way in ways]):
        by_index[packet.stream.index].take(packet)
    for way in ways:
        way.end()


class Way(Protocol):
    """What becomes of a stream."""

    source: Any

    def take(self, packet: Any) -> None: ...

    def end(self) -> None: ...


class _Copy:
    """Packets as they are. Matroska does not say when the first ones are to be decoded."""

    def __init__(self, out: Any, source: Any) -> None:
        self.source = source
        self._out = out
        self._decoded: int | None = None
        self._stream = out.add_stream_from_template(source)
        self._stream.metadata.clear()

    def take(self, packet: Any) -> None:
        if not packet.size:
            return  # the empty packet at the end
        if packet.dts is None:
            before = (packet.pts or 0) - REORDERED if self._decoded is None else self._decoded
            packet.dts = before + 1
        self._decoded = packet.dts
        packet.stream = self._stream
        self._out.mux(packet)

    def end(self) -> None:
        pass


class _Pictures:
    """Pictures encoded anew, upright, and not too many of them."""

    def __init__(self, out: Any, source: Any, rotation: int) -> None:
        self.source = source
        self._rotation = rotation
        self._turned = rotation % 180 != 0
        self._size = within_coded(source.width, source.height)
        width, height = reversed(self._size) if self._turned else self._size
        self._film = Silent.within(out, width, height)
        self._last = -1

    def take(self, packet: Any) -> None:
        for frame in packet.decode():
            if frame.pts is None:
                continue
            at = max(int(frame.pts * frame.time_base * 1000), 0)
            if at < self._last + 1000 // bounds.CODED_FRAME_RATE and self._last >= 0:
                continue
            self._last = at
            lasts = int(frame.duration * frame.time_base * 1000)
            small = frame.reformat(*self._size, format="rgb24" if self._rotation else "yuv420p")
            if self._rotation:
                image = small.to_image().rotate(self._rotation, expand=True)
                small = av.VideoFrame.from_image(image)
            self._film.encode(small, at, lasts)

    def end(self) -> None:
        self._film.end()


class _Sound:
    """Sound encoded anew as AAC."""

    def __init__(self, out: Any, source: Any) -> None:
        self.source = source
        self._out = out
        layout = "mono" if source.codec_context.channels == 1 else "stereo"
        self._stream = out.add_stream("aac", rate=SOUND_RATE, layout=layout)
        self._stream.bit_rate = 128_000
        self._resampler = av.AudioResampler("fltp", layout, SOUND_RATE, frame_size=SOUND_FRAME)

    def take(self, packet: Any) -> None:
        for frame in packet.decode():
            self._encode(frame)

    def _encode(self, frame: Any) -> None:
        for ready in self._resampler.resample(frame):
            self._out.mux(self._stream.encode(ready))

    def end(self) -> None:
        self._encode(None)
        self._out.mux(self._stream.encode(None))


def _rotation(given: Any) -> int:
    """Degrees against the clock by which the pictures are to be turned."""
    for frame in given.decode(video=0):
        given.seek(0)
        return int(getattr(frame, "rotation", 0) or 0)
    raise RefusedError(CUT)


def _described_film(path: Path, out: Path) -> Made:
    with av.open(str(path)) as film:
        frame = next(iter(film.decode(video=0)), None)
        if frame is None:
            raise RefusedError(CUT)
        shown = frame.to_image().rotate(int(getattr(frame, "rotation", 0) or 0), expand=True)
    first = images.within(shown, bounds.SMALL_PIXELS)
    return described("video", path, images.preview(first, out), images.blur(first))
