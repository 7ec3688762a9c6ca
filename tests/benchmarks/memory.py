"""Memory of one fit, measured in a process of its own: ``python -m tests.benchmarks.memory MODEL ARRAYS``.

The inputs are read from a file, so that making them leaves no trace, and a small fit before has loaded what
is loaded once. What is reported is the highest resident memory during the fit, less what was
resident before it: everything the system had to give, work space of BLAS included. ``tracemalloc`` would not
see that. ``getrusage`` would see too much: the highest mark it reports survives ``exec`` and may be the parent's.
"""

from __future__ import annotations

import gc
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from factorlasso_core import DataError
from factorlasso_core.result import Fit
from tests.benchmarks.panels import make_panel, to_frames
from tests.benchmarks.timing import one_thread
from tests.benchmarks.work import Shape, Work, gap, grouped

ROOT = Path(__file__).parents[2]
STATUS = Path("/proc/self/status")  # Linux
SECONDS = 900  # after which a fit counts as not finished
LAPTOP = 14 * 2**30  # bytes of address space, the part of 16 GiB that a fit may take: beyond is a failure


def footprint(model: str, shape: Shape) -> dict[str, Any]:
    """Fit a model in a new process.

    Returns:
        ``peak`` and ``responses``, bytes that the fit needed at most beyond its inputs and bytes of Y;
        ``seconds``; ``gap``, relative; ``refused``, the words of the refusal, None where it finished.

    Raises:
        TimeoutExpired, CalledProcessError: It neither finished nor refused.
    """
    with tempfile.TemporaryDirectory() as folder:
        arrays = Path(folder) / "panel.npz"
        panel = make_panel(*shape)
        np.savez(arrays, x=panel.x, y=panel.y)
        command = [sys.executable, "-m", "tests.benchmarks.memory", model, str(arrays)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=SECONDS, cwd=ROOT)
    return json.loads(done.stdout)


def _resident(mark: str) -> int:
    """Bytes of resident memory: ``VmRSS`` now, ``VmHWM`` at most so far."""
    found = re.search(rf"{mark}:\s+(\d+) kB", STATUS.read_text(encoding="utf-8"))
    assert found is not None
    return 1024 * int(found[1])


def measure(model: str, arrays: Path) -> dict[str, Any]:
    """Fit the arrays in this process; see :func:`footprint`."""
    with np.load(arrays) as held:
        x, y = to_frames(held["x"], held["y"])
    first = grouped(x, y.iloc[:, :20], model)
    first.ours().fit(first.x, first.y)
    work = grouped(x, y, model)
    gc.collect()
    before, begun = _resident("VmRSS"), time.perf_counter()
    result, refused = _fit_or_words(work)
    return {
        "seconds": time.perf_counter() - begun,
        "peak": _resident("VmHWM") - before,
        "responses": y.to_numpy().nbytes,
        "gap": None if result is None else gap(result),
        "refused": refused,
    }


def _fit_or_words(work: Work) -> tuple[Fit | None, str | None]:
    try:
        return work.ours().fit(work.x, work.y).fit_, None
    except DataError as error:
        return None, str(error)


if __name__ == "__main__":
    import resource  # not on every system

    resource.setrlimit(resource.RLIMIT_AS, (LAPTOP, LAPTOP))
    with one_thread():
        print(json.dumps(measure(sys.argv[1], Path(sys.argv[2]))))
