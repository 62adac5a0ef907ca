"""The addresses of running work."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from packshot.studio.generation import bulk_views, snippet_views, views

urlpatterns: list[URLPattern | URLResolver] = [
    path("batches/<uuid:batch_id>/", views.batch, name="batch"),
    path("batches/<uuid:batch_id>/cancel", views.cancel_batch, name="batch-cancel"),
    path("batches/<uuid:batch_id>/retry", views.retry_failed, name="batch-retry"),
    path("batches/<uuid:batch_id>/jobs/<uuid:job_id>/cancel", views.cancel_job, name="job-cancel"),
    path("batches/<uuid:batch_id>/jobs/<uuid:job_id>/retry", views.retry_job, name="job-retry"),
    path("composer/prompts", views.prompts, name="prompts"),
    path("composer/snippets", snippet_views.snippets, name="snippets"),
    path("composer/snippets/<uuid:snippet_id>/name", snippet_views.rename, name="snippet-rename"),
    path("composer/snippets/<uuid:snippet_id>/delete", snippet_views.delete, name="snippet-delete"),
    path("bulk/quote", bulk_views.quote, name="bulk-quote"),
    path("bulk/orders", bulk_views.order, name="bulk-order"),
    path("bulk/undo", bulk_views.take_back, name="bulk-undo"),
]
