"""The addresses of the keys' page."""

from __future__ import annotations

from django.urls import URLPattern, path

from packshot.foundation.apikeys import views

urlpatterns: list[URLPattern] = [
    path("settings/keys", views.keys, name="keys"),
    path("settings/keys/new", views.make, name="key-make"),
    path("settings/keys/<uuid:key_id>/rotate", views.rotate, name="key-rotate"),
    path("settings/keys/<uuid:key_id>/revoke", views.revoke, name="key-revoke"),
]
