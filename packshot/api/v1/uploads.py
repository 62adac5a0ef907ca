"""Bringing pictures: in the request itself, or from an address on the internet."""

from __future__ import annotations

import asyncio
import hashlib
import tempfile
import threading
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.http import HttpResponse
from ninja import Router
from ninja.errors import ValidationError as NinjaInvalid
from pydantic import BaseModel, Field, ValidationError

from packshot import wiring
from packshot.api.errors import BadRequest, Busy, Fault, FetchFailedHere, FetchRefusedHere, InvalidRequest
from packshot.api.guard import ApiRequest
from packshot.api.idempotency import once
from packshot.api.operations import ApiKey, Given, StrictParser
from packshot.api.v1.pictures import Asset, shown
from packshot.imaging.decode import MAX_BYTES
from packshot.ports.fetch import FetchFailed, FetchRefused
from packshot.settings import settings
from packshot.studio.assets import commands

router = Router(tags=["Assets"])

Body = TypeVar("Body", bound=BaseModel)

_FETCH_S = 20.0
_fetching = threading.BoundedSemaphore(max(1, settings().web_threads // 2))
"""A fetch keeps its thread: some must be left for everybody else."""


class FromAddress(Given):
    url: Annotated[str, Field(min_length=1, max_length=2000, examples=["https://example.com/bottle.jpg"])]
    board: Annotated[UUID | None, Field(description="Where it lies; none: the inbox.")] = None


class FromFile(Given):
    file: Literal["file"]
    board: UUID | None = None


_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {"schema": FromAddress.model_json_schema()},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP or AVIF."},
                    "board": {"type": "string", "format": "uuid"},
                },
                "required": ["file"],
            }
        },
    },
}


@router.post(
    "/uploads",
    response={201: Asset},
    auth=ApiKey("assets:write"),
    operation_id="create_upload",
    openapi_extra={"requestBody": _BODY},
)
def create(request: ApiRequest) -> HttpResponse:
    """Keep a picture: sent as a form with `file`, or fetched from `url`. It is `new` until it was looked at."""
    return _from_file(request) if request.content_type == "multipart/form-data" else _from_address(request)


def _from_file(request: ApiRequest) -> HttpResponse:
    file = request.FILES.get("file")
    sent = {**request.POST.dict(), **dict.fromkeys(request.FILES, "file")}
    given = _read(FromFile, sent)
    if file is None:
        raise InvalidRequest(Fault("Field required", pointer="#/file"))

    def keep(key: UUID) -> Asset:
        return shown(
            request,
            commands.upload(
                request.caller.actor,
                data=_content(file),
                filename=file.name or "",
                board_id=given.board,
                asset_id=key,
            ),
        )

    payload = f"{given.model_dump_json()} {file.name} {_digest(file)}"
    return once(request, payload, keep, status=201)


def _from_address(request: ApiRequest) -> HttpResponse:
    try:
        sent = StrictParser().parse_body(request)
    except (ValueError, RecursionError) as error:
        raise BadRequest(
            "The body is not JSON that can be kept. Nothing was done.", code="invalid_json"
        ) from error
    given = _read(FromAddress, sent)

    def keep(key: UUID) -> Asset:
        with tempfile.TemporaryDirectory(prefix="packshot-") as folder:
            path = Path(folder) / "file"
            _fetch(given.url, path)
            return shown(
                request,
                commands.upload(
                    request.caller.actor,
                    data=path,
                    filename=unquote(urlsplit(given.url).path),
                    board_id=given.board,
                    asset_id=key,
                ),
            )

    return once(request, given.model_dump_json(), keep, status=201)


def _fetch(url: str, into: Path) -> None:
    """Through the one door out. Raises FetchRefusedHere, FetchFailedHere and Busy."""
    if not _fetching.acquire(blocking=False):
        raise Busy("Others are fetching files just now. Nothing was done.", retry_after=2)
    try:
        fetch = wiring.fetcher().fetch(url, into, hosts=None, max_bytes=MAX_BYTES, timeout_s=_FETCH_S)
        asyncio.run(fetch)
    except FetchRefused as error:
        raise FetchRefusedHere(f"This address cannot be fetched: {error}.", field="url") from error
    except FetchFailed as error:
        raise FetchFailedHere("The other server did not deliver the file. Nothing was kept.") from error
    finally:
        _fetching.release()


def _read(kind: type[Body], sent: object) -> Body:
    try:
        return kind.model_validate(sent)
    except ValidationError as error:
        found = [{**each, "loc": ("body", "given", *each["loc"])} for each in error.errors()]
        raise NinjaInvalid(found) from error


def _content(file: UploadedFile[bytes]) -> Path | bytes:
    if isinstance(file, TemporaryUploadedFile):
        return Path(file.temporary_file_path())
    file.seek(0)
    content: bytes = file.read()
    return content


def _digest(file: UploadedFile[bytes]) -> str:
    file.seek(0)
    found = hashlib.sha256()
    for chunk in file.chunks():
        found.update(chunk)
    return found.hexdigest()
