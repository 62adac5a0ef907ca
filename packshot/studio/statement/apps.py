from django.apps import AppConfig


class StatementConfig(AppConfig):
    name = "packshot.studio.statement"
    label = "statement"
