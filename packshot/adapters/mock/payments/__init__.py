"""A payment provider that takes no money: the whole life cycle, on a clock that can be advanced."""
