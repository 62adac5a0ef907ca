"""Every shortcut of the studio, said once: the `?` sheet and the palette are rendered from it, the pages read it there.

A page's script presses nothing itself: `frontend/src/shortcuts.ts` turns a key into an action, and whichever element
knows the action takes it. A key means one thing wherever it works: the viewer has its own scope, all others share one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Words: TypeAlias = "_StrPromise | str"

PAGE = "page"
"""Works when no dialog is open."""
VIEWER = "viewer"
"""Works inside a dialog with this `data-scope`, and nowhere else."""

# What a key is called on the keys that people have; letters, digits and signs are called what they are.
NAMES: dict[str, Words] = {
    "Mod": _("Ctrl"),
    "Shift": _("Shift"),
    "Alt": _("Alt"),
    "Enter": _("Enter"),
    "Escape": _("Esc"),
    "Delete": _("Del"),
    "Space": _("Space"),
    "Home": _("Home"),
    "End": _("End"),
    "ArrowLeft": "←",
    "ArrowRight": "→",
    "ArrowUp": "↑",
    "ArrowDown": "↓",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One piece of a combination as it is drawn."""

    name: str
    label: Words


@dataclass(frozen=True, slots=True)
class Shortcut:
    """`keys` as browsers name them, joined by '+': 'Mod+k', 'Shift+x', 'ArrowLeft'. Mod is Ctrl, on a Mac ⌘."""

    keys: tuple[str, ...]
    action: str
    sentence: Words
    typing: bool = False
    """Whether it works while a field has the focus."""
    repeats: bool = False
    """Whether holding the key down does it again."""
    scopes: tuple[str, ...] = (PAGE,)

    @property
    def drawn(self) -> list[list[Key]]:
        """Each combination, key by key."""
        return [[Key(name, NAMES.get(name, name.upper())) for name in split(each)] for each in self.keys]


@dataclass(frozen=True, slots=True)
class Group:
    title: Words
    shortcuts: tuple[Shortcut, ...]


def split(combination: str) -> list[str]:
    """'Mod+k' in its parts; a plus alone is the key itself."""
    return [combination] if combination == "+" else combination.split("+")


def _viewer(*keys: str, action: str, sentence: Words, repeats: bool = False) -> Shortcut:
    return Shortcut(keys, action, sentence, repeats=repeats, scopes=(VIEWER,))


_EVERYWHERE = (PAGE, VIEWER)
_ARROWS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown")

GROUPS: tuple[Group, ...] = (
    Group(
        _("Everywhere"),
        (
            Shortcut(("Mod+k",), "palette", _("Find a board, a picture or an action"), typing=True),
            Shortcut(("/",), "search", _("Search")),
            Shortcut(("?",), "shortcuts", _("Show these shortcuts"), scopes=_EVERYWHERE),
            Shortcut(("Mod+z",), "undo", _("Undo what the last message tells of"), scopes=_EVERYWHERE),
            Shortcut(("q",), "queue", _("Show what is under way")),
            Shortcut(("c",), "credits", _("Show your credits")),
        ),
    ),
    Group(
        _("Board"),
        (
            Shortcut(("p",), "prompt", _("Write a prompt")),
            Shortcut(
                ("Mod+Enter",), "generate", _("Send the request, or make what is proposed"), typing=True
            ),
            Shortcut(("Alt+t",), "talk", _("Talk it over, or ask for pictures again"), typing=True),
            Shortcut(("Alt+ArrowUp",), "history-back", _("An earlier prompt"), typing=True, repeats=True),
            Shortcut(("Alt+ArrowDown",), "history-forward", _("A later prompt"), typing=True, repeats=True),
        ),
    ),
    Group(
        _("Gallery"),
        (
            Shortcut((*_ARROWS, "Home", "End"), "move", _("Go from picture to picture"), repeats=True),
            Shortcut(
                tuple(f"Shift+{each}" for each in (*_ARROWS, "Home", "End")),
                "extend",
                _("Select on the way"),
                repeats=True,
            ),
            Shortcut(("Space",), "open", _("Look at the picture")),
            Shortcut(("x",), "toggle", _("Select it, or let it go")),
            Shortcut(("Shift+u",), "upload", _("Upload photos")),
            Shortcut(("Mod+a",), "select-all", _("Select all that is found")),
            Shortcut(("Escape",), "select-none", _("Let go of the selection")),
            Shortcut((".",), "favourite", _("Favourite, or not any more"), scopes=_EVERYWHERE),
            Shortcut(("y",), "approve", _("Approve"), scopes=_EVERYWHERE),
            Shortcut(("n",), "reject", _("Reject"), scopes=_EVERYWHERE),
            Shortcut(("t",), "tag", _("Tag")),
            Shortcut(("m",), "move-to-board", _("Move to another board")),
            Shortcut(("d",), "download", _("Download"), scopes=_EVERYWHERE),
            Shortcut(("b",), "remove-background", _("Remove the background")),
            Shortcut(("u",), "upscale", _("Enlarge"), scopes=_EVERYWHERE),
            Shortcut(("v",), "vary", _("Make variations"), scopes=_EVERYWHERE),
            Shortcut(("Delete",), "trash", _("Put into the trash"), scopes=_EVERYWHERE),
        ),
    ),
    Group(
        _("Viewer"),
        (
            _viewer("ArrowLeft", action="previous", sentence=_("The picture before"), repeats=True),
            _viewer("ArrowRight", action="next", sentence=_("The next picture"), repeats=True),
            _viewer("+", "=", action="zoom-in", sentence=_("Larger"), repeats=True),
            _viewer("-", action="zoom-out", sentence=_("Smaller"), repeats=True),
            _viewer("0", action="fit", sentence=_("Fitted, or its actual size")),
            _viewer("b", action="ground", sentence=_("Black, grey or white behind it")),
            _viewer("i", action="info", sentence=_("Details")),
            _viewer("e", action="edit", sentence=_("Edit")),
            _viewer("c", action="compare", sentence=_("Compare with another picture")),
            _viewer("m", action="compare-mode", sentence=_("Slider, side by side or flicker")),
            _viewer("x", action="compare-swap", sentence=_("Swap the two")),
            _viewer("w", action="compare-turn", sentence=_("Show the other one")),
            _viewer("Alt+ArrowLeft", action="compare-previous", sentence=_("Compare with the one before")),
            _viewer("Alt+ArrowRight", action="compare-next", sentence=_("Compare with the next one")),
            _viewer("o", action="original", sentence=_("What it was made from")),
            _viewer("l", action="lineage", sentence=_("Its lineage")),
            _viewer("a", action="reuse-all", sentence=_("Use its whole request again")),
            _viewer("p", action="reuse-prompt", sentence=_("Use its prompt again")),
            _viewer("s", action="reuse-seed", sentence=_("Use its seed again")),
            _viewer("r", action="remix", sentence=_("Use its request with another seed")),
            _viewer("Space", action="close", sentence=_("Close")),
        ),
    ),
)
