"""Reads files of the corpus, each group in a process of its own, and tells what that took.

``python -m tests.ingest.child`` prints one line of JSON for each process: names, what went wrong, seconds of
the slowest file, and the peak of memory. A process that crashes or is killed is told as such. The parent has
imported everything, so that a fork costs milliseconds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from unittest.mock import patch

from tests.ingest.cases import Case
from tests.ingest.checks import check
from tests.ingest.corpus import CASES

BATCHES = 4  # of files that attack nothing
SECONDS = 30
PARSERS = (
    "factorlasso_core.ingest.excel._open",
    "factorlasso_core.ingest.text._records",
    "factorlasso_core.ingest.parquet._rows",
)


def groups() -> Iterator[list[Case]]:
    """Yield each hostile file alone, the others in a few batches."""
    calm = [case for case in CASES if not case.hostile]
    yield from (calm[first::BATCHES] for first in range(BATCHES))
    yield from ([case] for case in CASES if case.hostile)


def read_all(cases: Sequence[Case]) -> dict[str, object]:
    """Check cases one after the other; return the faults and the longest time."""
    faults, longest = {}, 0.0
    for case in cases:
        made = case.content()
        signal.alarm(SECONDS)
        start = time.perf_counter()
        try:
            _check(case, made)
        except BaseException:
            faults[case.file] = traceback.format_exc()[-2000:]
        longest = max(longest, time.perf_counter() - start)
        signal.alarm(0)
    return {"faults": faults, "seconds": longest}


def _check(case: Case, made: bytes) -> None:
    """Check a case; what must not be parsed meets parsers that fail."""
    if not case.unparsed:
        check(case, made)
        return
    broken = [patch(name, side_effect=RuntimeError("parsed")) for name in PARSERS]
    for item in broken:
        item.start()
    try:
        check(case, made)
    finally:
        for item in broken:
            item.stop()


def run(cases: Sequence[Case]) -> dict[str, object]:
    """Check cases in a fork and return what it took."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        with os.fdopen(writing, "w") as stream:
            json.dump(read_all(cases), stream)
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        told = stream.read()
    _, status, used = os.wait4(child, 0)
    result = (
        json.loads(told) if told else {"faults": {cases[0].file: f"ended with {status}"}, "seconds": float(SECONDS)}
    )
    return {"files": [case.file for case in cases], "megabytes": used.ru_maxrss / 1024, **result}


if __name__ == "__main__":
    chosen = int(sys.argv[1]), int(sys.argv[2])  # which of how many processes share the work
    for at, cases in enumerate(groups()):
        if at % chosen[1] == chosen[0]:
            print(json.dumps(run(cases)), flush=True)
