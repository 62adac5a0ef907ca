"""The addresses of plans and payments."""

from __future__ import annotations

from django.urls import path

from packshot.foundation.billing import seat_views, upgrade_views, views

urlpatterns = [
    path("pricing", views.pricing, name="pricing"),
    path("billing", views.billing, name="billing"),
    path("billing/buy", views.buy, name="billing-buy"),
    path("billing/orders/<uuid:order_id>", views.order, name="billing-order"),
    path("billing/invoices/<path:invoice_ref>.pdf", views.invoice, name="billing-invoice"),
    path("billing/change", views.change, name="billing-change"),
    path("billing/cancel", views.cancel, name="billing-cancel"),
    path("billing/resume", views.resume, name="billing-resume"),
    path("billing/portal", views.portal, name="billing-portal"),
    path("billing/upgrade", upgrade_views.upgrade, name="billing-upgrade"),
    path("billing/seats", seat_views.preview, name="billing-seats"),
    path("billing/seats/buy", seat_views.buy, name="billing-seats-buy"),
]
