"""Django's settings, all of them taken from `packshot.settings` or fixed by the design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packshot.db.addresses import parameters
from packshot.settings import settings

_settings = settings()
_HERE = Path(__file__).parent

DEBUG = _settings.debug
SECRET_KEY = _settings.secret()
ALLOWED_HOSTS = _settings.allowed_hosts
ROOT_URLCONF = "packshot.web.urls"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = True

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "allauth.mfa",
    "django_htmx",
    "packshot.foundation.accounts",
    "packshot.foundation.organizations",
    "packshot.studio.credits",
    "packshot.studio.generation",
    "packshot.studio.assets",
    "packshot.studio.boards",
    "packshot.web",
]


def _database(login: str, *, pool: int | None) -> dict[str, Any]:
    if _settings.database_url is None:
        raise RuntimeError("DATABASE_URL is not set: start through `packshot`, which brings its own server.")
    found = parameters(_settings.database_url, login=login)
    options = {
        key: value
        for key, value in found.items()
        if key not in {"host", "port", "dbname", "user", "password"}
    }
    if pool is not None:
        options["pool"] = {"min_size": 0, "max_size": pool, "timeout": 30}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": found["host"],
        "PORT": str(found.get("port", "")),
        "NAME": found["dbname"],
        "USER": login,
        "PASSWORD": found["password"],
        "OPTIONS": options,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }


DATABASES = {
    "default": _database(f"packshot_{_settings.role}", pool=_settings.database_pool),
    # Only `migrate` uses this one.
    "owner": _database("packshot_owner", pool=None),
}

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [_HERE / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

STATIC_URL = "/static/"
STATICFILES_DIRS = [_HERE / "static"]
