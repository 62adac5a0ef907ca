"""An asset as the API shows it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from packshot.api.operations import Time, View
from packshot.studio.assets.queries import AssetView


class Asset(View):
    """A picture or clip. Until it is `ready` it has no size and no addresses, which are good for about an hour."""

    id: UUID
    status: str
    reject_reason: str | None
    kind: str
    name: str
    title: str
    alt: str
    tags: list[str]
    product: str
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    duration_seconds: float | None
    url: str | None
    thumbnail_url: str | None
    source_type: str | None
    board: UUID | None
    parent: UUID | None
    model: str | None
    operation: str | None
    prompt: str | None
    seed: int | None
    favourite: bool
    review: str | None
    created_at: Time
    created_by: UUID | None


def shown(request: HttpRequest, view: AssetView) -> Asset:
    return Asset(
        id=view.id,
        status=view.state,
        reject_reason=view.reject_reason,
        kind=view.kind,
        name=view.name,
        title=view.title,
        alt=view.alt,
        tags=list(view.tags),
        product=view.product,
        media_type=view.media_type,
        bytes=view.bytes,
        width=view.width,
        height=view.height,
        duration_seconds=view.duration_s,
        url=view.url and request.build_absolute_uri(view.url),
        thumbnail_url=view.thumb_512 and request.build_absolute_uri(view.thumb_512),
        source_type=view.source_type,
        board=view.board_id,
        parent=view.parent_id,
        model=view.model,
        operation=view.operation,
        prompt=view.prompt,
        seed=view.seed,
        favourite=view.favourite,
        review=view.review,
        created_at=view.created_at,
        created_by=view.created_by,
    )
