"""The menu of models in a browser: what cannot be ordered stands there with its reason and is not chosen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.walk import sign_up

pytestmark = pytest.mark.browser


def test_a_model_that_is_not_set_up_says_why_and_cannot_be_chosen(page: Page, studio):
    sign_up(page)
    page.locator(".models summary").click()
    entry = page.locator("label.model", has=page.locator("input[value=flux]"))
    expect(entry).to_contain_text("Ask the operator of this studio")
    expect(entry.locator("input")).to_be_disabled()
    entry.click(force=True)
    expect(page.locator(".models .model-now")).to_have_text("Studio scene")
    # What the form says it showed is what the button says.
    assert page.locator("input[name=quoted]").input_value() == "2000000"
    expect(page.locator("form.composer .cost")).to_contain_text("8")
