"""How allauth behaves here: our words, our addresses, no redirect to elsewhere."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.http import HttpRequest, HttpResponseBase
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from packshot.foundation.accounts.languages import arrive
from packshot.foundation.accounts.models import User
from packshot.foundation.letters.writing import speaking
from packshot.settings import settings

EMAIL_LENGTH = 254
_MFA_STAGES = "allauth.mfa."


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """allauth's adapter. Links in mails start with our own address, never with the `Host` of a request."""

    error_messages: ClassVar[dict[str, Any]] = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": _("This account is closed."),
        "email_password_mismatch": _("The e-mail address or the password is not right."),
        "enter_current_password": _("That is not your present password."),
        "incorrect_code": _("That code is not right. Look for the newest mail."),
        "incorrect_password": _("That password is not right."),
        "invalid_password_reset": _("This link has been used or is too old."),
        "duplicate_email": _("That is your address already."),
        "email_taken": _("This address cannot be used."),
        "rate_limited": _("A code was sent a moment ago. Wait ten seconds, then ask again."),
        "same_as_current": _("That is your address already."),
        "too_many_login_attempts": _("Too many tries. Wait five minutes, or set a new password by e-mail."),
    }

    def clean_email(self, email: str) -> str:
        if len(email) > EMAIL_LENGTH:
            raise ValidationError(_("An address has at most 254 characters."), code="max_length")
        return email

    def is_safe_url(self, url: str) -> bool:
        """Only paths of this studio: no other host, whatever `Host` or the settings say."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def post_login(self, request: HttpRequest, user: Any, **details: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().post_login(request, user, **details)
        arrive(user, response)
        return response

    def format_email_subject(self, subject: str) -> str:
        return subject

    def render_mail(
        self, template_prefix: str, email: str | list[str], context: dict[str, Any], headers: Any = None
    ) -> EmailMultiAlternatives:
        """Each mail is written once, as text, in the reader's language; its page is the same text, its links alive."""
        user = context.get("user")
        language = user.language if isinstance(user, User) and user.language else get_language() or ""
        with speaking(language):
            return self._mail(template_prefix, email, {**context, "address": settings().address}, headers)

    def _mail(
        self, template_prefix: str, email: str | list[str], context: dict[str, Any], headers: Any
    ) -> EmailMultiAlternatives:
        subject = render_to_string(f"{template_prefix}_subject.txt", context).strip()
        text = render_to_string(f"{template_prefix}_message.txt", context).strip()
        to = [email] if isinstance(email, str) else email
        mail = EmailMultiAlternatives(subject, text, self.get_from_email(), to, headers=headers)
        page = render_to_string("account/email/base.html", {**context, "subject": subject, "text": text})
        mail.attach_alternative(page, "text/html")
        return mail

    def get_reset_password_from_key_url(self, key: str) -> str:
        uid, _dash, token = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": token})
        return settings().address + path

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:  # noqa: ARG002  (allauth's shape)
        return settings().address + reverse("account_confirm_email", args=[emailconfirmation.key])

    def get_login_stages(self) -> list[str]:
        stages: list[str] = super().get_login_stages()
        return stages if settings().mfa else [stage for stage in stages if not stage.startswith(_MFA_STAGES)]

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        if settings().mfa or not user.is_authenticated:
            return list(super().get_reauthentication_methods(user))
        return [
            {
                "id": "reauthenticate",
                "description": _("Use your password"),
                "url": reverse("account_reauthenticate"),
            }
        ]

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:  # noqa: ARG002  (allauth's shape)
        # allauth's own contains the request's host: another `Host` header would be another set of tries.
        return str(credentials.get("email", "")).lower()
