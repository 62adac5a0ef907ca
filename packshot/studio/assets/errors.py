"""What can be wrong with an upload before anybody has looked at its pixels."""

from __future__ import annotations

from packshot.errors import Problem


class UnsupportedPicture(Problem):
    """The first bytes are not those of a format that is taken."""

    status = 415
    code = "unsupported_picture"


class TooLarge(Problem):
    """The file is larger than an upload may be."""

    status = 413
    code = "too_large"
