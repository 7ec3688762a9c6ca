"""A fitted model in words, and its signs as a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.result import Fit, State

PARTS = ("smallest", "quarter", "median", "three quarters", "largest")
WORDS = {
    State.ACTIVE: "active",
    State.AT_PRIOR: "at their prior",
    State.ZERO_BY_PENALTY: "zero by penalty",
    State.HELD_BY_BOUND: "held by their bound",
    State.WARM_UP: "in warm-up",
    State.NO_DATA: "without data",
}


def summary(fit: Fit) -> str:
    """Describe a fit in a few lines: model, data, penalty, groups, loadings, R², proof and what to know.

    A loading counts as non-zero when it is not exactly zero; the solver leaves no dust.
    """
    lines = {
        "Model": fit.spec.model_type.name,
        "Data": _data(fit),
        "Penalty": _penalty(fit),
        "Groups": _groups(fit),
        "Non-zero": _non_zero(fit),
        "Cells": _cells(fit),
        "R²": _explained(fit.statistics.r2),
        "Proof": _proof(fit),
    }
    notes = [f"{'Note':<9} {notice.message}" for notice in fit.notices]
    return "\n".join([f"{name:<9} {text}" for name, text in lines.items() if text] + notes)


def _data(fit: Fit) -> str:
    rows, n, m = fit.panel.shape
    index = fit.panel.index
    first, last = (date.date() if isinstance(index, pd.DatetimeIndex) else date for date in (index[0], index[-1]))
    missing = np.isnan(fit.panel.y).mean()
    holes = f", {missing:.1%} of responses missing" if missing else ""
    return f"{rows} rows ({first} to {last}), {_count(n, 'response')}, {_count(m, 'factor')}{holes}"


def _penalty(fit: Fit) -> str:
    spec = fit.spec
    alone = spec.model_type.for_responses(fit.panel.shape[1]).is_lasso
    share = "" if alone else f", L1 share α = {spec.penalty.l1_weight:g}, weights {spec.penalty.group_penalty}"
    span = "no EWMA span" if spec.loss.span is None else f"EWMA span {spec.loss.span:g} rows"
    return f"λ = {spec.penalty.reg_lambda:g}{share}, {span}"


def _groups(fit: Fit) -> str:
    if fit.labels is None:
        return ""
    sizes = pd.Series(fit.labels).value_counts()
    found = "given" if fit.clustering is None else f"found by cutting the tree at {fit.cutoff:.4g}"
    return f"{fit.n_clusters}, {found}, with {sizes.min()} to {sizes.max()} responses"


def _non_zero(fit: Fit) -> str:
    count, total = np.count_nonzero(np.nan_to_num(fit.beta, nan=0.0)), fit.beta.size
    empty = int((np.nan_to_num(fit.beta, nan=0.0) == 0).all(axis=1).sum())
    without = f", {_count(empty, 'response')} without any" if empty else ""
    return f"{count} of {total} loadings ({count / total:.1%}){without}"


def _cells(fit: Fit) -> str:
    """Counts by what became of the cells, those that occur."""
    counts = np.bincount(fit.state.ravel(), minlength=len(State))
    return ", ".join(f"{counts[state]} {words}" for state, words in WORDS.items() if counts[state])


def _explained(r2: Array) -> str:
    """Five numbers of the distribution over responses."""
    known = r2[np.isfinite(r2)]
    if not len(known):
        return "unknown for every response"
    values = np.quantile(known, [0.0, 0.25, 0.5, 0.75, 1.0])
    text = ", ".join(f"{name} {value:.3f}" for name, value in zip(PARTS, values, strict=True))
    unknown = len(r2) - len(known)
    return text + (f"; unknown for {_count(unknown, 'response')}" if unknown else "")


def _proof(fit: Fit) -> str:
    if fit.solved is None:
        return "nothing was solved"
    gap = fit.solved.certificate.relative_gap
    return f"{fit.solved.status}; objective {fit.objective:.10g}, largest relative gap {gap:.1e}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def plot_signs(signs: pd.DataFrame | None, ax: Any = None) -> Any:
    """Draw a sign matrix with matplotlib and return the axes drawn on.

    Args:
        signs: (N, M) of 1, -1, 0 (pinned to zero) and NaN (free, left blank). ax: Axes; by default new ones.

    Raises:
        RuntimeError: There are no signs. ImportError: New axes are wanted and matplotlib is not installed.
    """
    if signs is None:
        raise RuntimeError(
            "The fit used no signs: fit with auto_sign_constraints=True, or give factors_beta_loading_signs."
        )
    rows, columns = signs.shape
    if ax is None:
        ax = _axes((max(4.0, 0.45 * columns), max(3.0, 0.2 * rows)))
    ax.imshow(signs.to_numpy(dtype=float), aspect="auto", cmap="RdBu", vmin=-1, vmax=1)
    ax.set_xticks(range(columns))
    ax.set_xticklabels(list(map(str, signs.columns)), rotation=45, ha="right")
    ax.set_yticks(range(rows))
    ax.set_yticklabels(list(map(str, signs.index)))
    ax.set_xlabel("Factor")
    ax.set_ylabel("Response")
    ax.set_title("Signs: +1 blue, -1 red, 0 white")
    return ax


def _axes(size: tuple[float, float]) -> Any:
    try:
        from matplotlib import pyplot  # drawn with on request only, so not a dependency
    except ImportError as error:
        raise ImportError(
            "plot_signs draws with matplotlib, which is not installed: pip install matplotlib, pass ax=, or use the "
            "loadings picture of factorlasso_core.figures."
        ) from error
    return pyplot.subplots(figsize=size)[1]
