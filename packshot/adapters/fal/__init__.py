"""fal.ai: its queue, its callbacks, its words."""
