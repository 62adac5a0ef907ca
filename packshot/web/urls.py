"""Every address of the studio."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("packshot.foundation.accounts.urls")),
]

handler429 = "packshot.foundation.accounts.views.too_many"  # asked for by allauth's limits
