from django.apps import AppConfig


class OrganizationsConfig(AppConfig):
    name = "packshot.foundation.organizations"
    label = "organizations"
