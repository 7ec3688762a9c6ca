"""Two thousand problems meant to break a solver: each is proved optimal, or the fit says that it is not and what to do.

Every model type, through ``fit``. Factors are rounded, duplicated, flat, nearly collinear or of unequal scales,
data of any units with holes, λ from nothing to far beyond where everything is zero, beliefs that need not agree.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from factorlasso_core import (
    Beliefs,
    Fit,
    FitSpec,
    LassoModelType,
    LossOptions,
    Panel,
    PenaltyOptions,
    fit,
    reference_lambda,
)
from factorlasso_core.arrays import Array
from factorlasso_core.options import GuidedOptions, PriorOptions, SignOptions
from factorlasso_core.result import PROVED
from tests.reference.support import TYPES, assert_exact, to_panel

KINDS = ["plain", "ties", "twins", "flat factor", "unequal scales", "nearly singular"]
SHARES = [0.0, 1e-12, 1e-8, 1e-4, 1e-2, 0.1, 0.5, 0.99, 1.0, 2.0, 100.0]
EXAMPLES = 2000


@dataclass(frozen=True, eq=False)
class Hard:
    """A problem meant to break a solver; ``repr`` gives what is needed to build it again."""

    description: str
    panel: Panel
    beliefs: Beliefs
    spec: FitSpec

    def __repr__(self) -> str:
        return self.description


@dataclass
class Tally:
    """What became of the problems drawn."""

    kinds: Counter[LassoModelType] = field(default_factory=Counter)
    responses: int = 0
    unproved: int = 0
    worst: float = 0.0


# Drawing ------------------------------------------------------------------------------------------


def hard_factors(random: np.random.Generator, kind: str, rows: int, factors: int) -> Array:
    """Factors with one thing wrong with them."""
    x = random.standard_normal((rows, factors))
    if kind == "ties":
        x = np.round(x)
    if kind == "twins":
        x[:, random.integers(factors)] = x[:, random.integers(factors)]
    if kind == "flat factor":
        x[:, random.integers(factors)] = 0.0
    if kind == "unequal scales":
        x = x * 10.0 ** random.integers(-3, 3, size=factors)
    if kind == "nearly singular":
        left, right = random.standard_normal((2, factors, factors))
        x = x @ left @ np.diag(10.0 ** random.uniform(-4, 0, factors)) @ right
    return x


@st.composite
def hard_problems(draw: st.DrawFn) -> Hard:
    """Rounded, duplicated, flat or nearly collinear factors at any scale, holes, any λ, any beliefs."""
    model = draw(st.sampled_from(list(TYPES)))
    seed, kind = draw(st.integers(0, 2**32 - 1)), draw(st.sampled_from(KINDS))
    rows, factors, responses = draw(st.integers(6, 60)), draw(st.integers(1, 6)), draw(st.integers(1, 8))
    exponent, noise = draw(st.integers(-6, 4)), draw(st.sampled_from([0.0, 0.1, 1.0, 10.0]))
    rounded, ragged = draw(st.booleans()), draw(st.booleans())
    random = np.random.default_rng(seed)
    x = hard_factors(random, kind, rows, factors)
    truth = random.standard_normal((responses, factors)) * (random.random((responses, factors)) < 0.5)
    y = x @ truth.T + noise * random.standard_normal((rows, responses))
    y = np.round(y) if rounded else y
    y[(random.random(y.shape) < 0.2) & ragged] = np.nan
    panel = to_panel(10.0**exponent * x, 10.0**exponent * y)
    beliefs, said = hard_beliefs(draw, random, panel, TYPES[model])
    spec = draw(hard_specs(TYPES[model], reference_lambda(panel)))
    size = f"T={rows} M={factors} N={responses} 1e{exponent} noise={noise} {rounded=} {ragged=}"
    return Hard(f"Hard({model} {seed=} {kind} {size} {said} {spec})", panel, beliefs, spec)


def hard_beliefs(
    draw: st.DrawFn, random: np.random.Generator, panel: Panel, kind: LassoModelType
) -> tuple[Beliefs, str]:
    """What the model takes of groups, signs, exclusions and a prior, which need not agree."""
    shape = (len(panel.responses), len(panel.factors))
    bounded = not kind.is_cooperative and kind is not LassoModelType.UNILASSO
    with_signs, excluding = (draw(st.booleans()) and bounded for _ in range(2))
    spread = draw(st.sampled_from([0.0, 0.1, 1.0, 10.0])) * (kind is not LassoModelType.UNILASSO)
    signs = panel.cells(random.choice([1.0, -1.0, 0.0, np.nan], size=shape)) if with_signs else None
    prior = panel.cells(spread * random.standard_normal(shape) * (random.random(shape) < 0.7)) if spread else None
    excluded = {panel.responses[0]: [panel.factors[-1]]} if excluding else None
    if excluded and prior is not None:
        prior.iloc[0, -1] = 0.0
    groups = pd.Series(random.choice(["a", "b"], shape[0]), index=panel.responses)
    beliefs = Beliefs.for_panel(panel, signs=signs, prior=prior, groups=groups, excluded=excluded)
    return beliefs, f"{with_signs=} {excluding=} prior={spread}"


@st.composite
def hard_specs(draw: st.DrawFn, kind: LassoModelType, largest: float) -> FitSpec:
    """Any loss, any mixture, λ from nothing to far beyond where everything is zero, signs and prior of the data."""
    guided, bounded = kind is LassoModelType.UNILASSO, not kind.is_cooperative and kind is not LassoModelType.UNILASSO
    derive = draw(st.booleans()) and bounded
    return FitSpec(
        kind,
        loss=LossOptions(
            span=draw(st.none() | st.floats(1.5, 40.0)),
            centering="panel" if guided else draw(st.sampled_from(["panel", "per_response"])),
            normalization="sample" if guided else draw(st.sampled_from(["sample", "weight_sum"])),
        ),
        penalty=PenaltyOptions(
            largest * draw(st.sampled_from(SHARES)),
            draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
            draw(st.sampled_from(["normalized", "yuan_lin"])),
        ),
        nonneg=draw(st.booleans()) and bounded,
        warmup_period=None,
        signs=SignOptions(derive, adaptive=derive and draw(st.booleans()), prior_overrides=draw(st.booleans())),
        prior=PriorOptions(ols=draw(st.booleans()) and not guided),
        guided=GuidedOptions(draw(st.booleans()), draw(st.booleans())),
    )


# Judging ------------------------------------------------------------------------------------------


def condition(result: Fit) -> Array:
    """Largest condition number of the Gram matrices of each response and those it is tied to, (N,)."""
    values = result.problem.moments.spectrum[0]
    smallest, largest = np.maximum(values[:, 0], 0.0), values[:, -1]
    ratio = np.divide(largest, smallest, out=np.full(len(values), np.inf), where=smallest > 0)
    return result.problem.penalty.blocks.by_unit(np.maximum, ratio[result.problem.moments.pattern])


def judge(hard: Hard, tally: Tally) -> None:
    """Fit, and see it proved or owned up to, and exact."""
    result = fit(hard.panel, hard.beliefs, hard.spec)
    relative = result.certificate.relative
    unproved = ~(relative <= PROVED)
    tally.kinds[hard.spec.model_type] += 1
    tally.responses += len(relative)
    tally.unproved += int(unproved.sum())
    tally.worst = max(tally.worst, float(relative.max()))
    assert unproved.any() == ("unproved" in {notice.code for notice in result.notices})
    assert unproved.any() == result.solved.status.startswith("not proved optimal")
    assert_exact(result)
    assert (condition(result)[unproved] > 1e10).all()


def test_two_thousand_hard_problems_are_proved_or_said_to_be_unproved_and_their_zeros_and_bounds_are_exact() -> None:
    tally = Tally()

    @settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
    @given(hard_problems())
    def every_problem(hard: Hard) -> None:
        judge(hard, tally)

    every_problem()
    assert tally.kinds.total() >= EXAMPLES
    assert min(tally.kinds[kind] for kind in TYPES.values()) > EXAMPLES / 20
    assert tally.unproved < 0.002 * tally.responses
