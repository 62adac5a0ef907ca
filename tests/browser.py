"""The browser of the tests: whichever Chromium is there, else Playwright's own, else Debian's package.

    python -m tests.browser      finds one, installing it where that is possible; fails where it is not

Browser tests are never skipped in silence: without a browser the test command stops here and says why.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")

# As root there is no user to build a sandbox for; the rest keeps Chromium from talking to its maker.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--font-render-hinting=none",
]


def find() -> str | None:
    """The path of a Chromium on this machine, PACKSHOT_BROWSER first; None where there is none."""
    named = os.environ.get("PACKSHOT_BROWSER")
    if named:
        return named if Path(named).exists() else None
    for name in _NAMES:
        if path := shutil.which(name):
            return path
    return _playwrights_own()


def _playwrights_own() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install() -> str | None:
    """Try Playwright's download, then Debian's package; what each of them said goes to standard error."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        attempts += [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    for command in attempts:
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            print(f"{' '.join(command)}: {done.stderr.strip()[-300:]}", file=sys.stderr)
        if found := find():
            return found
    return None


if __name__ == "__main__":
    if not (find() or install()):
        sys.exit(
            "No Chromium was found and none could be installed. Install one, or set PACKSHOT_BROWSER to its path."
        )
