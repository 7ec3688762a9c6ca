"""Takes the pictures of the README anew: ``python -m tests.browser.pictures``."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, ROOT, chromium, running_app


@dataclass(frozen=True)
class Picture:
    """A page as it looks in a window of some size.

    Attributes:
        page: Address below that of the app. size: Width and height of the window, pixels.
    """

    name: str
    page: str
    size: tuple[int, int]
    scheme: str = "light"


LIVE = {"tune": ("Tune", (1400, 1420)), "clusters": ("Clusters?data=french", (1130, 1130))}
PICTURES = (
    *(
        Picture(f"{name}-{width}-{scheme}", page, (width, height), scheme)
        for name, (page, heights) in LIVE.items()
        for width, height in zip((1280, 1920), heights, strict=True)
        for scheme in ("light", "dark")
    ),
    Picture("select", "Select", (1280, 1290)),
    Picture("model", "Model?data=french&model=FCGL&derive=yes&gate=2.0", (1280, 960)),
)


def take(browser: Any, url: str, picture: Picture) -> None:
    """Write one picture into ``.github/images`` once all of the page is drawn."""
    width, height = picture.size
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=picture.scheme)
    page.goto(f"{url}/{picture.page}")
    page.locator(".fit-id").wait_for(state="attached")
    if picture.name.split("-")[0] in LIVE:
        page.locator(".map[data-fit]").wait_for()
    page.wait_for_timeout(2500)
    page.screenshot(path=ROOT / ".github" / "images" / f"{picture.name}.png")
    page.close()


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as folder, running_app(Path(folder) / "log.txt") as url, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for picture in PICTURES:
            take(browser, url, picture)
        browser.close()


if __name__ == "__main__":
    main()
