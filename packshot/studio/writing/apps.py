from django.apps import AppConfig


class WritingConfig(AppConfig):
    name = "packshot.studio.writing"
    label = "writing"
