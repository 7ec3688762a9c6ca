"""What the selectors of λ share: parameters, the scikit-learn face, and the words for what was left out."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Self

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.comparison import Footing, nothing_compared
from factorlasso_core.errors import NotFittedError, OptionError
from factorlasso_core.folds import FoldOptions, check_splits
from factorlasso_core.frames import Table, aligned_frames
from factorlasso_core.model import LassoModel
from factorlasso_core.options.base import check, check_flag
from factorlasso_core.path import Task, checked_lambdas
from factorlasso_core.validation import Failure

DEFAULT_LAMBDAS = tuple(float(value) for value in np.logspace(-6, -1, 20))


@dataclass(eq=False, repr=False)
class Selection:
    """Parameters and face of a selector of λ, and how it goes through the folds."""

    lambdas: Sequence[float] | None = None
    n_splits: int = 5
    base_model: LassoModel | None = None
    refit: bool = True
    use_lambda_path: bool = False

    best_lambda_: float = field(init=False)
    best_score_: float = field(init=False)
    best_model_: LassoModel | None = field(init=False)
    left_out_: pd.DataFrame = field(init=False)

    def __post_init__(self) -> None:
        self.lambdas = _readable(self.lambdas)
        self._check(self.get_params(deep=False))

    @staticmethod
    def _check(parameters: dict[str, Any]) -> None:
        if parameters["lambdas"] is not None:
            checked_lambdas(parameters["lambdas"], "lambdas")
        check_splits(parameters["n_splits"])
        base = parameters["base_model"]
        check("base_model", base, base is None or isinstance(base, LassoModel), "None or a LassoModel")
        check_flag("refit", parameters["refit"])
        check_flag("use_lambda_path", parameters["use_lambda_path"])

    # Parameters -----------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; ``deep`` adds those of the base model as ``base_model__…``."""
        own = {item.name: getattr(self, item.name) for item in fields(self) if item.init}
        if deep and self.base_model is not None:
            own |= {f"base_model__{name}": value for name, value in self.base_model.get_params().items()}
        return own

    def set_params(self, **parameters: Any) -> Self:
        """Set parameters by name, those of the base model as ``base_model__…``; all of them or none."""
        known = self.get_params(deep=False)
        nested = {name: value for name, value in parameters.items() if name.startswith("base_model__")}
        own = {name: value for name, value in parameters.items() if name not in nested}
        own |= {"lambdas": _readable(own["lambdas"])} if "lambdas" in own else {}
        base = parameters.get("base_model", self.base_model)
        unknown = sorted(set(own) - set(known)) + (sorted(nested) if base is None else [])
        if unknown:
            allowed = ", ".join(known)
            raise OptionError("parameter", unknown, f"one of {allowed}, or base_model__… where there is a base model")
        self._check({**known, **own})
        if base is not None and nested:
            base.set_params(**{name.removeprefix("base_model__"): value for name, value in nested.items()})
        vars(self).update(own)
        return self

    def __repr__(self) -> str:
        defaults = {item.name: item.default for item in fields(self)}
        held = {name: f"<{type(v).__name__}>" if hasattr(v, "shape") else v
                for name, v in self.get_params(deep=False).items()}  # fmt: skip
        shown = (f"{name}={value}" for name, value in held.items() if value != defaults[name])
        return f"{type(self).__name__}({', '.join(shown)})"

    def __sklearn_tags__(self) -> Any:
        """Those of the base model."""
        return self._base().__sklearn_tags__()

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "best_model_")

    # Prediction -----------------------------------------------------------------------------------

    def predict(self, x: Table) -> pd.DataFrame:
        """Predict with the model refitted at the best λ; see :meth:`LassoModel.predict`.

        Raises:
            NotFittedError: Before ``fit``, or with ``refit=False``.
        """
        return self._best_model().predict(x)

    def score(self, x: Table, y: Table) -> float:
        """Return the R² of the model refitted at the best λ; see :meth:`LassoModel.score`.

        Raises:
            NotFittedError: Before ``fit``, or with ``refit=False``.
        """
        return self._best_model().score(x, y)

    def _best_model(self) -> LassoModel:
        name = type(self).__name__
        if not hasattr(self, "best_model_"):
            raise NotFittedError(f"This {name} is not fitted yet: call fit(x, y) first.")
        if self.best_model_ is None:
            raise NotFittedError(f"This {name} has no fitted model because refit=False: set refit=True and fit again.")
        return self.best_model_

    # Folds ----------------------------------------------------------------------------------------

    def _base(self) -> LassoModel:
        return LassoModel() if self.base_model is None else self.base_model

    def _task(self, x: Table, y: Table) -> Task:
        return self._base().task(*aligned_frames(x, y))

    def _grid(self) -> list[float]:
        """λ in the order given, each once."""
        given = DEFAULT_LAMBDAS if self.lambdas is None else checked_lambdas(self.lambdas, "lambdas")
        once = list(dict.fromkeys(given))
        if len(once) < len(given):
            repeated = len(given) - len(once)
            warnings.warn(f"lambdas repeats {repeated} of its {len(given)} values: each is used once.", stacklevel=3)
        return once

    def _folds(self) -> FoldOptions:
        return FoldOptions(n_splits=self.n_splits)

    def _compared(self, cells: Cells, grid: list[float], *, verbose: bool) -> Footing:
        """The common footing; what is not on it is told in one warning, and on request failures one by one."""
        for failure in cells.failures if verbose else ():
            warnings.warn(_about(failure, grid), RuntimeWarning, stacklevel=3)
        footing = Footing.of(cells.scores)
        if not footing.entrants.any():
            raise nothing_compared(cells.scores, cells.failures[-1].error if cells.failures else None)
        sentences = _left_out(footing, cells, grid)
        if sentences:
            warnings.warn(f"{type(self).__name__}: {'; '.join(sentences)}.", stacklevel=3)
        return footing

    def _best(self, x: Table, y: Table, reg_lambda: float) -> LassoModel:
        """The base model fitted to all rows at the best λ."""
        return self._base().copy({"reg_lambda": reg_lambda}).fit(x, y)

    def _table(self, values: Array, grid: list[float]) -> pd.DataFrame:
        """Numbers per λ and fold (Λ, F) as a labelled frame."""
        folds = pd.RangeIndex(self.n_splits, name="fold")
        return pd.DataFrame(values, index=pd.Index(grid, name="reg_lambda"), columns=folds)


def _readable(lambdas: Any) -> Any:
    """A list of what could be read only once."""
    return list(lambdas) if isinstance(lambdas, Iterator) else lambdas


@dataclass(frozen=True, eq=False)
class Cells:
    """What is compared: a score of every λ on every fold, and what it goes without.

    Attributes:
        scores: (Λ, F), NaN where unknown. left_out: (Λ, F) responses that did not enter. responses: N.
        failures: Cells that could not be computed. unproved: How many fits were not proved optimal.
    """

    scores: Array
    left_out: Array
    responses: int
    failures: list[Failure]
    unproved: int


def _about(failure: Failure, grid: list[float]) -> str:
    return f"λ={grid[failure.candidate]:g} has no score on fold {failure.fold}: {failure.error}"


def _left_out(footing: Footing, cells: Cells, grid: list[float]) -> list[str]:
    """What the comparison goes without: folds, λ, responses, proofs."""
    total, n = cells.scores.size, cells.responses
    sentences = []
    if not footing.folds.all():
        sentences.append(f"fold {_listed(np.flatnonzero(~footing.folds))} not scored for every λ and left out")
    if not footing.entrants.all():
        absent = _listed(f"{value:g}" for value in np.array(grid)[~footing.entrants])
        sentences.append(f"λ={absent} not scored on every fold and left out of the comparison")
    if cells.failures:
        sentences.append(f"{len(cells.failures)} of {total} cells failed, the last because: {cells.failures[-1].error}")
    partly = cells.left_out[:, footing.folds]
    partly = partly[partly < n]
    if partly.any():
        sentences.append(f"up to {partly.max()} of {n} responses not scored on a fold (no prediction, or constant)")
    if cells.unproved:
        sentences.append(f"{cells.unproved} of {total} fits not proved optimal")
    return [sentence.rstrip(".") for sentence in sentences]


def _listed(labels: Iterable[object]) -> str:
    """``1, 2, 3``, ten at most."""
    names = [str(label) for label in labels]
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
