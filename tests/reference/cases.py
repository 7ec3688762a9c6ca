"""Configurations of ``LassoModel`` for the comparison with the reference, under the names both packages share.

A family of designs, one for each part of the model. Within a family every pair of levels of any two columns
occurs in some case, for every model type of the family; the rows are found by a deterministic search, so a
case is the same problem wherever and whenever it is built.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core import FitSpec, LossOptions, Panel
from tests.reference.support import (
    SCALES,
    frames,
    largest_gradient,
    make_panel,
    some_groups,
    some_prior,
    some_signs,
)

Row = dict[str, str]
RETURNS = {"daily": 0.01, "monthly": SCALES["monthly"]}  # standard deviation of a factor
UNITS = {**RETURNS, "unit": 1.0, "percent": SCALES["percent"]}
SPAN = 24.0

LOSS = {
    "data": ["complete", "ragged"],
    "units": list(UNITS),
    "span": ["-", "24"],
    "lambda": ["0.01", "0.1", "0.5"],
    "warmup": ["12", "40", "-"],
}
MIXTURE = {
    "alpha": ["0", "0.3", "1"],
    "weights": ["normalized", "yuan_lin"],
    "loss": ["sample", "weight_sum"],
}
BOX = {"signs": ["-", "user"], "nonneg": ["-", "yes"], "excluded": ["-", "yes"]}
FAMILIES: dict[str, dict[str, list[str]]] = {
    "derived": {
        "model": ["LASSO", "GROUP_LASSO", "HIERARCHICAL_CLUSTER_GROUP_LASSO", "FACTOR_CLUSTER_GROUP_LASSO"],
        **LOSS,
        **MIXTURE,
        **BOX,
        "gate": ["0.75", "1.5", "None"],
        "variance": ["independent", "date"],
        "sign span": ["-", "fit", "9"],
        "free": ["-", "yes"],
        "adaptive": ["-", "1", "0.5 floor 0.2"],
        "prior": ["-", "user", "ols"],
    },
    "belief": {
        "model": ["LASSO", "GROUP_LASSO", "HIERARCHICAL_CLUSTER_GROUP_LASSO", "FACTOR_CLUSTER_GROUP_LASSO"],
        **LOSS,
        **MIXTURE,
        **BOX,
        "demean": ["yes", "-"],
        "prior": ["-", "user", "ols", "ols+user", "ols named"],
    },
    "cluster": {
        "model": [
            "HIERARCHICAL_CLUSTER_GROUP_LASSO",
            "FACTOR_CLUSTER_GROUP_LASSO",
            "COOPERATIVE_CLUSTER_GROUP_LASSO",
        ],
        "data": ["complete", "ragged"],
        "units": ["monthly", "unit"],
        "span": ["-", "24"],
        "linkage": ["ward", "single", "complete", "average", "weighted", "centroid", "median"],
        "distance": ["one_minus_rho", "chord", "arccos"],
        "dependence": ["pearson", "spearman", "gerber 0.3"],
        "transform": ["none", "remove_pc1"],
        "cut": ["0.5", "0.3", "into 3"],
        "own span": ["-", "36"],
    },
    "cooperative": {
        "model": ["COOPERATIVE_GROUP_LASSO", "COOPERATIVE_CLUSTER_GROUP_LASSO"],
        **LOSS,
        **MIXTURE,
        "demean": ["yes", "-"],
        "prior": ["-", "user", "ols", "ols+user"],
    },
    "univariate": {
        "model": ["UNILASSO"],
        **LOSS,
        "demean": ["yes", "-"],
        "loo": ["yes", "-"],
        "positive": ["yes", "-"],
    },
}
# Correlations of ragged histories that are not positive semidefinite: the reference takes no first component out.
REFUSED = {"cluster23", "cluster38"}
SHORT_NAMES = {
    "HIERARCHICAL_CLUSTER_GROUP_LASSO": "HCGL",
    "FACTOR_CLUSTER_GROUP_LASSO": "FCGL",
    "COOPERATIVE_GROUP_LASSO": "COOP",
    "COOPERATIVE_CLUSTER_GROUP_LASSO": "COOP_CLUSTER",
}


@dataclass(frozen=True, eq=False)
class ModelCase:
    """One problem for both packages.

    Attributes:
        row: The levels it stands for. panel: Its data.
        shared: Keywords both models take. ours: Keywords of ours alone, which ask for the reference's rule.
    """

    family: str
    number: int
    row: Row
    panel: Panel
    shared: dict[str, Any]
    ours: dict[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Family and number."""
        return f"{self.family}{self.number:02d}"

    def __repr__(self) -> str:
        """The levels that are not the first of their column, which is the plainest."""
        first = {column: levels[0] for column, levels in FAMILIES[self.family].items()}
        told = [f"{c}={v}".replace(" ", "_") for c, v in self.row.items() if c != "model" and v != first[c]]
        model = self.row["model"]
        return " ".join([self.label, SHORT_NAMES.get(model, model), *told])

    @property
    def data(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Factors and responses."""
        return frames(self.panel)


# The search for rows ------------------------------------------------------------------------------


def pairs(row: Mapping[str, str]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """Every two levels of a row that occur together."""
    return set(itertools.combinations(row.items(), 2))


def all_pairs(columns: Mapping[str, Sequence[str]]) -> set[tuple[tuple[str, str], tuple[str, str]]]:
    """Every two levels of two columns."""
    cells = [[(column, level) for level in levels] for column, levels in columns.items()]
    return {pair for one, two in itertools.combinations(cells, 2) for pair in itertools.product(one, two)}


def covering(columns: Mapping[str, Sequence[str]], seed: int, tries: int = 40) -> list[Row]:
    """Rows in which every pair of levels occurs, greedily: of some random rows the one with most new pairs.

    The first new pair is written into every candidate, so each row makes progress.
    """
    random = np.random.default_rng(seed)
    missing, rows = dict.fromkeys(sorted(all_pairs(columns))), []
    while missing:
        wanted = dict(next(iter(missing)))
        drawn = [{c: str(random.choice(levels)) for c, levels in columns.items()} | wanted for _ in range(tries)]
        best = max(drawn, key=lambda row: len(pairs(row) & missing.keys()))
        rows.append(best)
        for pair in pairs(best):
            missing.pop(pair, None)
    return rows


# From levels to keywords --------------------------------------------------------------------------


def build(family: str, number: int, row: Row) -> ModelCase:
    """The problem a row stands for; columns a family does not have are at their default."""
    seed = 1000 * list(FAMILIES).index(family) + number
    panel = make_panel(seed, UNITS[row["units"]], ragged=row["data"] == "ragged")
    shared = {**_loss(row), **_box(row, panel), **_derived(row), **_prior(row, panel), **_clustering(row)}
    if row["model"] in ("GROUP_LASSO", "COOPERATIVE_GROUP_LASSO"):
        shared["group_data"] = some_groups(panel)
    loss = LossOptions(shared["span"], shared["demean"], normalization=shared["loss_normalization"])
    size = float(row.get("lambda", "0.1")) * largest_gradient(panel, FitSpec(loss=loss))
    overridden = {"prior_overrides_signs": True} if family == "derived" else {}
    return ModelCase(family, number, row, panel, {**shared, "reg_lambda": size}, overridden)


def _given(row: Row, column: str) -> bool:
    return row.get(column, "-") != "-"


def _loss(row: Row) -> dict[str, Any]:
    return {
        "span": SPAN if _given(row, "span") else None,
        "demean": row.get("demean", "yes") == "yes",
        "loss_normalization": row.get("loss", "sample"),
        "warmup_period": int(row["warmup"]) if _given(row, "warmup") else None,
        "l1_weight": float(row.get("alpha", "0.3")) if row["model"] != "UNILASSO" else 0.0,
        "group_penalty": row.get("weights", "normalized"),
        "unilasso_loo": row.get("loo", "yes") == "yes",
        "unilasso_non_negative": row.get("positive", "yes") == "yes",
    }


def _box(row: Row, panel: Panel) -> dict[str, Any]:
    excluded = {"r0": ["f2"], "r3": ["f0", "f4"], "r6": "f1"}
    return {
        "factors_beta_loading_signs": some_signs(panel) if row.get("signs") == "user" else None,
        "nonneg": _given(row, "nonneg"),
        "excluded_factors": excluded if _given(row, "excluded") else None,
    }


def _derived(row: Row) -> dict[str, Any]:
    if "gate" not in row:
        return {}
    gamma, _, floor = row["adaptive"].partition(" floor ")
    return {
        "auto_sign_constraints": True,
        "auto_sign_threshold_t": None if row["gate"] == "None" else float(row["gate"]),
        "auto_sign_variance": row["variance"],
        "auto_sign_use_fit_span": row["sign span"] == "fit",
        "auto_sign_ewma_span": 9.0 if row["sign span"] == "9" else None,
        "auto_sign_excluded_factors": ["f1", "f3"] if _given(row, "free") else None,
        "auto_sign_adaptive_weights": _given(row, "adaptive"),
        "auto_sign_adaptive_gamma": float(gamma) if _given(row, "adaptive") else 1.0,
        "auto_sign_adaptive_floor": float(floor or 1e-3),
    }


def _prior(row: Row, panel: Panel) -> dict[str, Any]:
    level = row.get("prior", "-")
    prior = some_prior(panel)
    if _given(row, "excluded"):  # both refuse a prior on an excluded factor
        for response, factor in (("r0", "f2"), ("r3", "f0"), ("r3", "f4"), ("r6", "f1")):
            prior.loc[response, factor] = np.nan
    if level == "ols+user":  # where the analyst says nothing, the data may
        prior = prior.where(np.random.default_rng(3).random(prior.shape) < 0.3)
    named = {"r1": "f1", "r2": ["f3", "f1"], "r4": ["f0"], "r5": ("f4", "f2")}
    return {
        "factors_beta_prior": prior if "user" in level else None,
        "apply_ols_prior": "ols" in level,
        "factor_for_prior": named if level == "ols named" else None,
    }


def _clustering(row: Row) -> dict[str, Any]:
    if "cut" not in row:
        return {}
    dependence, _, threshold = row["dependence"].partition(" ")
    into = row["cut"].removeprefix("into ")
    return {
        "linkage_method": row["linkage"],
        "distance_transform": row["distance"],
        "dependence_measure": dependence,
        "gerber_threshold": float(threshold or 0.5),
        "cluster_correlation_transform": row["transform"],
        "cutoff_fraction": 0.5 if into != row["cut"] else float(row["cut"]),
        "n_clusters": int(into) if into != row["cut"] else None,
        "cluster_correlation_span": 36.0 if _given(row, "own span") else None,
    }


def design(family: str) -> list[Row]:
    """The rows of a family: for every model type of it, every pair of levels of the other columns."""
    columns = dict(FAMILIES[family])
    models = columns.pop("model")
    return [{"model": model, **row} for seed, model in enumerate(models) for row in covering(columns, seed)]


def all_cases() -> list[ModelCase]:
    """Every case of every family."""
    return [build(family, number, row) for family in FAMILIES for number, row in enumerate(design(family))]
