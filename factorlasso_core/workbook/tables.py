"""The sheets of a workbook as plain tables, each a function of the fit alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.digest import canonical_json
from factorlasso_core.fit import fit_digest
from factorlasso_core.options import FitSpec
from factorlasso_core.overview import frequency, row_use
from factorlasso_core.result import Fit, State
from factorlasso_core.signs import Rule
from factorlasso_core.solve import PROVED
from factorlasso_core.workbook.words import COLUMNS, OPTIONS, Option


def parameters(fit: Fit) -> pd.DataFrame:
    """Options, sample and identity of a fit; the last row holds all of it as JSON."""
    defaults = FitSpec().parameters()
    rows = [
        (name, _shown(value), OPTIONS.get(name, Option("", "")).unit, _shown(defaults[name]), _meaning(name))
        for name, value in fit.spec.parameters().items()
    ]
    rows += [(name, value, unit, None, meaning) for name, value, unit, meaning in _facts(fit)]
    return pd.DataFrame(rows, columns=list(COLUMNS["parameters"]), dtype=object)


def _meaning(name: str) -> str:
    return OPTIONS.get(name, Option("", "")).meaning


def _shown(value: object) -> object:
    if isinstance(value, Enum):
        return value.name
    return "none" if value is None else value


def _facts(fit: Fit) -> Iterator[tuple[str, object, str, str]]:
    """Yield what is no option: name, value, unit, meaning."""
    rows, responses, factors = fit.panel.shape
    index = fit.panel.index
    yield "solver", fit.solver, "", "which solver was asked"
    yield "first_row", _date(index[0]), "", "first row of the sample window"
    yield "last_row", _date(index[-1]), "", "last row of the sample window"
    yield "frequency", frequency(index).name, "", "recognised from the spacing of the dates"
    yield "rows", rows, "rows", "T, rows of the panel"
    yield "prepared_rows", fit.data.rows, "rows", "T of the loss: one less where a running mean starts"
    yield "used_rows", row_use(fit.panel, fit.spec).used, "rows", "rows with a response and a factor in the loss"
    yield "responses", responses, "", "N"
    yield "factors", factors, "", "M"
    if fit.clustering is not None:
        yield "largest_distance", fit.clustering.tree.largest_distance, "", "unit of cutoff_fraction"
        yield "cutoff_height", fit.cutoff, "", "height of the cut"
    if fit.n_clusters is not None:
        yield "clusters", fit.n_clusters, "", "number of clusters or groups"
    yield from _lists(fit)
    yield "data_digest", fit.panel.key, "", "identity of values, labels and dates"
    yield "beliefs_digest", fit.beliefs.key, "", "identity of signs, prior and groups"
    yield "spec_digest", fit.spec.digest(), "", "identity of the options"
    yield "fit_digest", fit.digest, "", "identity of data, beliefs, options, solver family and version"
    yield "json", identity_json(fit), "", "options with exact numbers, and all digests, for a program to read"


def _lists(fit: Fit) -> Iterator[tuple[str, object, str, str]]:
    """Yield what is held about single factors, as text: response: factors; response: factors."""
    beliefs, factors = fit.beliefs, fit.panel.factors
    if beliefs.unsigned is not None:
        free = ", ".join(map(str, factors[beliefs.unsigned]))
        yield "auto_sign_excluded_factors", free, "", "factors whose signs are never derived"
    if beliefs.excluded is not None:
        yield "excluded_factors", _by_response(fit, beliefs.excluded), "", "loadings that must be zero"
    if beliefs.named is not None:
        chosen = np.zeros(fit.beta.shape, dtype=bool)
        for row, places in enumerate(beliefs.named):
            chosen[row, list(places)] = True
        yield "factor_for_prior", _by_response(fit, chosen), "", "factors on which the prior of the data rests"


def _by_response(fit: Fit, mask: Array) -> str:
    responses, factors = fit.panel.responses.to_list(), fit.panel.factors
    rows = ((responses[k], factors[mask[k]]) for k in np.flatnonzero(mask.any(axis=1)).tolist())
    return "; ".join(f"{response}: {', '.join(map(str, factors))}" for response, factors in rows)


def _date(label: Any) -> object:
    return label if isinstance(label, datetime | int | float) else str(label)


def identity_json(fit: Fit) -> str:
    """Return options and digests as canonical JSON: sorted keys, floats as ``float.hex``."""
    spec = fit.spec.parameters()
    keys = {"data": fit.panel.key, "beliefs": fit.beliefs.key, "spec": fit.spec.digest(), "fit": fit.digest}
    return canonical_json({"digests": keys, "solver": fit.solver, "spec": spec})


def betas(fit: Fit) -> pd.DataFrame:
    """Loadings by response and, unless a factor has that name, cluster."""
    table = fit.betas.rename_axis(index="response", columns=None)
    if fit.labels is None or "cluster" in set(map(str, fit.panel.factors)):
        return table
    return table.set_index(pd.Index(fit.labels, name="cluster"), append=True)


def betas_long(fit: Fit) -> pd.DataFrame:
    """One row per cell, response by response."""
    n, m = fit.beta.shape
    names = np.array([state.name.lower().replace("_", " ") for state in State], dtype=object)
    rules = np.array([rule.name.lower() for rule in Rule], dtype=object)
    empty = np.full((n, m), np.nan)
    columns: dict[str, Any] = {
        "response": np.repeat(fit.panel.responses.to_numpy(dtype=object), m),
        "cluster": None if fit.labels is None else np.repeat(np.asarray(fit.labels, dtype=object), m),
        "factor": np.tile(fit.panel.factors.to_numpy(dtype=object), n),
        "beta": fit.beta.ravel(),
        "sign": fit.box.signs.ravel(),
        "rule": rules[fit.box.rule.ravel()],
        "state": names[fit.state.ravel()],
        "t": None if fit.evidence is None else fit.evidence.t.ravel(),
        "slope": None if fit.evidence is None else fit.evidence.slope.ravel(),
        "prior": fit.prior.ravel() + 0.0,
        "multiplier": (empty if fit.certificate is None else fit.multipliers + 0.0).ravel(),
    }
    return pd.DataFrame({name: column for name, column in columns.items() if column is not None})


def fit_statistics(fit: Fit) -> pd.DataFrame:
    """Statistics and proof of every response."""
    stats, proof = fit.statistics, fit.certificate
    empty = np.full(len(fit.beta), np.nan)
    table = {
        "alpha": fit.alpha,
        "r2": stats.r2,
        "ss_total": stats.ss_total,
        "ss_res": stats.ss_res,
        "residual_vol": np.sqrt(stats.ss_res),
        "observations": fit.data.observations,
        "missing": 1.0 - fit.data.observations / len(fit.panel.index),
        "relative_gap": empty if proof is None else proof.relative,
        "kkt_residual": empty if proof is None else proof.residual,
    }
    return pd.DataFrame(table, index=fit.panel.responses.rename("response"))


def clusters(fit: Fit, labels: Array) -> pd.DataFrame:
    """Cluster, its size and the place in the tree of every response."""
    codes, _ = pd.factorize(labels)
    table = pd.DataFrame({"cluster": labels, "size": np.bincount(codes)[codes]})
    if fit.clustering is not None:
        table["leaf"] = np.argsort(fit.clustering.tree.leaves) + 1
    return table.set_index(fit.panel.responses.rename("response"))


def linkage(merges: Array, cutoff: float) -> pd.DataFrame:
    """The merges of the tree, one row each."""
    left, right, height, size = merges.T
    return pd.DataFrame({
        "step": np.arange(len(merges)),
        "left": left.astype(int),
        "right": right.astype(int),
        "height": height,
        "size": size.astype(int),
        "below_cut": height <= cutoff,
    })  # fmt: skip


def correlation(fit: Fit, matrix: Array, leaves: Array) -> pd.DataFrame:
    """Correlations in the order of the tree."""
    labels = fit.panel.responses[leaves]
    return pd.DataFrame(matrix[np.ix_(leaves, leaves)], index=labels.rename("response"), columns=list(labels))


def dictionary(
    titles: list[str], given: set[tuple[str, str]], columns: dict[str, dict[str, Option]] = COLUMNS
) -> pd.DataFrame:
    """Unit and meaning of every column that is in the workbook."""
    rows = [
        (title, column, entry.unit, entry.meaning)
        for title in titles
        for column, entry in columns.get(title, {}).items()
        if column.startswith("(") or (title, column) in given
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS["dictionary"]))


def checks(fit: Fit, long_rows: int) -> pd.DataFrame:
    """What must hold of a fit, and whether it does; the first row sums up."""
    shape, solved = (fit.panel.shape[1], fit.panel.shape[2]), ~fit.short
    violations = int(((fit.beta < fit.box.lower) | (fit.beta > fit.box.upper)).sum())
    numbers = int(np.isfinite(fit.beta).sum())
    gap = np.inf if fit.certificate is None else float(fit.certificate.relative[solved].max(initial=0.0))
    status = "nothing was solved" if fit.solved is None else fit.solved.solution.status
    stopped = fit.solved is not None and bool(fit.solved.solution.converged.all())
    again = fit_digest(fit.panel, fit.beliefs, fit.spec, fit.solver)
    rows: list[tuple[str, bool, object]] = [
        ("betas are responses by factors", fit.beta.shape == shape, f"{shape[0]} x {shape[1]}"),
        ("every loading is a number", numbers == fit.beta.size, numbers),
        ("betas_long has one row per loading", long_rows == fit.beta.size, long_rows),
        ("no loading violates its sign", violations == 0, violations),
        (f"relative duality gap at most {PROVED:g}", gap <= PROVED, gap),
        ("the solver met its own stopping rule", stopped, status),
        ("every response has a cluster", fit.labels is None or len(fit.labels) == shape[0], _shown(fit.n_clusters)),
        ("the fit digest is that of these data, beliefs and options", again == fit.digest, again),
    ]  # fmt: skip
    failed = sum(not passed for _, passed, _ in rows)
    rows.insert(0, ("all checks", failed == 0, f"{failed} failed"))
    return pd.DataFrame(rows, columns=list(COLUMNS["checks"]), dtype=object)
