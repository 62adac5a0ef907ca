from django.apps import AppConfig


class AssetsConfig(AppConfig):
    name = "packshot.studio.assets"
    label = "assets"
