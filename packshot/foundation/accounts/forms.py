"""The forms of accounts: allauth's, asking for less and in our words."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.account import fields as allauth_fields
from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.app_settings import EmailVerificationMethod
from allauth.account.models import EmailAddress
from allauth.account.utils import filter_users_by_email
from allauth.core import ratelimit
from django import forms
from django.conf import settings as django_settings
from django.contrib.auth.hashers import make_password
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import rotate_token
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from packshot.foundation.accounts.commands import NAME_LENGTH, sign_up
from packshot.foundation.accounts.errors import EmailTaken
from packshot.foundation.accounts.models import User
from packshot.settings import settings

UNFINISHED = "sign_up_unfinished"


class SignUpForm(allauth_forms.SignupForm):  # type: ignore[misc]  # allauth has no types
    """E-mail, password once, the terms, and a name for those who like; tells nobody who has an account."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=NAME_LENGTH,
        help_text=_("Optional."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    terms = forms.BooleanField(error_messages={"required": _("Accept the terms to go on.")})

    field_order: ClassVar[list[str]] = ["email", "password1", "name", "terms"]
    redirect_url = ""
    """Where this sign-up leads; set by the view."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["terms"].label = format_html(
            '{} <a class="link" href="{}">{}</a>', _("I accept the"), reverse("terms"), _("terms of use")
        )
        self.fields["password1"].help_text = _("Ten characters or more. A few words are easy to remember.")

    def validate_unique_email(self, value: str) -> str:
        """Remember whether the address is taken; what then happens looks the same as if it were not."""
        self.account_already_exists = bool(filter_users_by_email(value))
        return value

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        given = self.cleaned_data
        if self.account_already_exists:
            make_password(given["password1"])  # takes as long as making the account would
            return None, self._as_if(request)
        try:
            user = sign_up(
                email=given["email"],
                password=given["password1"],
                name=given["name"],
                terms_version=settings().terms_version,
                at=timezone.now(),
            )
        except EmailTaken:  # a moment ago, by another request
            self.account_already_exists = True
            return None, self._as_if(request)
        return user, None

    def _as_if(self, request: HttpRequest) -> HttpResponse:
        """The answer that a new address gets. The address itself gets a mail that it has an account already."""
        if django_settings.ACCOUNT_EMAIL_VERIFICATION == EmailVerificationMethod.MANDATORY:
            response: HttpResponse = super().try_save(request)[1]
            return response
        # Without confirmation a new person is signed in at once and sent on; so is this one sent on, and the
        # next page, finding nobody signed in, asks to sign in.
        email = self.cleaned_data["email"]
        if ratelimit.consume(request, action="confirm_email", key=email):
            get_adapter().send_account_already_exists_mail(email)
        request.session.cycle_key()
        request.session[UNFINISHED] = True
        rotate_token(request)
        return HttpResponseRedirect(self.redirect_url)


class SignInForm(allauth_forms.LoginForm):  # type: ignore[misc]  # allauth has no types
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")


class ResetPasswordForm(allauth_forms.ResetPasswordForm):  # type: ignore[misc]  # allauth has no types
    email = allauth_fields.EmailField(label=_("E-mail address"))


class AddEmailForm(allauth_forms.AddEmailForm):  # type: ignore[misc]  # allauth has no types
    """Change the address: the new one counts from when it is confirmed."""

    email = allauth_fields.EmailField(label=_("New address"))

    def clean_email(self) -> str:
        email: str = super().clean_email()
        by_link = not django_settings.ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED
        if by_link and not EmailAddress.objects.get_verified(self.user):
            # allauth would take the only, unconfirmed address away to make room for the new one.
            raise forms.ValidationError(_("Confirm your present address first: its link is in your mail."))
        return email


class ChangePasswordForm(allauth_forms.ChangePasswordForm):  # type: ignore[misc]  # allauth has no types
    """The present password and the new one, once: it can be looked at while it is typed."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        self.fields["oldpassword"].label = _("Present password")
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = _("Ten characters or more. Other browsers will be signed out.")


class ResetPasswordKeyForm(allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]  # allauth has no types
    """The new password, once."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = _("Ten characters or more. Other browsers will be signed out.")


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=NAME_LENGTH,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
