"""The addresses of boards."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.studio.boards import (
    board_views,
    gallery_views,
    home_views,
    member_views,
    picture_views,
    thread_views,
    views,
)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home_views.home, name="home"),
    path("library", gallery_views.library, name="library"),
    path("library/duplicates", gallery_views.duplicates, name="library-duplicates"),
    path("boards/choose", gallery_views.choose, name="board-choose"),
    path("boards/put", gallery_views.put, name="board-put"),
    path("boards/list", home_views.listing, name="board-list"),
    path("boards/new", home_views.new, name="board-new"),
    path("boards/inbox", home_views.inbox, name="inbox"),
    path("boards/", views.create, name="board-create"),
    path("boards/<str:slug>/", views.board, name="board"),
    path("boards/<str:slug>/gallery", gallery_views.board, name="board-gallery"),
    path("boards/<str:slug>/header", board_views.head, name="board-header"),
    path("boards/<str:slug>/title", board_views.rename, name="board-rename"),
    path("boards/<str:slug>/words", board_views.edit, name="board-edit"),
    path("boards/<str:slug>/cover", board_views.cover, name="board-cover"),
    path("boards/<str:slug>/archive", board_views.archive, name="board-archive"),
    path("boards/<str:slug>/delete", board_views.delete, name="board-delete"),
    path("boards/<str:slug>/restore", board_views.restore, name="board-restore"),
    path("boards/<str:slug>/activity", board_views.activity, name="board-activity"),
    path("boards/<str:slug>/members", member_views.members, name="board-members"),
    path("boards/<str:slug>/audience", member_views.audience, name="board-audience"),
    path("boards/<str:slug>/leave", member_views.leave, name="board-leave"),
    path("boards/<str:slug>/return", member_views.come_back, name="board-return"),
    path("boards/<str:slug>/requests", views.generate, name="board-generate"),
    path("boards/<str:slug>/requests/<uuid:batch_id>/", views.batch, name="board-batch"),
    path("boards/<str:slug>/requests/<uuid:batch_id>/earlier", views.earlier, name="board-earlier"),
    path("requests/<uuid:batch_id>/again", thread_views.again, name="batch-again"),
    path("composer/chips", thread_views.chips, name="composer-chips"),
    path("assets/<uuid:asset_id>/details", picture_views.details, name="asset-details"),
    path("assets/<uuid:asset_id>/link", picture_views.link, name="asset-link"),
    path("assets/<uuid:asset_id>/words", picture_views.describe, name="asset-describe"),
    path("pictures/<uuid:asset_id>/actions", thread_views.actions, name="picture-actions"),
    path("pictures/<uuid:asset_id>/make", thread_views.make, name="picture-make"),
]
