"""Google's Gemini as a server on loopback: real HTTP, with a memory, strict about what it is sent.

It speaks the parts that our adapter uses, as they are written down in Google's documentation and its SDK:
`:generateContent` for pictures and words, `/v1/interactions` for videos, `/v1/files/...:download` with a redirect to a
storage host, and of Vertex AI `:generateContent`, `:predictLongRunning`, `:fetchPredictOperation` and the token
endpoint of a service account. It checks keys and tokens, refuses fields that it does not know as Google does, counts
every POST, and says any error or refusal that it is told to say next.

What it does not know: nobody compared it with the live service. Pictures are one colour, their sides only near those
that Google makes; models, quotas, prices, safety rules and processing times are not played; an interaction advances
by being looked at, not by time. Whether Google refuses exactly the fields refused here, the wording of its errors, the
shape of an interaction that failed, and whether a finished file can be downloaded at once, is taken from
documentation or assumed. Files do not expire. Veo answers only with the video inside, never with a storage address.
"""

from tests.fakes.gemini.server import KEY, FakeGemini, Post

__all__ = ["KEY", "FakeGemini", "Post"]
