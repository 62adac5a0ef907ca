"""The engine's notes speak the reader's language: all of them that there are, as the engine says them."""

from __future__ import annotations

import inspect

from django.utils import translation

from packshot.adapters.local import edits
from packshot.imaging import clip
from packshot.imaging.edit import words
from packshot.imaging.scene import words as scenes
from packshot.studio.assets.notes import noted


def test_words_that_were_left_aside_are_told_as_they_were_written():
    note = scenes.read("quorble zint").note
    assert note is not None
    assert noted(note) == note
    with translation.override("de"):
        assert noted(note) == "Lokale Engine: Stil angenähert (nicht verstanden: quorble, zint)."


def test_two_sentences_are_both_translated():
    wish = words.read("quorble warmer")
    note = edits.note(wish, cut_again=True)
    assert note is not None
    with translation.override("de"):
        assert noted(note) == (
            "Nicht verstanden: quorble. Das Produkt wurde aus diesem Bild ausgeschnitten:"
            " Gib auch sein Foto für eine sauberere Kante."
        )


def test_a_clip_that_could_not_swing_says_so():
    sentence = "No product was found to swing around, so the camera moves in."
    assert sentence in inspect.getsource(clip)
    with translation.override("de"):
        assert (
            noted(sentence)
            == "Es wurde kein Produkt gefunden, um das sie kreisen könnte, also fährt die Kamera hinein."
        )


def test_what_somebody_else_notes_stays():
    with translation.override("de"):
        assert noted("Made by a model far away.") == "Made by a model far away."
