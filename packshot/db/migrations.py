"""SQL files as migration operations, so that SQL is written, read and reviewed as SQL."""

from __future__ import annotations

from pathlib import Path

from django.db.migrations.operations import RunSQL


def sql_file(migration: str, name: str) -> RunSQL:
    """Run `<room>/sql/<name>` as one script; `migration` is the migration's own `__file__`.

    Not reversible: a wrong schema is mended by a later migration, never by running backwards over data.
    """
    path = Path(migration).parent.parent / "sql" / name
    return RunSQL(path.read_text(encoding="utf-8"))
