"""Colours of the live view on a light and on a dark page."""

from __future__ import annotations

from typing import Any

from factorlasso_core.figures.style import PALETTE, Theme, cluster_colours


def look(theme: Theme) -> dict[str, Any]:
    """Colours of a theme as the browser draws with them.

    Those of loadings leave the neutral of zero without a step: a cell that is next to nothing looks so, and a
    zero is told by its mark.
    """
    return {
        "ink": theme.ink,
        "muted": theme.muted,
        "grid": theme.grid,
        "page": theme.paper,
        "paper": theme.paper,
        "neutral": theme.neutral,
        "held": theme.held,
        "tone": theme.accent,
        "shade": theme.shade,
        "loadings": [(place, theme.neutral if colour == theme.paper else colour) for place, colour in theme.diverging],
        "diverging": theme.diverging,
        "palette": cluster_colours(3 * len(PALETTE), theme),
    }


LOOKS = {"light": look(Theme()), "dark": look(Theme(dark=True))}
