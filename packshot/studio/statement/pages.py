"""What the credits page shows: the statement's numbers joined with the names of people, boards and models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from packshot.db.tenancy import Actor
from packshot.errors import Invalid
from packshot.foundation.organizations.queries import people
from packshot.studio.assets import queries as assets
from packshot.studio.assets.queries import AssetView
from packshot.studio.credits.words import entry_word, kind_words, source_words
from packshot.studio.generation import queries as work
from packshot.studio.generation.wording import operation_word
from packshot.studio.statement import charts, queries
from packshot.studio.statement.contracts import KINDS, Filter, Line, Share, Usage

NOBODY = str(UUID(int=0))

# What the filter offers; the first is what the page shows without one.
GROUPS: dict[str, tuple[str, ...]] = {
    "": tuple(kind for kind in KINDS if kind not in ("reserve", "release")),
    "charged": ("debit",),
    "back": ("refund",),
    "in": ("grant", "topup", "monthly_reset"),
    "out": ("expire",),
    "other": ("adjust", "freeze", "unfreeze", "claw", "repay"),
    "all": (),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What ids are called; what is not in them is not there any more, or not to be seen."""

    members: Mapping[UUID, str]
    models: Mapping[str, str]
    boards: Mapping[UUID, tuple[str, bool]]

    def member(self, key: UUID | None) -> str:
        return (
            _("Nobody in particular")
            if key is None or key.int == 0
            else self.members.get(key, _("A former member"))
        )

    def model(self, key: str) -> str:
        return self.models.get(key, key) or _("Other work")

    def board(self, key: UUID) -> str:
        if key.int == 0:
            return _("On no board")
        if key not in self.boards:
            return _("A board that is gone or that you do not see")
        title, inbox = self.boards[key]
        return _("Inbox") if inbox else title


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the history in words."""

    line: Line
    word: str
    who: str | None
    model: str | None
    paid_for: str | None
    address: str | None
    thumb: str | None
    placeholder: str | None


def names(actor: Actor, board_ids: Iterable[UUID]) -> Names:
    """The people and models there are, and those of these boards that the actor sees."""
    return Names(
        members={person.user_id: person.called for person in people(actor)},
        models={model.id: model.title for model in work.models()},
        boards=queries.boards(actor, board_ids),
    )


def entries(actor: Actor, found: Sequence[Line], known: Names) -> list[Entry]:
    """Lines with what each paid for; the pictures are read at once."""
    ids = {line.asset_id for line in found if line.asset_id is not None}
    pictures = {view.id: view for view in assets.assets(actor, ids)} if ids else {}
    kinds = kind_words()
    return [
        _entry(line, kinds, known, pictures.get(line.asset_id) if line.asset_id else None) for line in found
    ]


def shares(found: Usage, known: Names) -> list[tuple[str, list[charts.Row]]]:
    """The four ways in which usage is told beside the days: a title, and its rows."""
    rest = _("All others")

    def rows(each: tuple[Share, ...], name: Any, filters: str | None) -> list[charts.Row]:
        named = [(name(share.key), share.spent, _filtered(filters, share.key)) for share in each]
        return charts.rows(named, rest)

    return [
        (_("By model"), rows(found.models, known.model, "model")),
        (_("By kind of work"), rows(found.operations, _operation, None)),
        (_("By member"), rows(found.members, lambda key: known.member(UUID(key)), "member")),
        (_("By board"), rows(found.boards, lambda key: known.board(UUID(key)), "board")),
    ]


def filter_of(given: Mapping[str, str]) -> Filter:
    """What a filter's form says. Raises Invalid for what is no day, no id and no group."""
    group = given.get("kind", "")
    if group not in GROUPS:
        raise Invalid(_("There is no such kind of entry."))
    try:
        return Filter(
            kinds=GROUPS[group],
            member=UUID(given["member"]) if given.get("member") else None,
            board=UUID(given["board"]) if given.get("board") else None,
            model=given.get("model") or None,
            since=date.fromisoformat(given["since"]) if given.get("since") else None,
            until=date.fromisoformat(given["until"]) if given.get("until") else None,
        )
    except ValueError:
        raise Invalid(_("This filter cannot be read. Set it again.")) from None


def group_words() -> dict[str, str]:
    return {
        "": _("Charges and credits"),
        "charged": _("Charged"),
        "back": _("Came back"),
        "in": _("Came in"),
        "out": _("Ran out"),
        "other": _("Corrections and disputes"),
        "all": _("Everything, holds too"),
    }


def lot_word(source: str) -> str:
    return source_words().get(source, source)


def paid_for(line: Line, known: Names) -> str | None:
    """What the work was asked for, in the person's own words; None where there is nothing to tell."""
    if line.hidden:
        return _("Work on a board that you do not see")
    if line.batch_id is None:
        reason = (line.note or {}).get("reason")
        return str(reason) if reason else None
    return line.asked or (known.model(line.model) if line.model else None)


def _entry(line: Line, kinds: Mapping[str, str], known: Names, picture: AssetView | None) -> Entry:
    return Entry(
        line=line,
        word=entry_word(kinds, line.kind, line.amount),
        who=known.member(line.member_id) if line.member_id is not None else None,
        model=known.model(line.model) if line.model else None,
        paid_for=paid_for(line, known),
        address=_address(line),
        thumb=picture.thumb_256 if picture is not None else None,
        placeholder=picture.placeholder if picture is not None else None,
    )


def _address(line: Line) -> str | None:
    """Where the work stands: its picture in the viewer, else its request in the thread."""
    if line.board_slug is None or line.batch_id is None:
        return None
    if line.inbox:
        return reverse("board-gallery", args=[line.board_slug])
    mark = line.asset_id if line.asset_id is not None else f"batch-{line.batch_id}"
    return f"{reverse('board', args=[line.board_slug])}#{mark}"


def _operation(name: str) -> str:
    return operation_word(name) if name else _("Other work")


def _filtered(name: str | None, key: str) -> str | None:
    if name is None or key in ("", NOBODY):
        return None
    return f"{reverse('settings-credits')}?{urlencode({name: key})}#history"


def moment(at: datetime) -> str:
    """A time as a spreadsheet reads it."""
    return at.isoformat(timespec="seconds")
