"""From a key on a slider to the painted answer, and the cut under the pointer: ``python -m tests.benchmarks.latency``.

Starts the app and a page that only shows a text, and moves a slider on both in turn, in one browser: λ, α and
the cutoff on the *Tune* page of the demo, then of 500 responses on 20 factors, which are uploaded first. The
clock is the page's own: it starts at the key and stops two frames after the new fit's digest stands in the page
and in the map. The text page answers with nothing but another text, so what is above its figure is ours: the
fit, its statistics, and what is drawn at every step. Two things follow only when a slider rests and are not
timed: the address, and the path along λ where it would take longer than a step can wait.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from playwright.sync_api import Page, sync_playwright

from factorlasso_core import Panel
from tests.benchmarks.panels import make_panel
from tests.browser.conftest import ARGUMENTS, chromium, running_app

TEXT_PAGE = """import streamlit as st
value = st.slider("Penalty λ", 0, 1000, 400)
st.html(f'<p class="fit-id">{value}</p>')
"""
WARM_UP = 3
SLIDERS = ("Penalty λ", "L1 share α", "Dendrogram cutoff")
MOST = 1.35  # times the text page
REST = 120  # milliseconds between two keys
# Resolves with the time from the next key to two frames after all marks show the same new text.
CLOCK = """
() => {
  const maps = [...document.querySelectorAll('*')].flatMap((e) => [...(e.shadowRoot?.querySelectorAll('.map') ?? [])]);
  const read = () => {
    const page = [...document.querySelectorAll('.fit-id')].map((e) => e.textContent.trim());
    return [...page, ...maps.map((map) => map.dataset.fit)];
  };
  const before = read()[0];
  window.answer = new Promise((resolve, reject) => {
    document.addEventListener('keydown', () => {
      const start = performance.now();
      const look = () => {
        const now = read();
        if (now.length && now[0] !== before && now.every((text) => text === now[0])) {
          requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now() - start)));
        } else if (performance.now() - start > 20000) reject(new Error('no answer'));
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    }, { capture: true, once: true });
  });
}
"""
# Collects the times at which the map is drawn.
DRAWS = """
() => {
  const maps = [...document.querySelectorAll('*')].flatMap((e) => [...(e.shadowRoot?.querySelectorAll('.map') ?? [])]);
  window.draws = [];
  const watcher = new MutationObserver(() => window.draws.push(performance.now()));
  maps.forEach((map) => watcher.observe(map, { attributes: true, attributeFilter: ['data-draw'] }));
}
"""


@dataclass(frozen=True)
class Times:
    """Milliseconds of every step on both pages."""

    ours: list[float]
    text: list[float]

    def line(self, name: str) -> str:
        """One row of the printed table."""
        (mine, mine95), (bare, bare95) = (np.percentile(times, (50, 95)) for times in (self.ours, self.text))
        return f"{name:>28} {mine:8.1f} {mine95:8.1f} {bare:10.1f} {bare95:8.1f} {mine / bare:8.2f}"

    @property
    def ratio(self) -> float:
        """Median of ours to that of the text page."""
        return float(np.median(self.ours) / np.median(self.text))


def step(page: Page, slider: str = SLIDERS[0]) -> float:
    """Press a key on a slider and return the milliseconds until the answer is painted."""
    thumb = page.get_by_role("slider", name=slider)
    thumb.focus()
    page.evaluate(CLOCK)
    page.keyboard.press("ArrowRight")
    taken = float(page.evaluate("() => window.answer"))
    page.wait_for_timeout(REST)
    return taken


def measure(ours: Page, text: Page, slider: str, steps: int) -> Times:
    """Let both pages take turns, so that whatever else the machine does hits both."""
    pairs = []
    for _ in range(WARM_UP + steps):
        ours.bring_to_front()
        mine = step(ours, slider)
        text.bring_to_front()
        pairs.append((mine, step(text)))
    return Times(*(list(times) for times in zip(*pairs[WARM_UP:], strict=True)))


def drag(page: Page) -> str:
    """Drag the cut to and fro as fast as the browser takes it, and say how often the preview was drawn."""
    box = page.get_by_role("slider", name="Cut of the tree").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    page.evaluate(DRAWS)
    for place in 40 * np.sin(np.linspace(0, 6 * np.pi, 150)):
        page.mouse.move(x + place, y)
    times = np.array(page.evaluate("() => window.draws"))
    page.mouse.move(x, y)
    page.mouse.up()
    gaps = np.diff(times)
    every = 1000 * len(gaps) / (times[-1] - times[0])
    return f"cut dragged: {every:.0f} frames a second, {np.percentile(gaps, 95):.0f} ms between two at p95"


def ready(page: Page) -> None:
    """Wait until the map of the page is drawn and the page rests."""
    page.locator(".fit-id").wait_for(state="attached")
    page.locator(".map[data-fit]").wait_for()
    page.wait_for_timeout(1500)


def open_demo(page: Page, url: str, _: Path) -> None:
    """The *Tune* page of the default demo."""
    page.goto(f"{url}/Tune")
    ready(page)


def open_large(page: Page, url: str, folder: Path) -> None:
    """The *Tune* page of 500 responses on 20 factors, uploaded."""
    upload(page, url, folder, make_panel())


def open_huge(page: Page, url: str, folder: Path) -> None:
    """The *Tune* page of 3,000 responses on 5 factors, uploaded."""
    upload(page, url, folder, make_panel(120, 3000, 5))


def upload(page: Page, url: str, folder: Path, panel: Panel) -> None:
    """Upload a panel on *Data* and go on to *Tune*."""
    page.goto(f"{url}/Data")
    page.locator(".fit-id").wait_for(state="attached")
    page.get_by_text("Upload your own").click()
    frames = {"Responses file": (panel.y, panel.responses), "Factors file": (panel.x, panel.factors)}
    for word, (values, names) in frames.items():
        path = folder / f"{word}.csv"
        pd.DataFrame(values, panel.index, names).to_csv(path, index_label="date")
        field = page.get_by_test_id("stFileUploader").filter(has_text=word).locator("input[type=file]")
        field.set_input_files(path)
        page.wait_for_timeout(3000)
    page.get_by_test_id("stSidebar").get_by_role("link", name="Tune", exact=True).click()
    page.get_by_role("heading", name="Tune", exact=True).first.wait_for()
    ready(page)


CASES: dict[str, Callable[[Page, str, Path], None]] = {
    "demo": open_demo,
    "500 x 20": open_large,
    "3,000 x 5": open_huge,
}
ONLY_DRAGGED = ("3,000 x 5",)


@contextmanager
def pages(folder: Path) -> Iterator[tuple[Any, str, str]]:
    """A browser, and the addresses of the app and of the text page."""
    script = folder / "text.py"
    script.write_text(TEXT_PAGE, encoding="utf-8")
    with ExitStack() as stack:
        app = stack.enter_context(running_app(folder / "app.log"))
        text = stack.enter_context(running_app(folder / "text.log", script))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        stack.callback(browser.close)
        yield browser, app, text


def main() -> None:
    """Print p50 and p95 of both pages, and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=30, help="measured on each page, after three to warm up")
    parser.add_argument("--only", choices=list(CASES), help="one of the cases")
    options = parser.parse_args()
    print(f"{'ms':>28} {'Tune p50':>8} {'p95':>8} {'text p50':>10} {'p95':>8} {'ratio':>8}", flush=True)
    with tempfile.TemporaryDirectory() as name, pages(Path(name)) as (browser, app, text_url):
        for case, arrive in CASES.items():
            if options.only not in (None, case):
                continue
            size = {"width": 1400, "height": 1100}
            ours, text = browser.new_page(viewport=size), browser.new_page(viewport=size)
            arrive(ours, app, Path(name))
            text.goto(text_url)
            text.locator(".fit-id").wait_for()
            print(f"{case:>28} {drag(ours)}", flush=True)
            ours.wait_for_timeout(2000)
            for slider in SLIDERS if case not in ONLY_DRAGGED else ():
                times = measure(ours, text, slider, options.steps)
                verdict = "" if times.ratio <= MOST else f"   above {MOST}"
                print(times.line(f"{case}, {slider}") + verdict, flush=True)
                ours.wait_for_timeout(2000)
            ours.close()
            text.close()


if __name__ == "__main__":
    main()
