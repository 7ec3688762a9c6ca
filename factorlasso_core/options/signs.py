"""Options of what is derived from univariate regressions: signs, adaptive weights, the OLS prior."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real
from typing import ClassVar

from factorlasso_core.options.base import Options, check, check_choice, check_flag, check_span, is_real
from factorlasso_core.options.loss import LossOptions


@dataclass(frozen=True)
class SignOptions(Options):
    """How signs and adaptive weights are derived from univariate slopes.

    Attributes:
        derive: Constrain every loading to the sign of its pool's univariate slope.
        threshold_t: A slope with a smaller t, in size, pins the loading to zero; None or <= 0: no gate.
        span, use_fit_span: EWMA span of the slopes, or that of the loss; neither: equal weights.
        variance: ``"independent"`` counts every response's observation, ``"date"`` every date once.
        adaptive: Weight the penalty of a cell by ``max(|slope|, floor)**-gamma``.
        gamma, floor: As above, gamma >= 0, floor > 0.
        prior_overrides: A non-zero prior flips a conflicting derived sign, as the reference does.
    """

    NAMES: ClassVar[dict[str, str]] = {
        "derive": "auto_sign_constraints",
        "threshold_t": "auto_sign_threshold_t",
        "span": "auto_sign_ewma_span",
        "use_fit_span": "auto_sign_use_fit_span",
        "variance": "auto_sign_variance",
        "adaptive": "auto_sign_adaptive_weights",
        "gamma": "auto_sign_adaptive_gamma",
        "floor": "auto_sign_adaptive_floor",
        "prior_overrides": "prior_overrides_signs",
    }

    derive: bool = False
    threshold_t: float | None = 0.75
    span: float | None = None
    use_fit_span: bool = False
    variance: str = "independent"
    adaptive: bool = False
    gamma: float = 1.0
    floor: float = 1e-3
    prior_overrides: bool = False

    def __post_init__(self) -> None:
        for name in ("derive", "use_fit_span", "adaptive", "prior_overrides"):
            check_flag(self.NAMES[name], getattr(self, name))
            self.coerce(bool, name)
        t = self.threshold_t
        is_number = isinstance(t, Real) and not isinstance(t, bool) and not math.isnan(t)
        check("auto_sign_threshold_t", t, t is None or is_number, "None or a number")
        check_span("auto_sign_ewma_span", self.span)
        check("auto_sign_ewma_span", self.span, self.span is None or not self.use_fit_span,
               "None when auto_sign_use_fit_span is True")  # fmt: skip
        check_choice("auto_sign_variance", self.variance, ("independent", "date"))
        check("auto_sign_adaptive_gamma", self.gamma, is_real(self.gamma) and self.gamma >= 0, "a number >= 0")
        check("auto_sign_adaptive_floor", self.floor, is_real(self.floor) and self.floor > 0, "a number > 0")
        self.coerce(float, "threshold_t", "span", "gamma", "floor")

    def span_for(self, loss: LossOptions) -> float | None:
        """Return the EWMA span the slopes use."""
        return loss.span if self.use_fit_span else self.span


@dataclass(frozen=True)
class PriorOptions(Options):
    """Where the prior comes from beside the analyst's own.

    Attributes:
        ols: Put the univariate OLS slope on each response's best factor (highest R²), zero on the others.
        max_named_factors: Most factors the analyst may name for one response, 1 or 2.
        max_vif: Variance inflation above which only the first of two named factors is used, >= 1; None: never.
    """

    NAMES: ClassVar[dict[str, str]] = {"ols": "apply_ols_prior", "max_vif": "named_set_max_vif"}

    ols: bool = False
    max_named_factors: int = 2
    max_vif: float | None = 2.5

    def __post_init__(self) -> None:
        check_flag("apply_ols_prior", self.ols)
        most, vif = self.max_named_factors, self.max_vif
        check("max_named_factors", most, isinstance(most, Integral) and most in (1, 2) and most is not True, "1 or 2")
        check("named_set_max_vif", vif, vif is None or (is_real(vif) and vif >= 1), "None or a number >= 1")
        self.coerce(bool, "ols")
        self.coerce(int, "max_named_factors")
        self.coerce(float, "max_vif")
