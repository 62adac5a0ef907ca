"""The addresses of the credits page."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.studio.statement import rules_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("settings/credits", views.page, name="settings-credits"),
    path("settings/credits/history.csv", views.export, name="settings-credits-csv"),
    path("settings/credits/rules", rules_views.page, name="settings-credits-rules"),
    path("settings/credits/rules/notice", rules_views.watch, name="settings-credits-notice"),
    path("settings/credits/rules/topup", rules_views.topup, name="settings-credits-topup"),
    path("settings/credits/rules/cap", rules_views.cap, name="settings-credits-cap"),
]
