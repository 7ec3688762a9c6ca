"""What the browser needs to draw the sign rule of every loading, to be painted on."""

from __future__ import annotations

import numpy as np
import pandas as pd

from factorlasso_core import Fit, Rule
from factorlasso_core.arrays import Array
from pages.shared.clustermap.views import RULES, Message, loadings, rules

# Marks of the rules in force, in the order of their codes from 1; their names are known to the script that draws.
RULE_LEGEND = {
    "user+": "yours, ≥ 0",
    "user-": "yours, ≤ 0",
    "user0": "yours, = 0",
    "derived+": "derived, ≥ 0",
    "derived-": "derived, ≤ 0",
    "gated": "gated",
    "excluded": "excluded",
    "nonneg": "non-negative fit",
}
# Codes by rule and sign: +, −, zero or none.
_RULE_MARKS = np.zeros((len(Rule), 3), dtype="u1")
_RULE_MARKS[Rule.USER] = 1, 2, 3
_RULE_MARKS[Rule.DERIVED] = 4, 5, 6
_RULE_MARKS[Rule.GATED], _RULE_MARKS[Rule.EXCLUDED], _RULE_MARKS[Rule.NONNEG] = 6, 7, 8


def signs(fit: Fit, given: pd.DataFrame, limit: float, colours: Array | None, groups: pd.Series | None) -> Message:
    """The loadings of a fit, marked by the rule each is bounded by, to be painted on.

    Args:
        given: The analyst's signs; those the model has no place for are marked all the same.
    """
    rule, sign = fit.box.rule.astype(int), _sign_places(fit.box.signs)
    unused = given.notna().to_numpy() & ((rule == Rule.FREE) | (not fit.spec.model_type.takes_signs))
    mark = _RULE_MARKS[rule, sign]
    mark[unused] = _RULE_MARKS[Rule.USER, _sign_places(given.to_numpy(dtype=float))[unused]]
    words = rules(fit)
    words[unused] = len(RULES)
    names = list(RULE_LEGEND)
    there = {*("user+", "user-", "user0"), *(names[code - 1] for code in np.unique(mark) if code)}
    header = {
        "kind": "signs",
        "title": "Sign rules over loadings",
        "paint": True,
        "beside": True,
        "marks": ["", *names],
        "rule_words": [*RULES, "your sign is kept, but this fit does not use it"],
        "legend": [[name, text] for name, text in RULE_LEGEND.items() if name in there],
    }
    view = loadings(fit, limit, colours, groups)
    return view | Message(header, {"mark": mark, "rule": words})


def _sign_places(signs: Array) -> Array:
    """0 for +, 1 for −, 2 for zero or none: columns of ``_RULE_MARKS``."""
    return np.where(signs == 1, 0, np.where(signs == -1, 1, 2))
