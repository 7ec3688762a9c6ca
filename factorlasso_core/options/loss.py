"""Options of the loss and of the penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from factorlasso_core.options.base import Options, check, check_choice, check_flag, check_span, is_real

LARGEST_LAMBDA = 1e100  # its square must not overflow


@dataclass(frozen=True)
class LossOptions(Options):
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

    NAMES: ClassVar[dict[str, str]] = {"normalization": "loss_normalization"}

    span: float | None = None
    demean: bool = True
    centering: str = "panel"
    normalization: str = "sample"
    factor_rows: str = "impute"

    def __post_init__(self) -> None:
        check_span("span", self.span)
        self.coerce(float, "span")
        check_flag("demean", self.demean)
        self.coerce(bool, "demean")
        check_choice("centering", self.centering, ("panel", "per_response"))
        check_choice("loss_normalization", self.normalization, ("sample", "weight_sum"))
        check_choice("factor_rows", self.factor_rows, ("impute", "drop"))
        check("centering", self.centering, self.demean or self.centering == "panel",
               "'panel' when demean is False")  # fmt: skip


@dataclass(frozen=True)
class PenaltyOptions(Options):
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
        within = is_real(self.reg_lambda) and 0 <= self.reg_lambda <= LARGEST_LAMBDA
        check("reg_lambda", self.reg_lambda, within, f"a number >= 0, at most {LARGEST_LAMBDA:g}")
        check("l1_weight", self.l1_weight, is_real(self.l1_weight) and 0 <= self.l1_weight <= 1, "in [0, 1]")
        check_choice("group_penalty", self.group_penalty, ("normalized", "yuan_lin"))
        self.coerce(float, "reg_lambda", "l1_weight")


@dataclass(frozen=True)
class GuidedOptions(Options):
    """Variants of UniLasso.

    Attributes:
        loo: Stage 2 regresses on leave-one-out univariate fits, not on the fits themselves.
        non_negative: Stage 2 keeps every univariate sign.
    """

    NAMES: ClassVar[dict[str, str]] = {"loo": "unilasso_loo", "non_negative": "unilasso_non_negative"}

    loo: bool = True
    non_negative: bool = True

    def __post_init__(self) -> None:
        check_flag("unilasso_loo", self.loo)
        check_flag("unilasso_non_negative", self.non_negative)
        self.coerce(bool, "loo", "non_negative")
