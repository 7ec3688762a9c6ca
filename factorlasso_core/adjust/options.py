"""Which adjustments are made before a panel is fitted."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from factorlasso_core.calendars import HOW
from factorlasso_core.errors import OptionError
from factorlasso_core.options.base import Options, check, check_choice, is_real

ALL = "all"
FREQUENCIES = ("weekly", "monthly", "quarterly", "yearly")
TABLES = ("responses", "both")

Columns = str | tuple[Hashable, ...]


@dataclass(frozen=True)
class TableAdjust(Options):
    """What the numbers of one table are.

    Attributes:
        prices: Columns of prices or index levels, which become returns; ``"all"`` or labels.
        percent: Columns in percent, which become decimals.
        returns: Returns of prices: ``"simple"`` is ``P/P' - 1``, ``"log"`` is ``ln(P/P')``.
        aggregate: How values gather over a longer period: ``"compound"`` for simple returns, ``"sum"`` for log
            returns and differences, ``"mean"`` for levels and rates.
    """

    prices: Columns = ()
    percent: Columns = ()
    returns: str = "simple"
    aggregate: str = "compound"

    def __post_init__(self) -> None:
        for name in ("prices", "percent"):
            value = getattr(self, name)
            check(name, value, isinstance(value, tuple) or value == ALL, "'all' or a tuple of column names")
        both = ALL in (self.prices, self.percent) and self.prices and self.percent
        if both or set(self.prices) & set(self.percent):
            raise OptionError("percent", self.percent, "columns that are not prices: a number is one or the other")
        check_choice("returns", self.returns, ("simple", "log"))
        check_choice("aggregate", self.aggregate, HOW)
        compounded_logs = self.prices and self.returns == "log" and self.aggregate == "compound"
        check("aggregate", self.aggregate, not compounded_logs, "'sum' or 'mean' for log returns")


@dataclass(frozen=True)
class AdjustOptions(Options):
    """Every adjustment of a panel; the default changes nothing.

    Attributes:
        responses, factors: Units of the two tables.
        outliers: ``"keep"``; ``"winsorise"`` moves a flagged value to the nearest value that is not flagged by
            size, ``median ± outlier_z · spread``; ``"drop"`` makes it missing.
        outlier_z: Robust z-score from which a value is flagged, > 0.
        outlier_tables: ``"responses"`` or ``"both"``.
        excess_over: Label of the series that is subtracted, and taken out of its table; None for none.
        excess_tables: Whose values it is subtracted from.
        frequency: ``"weekly"``, ``"monthly"``, ``"quarterly"`` or ``"yearly"``, for both tables; None as they are.
        complete: Share of the values expected in a period that must be there, in (0, 1]; the rest counts as zero.
    """

    responses: TableAdjust = field(default_factory=TableAdjust)
    factors: TableAdjust = field(default_factory=TableAdjust)
    outliers: str = "keep"
    outlier_z: float = 7.0
    outlier_tables: str = "responses"
    excess_over: Hashable | None = None
    excess_tables: str = "responses"
    frequency: str | None = None
    complete: float = 0.8

    def __post_init__(self) -> None:
        check_choice("outliers", self.outliers, ("keep", "winsorise", "drop"))
        check("outlier_z", self.outlier_z, is_real(self.outlier_z) and self.outlier_z > 0, "a number > 0")
        check_choice("outlier_tables", self.outlier_tables, TABLES)
        check_choice("excess_tables", self.excess_tables, TABLES)
        if self.frequency is not None:
            check_choice("frequency", self.frequency, FREQUENCIES)
        within = is_real(self.complete) and 0 < self.complete <= 1
        check("complete", self.complete, within, "a share above 0 and at most 1")
        self.coerce(float, "outlier_z", "complete")
