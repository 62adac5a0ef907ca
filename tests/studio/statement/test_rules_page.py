"""What owners and admins decide on the rules' page, and who else meets it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import reverse

from packshot.studio.credits import notices, queries, topups
from packshot.studio.credits.money import MICRO
from packshot.studio.credits.topups import Pack, Paid, Shop
from tests.foundation.people import plan

PAGE = "/settings/credits/rules"


@pytest.fixture
def packs() -> Iterator[None]:
    topups.connect(Shop(lambda _: [Pack("small", 1000 * MICRO, "10 EUR")], lambda *_: Paid()))
    yield
    topups.connect(None)


def test_a_topup_of_a_plan_without_it_opens_the_dialog_and_saves_nothing(tenant, browse, packs):
    client = browse(tenant.actor)
    assert "Your plan does not bring it." in client.get(PAGE).content.decode()
    form = {"enabled": "on", "below": "50", "pack": "small", "daily_cap": "2"}
    answer = client.post(reverse("settings-credits-topup"), form, headers={"HX-Request": "true"})
    assert answer.status_code == 402
    assert "Automatic top-ups belong to a larger plan" in answer.content.decode()
    assert topups.rule(tenant.actor) is None
    client.post(reverse("settings-credits-topup"), {**form, "enabled": ""})
    assert topups.rule(tenant.actor).enabled is False


def test_a_cap_is_set_changed_and_taken_off(tenant, join, browse):
    member = join(tenant)
    client = browse(tenant.actor)
    for words, cap in (("25", 25 * MICRO), ("0", 0), ("", None)):
        answer = client.post(reverse("settings-credits-cap"), {"member": member.user_id, "cap": words})
        assert (answer.status_code, answer["Location"]) == (302, PAGE)
        assert queries.spendable(member).cap == cap
    assert "Mia Member" in client.get(PAGE).content.decode()


@pytest.mark.parametrize("words", ["-1", "2.5", "many", "1000000000", "²"])
def test_what_is_no_number_of_credits_is_refused(tenant, join, browse, words):
    member = join(tenant)
    client = browse(tenant.actor)
    for name, form in (
        ("settings-credits-cap", {"member": member.user_id, "cap": words}),
        ("settings-credits-notice", {"below": words}),
    ):
        assert client.post(reverse(name), form).status_code == 422
    assert queries.spendable(member).cap is None
    assert notices.watch(tenant.actor) is None


def test_a_notice_is_asked_for_and_given_back(tenant, browse):
    client = browse(tenant.actor)
    client.post(reverse("settings-credits-notice"), {"below": "40"})
    assert notices.watch(tenant.actor) == notices.Watch(40 * MICRO, low=False)
    client.post(reverse("settings-credits-notice"), {"below": ""})
    assert notices.watch(tenant.actor) is None


def test_without_a_shop_nothing_is_offered(tenant, browse):
    client = browse(tenant.actor)
    assert "Buy a pack by itself" not in client.get(PAGE).content.decode()
    form = {"enabled": "on", "below": "50", "pack": "small", "daily_cap": "2"}
    assert client.post(reverse("settings-credits-topup"), form).status_code == 422
    assert topups.rule(tenant.actor) is None


def test_a_topup_is_switched_on_and_off(tenant, browse, packs):
    plan(tenant.organization_id, 1)
    client = browse(tenant.actor)
    assert "1,000 credits, 10 EUR" in client.get(PAGE).content.decode()
    form = {"enabled": "on", "below": "50", "pack": "small", "daily_cap": "2"}
    client.post(reverse("settings-credits-topup"), form)
    rule = topups.rule(tenant.actor)
    assert rule is not None
    assert (rule.enabled, rule.below, rule.pack, rule.daily_cap) == (True, 50 * MICRO, "small", 2)
    client.post(reverse("settings-credits-topup"), {**form, "enabled": ""})
    rule = topups.rule(tenant.actor)
    assert rule is not None
    assert not rule.enabled
    assert client.post(reverse("settings-credits-topup"), {**form, "pack": "other"}).status_code == 422
    assert client.post(reverse("settings-credits-topup"), {**form, "daily_cap": "99"}).status_code == 422


def test_members_and_strangers_are_refused(tenant, new_tenant, join, browse, packs):
    member, stranger = join(tenant), new_tenant()
    client = browse(member)
    assert client.get(PAGE).status_code == 403
    assert (
        "Caps, notices and top-ups"
        not in client.get("/settings/credits").content.decode().partition("<main")[2]
    )
    forms = {
        "settings-credits-cap": {"member": member.user_id, "cap": "1000"},
        "settings-credits-notice": {"below": "10"},
        "settings-credits-topup": {"enabled": "on", "below": "50", "pack": "small", "daily_cap": "2"},
    }
    for name, form in forms.items():
        assert client.post(reverse(name), form).status_code == 403, name
        assert client.get(reverse(name)).status_code == 405
    outside = {"member": member.user_id, "cap": "1"}
    assert browse(stranger.actor).post(reverse("settings-credits-cap"), outside).status_code == 404
    assert queries.spendable(member).cap is None
    assert topups.rule(tenant.actor) is None
    assert notices.watch(tenant.actor) is None
