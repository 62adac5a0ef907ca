"""Pictures: found, described, taken and put into the trash."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from django.http import HttpResponse, HttpResponseRedirect
from ninja import Query, Router
from pydantic import ConfigDict, Field

from packshot.api import paging
from packshot.api.guard import ApiRequest
from packshot.api.operations import ApiKey, Given
from packshot.api.v1.pictures import Asset, shown
from packshot.errors import NotFound
from packshot.studio.assets import commands, queries
from packshot.studio.assets.contracts import Search, Selection

router = Router(tags=["Assets"])

Tag = Annotated[str, Field(min_length=1, max_length=40)]


class AssetList(paging.Page[Asset]):
    pass


class Wanted(paging.Paged):
    board: Annotated[UUID | None, Field(description="Only what lies on this board.")] = None
    q: Annotated[
        str, Field(max_length=400, description="Words in prompt, title, alt text, tags and names.")
    ] = ""
    kind: Literal["photo", "picture", "video"] | None = None
    tag: Annotated[str | None, Field(max_length=40)] = None
    favourite: bool | None = None


class Words(Given):
    """What a picture says of itself; what is left out stays."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"alt": "A green bottle on slate", "tags": ["bottle", "summer"]}]}
    )

    title: Annotated[str | None, Field(max_length=200)] = None
    alt: Annotated[str | None, Field(max_length=1000)] = None
    tags: Annotated[list[Tag] | None, Field(max_length=50)] = None
    product: Annotated[str | None, Field(max_length=200)] = None


class Form(Given):
    format: Literal["original", "jpeg", "png", "webp", "avif"] = "original"


@router.get("/assets", response=AssetList, auth=ApiKey("assets:read"), operation_id="list_assets")
def listing(request: ApiRequest, wanted: Query[Wanted]) -> AssetList:
    """The latest first."""
    search = Search(
        board=wanted.board,
        text=wanted.q,
        kinds=(wanted.kind,) if wanted.kind else (),
        tags=(wanted.tag,) if wanted.tag else (),
        favourite=bool(wanted.favourite),
    )
    after = paging.id_in("assets", wanted.cursor)
    found = queries.page(request.caller.actor, search, after, wanted.limit + 1)
    rows, more, end = paging.cut(found, wanted.limit, lambda last: paging.cursor("assets", last.id))
    return AssetList(data=[shown(request, each) for each in rows], has_more=more, next_cursor=end)


@router.get("/assets/{uuid:asset_id}", response=Asset, auth=ApiKey("assets:read"), operation_id="get_asset")
def one(request: ApiRequest, asset_id: UUID) -> Asset:
    """One picture."""
    return shown(request, queries.asset(request.caller.actor, asset_id))


@router.get(
    "/assets/{uuid:asset_id}/file",
    response={302: None},
    auth=ApiKey("assets:read"),
    operation_id="get_asset_file",
)
def file(request: ApiRequest, asset_id: UUID, wanted: Query[Form]) -> HttpResponse:
    """On to the file, at an address that is good for about an hour and takes no key."""
    address = commands.download(request.caller.actor, asset_id, form=wanted.format)
    return HttpResponseRedirect(request.build_absolute_uri(address))


@router.patch(
    "/assets/{uuid:asset_id}", response=Asset, auth=ApiKey("assets:write"), operation_id="update_asset"
)
def update(request: ApiRequest, asset_id: UUID, words: Words) -> Asset:
    """Give a picture its words."""
    actor = request.caller.actor
    commands.describe(
        actor, asset_id, title=words.title, alt=words.alt, tags=words.tags, product=words.product
    )
    return shown(request, queries.asset(actor, asset_id))


@router.delete(
    "/assets/{uuid:asset_id}", response={204: None}, auth=ApiKey("assets:write"), operation_id="delete_asset"
)
def delete(request: ApiRequest, asset_id: UUID) -> HttpResponse:
    """Put a picture into the trash, where it stays for thirty days."""
    actor = request.caller.actor
    if not queries.assets(actor, [asset_id]):
        raise NotFound("There is no such picture.")
    commands.change(actor, Selection(ids=(asset_id,)), "trash")
    return HttpResponse(status=204)
