"""The sheet that sets a fit against another: every row is a true difference, and none is left out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from factorlasso_core import ClusterOptions, Fit, Panel, PenaltyOptions, fit
from factorlasso_core.contrast import contrast
from factorlasso_core.errors import DataError
from factorlasso_core.workbook.difference import difference
from factorlasso_core.workbook.words import COLUMNS
from tests.core.test_workbook import HOSTILE, LASSO, believed, book, full, panel, rows_of, spec, table

BASE = panel()


def other(**changes: object) -> Fit:
    """A fit of the same panel with a larger λ, another cut and beliefs."""
    changed = replace(spec(), penalty=PenaltyOptions(0.6, 0.5), clustering=ClusterOptions(0.05))
    return fit(BASE, believed(BASE), replace(changed, **changes))


def kinds(rows: pd.DataFrame, what: str) -> pd.DataFrame:
    return rows[rows["what"] == what].set_index("name")


def test_a_fit_does_not_differ_from_itself() -> None:
    found = difference(full(), full())
    assert found.empty and list(found.columns) == list(COLUMNS["difference"])


def test_applied_to_the_base_the_rows_of_loadings_give_the_fit() -> None:
    now, before = other(), fit(BASE, spec=spec())
    rows = kinds(difference(now, before), "loading")
    beta = before.betas.copy()
    for name, row in rows.iterrows():
        assert row["before"] == beta.loc[name, row["factor"]] and row["change"] == row["now"] - row["before"]
        beta.loc[name, row["factor"]] = row["now"]
    assert 0 < len(rows) <= beta.size
    np.testing.assert_array_equal(beta, now.betas)


def test_beliefs_and_parameters_are_those_that_differ() -> None:
    rows = difference(other(), fit(BASE, spec=spec()))
    parameters = kinds(rows, "parameter")
    assert parameters.loc["reg_lambda", ["before", "now"]].tolist() == [0.3, 0.6]
    assert {"cutoff_fraction", "fit_digest"} < set(parameters.index)
    assert not {"l1_weight", "data_digest", "json"} & set(parameters.index)
    signs = kinds(rows, "sign")
    assert len(signs) == np.isfinite(believed(BASE).signs).sum()
    assert signs.loc[signs["factor"] == "f0", "now"].eq(-1).all()
    assert signs[["before", "change"]].isna().all().all()
    assert len(kinds(rows, "group")) == len(BASE.responses)


def test_a_response_is_listed_with_a_cluster_if_it_moved() -> None:
    now, before = other(), fit(BASE, spec=spec())
    rows = kinds(difference(now, before), "cluster")
    assert len(rows) == contrast(now, before).moved > 0
    for name, row in rows.iterrows():
        assert (row["before"], row["now"]) == (before.clusters[name], now.clusters[name])
    assert kinds(difference(fit(BASE, spec=spec(LASSO)), before), "cluster").empty


def test_a_loading_that_only_one_fit_has_is_blank_on_the_other_side() -> None:
    beta = full().beta.copy()
    beta[1, 2] = np.nan
    (row,) = difference(full(), replace(full(), beta=beta)).query("what == 'loading'").itertuples()
    assert (row.name, row.factor, row.before, row.change) == ("y1", "f2", None, None)
    assert row.now == full().beta[1, 2]


def test_another_window_shows_in_its_first_row_and_other_names_are_refused() -> None:
    later = fit(panel(rows=48), spec=spec())
    parameters = kinds(difference(later, fit(BASE, spec=spec())), "parameter")
    assert parameters.loc["rows", ["before", "now"]].tolist() == [60, 48]
    with pytest.raises(DataError, match="other responses"):
        difference(later, fit(panel([f"z{k}" for k in range(8)]), spec=spec()))


def hostile(lam: float) -> Fit:
    data: Panel = panel(HOSTILE, ["=A1", "@f", "f"])
    return fit(data, spec=replace(spec(), penalty=PenaltyOptions(lam)))


def test_the_workbook_holds_the_sheet_only_when_asked_and_no_name_becomes_a_formula() -> None:
    now, before = hostile(0.1), hostile(0.2)
    assert "difference" not in book(now).sheetnames
    workbook = book(now, base=("=1+1", before))
    assert ("compared with", "=1+1") in rows_of(workbook["README"])
    read, rows = table(workbook, "difference"), difference(now, before)
    assert read["change"].dropna().tolist() == rows["change"].dropna().tolist()
    assert {"=A1", "@f"} <= set(read["factor"])
    cells = [cell for sheet in workbook for row in sheet.iter_rows() for cell in row]
    assert not [cell.coordinate for cell in cells if cell.data_type in "fe"]
    entries = table(workbook, "dictionary").query("sheet == 'difference'")
    assert entries["column"].tolist() == list(rows.columns)
