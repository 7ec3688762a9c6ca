"""The cache of fits: bounded in bytes, shared arrays charged once, safe between threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from factorlasso_core import Beliefs, FitSpec, LassoModelType, PenaltyOptions, Stages, fit
from factorlasso_core.errors import FactorLassoError
from pages.shared import compute, state
from pages.shared.compute import ENTRY_BYTES, ByteCache, arrays
from tests.benchmarks.panels import make_panel


@dataclass(frozen=True, eq=False)
class Entry:
    own: np.ndarray
    common: np.ndarray


def test_an_array_that_entries_share_is_charged_once() -> None:
    common = np.zeros(1000)
    cache = ByteCache(10**6)
    cache["a"] = Entry(np.zeros(10), common)
    cache["b"] = Entry(np.zeros(10), common)
    assert cache.used == 2 * (ENTRY_BYTES + 80) + 8000


def test_the_least_recently_used_entry_leaves_first_and_the_bound_holds() -> None:
    cache = ByteCache(3 * (8000 + ENTRY_BYTES))
    for name in "abc":
        cache[name] = Entry(np.zeros(1000), np.zeros(0))
    assert cache["a"] is not None
    cache["d"] = Entry(np.zeros(1000), np.zeros(0))
    assert sorted(cache) == ["a", "c", "d"]
    assert cache.used <= 3 * (8000 + ENTRY_BYTES)


def test_an_array_is_charged_again_after_its_holder_left() -> None:
    common = np.zeros(1000)
    cache = ByteCache(10**6)
    cache["a"] = Entry(np.zeros(0), common)
    del cache["a"]
    cache["b"] = Entry(np.zeros(0), common)
    assert cache.used == ENTRY_BYTES + 8000


def test_an_entry_larger_than_the_cache_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        ByteCache(1000)["a"] = Entry(np.zeros(1000), np.zeros(0))


def test_a_view_counts_as_the_array_that_owns_its_memory() -> None:
    whole = np.zeros((10, 10))
    assert [id(array) for array in arrays((whole[2:4], whole))] == [id(whole), id(whole)]


def really_held(cache: ByteCache) -> int:
    """Bytes of the arrays that the entries hold, each array once."""
    held = {id(array): array.nbytes for entry in cache.values() for array in arrays(entry)}
    return sum(held.values()) + ENTRY_BYTES * len(cache)


def test_what_is_charged_is_what_is_held_whatever_leaves_first() -> None:
    cache = ByteCache(100_000)
    random = np.random.default_rng(0)
    for step in range(300):
        if step % 5 == 0:
            common = np.zeros(random.integers(1, 2000))
        cache[f"{step}"] = Entry(np.zeros(random.integers(1, 500)), common)
        cache.get(f"{random.integers(0, step + 1)}")
        assert cache.used == really_held(cache) <= cache.maxsize


def test_fits_of_many_panels_stay_within_the_bound() -> None:
    cache = ByteCache(3_000_000)
    for seed in range(6):
        panel = make_panel(120, 30, 5, seed=seed)
        for lam in (1e-5, 1e-4, 1e-3):
            spec = FitSpec(LassoModelType.GROUP_LASSO_CLUSTERS, penalty=PenaltyOptions(lam))
            fit(panel, spec=spec, stages=Stages(cache))
    assert len(cache) > 3
    assert really_held(cache) <= cache.used <= cache.maxsize


def test_threads_may_share_a_cache() -> None:
    cache = ByteCache(20 * (800 + ENTRY_BYTES))

    def work(seed: int) -> None:
        for step in range(200):
            key = str((seed * 7 + step) % 40)
            cache[key] = Entry(np.zeros(100), np.zeros(0))
            cache.get(key)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    assert 0 < len(cache) <= 20
    assert cache.used == really_held(cache)


def test_a_last_good_fit_never_goes_through_the_cache_of_all(monkeypatch) -> None:
    """It may rest on what was typed, though what is set now, and has no fit, is public."""
    record, panel, spec = state.Session(), make_panel(40, 6, 3), FitSpec()
    monkeypatch.setattr(state, "session", lambda: record)
    assert compute.run(panel, lambda: Beliefs.for_panel(panel), spec, shared=True).shared

    def refuse() -> Beliefs:
        raise FactorLassoError("no fit")

    failed = compute.run(panel, refuse, spec, shared=True)
    assert failed.fit is not None and failed.error is not None and not failed.shared
