"""Talking with the studio: it asks back, proposes with its price, and makes nothing before somebody agrees."""

from __future__ import annotations

import json
import re

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests import homes
from tests.e2e.studio import Studio
from tests.e2e.walk import PICTURES_MS, ask, available, balance, drop, faces, shows, sign_up


def switch(page: Page) -> Locator:
    return page.get_by_role("checkbox", name="Talk")


def say(page: Page, words: str) -> None:
    """Turn to the studio and say it."""
    if not switch(page).is_checked():
        page.locator("#prompt").press("Alt+t")
    expect(switch(page)).to_be_checked()
    page.locator("#prompt").fill(words)
    page.locator("#prompt").press("Control+Enter")


def turn(page: Page, words: str) -> Locator:
    """The exchange that began with these words."""
    return page.locator("section.talk", has=page.locator(".talk-person", has_text=words)).last


def proposing(words: str, **changes: object) -> str:
    """Words that have the mock propose."""
    proposal = {"operation": "generate", "model": "mock-scene", "prompt": "a mug on oak", "count": 2}
    return f"{words} {json.dumps({'text': {'say': 'Then this.', 'proposal': proposal | changes}})}"


def test_it_asks_back_proposes_and_makes(page: Page):
    sign_up(page)
    drop(page, "mug.jpg")
    expect(page.locator(".models")).to_be_visible()
    page.locator("#prompt").press("Alt+t")
    expect(page.locator(".models")).to_be_hidden()
    expect(page.locator(".send")).to_have_text(re.compile(r"Send\s*·\s*1 credit"))
    say(page, "A picture for the autumn sale")
    page.wait_for_url("**/boards/*/**")

    first = turn(page, "A picture for the autumn sale")
    expect(first).to_contain_text("What shall it stand on?", timeout=PICTURES_MS)
    expect(page.locator("#live-region")).to_contain_text("The studio answers: Gladly.")
    expect(first.locator(".talk-facts")).to_contain_text("1 credit")
    expect(first.locator(".talk-person img")).to_have_count(1)
    first.get_by_role("button", name="On white marble").click()

    second = turn(page, "On white marble, in soft daylight")
    card = second.get_by_role("article", name="Proposal")
    expect(card).to_be_visible(timeout=PICTURES_MS)
    expect(first.locator(".talk-choices")).to_have_count(0)
    assert page.locator(".tile").count() == 0  # nothing is made yet
    before = available(page)
    make = card.get_by_role("button", name=re.compile("Make 2"))
    price = re.search(r"(\d+) credits", make.inner_text())
    assert price is not None
    make.focus()
    page.keyboard.press("Control+Enter")
    expect(card.get_by_role("link", name="Ordered")).to_be_visible()
    expect(page.locator(".tile")).to_have_count(2)
    expect(page.locator('.tile[data-face="done"]')).to_have_count(2, timeout=PICTURES_MS)
    shows(page, before - int(price.group(1)))
    page.reload()
    expect(turn(page, "On white marble").get_by_role("link", name="Ordered")).to_be_visible()


def begun(page: Page) -> None:
    sign_up(page)
    ask(page, "on slate", model="mock-scene", variants=1)
    page.wait_for_url("**/boards/*/**")
    expect(faces(page, "on slate", "done")).to_have_count(1, timeout=PICTURES_MS)


def test_a_proposal_can_be_changed_or_refused(page: Page):
    begun(page)
    say(page, proposing("autumn", ratio="4:5", count=3))
    card = turn(page, "autumn").get_by_role("article", name="Proposal")
    expect(card).to_contain_text("4:5, 1024 px", timeout=PICTURES_MS)
    card.get_by_role("button", name="Change").click()
    expect(switch(page)).not_to_be_checked()
    expect(page.locator("#prompt")).to_have_value("a mug on oak")
    expect(page.locator(".model-now")).to_have_text("Mock scene")
    expect(page.locator("select[name=variants]")).to_have_value("3")
    expect(page.locator("input[name=ratio]:checked")).to_have_value("4:5")
    card.get_by_role("button", name="No").click()
    expect(card).to_contain_text("Not wanted")
    card.get_by_role("button", name="Undo").click()
    expect(card.get_by_role("button", name=re.compile("Make 3"))).to_be_visible()
    assert page.locator(".tile").count() == 1


def test_what_went_wrong_is_said_with_what_came_back(page: Page):
    begun(page)
    before = available(page)
    say(page, 'nonsense {"output": "garbage"}')
    expect(turn(page, "nonsense")).to_contain_text(
        "The model's answer could not be read.", timeout=PICTURES_MS
    )
    expect(turn(page, "nonsense")).to_contain_text("1 credit came back.")
    say(page, 'refused {"fail": "content_policy", "message": "Not about this.", "fail_times": 1}')
    expect(turn(page, "refused")).to_contain_text("Not about this.", timeout=PICTURES_MS)
    expect(turn(page, "refused").get_by_role("button", name="Try again · 1 credit")).to_be_visible()
    say(page, proposing("foreign", model="gold-plated"))
    expect(turn(page, "foreign")).to_contain_text(
        "not offered here: there is no such model.", timeout=PICTURES_MS
    )
    expect(turn(page, "foreign").get_by_role("article")).to_have_count(0)
    expect(balance(page)).to_have_text(re.compile(rf"\b{before - 1}\b"))  # the last was answered


def test_a_prompt_is_refined_in_its_place(page: Page):
    sign_up(page)
    page.locator("#prompt").fill("A jar")
    page.get_by_role("button", name="Refine the prompt, 1 credit").click()
    expect(page.locator("#prompt")).to_have_value(
        re.compile("^A jar, soft window light"), timeout=PICTURES_MS
    )
    page.locator(".composer-refined").get_by_role("button", name="Undo").click()
    expect(page.locator("#prompt")).to_have_value("A jar")


def test_a_picture_gets_words_when_somebody_takes_them(page: Page):
    begun(page)
    page.locator("a.tile-picture").first.click()
    page.keyboard.press("i")
    panel = page.locator(".viewer-details")
    panel.get_by_role("button", name="Write title and alt text · 1 credit").click()
    use = panel.get_by_role("button", name="Use these words")
    expect(use).to_be_visible(timeout=PICTURES_MS)
    expect(panel.locator("input[name=title]").first).to_have_value("")
    use.click()
    expect(panel.locator("h2")).to_have_text("A coloured square")
    page.keyboard.press("Control+z")
    expect(panel.locator("h2")).not_to_have_text("A coloured square")


def test_the_pages_of_a_conversation_are_accessible(page: Page):
    begun(page)
    say(page, 'slow {"delay_s": 60}')
    expect(turn(page, "slow").get_by_role("button", name="Cancel")).to_be_visible(timeout=PICTURES_MS)
    found = Axe().run(page).response["violations"]
    say(page, proposing("autumn"))
    expect(turn(page, "autumn").get_by_role("article")).to_be_visible(timeout=PICTURES_MS)
    found += Axe().run(page).response["violations"]
    assert [(each["id"], each["nodes"][0]["html"][:200]) for each in found] == []


def test_where_nobody_answers_the_studio_is_as_before(browser: Browser, tmp_path):
    plain = Studio(tmp_path / "home", PACKSHOT_MOCK_PROVIDER="false")
    try:
        page = browser.new_context(base_url=plain.address).new_page()
        sign_up(page)
        expect(page.locator(".models")).to_be_visible()
        expect(switch(page)).to_have_count(0)
        expect(page.locator("[data-refine]")).to_have_count(0)
        drop(page, "mug.jpg")
        ask(page, "On white marble", model="local-scene", variants=1)
        page.wait_for_url("**/boards/*/**")
        expect(faces(page, "On white marble", "done")).to_have_count(1, timeout=PICTURES_MS)
        page.locator("a.tile-picture").first.click()
        page.keyboard.press("i")
        expect(page.locator(".viewer-details .panel-note")).to_contain_text(
            "where a model that writes is connected"
        )
        page.context.close()
    finally:
        plain.stop()
        homes.forget(plain.home)
