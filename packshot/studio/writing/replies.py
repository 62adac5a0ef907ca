"""Reading what a model has written. Its text is a stranger's: it is judged here, and it orders nothing."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any
from uuid import UUID

from django.utils.translation import gettext as _
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter, ValidationError

from packshot.studio.generation.catalogue import catalogue
from packshot.studio.generation.contracts import Order
from packshot.studio.generation.errors import InvalidOrder
from packshot.studio.generation.queries import WRITING
from packshot.studio.writing.contracts import Proposal, Question, Reply, Words
from packshot.words import told

MOST_CHOICES = 6
_USUAL_SIZE = 1024

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
_Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class _Reply(BaseModel):
    say: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] = ""
    question: Any = None
    proposal: Any = None


class _Question(BaseModel):
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600)]
    choices: tuple[_Line, ...] = Field(default=(), max_length=MOST_CHOICES)


class _Proposal(BaseModel):
    operation: str
    model: str
    prompt: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] = ""
    ratio: str = ""
    size: int = 0
    count: int = 1
    references: tuple[UUID, ...] = ()


class _Refined(BaseModel):
    prompt: _Text


class _Words(BaseModel):
    title: _Line
    alt: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
    description: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4000)] = ""
    tags: tuple[
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)], ...
    ] = ()


def reply(text: str, offered: Collection[UUID]) -> Reply:
    """The studio's turn. `offered` are the pictures that a proposal may use; what is not offered is left out, and
    said so. Never raises."""
    try:
        found = _Reply.model_validate_json(text)
    except ValidationError:
        return Reply(say="", left_out=_("The answer could not be read."))
    left_out = None
    question = proposal = None
    if found.question is not None:
        question = _question(found.question)
        left_out = None if question is not None else _("It also asked something that could not be read.")
    if found.proposal is not None:
        try:
            proposal = _proposal(found.proposal, offered)
        except InvalidOrder as problem:
            why = told(problem.message)
            left_out = _("It also proposed something that is not offered here: %(why)s") % {"why": why}
    if not (found.say or question or proposal or left_out):
        left_out = _("The answer was empty.")
    return Reply(found.say, question, proposal, left_out)


def refined(text: str) -> str | None:
    """The better prompt; None where there is none in the answer."""
    try:
        return _Refined.model_validate_json(text).prompt
    except ValidationError:
        return None


def words(text: str) -> Words | None:
    """What was written for a picture; None where it cannot be read."""
    try:
        found = _Words.model_validate_json(text)
    except ValidationError:
        return None
    # Tags travel with commas between them.
    tags = dict.fromkeys(tag.replace(",", " ") for tag in found.tags)
    return Words(found.title, found.alt, found.description, tuple(tags)[:10])


def ordered(proposal: Proposal, *, board_id: UUID | None, key: str) -> Order:
    """The order that a proposal stands for."""
    return Order(
        board_id=board_id,
        operation=proposal.operation,
        model=proposal.model,
        prompt=proposal.prompt,
        key=key,
        variants=proposal.count,
        ratio=proposal.ratio,
        size=proposal.size,
        references=proposal.references,
    )


def price(proposal: Proposal) -> int:
    """Micro-credits for one picture of it, now."""
    order = ordered(proposal, board_id=None, key="proposal")
    model = catalogue()[proposal.model]
    return model.each(order.size, model.check(order))


def _question(found: Any) -> Question | None:
    try:
        read = TypeAdapter(_Question).validate_python(found)
    except ValidationError:
        return None
    return Question(read.text, tuple(dict.fromkeys(read.choices)))


def _proposal(found: Any, offered: Collection[UUID]) -> Proposal:
    """The proposal, with the usual shape where it names none. Raises InvalidOrder."""
    try:
        read = _Proposal.model_validate(found)
    except ValidationError:
        raise InvalidOrder(_("it could not be read.")) from None
    model = catalogue().get(read.model)
    if model is None or model.operation in WRITING:
        raise InvalidOrder(_("there is no such model."))
    if not set(read.references) <= set(offered):
        raise InvalidOrder(_("one of the pictures."))
    usual = _USUAL_SIZE if _USUAL_SIZE in model.sizes or not model.sizes else model.sizes[0]
    proposal = Proposal(
        operation=read.operation,
        model=model.id,
        prompt=read.prompt if model.max_prompt else "",
        ratio=(read.ratio or model.ratios[0]) if model.ratios else "source",
        size=(read.size or usual) if model.sizes else usual,
        count=read.count,
        references=tuple(dict.fromkeys(read.references)),
    )
    model.check(ordered(proposal, board_id=None, key="proposal"))
    return proposal
