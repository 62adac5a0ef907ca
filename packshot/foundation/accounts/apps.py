from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "packshot.foundation.accounts"
    label = "accounts"
