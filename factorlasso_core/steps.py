"""The first stages of a fit, each under the key of what it depends on and nothing else."""

from __future__ import annotations

from dataclasses import replace

from factorlasso_core.digest import digest
from factorlasso_core.guided import Guided, guide
from factorlasso_core.moments import Moments, moments
from factorlasso_core.options import FitSpec, LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.prepare import Prepared, prepare
from factorlasso_core.stages import Stages


def prepared(stages: Stages, panel: Panel, options: LossOptions) -> Prepared:
    """Demeaned arrays, masks and weights."""
    return stages.get("prepare", digest(panel.key, options.digest()), lambda: prepare(panel, options))


def panel_moments(stages: Stages, panel: Panel, options: LossOptions) -> Moments:
    """Gram matrices and linear terms of the loss."""
    key = digest(panel.key, options.digest())
    return stages.get("moments", key, lambda: moments(prepared(stages, panel, options)))


def guided(stages: Stages, panel: Panel, spec: FitSpec) -> Guided:
    """Stage one of UniLasso; the span enters through the means only."""
    key = digest(panel.key, spec.loss.digest(), str(spec.guided.loo))
    return stages.get("guided", key, lambda: guide(prepared(stages, panel, spec.loss), spec.guided.loo))


def correlation_loss(spec: FitSpec) -> LossOptions:
    """The loss options with which the responses are demeaned and weighted for clustering."""
    span = spec.clustering.span
    return spec.loss if span is None else replace(spec.loss, span=span)
