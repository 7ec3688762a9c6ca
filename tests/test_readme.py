"""The README is true: its code runs, its tables are complete, its commands are the ones CI runs."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import pytest

from factorlasso_core import LassoModel

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", README, flags=re.S))
def test_python_in_the_readme_runs(code) -> None:
    exec(compile(code, "README.md", "exec"), {})


def test_the_option_table_lists_every_parameter_with_its_default() -> None:
    section = README.split("## Options")[1].split("## ")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", section, flags=re.M))
    signature = inspect.signature(LassoModel.__init__).parameters
    actual = {
        name: getattr(parameter.default, "name", repr(parameter.default))
        for name, parameter in signature.items()
        if name != "self"
    }
    assert listed == actual


@pytest.mark.parametrize("command", ["pip install -e . && streamlit run app.py", 'pip install -e ".[test]" && pytest'])
def test_both_commands_stand_on_their_own_line(command) -> None:
    assert command in README.splitlines()


def test_pictures_of_the_readme_exist() -> None:
    pictures = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README) + re.findall(r'src(?:set)?="([^"]+)"', README)
    assert pictures
    for picture in pictures:
        assert (ROOT / picture).is_file(), picture
