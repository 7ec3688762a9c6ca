"""Everything a fit settles before λ and α: groups, what the data say about signs and prior, and the analyst's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.digest import array_bytes, canonical_json, digest
from factorlasso_core.errors import BeliefsError, OptionError
from factorlasso_core.evidence import Evidence, evidence
from factorlasso_core.groups import Groups, group
from factorlasso_core.guided import Guided
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.moments import Moments
from factorlasso_core.options import FitSpec, PenaltyOptions
from factorlasso_core.panel import Panel
from factorlasso_core.penalty import PenaltyShape, group_penalty, lasso_penalty
from factorlasso_core.prepare import Prepared
from factorlasso_core.priors import OlsPrior, combined_prior, laid_over, ols_prior
from factorlasso_core.problem import Problem
from factorlasso_core.signs import Box, sign_rules
from factorlasso_core.stages import Stages
from factorlasso_core.steps import guided, panel_moments, prepared

MINIMUM_ROWS = 5  # prepared rows below which nothing is estimated, as in the reference


@dataclass(frozen=True, eq=False)
class Rules:
    """What is settled.

    Attributes:
        data: Prepared arrays. loss: Their moments. first: Stage one of UniLasso, None in other models.
        short: (N,) responses in warm-up. groups, evidence, ols: See :class:`~factorlasso_core.result.Fit`.
        prior: (N, M) prior in force. box: Bounds and the rule of each cell. penalty: All of it but λ and α.
    """

    data: Prepared
    loss: Moments
    first: Guided | None
    short: Array
    groups: Groups | None
    evidence: Evidence | None
    ols: OlsPrior | None
    prior: Array
    box: Box
    penalty: PenaltyShape

    @property
    def enough(self) -> bool:
        """Whether there are rows enough to estimate anything."""
        return self.data.rows >= MINIMUM_ROWS

    def problem(self, options: PenaltyOptions) -> Problem:
        """The problem the solver gets at λ and α; for UniLasso that of its second stage."""
        penalty = self.penalty.at(options)
        if self.first is not None:
            return Problem(self.first, self.first.moments, penalty, self.prior, self.box)
        return Problem(self.data, self.loss, penalty, self.prior, self.box)

    def loadings(self, solution: Array | None) -> Array:
        """Loadings from the solver's variables, (..., N, M): zero in warm-up, NaN where nothing was solved."""
        if solution is None:
            beta = np.full(self.prior.shape, np.nan)
        else:
            beta = solution.copy() if self.first is None else self.first.loadings(solution)
        beta[..., self.short, :] = 0.0
        return frozen(beta)

    def constants(self, beta: Array) -> Array:
        """The regression constant, (..., N): weighted mean of the response less loadings times those of its factors."""
        constant = self.data.y_means - np.vecdot(np.nan_to_num(beta, nan=0.0), self.data.x_means)
        return np.where(self.short, np.nan, constant)


def settle(panel: Panel, beliefs: Beliefs, spec: FitSpec, stages: Stages) -> Rules:
    """Settle everything but λ and α, or find it: the stage *rules*.

    Raises:
        BeliefsError: Groups are needed and missing, or beliefs have another shape or no place in the model.
        DataError: The problem would not fit into memory.
    """
    neutral = spec.with_penalty(reg_lambda=0.0, l1_weight=0.0)
    key = digest(panel.key, beliefs.key, neutral.digest())
    return stages.get("rules", key, lambda: _settled(panel, beliefs, spec, stages))


def settle_each(panel: Panel, beliefs: Beliefs, specs: Sequence[FitSpec], stages: Stages) -> list[Rules]:
    """Settle many options for data that are prepared alike; those that differ in λ and α only share what is settled.

    Raises:
        OptionError: They are not. BeliefsError, DataError: See :func:`settle`.
    """
    for name in ("model_type", "loss", "warmup_period", "guided"):
        others = [value for spec in specs if (value := getattr(spec, name)) != getattr(specs[0], name)]
        if others:
            raise OptionError(name, others[0], f"{getattr(specs[0], name)!r} as in the options it is fitted with")
    held: dict[tuple[Any, ...], Rules] = {}
    found = []
    for spec in specs:
        parts = {**vars(spec), "penalty": spec.penalty.group_penalty}
        key = tuple(parts.values())
        if key not in held:
            held[key] = settle(panel, beliefs, spec, stages)
        found.append(held[key])
    return found


def _settled(panel: Panel, beliefs: Beliefs, spec: FitSpec, stages: Stages) -> Rules:
    """Groups, then what the data say about signs and prior, then the analyst's word over both."""
    beliefs.check_shape(panel)
    _check_composition(beliefs, spec)
    shape, guide = panel.shape[1:], spec.model_type is LassoModelType.UNILASSO
    data = prepared(stages, panel, spec.loss)
    short = np.asarray(data.observations < (spec.warmup_period or 0))
    groups = group(stages, panel, beliefs, spec, short)
    found = evidence(stages, panel, spec, groups)
    ols = _ols(stages, panel, beliefs, spec)
    wished = _prior(beliefs, ols, shape)
    box = sign_rules(
        shape,
        explicit=beliefs.signs,
        detected=None if found is None else found.detected,
        free_factors=beliefs.unsigned,
        excluded=beliefs.excluded,
        nonneg=spec.nonneg or (guide and spec.guided.non_negative),
        prior=wished,
        prior_overrides=spec.signs.prior_overrides,
    )
    return Rules(
        data=data,
        loss=panel_moments(stages, panel, spec.loss),
        first=guided(stages, panel, spec) if guide and data.rows >= MINIMUM_ROWS else None,
        short=frozen(short),
        groups=groups,
        evidence=found,
        ols=ols,
        prior=wished if ols is None else combined_prior(ols.prior, beliefs.prior, box.lower, box.upper),
        box=box,
        penalty=_penalty(spec, groups, found, shape),
    )


def _check_composition(beliefs: Beliefs, spec: FitSpec) -> None:
    """Refuse beliefs the model has no place for."""
    most = max(map(len, beliefs.named or ()), default=0)
    if most > (allowed := spec.prior.max_named_factors):
        raise BeliefsError(f"{most} factors are named for one response and max_named_factors is {allowed}.")
    kind = spec.model_type
    places = {"signs": kind.takes_signs, "excluded": kind.takes_signs, "prior": kind.takes_prior}
    for name in (name for name, there in places.items() if not there):
        if getattr(beliefs, name) is not None:
            raise BeliefsError(f"{kind.name} takes no {name}: leave it out, or choose another model.")


def _ols(stages: Stages, panel: Panel, beliefs: Beliefs, spec: FitSpec) -> OlsPrior | None:
    """The prior of the data, a stage of its own; None where it was not asked for."""
    if not spec.prior.ols:
        return None
    options: dict[str, Any] = {
        "span": spec.loss.span,
        "warmup_period": spec.warmup_period,
        "named": beliefs.named,
        "max_vif": spec.prior.max_vif,
    }
    excluded = beliefs.excluded
    key = digest(panel.key, canonical_json(options), b"" if excluded is None else array_bytes(excluded))
    return stages.get("ols", key, lambda: ols_prior(panel, **options, excluded=excluded))


def _prior(beliefs: Beliefs, ols: OlsPrior | None, shape: tuple[int, ...]) -> Array:
    """The analyst's prior where there is one, else that of the data, else zero."""
    return frozen(laid_over(np.zeros(shape) if ols is None else ols.prior, beliefs.prior))


def _penalty(spec: FitSpec, groups: Groups | None, found: Evidence | None, shape: tuple[int, ...]) -> PenaltyShape:
    weights = None if found is None else found.weights
    if groups is None:
        return lasso_penalty(shape, weights)
    rule = spec.penalty.group_penalty
    return group_penalty(spec.model_type, rule, groups.labels, shape[1], weights, groups.counted)
