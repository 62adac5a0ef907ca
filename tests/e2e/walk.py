"""The steps that several flows share, each as a person takes it."""

from __future__ import annotations

import re
from email import message_from_bytes, policy
from pathlib import Path

import psycopg
from playwright.sync_api import Locator, Page, expect
from psycopg.types.json import Jsonb
from uuid_utils.compat import uuid7

from packshot.studio.credits.money import MICRO
from tests.e2e.studio import Studio, until
from tests.foundation.people import plan

PHOTOS = Path(__file__).parent.parent / "data"
PASSWORD = "a long enough password"
PICTURES_MS = 120_000
"""How long four pictures may take here: CI's two cores also run the rest of the suite meanwhile."""


def sign_up(page: Page) -> str:
    """A new person with 500 credits, on the boards' page; gives the address.

    They sent the form of the sign-up without looking at it; who looks at it takes `sign_up_by_page`.
    """
    email = f"person-{uuid7()}@example.com"
    page.request.get("/sign-up")
    [token] = [each["value"] for each in page.context.cookies() if each.get("name") == "packshot_csrf"]
    form = {"email": email, "password1": PASSWORD, "terms": "on", "csrfmiddlewaretoken": token}
    answer = page.request.post("/sign-up", form=form, max_redirects=0)
    assert answer.status == 302, answer.text()
    page.goto(answer.headers["location"])
    return _arrived(page, email)


def sign_up_by_page(page: Page) -> str:
    """The same, as a person does it."""
    email = f"person-{uuid7()}@example.com"
    page.goto("/sign-up")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign up").click()
    return _arrived(page, email)


def sign_up_invited(page: Page, email: str) -> None:
    """From the page of an invitation, by somebody who has no account yet; back on that page."""
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Sign up").click()


def _arrived(page: Page, email: str) -> str:
    expect(page.locator("#prompt")).to_be_visible()
    expect(balance(page)).to_have_text(re.compile(r"\b500\b"))
    return email


def balance(page: Page) -> Locator:
    return page.locator("#balance button.balance")


def drop(page: Page, name: str) -> None:
    """Choose a photo and see it accepted."""
    page.locator("input[type=file]").first.set_input_files(PHOTOS / name)
    expect(page.locator(".chips .chip").last).to_have_attribute("data-state", "ready", timeout=60_000)


def choose(page: Page, model: str) -> None:
    """Choose a model from the menu."""
    menu = page.locator("details.models")
    if menu.get_attribute("open") is None:
        menu.locator("summary").click()
    page.locator(f'input[name=model][value="{model}"]').check()
    menu.locator("summary").click()


def ask(page: Page, prompt: str, *, model: str | None = None, variants: int | None = None) -> None:
    """Write a prompt and send it with the keyboard."""
    fold = page.locator("[data-fold]")
    if (model or variants) and fold.is_visible() and not page.locator("details.models").is_visible():
        fold.click()  # a phone shows the options when they are asked for
    if model is not None:
        choose(page, model)
    if variants is not None:
        page.locator("select[name=variants]").select_option(str(variants))
    page.locator("#prompt").fill(prompt)
    page.locator("#prompt").press("Control+Enter")


def request(page: Page, prompt: str) -> Locator:
    """The request of this prompt in the thread."""
    return page.locator("section.request", has=page.locator(".said", has_text=prompt)).first


def faces(page: Page, prompt: str, face: str) -> Locator:
    return request(page, prompt).locator(f'.tile[data-face="{face}"]')


def shows(page: Page, left: int) -> None:
    """The number in the header is this one, or becomes it: a settlement is told by the stream."""
    number = f"{left:,}".replace(",", r"\D?")
    expect(balance(page).locator("span").first).to_have_text(re.compile(rf"(^|\D){number}\s*$"))


def available(page: Page) -> int:
    """The number in the header, as it is read by a person."""
    text = balance(page).locator("span").first.inner_text()
    found = re.search(r"(\d[\d,.\u202f\u00a0 ]*)$", text.strip())
    assert found is not None, text
    return int(re.sub(r"\D", "", found.group(1)))


def leave(studio: Studio, email: str, *, left: int) -> None:
    """Take credits away, as an operator may, until so many are left."""
    with psycopg.connect(studio.database_url, autocommit=True) as connection:
        row = connection.execute(
            "select w.id, w.available from credits_wallet w"
            " join organizations_membership m on m.organization_id = w.organization_id"
            " join accounts_user u on u.id = m.user_id where u.email = %s",
            [email],
        ).fetchone()
        assert row is not None
        command = {
            "kind": "adjust",
            "wallet": str(row[0]),
            "key": f"test:{uuid7()}",
            "actor": None,
            "amount": left * MICRO - row[1],
        }
        answer = connection.execute("select credits_staff_apply_v1(%s)", [Jsonb([command])]).fetchone()
        assert answer is not None
        assert answer[0][0]["ok"], answer


def seats(studio: Studio, email: str, number: int = 3) -> None:
    """The team's plan with so many seats, for the first workspace of this person."""
    with psycopg.connect(studio.database_url, autocommit=True) as connection:
        row = connection.execute(
            "select m.organization_id from organizations_membership m join accounts_user u on u.id = m.user_id"
            " where u.email = %s order by m.created_at limit 1",
            [email],
        ).fetchone()
    assert row is not None
    plan(row[0], number, studio.database_url)


def join(studio: Studio, boss: str, other: str) -> None:
    """The other person leaves an organization of their own for the boss's."""
    with psycopg.connect(studio.database_url, autocommit=True) as connection:
        connection.execute(
            "delete from organizations_membership m using accounts_user u where u.id = m.user_id and u.email = %s",
            [other],
        )
        connection.execute(
            "insert into organizations_membership (organization_id, user_id, role)"
            " select m.organization_id, o.id, 'member' from organizations_membership m"
            " join accounts_user b on b.id = m.user_id and b.email = %s, accounts_user o where o.email = %s",
            [boss, other],
        )
        connection.execute("update accounts_user set name = 'Tom Okafor' where email = %s", [other])


def invitation(studio: Studio, address: str) -> str:
    """The path in the newest mail to an address, once a worker has written it."""
    found: list[str] = []

    def mailed() -> bool:
        for path in sorted((studio.home / "mail").glob("*.eml")):
            letter = message_from_bytes(path.read_bytes(), policy=policy.default)
            body = letter.get_body(("plain",))
            if letter["To"] == address and body is not None:
                found.extend(re.findall(r"https?://[^/\s]+(/invitations/\S+)", str(body.get_content())))
        return bool(found)

    until(mailed, why=f"no mail to {address}")
    return found[-1]
