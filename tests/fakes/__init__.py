"""Vendors of our own: real HTTP on loopback, with state, speaking the vendors' protocols as they are documented."""
