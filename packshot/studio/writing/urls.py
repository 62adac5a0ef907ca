"""The addresses of what models write."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.studio.writing import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("written/<uuid:reply_id>/", views.written, name="written"),
    path("written/<uuid:reply_id>/make", views.make, name="written-make"),
    path("written/<uuid:reply_id>/answer", views.answer, name="written-answer"),
    path("written/<uuid:reply_id>/decline", views.decline, name="written-decline"),
    path("written/<uuid:reply_id>/cancel", views.cancel, name="written-cancel"),
    path("written/<uuid:reply_id>/retry", views.retry, name="written-retry"),
    path("written/<uuid:reply_id>/refined", views.refined, name="written-refined"),
    path("composer/refine", views.refine, name="composer-refine"),
]
