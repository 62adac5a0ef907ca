"""Plans are data: what is wrong with them is said, and what was bought under a key is bought for ever."""

from __future__ import annotations

from importlib.resources import files

import pytest
from django.utils.translation import override
from psycopg import DatabaseError
from psycopg.types.json import Jsonb
from typer.testing import CliRunner

from packshot.cli import app
from packshot.foundation.billing import naming, plans
from packshot.foundation.billing.plans import MICRO, read
from packshot.ports.money import Money, decimals
from tests.foundation.billing.conftest import client_of

TEXT = (files("packshot.foundation.billing") / "plans.toml").read_text()


def test_what_is_shipped():
    book = read(TEXT)
    assert {key: (p.credits, p.slots) for key, p in book.plans.items() if key in ("free", "pro", "team")} == {
        "free": (500, 10),
        "pro": (3000, 50),
        "team": (10_000, 100),
    }
    tiers = [plan.slots for key, plan in book.plans.items() if key.startswith("store-")]
    assert tiers == [100, 500, 1000, 5000]
    for currency in ("usd", "eur", "jpy"):
        sold = list(book.offers(currency))
        assert len(sold) == 6 * 2 + 3
        assert len({offer.price.key for offer in sold}) == len(sold)
    assert book.terms("team")["credits"] == 10_000 * MICRO


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('usd = "25"', 'usd = "25.001"', "minor units"),
        ('jpy = "3800"', 'jpy = "3800.5"', "minor units"),
        ("rank = 20", "rank = 10", "ranks differ"),
        ('"members", "audit"]', '"members", "sso"]', "no gate asks"),
        ("[plans.free]", "[plans.gratis]", "called free"),
        ("credits = 3000", "credits = -1", "credits"),
        ("per_seat = true", "per_seat = false", "by the seat"),
        ("trial_days = 14", "trial = 14", "trial"),
        ("translations.de", "translations.Deutsch", "no language's code"),
        ('translations.de = { name = "Kostenlos"', 'translations.de = { title = "Kostenlos"', "title"),
    ],
)
def test_what_is_wrong_is_said(before, after, said, tmp_path):
    assert before in TEXT
    broken = TEXT.replace(before, after, 1)
    with pytest.raises(ValueError, match=said):
        read(broken)
    file = tmp_path / "plans.toml"
    file.write_text(broken)
    done = CliRunner().invoke(app, ["plans", "check", str(file)])
    assert done.exit_code == 1


def test_the_command_says_what_is_sold():
    done = CliRunner().invoke(app, ["plans", "check"])
    assert done.exit_code == 0, done.output
    assert "pro-1-month-usd-2500" in done.output


def test_a_key_that_was_sold_never_means_something_else(own_database, login):
    worker = login("packshot_worker")
    found, prices = plans.published()
    publish = "select billing_publish_v1(%s, %s)"
    worker.execute(publish, [Jsonb(found), Jsonb(prices)])
    worker.execute(publish, [Jsonb(found), Jsonb(prices[1:])])
    worker.execute(publish, [Jsonb(found), Jsonb(prices)])
    more = [prices[0] | {"terms": prices[0]["terms"] | {"credits": 1}}, *prices[1:]]
    with pytest.raises(DatabaseError, match="raise its version"):
        worker.execute(publish, [Jsonb(found), Jsonb(more)])


def test_currencies_have_their_own_minor_units():
    assert [decimals(each) for each in ("usd", "jpy", "kwd", "isk")] == [2, 0, 3, 0]
    assert [str(Money(1999, each).major) for each in ("usd", "jpy", "kwd")] == ["19.99", "1999", "1.999"]
    with pytest.raises(ValueError, match="currency"):
        Money(1, "USD")


# Names in other languages.


def test_everything_that_is_shipped_has_german_words():
    book = read(TEXT)
    assert all(plan.translations["de"].about for plan in book.plans.values())
    assert all("Credits" in pack.translations["de"].name for pack in book.packs.values())


def test_a_name_is_said_in_the_readers_language_and_is_no_part_of_what_is_bought():
    with override("de"):
        assert naming.name_of("free", "?") == "Kostenlos"
        assert naming.name_of("team", "?") == "Team", "not translated: its own name"
        assert naming.about("pro") == "Für eine Person, die jeden Tag Bilder macht."
    with override("de-at"):
        assert naming.name_of("pack-1000", "?") == "1.000 Credits"
    with override("en"):
        assert naming.name_of("free", "?") == "Free"
        assert naming.name_of("gone", "Sold before") == "Sold before"
    bare = read("\n".join(line for line in TEXT.splitlines() if not line.startswith("translations.")))
    assert bare.terms("free") == read(TEXT).terms("free"), "a better word is no other version"


def test_the_pages_say_them(sold, tenant):
    client = client_of(tenant)
    client.cookies["language"] = "de"
    page = client.get("/pricing").content.decode()
    for words in ("Kostenlos", "Für eine Person, die jeden Tag Bilder macht.", "Shop 1.000", "5.000 Credits"):
        assert words in page
    assert "For one person" not in page
    assert "Kostenlos" in client.get("/billing").content.decode()
    client.cookies["language"] = "en"
    assert "Store 1,000" in client.get("/pricing").content.decode()
