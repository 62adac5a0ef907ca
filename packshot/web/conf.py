"""Django's settings, all of them taken from `packshot.settings` or fixed by the design."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from packshot.db.addresses import parameters
from packshot.foundation.accounts.mail import smtp_settings
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
# The libraries speak fifty languages; these are the ones that our pages speak too: never a page in two.
LANGUAGES = [("en", "English"), ("de", "German")]
LOCALE_PATHS = [_HERE.parent / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
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
    "packshot.foundation.billing",
    "packshot.foundation.audit",
    "packshot.foundation.letters",
    "packshot.foundation.apikeys",
    "packshot.foundation.webhooks",
    "packshot.studio.credits",
    "packshot.studio.generation",
    "packshot.studio.writing",
    "packshot.studio.assets",
    "packshot.studio.boards",
    "packshot.studio.statement",
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
    # Used by `migrate` and by what the operator changes on the command line alone.
    "owner": _database("packshot_owner", pool=None),
}

# --- Accounts: django-allauth, its sessions, its mails, its limits ---------------------------------------

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# scrypt needs memory where a cracker has little, and a third of the time that PBKDF2 takes from us.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "account_login"

_https = _settings.address.startswith("https://")
SESSION_COOKIE_NAME = "packshot_session"
SESSION_COOKIE_AGE = 30 * 24 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = _https
CSRF_COOKIE_NAME = "packshot_csrf"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SECURE = _https
CSRF_TRUSTED_ORIGINS = [_settings.address] if _https else []

# Shared by every process of the studio: the limits below would otherwise count each process alone.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "web_cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

DEFAULT_FROM_EMAIL = _settings.email_from
if _settings.email_url is None:
    EMAIL_BACKEND = "packshot.foundation.accounts.mail.FileBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    globals().update(smtp_settings(_settings.email_url))

ALLAUTH_TRUSTED_PROXY_COUNT = _settings.trusted_proxies
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "dashed": False, "length": 6}
ACCOUNT_ADAPTER = "packshot.foundation.accounts.adapter.AccountAdapter"
ACCOUNT_FORMS = {
    "login": "packshot.foundation.accounts.forms.SignInForm",
    "signup": "packshot.foundation.accounts.forms.SignUpForm",
    "reset_password": "packshot.foundation.accounts.forms.ResetPasswordForm",
    "add_email": "packshot.foundation.accounts.forms.AddEmailForm",
    "change_password": "packshot.foundation.accounts.forms.ChangePasswordForm",
    "reset_password_from_key": "packshot.foundation.accounts.forms.ResetPasswordKeyForm",
}
ACCOUNT_SIGNUP_REDIRECT_URL = "welcome"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_LOGIN_ON_PASSWORD_RESET = True
ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION = True
ACCOUNT_EMAIL_VERIFICATION = "none" if _settings.email_confirmation == "off" else "mandatory"
# A changed address is always confirmed; by a code, unless links were asked for.
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = _settings.email_confirmation != "link"
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_CHANGE_EMAIL = True
# What `Retry-After` promises (foundation/accounts/views.py) is the longest of these windows.
ACCOUNT_RATE_LIMITS = {
    "signup": "20/m/ip",
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/300s/key",
    "reset_password": "20/m/ip,5/m/key",
    "reset_password_from_key": "20/m/ip",
    "change_password": "5/m/user",
    "manage_email": "10/m/user",
    "reauthenticate": "10/m/user",
    "confirm_email": "1/10s/key",
}
MFA_ADAPTER = "packshot.foundation.accounts.second_factor.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Packshot"
# By code, an address is written down only when it is confirmed; with `off` none ever is.
MFA_ALLOW_UNVERIFIED_EMAIL = ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED

MIDDLEWARE = [
    "packshot.web.middleware.Watched",
    "packshot.web.middleware.RequestId",
    "packshot.api.guard.Api",
    "packshot.web.middleware.SecurityHeaders",
    # Pads what it compresses by a random length, so that its size tells nothing of the tokens in it.
    "django.middleware.gzip.GZipMiddleware",
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
    "packshot.web.middleware.Problems",
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
                "packshot.web.context.frame",
            ],
        },
    }
]

CSRF_FAILURE_VIEW = "packshot.web.errors.csrf_failure"

STATIC_URL = "/static/"
STATICFILES_DIRS = [_HERE / "static"]
