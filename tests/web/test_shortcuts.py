"""The one list of shortcuts: nothing in it contradicts itself, and the page carries all of it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from packshot.web.shortcuts import GROUPS, PAGE, VIEWER, Shortcut, split

ROOT = Path(__file__).parents[2]
ALL = [shortcut for group in GROUPS for shortcut in group.shortcuts]


def test_a_key_means_one_thing_wherever_it_works():
    seen: dict[tuple[str, str], Shortcut] = {}
    for shortcut in ALL:
        for scope in shortcut.scopes:
            for keys in shortcut.keys:
                other = seen.setdefault((scope, keys), shortcut)
                assert other is shortcut, f"{keys} in {scope}: {other.action} and {shortcut.action}"


def test_an_action_stands_there_once():
    names = [shortcut.action for shortcut in ALL]
    assert sorted(names) == sorted(set(names))


def test_keys_are_written_as_the_script_reads_them():
    for shortcut in ALL:
        for keys in shortcut.keys:
            *held, key = split(keys)
            assert held == [name for name in ("Mod", "Alt", "Shift") if name in held], keys
            assert key == key.lower() or len(key) > 1, f"{keys}: letters are written small"


def test_what_works_while_typing_needs_a_key_that_writes_nothing():
    for shortcut in ALL:
        for keys in shortcut.keys:
            assert not shortcut.typing or {"Mod", "Alt"} & set(split(keys)), shortcut.action


def test_the_plus_is_a_key():
    assert split("+") == ["+"]
    assert split("Mod+Shift+k") == ["Mod", "Shift", "k"]


def test_every_page_of_the_studio_carries_the_sheet(visit):
    html = visit.get("/").content.decode()
    shown = re.findall(r'data-action="([a-z-]+)"', html)
    assert shown == [shortcut.action for shortcut in ALL]
    visit.logout()
    assert "data-action=" not in visit.get("/").content.decode()


SOURCES = ROOT / "frontend" / "src"
HANDLERS = re.compile(r"\bactions\([^{}]*?(?=\{)|: Handlers = (?=\{)")
LISTS = re.compile(r": ActionName\[\] = \[([^\]]*)\]")
CALLS = re.compile(r"(?<!function )\bactions\((?P<signal>[^,]+), (?P<given>\{|[\w.#()]+)")


def outermost(source: str) -> Iterator[str]:
    """The names of an object literal that `source` begins with: those of no object, call or list inside it."""
    depth, since = 0, 1
    for place, sign in enumerate(source):
        if sign in "{([":
            depth += 1
        elif sign in "})]":
            depth -= 1
        if (depth == 1 and sign == ",") or depth == 0:
            if named := re.match(r'\s*"?([a-z-]+)"?:', source[since:place]):
                yield named[1]
            since = place + 1
        if depth == 0:
            return


def taken() -> dict[str, set[str]]:
    """Each action that a script takes, with the files that take it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for path in sorted(SOURCES.rglob("*.ts")):
        source = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for call in CALLS.finditer(source):
            understood = call["given"] == "{" or ": Handlers = {" in source
            assert understood, f"{path.name}: name the actions in a literal, or in one of the type Handlers"
        names = [name for each in HANDLERS.finditer(source) for name in outermost(source[each.end() :])]
        names += [name for each in LISTS.finditer(source) for name in re.findall(r'"([a-z-]+)"', each[1])]
        for name in names:
            found[name].add(path.stem)
    return dict(found)


def test_every_shortcut_has_a_script_that_takes_it_and_the_other_way_round():
    assert sorted(taken()) == sorted(shortcut.action for shortcut in ALL)


def test_every_shortcut_is_taken_where_it_is_said_to_work():
    by = taken()
    for shortcut in ALL:
        others = by[shortcut.action] - {"viewer"}
        assert others or PAGE not in shortcut.scopes, f"on a page nothing takes {shortcut.action}"
        everywhere = {"toast", "shortcuts"}  # these listen while the viewer is open too
        heard = by[shortcut.action] & ({"viewer"} | everywhere)
        assert heard or VIEWER not in shortcut.scopes, f"in the viewer nothing takes {shortcut.action}"


def test_every_button_that_asks_for_an_action_asks_for_one_that_is_known():
    asked = {
        name
        for path in (ROOT / "packshot").rglob("*.html")
        for name in re.findall(r'data-do="([a-z-]+)"', path.read_text(encoding="utf-8"))
    }
    assert asked
    assert asked <= set(taken())
