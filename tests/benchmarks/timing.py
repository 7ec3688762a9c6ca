"""Measuring two sides alike: one BLAS thread, turns in alternation, every run kept."""

from __future__ import annotations

import gc
import os
import platform
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import threadpoolctl

PACKAGES = ("numpy", "scipy", "pandas", "scikit-learn", "factorlasso", "cvxpy", "clarabel", "factorlasso-workbench")
MOST_RUNS = 20  # in one turn


@dataclass(frozen=True, eq=False)
class Side:
    """One of the two that are compared.

    Attributes:
        run: Does the work; gets the number of the run, so that no run repeats what an earlier one left behind.
        gap: Relative duality gap of what ``run`` returned, looked at while the clock stands still.
    """

    run: Callable[[int], Any]
    gap: Callable[[Any], float] | None = None


@dataclass(frozen=True)
class Pace:
    """How often is measured: ``rounds`` turns of each side, a turn lasting ``seconds`` or one run."""

    rounds: int
    seconds: float = 0.5


@dataclass(frozen=True)
class Run:
    """One run: seconds it took, and the gap it reached, None where the side knows none."""

    seconds: float
    gap: float | None


def interleave(ours: Side, theirs: Side, pace: Pace) -> tuple[list[Run], list[Run]]:
    """Let both sides take turns, so that whatever else the machine does hits both."""
    runs: tuple[list[Run], list[Run]] = ([], [])
    for _ in range(pace.rounds):
        for side, done in zip((ours, theirs), runs, strict=True):
            gc.collect()  # nobody pays for what the other left
            done += _turn(side, len(done), pace.seconds)
    return runs


def _turn(side: Side, first: int, seconds: float) -> list[Run]:
    """At least one run, and more while they fit into the turn."""
    done: list[Run] = []
    while not done or (sum(run.seconds for run in done) < seconds and len(done) < MOST_RUNS):
        begun = time.perf_counter()
        result = side.run(first + len(done))
        taken = time.perf_counter() - begun
        done.append(Run(taken, None if side.gap is None else side.gap(result)))
        del result  # the next run finds the memory free
    return done


@contextmanager
def one_thread() -> Iterator[None]:
    """Hold every BLAS and OpenMP library that is loaded by now to one thread."""
    with threadpoolctl.threadpool_limits(limits=1):
        yield


def threads() -> dict[str, int]:
    """Threads each loaded BLAS and OpenMP library may use now, by file name."""
    return {Path(pool["filepath"]).name: pool["num_threads"] for pool in threadpoolctl.threadpool_info()}


def machine() -> dict[str, Any]:
    """What the figures depend on: processor, cores, how busy they are now, system, versions.

    A short run slips through between other work and a long one does not: on a busy machine ratios flatter.
    """
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
    }


def _processor() -> str:
    """Name of the processor as the system gives it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text(encoding="utf-8").splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
