"""Files as people have them, made when a test asks for them; nothing of the kind is in the repository."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from io import BytesIO
from pathlib import Path
from typing import Any

import av
import pillow_heif
from PIL import Image, ImageDraw

pillow_heif.register_heif_opener()

GPS = 0x8825
ORIENTATION = 0x0112


def drawing(width: int = 320, height: int = 200, shift: int = 0, mode: str = "RGB") -> Image.Image:
    """Red on the left, blue on the right, with something that moves."""
    image = Image.new(mode, (width, height), "red")
    draw = ImageDraw.Draw(image)
    draw.rectangle((width // 2, 0, width, height), fill="blue")
    draw.ellipse((shift, 10, shift + 40, 50), fill="white")
    return image


def picture(form: str = "JPEG", width: int = 320, height: int = 200, **more: Any) -> bytes:
    """A picture in the format of that name in Pillow."""
    out = BytesIO()
    drawing(width, height).save(out, form, **more)
    return out.getvalue()


def from_a_telephone(width: int = 320, height: int = 200, form: str = "JPEG") -> bytes:
    """With the place where it was taken, and lying on its side."""
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[0x010F] = "A maker"
    exif.get_ifd(GPS).update({1: "N", 2: (45.0, 26.0, 0.0), 3: "E", 4: (12.0, 20.0, 0.0)})
    return picture(form, width, height, exif=exif)


def animation(form: str = "GIF", frames: int = 5, width: int = 120, height: int = 81) -> bytes:
    images = [drawing(width, height, shift=n * 8) for n in range(frames)]
    out = BytesIO()
    images[0].save(out, form, save_all=True, append_images=images[1:], duration=80, loop=0)
    return out.getvalue()


def film(
    path: Path,
    *,
    codec: str = "libx264",
    sound: str | None = "aac",
    size: tuple[int, int] = (320, 180),
    frames: int = 30,
) -> bytes:
    """A second or so, with a place in its metadata. The ending of ``path`` says the container."""
    with av.open(str(path), "w") as out:
        out.metadata["location"] = "+45.4333+012.3333/"
        out.metadata["title"] = "Secret garden"
        stream = out.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        heard = out.add_stream(sound, rate=48000, layout="mono") if sound else None
        for number in range(frames):
            frame = av.VideoFrame.from_image(drawing(*size, shift=number))
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if heard:
            _hum(out, heard, frames / 30)
    return path.read_bytes()


def tune(path: Path, codec: str, seconds: float = 1.0) -> bytes:
    """A tone of so many seconds. The ending of ``path`` says the container."""
    with av.open(str(path), "w") as out:
        out.metadata["title"] = "Secret song"
        _hum(out, out.add_stream(codec, rate=48000, layout="mono"), seconds)
    return path.read_bytes()


def _hum(out: Any, stream: Any, seconds: float) -> None:
    resampler = av.AudioResampler(
        stream.format.name, "mono", 48000, frame_size=stream.codec_context.frame_size or 960
    )
    total = int(seconds * 48000)
    for start in range(0, total, 960):
        frame = av.AudioFrame("s16", "mono", 960)
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        wave = (int(8000 * math.sin((start + n) / 17)) for n in range(960))
        frame.planes[0].update(struct.pack("<960h", *wave))
        for ready in resampler.resample(frame):
            out.mux(stream.encode(ready))
    for ready in resampler.resample(None):
        out.mux(stream.encode(ready))
    out.mux(stream.encode(None))


def turned(mp4: bytes) -> bytes:
    """As a telephone held upright writes it: the matrix of the first track turns it by 90 degrees."""
    at = mp4.index(b"tkhd") + 4
    matrix = at + 4 + (32 if mp4[at] else 20) + 16
    quarter = struct.pack(">9i", 0, 1 << 16, 0, -(1 << 16), 0, 0, 180 << 16, 0, 1 << 30)
    return mp4[:matrix] + quarter + mp4[matrix + 36 :]


def bomb() -> bytes:
    """A small PNG that says it is 60,000 by 60,000 pixels."""
    png = bytearray(picture("PNG", 8, 8))
    png[16:24] = struct.pack(">II", 60_000, 60_000)
    import zlib

    png[29:33] = struct.pack(">I", zlib.crc32(bytes(png[12:29])))
    return bytes(png)
