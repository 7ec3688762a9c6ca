"""A summary says what was fitted in numbers that can be counted; signs are drawn where the caller says."""

from __future__ import annotations

import builtins
import sys
import types
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import LassoModel, LassoModelType
from factorlasso_core.errors import NotFittedError

DATES = pd.date_range("2015-01-31", periods=80, freq="ME")
rng = np.random.default_rng(0)
X = pd.DataFrame(rng.standard_normal((80, 3)), index=DATES, columns=["a", "b", "c"])
Y = pd.DataFrame(
    X.to_numpy() @ [[1.0, 0.5, 0.0, 0.0], [0.0, 0.5, -1.0, 0.0], [0.0, 0.0, 0.0, 0.8]]
    + 0.2 * rng.standard_normal((80, 4)),
    index=DATES,
    columns=["p", "q", "r", "s"],
)


def fitted(y: pd.DataFrame = Y, x: pd.DataFrame = X, **parameters: Any) -> LassoModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return LassoModel(**{"reg_lambda": 0.2, **parameters}).fit(x, y)


def lines(model: LassoModel) -> dict[str, str]:
    return {line.split(maxsplit=1)[0]: line.split(maxsplit=1)[1] for line in model.summary().splitlines()}


# In words -----------------------------------------------------------------------------------------


def test_non_zero_loadings_are_counted_exactly():
    model = fitted()
    count = int((model.coef_ != 0).sum().sum())
    assert 0 < count < 12
    assert lines(model)["Non-zero"].startswith(f"{count} of 12 loadings ({count / 12:.1%})")


def test_data_and_penalty_are_those_of_the_fit():
    told = lines(fitted(Y.where(Y < 1.5), span=24, reg_lambda=0.125))
    assert told["Data"].startswith("80 rows (2015-01-31 to 2021-08-31), 4 responses, 3 factors, ")
    assert f"{(Y >= 1.5).to_numpy().mean():.1%} of responses missing" in told["Data"]
    assert told["Penalty"] == "λ = 0.125, EWMA span 24 rows"
    assert told["Model"] == "LASSO" and "Groups" not in told


def test_groups_are_counted_with_their_sizes_and_where_they_come_from():
    groups = pd.Series(["u", "u", "u", "v"], index=Y.columns)
    given = lines(fitted(model_type=LassoModelType.GROUP_LASSO, group_data=groups, l1_weight=0.25))
    assert given["Groups"] == "2, given, with 1 to 3 responses"
    assert given["Penalty"] == "λ = 0.2, L1 share α = 0.25, weights normalized, no EWMA span"
    model = fitted(model_type=LassoModelType.GROUP_LASSO_CLUSTERS)
    assert lines(model)["Groups"].startswith(f"{model.fit_.n_clusters}, found by cutting the tree at")


def test_r2_is_told_as_five_numbers():
    model = fitted()
    r2 = model.estimation_result_.r2
    assert lines(model)["R²"].startswith(f"smallest {r2.min():.3f}, ")
    assert lines(model)["R²"].endswith(f"largest {r2.max():.3f}")


def test_the_proof_and_the_notices_are_in_it():
    model = fitted(Y.assign(s=Y["s"].where(np.arange(80) >= 75)))
    told = lines(model)
    assert told["Proof"].startswith("proved optimal; objective ")
    assert "Too few observations" in told["Note"] and "'s'" not in told["Note"]
    assert "unknown for 1 response" in told["R²"] and "3 in warm-up" in told["Cells"]
    assert "1 response without any" in told["Non-zero"]


def test_what_became_of_the_cells_adds_up():
    counts = [int(part.split()[0]) for part in lines(fitted(nonneg=True))["Cells"].split(", ")]
    assert sum(counts) == 12 and len(counts) > 1


def test_a_panel_too_short_to_solve_is_said_so():
    told = lines(fitted(Y.iloc[:4], X.iloc[:4], warmup_period=None))
    assert told["Proof"] == "nothing was solved" and told["R²"] == "unknown for every response"


def test_rows_without_dates_are_named_by_their_labels():
    told = lines(fitted(Y.reset_index(drop=True), X.reset_index(drop=True)))
    assert told["Data"].startswith("80 rows (0 to 79)")


def test_a_summary_needs_a_fit():
    with pytest.raises(NotFittedError):
        LassoModel().summary()


# In a picture -------------------------------------------------------------------------------------


class Axes:
    """Records what is drawn on it."""

    def __init__(self) -> None:
        self.calls: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **named: self.calls.__setitem__(name, (args, named))


def test_signs_are_drawn_on_the_axes_given():
    model, axes = fitted(auto_sign_constraints=True, auto_sign_threshold_t=3.0), Axes()
    assert model.plot_signs(axes) is axes
    (drawn,), how = axes.calls["imshow"]
    np.testing.assert_array_equal(drawn, model.derived_signs_.to_numpy())
    assert set(np.unique(drawn)) == {-1.0, 0.0, 1.0} and (how["vmin"], how["vmax"]) == (-1, 1)
    assert axes.calls["set_xticklabels"][0][0] == ["a", "b", "c"]
    assert axes.calls["set_yticklabels"][0][0] == ["p", "q", "r", "s"]


def test_new_axes_come_from_matplotlib(monkeypatch):
    axes, pyplot = Axes(), types.ModuleType("matplotlib.pyplot")
    package = types.ModuleType("matplotlib")
    pyplot.subplots = lambda figsize: (None, axes)
    package.pyplot = pyplot
    monkeypatch.setitem(sys.modules, "matplotlib", package)
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", pyplot)
    assert fitted(auto_sign_constraints=True).plot_signs() is axes


def test_without_matplotlib_the_cure_is_named(monkeypatch):
    found = builtins.__import__

    def missing(name: str, *args: Any, **named: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ImportError(name)
        return found(name, *args, **named)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(ImportError, match="pip install matplotlib"):
        fitted(auto_sign_constraints=True).plot_signs()


def test_a_fit_without_signs_has_none_to_draw():
    with pytest.raises(RuntimeError, match="auto_sign_constraints=True"):
        fitted().plot_signs(Axes())
    with pytest.raises(NotFittedError):
        LassoModel().plot_signs()
