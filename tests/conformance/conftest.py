"""Organizations at each till (`tills.py`): what the suites of payments are run on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conformance.shops import Open, Shop

# Imported where it is needed: pytest reads this file before there is a database that Django could be set up with.


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "open_shop" in metafunc.fixturenames:
        from tests.conformance.tills import TILLS

        metafunc.parametrize("open_shop", TILLS, indirect=True)


@pytest.fixture
def open_shop(own_database, new_tenant, admin, request, tmp_path: Path) -> Iterator[Open]:
    """Opens organizations at one till; at the end their ledgers must be clean."""
    from packshot.foundation.billing import providers
    from tests.conformance.shops import Shop, clean
    from tests.conformance.tills import TILLS

    opened: list[Shop] = []

    def open_(tax_percent: int = 0) -> Shop:
        if not opened:
            till = TILLS[request.param](tmp_path, tax_percent)
            providers.connect(till.name, lambda: till.provider)
        else:
            till = opened[0].till
        opened.append(Shop(till, new_tenant()))
        return opened[-1]

    yield open_
    for shop in opened:
        clean(admin, shop.tenant.organization_id)
    opened[0].till.close()
    providers.connect(None, lambda: opened[0].till.provider)


@pytest.fixture
def shop(open_shop: Open) -> Shop:
    return open_shop()
