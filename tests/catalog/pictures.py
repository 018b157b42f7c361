"""Pictures as people send them, honest and otherwise."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image


def photo(
    width: int = 900, height: int = 600, *, kind: str = "JPEG", colour: Any = (200, 180, 120), **save: Any
) -> bytes:
    """One colour, with a darker corner at the top left."""
    image = Image.new("RGBA" if kind == "PNG" and len(colour) == 4 else "RGB", (width, height), colour)
    image.paste((20, 40, 30), (0, 0, width // 4, height // 4))
    out = io.BytesIO()
    image.save(out, kind, **save)
    return out.getvalue()


def with_camera_notes(orientation: int = 6) -> bytes:
    """A photograph that lies on its side and says where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SecretCamera"
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (12.0, 58.0, 0.0)
    return photo(800, 400, exif=exif)


def animation() -> bytes:
    """Two frames: red, then blue."""
    frames = [Image.new("RGB", (300, 300), colour) for colour in ((255, 0, 0), (0, 0, 255))]
    out = io.BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True)
    return out.getvalue()


def bomb(side: int = 60_000) -> bytes:
    """A PNG of a few bytes that claims to be enormous."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    rows = zlib.compress(b"\0" * 1_000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"


def gif() -> bytes:
    return photo(300, 300, kind="GIF")


def gif_script() -> bytes:
    """A file that is a picture to one program and a script to another."""
    return b"GIF89a/*" + b"\0" * 8 + b"*/=1;alert(1)//"
