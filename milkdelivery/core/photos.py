"""Photos that people take for us: encoded anew, kept apart from everything public. Slow: never inside a transaction."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.http import FileResponse

from milkdelivery.core.outside import ensure_outside_transaction
from milkdelivery.core.pictures import LARGEST_FILE, height_at, opened, webp

WIDEST = 1280
"""Pixels: a date on a pouch can be read."""


@dataclass(frozen=True, slots=True)
class KeptPhoto:
    """A stored photo: the secret name of its file, and its size in pixels."""

    stem: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class PhotoFolder:
    """A folder of the file storage. Nothing serves it but signed addresses of its app.

    `largest` is what an upload may have, in bytes.
    """

    name: str
    largest: int = LARGEST_FILE

    def keep(self, upload: IO[bytes], *, size: int, field: str = "photo") -> KeptPhoto:
        """Store an upload of `size` bytes, without anything that the camera wrote beside it: a photo says where it was
        taken. Its name is a secret, and no other photo's even where both look the same. Raises BadPicture at `field`.
        """
        with opened(upload, size=size, widest=WIDEST, field=field, largest=self.largest) as image:
            width = min(image.width, WIDEST)
            content, height = webp(image, width), height_at(image, width)
        stem = secrets.token_hex(16)
        default_storage.save(self._path(stem), ContentFile(content))
        return KeptPhoto(stem, width, height)

    def open(self, stem: str) -> File:
        """Raises FileNotFoundError."""
        return default_storage.open(self._path(stem))

    def forget(self, stem: str) -> None:
        """Delete the file. Safe to repeat."""
        ensure_outside_transaction("deleting files")
        default_storage.delete(self._path(stem))

    def stored(self, *, before: datetime) -> set[str]:
        """The photos that were stored before that instant of real time."""
        try:
            _folders, names = default_storage.listdir(self.name)
        except FileNotFoundError:
            return set()
        return {
            name.removesuffix(".webp")
            for name in names
            if default_storage.get_modified_time(f"{self.name}/{name}") < before
        }

    def _path(self, stem: str) -> str:
        return f"{self.name}/{stem}.webp"


def private_photo(content: File, *, name: str) -> FileResponse:
    """The answer of a view that has asked whether its caller may see the photo. Nobody keeps it for others, and a file
    that were no picture after all could do nothing."""
    answer = FileResponse(content, filename=name, content_type="image/webp")
    answer.headers["Cache-Control"] = "private, max-age=600"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["X-Robots-Tag"] = "noindex, nofollow"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
