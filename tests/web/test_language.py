"""In which language a page speaks, and that nothing on it forgot to."""

from __future__ import annotations

import html as markup
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from uuid_utils.compat import uuid7

from packshot.studio.boards import commands as boards
from packshot.studio.generation import queries as work
from tests.web.test_pages import HTMX, create

ROOT = Path(__file__).resolve().parents[2]
CSS = sorted((ROOT / "frontend" / "src").rglob("*.css"))


def test_every_message_is_translated_and_compiled():
    done = subprocess.run(
        [sys.executable, ROOT / "scripts" / "messages", "check"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("asked", "spoken"),
    [("de", "de"), ("de-AT,en;q=0.5", "de"), ("fr", "en"), ("pt,de;q=0.3", "de"), ("", "en")],
)
def test_the_browsers_language_is_spoken_where_it_can_be(asked, spoken):
    html = Client(headers={"accept-language": asked}).get("/").content.decode()
    assert f'lang="{spoken}"' in html.partition("<head>")[0]
    assert ("Anmelden" in html) == (spoken == "de")


def test_a_chosen_language_stays_and_can_be_given_back(visit):
    path = reverse("settings-language")
    assert visit.post(path, {"language": "de"})["Location"] == path
    html = visit.get(path).content.decode()
    assert 'lang="de"' in html.partition("<head>")[0]
    assert '<option value="de" lang="de" selected>Deutsch</option>' in html
    visit.post(path, {"language": "xx"})
    assert 'lang="en"' in visit.get(path).content.decode().partition("<head>")[0]


def test_what_the_database_refuses_is_told_in_the_readers_language(visit):
    visit.cookies["language"] = "de"
    html = visit.get("/boards/nonesuch0000/").content.decode()
    assert "There is no such board" not in html
    assert "Dieses Board gibt es nicht" in html


def test_numbers_and_dates_are_written_as_the_language_does(visit):
    from packshot.web.templatetags import studio

    with translation.override("de"):
        assert studio.credits(1_234_500_000) == "1.234,50"
        assert work.models()[0].title != "Studio scene"


# --- A language in which every word of ours is marked --------------------------------------------------

PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
MARKED = "åƀćđéƒǵĥíĵķłḿńóṕʠŕśţúṽŵẋýžÅɃĆĐÉƑǴĤÍĴĶŁḾŃÓṔɊŔŚŢÚṼŴẊÝŽ"
KEPT = re.compile(r"%\(\w+\)[a-z]|%[sd]|&\w+;|<[^>]+>")
# Names, and what people wrote; signs of units.
ALLOWED = re.compile(
    r"Packshot|English|Deutsch|JPEG|PNG|WebP|AVIF|ZIP|Ctrl|https?://\S+|[\w.+-]+@[\w.-]+|\bpx\b|\bMB\b|\bKB\b|"
    r"\b[0-9a-f]{8,}\b|\((?:Esc|Del|Alt T)\)|A Person|Studio of \w+",
)
SPOKEN = ("aria-label", "title", "placeholder", "alt", "aria-description")


def marked(text: str) -> str:
    """The text with every letter marked, but for what is filled in."""
    parts = KEPT.split(text)
    kept = [*KEPT.findall(text), ""]
    table = str.maketrans(PLAIN, MARKED)
    return "".join(part.translate(table) + hold for part, hold in zip(parts, kept, strict=True))


class Words(HTMLParser):
    """What a page says: its text, and the attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in {"script", "style"}
        self.found += [
            value
            for name, value in attrs
            if value and (name in SPOKEN or name.startswith(("label-", "data-label-")))
        ]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in {"script", "style"}

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.found.append(data)


def left_over(html: str) -> list[str]:
    words = Words()
    words.feed(html)
    said = [ALLOWED.sub(" ", markup.unescape(text)) for text in words.found]
    return sorted({text.strip() for text in said if re.search(r"[A-Za-z]{3,}", text)})


@pytest.fixture
def strange(monkeypatch) -> None:
    """Everything that goes through gettext comes out marked."""
    trans = translation._trans
    for name in ("gettext", "ngettext", "pgettext", "npgettext"):
        real = getattr(trans, name)  # resolves the lazy module first
        monkeypatch.setattr(trans, name, lambda *args, real=real: marked(real(*args)))


def test_marking_keeps_what_is_filled_in():
    assert marked("%(n)d of %(count)d done") == "%(n)d óƒ %(count)d đóńé"
    assert left_over('<p title="Left">' + marked("Over") + "</p>") == ["Left"]


@pytest.mark.parametrize("path", ["/", "/sign-in", "/sign-up", "/reset-password", "/terms", "/nowhere"])
def test_no_page_for_strangers_has_words_of_its_own(path, strange):
    assert left_over(Client().get(path).content.decode()) == []


PAGES = ["home", "library", "library-duplicates", "settings", "settings-language", "account_email"]
PAGES += [
    "account_change_password",
    "usersessions_list",
    "shell-balance",
    "shell-credits",
    "shell-queue",
    "palette",
]


@pytest.mark.parametrize("name", PAGES)
def test_no_page_has_words_that_nobody_can_translate(visit, name, strange):
    boards.create(visit.tenant.actor, uuid7(), "77")
    html = visit.get(reverse(name)).content.decode()
    assert left_over(html) == []


def test_no_board_has_words_that_nobody_can_translate(visit, strange):
    slug = create(visit, prompt="77 88")
    for path in (f"/boards/{slug}/", f"/boards/{slug}/gallery", f"/boards/{slug}/members"):
        answer = visit.get(path, headers=HTMX if path.endswith("members") else {})
        assert left_over(answer.content.decode()) == [], path


# --- From right to left --------------------------------------------------------------------------------

PHYSICAL = re.compile(
    r"(?<![-\w])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)|left|right|"
    r"border-(?:top|bottom)-(?:left|right)-radius)\s*:|(?:text-align|float)\s*:\s*(?:left|right)\b"
)
FOUR = re.compile(r"(?<![-\w])(inset|margin|padding)\s*:\s*([^;]+);")


# Two pictures that are compared stand left and right of the slider whatever the direction of writing; the middle of a
# pane is measured from one side by a transform.
COMPARED = {
    "left: 50%;", "margin-left: -22px;", "right: calc(50% + 4px);", "left: calc(50% + 4px);", "right: 0;", "left: 0;",
}  # fmt: skip


def sides(value: str) -> list[str]:
    """The values of a shorthand, brackets kept together."""
    return re.findall(r"(?:[^\s()]+\([^()]*(?:\([^()]*\)[^()]*)*\)|[^\s()]+)", value.strip())


@pytest.mark.parametrize("path", CSS, ids=lambda path: path.name)
def test_styles_know_no_left_and_right(path):
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [line.strip() for line in text.splitlines() if PHYSICAL.search(line)]
    if path.name == "viewer.css":
        found = [line for line in found if line not in COMPARED]
    for match in FOUR.finditer(text):
        four = sides(match[2])
        if len(four) == 4 and four[1] != four[3]:
            found.append(match[0])
    assert found == []
