"""Ledger, billing and crashes under a seed: hundreds of made-up histories, each checked against the promises."""
