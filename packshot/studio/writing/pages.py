"""What the pages show of words that were written: a reply, a better prompt, the words for a picture."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from packshot.db.tenancy import Actor
from packshot.studio.assets import queries as assets
from packshot.studio.assets.queries import AssetView
from packshot.studio.generation import pages
from packshot.studio.generation import queries as work
from packshot.studio.generation.contracts import BatchView, JobState, ModelView, TileView
from packshot.studio.generation.pages import BatchCard, picked
from packshot.studio.writing import asking, queries, replies
from packshot.studio.writing.commands import answer_key, proposal_key
from packshot.studio.writing.contracts import Proposal, Reply, Words

Pictures = Mapping[UUID, AssetView]


@dataclass(frozen=True, slots=True)
class ProposalCard:
    """A proposal as it is shown: everything that is ordered when it is pressed."""

    proposal: Proposal
    model: ModelView
    each: int
    """Micro-credits for one picture, now."""
    pictures: tuple[AssetView, ...]
    made: UUID | None
    """The batch that it became."""
    declined: bool

    @property
    def price(self) -> int:
        return self.each * self.proposal.count

    @property
    def open(self) -> bool:
        """Whether it waits for a decision."""
        return self.made is None and not self.declined

    @property
    def shaped(self) -> bool:
        return bool(self.model.ratios)

    @property
    def reuse(self) -> str:
        """What the composer is filled with to change it, as JSON."""
        proposal = self.proposal
        edit = proposal.operation == "edit" and self.pictures
        filled = {
            "prompt": proposal.prompt,
            "model": proposal.model,
            "ratio": proposal.ratio,
            "size": proposal.size,
            "variants": proposal.count,
            "about": picked(self.pictures[0]) if edit else None,
            "references": [picked(each) for each in (() if edit else self.pictures)],
        }
        return json.dumps(filled)


@dataclass(frozen=True, slots=True)
class _Written:
    """What the three kinds of cards have in common: one job and where it stands."""

    batch: BatchView
    tile: TileView

    @property
    def open(self) -> bool:
        return not self.batch.state.final

    @property
    def face(self) -> str:
        return "working" if self.open else "done" if self.tile.state is JobState.SUCCEEDED else "failed"

    @property
    def waits(self) -> bool:
        return self.tile.state is JobState.QUEUED

    @property
    def failed(self) -> bool:
        return self.tile.state is JobState.FAILED

    @property
    def cancelled(self) -> bool:
        return self.tile.state is JobState.CANCELLED


@dataclass(frozen=True, slots=True)
class ReplyCard(_Written):
    """One exchange: what the person said and what was answered."""

    reply: Reply | None
    proposal: ProposalCard | None
    answered: bool
    """Whether the question has been answered by one of its choices."""
    references: tuple[AssetView, ...]
    price: int
    """Of an answer."""

    template = "writing/reply.html"

    @property
    def said(self) -> str:
        """What a screen reader is told when the answer is there."""
        if self.failed:
            return _("The studio could not answer.")
        if self.reply is None:
            return _("The studio was asked.")
        question = self.reply.question.text if self.reply.question else ""
        words = " ".join(part for part in (self.reply.say, question, self.reply.left_out or "") if part)
        return _("The studio answers: %(words)s") % {"words": words}


@dataclass(frozen=True, slots=True)
class RefinedCard(_Written):
    """A prompt that was improved in the composer: a line of the thread, because it was paid for."""

    prompt: str | None

    template = "writing/refined.html"

    @property
    def reuse(self) -> str:
        return json.dumps({"prompt": self.prompt})


@dataclass(frozen=True, slots=True)
class WordsCard(_Written):
    """Words that were written for a picture, beside those that it has."""

    words: Words | None
    picture: AssetView | None

    template = "writing/words.html"

    @property
    def kept(self) -> bool:
        """Whether the picture has these words now."""
        return (
            self.words is not None
            and self.picture is not None
            and (self.picture.title, self.picture.alt) == (self.words.title, self.words.alt)
        )

    @property
    def tags(self) -> str:
        """The picture's tags with the new ones behind them, as its form takes them."""
        has = self.picture.tags if self.picture is not None else ()
        return ", ".join(dict.fromkeys([*has, *(self.words.tags if self.words is not None else ())]))

    @property
    def said(self) -> str:
        """What a screen reader is told when the words are there."""
        if self.words is not None:
            return _("Words for a picture are there: %(title)s") % {"title": self.words.title}
        return _("No words were written for the picture.") if self.failed else _("Words are being written.")


Card = BatchCard | ReplyCard | RefinedCard | WordsCard


def present(actor: Actor, batches: Iterable[BatchView]) -> list[Card]:
    """Cards in the batches' order, of pictures and of words."""
    wanted = list(batches)
    written = [batch for batch in wanted if batch.operation in work.WRITING]
    made = iter(pages.present(actor, [batch for batch in wanted if batch.operation not in work.WRITING]))
    found = iter(_cards(actor, written) if written else ())
    return [next(found) if batch.operation in work.WRITING else next(made) for batch in wanted]


def card(actor: Actor, batch_id: UUID) -> Card:
    """One card. Raises NotFound."""
    return present(actor, [work.batch(actor, batch_id)])[0]


def _cards(actor: Actor, batches: Sequence[BatchView]) -> list[Card]:
    """Cards of words; three reads however many there are."""
    jobs = [tile.job_id for batch in batches for tile in batch.tiles]
    texts, declined = work.texts(actor, jobs), queries.declined(actor, jobs)
    keys = [key for job in jobs for key in (proposal_key(job), answer_key(job))]
    done = work.batches_of_keys(actor, keys)
    read = {
        batch.id: queries.read(batch, texts[batch.tiles[-1].job_id])
        for batch in batches
        if batch.operation == "reply" and batch.tiles[-1].job_id in texts
    }
    wanted = {each for batch in batches for each in (batch.refers_to, *batch.references) if each is not None}
    wanted |= {each for reply in read.values() if reply.proposal for each in reply.proposal.references}
    found = {view.id: view for view in assets.assets(actor, wanted)} if wanted else {}
    writer = work.writer("reply")
    cards: list[Card] = []
    for batch in batches:
        tile = batch.tiles[-1]
        text = texts.get(tile.job_id)
        if batch.operation == "describe":
            picture = found.get(batch.refers_to) if batch.refers_to is not None else None
            cards.append(WordsCard(batch, tile, replies.words(text) if text else None, picture))
        elif batch.parameters.get("purpose") == asking.REFINE:
            cards.append(RefinedCard(batch, tile, replies.refined(text) if text else None))
        else:
            reply = read.get(batch.id)
            proposal = None
            if reply is not None and reply.proposal is not None:
                made = done.get(proposal_key(tile.job_id))
                proposal = _proposal(reply.proposal, found, made, declined=tile.job_id in declined)
            cards.append(
                ReplyCard(
                    batch=batch,
                    tile=tile,
                    reply=reply,
                    proposal=proposal,
                    answered=answer_key(tile.job_id) in done,
                    references=tuple(found[each] for each in batch.references if each in found),
                    price=min(writer.prices.values()) if writer is not None else 0,
                )
            )
    return cards


def _proposal(proposal: Proposal, found: Pictures, made: UUID | None, *, declined: bool) -> ProposalCard:
    model = next(each for each in work.models() if each.id == proposal.model)
    return ProposalCard(
        proposal=proposal,
        model=model,
        each=replies.price(proposal),
        pictures=tuple(found[each] for each in proposal.references if each in found),
        made=made,
        declined=declined,
    )
