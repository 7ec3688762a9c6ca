"""Every error this package raises on purpose.

    FactorLassoError
    ├── OptionError     (ValueError)    an option is out of range; names it and gives the range
    ├── DataError       (ValueError)    arrays or frames that cannot be fitted; names the label
    │   └── InputError                  a file that cannot be read; names file, sheet, row, column
    ├── BeliefsError    (ValueError)    signs, prior or groups that do not match the panel
    ├── SolverError     (RuntimeError)  a CVXPY solver failed or is not installed
    ├── SelectionError  (RuntimeError)  no λ could be compared with another
    └── NotFittedError  (RuntimeError)  an attribute asked for before ``fit``

Each message is one sentence that says what is wrong, where, and what to do.
"""

from __future__ import annotations

from functools import partial
from typing import Any


class FactorLassoError(Exception):
    """Base of every error raised on purpose."""


class OptionError(FactorLassoError, ValueError):
    """An option is outside its range."""

    def __init__(self, name: str, value: object, allowed: str) -> None:
        super().__init__(f"{name}={value!r} is not allowed: it must be {allowed}.")
        self.name, self.value, self.allowed = name, value, allowed

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name, self.value, self.allowed)


class DataError(FactorLassoError, ValueError):
    """Responses or factors that cannot make a panel."""


class InputError(DataError):
    """A file that cannot be read.

    Args:
        problem: What is wrong, as the start of a sentence without its full stop.
        cure: What the user can do about it, as a full sentence.
        file, sheet, row, column: Where; rows count from 1 as a spreadsheet shows them.
        code: Short stable identifier of the kind of fault.
    """

    def __init__(
        self,
        problem: str,
        *,
        cure: str = "",
        file: str | None = None,
        sheet: str | None = None,
        row: int | None = None,
        column: str | None = None,
        code: str = "unreadable",
    ) -> None:
        self.problem, self.cure, self.code = problem, cure, code
        self.file, self.sheet, self.row, self.column = file, sheet, row, column
        place = ", ".join(
            f"{name} {value}" if name else str(value)
            for name, value in (("", file), ("sheet", sheet), ("row", row), ("column", column))
            if value is not None
        )
        sentence = f"{place}: {problem}." if place else f"{problem}."
        super().__init__(f"{sentence} {cure}".strip())

    def __reduce__(self) -> tuple[Any, ...]:
        place = {name: getattr(self, name) for name in ("cure", "file", "sheet", "row", "column", "code")}
        return partial(type(self), self.problem, **place), ()


class BeliefsError(FactorLassoError, ValueError):
    """Signs, prior or groups that do not fit the panel."""


class SolverError(FactorLassoError, RuntimeError):
    """A CVXPY solver failed, or is not installed."""


class SelectionError(FactorLassoError, RuntimeError):
    """No λ could be compared with another."""


class NotFittedError(FactorLassoError, RuntimeError):
    """A fitted attribute was asked for before ``fit``."""
