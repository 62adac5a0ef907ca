"""The addresses of the audit log."""

from __future__ import annotations

from django.urls import URLPattern, path

from packshot.foundation.audit import views

urlpatterns: list[URLPattern] = [
    path("settings/audit", views.log, name="audit"),
    path("settings/audit/export", views.export, name="audit-export"),
]
