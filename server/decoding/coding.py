"""Writing a film: pictures in H.264, and the facts of what was written."""

# PyAV and Pillow leave parts of themselves untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from fractions import Fraction
from math import sqrt
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import av
from av.codec.context import Flags
from PIL import Image

from server.decoding import bounds
from server.decoding.made import File, Kind, Made

PLAIN = {"movflags": "+faststart", "fflags": "+bitexact", "write_id3v2": "0", "write_xing": "1"}
CODING = {"crf": "23", "preset": "veryfast", "threads": "2"}
FRAME_DURATION = Flags.frame_duration  # or the last picture is hardly seen


class Silent:
    """An MP4 of pictures alone, which are added with their times in milliseconds."""

    def __init__(self, path: Path, size: tuple[int, int]) -> None:
        self._path = path
        self.size = within_coded(*size)
        self._out: Any = None

    @classmethod
    def within(cls, out: Any, width: int, height: int) -> Self:
        """A stream in a file that somebody else opens and closes."""
        made = cls(Path(), (width, height))
        made._begin(out)
        return made

    def _begin(self, out: Any) -> None:
        self._out = out
        self._stream = out.add_stream("libx264", options=CODING)
        self._stream.width, self._stream.height = self.size
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = Fraction(1, 1000)
        self._stream.codec_context.flags |= FRAME_DURATION

    def __enter__(self) -> Self:
        self._begin(av.open(str(self._path), "w", format="mp4", options=PLAIN))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self.end()
        finally:
            self._out.close()

    def add(self, image: Image.Image, at: int, duration: int) -> None:
        self.encode(av.VideoFrame.from_image(image.resize(self.size)), at, duration)

    def encode(self, frame: Any, at: int, duration: int) -> None:
        """Times in milliseconds."""
        shown = frame.reformat(*self.size, format="yuv420p")
        shown.pts, shown.time_base = at, Fraction(1, 1000)
        shown.duration = duration
        self._out.mux(self._stream.encode(shown))

    def end(self) -> None:
        self._out.mux(self._stream.encode(None))


def within_coded(width: int, height: int) -> tuple[int, int]:
    """Not larger than what is encoded; H.264 of this kind halves both sides."""
    scale = min(sqrt(bounds.CODED_PIXELS / (width * height)), 1)
    return max(int(width * scale) // 2 * 2, 2), max(int(height * scale) // 2 * 2, 2)


def described(
    kind: Kind, path: Path, small: File | None = None, blurhash: str | None = None
) -> Made:
    """The facts of what was written."""
    with av.open(str(path)) as film:
        video = next(iter(film.streams.video), None)
        rate = video.average_rate if video else None
        width, height = (video.width, video.height) if video else (0, 0)
        if small and (width > height) != (small.width > small.height) and width != height:
            width, height = height, width  # the film is shown turned
        return Made(
            kind,
            File(path.name, width, height),
            small,
            blurhash,
            duration=round((film.duration or 0) / 1_000_000, 3),
            frame_rate=_fraction(rate) if rate else None,
            bitrate=film.bit_rate or None,
        )


def _fraction(rate: Fraction) -> str:
    """Of a film whose pictures come at their own times the mean is an unwieldy one."""
    near = rate.limit_denominator(1001)
    return f"{near.numerator}/{near.denominator}"
