"""Folds look forward only, and keep their distance."""

from __future__ import annotations

import pytest

from factorlasso_core.errors import DataError, OptionError
from factorlasso_core.folds import FoldOptions, expanding_window_splits


@pytest.mark.parametrize("gap", [0, 1, 7])
@pytest.mark.parametrize("scheme", ["expanding", "rolling"])
def test_a_gap_lies_between_training_and_test_rows_and_moves_no_test_window(scheme, gap):
    plain = [test.tolist() for _, test in expanding_window_splits(50, 4)]
    folds = FoldOptions(scheme, 4, gap).split(50)
    assert [list(fold.test) for fold in folds] == plain
    assert all(fold.test.start - fold.train.stop == gap for fold in folds)


def test_an_expanding_window_begins_with_the_first_row_and_a_rolling_one_keeps_its_length():
    expanding, rolling = (FoldOptions(scheme, 4, 2).split(50) for scheme in ("expanding", "rolling"))
    assert {fold.train.start for fold in expanding} == {0}
    assert {len(fold.train) for fold in rolling} == {8}  # what the gap leaves of the ten rows of the first fold


@pytest.mark.parametrize(("window", "lengths"), [(5, [5, 5, 5, 5]), (25, [10, 20, 25, 25]), (400, [10, 20, 30, 40])])
def test_a_rolling_window_has_at_most_the_rows_asked_for(window, lengths):
    assert [len(fold.train) for fold in FoldOptions("rolling", 4, window=window).split(50)] == lengths


@pytest.mark.parametrize(("options", "name"), [
    ({"scheme": "random"}, "scheme"), ({"gap": -1}, "gap"), ({"gap": None}, "gap"), ({"gap": 1.5}, "gap"),
    ({"n_splits": 0}, "n_splits"), ({"scheme": "rolling", "window": 0}, "window"), ({"window": 12}, "window"),
])  # fmt: skip
def test_options_out_of_range_are_refused_at_birth(options, name):
    with pytest.raises(OptionError, match=f"^{name}="):
        FoldOptions(**options)


def test_a_gap_that_leaves_nothing_to_train_on_names_its_cure():
    assert len(FoldOptions(n_splits=4, gap=9).split(50)[0].train) == 1
    with pytest.raises(DataError, match=r"gap=10 .* row 11: use fewer folds or a smaller gap"):
        FoldOptions(n_splits=4, gap=10).split(50)


def test_equal_options_have_one_digest():
    assert FoldOptions(gap=3).digest() == FoldOptions("expanding", 5, 3).digest() != FoldOptions().digest()
