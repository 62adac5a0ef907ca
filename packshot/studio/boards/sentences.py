"""What was done on a board, in a sentence each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from packshot.studio.boards.contracts import Act


def role_word(role: str) -> str:
    """A role on a board as people say it."""
    return {"owner": _("Owner"), "editor": _("Editor"), "viewer": _("Viewer")}.get(role, role)


def sentence(act: Act) -> str:
    """Who did what. A verb that is not known here is told in general words, so that no line is missing."""
    who = act.who.called if act.who else _("Somebody who has left")
    whom = act.whom.called if act.whom else _("somebody who has left")
    given = {**act.subject, "who": who, "whom": whom, "number": _number(act)}
    tell = _SENTENCES.get(act.verb)
    return tell(given) if tell else _("%(who)s worked on the board.") % {"who": who}


def _number(act: Act) -> int:
    found = act.subject.get("number", 1)
    return found if isinstance(found, int) else 1


def _generated(given: dict[str, Any]) -> str:
    if given["operation"] == "reply":
        return _("%(who)s talked with the studio: “%(prompt)s”") % given
    if given["operation"] == "describe":
        return _("%(who)s had words written for a picture.") % given
    asked, made = given["asked"], given["made"]
    words = ngettext(
        "%(who)s asked for a picture: %(made)d made.",
        "%(who)s asked for %(asked)d pictures: %(made)d made.",
        asked,
    ) % {"who": given["who"], "asked": asked, "made": made}
    return (
        _("%(sentence)s “%(prompt)s”") % {"sentence": words, "prompt": given["prompt"]}
        if given["prompt"]
        else words
    )


def _counted(one: Callable[[dict[str, Any]], str]) -> Callable[[dict[str, Any]], str]:
    return lambda given: one(given) % given


_SENTENCES: dict[str, Callable[[dict[str, Any]], str]] = {
    "created": lambda given: _("%(who)s opened the board.") % given,
    "renamed": lambda given: _("%(who)s renamed the board from %(from)s to %(to)s.") % given,
    "described": lambda given: _("%(who)s described the board.") % given,
    "cover": lambda given: (
        (
            _("%(who)s chose a cover.")
            if given.get("asset")
            else _("%(who)s let the latest picture be the cover.")
        )
        % given
    ),
    "archived": lambda given: _("%(who)s archived the board.") % given,
    "unarchived": lambda given: _("%(who)s put the board back on the list.") % given,
    "deleted": lambda given: _("%(who)s put the board into the trash.") % given,
    # Of pictures where a change of many is named, else of the board itself.
    "restored": lambda given: (
        (
            ngettext(
                "%(who)s took a picture out of the trash.",
                "%(who)s took %(number)d pictures out of the trash.",
                given["number"],
            )
            if "change" in given
            else _("%(who)s took the board out of the trash.")
        )
        % given
    ),
    "audience": lambda given: (
        (
            _("%(who)s made the board private.")
            if given.get("to") == "invited"
            else _("%(who)s opened the board to everybody in the organization.")
        )
        % given
    ),
    "added": lambda given: (
        _("%(who)s gave %(whom)s a seat: %(role)s.") % {**given, "role": role_word(given["to"])}
    ),
    "role": lambda given: (
        _("%(who)s changed what %(whom)s is: %(role)s.") % {**given, "role": role_word(given["to"])}
    ),
    "removed": lambda given: _("%(who)s took the seat of %(whom)s away.") % given,
    "left": lambda given: _("%(who)s left the board.") % given,
    "returned": lambda given: _("%(who)s came back to the board.") % given,
    "generated": _generated,
    "moved": _counted(
        lambda given: (
            ngettext(
                "%(who)s moved a picture here.", "%(who)s moved %(number)d pictures here.", given["number"]
            )
            if given.get("here")
            else ngettext(
                "%(who)s moved a picture to another board.",
                "%(who)s moved %(number)d pictures to another board.",
                given["number"],
            )
        )
    ),
    "copied": _counted(
        lambda given: (
            ngettext(
                "%(who)s copied a picture here.", "%(who)s copied %(number)d pictures here.", given["number"]
            )
            if given.get("here")
            else ngettext(
                "%(who)s copied a picture to another board.",
                "%(who)s copied %(number)d pictures to another board.",
                given["number"],
            )
        )
    ),
    "trashed": _counted(
        lambda given: ngettext(
            "%(who)s put a picture into the trash.",
            "%(who)s put %(number)d pictures into the trash.",
            given["number"],
        )
    ),
    "undone": _counted(
        lambda given: ngettext(
            "%(who)s took back a change to a picture.",
            "%(who)s took back a change to %(number)d pictures.",
            given["number"],
        )
    ),
    "approved": _counted(
        lambda given: ngettext(
            "%(who)s approved a picture.", "%(who)s approved %(number)d pictures.", given["number"]
        )
    ),
    "rejected": _counted(
        lambda given: ngettext(
            "%(who)s rejected a picture.", "%(who)s rejected %(number)d pictures.", given["number"]
        )
    ),
    "exported": _counted(
        lambda given: ngettext(
            "%(who)s exported a picture.", "%(who)s exported %(number)d pictures.", given["number"]
        )
    ),
}
