"""The addresses of boards."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.studio.boards import thread_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("boards/", views.create, name="board-create"),
    path("boards/<str:slug>/", views.board, name="board"),
    path("boards/<str:slug>/title", views.rename, name="board-rename"),
    path("boards/<str:slug>/requests", views.generate, name="board-generate"),
    path("boards/<str:slug>/requests/<uuid:batch_id>/", views.batch, name="board-batch"),
    path("boards/<str:slug>/requests/<uuid:batch_id>/earlier", views.earlier, name="board-earlier"),
    path("requests/<uuid:batch_id>/again", thread_views.again, name="batch-again"),
    path("composer/chips", thread_views.chips, name="composer-chips"),
    path("pictures/<uuid:asset_id>/actions", thread_views.actions, name="picture-actions"),
    path("pictures/<uuid:asset_id>/make", thread_views.make, name="picture-make"),
]
