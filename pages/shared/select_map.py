"""The map of the *Select* page: the best score over λ at every α and cutoff."""

from __future__ import annotations

from functools import partial

import numpy as np
import streamlit as st

from factorlasso_core import Fit, tuning
from factorlasso_core.errors import FactorLassoError
from factorlasso_core.figures import selection as figures
from factorlasso_core.tuning import ERROR, R2, Grid, Landscape
from pages.shared import compute, feedback, select_settings, select_view, state
from pages.shared.sidebar import Inputs

# Numbers of α, cutoffs and λ that a page can wait for, by the number of loadings of a fit.
SIZES = ((1_500, (6, 9, 16)), (12_000, (5, 6, 10)), (40_000, (4, 5, 8)))
WAIT = "Fitting every λ at every α and cutoff …"


def landscape(inputs: Inputs, fit: Fit) -> Landscape | None:
    """The map, drawn and computed while its part of the page is open; None while there is none."""
    kind = fit.spec.model_type.for_responses(fit.panel.shape[1])
    cut = kind.clusters_responses and fit.spec.clustering.n_clusters is None
    with st.expander("Map over α and cutoff" if cut else "Map over α", key="cv_map_box", on_change="rerun") as box:
        if not box.open:
            return None
        if kind.is_lasso:
            st.info("This model penalises single loadings: α and cutoff have no meaning in it.")
            return None
        grid = _grid(inputs, fit, cut)
        if grid is None:
            st.info(f"{fit.beta.size:,} loadings would take minutes: the map is drawn up to {SIZES[-1][0]:,}.")
            return None
        found = _found(inputs, fit, grid)
        if found is not None:
            _show(found, fit)
        return found


def _grid(inputs: Inputs, fit: Fit, cut: bool) -> Grid | None:
    """Points a page can wait for; None where there are none."""
    size = next((size for most, size in SIZES if fit.beta.size <= most), None)
    if size is None:
        return None
    alphas, cutoffs, count = size if cut else (11, 0, size[2])
    lambdas = select_settings.lambdas(inputs.scale)
    chosen = np.unique(np.linspace(0, len(lambdas) - 1, count).round().astype(int))
    return Grid(tuple(lambdas[i] for i in chosen), _steps(0.0, 1.0, alphas), _steps(0.1, 0.9, cutoffs))


def _steps(low: float, high: float, count: int) -> tuple[float, ...]:
    """Evenly spaced values that the sliders of the sidebar can hold."""
    return tuple(round(float(step), 2) for step in np.linspace(low, high, count))


def _found(inputs: Inputs, fit: Fit, grid: Grid) -> Landscape | None:
    """The map, with a bar while it is computed; None with the reason on the page."""
    score = ERROR if select_settings.value("cv_score") == ERROR else R2
    bar = st.progress(0.0, text=WAIT)
    try:
        with compute.counted(inputs.outcome.shared) as stages:
            return tuning.landscape(
                select_view.task(fit), grid, select_settings.folds(), score, stages,
                progress=lambda share: bar.progress(share, text=WAIT),
            )  # fmt: skip
    except FactorLassoError as error:
        st.warning(feedback.plain(error), icon=":material/error:")
        return None
    finally:
        bar.empty()


def _show(found: Landscape, fit: Fit) -> None:
    """The picture, what is best in it, and one click to take that over."""
    current = (fit.spec.penalty.l1_weight, fit.spec.clustering.cutoff_fraction)
    feedback.chart(figures.score_map(found, feedback.theme(), current), "cv_map", "Best score over λ by α and cutoff")
    point = _best(found)
    words = f"α {point['alpha']:.2f}"
    words += f", cutoff {point['cutoff']:.2f}" if "cutoff" in point else ""
    left, right = st.columns([5, 2], vertical_alignment="center")
    left.caption(
        "Every cell stands for the best λ there, which its hover text names, so that models are compared at their "
        f"best. The best of all, {found.scores[found.best]:.4f}, is {words} with λ = {point['lam']:.3g}."
    )
    used = all(state.value(key) == wanted for key, wanted in point.items())
    right.button("The best point is in use" if used else f"Use {words}, λ = {point['lam']:.3g}", key="use_map",
                 on_click=partial(select_view.take, **point), disabled=used, width="stretch")  # fmt: skip


def _best(found: Landscape) -> dict[str, float]:
    """The best point, by the names of the sidebar's controls."""
    row, column = found.best
    point = {"lam": float(found.lambdas[row, column]), "alpha": found.grid.alphas[row]}
    return point | ({"cutoff": found.grid.cutoffs[column]} if found.grid.cutoffs else {})
