"""Debian's chromium, and a page that remembers what should not have happened in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage"
)
expect.set_options(timeout=60_000)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS.split())
        yield chromium
        chromium.close()


@dataclass
class Tab:
    """A page, and everything that should not have happened in it."""

    page: Page
    trouble: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def outside(self) -> list[str]:
        """Requests to anyone but this machine."""
        own = ("http://127.0.0.1:", "file:", "data:", "blob:")
        return [address for address in self.asked if not address.startswith(own)]


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """An empty page at the size of a laptop's screen."""
    context = browser.new_context(viewport={"width": 1366, "height": 800})
    found = Tab(context.new_page())
    found.page.set_default_timeout(30_000)
    found.page.on("console", lambda message: found.trouble.append(message.text) if message.type == "error" else None)
    found.page.on("pageerror", lambda error: found.trouble.append(str(error)))
    found.page.on("dialog", lambda dialog: (found.trouble.append(f"dialog {dialog.message}"), dialog.dismiss()))
    found.page.on("request", lambda request: found.asked.append(request.url))
    yield found
    context.close()
