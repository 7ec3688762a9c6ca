"""The benchmark's machinery at tiny sizes: every row is measured, proved and recorded; no test looks at a time."""

from __future__ import annotations

import json

import numpy as np
import pytest

from factorlasso_core import Stages
from tests.benchmarks import fit, sides, table
from tests.benchmarks.panels import LAMBDA, make_groups, make_panel, make_signs
from tests.benchmarks.results import Bar, Measured, Result, Row
from tests.benchmarks.rows import QUICK, Sizes, all_rows
from tests.benchmarks.timing import Pace, Side, interleave, one_thread, threads
from tests.benchmarks.work import FCGL, HCGL, LASSO, gap, make_work, moved, worst

SHAPE = (60, 8, 3)
ONCE = Pace(1, 0.0)
TINY = Sizes(ONCE, SHAPE, (120, 8, 3), (60, 12, 3), SHAPE, (60, 16, 3), path=4, grid=3, folds=2)


def result(bar: Bar | None, ours: float, theirs: float, gap: float | None = 0.0, **other) -> Result:
    measured = Measured([ours], [theirs], "ms", gap, **other)
    return Result(Row("work", "against", bar, lambda: measured), measured)


# The table ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def results() -> list[Result]:
    return fit.measure([row for row in all_rows(TINY) if "memory beyond the inputs, LASSO" not in row.work])


def test_every_row_is_measured_and_proved(results):
    assert len(results) == len({(found.row.work, found.row.against) for found in results}) >= 16
    for found in results:
        assert found.found.ours and found.found.proved, found.row.work
        if found.row.bar is not None and found.found.unit == "ms":
            assert found.ratio > 0 and min(found.found.theirs) > 0, found.row.work


def test_both_sides_of_the_scikit_learn_rows_are_proved(results):
    gaps = [found.found.their_gap for found in results if "scikit-learn" in found.row.against]
    assert len(gaps) == 2 and all(0 <= gap <= 1e-9 for gap in gaps)


def test_what_is_written_for_machines_holds_every_value(results, tmp_path):
    fit.save(tmp_path / "fit.json", results, fit.machine(), quick=True)
    held = json.loads((tmp_path / "fit.json").read_text(encoding="utf-8"))
    assert held["quick"] and held["machine"]["processor"] and held["threads"]
    for row, found in zip(held["rows"], results, strict=True):
        assert row["ours"] == list(found.found.ours) and row["theirs"] == list(found.found.theirs)
        assert (row["gap"], row["ratio"], row["holds"]) == (found.found.gap, found.ratio, found.holds)
        assert row["bar"] is None or row["bar"]["direction"] in ("at least", "at most")


def test_the_page_has_a_line_for_every_row_and_says_where_it_is_small(results):
    caption = table.caption(fit.machine(), 1, quick=True)
    page = table.markdown(results, caption)
    assert "smaller panels" in caption and "smaller panels" not in table.caption(fit.machine(), 1, quick=False)
    for found in results:
        assert f"| {' | '.join(table.cells(found))} |" in page


def test_the_bars_are_those_of_the_issue():
    at_least = [3000, 400, 400, 400, 150, 150, 250, 60, 60, 250, 1.5, 1.5]
    bars = [row.bar for row in all_rows(QUICK) if row.bar is not None]
    assert [bar.limit for bar in bars if not bar.most] == at_least
    assert [bar.limit for bar in bars if bar.most][:4] == [60, 20, 1.3, 1.3]


def test_rows_are_chosen_by_their_words(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(fit, "QUICK", TINY)
    fit.main(["--quick", "--only", "one warm fit", "--markdown", str(tmp_path / "fit.md")])
    assert capsys.readouterr().out.count("at most 60x") == 1
    assert "path of 4 λ, HCGL" in (tmp_path / "fit.md").read_text(encoding="utf-8")
    with pytest.raises(SystemExit, match="No row contains 'nothing'"):
        fit.main(["--quick", "--only", "nothing"])


# Bars ---------------------------------------------------------------------------------------------


def test_a_ratio_is_how_much_faster_or_at_most_how_much_slower():
    assert result(Bar(3), 2.0, 8.0).ratio == 4 and result(Bar(3), 2.0, 8.0).holds
    assert not result(Bar(5), 2.0, 8.0).holds
    assert result(Bar(5, most=True), 8.0, 2.0).ratio == 4 and result(Bar(5, most=True), 8.0, 2.0).holds
    assert not result(Bar(3, most=True), 8.0, 2.0).holds
    assert result(Bar(3, most=True), 20.0, 1.0, shares=(10, 1)).ratio == pytest.approx(2)


def test_no_row_holds_without_proof():
    assert not result(Bar(3), 1.0, 100.0, gap=2e-9).holds
    assert not result(Bar(3), 1.0, 100.0, gap=worst([1e-12, float("nan"), 0.0])).holds
    assert not result(Bar(3), 1.0, 100.0, gap=None).holds
    assert not result(None, 1.0, 1.0, gap=None, note="died").holds
    assert result(None, 1.0, 1.0, gap=None, refused=True).holds and result(None, 1.0, 1.0).holds


# Timing -------------------------------------------------------------------------------------------


def test_sides_take_turns_and_no_run_is_asked_for_twice():
    order: list[tuple[str, int]] = []
    ours, theirs = (Side(lambda step, name=name: order.append((name, step)), lambda _: 0.5) for name in "ab")
    runs = interleave(ours, theirs, Pace(3, 0.0))
    assert order == [("a", 0), ("b", 0), ("a", 1), ("b", 1), ("a", 2), ("b", 2)]
    assert [len(side) for side in runs] == [3, 3] and {run.gap for run in runs[0]} == {0.5}


def test_every_library_is_held_to_one_thread():
    with one_thread():
        assert set(threads().values()) == {1}


# Sides --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [LASSO, HCGL, FCGL])
def test_a_warm_move_is_a_solve_and_nothing_else(model):
    task, cache = sides.prepared(make_work(SHAPE, model))
    for step in range(3):
        stages = Stages(dict(cache))
        assert gap(task.fit(moved(step), stages)) <= 1e-9
        assert dict(stages.misses) == {"solve": 1}


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_lambda_max_is_the_smallest_with_zeros_only(alpha):
    work = make_work(SHAPE, HCGL, alpha)
    highest, task = sides.lambda_max(work), work.ours().task(work.x, work.y)
    assert (task.fit(highest).beta == 0).all()
    assert (task.fit(0.999 * highest).beta != 0).any()


def test_scikit_learn_solves_our_problem():
    work = make_work(SHAPE)
    reg_lambda, beta = sides.scikit_learn(work).run(0)
    np.testing.assert_allclose(beta, work.ours(reg_lambda).fit(work.x, work.y).coef_, atol=1e-4)
    assert (beta != 0).any()


def test_the_reference_fits_the_same_work():
    work = make_work(SHAPE, HCGL, 0.1, signs=True, prior=True, ragged=True)
    theirs, ours = sides.reference(work).run(0), work.ours(moved(0)).fit(work.x, work.y)
    np.testing.assert_allclose(theirs.coef_, ours.coef_, atol=1e-2)
    assert moved(0) != moved(1) and moved(0) == pytest.approx(LAMBDA, rel=1e-3)


# Panels -------------------------------------------------------------------------------------------


def test_signs_of_all_kinds_are_held_as_often_as_said():
    signs = make_signs(make_panel(12, 400, 10)).to_numpy()
    shares = [np.mean(signs == sign) for sign in (1, -1, 0)] + [np.isnan(signs).mean()]
    np.testing.assert_allclose(shares, [0.2, 0.2, 0.1, 0.5], atol=0.03)


def test_groups_are_equally_large_however_many_there_are():
    panel = make_panel(12, 40, 2)
    assert make_groups(panel.responses).value_counts().tolist() == [10, 10, 10, 10]
