"""The composition root: the one place where a port meets an adapter and a fact its listener."""

from __future__ import annotations


def connect() -> None:
    """Connect facts to their listeners. Runs once a process, when Django is ready."""
