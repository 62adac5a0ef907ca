"""The addresses of pictures. Their bytes are served under /blobs/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.studio.assets import (
    change_views,
    export_views,
    gallery_views,
    saved_views,
    views,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("assets/upload", views.upload, name="asset-upload"),
    path("assets/<uuid:asset_id>/state", views.state, name="asset-state"),
    path("assets/<uuid:asset_id>/download", views.download, name="asset-download"),
    path("assets/arrivals", views.expect, name="asset-expect"),
    path("assets/arrivals/<uuid:arrival_id>/done", views.arrived, name="asset-arrived"),
    path("assets/known", views.known, name="asset-known"),
    path("library/page", gallery_views.page, name="pictures-page"),
    path("library/count", gallery_views.count, name="pictures-count"),
    path("library/tag", gallery_views.tag, name="pictures-tag"),
    path("library/changes", change_views.change, name="pictures-change"),
    path("library/changes/<uuid:change_id>", change_views.state, name="change"),
    path("library/changes/<uuid:change_id>/undo", change_views.undo, name="change-undo"),
    path("library/changes/<uuid:change_id>/cancel", change_views.cancel, name="change-cancel"),
    path("library/exports/ask", export_views.ask, name="export-ask"),
    path("library/exports/stream", export_views.stream, name="export-stream"),
    path("library/exports", export_views.start, name="export-start"),
    path("library/exports/<uuid:export_id>", export_views.state, name="export"),
    path("library/exports/<uuid:export_id>/cancel", export_views.cancel, name="export-cancel"),
    path("library/views", saved_views.create, name="view-create"),
    path("library/views/back", saved_views.restore, name="view-restore"),
    path("library/views/<uuid:view_id>/name", saved_views.rename, name="view-rename"),
    path("library/views/<uuid:view_id>/delete", saved_views.delete, name="view-delete"),
]
