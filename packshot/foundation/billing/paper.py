"""A document on paper: words and sums, set on A4 as a PDF. Knows nothing of invoices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import as_file, files
from io import BytesIO
from threading import Lock

from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

PLAIN, STRONG = "Inter-Regular", "Inter-SemiBold"
_MARGIN, _BOTTOM = 56, 72
_LEFT, _RIGHT = _MARGIN, A4[0] - _MARGIN
_LINE = 15
_HALF = (_RIGHT - _LEFT) / 2 - 12
_press = Lock()
"""Documents share their fonts, which count what each has used: one at a time."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on it, in order; every text in the reader's language."""

    language: str
    title: str
    sender: tuple[str, ...]
    receiver_title: str
    receiver: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    head: tuple[str, str]
    lines: tuple[tuple[str, str, str], ...]
    """What, a smaller word on it, and the amount."""
    sums: tuple[tuple[str, str], ...]
    """The last one is the sum of all."""
    end: str


def draw(paper: Paper) -> bytes:
    """The document; the same paper is the same bytes."""
    with _press:
        _fonts()
        return _Sheet(paper).made()


@cache
def _fonts() -> None:
    for name in (PLAIN, STRONG):
        with as_file(files(__package__) / "fonts" / f"{name}.ttf") as path:
            pdfmetrics.registerFont(TTFont(name, str(path)))


class _Sheet:
    """A pen that goes down the page."""

    def __init__(self, paper: Paper) -> None:
        self._paper = paper
        self._file = BytesIO()
        self._canvas = Canvas(self._file, pagesize=A4, invariant=1, lang=paper.language)
        self._canvas.setTitle(paper.title)
        self._canvas.setAuthor(paper.sender[0])
        self._y = A4[1] - 80

    def made(self) -> bytes:
        paper = self._paper
        self._text(_LEFT, paper.title, STRONG, 20)
        self._y -= 36
        top = self._y
        self._column(_LEFT, paper.receiver_title, paper.receiver)
        left, self._y = self._y, top
        self._column(_LEFT + _HALF + 24, paper.sender[0], paper.sender[1:])
        self._y = min(left, self._y) - 12
        for what, much in paper.facts:
            self._text(_LEFT, what, PLAIN, 10)
            self._text(_LEFT + 120, much, PLAIN, 10)
            self._y -= _LINE
        self._y -= 20
        self._row(*paper.head, STRONG)
        for what, small, much in paper.lines:
            self._line(what, small, much)
        for number, (what, much) in enumerate(paper.sums, start=1):
            self._row(what, much, STRONG if number == len(paper.sums) else PLAIN)
        self._y -= 12
        for each in simpleSplit(paper.end, PLAIN, 10, _RIGHT - _LEFT):
            self._text(_LEFT, each, PLAIN, 10)
            self._y -= _LINE
        self._canvas.save()
        return self._file.getvalue()

    def _column(self, x: float, title: str, lines: tuple[str, ...]) -> None:
        for font, text in ((STRONG, title), *((PLAIN, each) for each in lines)):
            for each in simpleSplit(text, font, 10, _HALF) or [""]:
                self._text(x, each, font, 10)
                self._y -= _LINE

    def _line(self, what: str, small: str, much: str) -> None:
        words = simpleSplit(what, PLAIN, 10, _RIGHT - _LEFT - 120)
        self._room(_LINE * (len(words) + 2))
        for each in words[:-1]:
            self._text(_LEFT, each, PLAIN, 10)
            self._y -= _LINE
        self._text(_LEFT, words[-1] if words else "", PLAIN, 10)
        self._canvas.setFont(PLAIN, 10)
        self._canvas.drawRightString(_RIGHT, self._y, much)
        if small:
            self._y -= _LINE - 2
            self._text(_LEFT, small, PLAIN, 8.5)
        self._rule()

    def _row(self, what: str, much: str, font: str) -> None:
        self._room(_LINE * 2)
        self._text(_LEFT, what, font, 10)
        self._canvas.setFont(font, 10)
        self._canvas.drawRightString(_RIGHT, self._y, much)
        self._rule()

    def _rule(self) -> None:
        self._canvas.setLineWidth(0.5)
        self._canvas.setStrokeGray(0.75)
        self._canvas.line(_LEFT, self._y - 7, _RIGHT, self._y - 7)
        self._y -= _LINE + 7

    def _room(self, height: float) -> None:
        if self._y - height < _BOTTOM:
            self._canvas.showPage()
            self._y = A4[1] - 80

    def _text(self, x: float, text: str, font: str, size: float) -> None:
        self._canvas.setFont(font, size)
        self._canvas.drawString(x, self._y, text)
