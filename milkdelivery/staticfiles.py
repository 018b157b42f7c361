"""Static files as they are served in demo and production: named by content, compressed beforehand."""

from __future__ import annotations

from typing import Any

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

SMALL = 200_000  # bytes; our pages load nothing larger


class QuickCompressor(Compressor):
    """Full effort for what our pages load; large bundles of the API documentation get the effort that pays."""

    def compress(self, path: str) -> list[str]:
        """Source maps are for people with developer tools, who can wait."""
        return [] if path.endswith(".map") else super().compress(path)

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        return brotli.compress(data, quality=11 if len(data) < SMALL else 8)


class BuiltFilesStorage(CompressedManifestStaticFilesStorage):
    """Names carry a hash of the content, so browsers keep the files for ever; only those names are served."""

    def create_compressor(self, **options: Any) -> Compressor:
        return QuickCompressor(**options)
