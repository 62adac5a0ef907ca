"""Every address of the API."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.api import pages
from packshot.api.v1.app import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("v1/openapi.json", pages.openapi),
    path("v1/errors/<slug:name>", pages.error),
    path("v1/", api.urls),
]
