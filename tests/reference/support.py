"""Panels, beliefs and the reference as the tests of this folder need them.

The reference is ``factorlasso`` 1.0.6. It warns about its solver and about short responses; those warnings
are silenced around its calls and nowhere else.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import cvxpy as cp
import factorlasso
import numpy as np
import pandas as pd

from factorlasso_core import Beliefs, Fit, FitSpec, LassoModelType, Panel
from factorlasso_core.arrays import Array
from factorlasso_core.moments import moments
from factorlasso_core.penalty import Penalty
from factorlasso_core.prepare import prepare

SCALES = {"monthly": 0.03, "unit": 1.0, "percent": 3.0}
TYPES = {
    "LASSO": LassoModelType.LASSO,
    "UNILASSO": LassoModelType.UNILASSO,
    "GROUP_LASSO": LassoModelType.GROUP_LASSO,
    "HCGL": LassoModelType.HIERARCHICAL_CLUSTER_GROUP_LASSO,
    "FCGL": LassoModelType.FACTOR_CLUSTER_GROUP_LASSO,
    "COOP": LassoModelType.COOPERATIVE_GROUP_LASSO,
    "COOP_CLUSTER": LassoModelType.COOPERATIVE_CLUSTER_GROUP_LASSO,
}
WITH_PRIOR = [model for model in TYPES if model != "UNILASSO"]
WITH_SIGNS = ["LASSO", "GROUP_LASSO", "HCGL", "FCGL"]
GROUPED = [model for model in WITH_PRIOR if model != "LASSO"]
CLUSTERED = [model for model, kind in TYPES.items() if kind.clusters_responses]
COUPLED = [model for model, kind in TYPES.items() if kind.couples_responses]


# Panels -------------------------------------------------------------------------------------------


def make_panel(
    seed: int = 0,
    scale: float = 1.0,
    rows: int = 96,
    responses: int = 7,
    factors: int = 5,
    ragged: bool = False,
) -> Panel:
    """Correlated factors with means, two kinds of responses on sparse loadings, noise; ragged on request."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((rows, factors)) + 0.6 * random.standard_normal((rows, 1)) + 0.2
    truth = random.standard_normal((2, factors))[np.arange(responses) % 2]
    truth = truth * (random.random((responses, factors)) < 0.7)
    y = x @ truth.T + 0.1 + 0.7 * random.standard_normal((rows, responses))
    if ragged:
        _make_ragged(x, y, random)
    return to_panel(scale * x, scale * y)


def _make_ragged(x: Array, y: Array, random: np.random.Generator) -> None:
    """Late starts, holes, a response of 8 observations, and factor rows missing in part or whole."""
    y[random.random(y.shape) < 0.05] = np.nan
    y[: len(y) // 3, 1] = np.nan
    y[: 2 * len(y) // 3, 2] = np.nan
    y[:-8, -1] = np.nan
    y[-8:, -1] = y[-8:, 0] + random.standard_normal(8)
    y[len(y) // 2, :3] = np.nan
    x[:3, 0] = np.nan
    x[10, 1] = x[40, :2] = np.nan
    x[25] = np.nan


def to_panel(x: Array, y: Array) -> Panel:
    """A panel of plain arrays: factors f0, f1, …, responses r0, r1, …, month ends."""
    index = pd.date_range("2000-01-31", periods=len(x), freq="ME")
    return Panel.from_frames(pd.DataFrame(x, index=index).add_prefix("f"), pd.DataFrame(y, index=index).add_prefix("r"))


def frames(panel: Panel) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Factors and responses as the frames they came from."""
    return (
        pd.DataFrame(panel.x, index=panel.index, columns=panel.factors),
        pd.DataFrame(panel.y, index=panel.index, columns=panel.responses),
    )


# Beliefs ------------------------------------------------------------------------------------------


def some_signs(panel: Panel, seed: int = 1) -> pd.DataFrame:
    """A sign matrix with all four kinds of cells."""
    random = np.random.default_rng(seed)
    shape = (len(panel.responses), len(panel.factors))
    return panel.cells(random.choice([1.0, -1.0, 0.0, np.nan], size=shape, p=[0.35, 0.2, 0.15, 0.3]))


def some_prior(panel: Panel, seed: int = 2) -> pd.DataFrame:
    """A prior that says nothing about a third of the cells, and may lie outside the signs."""
    random = np.random.default_rng(seed)
    prior = 0.5 * random.standard_normal((len(panel.responses), len(panel.factors)))
    prior[random.random(prior.shape) < 0.2] = np.nan
    prior[random.random(prior.shape) < 0.2] = 0.0
    return panel.cells(prior)


def some_groups(panel: Panel) -> pd.Series:
    """Three groups of unequal size."""
    labels = np.array(["equity", "bonds", "equity", "credit"])[np.arange(len(panel.responses)) % 4]
    return pd.Series(labels, index=panel.responses)


def largest_gradient(panel: Panel, spec: FitSpec) -> float:
    """The scale of λ for the loss of this spec: ``max |g|``."""
    return float(np.abs(moments(prepare(panel, spec.loss)).linear).max())


# The reference ------------------------------------------------------------------------------------


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silence the warnings of the reference and of CVXPY."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextlib.contextmanager
def tolerance(value: float) -> Iterator[None]:
    """Let every CVXPY solve inside stop only at this tolerance."""
    original = cp.Problem.solve

    def solve(self: cp.Problem, *args: object, **settings: object) -> object:
        tight = dict.fromkeys(("tol_gap_abs", "tol_gap_rel", "tol_feas"), value)
        return original(self, *args, **{**settings, **tight})

    cp.Problem.solve = solve
    try:
        yield
    finally:
        cp.Problem.solve = original


def reference_fit(panel: Panel, beliefs: Beliefs, spec: FitSpec, scale: float = 1.0) -> factorlasso.LassoModel:
    """Fit the reference to what ours was given, with data times ``scale`` and λ times its square.

    The reference lets a sign matrix cancel ``nonneg``; ours intersects the two, so the reference gets
    the intersected matrix.
    """
    signs, nonneg = beliefs.signs, spec.nonneg
    if nonneg and signs is not None:
        signs, nonneg = np.where(np.isnan(signs) | (signs > 0), 1.0, 0.0), False
    grouped = spec.model_type.needs_groups
    x, y = frames(panel)
    model = factorlasso.LassoModel(
        model_type=reference_type(spec.model_type),
        group_data=pd.Series(beliefs.groups, index=panel.responses) if grouped else None,
        reg_lambda=spec.penalty.reg_lambda * scale**2,
        span=spec.loss.span,
        cutoff_fraction=spec.clustering.cutoff_fraction,
        group_penalty=spec.penalty.group_penalty,
        l1_weight=spec.penalty.l1_weight,
        demean=spec.loss.demean,
        loss_normalization=spec.loss.normalization,
        warmup_period=spec.warmup_period,
        nonneg=nonneg,
        factors_beta_loading_signs=None if signs is None else panel.cells(signs),
        factors_beta_prior=None if beliefs.prior is None else panel.cells(beliefs.prior),
    )
    with quiet():
        return model.fit(scale * x, scale * y)


def reference_type(model_type: LassoModelType) -> factorlasso.LassoModelType:
    """The reference's member of the same meaning; it knows HCGL by its newer name only."""
    newer = {"GROUP_LASSO_CLUSTERS": "HIERARCHICAL_CLUSTER_GROUP_LASSO"}
    return factorlasso.LassoModelType[newer.get(model_type.name, model_type.name)]


@dataclass(frozen=True, eq=False)
class Pair:
    """One fit of ours and the reference's fit of the same problem."""

    ours: Fit
    theirs: factorlasso.LassoModel

    @property
    def their_beta(self) -> Array:
        """The reference's loadings as it returned them, (N, M)."""
        return self.theirs.coef_.to_numpy()

    @property
    def distance(self) -> float:
        """Largest difference between the loadings."""
        return float(np.abs(self.their_beta - self.ours.beta).max())

    def objectives(self) -> tuple[float, float]:
        """Our objective at our loadings and at the reference's, the latter clipped to the box.

        Only of responses out of warm-up: the others' loadings are set to zero after the solve.
        """
        kept = ~self.ours.short
        clipped = self.ours.box.clip(self.their_beta)
        both = (self.ours.problem.objective(beta)[kept].sum() for beta in (self.ours.beta, clipped))
        return next(both), next(both)


# Optimality ---------------------------------------------------------------------------------------


def own_gradient(result: Fit) -> Array:
    """``2 X'diag(ωv)(y - Xβ)`` over the loss's divisor: what the penalty and the bounds must balance."""
    return result.problem.moments.linear - result.problem.moments.times_gram(result.solved.solution.beta)


def assert_exact(result: Fit) -> None:
    """No bound is crossed, and where optimality asks for the prior or a bound, β is exactly it.

    A cell whose pull is strictly inside its share of the penalty, or a block strictly inside its ball, can
    only be at the prior; a bound with a multiplier can only be met. Strictly means beyond rounding.
    In UniLasso all this is said of θ.
    """
    box, penalty, prior = result.problem.box, result.problem.penalty, result.problem.prior
    beta = result.solved.solution.beta  # before the loadings of responses in warm-up are set to zero
    assert np.isfinite(beta).all()
    assert ((beta >= box.lower) & (beta <= box.upper)).all()
    assert (beta[box.lower == box.upper] == 0).all()
    mu, held = result.certificate.multipliers, result.certificate.held
    assert (beta[held] == np.where(mu < 0, box.lower, box.upper)[held]).all()
    pull, slack = own_gradient(result) - mu, 1e-9 * gradient_size(result)[:, None]
    assert (beta == prior)[np.abs(pull) + slack < penalty.cell].all()
    excess, moved = np.sign(pull) * np.maximum(np.abs(pull) - penalty.cell, 0.0), beta - prior
    for pushed, gone in _sides(penalty, excess, moved):
        length = penalty.length(pushed, np.ones_like(pushed))
        inside = np.broadcast_to(length + slack < penalty.block, beta.shape)
        assert (gone == 0)[inside].all()


def _sides(penalty: Penalty, excess: Array, moved: Array) -> list[tuple[Array, Array]]:
    """Pulls and deviations that share a ball: all of them, or the upward and the downward ones."""
    if not penalty.blocks.signed:
        return [(excess, moved)]
    return [(side(excess, 0.0), side(moved, 0.0)) for side in (np.maximum, np.minimum)]


def gradient_size(result: Fit) -> Array:
    """Largest of the terms the gradient and the solver's right side are differences of, (N,)."""
    loss = result.problem.moments
    betas = (result.solved.solution.beta, result.problem.prior)
    size = np.max([np.abs(term).max(axis=1) for term in (loss.linear, *map(loss.times_gram, betas))], axis=0)
    return result.problem.penalty.blocks.by_unit(np.maximum, size)
