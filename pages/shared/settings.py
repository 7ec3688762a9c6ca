"""Options that only the *Model* page draws, and the options of a fit made of them and the sidebar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import streamlit as st

from factorlasso_core import ClusterOptions, FitSpec, LassoModelType, LossOptions, PenaltyOptions
from pages.shared import state
from pages.shared.link import Parameter, one_of


@dataclass(frozen=True)
class Choice:
    """One option: its key in session and link, its default, its values in plain words."""

    key: str
    default: str
    labels: dict[str, str]


CHOICES = {
    choice.key: choice
    for choice in (
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
        Choice("correlation", "reference", {"reference": "zero start", "pairwise": "divided by pair weights"}),
    )
}


PARAMETERS = tuple(
    Parameter(choice.key, partial(str, choice.default), one_of({name: name for name in choice.labels}))
    for choice in CHOICES.values()
)


def pick(key: str, label: str, help: str, *, disabled: bool = False) -> str:
    """Draw the select box of an option."""
    choice = CHOICES[key]
    return st.selectbox(
        label,
        list(choice.labels),
        format_func=choice.labels.__getitem__,
        key=key,
        help=help,
        disabled=disabled,
        persist_state="session",  # else the value put before it was drawn would come back when it no longer is
    )


def spec(model: str, lam: float, alpha: float, cutoff: float, span: float | None) -> FitSpec:
    """Options of the fit from the sidebar's values and the session's choices."""
    chosen = {key: state.value(key, choice.default) for key, choice in CHOICES.items()}
    demean = chosen["demean"] == "yes"
    return FitSpec(
        model_type=LassoModelType[model],
        loss=LossOptions(
            span=span,
            demean=demean,
            centering=chosen["centering"] if demean else "panel",
            normalization=chosen["normalization"],
            factor_rows=chosen["factor_rows"],
        ),
        clustering=ClusterOptions(cutoff, correlation_normalization=chosen["correlation"]),
        penalty=PenaltyOptions(lam, alpha, chosen["group_penalty"]),
        nonneg=chosen["nonneg"] == "yes",
        warmup_period=None if chosen["warmup"] == "off" else int(chosen["warmup"]),
    )


def draw(current: FitSpec) -> None:
    """All options of the session in three columns."""
    loss, histories, rest = st.columns(3)
    demeaned = state.value("demean", "yes") == "yes"
    with loss:
        st.markdown("**Loss**")
        pick("demean", "Means", "A model without means has no constant.")
        pick("centering", "Centre on the means", "Own rows: the exact fit with a free constant, for ragged histories.",
             disabled=not demeaned)  # fmt: skip
        pick(
            "normalization",
            "Divide the loss by",
            "By rows, a short history is penalised more, as in the reference.",
        )
    with histories:
        st.markdown("**Histories**")
        pick("warmup", "Warm-up, observations", "Responses with fewer get zero loadings.")
        pick("factor_rows", "Rows with some factors missing", "Rows without any factor never count.")
        pick("correlation", "EWMA correlation for clusters",
             "Zero start shrinks late starters, as in the reference. No effect without a span.")  # fmt: skip
    with rest:
        st.markdown("**Loadings**")
        pick("nonneg", "Sign of all loadings", "Intersected with the sign matrix.")
        pick("group_penalty", "Weight of a group", "How the penalty of a group grows with its size.",
             disabled=current.model_type is LassoModelType.LASSO)  # fmt: skip
