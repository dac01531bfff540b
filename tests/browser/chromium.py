"""Starting the system's chromium for the browser tests."""

import os
import shutil

from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def executable() -> str:
    """The browser's program; ``ROPEWALK_CHROMIUM`` names another one. Raises :class:`FileNotFoundError`."""
    found = os.environ.get("ROPEWALK_CHROMIUM") or next(
        (path for name in NAMES if (path := shutil.which(name))), None
    )
    if not found:
        raise FileNotFoundError("There is no chromium. On Debian: apt-get install chromium")
    return found


def launch(playwright: Playwright) -> Browser:
    """A headless browser; root has no sandbox to put it in."""
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(
        executable_path=executable(), args=[*arguments, "--disable-dev-shm-usage"]
    )
