"""What axe-core, the judge of accessibility, finds on a page: in its colours of the moment, or in both."""

from __future__ import annotations

from typing import Any, Literal

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

# Every rule; only what it broke is brought back: the rest of the report is megabytes of what is well.
_RUN = "() => axe.run({resultTypes: ['violations']}).then(report => report.violations)"
# Colours that are on their way to others are nobody's: from here on they are there at once. In a style sheet that a
# script makes, which the content policy lets through.
_AT_ONCE = """() => {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync("*, ::before, ::after, ::backdrop { transition-property: none !important }");
    document.adoptedStyleSheets.push(sheet);
}"""


def violations(page: Page, what: str) -> list[str]:
    """A line for each node that breaks a rule, as it is shown now."""
    _prepare(page)
    found: list[dict[str, Any]] = page.evaluate(_RUN)
    return [
        f"{what}: {each['id']}: {each['help']}: {node['html'][:160]} {node.get('failureSummary', '')[-160:]}"
        for each in found
        for node in each["nodes"]
    ]


def in_both_schemes(page: Page, what: str) -> list[str]:
    """The same in light and in dark: the page is one and changes its colours, as when the system turns dark."""
    _prepare(page)
    found = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        found += violations(page, f"{what}, {scheme}")
    return found


def _prepare(page: Page) -> None:
    """Once for each document."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE_SCRIPT)
        page.evaluate(_AT_ONCE)
