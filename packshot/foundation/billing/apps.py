from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "packshot.foundation.billing"
    label = "billing"
