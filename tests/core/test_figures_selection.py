"""Pictures of a cross-validation: what stands where, in both themes, with hostile names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from factorlasso_core.figures.folds import fold_bars, part_bars
from factorlasso_core.figures.selection import score_curve, score_map
from factorlasso_core.figures.style import Theme
from factorlasso_core.folds import FoldOptions
from factorlasso_core.tuning import Grid, Landscape, curve
from tests.core.test_tuning import DATES, FOUND, LAMBDAS, task

THEMES = [Theme(), Theme(dark=True)]


def named(figure, name):
    return next(trace for trace in figure.data if trace.name == name)


@pytest.mark.parametrize("theme", THEMES)
def test_the_curve_shows_mean_band_folds_and_loadings_on_one_axis(theme):
    figure = score_curve(FOUND, theme, 0.05)
    order = np.argsort(FOUND.lambdas)
    mean, band = named(figure, "mean over folds"), named(figure, "± 1 standard error")
    np.testing.assert_array_equal(mean.x, FOUND.lambdas[order])
    np.testing.assert_array_equal(mean.y, FOUND.means[order])
    np.testing.assert_allclose(np.array(band.y[:9]) - mean.y, FOUND.errors[order])
    assert len(named(figure, "single folds").x) == 9 * 5
    count = named(figure, "non-zero loadings")
    np.testing.assert_array_equal(count.y, FOUND.nonzero[order])
    assert count.yaxis == "y2" and figure.layout.yaxis2.title.text == "non-zero loadings"
    assert figure.layout.xaxis.type == "log" and "λ" in figure.layout.xaxis.title.text
    assert figure.layout.yaxis.title.text == "R² out of sample"


def test_both_choices_and_the_current_lambda_are_marked_and_labels_keep_apart():
    found = replace(FOUND, best=3, sparsest=4)
    figure = score_curve(found, Theme(), FOUND.lambdas[3] * 1.01)
    notes = {note.text: note for note in figure.layout.annotations}
    assert set(notes) == {"λ.min", "λ.1se", "current λ"}
    for name, value in (("λ.min", LAMBDAS[3]), ("λ.1se", LAMBDAS[4])):
        assert notes[name].x == pytest.approx(np.log10(value))
    assert notes["λ.min"].yshift != notes["current λ"].yshift
    assert [shape.x0 for shape in figure.layout.shapes][:2] == [LAMBDAS[3], LAMBDAS[4]]


def test_one_mark_stands_for_two_equal_choices_and_none_for_a_lambda_of_zero():
    texts = [note.text for note in score_curve(replace(FOUND, sparsest=FOUND.best), Theme()).layout.annotations]
    assert texts == ["λ.min = λ.1se"]


def test_the_sphericity_has_its_threshold():
    figure = score_curve(curve(task(), LAMBDAS, FoldOptions(), "sphericity"), Theme())
    assert named(figure, "threshold when nothing is shared").y is not None
    assert "λ.pass" in " ".join(note.text for note in figure.layout.annotations)


@pytest.mark.parametrize("index", [DATES, DATES.tz_localize("UTC"), pd.RangeIndex(180), pd.Index(["<b>"] * 180)])
def test_the_bars_of_the_folds_touch_and_carry_their_dates(index):
    options = FoldOptions("rolling", 4, 3, 20)
    figure = fold_bars(options.split(180), index, Theme())
    train, gap, test = (named(figure, f"{name} rows") for name in ("training", "gap", "test"))
    dated = isinstance(index, pd.DatetimeIndex)
    ends = [
        pd.Timestamp(base) + pd.Timedelta(length, "ms") if dated else base + length
        for base, length in zip(train.base, train.x, strict=True)
    ]
    assert ends == [pd.Timestamp(base) if dated else base for base in gap.base]
    assert "<b>" not in "".join(test.customdata) and "36 rows" in test.customdata[0]
    assert figure.layout.yaxis.range == (3.5, -0.5)


def test_a_fold_that_is_left_out_is_pale_and_says_so():
    figure = fold_bars(FoldOptions(n_splits=3).split(180), DATES, Theme(), [False, True, True])
    assert figure.layout.yaxis.ticktext == ("fold 1, left out", "fold 2", "fold 3")
    assert all(trace.marker.opacity == (0.3, 1.0, 1.0) for trace in figure.data)


def test_without_a_gap_there_is_no_bar_for_it():
    assert [trace.name for trace in fold_bars(FoldOptions().split(180), DATES, Theme()).data] == [
        "training rows",
        "test rows",
    ]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("score", "best"), [("r2", (1, 2)), ("error", (0, 0))])
def test_the_map_stars_the_best_and_rings_the_current_point(theme, score, best):
    scores = np.array([[0.1, 0.2, 0.3], [0.4, 0.5, 0.6]])
    grid = Grid((1.0,), (0.0, 1.0), (0.2, 0.5, 0.8))
    found = Landscape(score, grid, scores, np.ones((2, 3)), np.full((2, 3), 0.01))
    figure = score_map(found, theme, (0.3, 0.45))
    heat, here = figure.data
    assert [(i, j) for i in range(2) for j in range(3) if heat.text[i][j].startswith("★")] == [best]
    assert np.unravel_index(np.argmax(heat.z), (2, 3)) == best  # the better, the stronger
    assert here.name == "nearest to the current α and cutoff"
    np.testing.assert_allclose([min(here.x), max(here.x), min(here.y), max(here.y)], [0.35, 0.65, -0.5, 0.5])
    assert score_map(found, theme, (1.0, 0.8)).data[1].name == "current α and cutoff"


def test_equal_cells_carry_open_stars_and_an_unknown_one_a_dash():
    scores = np.array([[0.1, np.nan], [0.5, 0.50001]])
    grid = Grid((1.0,), (0.0, 1.0), (0.2, 0.8))
    found = Landscape("r2", grid, scores, np.ones((2, 2)), np.full((2, 2), 0.01))
    assert score_map(found, Theme(), (0.0, 0.9)).data[0].text == (["0.1000", "–"], ["☆ 0.5000", "★ 0.5000"])


def test_a_map_without_cutoffs_has_one_column_and_no_axis_for_them():
    found = Landscape("r2", Grid((1.0,), (0.0, 1.0)), np.array([[0.1], [0.2]]), np.ones((2, 1)), np.ones((2, 1)))
    figure = score_map(found, Theme(), (0.3, 0.45))
    assert figure.data[0].z.shape == (2, 1) and figure.layout.xaxis.showticklabels is False


def test_bars_say_what_was_not_scored_and_names_are_text():
    figure = part_bars(pd.Series([0.5, np.nan], ["<b>x</b>", "$y$"]), "r2", Theme())
    assert figure.data[0].text == ("", "not scored")
    assert figure.layout.yaxis.ticktext == ("&lt;b&gt;x&lt;/b&gt;", "&#36;y&#36;")
