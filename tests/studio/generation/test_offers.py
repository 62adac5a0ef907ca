"""What can be ordered now: the operator's prices and switches, providers that are not set up, and quotes that hold."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from typer.testing import CliRunner

from packshot.cli import app
from packshot.errors import Invalid, NotFound
from packshot.settings import settings
from packshot.studio.generation import bulk, commands, operator, providers, queries
from packshot.studio.generation.catalogue import catalogue
from packshot.studio.generation.errors import ModelUnavailable, PriceChanged
from packshot.studio.generation.offers import changes, offers
from tests.worker.support import order

CREDIT = 1_000_000


@pytest.fixture(autouse=True)
def untouched(admin):
    """Every test begins and ends with the catalogue as it is."""
    yield
    admin.execute("delete from public.generation_modelsetting")
    changes.forget()


def view(model: str):
    return next(each for each in queries.models() if each.id == model)


def test_a_model_whose_providers_are_not_set_up_is_shown_and_cannot_be_ordered(tenant):
    assert providers.known()["fal"].enable == "PACKSHOT_FAL_KEY"
    found = view("flux")
    assert not found.available
    assert "operator" in found.why_not
    assert "PACKSHOT" not in found.why_not
    wanted = order(model="flux", size=1024)
    with pytest.raises(ModelUnavailable) as raised:
        commands.submit(tenant.actor, wanted)
    assert raised.value.code == "model_unavailable"
    assert queries.running(tenant.actor).count == 0


def test_with_debug_the_setting_is_named(monkeypatch):
    monkeypatch.setattr(settings(), "debug", True)
    assert "PACKSHOT_GEMINI_KEY / PACKSHOT_FAL_KEY" in view("nano-banana").why_not


def test_a_model_with_one_of_its_providers_set_up_goes_there(tenant, monkeypatch, admin):
    known = dict(providers.known()) | {"fal": providers.Known("fal")}
    monkeypatch.setattr(providers, "_known", known)
    assert offers()["nano-banana"].routes == ("fal",)
    taken = commands.submit(tenant.actor, order(model="nano-banana", size=1024))
    job = admin.execute(
        "select provider, routes, preferred, cost from public.generation_job where batch_id = %s",
        [taken.batch_id],
    ).fetchone()
    assert job == ("fal", ["fal"], "fal", 67_000)


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"fal_key": SecretStr("k")},
        {"gemini_key": SecretStr("k")},
        {"gemini_vertex_project": "a-project", "fal_key": SecretStr("k")},
        {"mock_provider": False},
    ],
    ids=lambda keys: "+".join(keys) or "none",
)
def test_every_provider_that_is_set_up_is_made_by_the_wiring(monkeypatch, keys):
    from packshot import wiring

    for name, value in keys.items():
        monkeypatch.setattr(settings(), name, value)
    made = set(wiring.generators(wiring.imaging_pool()))
    assert made == {name for name, known in wiring.known_providers().items() if known.enable is None}


def test_a_model_that_was_switched_off_is_not_sold_and_work_under_way_goes_on(tenant, admin):
    before = commands.submit(tenant.actor, order())
    operator.switch("mock-scene", off=True)
    assert "switched" in view("mock-scene").why_not
    with pytest.raises(ModelUnavailable):
        commands.submit(tenant.actor, order())
    assert queries.batch(tenant.actor, before.batch_id).state.value == "queued"
    operator.switch("mock-scene", off=False)
    assert commands.submit(tenant.actor, order()).accepted == 1


def test_what_was_taken_is_answered_the_same_after_the_model_was_switched_off(tenant):
    asked = order()
    first = commands.submit(tenant.actor, asked)
    operator.switch("mock-scene", off=True)
    assert commands.submit(tenant.actor, asked) == first


def test_another_attempt_at_a_model_that_is_off_is_refused(tenant):
    batch_id = commands.submit(tenant.actor, order()).batch_id
    commands.cancel_batch(tenant.actor, batch_id)
    (tile,) = queries.batch(tenant.actor, batch_id).tiles
    operator.switch("mock-scene", off=True)
    with pytest.raises(ModelUnavailable):
        commands.retry_job(tenant.actor, tile.job_id, "again")
    operator.reset("mock-scene")
    assert commands.retry_job(tenant.actor, tile.job_id, "again").accepted == 1


def test_work_on_many_pictures_goes_to_the_first_model_that_can_be_had():
    assert bulk._model("remove_background").id == "local-cutout"
    operator.switch("local-cutout", off=True)
    assert bulk._model("remove_background").id == "mock-cutout"
    operator.switch("mock-cutout", off=True)
    with pytest.raises(Invalid):
        bulk._model("remove_background")


def test_a_price_that_was_set_is_quoted_and_held(tenant):
    operator.set_price("mock-scene", "1024=3, 2048=7.5")
    assert view("mock-scene").prices == {512: 3 * CREDIT, 1024: 3 * CREDIT, 2048: 7_500_000}
    assert queries.quote(tenant.actor, order(variants=2)).total == 6 * CREDIT
    assert commands.submit(tenant.actor, order(variants=2)).charged_hold == 6 * CREDIT
    operator.set_price("mock-clip", "2.25")
    assert view("mock-clip").prices == {1: 2_250_000, 2: 4_500_000, 4: 9 * CREDIT}


def test_never_more_is_held_than_the_person_was_shown(tenant):
    shown = view("mock-scene").prices[1024]
    operator.set_price("mock-scene", "1024=3,2048=7")
    with pytest.raises(PriceChanged) as raised:
        commands.submit(tenant.actor, order(quoted=shown))
    assert (raised.value.code, raised.value.detail["price"]) == ("price_changed", 3 * CREDIT)
    assert "3 credits" in raised.value.message
    assert queries.running(tenant.actor).count == 0
    # Looked at again, it is taken; and who was shown more pays what it costs now.
    assert commands.submit(tenant.actor, order(quoted=3 * CREDIT)).charged_hold == 3 * CREDIT
    assert commands.submit(tenant.actor, order(quoted=9 * CREDIT)).charged_hold == 3 * CREDIT


def test_an_order_that_was_taken_keeps_its_price(tenant):
    asked = replace(order(), quoted=2 * CREDIT)
    first = commands.submit(tenant.actor, asked)
    operator.set_price("mock-scene", "1024=30,2048=70")
    assert commands.submit(tenant.actor, asked) == first
    assert queries.batch(tenant.actor, first.batch_id).price == 2 * CREDIT


@pytest.mark.parametrize("words", ["-1", "free", "", "1024=2", "1024=2,2048=x", "2048=2,1024=4", "1e9"])
def test_what_is_no_price_for_a_model_changes_nothing(words):
    with pytest.raises(Invalid, match="no price for mock-scene"):
        operator.set_price("mock-scene", words)
    assert view("mock-scene").prices[1024] == 2 * CREDIT


def test_a_price_that_fits_the_model_no_more_is_not_replaced_by_another(tenant, admin):
    admin.execute(
        "insert into public.generation_modelsetting (model, price) values"
        """ ('mock-scene', '{"by": "size", "tiers": [{"upto": 64, "credits": 1}]}')"""
    )
    changes.forget()
    assert not view("mock-scene").available
    with pytest.raises(ModelUnavailable):
        commands.submit(tenant.actor, order())


def test_models_that_are_not_known_cannot_be_changed():
    for act in (lambda: operator.set_price("no-such", "1"), lambda: operator.switch("no-such", off=True)):
        with pytest.raises(NotFound):
            act()


@given(st.data())
def test_every_order_that_a_model_takes_has_a_price_and_a_cost_that_its_price_covers(data):
    """Whatever is chosen: a price, a cost of millionths, and at a cent a credit no loss."""
    model = data.draw(st.sampled_from(list(catalogue().values())))
    size, chosen = data.draw(st.sampled_from(list(model.choices())))
    price, cost = model.each(size, chosen), model.cost_each(size, chosen)
    assert price > 0
    assert cost >= 0
    if not model.mock:
        assert cost <= price / CREDIT * 10_000, f"{model.id} is sold below what it costs"
    units = data.draw(st.integers(0, 10_000))
    assert 0 <= model.price.actual(units, price, chosen) <= price


# --- The command line ---------------------------------------------------------------------------------------------


def packshot(*words: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(words), env={"COLUMNS": "200"})
    assert result.exit_code == code, result.output
    return result.output


def test_the_list_says_what_is_sold_and_what_is_missing():
    found = {line["id"]: line for line in json.loads(packshot("models", "--json"))}
    assert found["local-scene"]["available"]
    assert found["local-scene"]["price_micro_credits"] == [2 * CREDIT, 4 * CREDIT]
    assert found["local-scene"]["margin"] == 1.0
    assert found["flux"]["state"] == "not set up: PACKSHOT_FAL_KEY"
    assert found["flux"]["cost_micro_usd"] == [25_000, 75_000]
    assert "nano-banana-pro" in packshot("models")


def test_the_check_says_how_to_enable_and_fails_for_what_is_wrong(admin):
    found = json.loads(packshot("models", "check", "--json"))
    assert found["ok"]
    assert "PACKSHOT_GEMINI_KEY or PACKSHOT_FAL_KEY" in found["unavailable"]["nano-banana"]
    admin.execute("insert into public.generation_modelsetting (model, off) values ('gone', true)")
    changes.forget()
    assert "WRONG: gone" in packshot("models", "check", code=1)


def test_prices_are_asked_and_set():
    assert packshot("models", "price", "local-upscale", "--set", "factor=4", "--count", "3").startswith(
        "12 credits"
    )
    assert "costs us $0.302" in packshot("models", "price", "nano-banana", "--size", "4096", "--count", "2")
    assert "3 credits" in packshot("models", "set", "local-cutout", "--price", "3")
    assert "switched off" in packshot("models", "set", "local-cutout", "--off")
    assert "1 credits; can be ordered" in packshot("models", "set", "local-cutout", "--reset")


@pytest.mark.parametrize(
    "words",
    [
        ("price", "no-such"),
        ("price", "local-scene", "--size", "7"),
        ("price", "local-upscale", "--set", "factor"),
        ("price", "local-upscale", "--set", "colour=red"),
        ("set", "local-scene"),
        ("set", "local-scene", "--off", "--reset"),
        ("set", "local-scene", "--price", "x"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(words):
    packshot("models", *words, code=2)
