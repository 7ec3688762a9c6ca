"""What the browser needs to draw a fit: loadings, or correlations, on the rows of one tree."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core import Fit, Rule, State
from factorlasso_core.arrays import Array
from factorlasso_core.clusters import Tree, build_tree
from factorlasso_core.dependence import sample_correlation
from factorlasso_core.figures.cells import RULE_WORDS, SIGN_WORDS
from factorlasso_core.figures.rows import row_order
from factorlasso_core.figures.style import PALETTE
from pages.shared.clustermap.looks import LOOKS

FEWEST_COLUMNS = 3  # from which they can be ordered
LOWEST_CUT, HIGHEST_CUT, CUT_STEP = 0.01, 1.0, 0.01  # of the sidebar's slider
EXACT, COARSE = 200, 1000  # responses up to which correlations are exact, and from which they are per cents
# Reasons of a cell, in the order of their codes: name, words. The names are known to the script that draws.
REASONS = (
    ("", ""),
    ("penalty", "zero by penalty"),
    ("above", "held at zero by its sign, ≥ 0"),
    ("below", "held at zero by its sign, ≤ 0"),
    ("zero", "set to zero or excluded"),
    ("gate", "zero by the gate: too weak alone"),
    ("prior", "at its prior"),
    ("warmup", "warm-up, too few observations"),
    ("nodata", "no data"),
)
CODES = {name: code for code, (name, _) in enumerate(REASONS)}
LEGEND = {
    "penalty": "zero by penalty",
    "above": "held by sign ≥ 0",
    "below": "held by sign ≤ 0",
    "zero": "set to zero",
    "gate": "zero by gate",
    "prior": "at its prior",
    "warmup": "warm-up",
    "nodata": "no data",
}


@dataclass(frozen=True, eq=False)
class Message:
    """A header and its arrays."""

    header: dict[str, Any]
    arrays: dict[str, Array] = field(default_factory=dict)

    def __or__(self, other: Message) -> Message:
        return Message(self.header | other.header, self.arrays | other.arrays)


def loadings(fit: Fit, limit: float, colours: Array | None, groups: pd.Series | None) -> Message:
    """The loadings of a fit, with the reason and the rule of every cell.

    Args:
        limit: ``|β|`` at the ends of the colours. colours: (N,) colour numbers of the clusters.
        groups: The analyst's groups.
    """
    reason = reasons(fit)
    header = {
        "kind": "loadings",
        "title": "Loadings in the order of the tree" if fit.clustering is not None else "Loadings",
        "columns": list(map(str, fit.panel.factors)),
        "symbol": "β",
        "unit": 1.0,
        "limit": limit,
        "scale": "loadings",
        "looks": LOOKS,
        "reasons": [name for name, _ in REASONS],
        "reason_words": [words for _, words in REASONS],
        "rule_words": RULES,
        "legend": _legend(fit, reason),
    }
    arrays = {"values": (fit.beta + 0.0).astype("f4"), "reason": reason, "rule": rules(fit)}
    if fit.evidence is not None:
        arrays["t"] = fit.evidence.t.astype("f4")
    if fit.panel.shape[2] >= FEWEST_COLUMNS:
        arrays["columnorder"] = _column_order(fit)
    return Message(header, arrays) | _rows(fit, colours, groups)


def correlations(fit: Fit, colours: Array | None, groups: pd.Series | None) -> Message:
    """The correlations the clusters come from, rows and columns alike; large ones are rounded."""
    assert fit.clustering is not None
    values, count = fit.clustering.correlation, len(fit.beta)
    kind, unit = ("f4", 1.0) if count <= EXACT else ("i2", 1e-4) if count <= COARSE else ("i1", 1e-2)
    known = values if kind == "f4" else np.round(np.nan_to_num(values) / unit)
    header = {
        "kind": "correlations",
        "title": "Correlations in the order of the tree",
        "columns": None,
        "symbol": "ρ",
        "unit": unit,
        "limit": 1.0,
        "scale": "diverging",
        "looks": LOOKS,
        "reasons": [""],
        "legend": [],
    }
    return Message(header, {"values": known.astype(kind)}) | _rows(fit, colours, groups)


def reasons(fit: Fit) -> Array:
    """Code in ``REASONS`` of every cell, (N, M): why it is zero, if it is."""
    box, state, zero = fit.box, fit.state, fit.beta == 0
    code = np.zeros(fit.beta.shape, dtype="u1")
    code[state == State.ZERO_BY_PENALTY] = CODES["penalty"]
    held = (state == State.HELD_BY_BOUND) & zero
    code[held & (box.lower == 0)] = CODES["above"]
    code[held & (box.upper == 0)] = CODES["below"]
    nothing = (box.lower == 0) & (box.upper == 0) & zero
    code[nothing] = CODES["zero"]
    code[nothing & (box.rule == Rule.GATED)] = CODES["gate"]
    code[state == State.AT_PRIOR] = CODES["prior"]
    code[state == State.WARM_UP] = CODES["warmup"]
    code[state == State.NO_DATA] = CODES["nodata"]
    return code


def _legend(fit: Fit, reason: Array) -> list[list[str]]:
    """Marks these data and beliefs can show: the list does not change while λ moves."""
    lower, upper, gated = fit.box.lower == 0, fit.box.upper == 0, fit.box.rule == Rule.GATED
    there = {
        "penalty": True,
        "above": (lower & ~upper).any(),
        "below": (upper & ~lower).any(),
        "zero": (lower & upper & ~gated).any(),
        "gate": (lower & upper & gated).any(),
        "prior": (fit.prior != 0).any(),
        "warmup": (reason == CODES["warmup"]).any(),
        "nodata": (reason == CODES["nodata"]).any(),
    }
    return [[name, words] for name, words in LEGEND.items() if there[name]]


def rules(fit: Fit) -> Array:
    """Place in ``RULES`` of the sign rule of every cell, (N, M)."""
    box = fit.box
    return (4 * box.rule.astype(int) + (box.lower == 0) + 2 * (box.upper == 0)).astype("u1")


RULES = [
    "" if sign == SIGN_WORDS[0] else f"sign {sign}{RULE_WORDS[Rule(rule)]}"
    for rule in range(max(Rule) + 1)
    for sign in SIGN_WORDS
]


def _column_order(fit: Fit) -> Array:
    """Factors in the order of the tree of their correlations, (M,)."""
    return build_tree(sample_correlation(fit.data.x)).leaves.astype("i4")


def _rows(fit: Fit, colours: Array | None, groups: pd.Series | None) -> Message:
    """Names, clusters, tree and tracks of the responses."""
    names = list(map(str, fit.panel.responses))
    has_groups = colours is not None and fit.labels is not None
    codes, labels = np.full(len(names), -1), np.array([])
    if has_groups:
        codes[fit.counted], labels = pd.factorize(fit.labels[fit.counted])
    r2 = fit.statistics.r2.astype("f4")
    header = {
        "rows": names,
        "row_word": "response",
        "column_word": "factor",
        "group_word": None if not has_groups else "cluster" if fit.clustering is not None else "group",
        "cluster_names": list(map(str, labels)),
        "plain": len(PALETTE),
        "fit": fit.digest,
        "tracks": [],
        "tree": None,
    }
    arrays = {
        "cluster": codes.astype("i4"),
        "colour": np.full(len(names), -1, "i4") if colours is None else colours.astype("i4"),
        "counted": fit.counted.astype("u1"),
        "leaves": row_order(fit).astype("i4"),
        "r2": r2,
    }
    message = Message(header, arrays) | _tracks(fit, r2, groups, has_groups)
    orders = ["cluster"] if has_groups else []
    if fit.clustering is not None:
        message |= _tree(fit)
        orders = ["tree", *orders]
    return message | Message({"orders": [*(orders or ["given"]), "r2", "name", *(["given"] if orders else [])]})


def _tracks(fit: Fit, r2: Array, groups: pd.Series | None, has_groups: bool) -> Message:
    """Narrow columns beside the rows: cluster, the analyst's groups, R²."""
    tracks: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    if has_groups:
        tracks.append({"name": "cluster" if fit.clustering is not None else "group", "kind": "cluster"})
    if groups is not None and fit.clustering is not None:
        named = groups.reindex(fit.panel.responses).to_numpy(dtype=object)
        codes, levels = pd.factorize(np.where(named == "", None, named), use_na_sentinel=True)
        words = list(map(str, levels))
        if words:
            tracks.append({"name": "groups", "kind": "category", "array": "group", "levels": words})
            arrays["group"] = codes.astype("i4")
    tracks.append({"name": "R²", "kind": "number", "array": "r2", "low": 0.0, "high": 1.0, "percent": True})
    return Message({"tracks": tracks}, arrays)


def _tree(fit: Fit) -> Message:
    """The tree, its cut, and where the cut may be moved."""
    assert fit.clustering is not None and fit.cutoff is not None
    tree, options = fit.clustering.tree, fit.spec.clustering
    by_count = options.n_clusters is not None
    header = {
        "id": zlib.crc32(tree.linkage.tobytes()),
        "unit": tree.largest_distance or 1.0,
        "height": fit.cutoff,
        "fraction": None if by_count else options.cutoff_fraction,
        "low": LOWEST_CUT,
        "high": HIGHEST_CUT,
        "step": CUT_STEP,
        "drag": not by_count,
        "asked": f"at most {options.n_clusters}" if by_count else None,
        "why": "The number of clusters is set under Model, Rules" if by_count else "",
    }
    left, right = tree.linkage[:, :2].T.astype("i4")
    arrays = {"left": left, "right": right, "heights": tree.linkage[:, 2].copy(), "reach": _reach(tree, fit.counted)}
    return Message({"tree": header}, arrays)


def _reach(tree: Tree, counted: Array) -> Array:
    """Lowest cut that keeps each branch whole; no cut joins a response that was left out."""
    reach = tree.reach.astype("f8").copy()
    reach[len(reach) - int((~counted).sum()) :] = 1e300
    return reach
