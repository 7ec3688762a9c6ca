"""The scikit-learn face: DataFrames in, DataFrames out, fitted state apart from the parameters."""

from __future__ import annotations

import warnings
from typing import Any

import pandas as pd

from factorlasso_core.attributes import fitted_attributes
from factorlasso_core.beliefs import Beliefs
from factorlasso_core.errors import DataError, NotFittedError, OptionError
from factorlasso_core.fit import fit
from factorlasso_core.frames import Table, aligned_frames, as_frame, on_one_index
from factorlasso_core.options import FitSpec
from factorlasso_core.panel import Panel
from factorlasso_core.parameters import Parameters, check_parameters
from factorlasso_core.priors import named_factors
from factorlasso_core.result import Fit


class LassoModel(Parameters):
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

    # Set by ``fit``.
    fit_: Fit
    coef_: pd.DataFrame
    alpha_const_: pd.Series
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
        x_frame, y_frame = aligned_frames(x, y)
        panel = Panel.from_frames(x_frame, y_frame)
        spans = {"span": span, "cluster_correlation_span": cluster_correlation_span}
        overrides = {name: value for name, value in spans.items() if value is not None}
        spec = FitSpec.from_parameters({**self.get_params(), **overrides})
        beliefs = self._beliefs(panel, external_clusters)
        result = fit(panel, beliefs, spec, solver=self.solver, fallbacks=self.solver_fallbacks or ())
        attributes = fitted_attributes(result, x_frame, y_frame)
        if all(isinstance(name, str) for name in panel.factors):  # scikit-learn knows names of text only
            attributes["feature_names_in_"] = panel.factors.to_numpy(dtype=object)
        if external_clusters is not None:
            attributes |= {"linkage_": external_linkage, "cutoff_": external_cutoff}
        for notice in result.notices:
            warnings.warn(notice.message, UserWarning, stacklevel=2)
        vars(self).pop("feature_names_in_", None)
        vars(self).update(attributes)
        if verbose:
            print(_one_line(result))
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
            named=named_factors(self.factor_for_prior, self.max_named_factors) or None,
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


def _one_line(result: Fit) -> str:
    if result.certificate is None or result.solved is None:
        return "nothing solved"
    return (
        f"objective {result.objective:.10g}, relative gap {result.certificate.relative_gap:.1e}, "
        f"{result.solved.solution.iterations} iterations, {result.solved.status}"
    )
