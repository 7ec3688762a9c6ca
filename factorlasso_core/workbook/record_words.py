"""What the sheets about the data before the fit mean."""

from __future__ import annotations

from factorlasso_core.workbook.words import Option

MOST_ROWS = 20_000  # of a list; the gravest come first

SHEETS = {
    "notes": "what was repaired, converted or left out on the way from the files to the fit",
    "adjustments": "the switches of the Data page, as they were set",
    "outliers_treated": "every value that was winsorised or dropped, before and after",
    "quality": "every series of the panel: dates, coverage, outliers, stale runs, duplicates",
    "coverage": "share of the expected values by series and period",
    "outliers": "values far from the median of their series, the farthest first",
    "stale_runs": "runs of one and the same value, the longest first",
    "duplicates": "pairs of series that are equal or proportional",
    "repeated_rows": "rows that repeat an earlier one in every series",
    "factor_quality": "variance inflation and correlation of the factors",
}

_SERIES = {"series": Option("", "name of the series"), "role": Option("", "response or factor")}
_FAR = Option("robust deviations", "distance from the median over 1.4826 times the median absolute deviation")
_COMMON = Option("rows", "rows on which both are known")

COLUMNS: dict[str, dict[str, Option]] = {
    "notes": {
        "code": Option("", "short name of the kind of note"),
        "place": Option("", "file, sheet, column or table"),
        "count": Option("cells, rows or series", "how many; blank where counting says nothing"),
        "what_was_done": Option("", "in one sentence"),
    },
    "adjustments": {
        "name": Option("", "name of the switch"),
        "value": Option("", "how it was set"),
        "unit": Option("", "unit of the value"),
        "default": Option("", "the value it has if nothing is chosen"),
        "meaning": Option("", "what it does"),
    },
    "outliers_treated": {
        "table": Option("", "responses or factors"),
        "series": _SERIES["series"],
        "row": Option("", "date"),
        "before": Option("units of the data", "as it was loaded and converted"),
        "after": Option("units of the data", "as it was fitted; blank where it was dropped"),
        "z": _FAR,
    },
    "quality": {
        **_SERIES,
        "calendar": Option("", "dates the values stand on"),
        "first": Option("", "first known value"),
        "last": Option("", "last known value"),
        "observations": Option("values", "how many are known"),
        "coverage": Option("share", "known over expected values on the series' own dates"),
        "holes": Option("values", "expected and missing between first and last"),
        "common_rows": Option("rows", "known together with all factors; of a factor: with all others"),
        "median": Option("units of the data", "median"),
        "spread": Option("units of the data", "1.4826 times the median absolute deviation"),
        "outliers": Option("values", "with a robust z-score above the limit"),
        "largest_z": Option("robust deviations", "largest distance from the median"),
        "longest_stale": Option("values", "longest run of equal values from the reported length on"),
        "stale_values": Option("values", "in all such runs"),
        "twins": Option("series", "equal or proportional to it"),
        "remark": Option("", "what stands out"),
    },
    "coverage": {
        **_SERIES,
        "calendar": Option("", "dates the values stand on"),
        "(periods)": Option("share", "known over expected values; blank where none is expected"),
    },
    "outliers": {
        **_SERIES,
        "row": Option("", "date"),
        "value": Option("units of the data", "the value"),
        "median": Option("units of the data", "median of the series"),
        "z": _FAR,
    },
    "stale_runs": {
        **_SERIES,
        "first": Option("", "first date of the run"),
        "last": Option("", "last date of the run"),
        "values": Option("values", "length, missing ones left out"),
        "value": Option("units of the data", "the value that is repeated"),
    },
    "duplicates": {
        **_SERIES,
        "other": Option("", "name of the other series"),
        "other_role": Option("", "response or factor"),
        "kind": Option("", "identical: every common value is equal; proportional: correlation near 1 or -1"),
        "correlation": Option("", "on the common rows"),
        "rows": _COMMON,
    },
    "repeated_rows": {"row": Option("", "date")},
    "factor_quality": {
        "factor": Option("", "name of the factor"),
        "vif": Option("variance inflation", "1/(1 - R²) of the factor on all others; inf where they determine it"),
        "(factors)": Option("", "correlation on the rows where every factor is known"),
    },
}

_COLUMNS_OF = Option("", "columns that are prices or levels and become returns; all or names")
_PERCENT = Option("", "columns in percent, which become decimals; all or names")
_RETURNS = Option("", "returns of prices: simple or log")
_AGGREGATE = Option("", "how values gather over longer periods: compound, sum or mean")

OPTIONS = {
    **{
        f"{table}.{name}": word
        for table in ("responses", "factors")
        for name, word in {
            "prices": _COLUMNS_OF,
            "percent": _PERCENT,
            "returns": _RETURNS,
            "aggregate": _AGGREGATE,
        }.items()
    },
    "outliers": Option("", "flagged values: keep, winsorise to the limit, or drop"),
    "outlier_z": Option("robust deviations", "distance from the median from which a value is flagged"),
    "outlier_tables": Option("", "where outliers are treated: responses or both tables"),
    "excess_over": Option("", "series that is subtracted, and left out of the fit"),
    "excess_tables": Option("", "what it is subtracted from: responses or both tables"),
    "frequency": Option("", "common frequency both tables are brought to; none as they are"),
    "complete": Option("share", "values of a period that must be known; the rest counts as zero"),
}
