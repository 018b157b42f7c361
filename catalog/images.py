"""Uploaded pictures made ready for the shop: looked at, encoded anew, stored. Slow: never inside a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from catalog.rules.pictures import FOLDER, WIDTHS, file_name, widths_up_to
from milkdelivery.core.outside import ensure_outside_transaction
from milkdelivery.core.pictures import height_at, opened, webp


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
    with opened(upload, size=size, widest=WIDTHS[-1], field=field) as image:
        return _encoded(image)


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


def _encoded(image: Image.Image) -> Rendered:
    widths = widths_up_to(image.width)
    files = {width: webp(image, width) for width in widths}
    largest = widths[-1]
    stem = sha256(b"".join(files.values())).hexdigest()[:32]
    return Rendered(stem=stem, width=largest, height=height_at(image, largest), files=files)
