"""A wide panel is worked through in blocks: beside the arrays that are kept, nothing of its size is made."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from factorlasso_core.diagnostics import in_sample
from factorlasso_core.digest import digest
from factorlasso_core.errors import DataError
from factorlasso_core.fit import fit
from factorlasso_core.model_types import LassoModelType
from factorlasso_core.moments import moments
from factorlasso_core.options import FitSpec, LossOptions
from factorlasso_core.panel import Panel
from factorlasso_core.prepare import prepare

ROWS, RESPONSES, FACTORS = 250, 8000, 4
RANDOM = np.random.default_rng(0)
X = pd.DataFrame(RANDOM.standard_normal((ROWS, FACTORS)))
Y = pd.DataFrame(RANDOM.standard_normal((ROWS, RESPONSES)))
WIDE = Panel.from_frames(X, Y)
SPANS = [None, 24.0]


def peak(work: Callable[[], Any]) -> float:
    """Largest memory of the work beyond what there was, in sizes of the responses."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1] / WIDE.y.nbytes
    finally:
        tracemalloc.stop()


def test_the_gate_copies_the_panel_once() -> None:
    assert 1.0 <= peak(lambda: Panel.from_frames(X, Y)) < 1.3


def test_a_digest_takes_no_copy() -> None:
    assert peak(lambda: digest(WIDE.y)) < 0.3


@pytest.mark.parametrize("span", SPANS)
def test_preparing_makes_one_copy_and_the_mask(span) -> None:
    assert 1.1 <= peak(lambda: prepare(WIDE, LossOptions(span=span))) < 1.8


@pytest.mark.parametrize("span", SPANS)
def test_moments_and_statistics_make_none(span) -> None:
    data = prepare(WIDE, LossOptions(span=span))
    loss = moments(data)
    assert peak(lambda: moments(data)) < 0.4
    assert peak(lambda: in_sample(data, loss, np.zeros((RESPONSES, FACTORS)))) < 0.1


def test_statistics_of_exact_fits_are_summed_in_blocks() -> None:
    beta = RANDOM.standard_normal((RESPONSES, FACTORS))
    data = prepare(Panel(WIDE.x, WIDE.x @ beta.T, WIDE.factors, WIDE.responses, WIDE.index), LossOptions())
    assert peak(lambda: in_sample(data, moments(data), beta)) < 0.6


def test_clusters_of_too_many_responses_are_refused_before_anything_of_their_size_is_made() -> None:
    n = 12_000
    panel = Panel.from_frames(X.iloc[:5], pd.DataFrame(RANDOM.standard_normal((5, n))))

    def refused() -> None:
        with pytest.raises(DataError, match=r"needs matrices of 1\.1 GiB each"):
            fit(panel, spec=FitSpec(LassoModelType.GROUP_LASSO_CLUSTERS))

    assert peak(refused) * WIDE.y.nbytes < 20 * panel.y.nbytes  # an N x N matrix is 2,400 times the responses
