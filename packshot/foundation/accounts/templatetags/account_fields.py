"""One form field as our pages show it: label, help, input, errors, each where a screen reader looks for it."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms import BoundField

register = template.Library()


@register.inclusion_tag("account/_field.html")
def field(bound: BoundField, quiet: object = False) -> dict[str, Any]:
    """Render a field; the first one with an error gets the focus, or the first of an untouched form.

    On a `quiet` page an untouched form leaves the focus alone: there is more to it than its form.
    """
    checkbox = isinstance(bound.field.widget, forms.CheckboxInput)
    password = isinstance(bound.field.widget, forms.PasswordInput)
    # Labels stand above the inputs, where they stay; allauth's placeholders would only repeat them.
    attributes: dict[str, Any] = {"class": "checkbox" if checkbox else "input w-full", "placeholder": False}
    if _has_focus(bound, quiet=bool(quiet)):
        attributes["autofocus"] = True
    return {
        "field": bound,
        "input": bound.as_widget(attrs=attributes),
        "checkbox": checkbox,
        "password": password,
    }


def _has_focus(bound: BoundField, *, quiet: bool) -> bool:
    names = [each.name for each in bound.form.visible_fields()]
    wrong = [name for name in names if bound.form.is_bound and name in bound.form.errors]
    return bound.name in (wrong or ([] if quiet else names))[:1]
