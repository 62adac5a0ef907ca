"""Every address with everything of another tenant in its form, by everybody who may not: nothing changes.

`test_tenancy_matrix.py` walks the addresses that name an object; here are those that are told one in a form, the pages
of money while somebody sells, and the roles. A route that is in no list, and a field that no probe fills, fail here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from uuid_utils.compat import uuid7

from packshot.adapters.mock.payments.desk import Desk
from packshot.db.tenancy import Actor
from packshot.foundation.apikeys import commands as apikeys
from packshot.foundation.billing import commands as billing
from packshot.foundation.billing import queries as paid
from packshot.foundation.organizations import commands, queries
from tests.conformance.shops import price
from tests.foundation.billing.conftest import sold  # noqa: F401  (a fixture, of another folder's conftest)
from tests.foundation.people import Company
from tests.tables import RIGHTS_AND_MONEY, tenant_tables_of
from tests.test_roles_matrix import client_of
from tests.test_tenancy_matrix import METHODS, fingerprints, furnish, hooked, signed_in

# Who may come. For nobody in particular: signing up and in, prices, and what proves itself by a secret or a signature.
ANYBODY = {
    "account_signup", "account_login", "account_logout", "account_inactive", "account_email_verification_sent",
    "account_confirm_email", "account_reset_password", "account_reset_password_done",
    "account_reset_password_from_key", "account_reset_password_from_key_done", "terms", "pricing", "home",
    "invitation", "hooks", "hooks-payments", "settings-language", "status",
}  # fmt: skip
# For a person, whatever they are a member of: what they change is their own account.
PERSON = {
    "welcome", "account_reauthenticate", "settings", "account_change_password", "account_email", "usersessions_list",
    "workspace-switch", "workspace-none",
}  # fmt: skip
# For owners and admins.
RUN = {
    "billing", "billing-invoice", "billing-seats", "billing-seats-buy",
    "billing-buy", "billing-order", "billing-change", "billing-cancel", "billing-resume", "billing-portal",
    "members-invite", "member-role", "member-remove", "invitation-revoke", "invitation-resend", "audit",
    "audit-export", "settings-credits-rules", "settings-credits-notice", "settings-credits-topup",
    "settings-credits-cap", "keys", "key-make", "key-rotate", "key-revoke", "webhooks", "webhook-new", "webhook",
    "webhook-change", "webhook-rotate", "webhook-switch", "webhook-delete", "webhook-test", "webhook-replay",
    "webhook-replay-failed", "mock-pay", "mock-portal", "mock-invoice", "mock-confirm", "mock-clock",
}  # fmt: skip
# For owners.
OWN = {"workspace-delete", "workspace-keep", "workspace-takeout", "workspace-download", "member-transfer"}
# For every member: their work, and a look at what belongs to all.
MEMBER = {
    "billing-upgrade", "workspace", "workspace-leave", "members", "library", "library-duplicates", "board-choose",
    "board-put", "board-list", "board-new", "inbox", "board-create", "board", "board-gallery", "board-header",
    "board-rename", "board-edit", "board-cover", "board-archive", "board-delete", "board-restore", "board-activity",
    "board-members", "board-audience", "board-leave", "board-return", "board-generate", "board-batch",
    "board-earlier", "batch-again", "composer-chips", "asset-details", "asset-link", "asset-describe",
    "picture-actions", "picture-make", "batch", "batch-cancel", "batch-retry", "job-cancel", "job-retry", "prompts",
    "snippets", "snippet-rename", "snippet-delete", "bulk-quote", "bulk-order", "bulk-undo", "written",
    "written-make", "written-answer", "written-decline", "written-cancel", "written-retry", "written-refined",
    "composer-refine", "asset-upload", "asset-state", "asset-download", "asset-expect", "asset-arrived",
    "asset-known", "pictures-page", "pictures-count", "pictures-tag", "pictures-change", "change", "change-undo",
    "change-cancel", "export-ask", "export-stream", "export-start", "export", "export-cancel", "view-create",
    "view-restore", "view-rename", "view-delete", "settings-credits", "settings-credits-csv", "components",
    "palette", "shell-balance", "shell-credits", "shell-running", "shell-queue", "shell-queue-cancel-waiting",
    "shell-queue-cancel",
}  # fmt: skip
LISTS = (ANYBODY, PERSON, MEMBER, RUN, OWN)
# A look at these changes something, or asks for a choice first: tested with billing.
CHANGING = {"mock-confirm", "billing-change"}
# A member's own right, which changes who is here: tested with the members' pages.
LEAVING = {"workspace-leave"}


@dataclass(frozen=True)
class Route:
    name: str
    parameters: tuple[str, ...]


def routes(patterns: list[URLPattern | URLResolver]) -> Iterator[Route]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns)
        else:
            assert pattern.name, f"a route without a name: {pattern}"
            yield Route(pattern.name, tuple(pattern.pattern.regex.groupindex))


ROUTES = list(routes(get_resolver().url_patterns))


def test_who_may_come_is_said_of_every_route_once():
    listed = [name for names in LISTS for name in names]
    assert sorted(listed) == sorted({route.name for route in ROUTES}), "add it to one of the lists"


# What a form may say that names nothing of anybody's; `search` and the like read everything of one's own.
WORDS = {
    "name": "Theirs", "title": "Theirs", "text": "words", "prompt": "on a table", "negative": "", "q": "", "search": "",
    "query": "", "action": "trash", "act": "refund", "undo": "", "role": "owner", "audience": "invited",
    "model": "mock-scene", "operation": "generate", "variants": "1", "ratio": "1:1", "seed": "1",
    "price": "pack-1-once-usd-1", "quantity": "1", "back": "/", "at": "2027-01-01T00:00:00+00:00",
    "emails": "fourth@example.com", "answer": "yes", "card": "ok", "coupon": "", "cap": "1",
    "below": "1", "enabled": "on", "daily_cap": "1", "language": "en", "sha256": "0" * 64, "type": "image/png",
    "size": "9", "description": "Theirs", "format": "png", "choice": "0",
    "seen": "", "exact": "", "favourite": "", "kind": "", "longest": "2048", "metadata": "keep", "mode": "", "op": "",
    "colour": "", "order": "newest", "pack": "pack-1000", "pinned": "", "position": "0", "quality": "standard",
    "review": "", "shelf": "", "shown": "0", "since": "", "until": "", "sort": "", "tag": "", "trash": "",
    "value": "summer",
    "url": "https://hooks.example.com/", "some": "on", "types": "batch.completed", "state": "", "days": "30",
    "scope": "models:read", "networks": "", "overlap": "24",
    "what": "", "again": "", "as": "csv", "for": "credits", "interval": "month", "from": "", "in": "", "j": "", "s": "",
}  # fmt: skip


FRAMEWORK = {"csrfmiddlewaretoken", "parameter-script"}
"""Read by middleware."""


class Asked:
    """Which fields views read, while they are watched."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._names: set[str] = set()
        for method in ("__getitem__", "get", "getlist", "__contains__"):
            monkeypatch.setattr(QueryDict, method, self._hearing(getattr(QueryDict, method)))

    def _hearing(self, read: Callable[..., Any]) -> Callable[..., Any]:
        def hearing(found: QueryDict, name: Any, *more: Any, **named: Any) -> Any:
            self._names.add(str(name))
            return read(found, name, *more, **named)

        return hearing

    def by(self, act: Callable[[], object]) -> set[str]:
        """What was read while something was done."""
        self._names.clear()
        act()
        return set(self._names) - FRAMEWORK


def form(ids: dict[str, str], organization: UUID) -> dict[str, str]:
    """Everything that names something names theirs."""
    asset, board, user = ids["asset_id"], ids["board_id"], ids["user_id"]
    named = {
        "asset": asset, "ids": asset, "but": asset, "upto": asset, "like": asset, "reference": asset,
        "refers_to": asset, "ref": asset, "after": asset, "board": board, "list": ids["slug"],
        "batches": ids["batch_id"], "before": ids["batch_id"], "member": user, "user": user, "by": user, "who": user,
        "organization": str(organization), "key": ids["order_id"], "id": ids["view_id"],
    }  # fmt: skip
    return WORDS | named


@pytest.fixture
def tables(admin: psycopg.Connection) -> list[str]:
    return tenant_tables_of(admin)


# Fields by which something new gets its id: tried with the id of everything there is.
FRESH = {"key", "id"}


def test_no_form_reaches_what_is_anothers(sold, new_tenant, login, admin, tables, monkeypatch):  # noqa: F811
    """A stranger sends every form of the studio with every id of theirs, as an owner with a wallet of their own."""
    victim = furnish(new_tenant(), login("packshot_worker"))
    stranger = signed_in(new_tenant())
    whole = form(victim.ids, victim.tenant.organization_id)
    asked = Asked(monkeypatch)
    before = fingerprints(admin, tables, victim.tenant)
    for route in ROUTES:
        if route.parameters or route.name in ANYBODY | PERSON | LEAVING:
            continue
        read = asked.by(lambda: send(stranger, route, whole, methods=("get",)))  # noqa: B023  (called at once)
        assert not read - whole.keys(), f"{route.name} reads these: say in form() or WORDS what to try"
        for field in read & FRESH:
            for each in victim.ids.values():
                stranger.post(reverse(route.name), whole | {field: each})
        assert fingerprints(admin, tables, victim.tenant) == before, route.name


def send(
    client: Client,
    route: Route,
    data: dict[str, str],
    ids: dict[str, Any] | None = None,
    methods: tuple[str, ...] = METHODS,
) -> set[int]:
    """As a page and as a fragment, and by the other methods; what it is answered with."""
    address = reverse(route.name, kwargs={name: (ids or {})[name] for name in route.parameters})
    answers = [client.post(address, data, headers=headers) for headers in ({}, {"HX-Request": "true"})]
    answers += [
        getattr(client, method)(address, data if method == "get" else {})
        for method in methods
        if method != "post"
    ]
    assert all(answer.status_code < 500 for answer in answers), (route.name, answers)
    return {answer.status_code for answer in answers}


def test_nobody_reaches_anything_without_signing_in(sold, new_tenant, login, admin, tables):  # noqa: F811
    victim = furnish(new_tenant(), login("packshot_worker"))
    whole = form(victim.ids, victim.tenant.organization_id)
    before = fingerprints(admin, tables, victim.tenant)
    for route in ROUTES:
        if route.parameters or route.name in ANYBODY:
            continue
        answers = send(Client(raise_request_exception=False), route, whole)
        assert answers <= {200, 302, 401, 405}, (route.name, answers)
        found = Client().get(reverse(route.name), headers={"HX-Request": "true"})
        away = found.get("HX-Redirect") or found.get("Location") or ""
        assert found.status_code == 405 or "/sign-in" in away, (route.name, found.status_code, away)
    assert fingerprints(admin, tables, victim.tenant) == before


class Paying(Company):
    """A workspace that has bought its plan at the mock, with one of each role."""

    def __post_init__(self) -> None:
        """Its seats are bought."""


class Firm:
    def __init__(self, company: Company, desk: Desk, worker: psycopg.Connection) -> None:
        self.company, self._desk = company, desk
        owner = company.owner
        order = self._buy(desk, "team", "month", 5)
        self._buy(desk, "pack-1000", None, 1)
        self.people = {"owner": owner, "admin": company.hire("admin"), "member": company.hire()}
        self.colleague = company.hire()
        commands.invite(owner, [f"person-{uuid7()}@example.com"], "member")
        [invitation] = [each.id for each in queries.invitations(owner)]
        takeout = commands.take_out(owner)
        worker.execute("select public.organizations_took_out_v1(%s, %s, %s)", [company.id, takeout, 9])
        standing = paid.standing(owner)
        assert standing.customer is not None
        payment = desk.account(standing.customer).payments[0].ref
        self.ids: dict[str, Any] = {
            "user_id": self.colleague.user_id,
            "invitation_id": invitation,
            "takeout_id": takeout,
            "order_id": order,
            "invoice_ref": paid.invoices(owner)[0].ref,
            "key_id": apikeys.make(owner, name="A shop", scopes=["models:read"]).id,
        }
        self.ids["endpoint_id"], self.ids["delivery_id"] = hooked(company.boss, worker)
        self.refs = {
            "mock-pay": str(paid.order(owner, order).ref),
            "mock-portal": standing.customer,
            "mock-invoice": paid.invoices(owner)[0].ref,
            "mock-confirm": payment,
        }
        self.fields = WORDS | {
            "member": str(self.colleague.user_id), "user": str(self.colleague.user_id), "key": str(uuid7()),
            "organization": str(company.id), "price": price("store-500"), "enabled": "", "ref": payment,
        }  # fmt: skip

    def _buy(self, desk: Desk, item: str, interval: str | None, quantity: int) -> UUID:
        order = billing.buy(self.company.owner, uuid7(), price(item, interval), quantity, "/billing")
        assert order.ref is not None
        desk.pay(order.ref)
        billing.fulfil(self.company.owner, order.id)
        return order.id

    def books(self) -> str:
        """All that the mock has written down."""
        account = self._desk.account(self.refs["mock-portal"])
        return repr((account, self._desk.invoice(self.refs["mock-invoice"])))

    def send(self, who: Actor, route: Route) -> set[int]:
        ids = self.ids | ({"ref": self.refs[route.name]} if route.name in self.refs else {})
        return send(client_of(who), route, self.fields, ids)


@pytest.fixture
def firm(sold, new_tenant, admin, login) -> Firm:  # noqa: F811
    return Firm(Paying(new_tenant(), admin, new_tenant), sold, login("packshot_worker"))


@pytest.mark.parametrize(("role", "closed"), [("member", RUN | OWN), ("admin", OWN)])
def test_what_is_not_for_ones_role_is_refused(firm, admin, role, closed, tables):
    """Also what only shows something: what was paid, who did what."""
    tenant = firm.company.boss
    before = fingerprints(admin, tables, tenant)
    books = firm.books()
    for route in ROUTES:
        if route.name in closed:
            answers = firm.send(firm.people[role], route)
            assert answers <= {403, 404, 405}, (route.name, answers)
    assert fingerprints(admin, tables, tenant) == before
    assert firm.books() == books


@pytest.mark.parametrize("role", ["owner", "admin"])
def test_the_refusals_are_about_the_role(firm, role):
    """Whose it is finds a page there."""
    for route in ROUTES:
        if route.name in (RUN | OWN if role == "owner" else RUN) and route.name not in CHANGING:
            client = client_of(firm.people[role])
            ids = firm.ids | ({"ref": firm.refs[route.name]} if route.name in firm.refs else {})
            address = reverse(route.name, kwargs={name: ids[name] for name in route.parameters})
            assert client.get(address, firm.fields).status_code in {200, 302, 405}, route.name


def test_work_changes_nothing_of_rights_and_money(firm, admin):
    """A member sends every form that is for members, about the workspace they work in."""
    for route in ROUTES:
        if route.name not in MEMBER or route.parameters or route.name in LEAVING:
            continue
        before = fingerprints(admin, sorted(RIGHTS_AND_MONEY), firm.company.boss)
        firm.send(firm.people["member"], route)
        assert fingerprints(admin, sorted(RIGHTS_AND_MONEY), firm.company.boss) == before, route.name


def test_strangers_find_none_of_it(firm, new_tenant, admin, tables):
    """The pages of money, of the workspace and of the mock, by the owner of another workspace."""
    stranger = new_tenant().actor
    before = fingerprints(admin, tables, firm.company.boss)
    books = firm.books()
    for route in ROUTES:
        if route.name in RUN | OWN and route.parameters:
            answers = firm.send(stranger, route)
            assert answers <= {404, 405}, (route.name, answers)
    assert fingerprints(admin, tables, firm.company.boss) == before
    assert firm.books() == books
