"""The addresses of the settings of webhooks."""

from __future__ import annotations

from django.urls import URLPattern, path

from packshot.foundation.webhooks import views

urlpatterns: list[URLPattern] = [
    path("settings/webhooks", views.webhooks, name="webhooks"),
    path("settings/webhooks/new", views.new, name="webhook-new"),
    path("settings/webhooks/<uuid:endpoint_id>", views.webhook, name="webhook"),
    path("settings/webhooks/<uuid:endpoint_id>/change", views.change, name="webhook-change"),
    path("settings/webhooks/<uuid:endpoint_id>/rotate", views.rotate, name="webhook-rotate"),
    path("settings/webhooks/<uuid:endpoint_id>/switch", views.switch, name="webhook-switch"),
    path("settings/webhooks/<uuid:endpoint_id>/delete", views.delete, name="webhook-delete"),
    path("settings/webhooks/<uuid:endpoint_id>/test", views.test, name="webhook-test"),
    path("settings/webhooks/<uuid:endpoint_id>/replay", views.replay_failed, name="webhook-replay-failed"),
    path("settings/webhooks/deliveries/<uuid:delivery_id>/replay", views.replay, name="webhook-replay"),
]
