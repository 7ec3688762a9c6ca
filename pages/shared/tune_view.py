"""Parts of the *Tune* page: headline, colour scale, certificate, comparison with the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from factorlasso_core import Fit, State
from factorlasso_core.agreement import recovery
from factorlasso_core.figures import truth as truth_figures
from factorlasso_core.figures.style import Theme
from pages.shared import compute, feedback
from pages.shared.compute import Outcome, Use
from pages.shared.sidebar import Inputs
from pages.shared.state import Edits

SCORES = {"precision": "Precision", "recall": "Recall", "sign_accuracy": "Sign accuracy", "rmse": "RMSE"}
SCORE_HELP = {
    "precision": "Share of the non-zero loadings that are truly non-zero.",
    "recall": "Share of the truly non-zero loadings that were found.",
    "sign_accuracy": "Share of the true loadings found that have the true sign.",
    "rmse": "Root mean square error of all loadings.",
}
STAGES = {
    "prepare": "Demeaned arrays",
    "moments": "Moments of the loss",
    "guided": "Univariate stage",
    "correlation": "Correlations",
    "tree": "Tree",
    "signs": "Evidence for signs",
    "ols": "Prior from the data",
    "rules": "Cut, bounds and weights",
    "solve": "Solve and proof",
    "held": "Select: fits of the folds",
    "residuals": "Select: residuals of the folds",
    "map": "Select: map over α and cutoff",
}


def headline(inputs: Inputs, fit: Fit) -> None:
    """Clusters and sizes, zeros, R², proof and time, always in view."""
    columns = st.columns(5)
    count, sizes = _clusters(fit)
    columns[0].metric("Clusters" if fit.clustering is not None else "Groups", count, help=feedback.CLUSTER_HELP)
    zeros = int((fit.state == State.ZERO_BY_PENALTY).sum())
    columns[1].metric("Exact zeros", f"{fit.zero_share:.1%}", help=f"{zeros} cells are zero by the penalty.")
    columns[2].metric("Mean R²", _percent(fit.statistics.r2), help="In sample, mean over responses.")
    columns[3].metric(
        "Duality gap", feedback.gap(fit), help="Relative; proves how close the objective is to its minimum."
    )
    columns[4].metric(
        "Fit", feedback.milliseconds(inputs.outcome), help="Time of this fit, or that it was in the cache."
    )
    st.caption(sizes)


def _clusters(fit: Fit) -> tuple[str, str]:
    if fit.labels is None:
        return "–", "This model has no groups: every loading is penalised on its own."
    sizes = pd.Series(fit.labels[fit.counted]).value_counts()
    shown = " · ".join(map(str, sizes.iloc[:24])) + (" …" if len(sizes) > 24 else "")
    if fit.clustering is None:
        return str(len(sizes)), f"Sizes of your groups: {shown}"
    inner, options = fit.clustering.inner, fit.spec.clustering
    if options.n_clusters is not None:
        return str(len(sizes)), f"At most {options.n_clusters} clusters asked for; their sizes are {shown}."
    return str(len(sizes)), (
        f"Cut at {options.cutoff_fraction:.2f} of the largest distance gives {len(sizes)} clusters of sizes {shown}. "
        f"The slider reaches from {len(inner.leaves)} clusters down to {inner.count(1.0)}."
    )


def _percent(values: np.ndarray) -> str:
    known = values[~np.isnan(values)]
    return f"{known.mean():.1%}" if len(known) else "–"


def colour_limit(edits: Edits, fit: Fit) -> float:
    """End of the colour scale: held between steps so that colours keep their meaning, until it is reset."""
    if edits.limit is None:
        edits.limit = _largest(fit) or 1.0
    return edits.limit


def _largest(fit: Fit) -> float:
    return float(np.nan_to_num(np.abs(fit.beta)).max(initial=0.0))


def rescale(edits: Edits, fit: Fit) -> None:
    """Say where the colours end, and reset them to the fit on screen."""
    largest = _largest(fit)
    left, right = st.columns([5, 1], vertical_alignment="center")
    left.caption(f"Colours end at ±{edits.limit:.3g}; the largest loading is {largest:.3g}.")
    if right.button("Rescale colours", key="rescale", width="stretch"):
        edits.limit = largest or 1.0
        st.rerun()


def certificate(inputs: Inputs, fit: Fit) -> None:
    """The proof, its parts, and what was computed for it."""
    with st.container(border=True):
        st.markdown("**Proof of optimality**")
        if fit.certificate is None or fit.solved is None:
            st.caption("Nothing was solved.")
            return
        rows = {
            "Objective": f"{fit.objective:.10g}",
            "Relative duality gap": f"{fit.certificate.relative_gap:.2e}",
            "KKT residual": f"{fit.certificate.kkt_residual:.2e}",
            "Iterations": f"{fit.solved.solution.iterations}",
            "λ / λ_ref": f"{fit.spec.penalty.reg_lambda / inputs.scale:.3g}" if inputs.scale else "–",
        }
        st.table(pd.Series(rows, name="value"))


def work(inputs: Inputs) -> None:
    """On request: which stages the last move recomputed, the counts of the session, and the room of the cache."""
    outcome, use = inputs.outcome, compute.use(inputs.outcome.shared)
    with st.expander("What was computed", key="work"):
        st.table(_stage_counts(outcome, use))
        st.caption(
            "A fit is made in these stages, each kept for the data and options it depends on, so that a move computes "
            "only what it changes. Those of *Select* are counted by fold and by map; *This view* is about the fit."
        )
        whose = "all sessions share for demo data without edits" if outcome.shared else "is this session's own"
        st.caption(
            f"The cache that {whose} holds {use.entries} results in {use.used / 2**20:.1f} "
            f"of {use.bound / 2**20:.0f} MiB; what was used longest ago leaves first."
        )


def _stage_counts(outcome: Outcome, use: Use) -> pd.DataFrame:
    """A row per stage in the order of the work, a stage of another name under that name."""
    seen = {**use.misses, **use.hits}
    names = [name for name in STAGES if name in seen] + sorted(set(seen) - set(STAGES))

    def this_move(name: str) -> str:
        if name in outcome.misses:
            return "computed"
        return "from the cache" if name in outcome.hits else "not needed"

    columns = {
        "This view": [this_move(name) for name in names],
        "Computed this session": [use.misses.get(name, 0) for name in names],
        "From the cache": [use.hits.get(name, 0) for name in names],
    }
    return pd.DataFrame(columns, index=[STAGES.get(name, name) for name in names])


def truth(inputs: Inputs, fit: Fit, theme: Theme) -> None:
    """Only for the demo whose truth is known."""
    known = inputs.source.truth
    if known is None or inputs.outcome.error is not None:
        return
    with st.expander("Compare with the truth", key="truth", on_change="rerun") as box:
        if box.open:
            scores = recovery(fit, known.betas)
            columns = st.columns(4)
            for column, (name, score) in zip(columns, scores.items(), strict=False):
                column.metric(SCORES[name], f"{score:.3f}", help=SCORE_HELP[name])
            feedback.chart(
                truth_figures.comparison(fit, known.betas, theme),
                "truth_chart",
                "True and fitted loadings and their difference",
            )
