"""Photos of claims: encoded anew, kept apart from everything public. Slow: never inside a transaction."""

import secrets
from datetime import datetime
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage

from milkdelivery.core.outside import ensure_outside_transaction
from milkdelivery.core.pictures import height_at, opened, webp
from orders.rules.claims import KeptPhoto

FOLDER = "claims"
"""Of the file storage. Nothing serves it but signed addresses (`orders.tokens.photo_address`)."""
WIDEST = 1280
"""Pixels: a date on a pouch can be read."""


def keep_photo(upload: IO[bytes], *, size: int, field: str = "photo") -> KeptPhoto:
    """Store an upload of `size` bytes, without anything that the camera wrote beside it: a household's photo says where
    it lives. Its name is a secret, and no other photo's even where both look the same. Raises BadPicture at `field`."""
    with opened(upload, size=size, widest=WIDEST, field=field) as image:
        width = min(image.width, WIDEST)
        content, height = webp(image, width), height_at(image, width)
    stem = secrets.token_hex(16)
    default_storage.save(_path(stem), ContentFile(content))
    return KeptPhoto(stem, width, height)


def open_photo(stem: str) -> File:
    """Raises FileNotFoundError."""
    return default_storage.open(_path(stem))


def forget_photo(stem: str) -> None:
    """Delete the file. Safe to repeat."""
    ensure_outside_transaction("deleting files")
    default_storage.delete(_path(stem))


def old_photos(*, before: datetime) -> set[str]:
    """The photos that were stored before that instant of real time."""
    try:
        _folders, names = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return set()
    return {
        name.removesuffix(".webp") for name in names if default_storage.get_modified_time(f"{FOLDER}/{name}") < before
    }


def _path(stem: str) -> str:
    return f"{FOLDER}/{stem}.webp"
