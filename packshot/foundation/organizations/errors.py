"""What can go wrong with organizations, in words."""

from __future__ import annotations

from packshot.errors import Conflict, Forbidden


class SeatsExhausted(Conflict):
    """No seat is free: nobody was invited. `seats` and `used` are in its detail."""

    code = "seats_exhausted"


class AnotherWorkspace(Conflict):
    """The page that was sent shows another workspace than the one the person acts for by now."""

    code = "another_workspace"


class NoWorkspace(Forbidden):
    """The person is a member of nothing; a page offers to open a workspace."""

    code = "no_workspace"
