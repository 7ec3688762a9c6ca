"""Colours and labels shared by all figures.

Labels come from files and are treated as hostile: Plotly reads ``<b>``, ``<a>`` and entities in any text
as markup, and ``$...$`` as a formula.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from factorlasso_core.arrays import Array

LONGEST_LABEL = 28  # characters on an axis
LONGEST_HOVER = 200
ZERO_WIDTH = 1e-12  # of the scale: what counts as zero in the colours of loadings

# Qualitative colours told apart by the colour-blind: six of Okabe and Ito, five of Paul Tol, one grey.
PALETTE = (
    "#e69f00", "#0072b2", "#009e73", "#cc79a7", "#56b4e9", "#d55e00",
    "#882255", "#999933", "#44aa99", "#aa4499", "#ddcc77", "#7f7f7f",
)  # fmt: skip
NEGATIVE = ("#67001f", "#b2182b", "#d6604d", "#f4a582", "#fddfd1")  # from the limit to just below zero
POSITIVE = ("#d7e8f3", "#92c5de", "#4393c3", "#2166ac", "#053061")  # from just above zero to the limit
DARK_NEGATIVE = ("#ffd0c0", "#f58d70", "#cc5338", "#8c3527", "#58261f")
DARK_POSITIVE = ("#1d3d57", "#235d8a", "#3386c0", "#74b8ea", "#cfe9ff")

# Relative luminance of WCAG 2, and the one on which black and white have the same contrast.
LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
EVEN_LUMINANCE = 0.179

Scale = list[tuple[float, str]]


@dataclass(frozen=True)
class Theme:
    """Colours on a light or a dark page; the background itself stays transparent.

    >>> Theme().paper, Theme(dark=True).paper
    ('#ffffff', '#171614')
    """

    dark: bool = False

    @property
    def ink(self) -> str:
        """Text and lines that carry meaning."""
        return "#ebeae6" if self.dark else "#1f2430"

    @property
    def muted(self) -> str:
        """Text and lines in the second row."""
        return "#a3a29c" if self.dark else "#5d6678"

    @property
    def grid(self) -> str:
        """Lines that only guide the eye."""
        return "#35332f" if self.dark else "#e4e7ec"

    @property
    def paper(self) -> str:
        """The page the figure is expected to lie on."""
        return "#171614" if self.dark else "#ffffff"

    @property
    def neutral(self) -> str:
        """A cell that is exactly zero."""
        return "#24231f" if self.dark else "#f6f7f8"

    @property
    def held(self) -> str:
        """A cell held at zero by its sign."""
        return "#565550" if self.dark else "#c5cbd5"

    @property
    def accent(self) -> str:
        """Single lines and bars that are neither a loading nor a cluster."""
        return "#6ea8dc" if self.dark else "#33658a"

    @property
    def shade(self) -> str:
        """A region marked behind the data."""
        return "rgba(255,255,255,0.06)" if self.dark else "rgba(31,36,48,0.055)"

    @property
    def loadings(self) -> Scale:
        """Colours from ``-limit`` to ``limit``: neutral at zero itself, a tint for the smallest loading."""
        below, above = (DARK_NEGATIVE, DARK_POSITIVE) if self.dark else (NEGATIVE, POSITIVE)
        zero = [(0.5 - ZERO_WIDTH, self.neutral), (0.5 + ZERO_WIDTH, self.neutral)]
        return _spread(below, 0.0, 0.5 - ZERO_WIDTH) + zero + _spread(above, 0.5 + ZERO_WIDTH, 1.0)

    def wants_white(self, share: Array) -> Array:
        """Return where white text is more legible than black on a loading, given as a share of the limit."""
        places = [place for place, _ in self.loadings]
        parts = np.array([_channels(colour) for _, colour in self.loadings]) / 255.0
        at = 0.5 + 0.5 * np.clip(np.nan_to_num(share, nan=0.0), -1.0, 1.0)
        mixed = np.stack([np.interp(at, places, parts[:, i]) for i in range(3)], axis=-1)
        linear = np.where(mixed <= 0.04045, mixed / 12.92, ((mixed + 0.055) / 1.055) ** 2.4)
        return np.asarray(linear @ LUMINANCE < EVEN_LUMINANCE)

    @property
    def diverging(self) -> Scale:
        """Colours from ``-limit`` to ``limit`` through the page colour at zero."""
        below, above = (DARK_NEGATIVE, DARK_POSITIVE) if self.dark else (NEGATIVE, POSITIVE)
        stops = (*below[:-1], self.paper, *above[1:])
        return [(i / (len(stops) - 1), colour) for i, colour in enumerate(stops)]


def _spread(colours: Sequence[str], start: float, end: float) -> Scale:
    """A part of a scale."""
    return [(start + (end - start) * i / (len(colours) - 1), colour) for i, colour in enumerate(colours)]


def steps(colours: Sequence[str]) -> Scale:
    """Return a scale of flat steps for codes 0, 1, ..., to be used with ``zmin=-0.5, zmax=len-0.5``."""
    n = len(colours)
    return [(edge / n, colour) for i, colour in enumerate(colours) for edge in (i, i + 1)]


def cluster_colours(count: int, theme: Theme) -> list[str]:
    """Return a colour for each cluster: the palette, then lighter and darker rounds of it, then again.

    >>> len(set(cluster_colours(36, Theme()))), len(cluster_colours(100, Theme()))
    (36, 100)
    """
    base = [_mixed(c, "#ffffff", 0.2) for c in PALETTE] if theme.dark else list(PALETTE)
    rounds = base + [_mixed(c, "#ffffff", 0.5) for c in base] + [_mixed(c, "#000000", 0.35) for c in base]
    return [rounds[i % len(rounds)] for i in range(count)]


def _channels(colour: str) -> list[int]:
    """Red, green and blue of ``#rrggbb``, 0 to 255."""
    return [int(colour[i : i + 2], 16) for i in (1, 3, 5)]


def _mixed(colour: str, other: str, share: float) -> str:
    """A colour with a share of another."""
    pairs = zip(_channels(colour), _channels(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def safe_text(label: object, longest: int | None = LONGEST_LABEL) -> str:
    """Return a label as text Plotly shows as it is, long ones with an ellipsis in the middle.

    Args:
        label: Anything; control and direction characters become spaces.
        longest: Characters shown at most; None for all of them.

    >>> safe_text("<b>A&B</b> $x$")
    '&lt;b&gt;A&amp;B&lt;/b&gt; &#36;x&#36;'
    >>> safe_text("A name much longer than any axis can show")
    'A name much lo…axis can show'
    """
    text = str(label)
    if not text.isprintable():
        text = "".join(" " if unicodedata.category(sign) in _UNSEEN else sign for sign in text)
    if longest is not None and len(text) > longest:
        head = longest // 2
        text = f"{text[:head]}…{text[len(text) - (longest - head - 1) :]}"
    # Plotly looks for $ in the raw text and resolves entities afterwards.
    return escape(text, quote=False).replace("$", "&#36;")


_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def safe_names(labels: Iterable[object]) -> list[str]:
    """Return labels for hover texts: whole up to 200 characters."""
    return [safe_text(label, LONGEST_HOVER) for label in labels]


def colour_limit(*values: Array) -> float:
    """Return a round number at or above every finite ``|value|``, 1 if all are zero or none is finite.

    >>> colour_limit(np.array([0.1, -1.13, np.nan])), colour_limit(np.zeros(2))
    (1.2, 1.0)
    """
    finite = [np.abs(array[np.isfinite(array)]).max(initial=0.0) for array in values]
    largest = float(max(finite, default=0.0))
    if largest == 0:
        return 1.0
    unit = 10.0 ** np.floor(np.log10(largest))
    ladder = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return float(unit * next(step for step in ladder if step * unit >= largest * (1 - 1e-12)))
