"""What a fresh server must import before the first page can paint."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SLOW = ("openpyxl", "cvxpy", "sklearn", "statsmodels", "linearmodels", "scipy.stats", "scipy.signal")
SCRIPT = """
import sys
from streamlit.testing.v1 import AppTest
page = AppTest.from_file("app.py", default_timeout=60).run()
assert not page.exception, page.exception
print([name for name in SLOW if name in sys.modules])
"""


def test_the_first_page_loads_no_slow_package():
    code = f"SLOW = {SLOW!r}\n{SCRIPT}"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[]"
