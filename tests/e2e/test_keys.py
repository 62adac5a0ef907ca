"""A person makes a key, a program uses it, and the person ends it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import httpx
from playwright.sync_api import Page, expect

from tests.e2e.axe import in_both_schemes
from tests.e2e.studio import Studio
from tests.e2e.test_workspaces import shot
from tests.e2e.walk import sign_up

ROOT = Path(__file__).parent.parent.parent


def test_a_key_is_made_used_rotated_and_revoked(page: Page, studio: Studio) -> None:
    sign_up(page)
    page.goto("/settings/keys")
    shot(page, "keys-none")
    page.get_by_role("link", name="New key").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_label("Name").fill("Shop")
    shot(page, "keys-make")
    assert in_both_schemes(page, "new key") == []
    sheet.get_by_role("button", name="Make the key").click()
    expect(page.get_by_role("heading", name="Your new key")).to_be_visible()
    secret = page.locator(".secret code").inner_text()
    shot(page, "keys-made")
    assert in_both_schemes(page, "keys") == []

    def ask(key: str) -> int:
        answer = httpx.get(f"{studio.address}/v1/account", headers={"Authorization": f"Bearer {key}"})
        return answer.status_code

    assert ask(secret) == 200
    page.get_by_role("button", name="Actions for Shop").click()
    page.get_by_role("link", name="Rotate").click()
    page.get_by_role("dialog").get_by_label("not at all").check()
    shot(page, "keys-rotate")
    page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    expect(page.get_by_role("heading", name="Your new key")).to_be_visible()
    fresh = page.locator(".secret code").inner_text()
    assert (ask(secret), ask(fresh)) == (401, 200)
    page.get_by_role("button", name="Actions for Shop").click()
    page.get_by_role("link", name="Revoke").click()
    expect(page.get_by_role("dialog")).to_contain_text("cannot be undone")
    shot(page, "keys-revoke")
    page.get_by_role("button", name="Revoke for good").click()
    expect(page.locator(".api-keys .badge")).to_have_text(["revoked", "ended"])
    assert ask(fresh) == 401
    page.goto("/settings/keys")
    shot(page, "keys-ended")


def test_the_quick_start_of_the_docs_makes_a_picture(page: Page, studio: Studio, tmp_path: Path) -> None:
    """Word for word, in an empty folder; only the address and the key are this test's own."""
    sign_up(page)
    page.goto("/settings/keys/new")
    page.get_by_role("textbox", name="Name").fill("Quick start")
    page.get_by_role("button", name="Make the key").click()
    key = page.locator(".secret code").inner_text()
    guide = (ROOT / "docs/api.md").read_text(encoding="utf-8").split("## Keys")[0]
    setting, *steps = re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)
    assert {line.split("=")[0] for line in setting.split() if "=" in line} == {"PACKSHOT", "PACKSHOT_KEY"}
    shutil.copy(ROOT / "packshot/web/static/samples/bottle.jpg", tmp_path / "bottle.jpg")
    done = subprocess.run(
        ["sh", "-ec", "\n".join(steps)],
        cwd=tmp_path,
        env={**os.environ, "PACKSHOT": studio.address, "PACKSHOT_KEY": key},
        capture_output=True,
        text=True,
    )
    made = json.loads(done.stdout)
    assert made.get("status") == "succeeded", (made, done.stderr)
    picture = httpx.get(made["outputs"][0]["url"])
    assert picture.headers["content-type"].startswith("image/")
