"""The engine that needs no key and no network: pixels made on this machine's processors."""
