"""The addresses of a studio that runs with PACKSHOT_MFA=1."""

from __future__ import annotations

from django.urls import include, path

from packshot.web import urls

urlpatterns = [*urls.urlpatterns, path("settings/second-factor/", include("allauth.mfa.urls"))]
handler429 = urls.handler429
