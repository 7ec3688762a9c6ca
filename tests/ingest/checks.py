"""What it means that a file of the corpus ended as it must."""

from __future__ import annotations

import pandas as pd

from factorlasso_core.errors import InputError
from factorlasso_core.ingest import read_table
from tests.ingest.cases import Case


def check(case: Case, data: bytes) -> None:
    """Read one file and compare all that is known of it.

    Raises:
        AssertionError: Anything is otherwise than the case says.
    """
    if case.table is None:
        _check_refusal(case, data)
        return
    loaded = read_table(data, kind=case.kind, name=case.file, options=case.options)
    codes = tuple(sorted(note.code for note in loaded.notes))
    assert codes == case.codes, f"notes {codes}"
    pd.testing.assert_frame_equal(
        loaded.table, case.table, check_exact=True, check_freq=False, check_column_type=False, check_index_type=False
    )
    said = " ".join(note.message for note in loaded.notes)
    assert all(word in said for word in case.words), said
    assert all(note.place.startswith(case.file) and note.count >= 0 for note in loaded.notes)


def _check_refusal(case: Case, data: bytes) -> None:
    try:
        read_table(data, kind=case.kind, name=case.file, options=case.options)
    except InputError as error:
        found, said = (error.code, error.row, error.column), str(error)
    else:
        raise AssertionError(f"{case.file} was read")
    assert found == (*case.codes, *case.place), f"{found}: {said}"
    assert said.startswith(case.file), said
    assert said.endswith(".") and "\n" not in said, said
    assert all(word in said for word in case.words), said
    assert found[1] is None or f"row {found[1]}" in said, said
