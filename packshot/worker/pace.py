"""The worker's clockwork, in seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Pace:
    """Together they say how soon the work of a killed worker is taken up: queue + dequeue, 15 s at most.

    The lease is shorter than the queue's patience, so that a message which comes again finds it expired.
    """

    lease: float = 8.0
    heartbeat: float = 2.0
    """How often leases are renewed; also how soon a cancel reaches a running job."""
    queue: float = 10.0
    """After so long without a sign of life the queue gives a message to another worker."""
    dequeue: float = 5.0
    """The queue is looked at this often even when no notification comes."""
    progress: float = 0.4
    sweep: float = 15.0
    sweep_grace: float = 20.0
    """Nothing is swept that could still be on its regular way: above queue + dequeue."""
    offers: int = 3
    """A job past its deadline is given up after being swept so often without a worker moving it."""
    forget: float = 3600.0
    payments: float = 1.0
    """How often the inbox of payments is looked at; who has paid waits for that on the success page at most."""
    letters: float = 5.0
    """How often letters that are due are looked for."""
    webhooks: float = 1.0
    """How often it is looked for messages to other people's servers."""
    stop: float = 8.0
    """A stopping worker finishes what it can for so long, and then hands the rest back."""
