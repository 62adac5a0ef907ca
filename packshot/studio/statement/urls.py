"""The addresses of the credits page."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.studio.statement import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/credits", views.page, name="settings-credits"),
    path("settings/credits/history.csv", views.export, name="settings-credits-csv"),
]
