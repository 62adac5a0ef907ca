"""`packshot shoot PHOTO`: the whole road from a photo to finished files, without a browser."""

from packshot.shoot.command import run, shoot

__all__ = ["run", "shoot"]
