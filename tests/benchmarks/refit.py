"""What one slider move costs in the core: ``python -m tests.benchmarks.refit``.

Every move starts from a cache that holds the stages of the previous position, as on the page; each
position is visited once, so no move is answered from the cache.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from factorlasso_core import ClusterOptions, FitSpec, LassoModelType, LossOptions, Panel, PenaltyOptions, Stages, fit
from factorlasso_core.demo import load_demo
from tests.benchmarks.panels import LAMBDA, make_panel

HCGL = LassoModelType.GROUP_LASSO_CLUSTERS
STEPS = 15


def moves(start: FitSpec) -> Iterator[tuple[str, list[FitSpec]]]:
    """Positions of each slider, one list a slider."""
    lambdas = start.penalty.reg_lambda * np.geomspace(0.3, 3, STEPS)
    yield "λ", [replace(start, penalty=replace(start.penalty, reg_lambda=float(value))) for value in lambdas]
    alphas = np.linspace(0.02, 0.5, STEPS)
    yield "α", [replace(start, penalty=replace(start.penalty, l1_weight=float(value))) for value in alphas]
    cutoffs = np.linspace(0.2, 0.9, STEPS)
    yield "cutoff", [replace(start, clustering=ClusterOptions(float(value))) for value in cutoffs]
    yield "span", [replace(start, loss=LossOptions(span=float(value))) for value in np.linspace(12, 120, STEPS)]


def measure(name: str, panel: Panel, start: FitSpec) -> None:
    """Print median and largest time of the moves of every slider, and the largest gap."""
    for slider, positions in moves(start):
        stages = Stages()
        fit(panel, spec=start, stages=stages)
        seconds, gaps = [], []
        for spec in positions:
            begun = time.perf_counter()
            result = fit(panel, spec=spec, stages=stages)
            seconds.append(1e3 * (time.perf_counter() - begun))
            gaps.append(result.certificate.relative_gap)
        row = f"{name:<34} {slider:<7} median {statistics.median(seconds):7.1f} ms   max {max(seconds):7.1f} ms"
        print(f"{row}   gap {max(gaps):.0e}")


def main() -> None:
    """Measure the demo at its defaults and the panel of 500 x 500 x 20."""
    demo = load_demo("synthetic")
    measure(
        "demo 300 x 40 x 6",
        Panel.from_frames(demo.factors, demo.responses),
        FitSpec(HCGL, clustering=ClusterOptions(0.45), penalty=PenaltyOptions(3.069e-5, 0.1)),
    )
    for ragged in (False, True):
        measure(
            f"500 x 500 x 20{', ragged' if ragged else ''}",
            make_panel(ragged=ragged),
            FitSpec(HCGL, clustering=ClusterOptions(0.45), penalty=PenaltyOptions(LAMBDA, 0.1)),
        )


if __name__ == "__main__":
    main()
