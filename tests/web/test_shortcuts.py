"""The one list of shortcuts: nothing in it contradicts itself, and the page carries all of it."""

from __future__ import annotations

import re

from packshot.web.shortcuts import GROUPS, Shortcut, split

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
