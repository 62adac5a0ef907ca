from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    name = "packshot.foundation.apikeys"
    label = "apikeys"
