"""Parts of the *Clusters* page: headline, members, comparison with other partitions."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from factorlasso_core import Fit
from factorlasso_core.agreement import adjusted_rand
from pages.shared import feedback
from pages.shared.sidebar import Inputs
from pages.shared.state import Edits


def headline(fit: Fit) -> None:
    """Number of clusters, the largest, the cut."""
    assert fit.labels is not None
    sizes = pd.Series(fit.labels[fit.counted]).value_counts()
    columns = st.columns(4)
    columns[0].metric("Clusters", len(sizes))
    columns[1].metric("Largest", int(sizes.iloc[0]))
    columns[2].metric("Singletons", int((sizes == 1).sum()))
    columns[3].metric("Height of the cut", f"{fit.cutoff:.4g}", help="In units of the distance between two responses.")


def members(fit: Fit, edits: Edits) -> None:
    """Who belongs to which cluster, in the order of the tree; of a selection the selected."""
    assert fit.clustering is not None and fit.labels is not None
    order = fit.clustering.tree.leaves
    table = pd.DataFrame(
        {
            "cluster": pd.Series(fit.labels, dtype="Int64").where(fit.counted).to_numpy()[order],
            "response": fit.panel.responses.astype(str)[order],
            "R²": fit.statistics.r2[order],
        }
    )
    table.insert(1, "size", table.groupby("cluster")["cluster"].transform("size"))
    chosen = table["response"].isin(edits.selection.rows)
    if chosen.any():
        st.caption(f"{int(chosen.sum())} of {len(table)} responses are selected.")
        table = table[chosen]
    st.dataframe(
        table,
        hide_index=True,
        height=feedback.table_height(len(table), 560),
        column_config={"R²": st.column_config.NumberColumn(format="percent")},
    )


def comparison(inputs: Inputs, fit: Fit) -> None:
    """Agreement with the analyst's groups and, for the demo that knows it, with the truth."""
    others = {}
    if inputs.outcome.error is not None:
        return  # a stale fit is shown, not compared
    if inputs.edits.groups is not None:
        others["Your groups"] = inputs.edits.groups.to_numpy()
    if inputs.source.truth is not None:
        others["True clusters"] = inputs.source.truth.clusters.reindex(inputs.panel.responses).to_numpy()
    if not others:
        st.caption("Give group labels under *Model, Groups* to compare the clusters with them.")
        return
    st.subheader("Compared with", anchor=False)
    for tab, (name, labels) in zip(st.columns(len(others)), others.items(), strict=True):
        with tab:
            known = ~pd.isna(labels) & (labels != "") & fit.counted
            if not known.any():
                st.metric(name, "–", help="No response has a label there.")
                continue
            labels, found = labels[known], fit.labels[known]
            score = adjusted_rand(found, labels)
            st.metric(
                name,
                f"{score:.3f}",
                help="Adjusted Rand index: 1 is the same partition, 0 what chance gives.",
            )
            st.dataframe(pd.crosstab(pd.Series(labels, name=name), pd.Series(found, name="cluster")))
            if not known.all():
                left = int((~known).sum())
                st.caption(f"{left} responses do not count: without a label, or left out of the clusters.")
