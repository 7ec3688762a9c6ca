"""How the fit stands, in words: status, notices, and the marker that ends a page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import streamlit as st

from factorlasso_core import Fit, Rule, State
from factorlasso_core.figures.style import Theme
from factorlasso_core.ingest import Note
from factorlasso_core.solve import PROVED
from pages.shared.compute import Outcome
from pages.shared.link import DIGITS, Need
from pages.shared.sources import Source

MODEL_SENTENCES = {
    "LASSO": "LASSO: every loading is penalised on its own; small ones become exactly zero.",
    "UNILASSO": "UniLasso: a LASSO that weighs each factor's univariate fit, so loadings keep their univariate signs.",
    "GROUP_LASSO": "GROUP_LASSO: the loadings of a response shrink together, weighted by the size of its group; "
    "the share α adds a penalty on single cells.",
    "GROUP_LASSO_CLUSTERS": "HCGL: responses that move together are found and penalised alike; the loadings of a "
    "response shrink together, and the share α adds a penalty on single cells.",
    "FACTOR_CLUSTER_GROUP_LASSO": "FCGL: responses that move together are found, and the loadings of a whole cluster "
    "on one factor enter or leave together.",
    "COOPERATIVE_GROUP_LASSO": "Cooperative: the loadings of a group on one factor enter or leave together, positive "
    "and negative ones apart, so members of a group tend to agree in sign.",
    "COOPERATIVE_CLUSTER_GROUP_LASSO": "Cooperative on clusters: as Cooperative, with the groups found by clustering.",
}
MODEL_HELP = "  \n".join(f"**{name}**:{rest}" for name, rest in (s.split(":", 1) for s in MODEL_SENTENCES.values()))
ROW = 31  # pixels of a row of a table, at the font size of the theme
CLUSTER_MARK = "\x1f"  # no name of a response holds a control character
CLUSTER_HELP = "Groups the penalty uses. The sizes stand below."


def plain(text: object) -> str:
    """Text of the user's for places that read Markdown: every special character escaped."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()<>#+-.!|~$:^&" else c for c in str(text))


def gap(fit: Fit) -> str:
    """The relative duality gap as text."""
    if fit.certificate is None:
        return "–"
    return f"{fit.certificate.relative_gap:.1e}" if fit.certificate.relative_gap else "0"


def milliseconds(outcome: Outcome) -> str:
    """Time of the fit, or that it was not needed."""
    return "cached" if outcome.cached else f"{1e3 * outcome.seconds:.1f} ms"


def status(outcome: Outcome) -> None:
    """One line on the fit, and the error that kept a new one from replacing it."""
    if outcome.error is not None:
        st.error(plain(outcome.error), icon=":material/error:")
        if outcome.fit is not None:
            st.caption(":material/history: Shown: the last good fit.")
        return
    fit = outcome.fit
    if fit is None or fit.certificate is None:
        st.caption(":material/block: Nothing was estimated.")
    elif fit.certificate.relative_gap <= PROVED:
        st.caption(f":material/verified: Optimal, gap {gap(fit)} · {milliseconds(outcome)}")
    else:
        st.caption(f":material/warning: Gap {gap(fit)}, not proved · {milliseconds(outcome)}")


def missing_data(needs: Need | None, shown: Source) -> None:
    """Name the data a link was made with where they are not here, and what is on screen instead."""
    if needs is None:
        return
    if not needs.digest:
        text = "Your upload lived in this browser session and is gone after the reload: load the files again on *Data*."
    else:
        what = f"**{plain(needs.name)}**" if needs.name else "other data"
        text = (
            f"This link was made with {what}, digest {needs.digest}, which are not "
            "here: load the files on *Data*. Uploads live in one browser session and are gone after a reload."
        )
    st.warning(
        f"{text} Shown meanwhile: {plain(shown.title)}, digest {shown.panel.key[:DIGITS]}.",
        icon=":material/upload_file:",
    )


def theme() -> Theme:
    """Colours of the figures for the theme on screen."""
    return Theme(dark=st.context.theme.type == "dark")


def chart(figure: Any, key: str, alt: str) -> None:
    """Draw a figure with an accessible name."""
    st.plotly_chart(figure, key=key, theme=None, alt=alt, config={"displaylogo": False})


@dataclass(frozen=True)
class Number:
    """A number under its name.

    Attributes:
        help: What it is, shown on hovering. change: What became of it since the pin.
    """

    name: str
    text: str
    help: str
    change: str | None = None


def numbers(shown: Iterable[Number], below: str) -> None:
    """Numbers in a row and a sentence below them, as one static element: metrics would cost five times as much.

    Args:
        below: One sentence.
    """
    cells = "".join(
        f'<div title="{escape(n.help)}"><dt>{escape(n.name)}</dt><dd>{escape(n.text)}</dd>'
        f'<dd class="change">{escape(n.change or "")}</dd></div>'
        for n in shown
    )
    st.html(f'<dl class="numbers">{cells}</dl><p class="below">{escape(below)}</p>')


def facts(rows: Mapping[str, Iterable[str]], head: Iterable[str] = ()) -> None:
    """A small table of texts as one static element: a data frame would cost more at every step of a slider."""
    cells = [[name, *values] for name, values in rows.items()]
    top = "".join(f"<th>{escape(text)}</th>" for text in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(text)}</td>' for text in row)}</tr>" for row in cells)
    st.html(f'<table class="facts">{f"<tr>{top}</tr>" if top else ""}{body}</table>')


def table_height(rows: int, most: int) -> int:
    """Pixels of a table of so many rows and its header, up to a bound from which it scrolls."""
    return min(ROW * (rows + 1) + 3, most)


def row_names(labels: Iterable[object]) -> list[str]:
    """Names of rows for a narrow column: long ones lose their middle, as long as they stay apart."""
    whole = [str(label) for label in labels]
    short = [name if len(name) <= 26 else f"{name[:12]}…{name[-13:]}" for name in whole]
    return short if len(set(short)) == len(set(whole)) else whole


def notices(fit: Fit) -> None:
    """What the analyst should know about a fit."""
    for notice in fit.notices:
        st.caption(f":material/info: {plain(notice.message)}")


def file_notes(notes: Iterable[Note]) -> None:
    """What a reader repaired or found: one line for what it says, with the places it says it of."""
    places: dict[str, list[str]] = {}
    for note in notes:
        count = f" ({note.count})" if note.count else ""
        places.setdefault(note.message, []).append(f"{note.place}{count}" if note.place else "")
    for message, where in places.items():
        named = [place for place in where if place]
        more = f" and {len(named) - 4} more" if len(named) > 4 else ""
        said = f" {', '.join(named[:4])}{more}." if named else ""
        st.caption(f":material/build: {plain(message)}{plain(said)}")


def fit_id(outcome: Outcome) -> None:
    """The digest of the fit on screen; drawn last, so that a test knows the page is done."""
    digest = outcome.fit.digest if outcome.fit is not None else "none"
    st.html(f'<p class="fit-id" title="Identity of this fit" style="font:11px monospace;opacity:.55">{digest}</p>')


def need_fit(outcome: Outcome) -> Fit:
    """The fit on screen; without any the page ends here with what to do."""
    if outcome.fit is None:
        st.info("There is no fit to show yet: follow the message in the sidebar.", icon=":material/info:")
        fit_id(outcome)
        st.stop()
    if outcome.error is not None:
        name = MODEL_SENTENCES[outcome.fit.spec.model_type.name].split(":")[0]
        st.warning(
            f"Shown is the last good fit ({name}): the settings in the sidebar have none.", icon=":material/history:"
        )
    return outcome.fit


def members(fit: Fit) -> dict[str, list[str]]:
    """Clusters as rows that can be painted together: marked labels to names of responses."""
    if fit.clusters is None:
        return {}
    return {
        f"{CLUSTER_MARK}{label}": list(map(str, part.index))
        for label, part in fit.clusters.groupby(fit.clusters, sort=False)
    }


def sign_summary(fit: Fit) -> str:
    """How many cells are constrained and by whom, and how many of them a bound really holds."""
    rule, signs = fit.box.rule, fit.box.signs
    bound = ~np.isnan(signs)
    if not bound.any():
        return "No cell is constrained."
    counts = [int((signs == value).sum()) for value in (1, -1, 0)]
    whose = {Rule.USER: "yours", Rule.DERIVED: "derived", Rule.GATED: "gated", Rule.EXCLUDED: "excluded"}
    shares = [f"{int((rule == r).sum())} {word}" for r, word in whose.items() if (rule == r).any()]
    held = int((fit.state == State.HELD_BY_BOUND).sum())
    return (
        f"{int(bound.sum())} of {signs.size} cells constrained: {counts[0]} +, {counts[1]} −, {counts[2]} zero"
        f"{' (' + ', '.join(shares) + ')' if len(shares) > 1 else ''}. "
        f"In the current fit {held} {'cell is' if held == 1 else 'cells are'} held by a bound; "
        "the others satisfy theirs anyway."
    )
