"""The workbook: exact, complete, explained, and safe to open."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core import (
    Beliefs,
    ClusterOptions,
    Fit,
    FitSpec,
    LassoModelType,
    LossOptions,
    Panel,
    PenaltyOptions,
    State,
    fit,
)
from factorlasso_core.ingest import read_table
from factorlasso_core.workbook import (
    build_workbook,
    prior_table,
    signs_table,
    workbook_name,
)
from factorlasso_core.workbook.words import COLUMNS, OPTIONS, SHEETS
from factorlasso_core.xlsx import to_csv_safe

LASSO, GROUP, HCGL = (LassoModelType[n] for n in ("LASSO", "GROUP_LASSO", "GROUP_LASSO_CLUSTERS"))
NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)
HOSTILE = ["=1+1", '=HYPERLINK("http://x","y")', "+1", "-1", "@SUM(A1)", "#N/A", "'=x", "a\x07b", "cluster", "TRUE"]
ALWAYS = ["README", "parameters", "betas", "betas_long", "fit_statistics", "signs", "dictionary", "checks"]


def panel(names: list[str] | None = None, factors: list[str] | None = None, rows: int = 60) -> Panel:
    rng = np.random.default_rng(3)
    names, factors = names or [f"y{i}" for i in range(8)], factors or ["f0", "f1", "f2"]
    x = rng.standard_normal((rows, len(factors)))
    y = x[:, np.arange(len(names)) % len(factors)] + 0.3 * rng.standard_normal((rows, len(names)))
    dates = pd.date_range("2019-01-31", periods=rows, freq="ME")
    return Panel.from_frames(pd.DataFrame(x, dates, factors), pd.DataFrame(y, dates, names))


def spec(model: LassoModelType = HCGL, **more: Any) -> FitSpec:
    penalty = PenaltyOptions(0.3, 0.5)
    return FitSpec(model, penalty=penalty, clustering=ClusterOptions(0.5), **more)


def believed(base: Panel) -> Beliefs:
    n, m = base.shape[1:]
    signs, prior = np.full((n, m), np.nan), np.zeros((n, m))
    signs[:, 0], signs[0, 1], signs[2, 1], prior[:, 2] = -1.0, 0.0, 1.0, 1 / 3
    groups = pd.Series([f"g{k % 2}" for k in range(n)], base.responses)
    return Beliefs.for_panel(base, signs=base.cells(signs), prior=base.cells(prior), groups=groups)


@cache
def full(model: LassoModelType = HCGL) -> Fit:
    """A fit with signs, prior, groups and a response in warm-up."""
    base = panel()
    y = base.y.copy()
    y[:-5, 4] = np.nan
    frames = (pd.DataFrame(v, base.index, c) for v, c in ((base.x, base.factors), (y, base.responses)))
    ragged = Panel.from_frames(*frames)
    return fit(ragged, believed(ragged), spec(model))


def book(result: Fit, **more: Any) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(build_workbook(result, created=NOON, **more)))


def rows_of(sheet: Any) -> list[tuple[Any, ...]]:
    return list(sheet.iter_rows(values_only=True))


def table(workbook: openpyxl.Workbook, title: str) -> pd.DataFrame:
    header, *body = rows_of(workbook[title])
    return pd.DataFrame(body, columns=list(header))


def read_betas(workbook: openpyxl.Workbook, result: Fit) -> np.ndarray:
    """The loadings as a reader finds them: the columns after the names."""
    values = table(workbook, "betas").iloc[:, -len(result.panel.factors) :]
    return values.to_numpy(dtype=float)


# ---------------------------------------------------------------- numbers


@pytest.mark.parametrize("model", [LASSO, GROUP, HCGL])
def test_betas_come_back_bit_for_bit(model: LassoModelType) -> None:
    result = full(model)
    back = read_betas(book(result), result)
    assert (back + 0.0).tobytes() == (result.beta + 0.0).tobytes()
    long = table(book(result), "betas_long")
    assert long["beta"].to_numpy().tobytes() == (result.beta.ravel() + 0.0).tobytes()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=24, max_size=24))
def test_any_double_survives(values: list[float]) -> None:
    beta = np.array(values).reshape(8, 3)
    back = read_betas(book(replace(full(), beta=beta)), full())
    np.testing.assert_array_equal(back, beta)


def test_statistics_come_back_bit_for_bit() -> None:
    result = full()
    stats = table(book(result), "fit_statistics")
    expected = {
        "alpha": result.alpha,
        "r2": result.statistics.r2,
        "ss_total": result.statistics.ss_total,
        "ss_res": result.statistics.ss_res,
        "residual_vol": np.sqrt(result.statistics.ss_res),
        "relative_gap": result.certificate.relative,
        "kkt_residual": result.certificate.residual,
    }
    for name, values in expected.items():
        np.testing.assert_array_equal(stats[name].to_numpy(dtype=float), values, err_msg=name)
    assert stats["observations"].tolist() == result.data.observations.tolist()
    assert stats["missing"][4] == 1 - 5 / 60


def test_every_cell_is_told_with_rule_state_prior_and_multiplier() -> None:
    result = full()
    long = table(book(result), "betas_long")
    assert len(long) == 24
    assert long["response"].tolist() == np.repeat(result.panel.responses, 3).tolist()
    assert long["factor"].tolist() == list(result.panel.factors) * 8
    states = {name: int((result.state == State[name.upper().replace(" ", "_")]).sum()) for name in set(long["state"])}
    assert long["state"].value_counts().to_dict() == states
    assert {"held by bound", "warm up", "active"} <= set(states)
    assert set(long["rule"]) == {"user", "free"}
    np.testing.assert_array_equal(long["prior"], result.beliefs.prior.ravel())
    np.testing.assert_array_equal(long["multiplier"], result.certificate.multipliers.ravel() + 0.0)


def test_tree_and_clusters_can_be_rebuilt() -> None:
    result = full()
    workbook = book(result)
    merges = table(workbook, "linkage")
    np.testing.assert_array_equal(merges.iloc[:, 1:5].to_numpy(float), result.clustering.tree.linkage)
    assert merges["below_cut"].sum() == 8 - result.n_clusters
    clusters = table(workbook, "clusters")
    assert clusters["cluster"].tolist() == result.labels.tolist()
    assert (
        clusters.groupby("cluster")["response"].size().tolist() == clusters.groupby("cluster")["size"].first().tolist()
    )
    assert [clusters["response"][i] for i in np.argsort(clusters["leaf"])] == [
        result.panel.responses[i] for i in result.clustering.tree.leaves
    ]
    correlation = table(workbook, "correlation").set_index("response")
    leaves = result.clustering.tree.leaves
    np.testing.assert_array_equal(correlation.to_numpy(), result.clustering.correlation[np.ix_(leaves, leaves)])


# ---------------------------------------------------------------- sheets


def test_sheets_and_their_order() -> None:
    assert book(full(), base=("other", full())).sheetnames == ["README", *SHEETS]
    alone = [name for name in ["README", *SHEETS] if name != "difference"]
    assert book(full()).sheetnames == alone
    groups = [name for name in alone if name not in ("linkage", "correlation")]
    assert book(full(GROUP)).sheetnames == groups
    assert book(fit(panel(), spec=spec(LASSO))).sheetnames == ALWAYS


def test_large_correlations_are_left_out() -> None:
    many = fit(panel([f"y{i}" for i in range(201)]), spec=spec())
    assert "correlation" not in book(many).sheetnames
    assert "linkage" in book(many).sheetnames


def test_readme_says_what_when_and_how_good() -> None:
    workbook = book(full(), source="demo", seconds=0.25)
    sheet = workbook["README"]
    items = dict(rows_of(sheet)[1:15])
    assert items["what"] == "HCGL (GROUP_LASSO_CLUSTERS): loadings of 8 responses on 3 factors from 60 rows"
    assert (items["source"], items["seconds"], items["status"]) == ("demo", 0.25, "proved optimal")
    assert items["created"] == "2026-03-04 12:00:00 UTC"
    assert items["fit"] == full().digest
    assert items["proof"].startswith("optimal: relative duality gap ")
    assert items["numpy"] == np.__version__
    assert ("note", full().notices[0].message) in rows_of(sheet)
    links = {cell.value: cell.hyperlink.location for (cell, _) in sheet.iter_rows() if cell.hyperlink}
    assert links == {f"→ {name}": f"'{name}'!A1" for name in workbook.sheetnames[1:]}
    assert workbook.properties.created == datetime(2026, 3, 4, 12, 0)


def test_times_are_utc() -> None:
    tokyo = datetime(2026, 3, 4, 21, 0, tzinfo=timezone(timedelta(hours=9)))
    for created in (tokyo, datetime(2026, 3, 4, 12, 0)):
        rows = rows_of(openpyxl.load_workbook(io.BytesIO(build_workbook(full(), created=created)))["README"])
        assert ("created", "2026-03-04 12:00:00 UTC") in rows
        assert workbook_name(full(), "x", created).endswith("_20260304-1200.xlsx")


def test_parameters_hold_every_option_and_digest() -> None:
    chosen = spec(loss=LossOptions(span=24.0), nonneg=True, warmup_period=None)
    result = fit(panel(), spec=chosen)
    parameters = table(book(result), "parameters").set_index("name")
    values = parameters["value"]
    assert values["reg_lambda"] == 0.3
    assert (values["model_type"], parameters["default"]["model_type"]) == ("GROUP_LASSO_CLUSTERS", "LASSO")
    assert (values["span"], values["nonneg"], values["warmup_period"]) == (24, True, "none")
    assert (values["first_row"], values["last_row"]) == (datetime(2019, 1, 31), datetime(2023, 12, 31))
    assert (values["rows"], values["prepared_rows"], values["responses"], values["factors"]) == (60, 59, 8, 3)
    assert values["frequency"] == "monthly"
    assert values["cutoff_height"] == result.cutoff
    assert (values["data_digest"], values["fit_digest"]) == (result.panel.key, result.digest)
    stored = json.loads(values["json"])
    assert stored["digests"] == {
        "data": result.panel.key,
        "beliefs": result.beliefs.key,
        "spec": chosen.digest(),
        "fit": result.digest,
    }
    assert float.fromhex(stored["spec"]["reg_lambda"]) == 0.3
    assert set(stored["spec"]) == set(chosen.parameters())


def test_every_option_is_explained() -> None:
    assert list(FitSpec().parameters()) == list(OPTIONS)


@pytest.mark.parametrize("result", [full(), full(GROUP), fit(panel(), spec=spec(LASSO))])
def test_every_column_is_explained(result: Fit) -> None:
    workbook = book(result)
    entries = table(workbook, "dictionary")
    labels = {*map(str, result.panel.factors), *map(str, result.panel.responses)}
    explained = set(zip(entries["sheet"], entries["column"], strict=True))
    for sheet in workbook.worksheets[1:]:
        header = [name for name in rows_of(sheet)[0] if name not in labels]
        listed = {column for title, column in explained if title == sheet.title and not column.startswith("(")}
        assert set(header) == listed, sheet.title
    assert entries["meaning"].notna().all()
    assert set(SHEETS) == set(COLUMNS)


def test_checks_pass_and_fail_when_they_should() -> None:
    good = table(book(full()), "checks")
    assert good["passed"].all()
    assert good["check"][0] == "all checks"
    beta = full().beta.copy()
    beta[0, 0] = 9.0  # its sign is minus
    bad = table(book(replace(full(), beta=beta, digest="0" * 32)), "checks").set_index("check")
    assert bad["found"]["all checks"] == "2 failed"
    assert not bad["passed"]["no loading violates its sign"]
    assert bad["found"]["no loading violates its sign"] == 1
    rules = [rule for group in book(full())["checks"].conditional_formatting for rule in group.rules]
    assert {(rule.operator, rule.formula[0]) for rule in rules} == {("equal", "TRUE"), ("equal", "FALSE")}


def test_layout_of_the_betas() -> None:
    sheet = book(full())["betas"]
    assert (sheet.freeze_panes, sheet["B1"].value, sheet["C1"].value) == ("C2", "cluster", "f0")
    assert sheet["C2"].number_format == '0.0000;-0.0000;"-"'
    (scale,) = sheet.conditional_formatting
    assert str(scale.sqref) == "C2:E9"  # not the cluster
    low, middle, high = scale.rules[0].colorScale.cfvo
    assert (float(low.val), float(middle.val)) == (-float(high.val), 0.0)


# ---------------------------------------------------------------- text


def test_no_name_becomes_a_formula() -> None:
    base = panel(HOSTILE, ["=A1", "@f", "f"])
    result = fit(base, believed(base), spec())
    workbook = book(result, source='=HYPERLINK("http://x")')
    clean = [name.replace("\x07", "") for name in HOSTILE]
    for title in ("betas", "fit_statistics", "clusters", "signs", "prior"):
        assert [row[0] for row in rows_of(workbook[title])[1:]] == clean
    assert rows_of(workbook["betas"])[0][2:] == ("=A1", "@f", "f")
    for sheet in workbook:
        assert not [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type in "fe"]
    with zipfile.ZipFile(io.BytesIO(build_workbook(result, created=NOON))) as archive:
        for name in archive.namelist():
            assert b"<f>" not in archive.read(name)


def test_a_factor_called_cluster_is_the_only_column_of_that_name() -> None:
    result = fit(panel(factors=["cluster", "f1", "f2"]), spec=spec())
    workbook = book(result)
    header = rows_of(workbook["betas"])[0]
    assert header == ("response", "cluster", "f1", "f2")
    np.testing.assert_array_equal(read_betas(workbook, result), result.beta)
    assert workbook["betas"].freeze_panes == "B2"


@given(st.text(max_size=60))
def test_file_names_are_harmless(source: str) -> None:
    name = workbook_name(full(), source, NOON)
    assert re.fullmatch(r"hcgl_[A-Za-z0-9-]{1,40}_[0-9a-f]{8}_20260304-1200\.xlsx", name)


def test_file_names_tell_the_data() -> None:
    digest = full().digest[:8]
    assert workbook_name(full(), "../../x/Fünf Fonds.CSV", NOON) == f"hcgl_Funf-Fonds_{digest}_20260304-1200.xlsx"
    assert workbook_name(full(), "", NOON).startswith("hcgl_data_")


# ---------------------------------------------------------------- edges


def test_one_response() -> None:
    result = fit(panel(["only"]), spec=spec())
    workbook = book(result)
    assert workbook.sheetnames == ALWAYS
    np.testing.assert_array_equal(read_betas(workbook, result), result.beta)


def test_a_fit_without_estimates_is_empty_and_fails_its_checks() -> None:
    base = panel(rows=4)
    result = fit(base, spec=spec(warmup_period=None))
    workbook = book(result)
    assert np.isnan(read_betas(workbook, result)).all()
    items = dict(rows_of(workbook["README"])[1:14])
    assert (items["status"], items["proof"]) == ("nothing was solved", "none: nothing was solved")
    checks = table(workbook, "checks").set_index("check")["passed"]
    assert not checks["all checks"]
    assert not checks["every loading is a number"]
    assert checks["betas_long has one row per loading"]


def test_undated_rows() -> None:
    base = panel()
    result = fit(Panel(base.x, base.y, base.factors, base.responses, pd.RangeIndex(60)), spec=spec(LASSO))
    values = table(book(result), "parameters").set_index("name")["value"]
    assert (values["first_row"], values["last_row"], values["frequency"]) == (0, 59, "unknown")


# ---------------------------------------------------------------- beliefs


def test_beliefs_come_back_from_their_files() -> None:
    base = panel(HOSTILE[:7], ["=A1", "f1", "f2"])  # the reader refuses control characters
    beliefs = believed(base)
    for kind, made in (("signs", signs_table(base, beliefs)), ("prior", prior_table(base, beliefs))):
        read = read_table(to_csv_safe(made), kind=kind).table
        np.testing.assert_array_equal(read.to_numpy(), getattr(beliefs, kind))
        assert read.columns.tolist() == ["=A1", "f1", "f2"]
        assert read.index.tolist() == base.responses.tolist()


def test_signs_sheet_can_be_edited_and_read() -> None:
    result = full()
    sheet = book(result)["signs"]
    (rule,) = sheet.data_validations.dataValidation
    assert (rule.formula1, str(rule.sqref)) == ('"1,-1,0"', "B2:D9")
    alone = openpyxl.load_workbook(io.BytesIO(build_workbook(result, created=NOON)))
    for title in alone.sheetnames:
        if title != "signs":
            del alone[title]
    buffer = io.BytesIO()
    alone.save(buffer)
    loaded = read_table(buffer.getvalue(), kind="signs").table
    np.testing.assert_array_equal(loaded.to_numpy(), result.beliefs.signs)


def test_tables_without_beliefs() -> None:
    base = panel()
    assert signs_table(base, Beliefs()).isna().all().all()
    assert (prior_table(base, Beliefs()) == 0).all().all()
