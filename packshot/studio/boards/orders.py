"""Reading the composer's form into an order."""

from __future__ import annotations

from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from packshot.db.tenancy import Actor
from packshot.studio.assets import queries as assets
from packshot.studio.assets.queries import AssetView
from packshot.studio.generation import queries
from packshot.studio.generation.contracts import ModelView, Order
from packshot.studio.generation.errors import InvalidOrder
from packshot.studio.generation.followups import follow_up
from packshot.studio.writing import asking

SOURCE_RATIO = "source"
"""What a model makes that keeps the shape of its reference."""

_LONGEST_AMOUNT = 16
_USUAL_SIZE = 1024
_LARGEST_SEED = 2**32 - 1


def key_of(form: QueryDict) -> UUID:
    """The form's key: made when the page was, so that a form sent twice is one request. Raises InvalidOrder."""
    found = _uuid(form.get("key", ""))
    if found is None:
        raise InvalidOrder(_("This form is out of date. Reload the page and try again."), field="key")
    return found


def order_from(actor: Actor, form: QueryDict, *, board_id: UUID | None) -> Order:
    """The order that the form describes. Whether it may be carried out, the pipeline decides.

    Raises InvalidOrder for what is not even readable: an unknown model, a number that is none; NobodyWrites.
    """
    if form.get("mode") == asking.TALK:
        return _talk(actor, form, board_id)
    model = _model(form.get("model", ""))
    words = form.get("prompt", "").strip()
    references = _pictures(form, "reference")[: model.max_references]
    parameters = _parameters(form, model)
    prompt, seed, about = words, _seed(form), _about(actor, form)
    if about is not None:
        if not words and model.max_prompt:
            raise InvalidOrder(_("Say what shall be different."), field="prompt")
        sent = follow_up(actor, model, about, words, references)
        prompt, references, parameters = sent.prompt, sent.references, parameters | sent.parameters
        seed = sent.seed if seed is None else seed
    return Order(
        board_id=board_id,
        operation=model.operation,
        model=model.id,
        prompt=prompt,
        key=str(key_of(form)),
        variants=_number(form, "variants", 1, most=model.max_variants),
        ratio=form.get("ratio") or next(iter(model.ratios), SOURCE_RATIO),
        size=_number(form, "size", _usual_size(model), most=max(model.sizes, default=_USUAL_SIZE)),
        seed=seed,
        references=references,
        styles=_pictures(form, "style")[: model.max_styles],
        negative=form.get("negative", "").strip() if model.negative else "",
        asked=words if about is not None else "",
        refers_to=None if about is None else about.id,
        parameters=parameters,
        quoted=quoted_of(form),
    )


def _talk(actor: Actor, form: QueryDict, board_id: UUID | None) -> Order:
    """The words are said to the studio, not sent to a model that makes pictures."""
    about = _about(actor, form)
    return asking.talk(
        actor,
        board_id=board_id,
        words=form.get("prompt", "").strip(),
        key=str(key_of(form)),
        references=_pictures(form, "reference"),
        about=None if about is None else about.id,
    )


def quoted_of(form: QueryDict) -> int | None:
    """Micro-credits for one variant that the page showed; None where it showed none. Raises InvalidOrder."""
    text = form.get("quoted", "")
    if not text:
        return None
    if not text.isdecimal() or len(text) > _LONGEST_AMOUNT:
        raise InvalidOrder(_("This form is out of date. Reload the page and try again."), field="quoted")
    return int(text)


def _about(actor: Actor, form: QueryDict) -> AssetView | None:
    """The picture that the words are about."""
    text = form.get("refers_to", "")
    if not text:
        return None
    wanted = _uuid(text)
    found = assets.assets(actor, [wanted]) if wanted is not None else []
    if not found or found[0].state != "ready":
        raise InvalidOrder(_("The picture is not there any more."), field="refers_to")
    return found[0]


def _pictures(form: QueryDict, field: str) -> tuple[UUID, ...]:
    """The pictures of a field, each once."""
    found = [_uuid(value) for value in form.getlist(field) if value]
    if None in found:
        raise InvalidOrder(_("A photo is not known here. Add it again."), field="references")
    return tuple(dict.fromkeys(each for each in found if each is not None))


def _model(wanted: str) -> ModelView:
    for model in queries.models():
        if model.id == wanted:
            return model
    raise InvalidOrder(_("There is no such model."), field="model")


def _usual_size(model: ModelView) -> int:
    """The size that is made unless another is asked for: the usual one where the model makes it."""
    return _USUAL_SIZE if _USUAL_SIZE in model.sizes or not model.sizes else model.sizes[0]


def _number(form: QueryDict, field: str, default: int, *, most: int) -> int:
    text = form.get(field, "")
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise InvalidOrder(_("Choose a number from 1 to %(most)d.") % {"most": most}, field=field)
    return int(text)


def _seed(form: QueryDict) -> int | None:
    text = form.get("seed", "").strip()
    if not text:
        return None
    if not text.isdecimal() or int(text) > _LARGEST_SEED:
        limit = {"most": _LARGEST_SEED}
        raise InvalidOrder(_("A seed is a whole number from 0 to %(most)d.") % limit, field="seed")
    return int(text)


def _parameters(form: QueryDict, model: ModelView) -> dict[str, object]:
    """Choices arrive as text and leave as what the catalogue offers; a free value stays text."""
    found: dict[str, object] = {}
    for name, choices in model.parameters.items():
        text = form.get(f"parameter-{name}", "")
        if not text:
            continue
        by_text = {str(choice): choice for choice in choices}
        if choices and text not in by_text:
            raise InvalidOrder(_("That choice is not offered."), field=name)
        found[name] = by_text.get(text, text)
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
