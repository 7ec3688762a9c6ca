"""What is done to tables between the file and the panel, each step on request and with a note."""

from factorlasso_core.adjust.options import ALL, AdjustOptions, TableAdjust
from factorlasso_core.adjust.outliers import OutlierTreatment, treat_outliers
from factorlasso_core.adjust.resample import resample
from factorlasso_core.adjust.run import Adjusted, adjust
from factorlasso_core.adjust.units import in_excess, to_decimal, to_returns

__all__ = [
    "ALL",
    "AdjustOptions",
    "Adjusted",
    "OutlierTreatment",
    "TableAdjust",
    "adjust",
    "in_excess",
    "resample",
    "to_decimal",
    "to_returns",
    "treat_outliers",
]
