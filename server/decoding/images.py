"""Pictures: upright, in sRGB, without metadata, not larger than any screen; animations become films."""

# PyAV and Pillow leave parts of themselves untyped.
# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from io import BytesIO
from math import sqrt
from pathlib import Path

import blurhash
import pillow_heif
from PIL import Image, ImageCms, ImageOps, ImageSequence

from server.decoding import bounds
from server.decoding.made import File, Made, Purpose, RefusedError
from server.decoding.sniff import Format

Image.MAX_IMAGE_PIXELS = None  # our own bound is told in a sentence
pillow_heif.register_heif_opener()

WITHOUT_LOSS = ("PNG", "GIF")
LARGE_PNG = 4 * bounds.MIB
DEFAULT_DELAY = 100  # milliseconds
BLUR_PIXELS = 1_024


def convert(source: Path, out: Path, found: Format, purpose: Purpose) -> Made:
    """Write ``original`` and ``small`` into ``out``. Raises ``RefusedError`` and whatever Pillow does."""
    with Image.open(source, formats=[found.name]) as image:
        if image.width * image.height > bounds.IMAGE_PIXELS:
            raise RefusedError(
                f"A picture has at most {bounds.IMAGE_PIXELS // 1_000_000} million pixels."
            )
        if purpose == "cover":
            return _cover(plain(image), out)
        if purpose != "post":
            return _cropped(image, out, bounds.AVATAR if purpose == "avatar" else bounds.HEADER)
        if getattr(image, "is_animated", False) and image.format != "MPO":
            return _animation(image, out)
        return still(plain(image), out, without_loss=found.name in WITHOUT_LOSS, name=found.name)


def still(image: Image.Image, out: Path, *, without_loss: bool = False, name: str = "") -> Made:
    shown = within(image, bounds.SHOWN_PIXELS)
    return Made(
        "image",
        _write(shown, out, "original", without_loss=without_loss, webp=name == "WEBP"),
        preview(image, out),
        blur(image),
    )


def _cover(image: Image.Image, out: Path) -> Made:
    small = within(image, bounds.SMALL_PIXELS)
    return Made("image", _write(small, out, "cover"), None, blur(small))


def _cropped(image: Image.Image, out: Path, size: tuple[int, int]) -> Made:
    fitted = ImageOps.fit(plain(image), size, Image.Resampling.LANCZOS)
    return Made("image", _write(fitted, out, "original"))


def plain(image: Image.Image) -> Image.Image:
    """The picture alone: turned as its metadata says, RGB or RGBA of 8 bits, in sRGB."""
    profile = image.info.get("icc_profile")
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith(("I", "F")):
        upright = upright.point(lambda value: value * (1 / 256)).convert("L")
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    if profile and upright.mode in ("RGB", "RGBA", "CMYK", "L"):
        upright = _in_srgb(upright, profile, mode)
    result = upright.convert(mode)
    if mode == "RGBA" and result.getchannel("A").getextrema() == (255, 255):
        result = result.convert("RGB")
    result.info = {}  # Pillow writes profiles and comments from here
    return result


def _in_srgb(image: Image.Image, profile: bytes, mode: str) -> Image.Image:
    """A wrong profile is as none."""
    try:
        srgb = ImageCms.createProfile("sRGB")
        made = ImageCms.profileToProfile(image, BytesIO(profile), srgb, outputMode=mode)
    except (ImageCms.PyCMSError, ValueError, OSError):
        return image
    return made or image


def within(image: Image.Image, pixels: int) -> Image.Image:
    """No more pixels than that, of the same shape."""
    scale = sqrt(pixels / (image.width * image.height))
    if scale >= 1:
        return image
    size = max(int(image.width * scale), 1), max(int(image.height * scale), 1)
    return image.resize(size, Image.Resampling.LANCZOS)


def _write(
    image: Image.Image, out: Path, stem: str, *, without_loss: bool = False, webp: bool = False
) -> File:
    """Drawings keep their sharp edges as PNG, unless that is very large; else what everybody shows."""
    if without_loss:
        path = out / f"{stem}.png"
        image.save(path, "PNG", optimize=False, compress_level=7)
        if path.stat().st_size <= LARGE_PNG:
            return File(path.name, *image.size)
        path.unlink()
    if webp or image.mode == "RGBA":
        path = out / f"{stem}.webp"
        image.save(path, "WEBP", quality=90, method=3)
    else:
        path = out / f"{stem}.jpg"
        image.save(path, "JPEG", quality=90, optimize=True, progressive=True)
    return File(path.name, *image.size)


def preview(image: Image.Image, out: Path) -> File:
    return _write(within(image, bounds.SMALL_PIXELS), out, "small")


def blur(image: Image.Image) -> str:
    """https://blurha.sh: the colours of four by three fields."""
    tiny = within(on_white(image), BLUR_PIXELS)
    rows = [[tiny.getpixel((x, y)) for x in range(tiny.width)] for y in range(tiny.height)]
    wide = tiny.width >= tiny.height
    return blurhash.encode(rows, components_x=4 if wide else 3, components_y=3 if wide else 4)


def on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    ground = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(ground, image).convert("RGB")


def _animation(image: Image.Image, out: Path) -> Made:
    """Imported here: most pictures stand still."""
    from server.decoding import coding  # noqa: PLC0415

    pixels = image.width * image.height
    first: Image.Image | None = None
    with coding.Silent(out / "original.mp4", image.size) as film:
        at = 0
        for count, frame in enumerate(ImageSequence.Iterator(image), 1):
            if count > bounds.FRAMES or count * pixels > bounds.FRAME_PIXELS:
                raise RefusedError("The animation is too long.")
            shown = on_white(frame.convert("RGBA"))
            first = first or shown
            lasts = max(int(frame.info.get("duration") or DEFAULT_DELAY), 10)
            film.add(shown, at, lasts)
            at += lasts
    if first is None:
        raise RefusedError("The animation is empty.")
    return coding.described("gifv", out / "original.mp4", preview(first, out), blur(first))
