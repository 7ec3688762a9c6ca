"""Snapshots as Excel workbooks.

The sheets are those of the reference, which can read what is saved here: ``x_covar``, ``y_betas``,
``y_variances`` (with the clusters as column ``cluster``), ``snapshot_metadata``, and where present
``residual_metadata``, ``residual_corr``, ``common_residuals``, ``residual_corr_metadata``,
``residual_corr_info``, ``residual_exposure_cluster``, ``residual_residual_cluster``, ``residuals``,
``linkages``, ``cutoffs``, ``derived_signs``. Two more make the copy exact: ``clusters``, and
``factorlasso_core`` with the types and names of everything. Numbers keep every bit.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import openpyxl
import pandas as pd

from factorlasso_core.covariance.cells import tag
from factorlasso_core.covariance.columns import VarianceColumns
from factorlasso_core.covariance.grids import LAYOUT, Grid, Layout, tables, to_cells
from factorlasso_core.covariance.residual import SHEETS, ResidualCorrelationData
from factorlasso_core.errors import DataError
from factorlasso_core.ingest.archive import check_archive
from factorlasso_core.ingest.base import Place, ReadLimits
from factorlasso_core.ingest.excel import PARSE_FAULTS
from factorlasso_core.xlsx import Sheet, write_xlsx

if TYPE_CHECKING:
    from factorlasso_core.covariance.current import CurrentFactorCovarData

REQUIRED = ("x_covar", "y_betas", "y_variances")
OPTIONAL = ("residuals", "linkages", "derived_signs", "residual_metadata")
TARGETS = {"residual_exposure_cluster": "exposure_cluster", "residual_residual_cluster": "residual_cluster"}
METADATA, DATE = "snapshot_metadata", "estimation_date"
KNOWN = (*REQUIRED, METADATA, *OPTIONAL, *SHEETS, *TARGETS, "clusters", "cutoffs", LAYOUT)
# Sheets of the reference whose columns may hold text.
TEXTS = frozenset({"y_variances", METADATA, "linkages", "residual_metadata", *SHEETS[2:], "clusters"})
CUTOFF = "cluster_cutoff"
LIMITS = ReadLimits(
    file_bytes=1 << 30, unpacked_bytes=1 << 32, record_bytes=1 << 23, rows=1 << 20, columns=1 << 14, cells=1 << 28
)


def save_snapshot(snapshot: CurrentFactorCovarData, path: str | PathLike[str]) -> None:
    """Write a snapshot to an Excel workbook.

    Raises:
        DataError: A table does not fit on a worksheet, or holds something a workbook does not keep.
    """
    layout = Layout()
    frames = dict(_frames(snapshot))
    sheets = [Sheet(name, to_cells(name, frame, layout), index=False) for name, frame in frames.items()]
    layout.notes[METADATA, "value"] = tag(snapshot.estimation_date, DATE)
    for name in ("clusters", "cutoffs"):
        if name in frames:
            layout.notes[name, "series name"] = tag(getattr(snapshot, name).name, f"The name of {name}")
    Path(path).write_bytes(write_xlsx([*sheets, Sheet(LAYOUT, layout.table(), index=False, freeze="A2")]))


def _frames(snapshot: CurrentFactorCovarData) -> Iterator[tuple[str, pd.DataFrame]]:
    """The sheets with their frames, in the order of the reference."""
    for name in REQUIRED:
        yield name, getattr(snapshot, name)
    date = snapshot.estimation_date
    if date is not None:
        text = date.isoformat() if isinstance(date, pd.Timestamp) else str(date)
        yield METADATA, pd.DataFrame({"0": [text]}, index=[DATE], dtype=object)
    if snapshot.residual_metadata is not None:
        yield "residual_metadata", snapshot.residual_metadata
    if snapshot.residual_correlation is not None:
        yield from snapshot.residual_correlation.to_sheets().items()
    targets = snapshot._residual_cluster_targets or {}
    for sheet, kind in TARGETS.items():
        if kind in targets:
            yield sheet, targets[kind]
    for name in OPTIONAL[:3]:
        if getattr(snapshot, name) is not None:
            yield name, getattr(snapshot, name)
    for name in ("cutoffs", "clusters"):
        series = getattr(snapshot, name)
        if series is not None:
            yield name, series.to_frame(CUTOFF if name == "cutoffs" else VarianceColumns.CLUSTER.value)


def load_snapshot(path: str | PathLike[str]) -> dict[str, Any]:
    """Return the fields of a snapshot from a workbook of :func:`save_snapshot` or of the reference.

    Nothing in the file is executed: a formula is text, and where a number belongs it is refused.

    Raises:
        DataError: A sheet is missing, a cell holds something else, or the file is no workbook.
        FileNotFoundError: There is no such file.
    """
    grids = _grids(Path(path))
    for name in REQUIRED:
        if name not in grids:
            raise DataError(
                f"The sheet {name!r} is missing in {Path(path).name}: a snapshot cannot be read without it."
            )
    layout = Layout.read(grids.pop(LAYOUT)) if LAYOUT in grids else Layout()
    frames = tables(grids, layout, TEXTS)
    result: dict[str, Any] = {name: frames.get(name) for name in (*REQUIRED, *OPTIONAL)}
    result[DATE] = _date(frames, layout)
    result["clusters"] = _series("clusters", frames, layout) if layout.notes else _clusters(frames["y_variances"])
    result["cutoffs"] = _series("cutoffs", frames, layout)
    if any(name in frames for name in SHEETS):
        result["residual_correlation"] = ResidualCorrelationData.from_sheets(frames)
    targets = {kind: frames[sheet] for sheet, kind in TARGETS.items() if sheet in frames}
    result["_residual_cluster_targets"] = targets or None
    return result


def _date(frames: dict[str, pd.DataFrame], layout: Layout) -> Any:
    if (METADATA, "value") in layout.notes:
        return layout.value(METADATA, "value")
    table = frames.get(METADATA)
    if table is None or DATE not in table.index or not table.shape[1]:
        return None
    text: Any = table.loc[DATE].iloc[0]
    try:
        return pd.Timestamp(text)
    except (ValueError, TypeError):
        return text


def _series(name: str, frames: dict[str, pd.DataFrame], layout: Layout) -> pd.Series | None:
    if name not in frames:
        return None
    if frames[name].shape[1] != 1:
        raise DataError(f"The sheet {name!r} must have labels and one column of values.")
    series = frames[name].iloc[:, 0]
    noted = (name, "series name") in layout.notes
    return series.rename(layout.value(name, "series name") if noted else CUTOFF)


def _clusters(variances: pd.DataFrame) -> pd.Series | None:
    """Clusters of the reference's column; whole numbers stay whole beside missing ones."""
    if VarianceColumns.CLUSTER not in variances:
        return None
    labels = variances[VarianceColumns.CLUSTER.value].dropna()
    whole = labels.dtype.kind == "f" and (labels % 1 == 0).all()
    return labels.astype("int64") if whole else labels


def _grids(path: Path) -> dict[str, Grid]:
    """The cells of every sheet of a snapshot, by title."""
    data, place = path.read_bytes(), Place(path.name)
    if not openpyxl.DEFUSEDXML:
        raise place.fault(
            "workbooks are not read without the package defusedxml", cure="Install it.", code="no_defusedxml"
        )
    check_archive(data, place, LIMITS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # openpyxl's, about parts it leaves out: none is data
            book = openpyxl.load_workbook(BytesIO(data), read_only=True, data_only=False, keep_links=False)
            return {sheet.title: _cells(sheet, path.name) for sheet in book.worksheets if sheet.title in KNOWN}
    except DataError:
        raise
    except PARSE_FAULTS as error:
        raise DataError(f"{path.name} is damaged or no Excel workbook: write it again with save.") from error


def _cells(sheet: Any, name: str) -> Grid:
    sheet.reset_dimensions()  # the size a file declares may be anything
    grid, count = [], 0
    for row in sheet.iter_rows(values_only=True):
        count += len(row) + 1
        if count > LIMITS.cells:
            raise DataError(f"The sheet {sheet.title!r} of {name} is larger than {LIMITS.cells:,} cells.")
        grid.append(tuple(row))
    return grid
