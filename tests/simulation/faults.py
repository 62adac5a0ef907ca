"""What goes wrong between us and PostgreSQL, at a statement or commit that the seed chooses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Literal, get_args
from unittest import mock

from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.utils import CursorWrapper

Fault = Literal["kill", "cut", "answer_lost", "kill_after_commit", "cut_before_commit", "commit_answer_lost"]
FAULTS: tuple[Fault, ...] = get_args(Fault)
CUTS: tuple[Fault, ...] = ("cut", "answer_lost")
"""Those that a process survives, outside of transactions."""


class Killed(BaseException):
    """The process ends here: nothing of it runs any more, what was not committed is rolled back."""


class Faults:
    """At most one fault is armed at a time, and it strikes once."""

    def __init__(self) -> None:
        self._kind: Fault | None = None
        self._left = 0
        self.struck: Fault | None = None

    @contextmanager
    def armed(self, kind: Fault | None, after: int = 0) -> Iterator[None]:
        """Strike at the (after + 1)th statement, or commit, that somebody makes meanwhile."""
        self._kind, self._left, self.struck = kind, after, None
        try:
            yield
        finally:
            self._kind = None

    @contextmanager
    def installed(self) -> Iterator[None]:
        execute, commit = CursorWrapper.execute, BaseDatabaseWrapper.commit
        with (
            mock.patch.object(CursorWrapper, "execute", lambda *args: self._statement(execute, *args)),
            mock.patch.object(BaseDatabaseWrapper, "commit", lambda base: self._commit(commit, base)),
        ):
            yield

    def _statement(self, execute: Callable[..., Any], cursor: Any, *args: Any) -> Any:
        kind = self._due("kill", "cut", "answer_lost")
        if kind == "kill":
            raise Killed
        if kind == "cut":
            cursor.db.connection.close()
        found = execute(cursor, *args)
        if kind == "answer_lost":
            cursor.db.connection.close()
            raise OperationalError("the connection was lost before the answer came")
        return found

    def _commit(self, commit: Callable[..., Any], base: Any) -> None:
        kind = self._due("kill_after_commit", "cut_before_commit", "commit_answer_lost")
        if kind == "cut_before_commit":
            base.connection.close()
        commit(base)
        if kind == "kill_after_commit":
            raise Killed
        if kind == "commit_answer_lost":
            base.connection.close()
            raise OperationalError("the connection was lost before the commit was answered")

    def _due(self, *kinds: Fault) -> Fault | None:
        if self._kind not in kinds:
            return None
        self._left -= 1
        if self._left >= 0:
            return None
        self.struck, self._kind = self._kind, None
        return self.struck
