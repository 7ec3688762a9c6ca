"""Same content, same digest; any other content, another digest."""

from __future__ import annotations

import hashlib
import json
from enum import Enum

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factorlasso_core.digest import SIZE, array_bytes, canonical_json, digest, label_bytes

EXACT = settings(deadline=None, max_examples=100, derandomize=True)
PARTS = st.lists(st.text(max_size=4), max_size=4)


class Colour(Enum):
    """An enum whose values must not show."""

    RED = 1
    BLUE = 2


def test_a_digest_is_blake2b_over_parts_with_their_lengths() -> None:
    expected = hashlib.blake2b(
        b"\x02" + bytes(7) + b"ab" + b"\x03" + bytes(7) + b"\xce\xb2c", digest_size=SIZE
    ).hexdigest()
    assert digest("ab", "βc".encode()) == digest("ab", "βc") == expected
    assert len(expected) == 32


@EXACT
@given(PARTS, PARTS)
def test_two_sequences_share_a_digest_only_if_they_are_equal(left: list[str], right: list[str]) -> None:
    assert (digest(*left) == digest(*right)) == (left == right)


def test_no_parts_and_one_empty_part_differ() -> None:
    assert digest() != digest("")


def test_minus_zero_counts_as_zero() -> None:
    assert array_bytes(np.array([-0.0, 1.0])) == array_bytes(np.array([0.0, 1.0]))


def test_every_nan_is_the_same_nan() -> None:
    payloads = np.array([0x7FF8000000000001, 0xFFF8000000000000, 0x7FFFFFFFFFFFFFFF], dtype=np.uint64)
    for k in range(len(payloads)):
        assert array_bytes(payloads[k : k + 1].view(float)) == array_bytes(np.array([np.nan]))


def test_the_na_of_r_which_is_a_signalling_nan_is_that_nan_too() -> None:
    na = np.array([0x7FF00000000007A2], dtype=np.uint64).view(float)
    assert array_bytes(na) == array_bytes(np.array([np.nan]))


@pytest.mark.parametrize(
    "same",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1][::-1],
        lambda a: a.astype(">f8"),
        lambda a: a.astype(np.float32),
        lambda a: a.astype(np.int64),
    ],
    ids=["fortran", "strided", "reversed twice", "big endian", "float32", "integer"],
)
def test_bytes_do_not_depend_on_how_an_array_lies_in_memory(same) -> None:
    values = np.arange(12.0).reshape(3, 4)
    assert array_bytes(same(values)) == array_bytes(values)


def test_the_shape_is_part_of_the_bytes() -> None:
    values = np.arange(6.0)
    shapes = [values, values.reshape(2, 3), values.reshape(3, 2), values.reshape(6, 1)]
    assert len({array_bytes(v) for v in shapes}) == 4


def test_taking_the_bytes_leaves_the_array_alone() -> None:
    values = np.array([-0.0, np.nan])
    values.flags.writeable = False
    array_bytes(values)
    assert np.signbit(values[0])


@EXACT
@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_two_numbers_share_their_bytes_only_if_they_are_equal(a: float, b: float) -> None:
    assert (array_bytes(np.array([a])) == array_bytes(np.array([b]))) == (a == b)


@EXACT
@given(PARTS, PARTS)
def test_two_lists_of_labels_share_their_bytes_only_if_they_are_equal(a: list[str], b: list[str]) -> None:
    assert (label_bytes(a) == label_bytes(b)) == (a == b)


def test_json_does_not_depend_on_the_order_of_the_keys() -> None:
    assert canonical_json({"b": 1, "a": {"d": 2, "c": 3}}) == '{"a":{"c":3,"d":2},"b":1}'


def test_json_writes_enums_by_name_and_keeps_flags_integers_text_and_none() -> None:
    value = {"c": Colour.BLUE, "f": True, "i": np.int64(3), "n": None, "t": "ä", "l": (1, "x")}
    assert json.loads(canonical_json(value)) == {
        "c": "BLUE", "f": True, "i": 3, "n": None, "t": "ä", "l": [1, "x"],
    }  # fmt: skip


@EXACT
@given(st.floats(allow_nan=False))
def test_json_holds_every_bit_of_a_float(value: float) -> None:
    written = json.loads(canonical_json(value))
    assert float.fromhex(written) == value
    assert canonical_json(np.float64(value)) == canonical_json(value)


def test_json_knows_one_zero() -> None:
    assert canonical_json(-0.0) == canonical_json(0.0)


def test_an_array_has_the_digest_of_its_bytes_however_large() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_normal((700, 500))
    values[rng.random(values.shape) < 0.1] = np.nan
    values[::7] = -0.0
    for same in (values, np.asfortranarray(values), values[:, 3]):
        assert digest("x", same, "y") == digest("x", array_bytes(same), "y")


def test_bytes_of_an_array_are_its_shape_and_its_values() -> None:
    assert array_bytes(np.array([[1.0, -0.0]])) == b"(1, 2)" + np.array([1.0, 0.0], dtype="<f8").tobytes()
    assert array_bytes(np.array(2.5)) == b"()" + np.array(2.5, dtype="<f8").tobytes()
