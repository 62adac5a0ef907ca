"""Every address of the studio."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from packshot.web import hooks, language, mock_payments, palette, samples, status, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("packshot.foundation.accounts.urls")),
    path("", include("packshot.foundation.billing.urls")),
    path("", include("packshot.foundation.organizations.urls")),
    path("", include("packshot.foundation.audit.urls")),
    path("", include("packshot.foundation.apikeys.urls")),
    path("", include("packshot.foundation.webhooks.urls")),
    path("", include("packshot.studio.boards.urls")),
    path("", include("packshot.studio.generation.urls")),
    path("", include("packshot.studio.writing.urls")),
    path("", include("packshot.studio.assets.urls")),
    path("", include("packshot.studio.statement.urls")),
    path("hooks/payments/<slug:name>/", hooks.payments, name="hooks-payments"),
    path("hooks/<slug:name>/", hooks.provider, name="hooks"),
    path("mock-payments/pay/<slug:ref>", mock_payments.pay, name="mock-pay"),
    path("mock-payments/portal/<slug:ref>", mock_payments.portal, name="mock-portal"),
    path("mock-payments/invoices/<slug:ref>", mock_payments.invoice, name="mock-invoice"),
    path("mock-payments/confirm/<slug:ref>", mock_payments.confirm, name="mock-confirm"),
    path("mock-payments/clock", mock_payments.clock, name="mock-clock"),
    path("settings/language", language.language, name="settings-language"),
    path("status/", status.page, name="status"),
    path("_components", samples.components, name="components"),
    path("palette", palette.palette, name="palette"),
    path("shell/balance", views.balance, name="shell-balance"),
    path("shell/credits", views.credits_popover, name="shell-credits"),
    path("shell/running", views.running, name="shell-running"),
    path("shell/queue", views.queue, name="shell-queue"),
    path("shell/queue/waiting/cancel", views.cancel_waiting, name="shell-queue-cancel-waiting"),
    path("shell/queue/<uuid:batch_id>/cancel", views.cancel, name="shell-queue-cancel"),
]

handler403 = "packshot.web.errors.forbidden"
handler404 = "packshot.web.errors.not_found"
handler500 = "packshot.web.errors.server_error"
handler429 = "packshot.foundation.accounts.views.too_many"  # asked for by allauth's limits
