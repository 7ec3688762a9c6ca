"""Every file of the corpus ends as it must: exact numbers, notes, or one sentence that names the place."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.ingest.corpus import CASES

ROOT = Path(__file__).parents[2]
MEGABYTES, SECONDS, PROCESSES = 1_500, 30, 2


def test_the_corpus_is_large_and_has_every_outcome() -> None:
    outcomes = Counter(case.outcome for case in CASES)
    assert len(CASES) >= 120
    assert min(outcomes[name] for name in ("accepted", "repaired", "refused")) >= 40
    assert sum(case.hostile for case in CASES) >= 40
    assert len({(case.file, case.kind, case.outcome, case.codes) for case in CASES}) == len(CASES)


@pytest.fixture(scope="module")
def told() -> list[dict[str, object]]:
    """What each process of ``tests.ingest.child`` told."""
    command = [sys.executable, "-m", "tests.ingest.child"]
    running = [
        subprocess.Popen([*command, str(at), str(PROCESSES)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for at in range(PROCESSES)
    ]
    lines = [line for process in running for line in process.communicate(timeout=300)[0].splitlines()]
    return [json.loads(line) for line in lines]


def test_every_file_ends_as_it_must(told: list[dict[str, object]]) -> None:
    faults = {name: fault for group in told for name, fault in group["faults"].items()}
    assert not faults, "\n\n".join(f"{name}: {fault}" for name, fault in faults.items())
    assert sum(len(group["files"]) for group in told) == len(CASES)


def test_no_file_takes_much_memory_or_time(told: list[dict[str, object]]) -> None:
    for group in told:
        assert group["megabytes"] < MEGABYTES, group["files"]
        assert group["seconds"] < SECONDS, group["files"]
