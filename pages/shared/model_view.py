"""Parts of the *Model* page: automatic signs, the map of reasons, rules, clustering options."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from factorlasso_core import Fit
from factorlasso_core.figures import rules as rule_figures
from factorlasso_core.model_types import LassoModelType
from pages.shared import editors, feedback, reason_map
from pages.shared.settings import draw, value
from pages.shared.sidebar import Inputs
from pages.shared.state import Edits

MAPS = {"rule": "Rule", "t": "t statistic", "multiplier": "Multiplier"}


def kept_but_unused(kind: LassoModelType, what: str) -> None:
    """Say that the model has no place for what is edited here."""
    name = feedback.MODEL_SENTENCES[kind.name].split(":")[0]
    st.info(f"{name} takes no {what}: what you set here is kept for the other models.", icon=":material/info:")


def automatic_signs(inputs: Inputs) -> None:
    """Signs from the data: the switch, the gate, and what stands behind them."""
    kind = inputs.spec.model_type
    off = not kind.takes_signs
    left, middle, right = st.columns([2, 3, 2], vertical_alignment="center")
    with left:
        draw("derive", "Derive signs from the data",
             "Each loading gets the sign of its factor's univariate slope, pooled over the group of the response.",
             disabled=off)  # fmt: skip
    idle = off or not value("derive")
    with middle:
        draw("gate", "Gate: smallest t statistic", "A factor that alone has a smaller t gets no loading. 0: no gate.",
             disabled=idle)  # fmt: skip
    with right:
        draw("adaptive", "Adaptive weights", "Penalise loadings with a large univariate slope less.", disabled=idle)
    if not idle:
        with st.expander("How signs are derived", key="sign_details"):
            _sign_details(inputs)


def _sign_details(inputs: Inputs) -> None:
    first, second, third = st.columns(3)
    with first:
        draw("sign_variance", "t statistic counts",
             "Responses of one date move together; counting every date once is the cautious choice.")  # fmt: skip
        draw("sign_span", "Weights of the slopes", "Rows over which older observations lose weight.")
    with second:
        adaptive = value("adaptive")
        draw("gamma", "Power γ of the weights", "A cell's penalty is divided by its slope to this power.",
             disabled=not adaptive)  # fmt: skip
        draw("floor", "Smallest slope counted", "Smaller slopes are weighted as if they were this large.",
             disabled=not adaptive)  # fmt: skip
    with third:
        names = list(map(str, inputs.panel.factors))
        chosen = [name for name in inputs.edits.unsigned if name in names]
        picked = st.multiselect("Factors left free", names, default=chosen, placeholder="none",
                                key=f"unsigned_{inputs.edits.key}",
                                help="Their loadings get no derived sign.")  # fmt: skip
        if tuple(picked) != tuple(chosen):
            inputs.edits.unsigned = tuple(picked)
            st.rerun()
        draw("prior_overrides", "Prior beats derived sign",
             "A prior that is not zero replaces a derived sign by its own, as the reference does.")  # fmt: skip


def signs_tool() -> str:
    """How signs are edited: painted on the map or typed into a grid, in turn, so that neither slows the other."""
    return st.segmented_control("Edit signs by", ["Paint", "Type"], default="Paint", required=True, key="signs_tool",
                                label_visibility="collapsed")  # fmt: skip


def reasons(fit: Fit) -> None:
    """What bounds each loading, row by row beside the editor."""
    shown = st.segmented_control("Map of", list(MAPS), format_func=MAPS.__getitem__, default="rule", required=True,
                                 key="map_of", label_visibility="collapsed")  # fmt: skip
    reason_map.draw(fit, shown or "rule")


def at_a_glance(fit: Fit, shown: str) -> None:
    """The same as one picture, for panels longer than the screen."""
    with st.expander("The whole map at a glance", key=f"glance_{shown}", on_change="rerun") as box:
        if box.open:
            figure = rule_figures.rule_map(fit, shown, feedback.theme())
            feedback.chart(figure, f"rule_map_{shown}", f"{MAPS.get(shown, 'Prior')} of every loading")


def prior_of_data(inputs: Inputs) -> None:
    """The OLS prior and, once it is on, the factors it rests on."""
    kind, edits = inputs.spec.model_type, inputs.edits
    draw("ols", "Prior from the data",
         "Pulls each response towards its univariate slope on the factor that explains it best. What you type wins.",
         disabled=not kind.takes_prior)  # fmt: skip
    if inputs.spec.prior.ols:
        with st.expander("Name the factors it rests on", key="named_box"):
            st.caption("One or two factors a response; with none the factor with the highest R² is taken.")
            factors_by_response(edits, "named", "factors of its prior", most=2)


def excluded(inputs: Inputs) -> None:
    """Loadings that must be zero, response by response."""
    with st.expander("Exclude factors by response", key="excluded_box"):
        st.caption("Excluded loadings are zero whatever the signs and the data say.")
        factors_by_response(inputs.edits, "excluded", "excluded factors", most=None)


def factors_by_response(edits: Edits, name: str, title: str, most: int | None) -> None:
    """A list of factors for each response."""
    held: dict[str, list[str]] = getattr(edits, name)
    responses = list(map(str, edits.signs.index))
    table = pd.DataFrame({title: [held.get(response, []) for response in responses]}, index=responses)
    options = list(map(str, edits.signs.columns))
    column = partial(st.column_config.MultiselectColumn, options=options, width="large", color="auto")
    shown = editors.grid(table, pd.DataFrame.copy, f"{name}_grid_{edits.key}", column)
    st.caption("Click a cell and press Enter to open its list.")
    picked = {response: list(factors) for response, factors in shown[title].items() if factors}
    for response, factors in picked.items():
        if most is not None and len(factors) > most:
            names = feedback.plain(", ".join(factors[:most]))
            st.warning(f"{feedback.plain(response)} names {len(factors)} factors; the first {most} count: {names}.")
    picked = {response: factors[:most] for response, factors in picked.items()}
    if picked != held:
        setattr(edits, name, picked)
        st.rerun()


def rules(inputs: Inputs) -> None:
    """Options of the loss, the histories and the loadings in three columns."""
    kind = inputs.spec.model_type
    guided = kind is LassoModelType.UNILASSO
    loss, histories, rest = st.columns(3)
    with loss:
        st.markdown("**Loss**")
        draw("demean", "Means", "A model without means has no constant.")
        draw("centering", "Centre on the means", "Own rows: the exact fit with a free constant, for ragged histories.",
             disabled=value("demean") != "yes" or guided)  # fmt: skip
        draw("normalization", "Divide the loss by",
             "By rows, a short history is penalised more, as in the reference.", disabled=guided)  # fmt: skip
    with histories:
        st.markdown("**Histories**")
        draw("warmup", "Warm-up, observations", "Responses with fewer get zero loadings.")
        draw("factor_rows", "Rows with some factors missing", "Rows without any factor never count.")
        draw("short", "Responses in warm-up", "Whether they shape clusters, group sizes and pooled signs.",
             disabled=kind.is_lasso)  # fmt: skip
    with rest:
        st.markdown("**Loadings**")
        draw("nonneg", "Sign of all loadings", "Intersected with the sign matrix.",
             disabled=not kind.takes_signs)  # fmt: skip
        draw("group_penalty", "Weight of a group", "How the penalty of a group grows with its size.",
             disabled=kind.is_lasso)  # fmt: skip
        if guided:
            draw("loo", "Leave-one-out fits", "Stage two sees each row's fit made without that row.")
            draw("keep_sign", "Keep univariate signs", "No loading may turn against its factor's own slope.")
    with st.expander("Clustering options", key="clustering_box"):
        clustering(inputs)


def clustering(inputs: Inputs) -> None:
    """How responses become clusters: dependence, distance, tree, cut."""
    if not inputs.spec.model_type.clusters_responses:
        st.caption("The chosen model uses no clusters; the *Clusters* page shows them all the same.")
    dependence, tree, cut = st.columns(3)
    with dependence:
        draw("dependence", "Dependence of two responses", "What is turned into a distance.")
        if value("dependence") == "gerber":
            draw("gerber", "Large move, standard deviations", "Smaller moves do not count for Gerber's statistic.")
        draw("pc1", "First principal component",
             "Taking it out clusters on what is left when the market is gone.")  # fmt: skip
        draw("cluster_span", "EWMA span of the clusters", "Rows over which older observations lose weight.")
        draw("correlation", "EWMA correlation",
             "Zero start shrinks late starters, as in the reference. No effect without a span.")  # fmt: skip
    with tree:
        draw("distance", "Distance from ρ", "Chord and angle are distances in the strict sense.")
        draw("linkage", "Linkage", "How the distance to a merged cluster follows from its parts.")
    with cut:
        draw("cut_by", "Cut the tree by", "At a height, or into so many clusters at most.")
        if value("cut_by") == "count":
            draw("clusters", "Number of clusters", "At most; merges of one height are taken together.")
