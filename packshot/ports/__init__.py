"""What the domain asks of the world: protocols and frozen dataclasses, without Django, SDKs or SQL."""
