from django.apps import AppConfig


class GenerationConfig(AppConfig):
    name = "packshot.studio.generation"
    label = "generation"
