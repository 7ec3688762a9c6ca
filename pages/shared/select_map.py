"""The map of the *Select* page: the best score over λ at every α and cutoff."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import streamlit as st

from factorlasso_core import Fit, tuning
from factorlasso_core.errors import FactorLassoError
from factorlasso_core.figures import selection as figures
from factorlasso_core.tuning import DIGITS, Grid, Landscape, part_score
from pages.shared import compute, feedback, select_settings, select_view, select_words, state, waiting
from pages.shared.select_settings import SCORES
from pages.shared.sidebar import Inputs

# Numbers of α, cutoffs and λ that a page can wait for, by the number of loadings of a fit.
SIZES = ((1_500, (6, 9, 16)), (12_000, (5, 6, 10)), (40_000, (4, 5, 8)))
WAIT = "Fitting every λ at every α and cutoff …"


def landscape(inputs: Inputs, fit: Fit) -> Landscape | None:
    """The map, drawn and computed while its part of the page is open; None while there is none."""
    kind = fit.spec.model_type.for_responses(fit.panel.shape[1])
    cut = kind.clusters_responses and fit.spec.clustering.n_clusters is None
    name, over = SCORES[_score()], "α and cutoff" if cut else "α"
    with st.expander(f"Map of {name} over {over}", key="cv_map_box", on_change="rerun") as box:
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


def _score() -> str:
    """What the map shows."""
    return part_score(select_settings.value("cv_score"))


def _found(inputs: Inputs, fit: Fit, grid: Grid) -> Landscape | None:
    """The map, with a bar while it is computed; None with the reason on the page."""
    task, options = select_view.task(fit), select_settings.folds()
    try:
        with waiting.bar(WAIT, patience=0.0) as progress, compute.counted(inputs.outcome.shared) as stages:
            return tuning.landscape(task, grid, options, _score(), stages, progress)
    except FactorLassoError as error:
        st.warning(select_words.failure(error, _score()), icon=":material/error:")
        return None


def _show(found: Landscape, fit: Fit) -> None:
    """The picture, what is best in it, and one click to take that over."""
    current = (fit.spec.penalty.l1_weight, fit.spec.clustering.cutoff_fraction)
    name = SCORES[found.score]
    feedback.chart(figures.score_map(found, feedback.theme(), current), "cv_map", f"Best {name} over λ by α and cutoff")
    cell = found.best_near(*current)
    point = _point(found, cell)
    words = f"α {point['alpha']:.2f}" + (f", cutoff {point['cutoff']:.2f}" if "cutoff" in point else "")
    left, right = st.columns([5, 2], vertical_alignment="center")
    left.caption(" ".join(_sentences(found, cell, words)))
    used = all(state.value(key) == wanted for key, wanted in point.items())
    right.button("The best point is in use" if used else f"Use {words}, λ = {point['lam']:.3g}", key="use_map",
                 on_click=partial(select_view.take, **point), disabled=used, width="stretch")  # fmt: skip


def _point(found: Landscape, cell: tuple[int, int]) -> dict[str, float]:
    """A cell with its λ, by the names of the sidebar's controls."""
    row, column = cell
    point = {"lam": float(found.lambdas[cell]), "alpha": found.grid.alphas[row]}
    return point | ({"cutoff": found.grid.cutoffs[column]} if found.grid.cutoffs else {})


def _sentences(found: Landscape, cell: tuple[int, int], words: str) -> Iterator[str]:
    """What the map shows, its best point, and how far that can be trusted."""
    asked = select_settings.value("cv_score")
    if asked != found.score:
        yield f"{SCORES[asked].capitalize()} has no map: this one shows {SCORES[found.score]}."
    yield (
        f"Every cell stands for the best of {len(found.grid.lambdas)} of the {select_settings.value('cv_points')} λ "
        "there, which its hover text names, so that models are compared at their best."
    )
    spread = "" if np.isnan(found.errors[cell]) else f" ± {found.errors[cell]:.{DIGITS}f}"
    yield f"The best {SCORES[found.score]}, {found.scores[cell]:.{DIGITS}f}{spread} (standard error), is ★ {words} " \
          f"with λ = {found.lambdas[cell]:.3g}."  # fmt: skip
    others = int(found.equal.sum()) - 1
    if others:
        yield f"{others} other cell{'s are' if others > 1 else ' is'} equal (☆): ★ is the one nearest to the current."
    if found.flat:
        yield "The whole map lies within one standard error of the best: these data do not tell its models apart."
    yield from _edges(found, cell)


def _edges(found: Landscape, cell: tuple[int, int]) -> Iterator[str]:
    """What it means where the best lies at an end of α or of the cutoffs."""
    alpha, cutoffs = found.grid.alphas[cell[0]], found.grid.cutoffs
    if alpha == found.grid.alphas[0]:
        yield f"The best is at the smallest α, {alpha:.2f}: blocks of loadings leave whole."
    elif alpha == found.grid.alphas[-1]:
        yield f"The best is at the largest α, {alpha:.2f}: a plain LASSO" \
              f"{', where the cutoff has no effect' if cutoffs else ''}."  # fmt: skip
    if cutoffs and alpha < 1.0 and cell[1] in (0, len(cutoffs) - 1):
        end = "smallest" if cell[1] == 0 else "largest"
        yield f"The best is at the {end} cutoff of the map, {cutoffs[cell[1]]:.2f}: the sidebar's slider goes further."
