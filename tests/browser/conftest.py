"""A real server and a real Chromium for every browser test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Chromium without the background traffic that a closed network would refuse many times a second.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """Path of an installed Chromium or Chrome."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without Chromium these tests are skipped with the reason; where CI promises one they fail instead."""
    if chromium() is not None or os.environ.get("CI") == "true":
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason="no Chromium found: install Debian's package 'chromium'"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def healthy(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=1) as answer:
            return bool(answer.read() == b"ok")
    except OSError:
        return False


@contextmanager
def running_app(log: Path, script: Path | str = "app.py") -> Iterator[str]:
    """Address of the app, started as the README says, or of another script under the same configuration."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = ["--server.port", str(port), "--server.headless=true"]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *options]
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + 60
            while not healthy(url):
                assert process.poll() is None, "the server stopped"
                assert time.monotonic() < deadline, "the server did not become healthy"
                time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(timeout=20)


def inside(url: str, server: str) -> bool:
    """Whether an address stays on this machine."""
    return url.startswith((server, server.replace("http", "ws"), "data:", "blob:"))


@pytest.fixture
def viewport() -> dict[str, int]:
    """Size of the window; a module that needs another has its own."""
    return {"width": 1280, "height": 1000}


@pytest.fixture
def page(browser, server, viewport) -> Iterator[object]:
    """A page whose every request stays on this machine and whose scripts raise nothing."""
    context = browser.new_context(viewport=viewport, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(30_000)
    outside: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: outside.append(request.url) if not inside(request.url, server) else None)
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert outside == [] and faults == []


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_app(tmp_path_factory.mktemp("server") / "log.txt") as url:
        yield url


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield running
        running.close()
