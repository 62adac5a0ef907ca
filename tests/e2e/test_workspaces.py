"""People come into a workspace and go again, each in a browser of their own."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.e2e.axe import in_both_schemes
from tests.e2e.conftest import Watch
from tests.e2e.studio import Studio, until
from tests.e2e.walk import invitation, seats, sign_up, sign_up_invited

SHOTS = os.environ.get("PACKSHOT_SHOTS")
"""A folder for pictures of the pages on the way: to be looked at."""
PHONE = {"width": 390, "height": 844}


def shot(page: Page, name: str) -> None:
    """Light, dark and narrow, where pictures are wanted."""
    if not SHOTS:
        return
    size = page.viewport_size
    assert size is not None
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, view in (("wide", size), ("narrow", PHONE)):
            page.set_viewport_size({"width": view["width"], "height": view["height"]})
            page.wait_for_timeout(200)  # for the eye alone: nothing is decided by it
            page.screenshot(path=Path(SHOTS) / f"{name}-{scheme}-{width}.png")
        page.set_viewport_size(size)


def menu(page: Page, name: str, item: str) -> None:
    page.get_by_role("button", name=f"Actions for {name}").click()
    page.locator(".menu-popover:popover-open").get_by_text(item).click()


def test_people_come_and_go(page: Page, watch: Watch, studio: Studio, somebody: Callable[[], Page]) -> None:
    seats(studio, sign_up(page))
    known, new = somebody(), somebody()
    with_account, without = sign_up(known), f"new-{random.randrange(10**9)}@example.com"
    assert known.locator("#workspaces").count() == 0, "who has one workspace sees no switcher"

    # Two are invited in one go, and answer by their links.
    page.goto("/settings/members")
    expect(page.get_by_text("1 of 3 seats taken")).to_be_visible()
    shot(page, "members-alone")
    page.get_by_role("link", name="Invite people").click()
    page.get_by_role("dialog").get_by_label("E-mail addresses").fill(f"{with_account}\nNew One <{without}>")
    shot(page, "invite")
    assert in_both_schemes(page, "the sheet of invitations") == []
    page.get_by_role("button", name="Send invitations").click()
    expect(page.locator("studio-toast")).to_contain_text("2 people are invited.")
    expect(page.get_by_text("3 of 3 seats taken")).to_be_visible()

    known.goto(invitation(studio, with_account))
    shot(known, "invitation")
    assert in_both_schemes(known, "an invitation") == []
    known.get_by_role("button", name="Accept").click()
    expect(known.locator("studio-toast")).to_contain_text("Welcome to")

    new.goto(invitation(studio, without))
    shot(new, "invitation-signed-out")
    sign_up_invited(new, without)
    new.get_by_role("button", name="Accept").click()
    expect(new.locator("studio-toast")).to_contain_text("Welcome to")

    # No seat is left; what was written is still there when that is told.
    page.goto("/settings/members")
    expect(page.get_by_text("Every seat is taken.")).to_be_visible()
    shot(page, "members-full")
    assert in_both_schemes(page, "members") == []
    page.get_by_role("link", name="Invite people").click()
    page.get_by_role("dialog").get_by_label("E-mail addresses").fill("fourth@example.com")
    watch.allowed.append("402")  # which browsers write into their console
    page.get_by_role("button", name="Send invitations").click()
    full = page.get_by_role("dialog", name="More seats")
    expect(full).to_contain_text("There are not seats enough: the plan has 3. Nobody was invited")
    shot(page, "invite-full")
    full.get_by_role("button", name="Close").click()
    page.get_by_role("link", name="Invite people").click()
    expect(page.get_by_label("E-mail addresses")).to_have_value("fourth@example.com")

    # One is removed, is told nothing of it anymore, and has their own workspace still.
    page.goto("/settings/members")
    menu(page, without, "Remove")
    shot(page, "remove")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(page.locator("studio-toast")).to_contain_text("is not a member any more")
    expect(page.get_by_text("2 of 3 seats taken")).to_be_visible()
    new.goto("/settings/members")
    expect(new.get_by_text("1 of 1 seats taken")).to_be_visible()
    assert new.locator("#workspaces").count() == 0

    # The other switches between the two they are in.
    known.goto("/settings/members")
    expect(known.get_by_text("2 of 3 seats taken")).to_be_visible()
    known.locator("[popovertarget=workspaces]").click()
    shot(known, "switcher")
    known.locator("#workspaces").get_by_role("button").first.click()
    expect(known.locator("studio-toast")).to_contain_text("You are in")
    known.goto("/settings/members")
    expect(known.get_by_text("1 of 1 seats taken")).to_be_visible()

    # Ownership is handed over; who has handed it over may leave, and is offered a workspace of their own.
    menu(page, with_account, "Hand the workspace over")
    page.get_by_role("dialog").get_by_role("button", name="Hand over").click()
    expect(page.locator("studio-toast")).to_contain_text("You are an admin.")
    page.goto("/settings/audit")
    expect(page.get_by_text(f"Ownership handed over to {with_account}")).to_be_visible()
    expect(page.get_by_text(f"{without} removed")).to_be_visible()
    shot(page, "audit")
    assert in_both_schemes(page, "the audit log") == []
    page.goto("/settings/workspace")
    page.get_by_role("link", name="Leave the workspace").click()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(page.get_by_role("heading", name="You are in no workspace now")).to_be_visible()
    shot(page, "no-workspace")
    page.get_by_role("button", name="Open a workspace").click()
    expect(page.locator("#prompt")).to_be_visible()


def test_a_workspace_is_packed_renamed_deleted_and_kept(page: Page, studio: Studio) -> None:
    sign_up(page)
    page.goto("/settings/workspace")
    page.get_by_role("textbox", name="Name").fill("Kiln & Glaze")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("studio-toast")).to_contain_text("another name")
    page.locator("studio-toast").get_by_role("button", name="Undo").click()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("My studio")
    page.get_by_role("button", name="Pack everything").click()
    expect(page.locator("studio-toast")).to_contain_text("Everything is being packed.")

    def packed() -> bool:
        page.reload()
        return page.get_by_role("link", name="Download").is_visible()

    until(packed, why="the takeout was not made")
    shot(page, "workspace")
    assert in_both_schemes(page, "settings of a workspace") == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename.startswith("workspace-")
    page.get_by_role("link", name="Delete the workspace").click()
    shot(page, "delete")
    page.get_by_role("dialog").get_by_role("button", name="Delete in fourteen days").click()
    expect(page.get_by_text("This workspace will be erased on").first).to_be_visible()
    shot(page, "closing")
    assert in_both_schemes(page, "a workspace on its way out") == []
    page.get_by_role("button", name="Keep the workspace").click()
    expect(page.locator("studio-toast")).to_contain_text("The workspace stays.")
