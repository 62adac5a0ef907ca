from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "packshot.foundation.webhooks"
    label = "webhooks"
