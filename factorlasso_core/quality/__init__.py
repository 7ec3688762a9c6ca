"""What an analyst should know of a panel before fitting it."""

from factorlasso_core.quality.coverage import Coverage, coverage
from factorlasso_core.quality.factors import FactorCondition, factor_condition
from factorlasso_core.quality.options import QualityOptions
from factorlasso_core.quality.report import QualityReport, quality_report
from factorlasso_core.quality.runs import stale_runs
from factorlasso_core.quality.twins import repeated_rows, twins

__all__ = [
    "Coverage",
    "FactorCondition",
    "QualityOptions",
    "QualityReport",
    "coverage",
    "factor_condition",
    "quality_report",
    "repeated_rows",
    "stale_runs",
    "twins",
]
