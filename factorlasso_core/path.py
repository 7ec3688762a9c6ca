"""One model at many λ: everything that does not depend on λ is computed once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.errors import OptionError
from factorlasso_core.fit import fit, fit_each
from factorlasso_core.options import FitSpec, PenaltyOptions
from factorlasso_core.panel import Panel
from factorlasso_core.result import Fit
from factorlasso_core.solve import FAST
from factorlasso_core.stages import Stages


@dataclass(frozen=True, eq=False)
class Task:
    """A model and the data it meets.

    Attributes:
        panel, beliefs, spec, solver, fallbacks: As :func:`factorlasso_core.fit.fit` takes them.
    """

    panel: Panel
    beliefs: Beliefs
    spec: FitSpec
    solver: str = FAST
    fallbacks: Sequence[str] = ()

    def fit(self, reg_lambda: float | None = None, stages: Stages | None = None) -> Fit:
        """Fit, at another λ where one is given."""
        spec = self.spec if reg_lambda is None else self.spec.with_penalty(reg_lambda=reg_lambda)
        return fit(self.panel, self.beliefs, spec, solver=self.solver, fallbacks=self.fallbacks, stages=stages)

    def on(self, rows: Array) -> Task:
        """The same model on some of the rows, given by position."""
        return replace(self, panel=rows_of(self.panel, rows))


def rows_of(panel: Panel, rows: Array) -> Panel:
    """Return the panel of some rows, given by position."""
    return Panel(frozen(panel.x[rows]), frozen(panel.y[rows]), panel.factors, panel.responses, panel.index[rows])


def at_lambdas(spec: FitSpec, lambdas: Iterable[float]) -> list[FitSpec]:
    """Return the options of a model at every λ."""
    return [spec.with_penalty(reg_lambda=value) for value in lambdas]


def fit_path(
    panel: Panel,
    beliefs: Beliefs,
    spec: FitSpec,
    lambdas: Iterable[float],
    *,
    solver: str = FAST,
    fallbacks: Sequence[str] = (),
    stages: Stages | None = None,
) -> list[Fit]:
    """Fit one model at every λ, in the order given.

    The stages before the solve are shared, and the first-party solver takes many λ together. No solve starts from
    its neighbour's solution, so a result does not depend on which other λ are asked for by more than rounding.

    Raises:
        TypeError: ``lambdas`` is a single number. OptionError: It is empty or holds a bad value.
        BeliefsError, DataError, SolverError: See :func:`factorlasso_core.fit.fit`.

    Example:
        >>> import numpy as np, pandas as pd
        >>> rng = np.random.default_rng(0)
        >>> x = pd.DataFrame(rng.standard_normal((60, 3)), columns=list("abc"))
        >>> y = pd.DataFrame({"r": x["a"] + 0.1 * rng.standard_normal(60)})
        >>> path = fit_path(Panel.from_frames(x, y), Beliefs(), FitSpec(), [5.0, 0.5, 0.0])
        >>> [int((result.beta != 0).sum()) for result in path]
        [0, 1, 3]
    """
    specs = at_lambdas(spec, checked_lambdas(lambdas, "lambdas"))
    return fit_each(panel, beliefs, specs, solver=solver, fallbacks=fallbacks, stages=stages)


def checked_lambdas(values: Iterable[float], name: str) -> list[float]:
    """Return λ as floats in the order given, each a number >= 0 and at least one of them."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a sequence of numbers, not {type(values).__name__}.")
    found = [PenaltyOptions(reg_lambda=value).reg_lambda for value in values]
    if not found:
        raise OptionError(name, found, "a sequence of at least one λ")
    return found
