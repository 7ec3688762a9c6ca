"""All options of a fit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from factorlasso_core.model_types import LassoModelType
from factorlasso_core.options.base import Options, check, check_flag, check_whole
from factorlasso_core.options.clustering import ClusterOptions
from factorlasso_core.options.loss import GuidedOptions, LossOptions, PenaltyOptions
from factorlasso_core.options.signs import PriorOptions, SignOptions


@dataclass(frozen=True)
class FitSpec(Options):
    """Everything a fit depends on beside the data and the beliefs.

    Attributes:
        model_type: The penalty.
        loss, clustering, penalty, signs, prior, guided: Options of the stages.
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
    signs: SignOptions = field(default_factory=SignOptions)
    prior: PriorOptions = field(default_factory=PriorOptions)
    guided: GuidedOptions = field(default_factory=GuidedOptions)

    def __post_init__(self) -> None:
        check("model_type", self.model_type, isinstance(self.model_type, LassoModelType),
               "a member of LassoModelType")  # fmt: skip
        check_flag("nonneg", self.nonneg)
        check_whole("warmup_period", self.warmup_period, 0)
        self.coerce(bool, "nonneg")
        self.coerce(int, "warmup_period")
        for name, value, neutral in self._incompatible():
            check(name, value, value == neutral, f"{neutral!r} when model_type is {self.model_type.name}")

    def with_penalty(self, **changes: Any) -> FitSpec:
        """The same options with another λ, α or group rule."""
        return replace(self, penalty=replace(self.penalty, **changes))

    def _incompatible(self) -> list[tuple[str, object, object]]:
        """Options the model type does not take: name, value, and the value that is neutral."""
        found: list[tuple[str, object, object]] = []
        if not self.model_type.takes_signs:
            found += [
                ("nonneg", self.nonneg, False),
                ("auto_sign_constraints", self.signs.derive, False),
                ("auto_sign_adaptive_weights", self.signs.adaptive, False),
            ]
        if not self.model_type.takes_prior:
            found.append(("apply_ols_prior", self.prior.ols, False))
        if self.model_type is LassoModelType.UNILASSO:
            found += [
                ("loss_normalization", self.loss.normalization, "sample"),
                ("centering", self.loss.centering, "panel"),
            ]
        return found
