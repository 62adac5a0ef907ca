from django.apps import AppConfig


class BoardsConfig(AppConfig):
    name = "packshot.studio.boards"
    label = "boards"
