"""Takes the pictures of the README anew: ``python -m tests.browser.pictures``."""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, ROOT, chromium, running_app

PICTURES = {
    "tune": ("Tune", "light", 1460),
    "clusters-dark": ("Clusters?data=french", "dark", 900),
    "select": ("Select", "light", 1290),
    "model": ("Model?data=french&model=FCGL&derive=yes&gate=2.0", "light", 960),
}


def main() -> None:
    """Write one PNG a picture into ``.github/images``."""
    with tempfile.TemporaryDirectory() as folder, running_app(Path(folder) / "log.txt") as url, sync_playwright() as p:
        browser = p.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        for name, (page_name, scheme, height) in PICTURES.items():
            page = browser.new_page(viewport={"width": 1280, "height": height}, color_scheme=scheme)
            page.goto(f"{url}/{page_name}")
            page.locator(".fit-id").wait_for(state="attached")
            page.wait_for_timeout(2500)
            page.screenshot(path=ROOT / ".github" / "images" / f"{name}.png")
        browser.close()


if __name__ == "__main__":
    main()
