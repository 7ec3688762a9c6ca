"""The cache of fits: bounded in bytes, shared arrays charged once, safe between threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest

from pages.shared.compute import ENTRY_BYTES, ByteCache, arrays


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
