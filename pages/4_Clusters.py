"""Clusters: the tree, the correlations it was made from, and who belongs together."""

from dataclasses import replace

import streamlit as st

from factorlasso_core import LassoModelType
from factorlasso_core.figures import clusters
from pages.shared import cluster_view, compute, feedback, layout

inputs = layout.begin("Clusters")
fit, theme = feedback.need_fit(inputs.outcome), feedback.theme()

if fit.clustering is None and inputs.panel.shape[1] > 1 and inputs.outcome.error is None:
    st.info("The chosen model uses no clusters; shown is what HCGL would find with the same data and span.")
    hcgl = replace(inputs.spec, model_type=LassoModelType.GROUP_LASSO_CLUSTERS)
    fit = compute.beside(inputs.panel, fit.beliefs, hcgl, shared=inputs.outcome.shared)
if fit.clustering is None:
    st.info("A single response has nothing to be clustered with.")
else:
    cluster_view.headline(fit)
    feedback.chart(clusters.dendrogram(fit, theme), "tree", "Tree of the responses with the cut")
    left, right = st.columns([3, 2])
    with left:
        feedback.chart(clusters.correlation_heatmap(fit, theme), "correlation", "Correlation in the order of the tree")
    with right:
        feedback.chart(clusters.cluster_sizes(fit, theme), "sizes", "Number of responses in each cluster")
        cluster_view.members(fit)
    cluster_view.comparison(inputs, fit)
feedback.fit_id(inputs.outcome)
