from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "packshot.studio.credits"
    label = "credits"
