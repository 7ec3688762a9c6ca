"""What every class of options shares: checks at birth, canonical JSON, a digest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np

from factorlasso_core.digest import canonical_json, digest
from factorlasso_core.errors import OptionError


def check(name: str, value: Any, good: bool, allowed: str) -> None:
    if not good:
        raise OptionError(name, value, allowed)


def is_real(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    check(name, value, isinstance(value, str) and value in choices, "one of " + ", ".join(map(repr, choices)))


def check_span(name: str, value: Any) -> None:
    check(name, value, value is None or (is_real(value) and value > 1), "None or a finite number greater than 1")


def check_flag(name: str, value: object) -> None:
    check(name, value, isinstance(value, bool | np.bool_), "True or False")


def check_whole(name: str, value: Any, least: int) -> None:
    whole = isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least
    check(name, value, whole or value is None, f"None or an integer >= {least}")


@dataclass(frozen=True)
class Options:
    """What every options class shares.

    ``NAMES`` holds the names of fields that ``LassoModel`` calls otherwise.
    """

    NAMES: ClassVar[dict[str, str]] = {}

    @classmethod
    def from_parameters(cls, parameters: Mapping[str, Any]) -> Self:
        """Return the options that parameters of ``LassoModel`` stand for."""
        held = {}
        for name, default in cls.defaults().items():
            held[name] = (
                default.from_parameters(parameters)
                if isinstance(default, Options)
                else (parameters[cls.NAMES.get(name, name)])
            )
        return cls(**held)

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Return every field at its default, in order."""
        default = cls()
        return {field.name: getattr(default, field.name) for field in fields(cls)}

    def parameters(self) -> dict[str, Any]:
        """Return every option under the name ``LassoModel`` gives it, those of the stages among them."""
        found: dict[str, Any] = {}
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            found |= value.parameters() if isinstance(value, Options) else {self.NAMES.get(name, name): value}
        return found

    def coerce(self, kind: type, *names: str) -> None:
        """Turn checked values into one type, so that 24 and 24.0, a word and its enum, have one digest."""
        for name in names:
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, kind(value.value if isinstance(value, Enum) else value))

    def to_json(self) -> str:
        """Return canonical JSON: sorted keys, floats as ``float.hex``, enums by name."""
        return canonical_json(self._nested())

    def _nested(self) -> dict[str, Any]:
        """Every option by name; ``asdict`` would copy each value deeply, at every move of a slider."""
        held = ((field.name, getattr(self, field.name)) for field in fields(self))
        return {name: value._nested() if isinstance(value, Options) else value for name, value in held}

    def digest(self) -> str:
        """Return the digest of the canonical JSON, a key for caches."""
        return digest(type(self).__name__, self.to_json())
