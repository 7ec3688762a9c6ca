"""Clusters: the tree, the correlations it was made from, and who belongs together."""

from dataclasses import replace

import streamlit as st

from factorlasso_core import LassoModelType
from factorlasso_core.figures import clusters
from pages.shared import baseline, cluster_view, clustermap, compute, detail, feedback, layout

inputs = layout.begin("Clusters")
fit = feedback.need_fit(inputs.outcome)

if fit.clustering is None and inputs.panel.shape[1] > 1 and inputs.outcome.error is None:
    st.info("The chosen model uses no clusters; shown is what HCGL would find with the same data and span.")
    hcgl = replace(inputs.spec, model_type=LassoModelType.GROUP_LASSO_CLUSTERS)
    fit = compute.beside(inputs.panel, fit.beliefs, hcgl, shared=inputs.outcome.shared)
if fit.clustering is None:
    st.info("A single response has nothing to be clustered with.")
else:
    cluster_view.headline(fit)
    left, right = st.columns([8, 3])
    with left:
        pin = baseline.chosen(inputs.edits)
        clustermap.correlations(fit, inputs.edits, pin and pin.fit)
    with right:
        cluster_view.members(fit, inputs.edits)
    with st.expander("Sizes of the clusters", key="sizes_box", on_change="rerun") as box:
        if box.open:
            feedback.chart(
                clusters.cluster_sizes(fit, feedback.theme()), "sizes", "Number of responses in each cluster"
            )
    cluster_view.comparison(inputs, fit)
    baseline.clusters(inputs, fit)
    detail.panel(inputs, fit, list(inputs.edits.selection.rows))
feedback.fit_id(inputs.outcome)
