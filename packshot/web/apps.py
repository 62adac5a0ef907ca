from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "packshot.web"
    label = "web"

    def ready(self) -> None:
        from packshot import wiring

        wiring.connect()
