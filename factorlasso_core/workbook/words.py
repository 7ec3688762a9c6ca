"""What the numbers of a workbook mean: one entry for every option and every column."""

from __future__ import annotations

from typing import NamedTuple

UNIT_SQUARED = "squared units of the data"

SHEETS = {
    "parameters": "every option with its default, the sample, and the digests that identify the fit",
    "betas": "loadings, one row per response, exactly as fitted",
    "betas_long": "one row per loading: its rule, its state, its prior and the multiplier of its bound",
    "fit_statistics": "per response: constant, R², sums of squares, observations, proof of optimality",
    "clusters": "cluster or group of every response",
    "linkage": "the merges of the tree the clusters are cut from",
    "signs": "your sign constraints; saved as a file of its own this sheet can be loaded again",
    "prior": "the prior in force: yours, and where you hold none that of the data",
    "correlation": "correlations the clusters come from, in the order of the tree",
    "difference": "what differs from the fit it is compared with, one row for every thing",
    "dictionary": "every column of every sheet, with its unit",
    "checks": "what was checked when this file was written",
}

LEGEND = (
    ("-", "in betas: a loading that is exactly zero; any other number is not"),
    ("0.0000", "in betas: not zero, but less than half of the last digit shown; the cell holds all digits"),
    ("blank", "in betas and fit_statistics: nothing was estimated; in signs: free"),
    ("blue, red", "above and below zero; the deepest colours start at the 98th percentile of the absolute values"),
)


class Option(NamedTuple):
    """An option as the workbook explains it."""

    unit: str
    meaning: str


OPTIONS = {
    "model_type": Option("", "which penalty couples the loadings; GROUP_LASSO_CLUSTERS is HCGL"),
    "span": Option("rows", "span of the exponential weights; none for equal weights"),
    "demean": Option("", "whether means are subtracted before the fit"),
    "centering": Option("", "means of the whole panel, or of each response's own rows"),
    "loss_normalization": Option("", "divisor of the loss: number of rows (sample) or sum of weights"),
    "factor_rows": Option("", "rows with a missing factor: filled with its mean (impute) or left out (drop)"),
    "cutoff_fraction": Option("share of the largest distance", "height at which the tree is cut"),
    "n_clusters": Option("clusters", "largest number of clusters; none follows cutoff_fraction"),
    "linkage_method": Option("", "how the distance to a merged cluster follows"),
    "distance_transform": Option("", "distance of two responses, from their correlation"),
    "cluster_correlation_transform": Option("", "whether the first principal component is taken out first"),
    "dependence_measure": Option("", "what is clustered: correlation, that of ranks, or Gerber's statistic"),
    "gerber_threshold": Option("standard deviations", "size of a move that counts for Gerber's statistic"),
    "cluster_correlation_span": Option("rows", "span for the clusters alone; none follows span"),
    "correlation_normalization": Option("", "with a span: the reference's recursion, or weights of each pair"),
    "exclude_short": Option("", "whether responses in warm-up are left out of clusters, group sizes and pools"),
    "reg_lambda": Option("as the loss: squared units of the data", "size of the penalty, λ"),
    "l1_weight": Option("share", "share α of λ on single loadings, the rest on whole blocks; group modes only"),
    "group_penalty": Option("", "weight of a group: normalized is sqrt(size/groups), yuan_lin is sqrt(size)"),
    "nonneg": Option("", "whether every loading is >= 0"),
    "warmup_period": Option("observations", "responses with fewer get zero loadings; none switches the rule off"),
    "auto_sign_constraints": Option("", "whether signs are derived from univariate slopes"),
    "auto_sign_threshold_t": Option("t statistic", "gate: a slope with a smaller t pins the loading to zero"),
    "auto_sign_ewma_span": Option("rows", "span of the weights of the slopes; none for equal weights"),
    "auto_sign_use_fit_span": Option("", "whether the slopes use the span of the loss"),
    "auto_sign_variance": Option("", "whether t counts each observation (independent) or each date once (date)"),
    "auto_sign_adaptive_weights": Option("", "whether cells with a large slope are penalised less"),
    "auto_sign_adaptive_gamma": Option("", "power of the slope in the adaptive weights"),
    "auto_sign_adaptive_floor": Option("as beta", "smallest slope the adaptive weights know"),
    "prior_overrides_signs": Option("", "whether a prior flips a conflicting derived sign, as in the reference"),
    "apply_ols_prior": Option("", "whether each response's best univariate slope is its prior"),
    "max_named_factors": Option("factors", "most factors named for the prior of one response"),
    "named_set_max_vif": Option("variance inflation", "above it only the first of two named factors is used"),
    "unilasso_loo": Option("", "UniLasso: whether stage two uses leave-one-out fits"),
    "unilasso_non_negative": Option("", "UniLasso: whether every univariate sign is kept"),
}

# sheet -> column -> (unit, meaning); factors stand for all columns named after a factor.
COLUMNS: dict[str, dict[str, Option]] = {
    "parameters": {
        "name": Option("", "name of the parameter, as LassoModel calls it"),
        "value": Option("", "its value in this fit"),
        "unit": Option("", "unit of the value"),
        "default": Option("", "the value it has if nothing is chosen; blank for what is no option"),
        "meaning": Option("", "what it does"),
    },
    "betas": {
        "response": Option("", "name of the response"),
        "cluster": Option("", "its cluster or group; left out where a factor has this name"),
        "(factors)": Option("units of response per unit of factor", "loading; exact zeros are exact"),
    },
    "betas_long": {
        "response": Option("", "name of the response"),
        "cluster": Option("", "its cluster or group"),
        "factor": Option("", "name of the factor"),
        "beta": Option("units of response per unit of factor", "loading"),
        "sign": Option("", "bound in force: 1 for >= 0, -1 for <= 0, 0 for exactly zero, blank for free"),
        "rule": Option("", "where the bound of the loading comes from: free, user, derived, gated, excluded, nonneg"),
        "state": Option("", "active, at prior, zero by penalty, held by bound, warm up or no data"),
        "t": Option("t statistic", "of the univariate slope of the response's pool; only with derived signs"),
        "slope": Option("as beta", "that slope"),
        "prior": Option("as beta", "the value the penalty pulls towards"),
        "multiplier": Option(
            "squared units of the data per unit of beta",
            "what the objective would gain per unit the bound is relaxed; negative at a lower bound",
        ),
    },
    "fit_statistics": {
        "response": Option("", "name of the response"),
        "alpha": Option("units of the data, per row", "constant of the regression, not annualised"),
        "r2": Option("share", "1 - ss_res/ss_total in the sample; blank for a constant response"),
        "ss_total": Option(UNIT_SQUARED, "weighted variance of the response per row"),
        "ss_res": Option(UNIT_SQUARED, "weighted mean squared residual per row, about zero"),
        "residual_vol": Option("units of the data, per row", "square root of ss_res, not annualised"),
        "observations": Option("rows", "values present in the sample"),
        "missing": Option("share", "share of the rows of the sample without a value"),
        "relative_gap": Option(
            "share of the objective", "duality gap: how far the loadings can at most be from optimal"
        ),
        "kkt_residual": Option("share of the largest gradient", "violation of the optimality conditions"),
    },
    "clusters": {
        "response": Option("", "name of the response"),
        "cluster": Option("", "its cluster or group"),
        "size": Option("responses", "number of responses in it"),
        "leaf": Option("position", "place in the drawn tree, 1 at the top"),
    },
    "linkage": {
        "step": Option("", "number of the merge"),
        "left": Option(
            "", "what is merged: a response by its place in clusters counted from 0, or N + an earlier step"
        ),
        "right": Option("", "the other part, counted alike"),
        "height": Option("distance", "height of the merge, see linkage_method and distance_transform"),
        "size": Option("responses", "responses below the merge"),
        "below_cut": Option("", "whether the merge lies at or below the cut, so that it makes a cluster"),
    },
    "signs": {
        "response": Option("", "name of the response"),
        "(factors)": Option("", "1 for a loading >= 0, -1 for <= 0, 0 for exactly zero, blank for free"),
    },
    "prior": {
        "response": Option("", "name of the response"),
        "(factors)": Option("as beta", "the value the penalty pulls towards"),
    },
    "correlation": {
        "response": Option("", "name of the response"),
        "(responses)": Option("", "correlation of the prepared responses"),
    },
    "difference": {
        "what": Option("", "parameter, sign, prior, group, cluster or loading; signs, priors and groups are yours"),
        "name": Option("", "name of the parameter, or of the response"),
        "factor": Option("", "name of the factor; blank where none is concerned"),
        "before": Option("", "its value in the fit compared with; blank for none"),
        "now": Option("", "its value in this fit; a cluster is listed where it is another by the responses it shares"),
        "change": Option("as now", "now - before, of numbers"),
    },
    "checks": {
        "check": Option("", "what must hold"),
        "passed": Option("", "whether it does"),
        "found": Option("", "what was found"),
    },
    "dictionary": {
        "sheet": Option("", "name of the sheet"),
        "column": Option("", "name of the column; (factors) stands for one column per factor"),
        "unit": Option("", "unit of its numbers"),
        "meaning": Option("", "what it holds"),
    },
}
