"""Options that only the *Model* page draws, and the options of a fit made of them and the sidebar."""

from __future__ import annotations

from typing import Any

from factorlasso_core import (
    ClusterOptions,
    FitSpec,
    GuidedOptions,
    LassoModelType,
    LossOptions,
    PenaltyOptions,
    PriorOptions,
    SignOptions,
)
from factorlasso_core.enums import LINKAGE_METHODS
from pages.shared import state
from pages.shared.controls import Choice, Control, Number, Switch

SPANS = tuple(map(str, (3, 6, 9, 12, 18, 24, 30, 36, 48, 60, 84, 120, 180, 250, 500)))
IN_ROWS = {span: f"{span} rows" for span in SPANS}

CONTROLS: dict[str, Control] = {
    control.key: control
    for control in (
        Choice("nonneg", "no", {"no": "either sign", "yes": "≥ 0 everywhere"}),
        Choice(
            "group_penalty",
            "normalized",
            {"normalized": "√(size / number of groups)", "yuan_lin": "√size (Yuan–Lin)"},
        ),
        Choice("warmup", "12", {"off": "off", "12": "12", "24": "24", "36": "36", "60": "60"}),
        Choice("demean", "yes", {"yes": "subtract means", "no": "leave as they are"}),
        Choice(
            "centering",
            "panel",
            {"panel": "of the whole panel", "per_response": "of each response's own rows"},
        ),
        Choice("normalization", "sample", {"sample": "number of rows", "weight_sum": "weight of each response"}),
        Choice("factor_rows", "impute", {"impute": "kept, gap at the factor's mean", "drop": "left out"}),
        Switch("loo", True),
        Switch("keep_sign", True),
        Switch("derive"),
        Number("gate", 0.75, 0.0, 6.0, 0.05, slides=True, format="%.2f"),
        Choice("sign_variance", "independent", {"independent": "every observation", "date": "every date once"}),
        Choice("sign_span", "equal", {"equal": "equal weights", "loss": "those of the loss", **IN_ROWS}),
        Switch("adaptive"),
        Number("gamma", 1.0, 0.0, 4.0, 0.25),
        Number("floor", 1e-3, 1e-9, 1e3, 1e-3, format="%.4g"),
        Switch("prior_overrides"),
        Switch("ols"),
        Choice("cut_by", "height", {"height": "height: the sidebar's cutoff", "count": "number of clusters"}),
        Number("clusters", 6, 1, 1000, 1),
        Choice("linkage", "ward", {name: name.capitalize() for name in sorted(LINKAGE_METHODS, key="ward".__ne__)}),
        Choice(
            "distance",
            "one_minus_rho",
            {"one_minus_rho": "1 − ρ", "chord": "√(2(1 − ρ)), chord", "arccos": "arccos ρ, angle"},
        ),
        Choice(
            "dependence",
            "pearson",
            {"pearson": "Pearson correlation", "spearman": "Spearman, of ranks", "gerber": "Gerber, joint large moves"},
        ),
        Number("gerber", 0.5, 0.0, 1.0, 0.05),
        Choice("pc1", "none", {"none": "kept", "remove_pc1": "taken out"}),
        Choice("cluster_span", "loss", {"loss": "that of the loss", **IN_ROWS}),
        Choice("correlation", "reference", {"reference": "zero start", "pairwise": "divided by pair weights"}),
        Choice("short", "count", {"count": "count in clusters", "exclude": "are left out"}),
    )
}
PARAMETERS = tuple(control.parameter for control in CONTROLS.values())
# What each is called where a change of it is told in a few words.
WORDS = {
    "nonneg": "sign of all loadings",
    "group_penalty": "weight of a group",
    "warmup": "warm-up",
    "demean": "means",
    "centering": "centring",
    "normalization": "divisor of the loss",
    "factor_rows": "rows with missing factors",
    "loo": "leave-one-out fits",
    "keep_sign": "univariate signs",
    "derive": "derived signs",
    "gate": "gate",
    "sign_variance": "count of the t statistic",
    "sign_span": "weights of the slopes",
    "adaptive": "adaptive weights",
    "gamma": "power γ",
    "floor": "smallest slope",
    "prior_overrides": "prior beats derived sign",
    "ols": "prior from the data",
    "cut_by": "kind of cut",
    "clusters": "number of clusters",
    "linkage": "linkage",
    "distance": "distance",
    "dependence": "dependence",
    "gerber": "large move",
    "pc1": "first component",
    "cluster_span": "span of the clusters",
    "correlation": "EWMA correlation",
    "short": "responses in warm-up",
}


def value(key: str) -> Any:
    """Value of a control of this module."""
    return state.value(key, CONTROLS[key].default)


def draw(key: str, label: str, help: str, *, disabled: bool = False) -> None:
    """Draw a control of this module."""
    CONTROLS[key].draw(label, help, disabled)


def spec(model: str, lam: float, alpha: float, cutoff: float, span: float | None) -> FitSpec:
    """Options of the fit from the sidebar's values and the session's; what the model does not take is left out."""
    kind = LassoModelType[model]
    demean, plain = value("demean") == "yes", kind is LassoModelType.UNILASSO
    return FitSpec(
        model_type=kind,
        loss=LossOptions(
            span=span,
            demean=demean,
            centering=value("centering") if demean and not plain else "panel",
            normalization="sample" if plain else value("normalization"),
            factor_rows=value("factor_rows"),
        ),
        clustering=_clustering(cutoff),
        penalty=PenaltyOptions(lam, alpha, value("group_penalty")),
        nonneg=value("nonneg") == "yes" and kind.takes_signs,
        warmup_period=None if value("warmup") == "off" else int(value("warmup")),
        signs=_signs() if kind.takes_signs and value("derive") else SignOptions(),
        prior=PriorOptions(ols=value("ols") and kind.takes_prior),
        guided=GuidedOptions(value("loo"), value("keep_sign")) if plain else GuidedOptions(),
    )


def _clustering(cutoff: float) -> ClusterOptions:
    span = value("cluster_span")
    return ClusterOptions(
        cutoff_fraction=cutoff,
        n_clusters=value("clusters") if value("cut_by") == "count" else None,
        linkage_method=value("linkage"),
        distance_transform=value("distance"),
        correlation_transform=value("pc1"),
        dependence_measure=value("dependence"),
        gerber_threshold=value("gerber"),
        span=None if span == "loss" else float(span),
        correlation_normalization=value("correlation"),
        exclude_short=value("short") == "exclude",
    )


def _signs() -> SignOptions:
    span = value("sign_span")
    return SignOptions(
        derive=True,
        threshold_t=value("gate"),
        span=None if span in ("equal", "loss") else float(span),
        use_fit_span=span == "loss",
        variance=value("sign_variance"),
        adaptive=value("adaptive"),
        gamma=value("gamma"),
        floor=value("floor"),
        prior_overrides=value("prior_overrides"),
    )
