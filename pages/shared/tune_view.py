"""Parts of the *Tune* page: headline, selection, path, certificate, comparison with the truth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pandas as pd
import streamlit as st

from factorlasso_core import Fit, State
from factorlasso_core.agreement import recovery
from factorlasso_core.figures import series
from factorlasso_core.figures import truth as truth_figures
from factorlasso_core.scoring import mean_of_known
from pages.shared import baseline, clustermap, compute, detail, feedback, pathview, response_list
from pages.shared.compute import Outcome, Use
from pages.shared.feedback import Number
from pages.shared.sidebar import Inputs

SECTIONS = "sections"  # key of the choice of what else is shown
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
    "path": "Path along λ",
    "bands": "Bootstrap bands",
    "held": "Select: fits of the folds",
    "residuals": "Select: residuals of the folds",
    "map": "Select: map over α and cutoff",
}


def headline(inputs: Inputs, fit: Fit) -> None:
    """Clusters and sizes, zeros, R², proof and time, always in view; with a pin what changed since."""
    count, sizes = _clusters(fit)
    change = _changes(inputs, fit)
    zeros = int((fit.state == State.ZERO_BY_PENALTY).sum())
    timing = "Time of this fit, or that it was in the cache."
    numbers = (
        Number(
            "Clusters" if fit.clustering is not None else "Groups", count, feedback.CLUSTER_HELP, change["clusters"]
        ),
        Number("Exact zeros", f"{fit.zero_share:.1%}", f"{zeros} cells are zero by the penalty.", change["zeros"]),
        Number("Mean R²", _percent(fit.statistics.r2), "In sample, mean over responses.", change["r2"]),
        Number("Duality gap", feedback.gap(fit), "Relative; proves how close the objective is to its minimum."),
        Number("Fit", feedback.milliseconds(inputs.outcome), timing),
    )
    feedback.numbers(numbers, sizes)


def _changes(inputs: Inputs, fit: Fit) -> dict[str, str | None]:
    """Differences of the metrics to the chosen pin, signed; None without one."""
    pin = baseline.chosen(inputs.edits)
    if pin is None:
        return {"clusters": None, "zeros": None, "r2": None}
    base = pin.fit
    counts = fit.n_clusters, base.n_clusters
    r2 = mean_of_known(fit.statistics.r2) - mean_of_known(base.statistics.r2)
    return {
        "clusters": None if None in counts else _change(counts[0] - counts[1], "{:+d}"),
        "zeros": _change(round(100 * (fit.zero_share - base.zero_share), 1), "{:+.1f} points"),
        "r2": _change(round(100 * float(r2), 2), "{:+.2f} points"),
    }


def _change(value: float, words: str) -> str | None:
    """A difference to the pin in words; None where it is not known."""
    if np.isnan(value):
        return None
    return f"{words.format(value).replace('-', '−')} to the pin" if value else "as pinned"


def _clusters(fit: Fit) -> tuple[str, str]:
    if fit.labels is None:
        return "–", "This model has no groups: every loading is penalised on its own."
    sizes = sorted(Counter(fit.labels[fit.counted].tolist()).values(), reverse=True)
    shown = " · ".join(map(str, sizes[:24])) + (" …" if len(sizes) > 24 else "")
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
    mean = float(mean_of_known(values))
    return "–" if np.isnan(mean) else f"{round(mean, 3) + 0.0:.1%}"


def bar(inputs: Inputs, fit: Fit) -> list[str]:
    """The selection as a list to search and change, which is that of the map, and the pins; returns the selection."""
    left, middle, right = st.columns([6, 3, 2], vertical_alignment="bottom")
    with left:
        rows = response_list.draw(inputs.edits, [str(label) for label in fit.panel.responses])
    baseline.pin_controls(inputs, fit, middle, right)
    baseline.choice(inputs)
    return rows


def path(inputs: Inputs, fit: Fit, rows: list[str]) -> None:
    """Loadings along λ, and with a pin its λ beside the current one and what differs from it."""
    pin = baseline.chosen(inputs.edits)
    columns = list(inputs.edits.selection.columns)
    if pin is None:
        pathview.draw(inputs, fit, rows, columns)
        return
    left, right = st.columns([5, 2], gap="medium")
    with left:
        pathview.draw(inputs, fit, rows, columns, pin.fit)
    with right:
        baseline.summary(inputs, fit)


def sections(inputs: Inputs, fit: Fit, rows: list[str]) -> None:
    """What is asked for now and then: drawn while it is chosen, so that it costs nothing else."""
    parts: dict[str, Callable[[], None]] = {
        "Details of the selection": lambda: detail.body(inputs, fit, rows),
        "Pinned fits": lambda: baseline.table(inputs),
        "Clusters since the pin": lambda: baseline.changed_clusters(inputs, fit),
        "R² of each response": lambda: feedback.chart(
            series.r2_bars(fit, feedback.theme(), clustermap.colours(fit, inputs.edits)), "r2", "R² of each response"
        ),
        "Proof of optimality": lambda: certificate(inputs, fit),
        "What was computed": lambda: work(inputs),
    }
    if inputs.source.truth is not None:
        parts["Compare with the truth"] = lambda: truth(inputs, fit)
    picked = st.pills("More", list(parts), selection_mode="multi", key=SECTIONS, persist_state="session")
    for name, draw in parts.items():
        if name in picked:
            with st.container(border=True):
                st.markdown(f"**{name}**")
                draw()


def certificate(inputs: Inputs, fit: Fit) -> None:
    """The proof and its parts."""
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
    feedback.facts({name: [text] for name, text in rows.items()})


def work(inputs: Inputs) -> None:
    """Which stages the last move recomputed, the counts of the session, and the room of the cache."""
    outcome, use = inputs.outcome, compute.use(inputs.outcome.shared)
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


def truth(inputs: Inputs, fit: Fit) -> None:
    """Only for the demo whose truth is known."""
    known = inputs.source.truth
    if known is None or inputs.outcome.error is not None:
        st.caption("The fit on screen is an earlier one: there is nothing to compare.")
        return
    scores = recovery(fit, known.betas)
    columns = st.columns(4)
    for column, (name, score) in zip(columns, scores.items(), strict=False):
        column.metric(SCORES[name], f"{score:.3f}", help=SCORE_HELP[name])
    feedback.chart(
        truth_figures.comparison(fit, known.betas, feedback.theme()),
        "truth_chart",
        "True and fitted loadings and their difference",
    )
