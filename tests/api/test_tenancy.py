"""Two organizations' keys over every operation: what is another's is not there, and nothing of it moves."""

from __future__ import annotations

import os

import psycopg
import pytest
from uuid_utils.compat import uuid7

from packshot.foundation.organizations import commands as organizations
from packshot.studio.boards import commands as boards
from tests.api.conftest import Program
from tests.api.operations import OPERATIONS
from tests.conftest import Tenant
from tests.foundation.people import Company
from tests.tables import tenant_tables_of
from tests.test_tenancy_matrix import fingerprints, furnish

NAMES = {"generation_id": "batch_id", "asset_id": "asset_id"}


@pytest.fixture(scope="module")
def catalogue():
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        yield connection


@pytest.fixture
def victim(new_tenant, login):
    return furnish(new_tenant(), login("packshot_worker"))


def untouched(catalogue, tenant):
    """Everything of a tenant's but what asking itself writes."""
    tables = [name for name in tenant_tables_of(catalogue) if name != "apikeys_key"]
    return fingerprints(catalogue, tables, tenant)


@pytest.mark.parametrize(
    "operation",
    [
        each for each in OPERATIONS if "{" in each.path and "{model_id}" not in each.path
    ],  # models are everybody's
    ids=lambda each: each.name,
)
def test_anothers_object_is_not_there(operation, victim, program, catalogue):
    before = untouched(catalogue, victim.tenant)
    path = operation.at({name: victim.ids[own] for name, own in NAMES.items()})
    answer = program.ask(operation.method, path, operation.body)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert untouched(catalogue, victim.tenant) == before
    mine = Program(victim.tenant).ask(operation.method, path, operation.body)
    assert mine.status_code < 400, "the 404 above was about the address, not about whose it is"


def test_lists_show_nothing_of_anothers(victim, program):
    theirs = set(victim.ids.values()) | {str(victim.tenant.organization_id)}
    for operation in OPERATIONS:
        if operation.method == "GET" and "{" not in operation.path:
            text = program.get(operation.path).content.decode()
            assert not [each for each in theirs if len(each) > 10 and each in text], operation.name


@pytest.mark.parametrize("name", ["create_quote", "create_generation"])
@pytest.mark.parametrize(("field", "own"), [("board", "board_id"), ("references", "asset_id")])
def test_ids_in_a_body_are_as_good_as_in_an_address(name, field, own, victim, program, catalogue):
    operation = next(each for each in OPERATIONS if each.name == name)
    before = untouched(catalogue, victim.tenant)
    given = [victim.ids[own]] if field == "references" else victim.ids[own]
    answer = program.post(operation.path, operation.body | {field: given})
    # A quote is arithmetic: it looks at no picture and no board, and says nothing of them.
    assert answer.status_code == (404 if name == "create_generation" else 200)
    assert untouched(catalogue, victim.tenant) == before


def test_lists_of_anothers_board_are_empty(victim, program):
    for path in ("/generations", "/assets"):
        answer = program.get(f"{path}?board={victim.ids['board_id']}")
        assert answer.status_code in (200, 404)
        assert answer.json().get("data", []) == []


def test_a_member_sees_by_key_what_they_see_by_eye(tenant, admin, new_tenant):
    """A board that only its members see is hidden from a key of somebody else in the same workspace."""
    company = Company(tenant, admin, new_tenant)
    other = company.hire("admin")
    board = uuid7()
    slug = boards.create(company.owner, board, "Secret")
    boards.open_to(company.owner, slug, "invited")
    program = Program(Tenant(other.user_id, other.organization_id, ""))
    organizations.change_role(company.owner, other.user_id, "member")
    mine = Program(company.boss)
    order = mine.post("/generations", {"model": "mock-scene", "prompt": "x", "board": str(board)}).json()
    assert program.get(f"/generations/{order['id']}").status_code == 404
    assert program.get("/generations").json()["data"] == []
    assert program.get("/boards").json()["data"] == []
    refused = program.post("/generations", {"model": "mock-scene", "prompt": "x", "board": str(board)})
    assert refused.status_code == 404


def test_every_operation_with_an_object_is_tried():
    named = {part for each in OPERATIONS for part in each.path.split("/") if part.startswith("{")}
    assert named <= {f"{{{name}}}" for name in [*NAMES, "model_id"]}, "say whose object it is"
