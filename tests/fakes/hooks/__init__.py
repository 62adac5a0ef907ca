"""A server that receives webhooks as other people's do: real HTTP, every kind of weather, and a verification of its
own that shares nothing with what signs."""

from tests.fakes.hooks.receiver import Received, Receiver, verified

__all__ = ["Received", "Receiver", "verified"]
