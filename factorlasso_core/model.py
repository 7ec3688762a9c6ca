"""The scikit-learn face: DataFrames in, DataFrames out, fitted state apart from the parameters."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

import pandas as pd

from factorlasso_core.attributes import fitted_attributes
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.errors import DataError, NotFittedError, OptionError
from factorlasso_core.frames import Table, aligned_frames, as_frame, on_one_index
from factorlasso_core.nowcast import (
    LassoNowcastResult,
    factors_complete,
    final_response_complete,
    nowcast,
    residuals,
)
from factorlasso_core.options import FitSpec
from factorlasso_core.panel import Panel
from factorlasso_core.parameters import Parameters, check_parameters
from factorlasso_core.path import Task, checked_lambdas, fit_path
from factorlasso_core.result import Fit
from factorlasso_core.scoring import mean_of_known, predictions, r_squared
from factorlasso_core.summary import plot_signs, summary


class LassoModel(Parameters):
    """Sparse multi-output regression with signs, prior and groups.

    Minimises, over the loadings β (N responses by M factors) inside the box the signs give,
    ``Σ_k (1/T) Σ_t ω_t v_tk (y_tk - x_t·β_k)² + Ω(β - β⁰)`` on demeaned data. The README has Ω for every
    model type and a table of all parameters with their defaults; they are those of ``factorlasso`` 1.0.6.

    Args:
        model_type: The penalty. group_data: Series of labels by response, where the model needs groups.
        reg_lambda: λ >= 0, in squared units of the data. l1_weight: Share α of the L1 term, in [0, 1].
        group_penalty: ``"normalized"`` or ``"yuan_lin"``. nonneg: Every loading >= 0.
        span: EWMA span in rows, > 1, or None. span_freq_dict: Carried, never read.
        demean, centering, factor_rows, loss_normalization: See :class:`LossOptions`.
        warmup_period: Observations below which a response gets zero loadings, or None.
        cutoff_fraction, n_clusters, linkage_method, distance_transform, cluster_correlation_transform,
            dependence_measure, gerber_threshold, cluster_correlation_span, correlation_normalization,
            exclude_short: See :class:`ClusterOptions`.
        factors_beta_loading_signs: N x M frame of 1, -1, 0, NaN. excluded_factors: Factors by response
            whose loadings must be zero.
        auto_sign_constraints, auto_sign_threshold_t, auto_sign_ewma_span, auto_sign_use_fit_span,
            auto_sign_variance, auto_sign_adaptive_weights, auto_sign_adaptive_gamma,
            auto_sign_adaptive_floor, prior_overrides_signs: See :class:`SignOptions`.
        auto_sign_excluded_factors: Factors whose signs are never derived.
        factors_beta_prior: N x M frame β⁰, NaN where nothing is held.
        apply_ols_prior, max_named_factors, named_set_max_vif: See :class:`PriorOptions`.
        factor_for_prior: One or two factors by response on which the OLS prior rests.
        unilasso_loo, unilasso_non_negative: See :class:`GuidedOptions`.
        solver: ``"fast"`` or a CVXPY solver's name. solver_fallbacks: Further solvers tried in order.

    Attributes:
        coef_: N x M frame β. alpha_const_: Regression constant per row. intercept_: Mean residual of
            the demeaned fit. estimation_result_: In-sample statistics.
        clusters_, linkage_, cutoff_: The groups, or None. derived_signs_: The sign matrix the solver got,
            or None. sign_slopes_, sign_t_stats_, detected_signs_: The evidence for it, or None.
        effective_beta_prior_, ols_betas_, ols_r2_: The OLS prior, or None.
        valid_mask_, effective_span_: As used. certificate_: Proof of optimality. fit_: The whole result.

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

    # Set by ``fit``.
    fit_: Fit
    coef_: pd.DataFrame
    alpha_const_: pd.Series
    derived_signs_: pd.DataFrame | None
    fit_demeaned_: bool

    # Parameters -----------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; ``deep`` has no meaning here."""
        return {name: getattr(self, name) for name in self.defaults()}

    def set_params(self, **parameters: Any) -> LassoModel:
        """Set parameters by name, checked together like those of the constructor, and return the model."""
        known = self.defaults()
        unknown = sorted(set(parameters) - set(known))
        if unknown:
            raise OptionError("parameter", unknown, "one of " + ", ".join(known))
        check_parameters({**self.get_params(), **parameters})  # a bad one leaves the model as it was
        vars(self).update(parameters)
        return self

    def copy(self, kwargs: dict[str, Any] | None = None) -> LassoModel:
        """Return an unfitted model with the same parameters, changed by ``kwargs``."""
        return type(self)(**{**self.get_params(), **(kwargs or {})})

    def __repr__(self) -> str:
        shown = (
            f"{name}={f'<{type(value).__name__}>' if hasattr(value, 'shape') else repr(value)}"
            for name, value in self.get_params().items()
            if hasattr(value, "shape") or value != self.defaults()[name]
        )
        return f"LassoModel({', '.join(shown)})"

    # What scikit-learn asks -----------------------------------------------------------------------

    def __sklearn_tags__(self) -> Any:
        """A regressor of several responses that takes missing values; scikit-learn itself is no dependency."""
        from sklearn.utils import InputTags, RegressorTags, Tags, TargetTags

        return Tags(
            estimator_type="regressor",
            target_tags=TargetTags(required=True, multi_output=True),
            input_tags=InputTags(allow_nan=True),
            regressor_tags=RegressorTags(),
        )

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "fit_")

    # Fitting --------------------------------------------------------------------------------------

    def fit(
        self,
        x: Table,
        y: Table,
        verbose: bool = False,
        span: float | None = None,
        external_clusters: pd.Series | None = None,
        external_linkage: Any = None,
        external_cutoff: float | None = None,
        cluster_correlation_span: float | None = None,
    ) -> LassoModel:
        """Fit to factors ``x`` (T x M) and responses ``y`` (T x N), frames, series or arrays.

        Args:
            verbose: Print one line with objective, gap and iterations.
            span, cluster_correlation_span: Override the model's own.
            external_clusters: Labels by response that take the place of the tree in HCGL and FCGL;
                external_linkage, external_cutoff: The tree and cut they come from, kept as given.

        Raises:
            DataError, BeliefsError, SolverError, OptionError: The model is left as it was.
        """
        frames = aligned_frames(x, y)
        result = self.task(*frames, external_clusters, span, cluster_correlation_span).fit()
        tree = {} if external_clusters is None else {"linkage_": external_linkage, "cutoff_": external_cutoff}
        for notice in result.notices:
            warnings.warn(notice.message, UserWarning, stacklevel=2)
        if verbose:
            print(_one_line(result))
        self._take(result, *frames, **tree)
        if not isinstance(x, pd.DataFrame):  # names made up here are no names of features
            vars(self).pop("feature_names_in_", None)
        return self

    def fit_reg_lambda_path(
        self,
        x: Table,
        y: Table,
        reg_lambdas: Iterable[float],
        verbose: bool = False,
        span: float | None = None,
        cluster_correlation_span: float | None = None,
    ) -> list[LassoModel]:
        """Return this model fitted at every λ, in the order given; the model itself stays as it is.

        Every one of them is what ``copy({"reg_lambda": λ}).fit(x, y)`` returns, with less work.

        Args:
            reg_lambdas: Numbers >= 0, at least one. verbose, span, cluster_correlation_span: As in ``fit``.

        Raises:
            TypeError: ``reg_lambdas`` is a single number. OptionError: It is empty or holds a bad value.
            DataError, BeliefsError, SolverError: As in ``fit``.
        """
        frames = aligned_frames(x, y)
        task = self.task(*frames, None, span, cluster_correlation_span)
        lambdas = checked_lambdas(reg_lambdas, "reg_lambdas")
        results = fit_path(task.panel, task.beliefs, task.spec, lambdas, solver=task.solver, fallbacks=task.fallbacks)
        for message in dict.fromkeys(notice.message for result in results for notice in result.notices):
            warnings.warn(message, UserWarning, stacklevel=2)
        if verbose:
            print(*map(_one_line, results), sep="\n")
        return [self.copy({"reg_lambda": r.spec.penalty.reg_lambda})._take(r, *frames) for r in results]

    def task(
        self,
        x: pd.DataFrame,
        y: pd.DataFrame,
        clusters: pd.Series | None = None,
        span: float | None = None,
        cluster_correlation_span: float | None = None,
    ) -> Task:
        """Return what ``fit`` hands to the core: panel, beliefs, options and solver; see ``fit``."""
        panel = Panel.from_frames(x, y)
        spans = {"span": span, "cluster_correlation_span": cluster_correlation_span}
        overrides = {name: value for name, value in spans.items() if value is not None}
        parameters = {**self.get_params(), **overrides}
        check_parameters(parameters)  # they may have been set one by one since
        spec = FitSpec.from_parameters(parameters)
        return Task(panel, self._beliefs(panel, clusters), spec, self.solver, tuple(self.solver_fallbacks or ()))

    def _take(self, result: Fit, x: pd.DataFrame, y: pd.DataFrame, **other: Any) -> LassoModel:
        """Set every fitted attribute in one step."""
        attributes = {**fitted_attributes(result, x, y), **other}
        if all(isinstance(name, str) for name in result.panel.factors):  # scikit-learn knows names of text only
            attributes["feature_names_in_"] = result.panel.factors.to_numpy(dtype=object)
        vars(self).pop("feature_names_in_", None)
        vars(self).update(attributes)
        return self

    def _beliefs(self, panel: Panel, clusters: pd.Series | None) -> Beliefs:
        kind = self.model_type
        if clusters is not None and (not kind.clusters_responses or kind.is_cooperative):
            raise OptionError("external_clusters", type(clusters), f"None when model_type is {kind.name}")
        return Beliefs.for_panel(
            panel,
            signs=self.factors_beta_loading_signs,
            prior=self.factors_beta_prior,
            groups=self.group_data if kind.needs_groups else None,
            clusters=clusters,
            excluded=self.excluded_factors,
            unsigned=self.auto_sign_excluded_factors,
            named=self.factor_for_prior,
        )

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

    # Made when asked for, because they are as large as the responses.
    valid_mask_ = property(lambda self: self.fit_.data.valid.astype(float))
    nowcast_residuals_ = property(lambda self: residuals(self.fit_))
    nowcast_factors_complete_ = property(lambda self: factors_complete(self.fit_.panel))
    nowcast_final_response_complete_ = property(lambda self: final_response_complete(self.fit_.panel))

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
        alpha = self.alpha_const_.to_numpy() if self.fit_demeaned_ else None
        values = predictions(frame[self.coef_.columns].to_numpy(dtype=float), self.coef_.to_numpy(), alpha)
        return pd.DataFrame(values, index=frame.index, columns=self.coef_.index)

    def nowcast(self, x: pd.DataFrame, *, alpha_span: float | None = None) -> LassoNowcastResult:
        """Predict responses from factors on dates after the fit; see :func:`~factorlasso_core.nowcast.nowcast`."""
        return nowcast(self._fitted(), x, alpha_span=alpha_span)

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
        actual = y_frame[names].to_numpy(dtype=float, na_value=float("nan"))
        return float(mean_of_known(r_squared(actual, self.predict(x_frame).to_numpy())))

    # Words and pictures ---------------------------------------------------------------------------

    def summary(self) -> str:
        """Describe the fit in a few lines; see :func:`~factorlasso_core.summary.summary`."""
        return summary(self._fitted())

    def plot_signs(self, ax: Any = None) -> Any:
        """Draw the signs in force, return the axes; see :func:`~factorlasso_core.summary.plot_signs`."""
        self._fitted()
        return plot_signs(self.derived_signs_, ax)


def _one_line(result: Fit) -> str:
    if result.certificate is None or result.solved is None:
        return "nothing solved"
    return (
        f"objective {result.objective:.10g}, relative gap {result.certificate.relative_gap:.1e}, "
        f"{result.solved.solution.iterations} iterations, {result.solved.status}"
    )
