"""Pictures of the viewer's pages for the documentation, from real runs.

    python benchmarks/viewer/runs.py FOLDER
    python benchmarks/viewer/pictures.py FOLDER --out docs/pictures [--only tree ...] [--all]

Needs Debian's chromium. Each picture is quantised to 256 colours. `--all` makes every page in both themes and in both
sizes (1280x800, 1440x900), to be looked at, not to be kept.
"""

from __future__ import annotations

import argparse
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from agent.viewer.serve import serve

CHROMIUM = "/usr/bin/chromium"
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-dev-shm-usage --force-color-profile=srgb"
)
SMALL, LAPTOP = (1280, 800), (1440, 900)


@dataclass(frozen=True)
class Shot:
    """One picture.

    Attributes:
        name: of its file.
        address: of its page.
        steps: what to do on the page: ``select:CSS`` clicks, ``keys:...`` presses, ``open:CSS`` opens details,
            ``to:CSS`` scrolls there.
        dark: its theme.
    """

    name: str
    address: str
    steps: tuple[str, ...] = ()
    dark: bool = False


SHOTS = (
    Shot("list", "/"),
    Shot("tree", "/run/model"),
    Shot("tree-dark", "/run/model", dark=True),
    Shot("tree-large", "/run/mechanical"),
    Shot("tests", "/run/mechanical", ("keys:2",)),
    Shot("about", "/run/model", ("keys:4",)),
    Shot("issue", "/run/model", ("keys:3",)),
    Shot("node", "/run/model", ("select:a:text('open as a page')",)),
    Shot(
        "conversation",
        "/run/model",
        ("select:a:text('open as a page')", "open:.step >> nth=1", "to:.step >> nth=0"),
    ),
    Shot("batch", "/batch/wide"),
    Shot("batch-plots", "/batch/wide", ("to:h2:text('Plots')",)),
    Shot("compare", "/compare?a=wide&b=narrow"),
    Shot("archive", "/archive/evolution"),
    Shot("archive-niches", "/archive/evolution", ("to:h2:text('Niches')",)),
    Shot("design", "/archive/evolution", ("select:a.tile >> nth=0",)),
    Shot("missing", "/run/nowhere"),
)
KEPT = ("tree", "tree-dark", "tree-large", "conversation", "tests", "batch", "compare", "archive")
"""Those that the documentation shows."""


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures"))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--all", action="store_true")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    wanted = options.only or ([shot.name for shot in SHOTS] if options.all else KEPT)
    shots = [shot for shot in SHOTS if shot.name in wanted]
    with served(options.folder) as address, chromium() as browser:
        for shot in shots:
            if options.all:
                for dark in (False, True):
                    for size in (SMALL, LAPTOP):
                        name = f"{shot.name}-{'dark' if dark else 'light'}-{size[0]}"
                        take(browser, address, shot, options.out / f"{name}.png", dark=dark, size=size)
            else:
                take(browser, address, shot, options.out / f"{shot.name}.png", dark=shot.dark, size=LAPTOP)


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address with the token under which the folder is shown."""
    found: list[str] = []
    threading.Thread(target=serve, args=(folder,), kwargs={"port": 0, "ready": found.append}, daemon=True).start()
    while not found:
        time.sleep(0.02)
    yield found[0]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS.split())
        yield browser
        browser.close()


def take(browser: Browser, address: str, shot: Shot, target: Path, *, dark: bool, size: tuple[int, int]) -> None:
    """Takes one picture."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
    )
    try:
        page = context.new_page()
        page.on("pageerror", lambda error: print(f"{shot.name}: {error}"))
        page.goto(address)
        page.goto(address.partition("/?")[0] + shot.address)
        settle(page)
        for step in shot.steps:
            act(page, step)
        settle(page)
        picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
        picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(target, optimize=True)
        print(f"{target} {target.stat().st_size / 1000:.0f} kB", flush=True)
    finally:
        context.close()


def settle(page: Page) -> None:
    """Waits until nothing loads, and plots, if there are any, are drawn."""
    page.wait_for_load_state("load")
    page.wait_for_function(
        "() => (!document.querySelector('#plots-section:not([hidden])') || document.body.dataset.plots)"
        " && !document.querySelector('.panel.loading')"
    )
    page.wait_for_timeout(250)


def act(page: Page, step: str) -> None:
    """One step of a person."""
    what, _, where = step.partition(":")
    if what == "keys":
        page.keyboard.press(where)
    elif what == "select":
        page.locator(where).first.click()
        settle(page)
    elif what == "open":
        page.locator(where).first.evaluate("element => { element.open = true; }")
    else:
        page.locator(where).first.evaluate("element => element.scrollIntoView({ block: 'start' })")


if __name__ == "__main__":
    main()
