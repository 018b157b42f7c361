"""``python -m milkdelivery.embedded_postgres stop FOLDER…`` stops servers that were left running, as after a kill."""

from __future__ import annotations

import sys
from pathlib import Path

from milkdelivery.embedded_postgres.server import EmbeddedPostgres


def main(arguments: list[str]) -> int:
    """Stop the server of each folder that holds one."""
    if arguments[:1] != ["stop"]:
        sys.stderr.write(f"{__doc__}\n")
        return 2
    for folder in map(Path, arguments[1:]):
        if (folder / "PG_VERSION").exists():
            EmbeddedPostgres(folder).stop()
    return 0


sys.exit(main(sys.argv[1:]))
