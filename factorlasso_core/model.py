"""The scikit-learn face: ``LassoModel(...).fit(x, y)`` with the reference's names and defaults.

What differs from the reference on purpose stands in the README's table of deviations; above all the
default solver is ``"fast"``, parameters are checked whenever they are set, and a fit that raises leaves
the model as it was.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from factorlasso_core.arrays import Array
from factorlasso_core.certificate import Certificate
from factorlasso_core.errors import DataError, NotFittedError, OptionError
from factorlasso_core.fit import fit
from factorlasso_core.frames import Table, aligned_frames, as_frame, on_one_index
from factorlasso_core.options import LassoModelType
from factorlasso_core.panel import Beliefs, Panel
from factorlasso_core.parameters import DEFAULT_ONLY, check_parameters, known_names, to_spec
from factorlasso_core.result import Fit
from factorlasso_core.solve import FAST


@dataclass(frozen=True, eq=False)
class LassoEstimationResult:
    """In-sample result under the reference's names.

    Attributes:
        estimated_beta: (N, M). alpha, ss_total, ss_res, r2: (N,), see :class:`InSample`.
    """

    estimated_beta: Array
    alpha: Array
    ss_total: Array
    ss_res: Array
    r2: Array


class LassoModel:
    """Sparse multi-output regression with signs, prior and groups.

    Minimises, over the loadings β (N responses by M factors) inside the box the signs give,
    ``Σ_k (1/T) Σ_t ω_t v_tk (y_tk - x_t·β_k)² + Ω(β - β⁰)`` on demeaned data.

    Args:
        model_type: LASSO, GROUP_LASSO or GROUP_LASSO_CLUSTERS (HCGL).
        group_data: Series of labels by response; GROUP_LASSO needs it.
        reg_lambda: λ >= 0, in squared units of the data.
        span: EWMA span in rows, or None. span_freq_dict: carried, never read.
        cutoff_fraction: Cut of the tree as a share of the largest pairwise distance, in (0, 1].
        group_penalty: ``"normalized"`` or ``"yuan_lin"``. l1_weight: Share α of the L1 term.
        demean: Subtract means first. solver: ``"fast"`` or a CVXPY solver's name.
        solver_fallbacks: Further solvers tried in order.
        warmup_period: Observations below which a response gets zero loadings, or None.
        nonneg: Every loading >= 0. factors_beta_loading_signs: N x M frame of 1, -1, 0, NaN.
        factors_beta_prior: N x M frame β⁰, NaN as zero.
        loss_normalization: ``"sample"`` or ``"weight_sum"``. centering, factor_rows,
            correlation_normalization: see :class:`LossOptions`, :class:`ClusterOptions`.
        unsupported: The reference's other parameters, accepted at their default only.

    Attributes:
        coef_: N x M frame β. alpha_const_: regression constant per row. intercept_: mean residual of
            the demeaned fit. clusters_, linkage_, cutoff_: the groups, or None. derived_signs_: the
            sign matrix the solver got, or None. estimation_result_: in-sample statistics.
        valid_mask_, effective_span_: as used. certificate_: proof of optimality. fit_: the whole result.

    Raises:
        OptionError: A parameter outside its range, at construction and in ``set_params``.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> x = pd.DataFrame(rng.standard_normal((200, 3)), columns=["a", "b", "c"])
        >>> y = pd.DataFrame({"r1": x["a"], "r2": 0.5 * x["b"]}) + 0.1 * rng.standard_normal((200, 2))
        >>> model = LassoModel(reg_lambda=0.05).fit(x, y)
        >>> model.coef_.round(2).to_numpy().tolist()
        [[0.97, 0.0, 0.0], [0.0, 0.47, 0.0]]
    """

    model_type: LassoModelType
    group_data: pd.Series | None
    factors_beta_loading_signs: pd.DataFrame | None
    factors_beta_prior: pd.DataFrame | None
    solver: str
    solver_fallbacks: Sequence[str] | None

    def __init__(
        self,
        model_type: LassoModelType = LassoModelType.LASSO,
        group_data: pd.Series | None = None,
        reg_lambda: float = 1e-5,
        span: float | None = None,
        span_freq_dict: Any = None,
        cutoff_fraction: float = 0.5,
        group_penalty: str = "normalized",
        l1_weight: float = 0.0,
        demean: bool = True,
        solver: str = FAST,
        solver_fallbacks: Sequence[str] | None = None,
        warmup_period: int | None = 12,
        nonneg: bool = False,
        factors_beta_loading_signs: pd.DataFrame | None = None,
        factors_beta_prior: pd.DataFrame | None = None,
        loss_normalization: str = "sample",
        centering: str = "panel",
        factor_rows: str = "impute",
        correlation_normalization: str = "reference",
        **unsupported: Any,
    ) -> None:
        given = {name: value for name, value in locals().items() if name not in ("self", "unsupported", "__class__")}
        self._assign({**DEFAULT_ONLY, **given, **known_names(unsupported)})

    # Parameters -----------------------------------------------------------------------------------

    @classmethod
    def _parameter_names(cls) -> list[str]:
        explicit = [name for name in inspect.signature(cls.__init__).parameters if name not in ("self", "unsupported")]
        return explicit + list(DEFAULT_ONLY)

    def _assign(self, parameters: dict[str, Any]) -> None:
        """Check all parameters together, then set them: a bad one leaves the model as it was."""
        check_parameters(parameters)
        for name, value in parameters.items():
            setattr(self, name, value)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; ``deep`` has no meaning here."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **parameters: Any) -> LassoModel:
        """Set parameters by name, checked like those of the constructor, and return the model."""
        unknown = sorted(set(parameters) - set(self._parameter_names()))
        if unknown:
            raise OptionError("parameter", unknown, "one of " + ", ".join(self._parameter_names()))
        self._assign({**self.get_params(), **parameters})
        return self

    def copy(self, kwargs: dict[str, Any] | None = None) -> LassoModel:
        """Return an unfitted model with the same parameters, changed by ``kwargs``."""
        return type(self)(**{**self.get_params(), **(kwargs or {})})

    def __repr__(self) -> str:
        defaults = {**DEFAULT_ONLY, **_signature_defaults(type(self))}
        changed = {
            name: value
            for name, value in self.get_params().items()
            if isinstance(value, pd.DataFrame | pd.Series) or value != defaults[name]
        }
        shown = (
            f"{name}={'<' + type(value).__name__ + '>' if hasattr(value, 'shape') else repr(value)}"
            for name, value in changed.items()
        )
        return f"LassoModel({', '.join(shown)})"

    # Fitting --------------------------------------------------------------------------------------

    def fit(self, x: Table, y: Table, verbose: bool = False, span: float | None = None) -> LassoModel:
        """Fit to factors ``x`` (T x M) and responses ``y`` (T x N), frames, series or arrays.

        Args:
            verbose: Print one line with objective, gap and iterations. span: Overrides the model's span.

        Raises:
            DataError, BeliefsError, SolverError: The model is left as it was.
        """
        x_frame, y_frame = aligned_frames(x, y)
        panel = Panel.from_frames(x_frame, y_frame)
        beliefs = Beliefs.for_panel(
            panel,
            signs=self.factors_beta_loading_signs,
            prior=self.factors_beta_prior,
            groups=self.group_data if self.model_type is LassoModelType.GROUP_LASSO else None,
        )
        spec = to_spec({**self.get_params(), **({} if span is None else {"span": span})})
        result = fit(panel, beliefs, spec, solver=self.solver, fallbacks=self.solver_fallbacks or ())
        for notice in result.notices:
            warnings.warn(notice.message, UserWarning, stacklevel=2)
        self._keep(result, x_frame, y_frame)
        if verbose:
            print(_one_line(result))
        return self

    def _keep(self, result: Fit, x: pd.DataFrame, y: pd.DataFrame) -> None:
        panel, stats = result.panel, result.statistics
        self.fit_ = result
        self.x_, self.y_ = x, y
        self.coef_ = result.betas
        self.intercept_ = panel.by_response(result.intercept, "intercept")
        self.alpha_const_ = panel.by_response(result.alpha, "alpha_const")
        self.estimation_result_ = LassoEstimationResult(
            result.beta, stats.alpha, stats.ss_total, stats.ss_res, stats.r2
        )
        self.clusters_ = result.clusters
        self.linkage_ = None if result.clustering is None else result.clustering.tree.linkage
        self.cutoff_ = result.cutoff
        self.derived_signs_ = None if result.beliefs.signs is None else panel.cells(result.beliefs.signs)
        self.valid_mask_ = result.data.valid.astype(float)
        self.effective_span_ = result.spec.loss.span
        self.certificate_: Certificate | None = result.certificate
        self.fit_demeaned_ = result.spec.loss.demean
        self.n_features_in_ = len(panel.factors)
        self.feature_names_in_ = panel.factors.to_numpy(dtype=object)

    def _fitted(self) -> Fit:
        if not hasattr(self, "fit_"):
            raise NotFittedError("This LassoModel is not fitted yet: call fit(x, y) first.")
        return self.fit_

    # The reference's older names of fitted attributes.
    estimated_betas = property(lambda self: self.coef_)
    clusters = property(lambda self: self.clusters_)
    linkage = property(lambda self: self.linkage_)
    cutoff = property(lambda self: self.cutoff_)
    x = property(lambda self: self.x_)
    y = property(lambda self: self.y_)

    # Prediction -----------------------------------------------------------------------------------

    def predict(self, x: Table) -> pd.DataFrame:
        """Return ``x β' + α``, (T x N), in units of the responses; a missing factor gives a missing row.

        Raises:
            NotFittedError: Before ``fit``. DataError: A factor of the fit is not in ``x``.
        """
        self._fitted()
        frame = as_frame(x, "x", columns=self.coef_.columns)
        missing = self.coef_.columns.difference(frame.columns, sort=False)
        if len(missing):
            raise DataError(f"The factor {missing[0]!r} is not in x: give every factor the model was fitted on.")
        values = frame[self.coef_.columns].to_numpy(dtype=float) @ self.coef_.to_numpy().T
        if self.fit_demeaned_:
            values = values + self.alpha_const_.to_numpy()
        return pd.DataFrame(values, index=frame.index, columns=self.coef_.index)

    def score(self, x: Table, y: Table) -> float:
        """Return the mean over responses of out-of-sample R² about each response's plain mean.

        Only cells where both the response and its prediction are known enter either sum; a response
        without such cells, or constant, is left out; NaN when none is left.
        """
        names = self._fitted().panel.responses
        x_frame, y_frame = on_one_index(as_frame(x, "x", columns=self.coef_.columns), as_frame(y, "y", columns=names))
        if not x_frame.index.equals(y_frame.index):
            raise DataError(f"x has {len(x_frame)} rows and y {len(y_frame)}: give both on the same rows.")
        missing = names.difference(y_frame.columns, sort=False)
        if len(missing):
            raise DataError(f"The response {missing[0]!r} is not in y: give every response the model was fitted on.")
        predicted, actual = self.predict(x_frame), y_frame[names]
        observed = actual.where(predicted.notna())
        error = ((observed - predicted) ** 2).sum()
        total = ((observed - observed.mean()) ** 2).sum()
        return float((1.0 - error / total.where(total > 0)).mean())


def _signature_defaults(cls: type) -> dict[str, Any]:
    parameters = inspect.signature(cls.__init__).parameters.values()  # type: ignore[misc]
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def _one_line(result: Fit) -> str:
    if result.certificate is None or result.solved is None:
        return "nothing solved"
    return (
        f"objective {result.objective:.10g}, relative gap {result.certificate.relative_gap:.1e}, "
        f"{result.solved.solution.iterations} iterations, {result.solved.status}"
    )
