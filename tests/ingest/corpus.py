"""At least 120 files as analysts and enemies write them, each with what must come of it.

Nothing is stored: ``CASES`` is made on import, large files only when they are read. A case is *accepted* (the
exact table and no note), *repaired* (the exact table and the codes of the notes) or *refused* (the code, the
place and words of the one sentence). ``python -m tests.ingest.corpus FOLDER`` writes them for a look.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tests.ingest import corpus_books, corpus_dates, corpus_hostile, corpus_text
from tests.ingest.cases import Case

CASES: list[Case] = [*corpus_text.CASES, *corpus_dates.CASES, *corpus_books.CASES, *corpus_hostile.CASES]


def write(folder: Path) -> None:
    """Write every file of the corpus, in a folder for each outcome."""
    for at, case in enumerate(CASES):
        target = folder / case.outcome
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{at:03d} {case.file}").write_bytes(case.content())


if __name__ == "__main__":
    write(Path(sys.argv[1]))
