"""The only cache of fits: one byte-bounded LRU a session, and one for fits of the demos alone."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, is_dataclass
from typing import Any

import numpy as np
import streamlit as st
from cachetools import LRUCache
from threadpoolctl import threadpool_limits

from factorlasso_core import Beliefs, Fit, FitSpec, Panel, Stages, fit, reference_lambda
from factorlasso_core.errors import FactorLassoError
from pages.shared import state

# The products of a fit are small, and a server has many sessions: threads of BLAS would only wait for each other.
threadpool_limits(limits=1, user_api="blas")

SESSION_BYTES = 256 * 2**20
SHARED_BYTES = 256 * 2**20
ENTRY_BYTES = 2048  # keys, objects and small fields of one entry


@dataclass(frozen=True, eq=False)
class Outcome:
    """A fit as the page gets it.

    Attributes:
        fit: The result, or the last good one when ``error`` says why there is no new one; None if none yet.
        seconds: Wall time of this call. cached: Whether nothing was computed.
        shared: Whether the fit went through the cache of all sessions.
        hits, misses: Stages found and computed for this view.
    """

    fit: Fit | None
    seconds: float
    cached: bool
    shared: bool
    hits: Counter[str]
    misses: Counter[str]
    error: str | None = None


class ByteCache(MutableMapping[str, Any]):
    """A byte-bounded LRU behind a lock, so that sessions and threads may share it.

    An array that several entries hold is counted once, from the first that brings it to the last that
    leaves, so the count is the memory really held.
    """

    def __init__(self, maxsize: int) -> None:
        self.maxsize, self.used = maxsize, 0
        self._lock = threading.RLock()
        self._order: LRUCache[str, Any] = LRUCache(maxsize=math.inf)
        self._held: dict[str, dict[int, int]] = {}
        self._holders: Counter[int] = Counter()

    def __getitem__(self, key: str) -> Any:
        with self._lock:
            return self._order[key]

    def __setitem__(self, key: str, entry: Any) -> None:
        sizes = {id(array): array.nbytes for array in arrays(entry)}
        if ENTRY_BYTES + sum(sizes.values()) > self.maxsize:
            raise ValueError("value too large")
        with self._lock:
            if key in self._order:
                del self[key]
            self._order[key], self._held[key] = entry, sizes
            self.used += ENTRY_BYTES + sum(size for name, size in sizes.items() if not self._holders[name])
            self._holders.update(sizes.keys())
            while self.used > self.maxsize:
                self._forget(self._order.popitem()[0])

    def __delitem__(self, key: str) -> None:
        with self._lock:
            del self._order[key]
            self._forget(key)

    def _forget(self, key: str) -> None:
        sizes = self._held.pop(key)
        self._holders.subtract(sizes.keys())
        self.used -= ENTRY_BYTES + sum(size for name, size in sizes.items() if not self._holders[name])
        for name in sizes:
            if not self._holders[name]:
                del self._holders[name]

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(list(self._order))

    def __len__(self) -> int:
        return len(self._order)


def arrays(entry: Any) -> Iterator[np.ndarray]:
    """Every array inside nested objects, cached properties too; of a view, the array that owns the memory."""
    if isinstance(entry, np.ndarray):
        yield entry.base if isinstance(entry.base, np.ndarray) else entry
    elif isinstance(entry, tuple):
        for part in entry:
            yield from arrays(part)
    elif is_dataclass(entry) and not isinstance(entry, type):
        for part in vars(entry).values():
            yield from arrays(part)


@dataclass(frozen=True)
class Use:
    """What a cache holds, and what it saved this session.

    Attributes:
        entries: Number of results held. used, bound: Bytes held and allowed.
        hits, misses: Stages found and computed since the session began.
    """

    entries: int
    used: int
    bound: int
    hits: dict[str, int]
    misses: dict[str, int]


@st.cache_resource(show_spinner=False)
def _shared() -> ByteCache:
    return ByteCache(SHARED_BYTES)


def cache(shared: bool) -> ByteCache:
    """The cache a fit goes through: shared only where nothing of a user enters."""
    record = state.session()
    if shared:
        return _shared()
    if record.cache is None:
        record.cache = ByteCache(SESSION_BYTES)
    return record.cache


def use(shared: bool) -> Use:
    """The state of a cache, with the counts of this session over both caches."""
    record, held = state.session(), cache(shared)
    return Use(len(held), held.used, held.maxsize, dict(record.hits), dict(record.misses))


@contextmanager
def counted(shared: bool, view: Outcome | None = None) -> Iterator[Stages]:
    """Stages through the cache, whose counts enter those of the session even when the work fails.

    Args:
        view: Where the work is shown beside a fit, whose counts it enters too.
    """
    record, stages = state.session(), Stages(cache(shared))
    try:
        yield stages
    finally:
        for counts in (record, view) if view is not None else (record,):
            counts.hits.update(stages.hits)
            counts.misses.update(stages.misses)


def run(panel: Panel, beliefs: Callable[[], Beliefs], spec: FitSpec, *, shared: bool) -> Outcome:
    """Fit, or find the fit; an error of the core, in the beliefs or the fit, keeps the last good one on screen.

    The last good fit is one of the same data: a fit of other data would be worse than none.
    """
    record = state.session()
    started, error = time.perf_counter(), None
    with counted(shared) as stages:
        try:
            record.last_good = fit(panel, beliefs(), spec, stages=stages)
        except FactorLassoError as fault:
            error = str(fault)
    seconds = time.perf_counter() - started
    good = record.last_good if record.last_good is not None and record.last_good.panel.key == panel.key else None
    cached = error is None and not stages.misses
    shared = shared and error is None  # the last good fit may rest on what was typed
    return Outcome(good, seconds, cached, shared, Counter(stages.hits), Counter(stages.misses), error)


def beside(panel: Panel, beliefs: Beliefs, spec: FitSpec, *, shared: bool) -> Fit:
    """A fit shown beside the current one: it goes through the same cache and never becomes the last good fit."""
    with counted(shared) as stages:
        return fit(panel, beliefs, spec, stages=stages)


def lambda_scale(panel: Panel, *, shared: bool) -> float:
    """λ_ref of a panel, through the same cache."""
    with counted(shared) as stages:
        return reference_lambda(panel, stages)
