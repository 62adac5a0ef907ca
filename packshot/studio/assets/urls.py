"""The addresses of pictures. Their bytes are served under /blobs/."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.studio.assets import picture_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("assets/upload", views.upload, name="asset-upload"),
    path("assets/<uuid:asset_id>/state", views.state, name="asset-state"),
    path("assets/<uuid:asset_id>/download", views.download, name="asset-download"),
    path("assets/known", views.known, name="asset-known"),
    path("assets/<uuid:asset_id>/details", picture_views.details, name="asset-details"),
    path("assets/<uuid:asset_id>/link", picture_views.link, name="asset-link"),
]
