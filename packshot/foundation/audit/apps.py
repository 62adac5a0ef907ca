from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "packshot.foundation.audit"
    label = "audit"
