"""The addresses of accounts. Their names are allauth's, which finds its own pages by them."""

from __future__ import annotations

from allauth.account import views as allauth_views
from django.urls import URLPattern, URLResolver, include, path, re_path

from packshot.foundation.accounts import views
from packshot.settings import settings

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-up", views.SignUp.as_view(), name="account_signup"),
    path("welcome", views.welcome, name="welcome"),
    path("sign-in", views.SignIn.as_view(), name="account_login"),
    path("sign-out", views.SignOut.as_view(), name="account_logout"),
    path("account-closed", allauth_views.account_inactive, name="account_inactive"),
    path("terms", views.terms, name="terms"),
    path("confirm-email", allauth_views.email_verification_sent, name="account_email_verification_sent"),
    path("confirm-email/<str:key>", allauth_views.confirm_email, name="account_confirm_email"),
    path("reset-password", allauth_views.password_reset, name="account_reset_password"),
    path("reset-password/sent", allauth_views.password_reset_done, name="account_reset_password_done"),
    path(
        "reset-password/done",
        allauth_views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    re_path(
        r"^reset-password/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>[0-9A-Za-z-]+)$",
        allauth_views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path("confirm-password", allauth_views.reauthenticate, name="account_reauthenticate"),
    path("settings/", views.profile, name="settings"),
    path("settings/password", allauth_views.password_change, name="account_change_password"),
    path("settings/email", allauth_views.email, name="account_email"),
    path("settings/sessions", views.sessions, name="usersessions_list"),
]

if settings().mfa:
    urlpatterns.append(path("settings/second-factor/", include("allauth.mfa.urls")))
