"""Uploaded pictures: looked at, decoded, and encoded anew from their pixels alone. Slow: never inside a transaction."""

import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps

from milkdelivery.core.errors import InvalidInput
from milkdelivery.core.outside import ensure_outside_transaction

LARGEST_FILE = 10_000_000
"""Bytes."""
MOST_PIXELS = 40_000_000
"""Width times height. What a phone's best camera makes; a small file that claims more is there to harm."""
SMALLEST_SIDE = 160
"""Pixels. Less looks bad even as a thumb."""
LONGEST_SHAPE = 4
"""The longer side is at most so many times the shorter one."""

FORMATS = ("JPEG", "PNG", "WEBP")
ACCEPTED = "image/jpeg,image/png,image/webp"
"""The same for the `accept` of a form: phones turn their own formats into one of these."""

_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_QUALITY = 80
_EFFORT = 4
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# One picture at a time: a decoded one takes up to 160 MB, and a process has several threads.
_one_at_a_time = threading.Lock()


class BadPicture(InvalidInput):
    """The file is no picture that we take. The fact `reason` says why, for programs."""

    code = "bad_picture"


@contextmanager
def opened(
    upload: IO[bytes], *, size: int, widest: int, field: str, largest: int = LARGEST_FILE
) -> Iterator[Image.Image]:
    """The upload, of `size` bytes, as pixels: upright and in the colours of the web, the first frame of an animation.

    What it is, its content says, not its name. `widest` is as wide as it will be needed, in pixels; it may come wider.
    `largest` is what the file may have, in bytes. Raises BadPicture at `field`.
    """
    ensure_outside_transaction("image work")
    if size > largest:
        words = _("This file is too large. A picture may have %(count)d MB.") % {"count": largest // 1_000_000}
        raise BadPicture(words, field=field, reason="too_large")
    if size == 0:
        raise BadPicture(_("This file is empty."), field=field, reason="empty")
    with _one_at_a_time:
        yield _decoded(upload, widest, field)


def webp(image: Image.Image, width: int) -> bytes:
    """The picture in that width, as a file that holds nothing but pixels: no notes of the camera, no place."""
    resized = image
    if width != image.width:
        resized = image.resize((width, height_at(image, width)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    Image.frombytes(resized.mode, resized.size, resized.tobytes()).save(out, "WEBP", quality=_QUALITY, method=_EFFORT)
    return out.getvalue()


def height_at(image: Image.Image, width: int) -> int:
    """In pixels, of the picture in that width."""
    return max(1, round(image.height * width / image.width))


def _decoded(upload: IO[bytes], widest: int, field: str) -> Image.Image:
    try:
        image = Image.open(upload, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise _too_many_pixels(field) from bomb
    except Exception as unreadable:  # a decoder given bytes on purpose raises whatever it likes
        raise _unreadable(upload, field) from unreadable
    _ensure_shape(image.size, field)
    try:
        image.draft("RGB", (widest, widest))  # a large JPEG is decoded no larger than we need it
        image.load()
        return _upright(image)
    except Exception as broken:
        raise _unreadable(upload, field) from broken


def _unreadable(upload: IO[bytes], field: str) -> BadPicture:
    upload.seek(0)
    head = upload.read(12)
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        words = _("This is a HEIC photo, which most browsers can’t show. Send it as a JPEG, or take it from this page.")
        return BadPicture(words, field=field, reason="heic")
    words = _("This is no picture that we can read. Send a JPEG, PNG or WebP.")
    return BadPicture(words, field=field, reason="not_a_picture")


def _ensure_shape(size: tuple[int, int], field: str) -> None:
    shorter, longer = sorted(size)
    if shorter * longer > MOST_PIXELS:
        raise _too_many_pixels(field)
    if shorter < SMALLEST_SIDE:
        text = _("This picture is too small: each side needs at least %(least)d pixels.") % {"least": SMALLEST_SIDE}
        raise BadPicture(text, field=field, reason="too_small")
    if longer > shorter * LONGEST_SHAPE:
        raise BadPicture(_("This picture is too long and narrow."), field=field, reason="too_narrow")


def _too_many_pixels(field: str) -> BadPicture:
    millions = MOST_PIXELS // 1_000_000
    text = _("This picture has too many pixels. It may have %(count)d million.") % {"count": millions}
    return BadPicture(text, field=field, reason="too_many_pixels")


def _upright(image: Image.Image) -> Image.Image:
    """In the colours of the web, the right way up."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I"):  # 16 bits of grey
        image = image.convert("I").point(lambda level: level * (1 / 256)).convert("L")
        profile = None
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if profile and image.mode in ("RGB", "RGBA", "CMYK"):
        image = _in_srgb(image, profile)
    return ImageOps.exif_transpose(image).convert(mode)


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    mode = "RGB" if image.mode == "CMYK" else image.mode
    try:
        meant = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        return ImageCms.profileToProfile(image, meant, _SRGB, outputMode=mode) or image
    except (ImageCms.PyCMSError, OSError):
        return image  # a profile that nobody can read: the colours as they come
