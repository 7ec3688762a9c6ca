"""Frozen options of a fit: ranges checked at birth, canonical JSON, a digest.

Arrays are never options: what the analyst believes about single cells (signs, prior, groups) is
:class:`~factorlasso_core.panel.Beliefs`. Each class below feeds one stage of the fit, so that the
key of a stage names exactly the options it depends on.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from enum import Enum
from numbers import Integral, Real
from typing import Any

import numpy as np

from factorlasso_core.digest import canonical_json, digest
from factorlasso_core.errors import OptionError

LARGEST_LAMBDA = 1e100  # its square must not overflow


class LassoModelType(Enum):
    """Which penalty couples the loadings. Serialise by name: the reference renumbered its values."""

    LASSO = 1
    GROUP_LASSO = 3
    GROUP_LASSO_CLUSTERS = 4
    HIERARCHICAL_CLUSTER_GROUP_LASSO = 4  # noqa: PIE796 - an alias: the name of the reference from 0.5.4 on

    @property
    def clusters_responses(self) -> bool:
        """Whether the groups are discovered by clustering the responses."""
        return self is LassoModelType.GROUP_LASSO_CLUSTERS


def _check(name: str, value: Any, good: bool, allowed: str) -> None:
    if not good:
        raise OptionError(name, value, allowed)


def _is_real(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    _check(name, value, isinstance(value, str) and value in choices, "one of " + ", ".join(map(repr, choices)))


class _Options:
    """What every options class shares."""

    def _as(self, kind: type, *names: str) -> None:
        """Turn checked numbers into one type, so that 24 and 24.0 have one digest."""
        for name in names:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, kind(getattr(self, name)))

    def to_json(self) -> str:
        """Return canonical JSON: sorted keys, floats as ``float.hex``, enums by name."""
        return canonical_json(asdict(self))  # type: ignore[call-overload]

    def digest(self) -> str:
        """Return the digest of the canonical JSON, a key for caches."""
        return digest(type(self).__name__, self.to_json())


@dataclass(frozen=True)
class LossOptions(_Options):
    """How observations enter the loss.

    Attributes:
        span: EWMA span in rows, > 1; the loss then carries ``(1 - 2/(span+1))**age``. None: equal weights.
        demean: Subtract means (running EWMA means when a span is set) before the fit.
        centering: ``"panel"`` subtracts the means of the whole panel, as the reference does;
            ``"per_response"`` centres factors and response on each response's own valid rows with
            the weights of the loss, which is the exact fit with a free intercept.
        normalization: ``"sample"`` divides the loss by the number of prepared rows,
            ``"weight_sum"`` by the weight each response really has.
        factor_rows: A row where some factors are missing is kept with the factor's mean
            (``"impute"``) or left out of the loss (``"drop"``).
    """

    span: float | None = None
    demean: bool = True
    centering: str = "panel"
    normalization: str = "sample"
    factor_rows: str = "impute"

    def __post_init__(self) -> None:
        _check("span", self.span, self.span is None or (_is_real(self.span) and self.span > 1),
               "None or a finite number greater than 1")  # fmt: skip
        self._as(float, "span")
        _check("demean", self.demean, isinstance(self.demean, bool | np.bool_), "True or False")
        self._as(bool, "demean")
        _choice("centering", self.centering, ("panel", "per_response"))
        _choice("loss_normalization", self.normalization, ("sample", "weight_sum"))
        _choice("factor_rows", self.factor_rows, ("impute", "drop"))
        _check("centering", self.centering, self.demean or self.centering == "panel",
               "'panel' when demean is False")  # fmt: skip


@dataclass(frozen=True)
class ClusterOptions(_Options):
    """How responses are clustered (HCGL only).

    Attributes:
        cutoff_fraction: Height of the cut as a share of the largest pairwise distance, in (0, 1].
        correlation_normalization: ``"reference"`` keeps the zero-start EWMA covariance of the
            reference; ``"pairwise"`` divides by the weights of each pair, which does not shrink
            the correlation of late starters. Without a span both are the sample correlation.
    """

    cutoff_fraction: float = 0.5
    correlation_normalization: str = "reference"

    def __post_init__(self) -> None:
        value = self.cutoff_fraction
        _check("cutoff_fraction", value, _is_real(value) and 0 < value <= 1, "in (0, 1]")
        self._as(float, "cutoff_fraction")
        _choice("correlation_normalization", self.correlation_normalization, ("reference", "pairwise"))


@dataclass(frozen=True)
class PenaltyOptions(_Options):
    """Size and mixture of the penalty.

    Attributes:
        reg_lambda: Penalty λ >= 0, in the units of the loss (returns squared).
        l1_weight: Share α of the elementwise L1 term in group modes, in [0, 1].
        group_penalty: Weight of a group of size ``|g|`` among ``G``: ``"normalized"`` is
            ``sqrt(|g|/G)``, ``"yuan_lin"`` is ``sqrt(|g|)``.
    """

    reg_lambda: float = 1e-5
    l1_weight: float = 0.0
    group_penalty: str = "normalized"

    def __post_init__(self) -> None:
        within = _is_real(self.reg_lambda) and 0 <= self.reg_lambda <= LARGEST_LAMBDA
        _check("reg_lambda", self.reg_lambda, within, f"a number >= 0, at most {LARGEST_LAMBDA:g}")
        _check("l1_weight", self.l1_weight, _is_real(self.l1_weight) and 0 <= self.l1_weight <= 1, "in [0, 1]")
        _choice("group_penalty", self.group_penalty, ("normalized", "yuan_lin"))
        self._as(float, "reg_lambda", "l1_weight")


@dataclass(frozen=True)
class FitSpec(_Options):
    """Everything a fit depends on beside the data and the beliefs.

    Attributes:
        model_type: The penalty.
        loss, clustering, penalty: Options of the stages.
        nonneg: Every loading >= 0, intersected with any sign matrix.
        warmup_period: Responses with fewer observations get zero loadings; None switches the rule off.

    Example:
        >>> FitSpec(penalty=PenaltyOptions(reg_lambda=-1))
        Traceback (most recent call last):
        ...
        factorlasso_core.errors.OptionError: reg_lambda=-1 is not allowed: it must be a number >= 0, at most 1e+100.
    """

    model_type: LassoModelType = LassoModelType.LASSO
    loss: LossOptions = field(default_factory=LossOptions)
    clustering: ClusterOptions = field(default_factory=ClusterOptions)
    penalty: PenaltyOptions = field(default_factory=PenaltyOptions)
    nonneg: bool = False
    warmup_period: int | None = 12

    def __post_init__(self) -> None:
        _check("model_type", self.model_type, isinstance(self.model_type, LassoModelType),
               "a member of LassoModelType")  # fmt: skip
        _check("nonneg", self.nonneg, isinstance(self.nonneg, bool | np.bool_), "True or False")
        self._as(bool, "nonneg")
        period = self.warmup_period
        whole = isinstance(period, Integral) and not isinstance(period, bool)
        _check("warmup_period", period, period is None or (whole and period >= 0), "None or an integer >= 0")
        self._as(int, "warmup_period")
