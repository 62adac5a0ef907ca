"""fal.ai's queue on loopback: submit, status, result, cancel, signed callbacks, public keys, and the files it made.

What it knows is what the documentation says and fal's own client does. What it does not know, because nobody here has
tried it against the live service:

- media live on the same port, without TLS; at fal they are at https://v3.fal.media and other names below fal.media;
- models answer at once or when they are told to; there is no runner, no concurrency limit, no price but a header;
- whether a cancelled request that had begun reads 499 for every model, and what a status says of it;
- which status and which words a failed request has beside its result, for every kind of failure;
- how results vanish (one hour, or six minutes for large ones): here when `forget` is called;
- `gateway_request_id`, logs, priorities, hints, lifecycles and request timeouts are taken and change nothing;
- how long fal waits between two deliveries: here as many tries as it has, with hardly a pause between them;
- fal refuses private addresses for callbacks and answers to redirects with giving up: here only the latter.
"""

from tests.fakes.fal.plan import ERRORS, Plan
from tests.fakes.fal.server import Fal, Request

__all__ = ["ERRORS", "Fal", "Plan", "Request"]
