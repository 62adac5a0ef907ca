"""Every address and every function, tried by a colleague who has no seat on a private board, and by a viewer of it.

The first finds nothing; the second may look at everything there and change nothing of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import DatabaseError, connection
from psycopg import sql
from psycopg.types.json import Jsonb

from packshot.db.tenancy import Actor, acting_as
from packshot.errors import Problem
from packshot.studio.boards import commands as boards
from packshot.studio.boards import queries
from tests.conftest import Tenant
from tests.studio.boards.people import Office
from tests.test_tenancy_matrix import (
    FORMS,
    ROUTES,
    Furnished,
    Route,
    furnish,
    member_functions,
    signed_in,
    statuses,
)

# What names a board, or something that lies on one.
ON_A_BOARD = {"slug", "asset_id", "batch_id", "job_id", "reply_id"}
HERE = [route for route in ROUTES if set(route.parameters) <= ON_A_BOARD]

# What a viewer may send: to give up the own seat, and to have taken back that one did.
VIEWERS = {"board-leave", "board-return"}


@dataclass(frozen=True)
class Private:
    """A board that only those with a seat see, with something of everything on it."""

    furnished: Furnished
    office: Office
    outsider: Actor
    viewer: Actor

    @property
    def ids(self) -> dict[str, str]:
        return self.furnished.ids


@pytest.fixture(scope="module")
def catalogue(server) -> Iterator[psycopg.Connection]:
    with psycopg.connect(server.database_url, autocommit=True) as found:
        yield found


@pytest.fixture
def private(tenant, admin, new_tenant, login) -> Private:
    office = Office(tenant, admin, new_tenant)
    furnished = furnish(tenant, login("packshot_worker"))
    outsider, viewer = office.hire(), office.hire()
    boards.open_to(tenant.actor, furnished.ids["slug"], "invited")
    boards.seat(tenant.actor, furnished.ids["slug"], viewer.user_id, "viewer")
    return Private(furnished, office, outsider, viewer)


@pytest.fixture(scope="module")
def everything_there(catalogue) -> str:
    """One statement that reads all that is a board's or lies on it: each table with its rows' count and sum."""
    columns: dict[str, set[str]] = {}
    for table, column in catalogue.execute(
        "select table_name::text, column_name::text from information_schema.columns where table_schema = 'public'"
    ):
        columns.setdefault(table, set()).add(column)
    batches = "(select id from public.generation_batch where board_id = %(board)s)"
    assets = "(select id from public.assets_asset where board_id = %(board)s)"
    parts = []
    for table, names in sorted(columns.items()):
        if table == "boards_board":
            where = "t.id = %(board)s"
        elif "board_id" in names:
            where = "t.board_id = %(board)s"
        elif "batch_id" in names:
            where = f"t.batch_id in {batches}"
        elif "asset_id" in names:
            where = f"t.asset_id in {assets}"
        else:
            continue
        parts.append(
            f"select '{table}', count(*), md5(coalesce(string_agg(t::text, '|' order by t::text), ''))"
            f' from public."{table}" as t where {where}'
        )
    return " union all ".join(parts)


@pytest.fixture
def lies_there(catalogue, private, everything_there) -> Callable[[], dict[str, Any]]:
    """Everything in the database that is the board's or lies on it, read past every right."""

    def read() -> dict[str, Any]:
        found = catalogue.execute(
            everything_there, {"board": private.ids["board_id"]}, prepare=True
        ).fetchall()
        return {table: row for table, *row in found}

    assert {
        "boards_board",
        "boards_member",
        "assets_asset",
        "generation_batch",
        "generation_job",
    } <= read().keys()
    return read


def client_of(actor: Actor) -> Any:
    """Signed in, and acting for the organization of the board."""
    client = signed_in(Tenant(actor.user_id, actor.organization_id, ""))
    session = client.session
    session["organization"] = str(actor.organization_id)
    session.save()
    return client


def forms(private: Private) -> dict[str, dict[str, str]]:
    """What a person with the rights would send, and be obeyed."""
    return {
        **FORMS,
        "board-members": {"user": str(private.viewer.user_id), "role": "owner"},
        "board-audience": {"audience": "organization"},
        "board-cover": {"asset": private.ids["asset_id"]},
        "board-edit": {"title": "Mine", "description": "Mine"},
    }


@pytest.mark.parametrize("route", HERE, ids=lambda route: route.name)
def test_a_colleague_without_a_seat_finds_nothing(route: Route, private, lies_there, monkeypatch):
    monkeypatch.setitem(FORMS, route.name, forms(private).get(route.name, {}))
    before = lies_there()
    answers = statuses(client_of(private.outsider), route, route.path(private.ids), {"HX-Request": "true"})
    assert set(answers.values()) <= {404, 405}, answers
    assert 404 in answers.values()
    assert lies_there() == before


@pytest.mark.parametrize(
    "route", [route for route in HERE if route.name not in VIEWERS], ids=lambda route: route.name
)
def test_a_viewer_looks_and_changes_nothing(route: Route, private, lies_there, monkeypatch):
    monkeypatch.setitem(FORMS, route.name, forms(private).get(route.name, {}))
    before = lies_there()
    answers = statuses(client_of(private.viewer), route, route.path(private.ids), {"HX-Request": "true"})
    assert answers.pop("get") in {200, 302, 405}, answers
    assert answers.pop("head") in {200, 302, 405}, answers
    assert set(answers.values()) <= {403, 405}, answers
    assert lies_there() == before


def test_a_viewer_may_leave(private):
    client = client_of(private.viewer)
    slug = private.ids["slug"]
    assert client.post(f"/boards/{slug}/leave").status_code == 302
    assert client.get(f"/boards/{slug}/").status_code == 404
    assert client.post(f"/boards/{slug}/return").status_code == 302
    assert client.get(f"/boards/{slug}/").status_code == 200


def attempt(actor: Actor, name: str, given: tuple[Any, ...]) -> None:
    """Call a function as it comes; lists stay arrays, and what it says does not matter."""
    marks = sql.SQL(", ").join(sql.Placeholder() * len(given))
    statement = sql.SQL("select * from {}({})").format(sql.Identifier("public", name), marks)
    try:
        with acting_as(actor), connection.cursor() as cursor:
            cursor.execute(statement.as_string(cursor.connection), given)
    except (DatabaseError, Problem):
        pass


@pytest.mark.parametrize("who", ["outsider", "viewer"])
def test_no_function_lets_them_change_the_board(who, private, catalogue, lies_there):
    """Every function that members may call, with every id of the board in every place."""
    actor: Actor = getattr(private, who)
    ids = private.ids
    uuids = [value for name, value in ids.items() if name.endswith("_id")] + [str(actor.user_id)]
    selection = {"ids": [ids["asset_id"]]}
    body = {**ids, **selection, "id": ids["asset_id"], "sha256": "0" * 64, "board": ids["board_id"]}
    values: dict[str, list[Any]] = {
        "uuid": [UUID(each) for each in uuids],
        "uuid[]": [[UUID(each) for each in uuids]],
        "text": [ids["slug"], "owner", "invited", "trash"],
        "text[]": [["owner"]],
        "boolean": [True],
        "jsonb": [Jsonb(body), Jsonb(selection)],
    }
    before = lies_there()
    for name, types in member_functions(catalogue):
        # A name and a role want combining; where a function takes more words, they are filters of a list.
        many = types.count("text") > 2
        known = {**values, "text": values["text"][:1]} if many else values
        for given in product(*(known.get(each, [None]) for each in types)):
            if (name, given) != ("organizations_remove_v1", (actor.user_id,)):  # leaving is theirs
                attempt(actor, name, given)
        assert lies_there() == before, name


def test_what_a_colleague_without_a_seat_is_shown_does_not_tell_of_the_board(private):
    """Neither lists nor the events' addresses: its title and its slug are on no page of theirs."""
    boards.rename(private.office.owner, private.ids["slug"], "Operation Teapot")
    client = client_of(private.outsider)
    for address in ("/", "/?q=teapot", "/boards/list?", "/?shelf=trash", "/library", "/palette?q=teapot"):
        answer = client.get(address)
        assert answer.status_code == 200, address
        body = answer.content.decode().replace("?q=teapot", "").replace('value="teapot"', "")
        assert "Operation Teapot" not in body, address
        assert private.ids["slug"] not in body, address
    assert queries.slugs(private.outsider, [UUID(private.ids["board_id"])]) == {}
