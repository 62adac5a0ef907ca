"""The addresses of boards."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.studio.boards import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("boards/", views.create, name="board-create"),
    path("boards/<str:slug>/", views.board, name="board"),
    path("boards/<str:slug>/title", views.rename, name="board-rename"),
    path("boards/<str:slug>/requests", views.generate, name="board-generate"),
    path("boards/<str:slug>/requests/<uuid:batch_id>/", views.batch, name="board-batch"),
    path("boards/<str:slug>/requests/<uuid:batch_id>/earlier", views.earlier, name="board-earlier"),
]
