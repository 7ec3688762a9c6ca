"""The only cache of fits: one byte-bounded LRU a session, and one for fits of the demos alone."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np
import streamlit as st
from cachetools import LRUCache

from factorlasso_core import Beliefs, Fit, FitSpec, Panel, Stages, fit, reference_lambda
from factorlasso_core.errors import FactorLassoError
from pages.shared import state

SESSION_BYTES = 256 * 2**20
SHARED_BYTES = 256 * 2**20
ENTRY_BYTES = 2048  # keys, objects and small fields of one entry


@dataclass(frozen=True, eq=False)
class Outcome:
    """A fit as the page gets it.

    Attributes:
        fit: The result, or the last good one when ``error`` says why there is no new one; None if none yet.
        seconds: Wall time of this call. cached: Whether nothing was computed.
        hits, misses: Stages found and computed.
    """

    fit: Fit | None
    seconds: float
    cached: bool
    hits: dict[str, int]
    misses: dict[str, int]
    error: str | None = None


class _Buffers(LRUCache[str, Any]):
    """An LRU in bytes where an array that several entries share is charged once, to the first."""

    def __init__(self, maxsize: int) -> None:
        super().__init__(maxsize, getsizeof=self._new_bytes)
        self._holders: Counter[int] = Counter()

    def _new_bytes(self, entry: Any) -> int:
        new = {id(array): array.nbytes for array in arrays(entry) if not self._holders[id(array)]}
        return ENTRY_BYTES + sum(new.values())

    def __setitem__(self, key: str, entry: Any) -> None:
        super().__setitem__(key, entry)
        self._holders.update({id(array) for array in arrays(entry)})

    def __delitem__(self, key: str) -> None:
        gone = {id(array) for array in arrays(self[key])}
        super().__delitem__(key)
        self._holders.subtract(gone)
        self._holders += Counter()  # drops the zeros


class ByteCache(MutableMapping[str, Any]):
    """A byte-bounded LRU behind a lock, so that sessions and threads may share it."""

    def __init__(self, maxsize: int) -> None:
        self._lock = threading.RLock()
        self._store = _Buffers(maxsize)

    def __getitem__(self, key: str) -> Any:
        with self._lock:
            return self._store[key]

    def __setitem__(self, key: str, entry: Any) -> None:
        with self._lock:
            if key not in self._store:
                self._store[key] = entry

    def __delitem__(self, key: str) -> None:
        with self._lock:
            del self._store[key]

    def __iter__(self) -> Iterator[str]:
        with self._lock:
            return iter(list(self._store))

    def __len__(self) -> int:
        return len(self._store)

    @property
    def used(self) -> int:
        """Bytes charged."""
        return int(self._store.currsize)


def arrays(entry: Any) -> Iterator[np.ndarray]:
    """Every array inside nested dataclasses and tuples; of a view, the array that owns the memory."""
    if isinstance(entry, np.ndarray):
        yield entry.base if isinstance(entry.base, np.ndarray) else entry
    elif isinstance(entry, tuple):
        for part in entry:
            yield from arrays(part)
    elif is_dataclass(entry) and not isinstance(entry, type):
        for item in fields(entry):
            yield from arrays(getattr(entry, item.name))


@st.cache_resource(show_spinner=False)
def _shared() -> ByteCache:
    return ByteCache(SHARED_BYTES)


def cache(shared: bool) -> MutableMapping[str, Any]:
    """The cache a fit goes through: shared only where nothing of a user enters."""
    record = state.session()
    if shared:
        return _shared()
    if record.cache is None:
        record.cache = ByteCache(SESSION_BYTES)
    return record.cache


def run(panel: Panel, beliefs: Callable[[], Beliefs], spec: FitSpec, *, shared: bool) -> Outcome:
    """Fit, or find the fit; an error of the core, in the beliefs or the fit, keeps the last good one on screen."""
    record = state.session()
    stages = Stages(cache(shared))
    started = time.perf_counter()
    try:
        record.last_good, error = fit(panel, beliefs(), spec, stages=stages), None
    except FactorLassoError as fault:
        error = str(fault)
    seconds = time.perf_counter() - started
    cached = error is None and not stages.misses
    return Outcome(record.last_good, seconds, cached, dict(stages.hits), dict(stages.misses), error)


def beside(panel: Panel, beliefs: Beliefs, spec: FitSpec) -> Fit:
    """A fit shown beside the current one; it shares the session's cache and does not become the last good fit."""
    return fit(panel, beliefs, spec, stages=Stages(cache(shared=False)))


def lambda_scale(panel: Panel, *, shared: bool) -> float:
    """λ_ref of a panel, through the same cache."""
    return reference_lambda(panel, Stages(cache(shared)))
