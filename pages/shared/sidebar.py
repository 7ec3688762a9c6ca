"""The sidebar every page shows: where to go, which data, which model, and how the fit stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial

import streamlit as st

from factorlasso_core import Beliefs, FitSpec, LassoModelType, Panel
from factorlasso_core.demo import DEMOS
from factorlasso_core.options import LARGEST_LAMBDA
from pages.shared import compute, feedback, link, scale, select_settings, settings, sources, state, undo
from pages.shared.compute import Outcome
from pages.shared.link import Parameter, number, one_of
from pages.shared.sources import Source
from pages.shared.state import Edits

PAGES = (
    ("app.py", "Home", ":material/home:"),
    ("pages/1_Data.py", "Data", ":material/table_chart:"),
    ("pages/2_Model.py", "Model", ":material/tune:"),
    ("pages/3_Tune.py", "Tune", ":material/grid_on:"),
    ("pages/4_Clusters.py", "Clusters", ":material/account_tree:"),
    ("pages/5_Select.py", "Select", ":material/query_stats:"),
    ("pages/8_Export.py", "Export", ":material/download:"),
)
MODELS = {
    "LASSO": "LASSO",
    "UNILASSO": "UniLasso",
    "GROUP_LASSO": "GROUP_LASSO",
    "GROUP_LASSO_CLUSTERS": "HCGL",
    "FACTOR_CLUSTER_GROUP_LASSO": "FCGL",
    "COOPERATIVE_GROUP_LASSO": "Cooperative, your groups",
    "COOPERATIVE_CLUSTER_GROUP_LASSO": "Cooperative, clusters",
}
MODEL_WORDS = {
    **MODELS,
    "UNILASSO": "UNILASSO",
    "COOPERATIVE_GROUP_LASSO": "COOPERATIVE",
    "COOPERATIVE_CLUSTER_GROUP_LASSO": "COOPERATIVE_CLUSTERS",
}
MODEL_NAMES = {word: name for name, word in MODEL_WORDS.items()}
SPANS = ("off", *settings.SPANS)
START_LAMBDA = 3e-5
LAMBDA_HELP = (
    "The value in force. The slider shows its nearest stop. λ_ref is the smallest LASSO penalty that makes every "
    "loading of these data zero, without span, signs and prior."
)
CUTOFF_HELP = (
    "Height of the cut as a share of the largest pairwise distance. The number of clusters moves unevenly "
    "with it: *Tune* says it beside the tree."
)
COUNT_HELP = "Without effect: *Model, Rules* cuts the tree into a number of clusters."


@cache
def _start() -> float:
    """The default λ: the stop of the default demo nearest to 3e-5."""
    first = sources.demo_source(next(iter(DEMOS)))
    unit = compute.lambda_scale(first.panel, shared=True)
    return scale.at_stop(scale.nearest_stop(START_LAMBDA, unit), unit)


DATA = Parameter("data", lambda: next(iter(DEMOS)), lambda text: text if text in sources.choices() else None)
# What undo and redo step through.
STEPS = (
    Parameter(
        "model",
        lambda: "GROUP_LASSO_CLUSTERS",
        one_of(MODEL_NAMES),
        MODEL_WORDS.get,
    ),
    Parameter("lam", _start, number(0.0, LARGEST_LAMBDA), repr),
    Parameter("alpha", lambda: 0.1, number(0.0, 1.0), repr),
    Parameter("cutoff", lambda: 0.45, number(0.01, 1.0), repr),
    Parameter("span", lambda: "off", one_of({span: span for span in SPANS})),
    Parameter("window", lambda: None, link.window),
    *settings.PARAMETERS,
)
PARAMETERS = (DATA, *STEPS, *select_settings.PARAMETERS)


@dataclass(frozen=True, eq=False)
class Inputs:
    """What the page works with: the sample, the edits, the options, and the fit of them."""

    source: Source
    panel: Panel
    edits: Edits
    spec: FitSpec
    scale: float
    outcome: Outcome
    query: dict[str, str]


def show(page: str) -> Inputs:
    """Draw the sidebar of a page, fit, and say how the fit stands."""
    _choose()
    if link.arrive(page, PARAMETERS):
        state.forget("lam_stop")
    source = sources.load(state.value("data"))
    edits = sources.edits(source)
    _note_data(source)
    undo.record(edits, STEPS)
    query = link.publish(PARAMETERS, source.panel.key, source.file)
    with st.sidebar:
        st.markdown("### Factor Lasso Workbench")
        for path, label, icon in PAGES:
            st.page_link(path, label=label, icon=icon, query_params=query)
        undo.buttons(edits, STEPS)
        titles = sources.choices()
        st.selectbox("Data set", list(titles), format_func=titles.__getitem__, key="data", on_change=_chosen)
        panel = sources.sample(source, edits)
        model = st.selectbox("Model type", list(MODELS), format_func=MODELS.__getitem__, key="model",
                             help=feedback.MODEL_HELP)  # fmt: skip
        unit = compute.lambda_scale(panel, shared=source.public)
        spec = settings.spec(model, _penalty(unit), *_mixture(model), _span())
        beliefs, untouched = _beliefs(panel, edits, spec, source)
        outcome = compute.run(panel, beliefs, spec, shared=source.public and untouched)
        feedback.status(outcome)
        _unused(edits, spec)
        link.show(PARAMETERS, query)
    return Inputs(source, panel, edits, spec, unit, outcome, query)


def _beliefs(panel: Panel, edits: Edits, spec: FitSpec, source: Source) -> tuple[Callable[[], Beliefs], bool]:
    """What the analyst holds, as far as the model has a place for it, and whether nothing of it was typed.

    Elsewhere an unfinished list of groups, or signs a model does not take, are no fault.
    """
    kind = spec.model_type
    signs = edits.given("signs") if kind.takes_signs else None
    prior = edits.given("prior") if kind.takes_prior else None
    groups = edits.groups.replace("", None) if kind.needs_groups and edits.groups is not None else None
    held = {
        "excluded": edits.excluded if kind.takes_signs else {},
        "unsigned": edits.unsigned if spec.signs.derive else (),
        "named": edits.named if spec.prior.ols else {},
    }
    chosen = {name: value for name, value in held.items() if value}
    untouched = signs is None and prior is None and edits.groups is source.groups and not chosen
    return partial(Beliefs.for_panel, panel, signs=signs, prior=prior, groups=groups, **chosen), untouched


def _unused(edits: Edits, spec: FitSpec) -> None:
    """Name what is set and has no place in the model: it is kept, and the fit does without it."""
    kind = spec.model_type
    signs, prior = not kind.takes_signs, not kind.takes_prior
    idle = {
        "signs": signs and edits.given("signs") is not None,
        "derived signs": signs and settings.value("derive"),
        "exclusions": signs and bool(edits.excluded),
        "≥ 0 everywhere": signs and settings.value("nonneg") == "yes",
        "prior": prior and edits.given("prior") is not None,
        "prior from the data": prior and settings.value("ols"),
    }
    names = [name for name, there in idle.items() if there]
    if names:
        st.caption(f":material/info: Set, but not used by {MODELS[kind.name]}: {', '.join(names)}.")


def _choose() -> None:
    """Switch to data that were just uploaded, and away from data that are gone."""
    record = state.session()
    if record.choose is not None:
        state.put("data", record.choose)
        record.choose = None
    if state.has("data") and state.value("data") not in sources.choices():
        state.put("data", next(iter(DEMOS)))


def _chosen() -> None:
    """Data picked by hand are meant: what a link asked for is no longer missed."""
    state.session().needs = None


def _note_data(source: Source) -> None:
    """Other data have another window, and no complaint about a file that is not on screen.

    Data that a link waited for have the window of that link.
    """
    record, needs = state.session(), state.session().needs
    met = needs is not None and needs.met_by(source.panel.key, source.key)
    if record.shown not in (None, source.key):
        state.put("window", needs.window if met else None)
        record.refused = None
    if met:
        record.needs = None
    record.shown = source.key


def _penalty(unit: float) -> float:
    """Slider on the log grid over the number that is stored; each moves the other."""

    def moved() -> None:
        state.put("lam", scale.at_stop(state.value("lam_stop"), unit))

    slot = st.container()
    help_text = "The penalty itself, in squared units of the data. Type any value."
    bounds = {"min_value": 0.0, "max_value": LARGEST_LAMBDA, "step": 1e-6}
    lam = st.number_input("λ value", format="%.3e", key="lam", help=help_text, **bounds)
    state.put("lam_stop", scale.nearest_stop(lam, unit))
    slot.select_slider(
        "Penalty λ",
        scale.STOPS,
        format_func=lambda stop: f"{scale.at_stop(stop, unit):.4g}",
        key="lam_stop",
        on_change=moved,
        help="Twenty stops a decade, from 0 to ten times the largest useful LASSO penalty of these data.",
    )
    share = f"λ = {lam:.4g}, {lam / unit:.3g} of λ_ref" if unit else f"λ = {lam:.4g}"
    st.caption(f"{share}{_off_stop(lam, unit)}.", help=LAMBDA_HELP)
    return float(lam)


def _off_stop(lam: float, unit: float) -> str:
    """What to know of a λ at which the slider cannot stand."""
    if scale.off_grid(lam, unit):
        return "; it lies beyond the slider and is used as typed"
    on_stop = not unit or lam == scale.at_stop(scale.nearest_stop(lam, unit), unit)
    return "" if on_stop else "; the slider stands at its nearest stop"


def _mixture(model: str) -> tuple[float, float]:
    kind = LassoModelType[model]
    by_count = settings.value("cut_by") == "count"
    alpha = st.slider("L1 share α", 0.0, 1.0, step=0.01, key="alpha", disabled=kind.is_lasso,
                      help="0: blocks of loadings leave whole. 1: plain LASSO. Between: both.")  # fmt: skip
    cutoff = st.slider("Dendrogram cutoff", 0.01, 1.0, step=0.01, key="cutoff",
                       disabled=by_count or not kind.clusters_responses,
                       help=COUNT_HELP if by_count else CUTOFF_HELP)  # fmt: skip
    return alpha, cutoff


def _span() -> float | None:
    about = "Rows over which older observations lose weight; off weighs all alike."
    chosen = st.select_slider("EWMA span", SPANS, key="span", help=about)
    return None if chosen == "off" else float(chosen)
