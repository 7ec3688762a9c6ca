"""The rows of the table: what is done, against what, and the bar it must clear."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from factorlasso_core import reference_lambda
from tests.benchmarks import sides
from tests.benchmarks.memory import STATUS, footprint
from tests.benchmarks.panels import make_panel, to_frames
from tests.benchmarks.results import Bar, Measured, Row
from tests.benchmarks.timing import Pace, Run, Side, interleave
from tests.benchmarks.work import FCGL, HCGL, LASSO, Shape, Work, grouped, make_work, worst

SHORT = {HCGL: "HCGL", FCGL: "FCGL"}


@dataclass(frozen=True)
class Sizes:
    """Shapes (T, N, M) of the panels, lengths of the grids, and how often is measured."""

    pace: Pace
    main: Shape
    small: Shape
    wide: Shape
    part: Shape
    large: Shape
    path: int
    grid: int
    folds: int = 5


FULL = Sizes(Pace(3), (500, 500, 20), (240, 100, 9), (500, 2000, 50), (500, 2000, 50), (500, 20_000, 50), 50, 40)
QUICK = Sizes(Pace(3, 0.2), (250, 100, 20), (240, 50, 9), (500, 400, 50), (250, 400, 20), (250, 4000, 20), 20, 10)


def all_rows(sizes: Sizes) -> list[Row]:
    """Every row of the issue at these sizes; memory is measured where the system tells it."""
    main, small, wide, most = sizes.main, sizes.small, sizes.wide, partial(Bar, most=True)
    move, fresh = partial(_refit, sizes.pace, sides.warm), partial(_refit, sizes.pace, sides.cold)
    rows = [
        move("warm λ move", main, HCGL, bar=Bar(3000)),
        move("warm λ move", main, HCGL, 0.1, bar=Bar(400)),
        move("warm λ move", main, HCGL, 0.1, ("signs",), bar=Bar(400)),
        move("warm λ move", main, LASSO, bar=Bar(400)),
        move("warm λ move", main, HCGL, 0.1, ("signs", "prior"), bar=Bar(150)),
        move("warm λ move", main, FCGL, bar=Bar(150)),
        fresh("cold fit", main, HCGL, bar=Bar(250)),
        fresh("cold fit", small, HCGL, bar=Bar(60)),
        fresh("cold fit", main, HCGL, 0.1, ("ragged", "signs"), bar=Bar(60)),
        _cross_validation(sizes),
        *(_scikit_learn(sizes.pace, shape, Bar(1.5)) for shape in (main, wide)),
        _path(sizes, "one warm fit", sides.warm_path, sides.warm, 0.0, most(60)),
        _path(sizes, "one cold fit", sides.cold_path, sides.cold, 0.1, most(20)),
        *(_scaling(sizes, model, most(1.3)) for model in (LASSO, "GROUP_LASSO")),
    ]
    if STATUS.exists():
        rows += [_memory(sizes.large, model, most(4)) for model in (LASSO, "GROUP_LASSO")]
        rows.append(_at_all(sizes.large))
    return rows


def _title(does: str, shape: Shape, model: str, alpha: float = 0.0, beliefs: Sequence[str] = ()) -> str:
    """``warm λ move, HCGL α=0.1, signs: N=500 T=500 M=20``."""
    name = SHORT.get(model, model) + (f" α={alpha:g}" if alpha else "")
    return f"{', '.join([does, name, *beliefs])}: N={shape[1]:,} T={shape[0]} M={shape[2]}"


def timed(ours: Side, theirs: Side, pace: Pace, shares: tuple[int, int] = (1, 1)) -> Measured:
    """Let two sides take turns and collect what they took, in milliseconds."""
    our_runs, their_runs = interleave(ours, theirs, pace)
    our_times, their_times = ([1e3 * run.seconds for run in runs] for runs in (our_runs, their_runs))
    return Measured(our_times, their_times, "ms", _largest_gap(our_runs), _largest_gap(their_runs), shares)


def _largest_gap(runs: Sequence[Run]) -> float | None:
    gaps = [run.gap for run in runs if run.gap is not None]
    return worst(gaps) if gaps else None


# Against other libraries --------------------------------------------------------------------------


def _refit(
    pace: Pace,
    side: Callable[[Work], Side],
    does: str,
    shape: Shape,
    model: str,
    alpha: float = 0.0,
    beliefs: Sequence[str] = (),
    *,
    bar: Bar,
) -> Row:
    def measure() -> Measured:
        work = make_work(shape, model, alpha, **dict.fromkeys(beliefs, True))
        return timed(side(work), sides.reference(work), pace)

    return Row(_title(does, shape, model, alpha, beliefs), "factorlasso fit", bar, measure)


def _cross_validation(sizes: Sizes) -> Row:
    def measure() -> Measured:
        work, highest = make_work(sizes.small, HCGL), reference_lambda(make_panel(*sizes.small))
        grid = [float(value) for value in highest * np.geomspace(1, 1e-3, sizes.grid)]
        ours = sides.cross_validation(work, grid, sizes.folds)
        return timed(ours, sides.reference_cross_validation(work, grid, sizes.folds), sizes.pace)

    does = f"LassoModelCV of {sizes.folds} folds x {sizes.grid} λ"
    return Row(_title(does, sizes.small, HCGL), "factorlasso, use_lambda_path", Bar(250), measure)


def _scikit_learn(pace: Pace, shape: Shape, bar: Bar) -> Row:
    def measure() -> Measured:
        work = make_work(shape)
        return timed(sides.warm(work), sides.scikit_learn(work), pace)

    return Row(_title("warm λ move", shape, LASSO), "scikit-learn, Gram given, same gap", bar, measure)


# Against ourselves --------------------------------------------------------------------------------


def _path(
    sizes: Sizes,
    against: str,
    along: Callable[[Work, Sequence[float]], Side],
    single: Callable[[Work], Side],
    alpha: float,
    bar: Bar,
) -> Row:
    def measure() -> Measured:
        work = make_work(sizes.main, HCGL, alpha)
        lambdas = [float(value) for value in sides.lambda_max(work) * np.geomspace(1, 1e-3, sizes.path)]
        return timed(along(work, lambdas), single(work), sizes.pace)

    return Row(_title(f"path of {sizes.path} λ", sizes.main, HCGL, alpha), against, bar, measure)


def _scaling(sizes: Sizes, model: str, bar: Bar) -> Row:
    def measure() -> Measured:
        many, few = (_of_many(shape, model) for shape in (sizes.large, sizes.part))
        return timed(sides.cold(many), sides.cold(few), sizes.pace, (sizes.large[1], sizes.part[1]))

    against = f"N={sizes.part[1]:,}, time per response"
    return Row(_title("cold fit", sizes.large, model), against, bar, measure)


def _of_many(shape: Shape, model: str) -> Work:
    panel = make_panel(*shape)
    return grouped(*to_frames(panel.x, panel.y), model)


def _memory(shape: Shape, model: str, bar: Bar) -> Row:
    def measure() -> Measured:
        found = footprint(model, shape)
        return Measured([found["peak"] / 1e6], [found["responses"] / 1e6], "MB", found["gap"])

    return Row(_title("peak memory beyond the inputs", shape, model), "size of Y", bar, measure)


def _at_all(shape: Shape) -> Row:
    def measure() -> Measured:
        try:
            found = footprint(HCGL, shape)
        except subprocess.SubprocessError as error:
            return Measured([], [], "ms", None, note=f"neither finished nor refused: {error}")
        refused, peak = found["refused"], f"finished, {found['peak'] / 1e6:,.0f} MB beyond the inputs"
        named = refused is not None and "GiB" in refused
        return Measured([1e3 * found["seconds"]], [], "ms", found["gap"], refused=named, note=refused or peak)

    return Row(_title("cold fit", shape, HCGL), "finishes, or refuses naming the memory", None, measure)
