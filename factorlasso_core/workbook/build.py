"""A fit as the bytes of an Excel workbook."""

from __future__ import annotations

import platform
import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import PurePath

import numpy as np
import pandas as pd
import scipy

from factorlasso_core.result import Fit
from factorlasso_core.solve import PROVED
from factorlasso_core.version import VERSION
from factorlasso_core.workbook import record_words, tables
from factorlasso_core.workbook.beliefs import signs_table
from factorlasso_core.workbook.difference import difference
from factorlasso_core.workbook.record import DataRecord, record_sheets
from factorlasso_core.workbook.words import COLUMNS, LEGEND, SHEETS
from factorlasso_core.xlsx import Sheet, write_xlsx

MOST_CORRELATED = 200  # responses up to which the correlations are a sheet
LOADING = '0.0000;-0.0000;"-"'  # positive; negative; exactly zero
TINY, SHARE = "0.00E+00", "0.0%"
STATISTICS = {"alpha": "0.000000", "residual_vol": "0.000000", "r2": SHARE, "missing": SHARE} | dict.fromkeys(
    ("ss_total", "ss_res", "relative_gap", "kkt_residual"), TINY
)
LONGEST_STEM = 40
FILE_WORDS = {
    "LASSO": "lasso",
    "UNILASSO": "unilasso",
    "GROUP_LASSO": "group-lasso",
    "GROUP_LASSO_CLUSTERS": "hcgl",
    "FACTOR_CLUSTER_GROUP_LASSO": "fcgl",
    "COOPERATIVE_GROUP_LASSO": "cooperative",
    "COOPERATIVE_CLUSTER_GROUP_LASSO": "cooperative-clusters",
}


def build_workbook(
    fit: Fit,
    *,
    created: datetime,
    source: str = "",
    seconds: float | None = None,
    record: DataRecord | None = None,
    base: tuple[str, Fit] | None = None,
) -> bytes:
    """Return a workbook that holds a fit and everything that is needed to make it again.

    Every number is the exact double; only its format rounds. Text is never a formula.

    Args:
        fit: The fit.
        created: When; a time without a zone is taken as UTC.
        source: Where the data came from, a title or a file name.
        seconds: How long the fit took, if known.
        record: What happened to the data before the fit: notes, adjustments, quality.
        base: Name of a fit of the same responses and factors, and that fit: a sheet says what differs from it.

    Example:
        >>> from factorlasso_core import Panel
        >>> from factorlasso_core import fit as fit_panel
        >>> x = pd.DataFrame({"f": [1.0, 2.0, 0.0, 1.0, 3.0, 2.0]})
        >>> result = fit_panel(Panel.from_frames(x, 2 * x.set_axis(["r"], axis=1)))
        >>> build_workbook(result, created=datetime(2026, 1, 31), source="example")[:2]
        b'PK'
    """
    body = list(_sheets(fit))
    if base is not None:
        body.append(Sheet("difference", difference(fit, base[1]), index=False, freeze="A2", autofilter=True))
    long_rows = next(len(sheet.table) for sheet in body if sheet.title == "betas_long")
    body += [] if record is None else record_sheets(record)
    body.append(_dictionary(body))
    body.append(Sheet("checks", tables.checks(fit, long_rows), index=False, freeze="A3", flags=True))
    time = _utc(created)
    about = [*_what(fit, time, source, seconds), *([("compared with", base[0])] if base is not None else [])]
    return write_xlsx([_readme(fit, body, about), *body], created=time)


def workbook_name(fit: Fit, source: str, created: datetime) -> str:
    """Return ``<model>_<data>_<fit>_<time>.xlsx`` with nothing a file system could object to."""
    plain = unicodedata.normalize("NFKD", PurePath(source.replace("\\", "/")).name)
    stem = re.sub(r"\.(csv|xlsx|parquet|txt|tsv)$", "", plain.encode("ascii", "ignore").decode(), flags=re.IGNORECASE)
    stem = re.sub(r"[^A-Za-z0-9]+", "-", stem)[:LONGEST_STEM].strip("-") or "data"
    return f"{FILE_WORDS[fit.spec.model_type.name]}_{stem}_{fit.digest[:8]}_{_utc(created):%Y%m%d-%H%M}.xlsx"


def _utc(time: datetime) -> datetime:
    """The same moment in UTC, without a zone, as spreadsheets keep times."""
    return time.astimezone(UTC).replace(tzinfo=None) if time.tzinfo is not None else time


def _sheets(fit: Fit) -> Iterator[Sheet]:
    """Yield the sheets with numbers, in order."""
    yield Sheet("parameters", tables.parameters(fit), index=False)
    betas = tables.betas(fit)
    corner = "B2" if betas.index.nlevels == 1 else "C2"
    yield Sheet("betas", betas, number_format=LOADING, freeze=corner, autofilter=True, colour_scale=True)
    long = {"beta": LOADING, "prior": LOADING, "multiplier": TINY, "sign": "0", "t": "0.00", "slope": "0.0000"}
    yield Sheet("betas_long", tables.betas_long(fit), index=False, number_format=long, freeze="A2", autofilter=True)
    yield Sheet("fit_statistics", tables.fit_statistics(fit), number_format=STATISTICS, autofilter=True)
    if fit.labels is not None:
        yield Sheet("clusters", tables.clusters(fit, fit.labels), autofilter=True)
    if fit.clustering is not None and fit.cutoff is not None:
        merges = tables.linkage(fit.clustering.tree.linkage, fit.cutoff)
        yield Sheet("linkage", merges, index=False, number_format={"height": "0.0000"}, freeze="A2")
    yield Sheet("signs", signs_table(fit.panel, fit.beliefs), number_format="0", allowed=("1", "-1", "0"))
    if fit.prior.any():
        yield Sheet(
            "prior",
            fit.panel.cells(fit.prior + 0.0).rename_axis(index="response", columns=None),
            number_format=LOADING,
            colour_scale=True,
        )
    if fit.clustering is not None and len(fit.beta) <= MOST_CORRELATED:
        matrix = tables.correlation(fit, fit.clustering.correlation, fit.clustering.tree.leaves)
        yield Sheet("correlation", matrix, number_format="0.00", colour_scale=True)


def _dictionary(body: list[Sheet]) -> Sheet:
    given = {
        (sheet.title, str(name))
        for sheet in body
        for name in [*sheet.table.columns, *(sheet.table.index.names if sheet.index else ())]
    }
    given |= {(title, name) for title in ("checks", "dictionary") for name in COLUMNS[title]}
    titles = [sheet.title for sheet in body] + ["dictionary", "checks"]
    columns = COLUMNS | record_words.COLUMNS
    return Sheet("dictionary", tables.dictionary(titles, given, columns), index=False, freeze="A2", autofilter=True)


def _readme(fit: Fit, body: list[Sheet], about: list[tuple[str, object]]) -> Sheet:
    """The cover: what, when, with what, how good, and where to find what."""
    rows = [*about, ("", "")]
    words = SHEETS | record_words.SHEETS
    rows += [(f"→ {sheet.title}", words[sheet.title]) for sheet in body] + [("", "")]
    rows += [*LEGEND, ("", "")]
    rows += [("note", notice.message) for notice in fit.notices]
    links = {f"→ {sheet.title}": sheet.title for sheet in body}
    return Sheet("README", pd.DataFrame(rows, columns=["item", "value"]), index=False, freeze="A2", links=links)


def _what(fit: Fit, created: datetime, source: str, seconds: float | None) -> Iterator[tuple[str, object]]:
    rows, responses, factors = fit.panel.shape
    model = fit.spec.model_type.name.replace("GROUP_LASSO_CLUSTERS", "HCGL (GROUP_LASSO_CLUSTERS)")
    yield "what", f"{model}: loadings of {responses} responses on {factors} factors from {rows} rows"
    yield "source", source
    yield "created", f"{created:%Y-%m-%d %H:%M:%S} UTC"
    yield "fit", fit.digest
    yield "solver", fit.solver if fit.solved is None else fit.solved.solution.solver
    yield "status", "nothing was solved" if fit.solved is None else fit.solved.status
    yield "proof", _proof(fit)
    if seconds is not None:
        yield "seconds", seconds
    yield "factorlasso-workbench", VERSION
    yield "python", platform.python_version()
    for module in (np, pd, scipy):
        yield module.__name__, module.__version__


def _proof(fit: Fit) -> str:
    if fit.certificate is None:
        return "none: nothing was solved"
    gap, residual = fit.certificate.relative_gap, fit.certificate.kkt_residual
    verdict = "optimal" if gap <= PROVED else "NOT proved optimal"
    return f"{verdict}: relative duality gap {gap:.2e}, KKT residual {residual:.2e} (largest over the responses)"
