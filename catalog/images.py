"""Uploaded pictures made ready for the shop: looked at, encoded anew, stored. Slow: never inside a transaction."""

import io
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils.translation import gettext as _
from PIL import Image, ImageCms, ImageOps

from catalog.rules.pictures import FOLDER, WIDTHS, file_name, widths_up_to
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
_QUALITY = 80
_EFFORT = 4
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
# One picture at a time: a decoded one takes up to 160 MB, and a process has several threads.
_one_at_a_time = threading.Lock()


class BadPicture(InvalidInput):
    """The file is no picture that we take. The fact `reason` says why, for programs."""

    code = "bad_picture"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture as it will be shown: WebP in several widths, without anything that the camera wrote beside it."""

    stem: str
    width: int
    height: int
    files: Mapping[int, bytes]


def render(upload: IO[bytes], *, size: int, field: str = "file") -> Rendered:
    """The upload, of `size` bytes, encoded anew. What it is, its content says, not its name.

    The camera's orientation is applied, its notes and places are left behind, an animation keeps its first frame.
    Raises BadPicture at `field`.
    """
    ensure_outside_transaction("image work")
    if size > LARGEST_FILE:
        raise BadPicture(_("This file is too large. A picture may have 10 MB."), field=field, reason="too_large")
    if size == 0:
        raise BadPicture(_("This file is empty."), field=field, reason="empty")
    with _one_at_a_time:
        return _encoded(_decoded(upload, field))


def store(rendered: Rendered) -> None:
    """Put the files where they are not yet. Safe to repeat: a name never stands for anything else."""
    ensure_outside_transaction("storing files")
    for width, content in rendered.files.items():
        path = path_of(rendered.stem, width)
        if not default_storage.exists(path):
            default_storage.save(path, ContentFile(content))


def forget(stem: str) -> None:
    """Delete the files of a picture. Safe to repeat."""
    for width in _kept_widths(stem):
        default_storage.delete(path_of(stem, width))


def old_stems(*, before: datetime) -> set[str]:
    """The pictures whose files were all stored before that instant of real time."""
    try:
        _folders, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return set()
    newest: dict[str, datetime] = {}
    for name in names:
        stem, _dash, width = name.removesuffix(".webp").rpartition("-")
        if stem and width.isdecimal():
            stored = default_storage.get_modified_time(f"{FOLDER}/{name}")
            newest[stem] = max(stored, newest.get(stem, stored))
    return {stem for stem, stored in newest.items() if stored < before}


def path_of(stem: str, width: int) -> str:
    """Where the file storage keeps it."""
    return f"{FOLDER}/{file_name(stem, width)}"


def _kept_widths(stem: str) -> list[int]:
    """Also of a picture that is narrower than our widths: its own width is only in its name."""
    try:
        _folders, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return []
    start = f"{stem}-"
    return [int(name.removeprefix(start).removesuffix(".webp")) for name in names if name.startswith(start)]


def _decoded(upload: IO[bytes], field: str) -> Image.Image:
    refused = BadPicture(
        _("This is no picture that we can read. Send a JPEG, PNG or WebP."), field=field, reason="not_a_picture"
    )
    try:
        image = Image.open(upload, formats=FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise _too_many_pixels(field) from bomb
    except Exception as unreadable:  # a decoder given bytes on purpose raises whatever it likes
        raise refused from unreadable
    _ensure_shape(image.size, field)
    try:
        image.draft("RGB", (WIDTHS[-1], WIDTHS[-1]))  # a large JPEG is decoded no larger than we need it
        image.load()
        return _upright(image)
    except Exception as broken:
        raise refused from broken


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


def _encoded(image: Image.Image) -> Rendered:
    widths = widths_up_to(image.width)
    files = {width: _webp(image, width) for width in widths}
    largest = widths[-1]
    stem = sha256(b"".join(files.values())).hexdigest()[:32]
    return Rendered(stem=stem, width=largest, height=_height(image, largest), files=files)


def _webp(image: Image.Image, width: int) -> bytes:
    resized = image
    if width != image.width:
        resized = image.resize((width, _height(image, width)), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    Image.frombytes(resized.mode, resized.size, resized.tobytes()).save(  # nothing but pixels
        out, "WEBP", quality=_QUALITY, method=_EFFORT
    )
    return out.getvalue()


def _height(image: Image.Image, width: int) -> int:
    return max(1, round(image.height * width / image.width))
