"""Homes that tests make, and leave nothing of: as root a server's cluster may lie outside its home."""

from __future__ import annotations

import shutil
from pathlib import Path

from packshot.db import server


def forget(home: Path) -> None:
    """Stop the server of a home, if one runs, and remove its cluster."""
    where = server.places(home)
    server.stop(where)
    shutil.rmtree(where.base, ignore_errors=True)
