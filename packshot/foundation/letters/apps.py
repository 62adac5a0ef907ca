from django.apps import AppConfig


class LettersConfig(AppConfig):
    name = "packshot.foundation.letters"
    label = "letters"
