"""Every error names what, where and the cure, and can be caught as its builtin kind."""

from __future__ import annotations

import inspect
import pickle

import pytest

from factorlasso_core import errors
from factorlasso_core.errors import (
    BeliefsError,
    DataError,
    FactorLassoError,
    InputError,
    NotFittedError,
    OptionError,
    SelectionError,
    SolverError,
)

TREE = {
    OptionError: ValueError,
    DataError: ValueError,
    InputError: DataError,
    BeliefsError: ValueError,
    SolverError: RuntimeError,
    NotFittedError: RuntimeError,
    SelectionError: RuntimeError,
}


@pytest.mark.parametrize(("kind", "parent"), TREE.items())
def test_each_error_is_caught_as_the_base_and_as_its_parent(kind: type, parent: type) -> None:
    assert issubclass(kind, FactorLassoError)
    assert issubclass(kind, parent)


def test_the_tree_drawn_in_the_docstring_is_the_tree_in_the_module() -> None:
    classes = {
        name for name, kind in vars(errors).items() if inspect.isclass(kind) and issubclass(kind, FactorLassoError)
    }
    assert classes == {kind.__name__ for kind in TREE} | {"FactorLassoError"}
    assert all(name in (errors.__doc__ or "") for name in classes)


def test_an_option_error_names_the_option_its_value_and_its_range() -> None:
    error = OptionError("span", "long", "None or a number > 1")
    assert str(error) == "span='long' is not allowed: it must be None or a number > 1."
    assert (error.name, error.value, error.allowed) == ("span", "long", "None or a number > 1")


def test_an_input_error_says_where_it_happened_before_what_and_the_cure() -> None:
    error = InputError(
        "not a number", cure="Type a number.", file="a.csv", sheet="x", row=7, column="Equity", code="text"
    )
    assert str(error) == "a.csv, sheet x, row 7, column Equity: not a number. Type a number."
    assert (error.file, error.sheet, error.row, error.column) == ("a.csv", "x", 7, "Equity")
    assert (error.problem, error.cure, error.code) == ("not a number", "Type a number.", "text")


def test_an_input_error_leaves_out_the_places_it_does_not_know() -> None:
    assert str(InputError("empty", file="a.csv")) == "a.csv: empty."
    assert str(InputError("bad date", row=3)) == "row 3: bad date."


def test_an_input_error_without_place_or_cure_is_one_sentence() -> None:
    error = InputError("the file is empty")
    assert str(error) == "the file is empty."
    assert error.code == "unreadable"


@pytest.mark.parametrize("kind", [DataError, BeliefsError, SolverError, NotFittedError, SelectionError])
def test_an_error_of_one_sentence_survives_the_way_to_another_process(kind: type[Exception]) -> None:
    again = pickle.loads(pickle.dumps(kind("Something is wrong.")))
    assert type(again) is kind
    assert str(again) == "Something is wrong."


def test_an_option_error_survives_the_way_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(OptionError("span", 0, "> 1")))
    assert (str(again), again.name) == ("span=0 is not allowed: it must be > 1.", "span")


def test_an_input_error_survives_the_way_to_another_process() -> None:
    error = InputError("empty", cure="Add rows.", file="a.csv")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
