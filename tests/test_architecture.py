"""The directions between modules hold, importing the core is light, and nothing grows too long to read."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
HEAVY = ("cvxpy", "sklearn", "plotly", "streamlit", "statsmodels", "linearmodels", "openpyxl")
MODULES = sorted(path for folder in ("factorlasso_core", "pages") for path in (ROOT / folder).rglob("*.py"))
LONGEST_MODULE, LONGEST_FUNCTION = 350, 60


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_importing_the_core_and_fitting_with_it_loads_no_heavy_package():
    script = (
        "import sys, numpy as np, factorlasso_core as core; loaded = lambda: [m for m in HEAVY if m in sys.modules];"
        "r = np.random.default_rng(0); before = loaded();"
        "core.LassoModel().fit(r.standard_normal((30, 2)), r.standard_normal((30, 2))); print(before, loaded())"
    )
    found = run(sys.executable, "-W", "error", "-c", f"HEAVY = {HEAVY!r}\n{script}")
    assert found.returncode == 0, found.stderr
    assert found.stdout.strip() == "[] []"


def test_every_public_name_is_there_and_listed_once():
    import factorlasso_core

    names = factorlasso_core.__all__
    assert len(set(names)) == len(names)
    assert all(hasattr(factorlasso_core, public) for public in names)


def test_the_import_contracts_are_kept():
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent)) or "lint-imports"
    found = run(command, "--no-cache")
    assert found.returncode == 0, found.stdout + found.stderr
    assert " 0 broken" in found.stdout


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_module_is_too_long_to_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_MODULE


@pytest.mark.parametrize("path", MODULES, ids=name)
def test_no_function_is_too_long_to_read(path):
    functions = (
        node
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )
    long = {f.name: f.end_lineno - f.lineno + 1 for f in functions}
    assert {key: lines for key, lines in long.items() if lines > LONGEST_FUNCTION} == {}


def test_the_guard_sees_the_modules():
    assert ROOT / "factorlasso_core" / "fast.py" in MODULES and len(MODULES) > 20
