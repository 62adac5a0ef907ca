"""What the person asked for, checked as far as it can be without a database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

OPERATIONS = ("generate", "remove_background", "upscale")
_MIB = 1024 * 1024


class Mistake(Exception):
    """The person can mend it; one line says how. Nothing was charged."""


@dataclass(frozen=True, slots=True)
class Request:
    """One shoot. None means that the model's own default holds."""

    photo: bytes | None
    """None: nothing is given along, for models that make pictures of words alone."""
    name: str
    operation: str
    prompt: str
    out: Path
    variants: int
    ratio: str | None = None
    size: int | None = None
    seed: int | None = None
    factor: int | None = None
    model: str | None = None
    """None: the first that is offered for the operation; else the operation is the model's."""


def read_photo(path: Path) -> bytes:
    """The photo's bytes. Raises Mistake for what is missing, too large, or no picture by its first bytes."""
    from packshot.imaging.decode import (
        MAX_BYTES,
        sniff,
    )  # heavy, and the command line is for other things too

    try:
        if path.is_dir():
            raise Mistake(f"{path} is a folder; name one photo.")
        size = path.stat().st_size
        if not path.is_file():
            raise Mistake(f"{path} is not a file.")
        if size > MAX_BYTES:
            limit = MAX_BYTES // _MIB
            raise Mistake(f"{path} is larger than {limit} MB. Save a smaller copy and try again.")
        data = path.read_bytes()
    except FileNotFoundError:
        raise Mistake(f"{path} does not exist.") from None
    except OSError as error:
        raise Mistake(f"{path} cannot be read: {error.strerror}.") from None
    if not data:
        raise Mistake(f"{path} is empty.")
    if sniff(data) is None:
        raise Mistake(f"{path} is not a JPEG, PNG, WebP or AVIF picture, whatever it is called.")
    return data


def ready_folder(out: Path) -> Path:
    """The folder for the results, made where it is missing. Raises Mistake."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise Mistake(f"{out} is a file; --out names a folder.") from None
    except OSError as error:
        raise Mistake(f"The folder {out} cannot be made: {error.strerror}.") from None
    return out
