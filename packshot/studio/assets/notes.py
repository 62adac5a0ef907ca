"""What the local engine noted on a picture, in the language of whoever looks; other providers' notes stay as they are.

The engine speaks English, as all that works without a reader does (see packshot/words.py). Some of its sentences carry
words of the person's, which stay as they were written.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext, gettext_noop

_CARRYING = [
    (
        re.compile(r"Local engine: style approximated \(not understood: (?P<words>.+?)\)\."),
        gettext_noop("Local engine: style approximated (not understood: %(words)s)."),
    ),
    (re.compile(r"Not understood: (?P<words>.+?)\."), gettext_noop("Not understood: %(words)s.")),
]
_PLAIN = [
    gettext_noop("The product was cut out of this picture: give its photo too for a cleaner edge."),
    gettext_noop("No product was found to swing around, so the camera moves in."),
]


def noted(text: str) -> str:
    """The note, its sentences translated where they are the engine's."""
    for pattern, sentence in _CARRYING:
        if found := pattern.search(text):
            text = text[: found.start()] + gettext(sentence) % found.groupdict() + text[found.end() :]
    for sentence in _PLAIN:
        text = text.replace(sentence, gettext(sentence))
    return text
