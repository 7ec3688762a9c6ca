"""Factors named by response: what a caller may write, as tuples of labels."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from factorlasso_core.errors import OptionError

Labels = tuple[Hashable, ...]


def named_factors(
    given: Mapping[Any, Any] | pd.Series | None, most: int | None = 2, what: str = "factor_for_prior"
) -> dict[Hashable, Labels]:
    """Return the factors named for each response as tuples of labels.

    Args:
        given: Response to a factor, or a list or tuple of factors; a missing value names none.
        most: Longest list; None for any, the empty one too.
        what: Name of the parameter.

    Raises:
        TypeError: Not a mapping and not a Series.
        OptionError: An empty, too long, repeating or nested list, a container of another kind, or a Series
            that names a response twice.

    >>> named_factors({"r": "f", "s": ["f", "g"], "t": None})
    {'r': ('f',), 's': ('f', 'g')}
    """
    if given is not None and not isinstance(given, Mapping | pd.Series):
        raise TypeError(f"{what} must map responses to factors, not be a {type(given).__name__}.")
    if isinstance(given, pd.Series) and not given.index.is_unique:
        twice = list(given.index[given.index.duplicated()])
        raise OptionError(what, twice, "a Series that names every response once")
    entries = () if given is None else given.items()
    labels = {response: _labels(f"{what}[{response!r}]", value, most) for response, value in entries}
    return {response: chosen for response, chosen in labels.items() if chosen}


def _labels(name: str, value: Any, most: int | None) -> Labels:
    """One entry as labels; empty for a missing value."""
    if pd.api.types.is_scalar(value):
        return () if pd.isna(value) else (value,)
    if not isinstance(value, list | tuple) or not (value or most is None):
        raise OptionError(name, value, "the label of a factor, or a list of labels that is not empty")
    if not all(_is_label(label) for label in value):
        raise OptionError(name, value, "a list of labels, none of them missing or a list itself")
    if len(set(value)) < len(value):
        raise OptionError(name, value, "a list in which no factor stands twice")
    if most is not None and len(value) > most:
        raise OptionError(name, value, f"a list of at most {most} factors, as max_named_factors says")
    return tuple(value)


def _is_label(label: Any) -> bool:
    """Whether this can name a column: one value, or a tuple of them as a MultiIndex has it."""
    return isinstance(label, tuple) or bool(pd.api.types.is_scalar(label) and not pd.isna(label))
