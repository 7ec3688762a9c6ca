"""The gate of the solver functions: what they are given becomes a clean statement, or an error that names it."""

from __future__ import annotations

from typing import Any

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.blocks import FactorBlocks, RowBlocks
from factorlasso_core.errors import BeliefsError, DataError
from factorlasso_core.options import LossOptions, PenaltyOptions
from factorlasso_core.options.base import check_choice, check_flag
from factorlasso_core.penalty import AdaptiveWeights, Penalty, mixed_penalty
from factorlasso_core.prepare import Prepared, prepared_arrays
from factorlasso_core.signs import Box, Rule, sign_box

BLOCKS: dict[str, type[FactorBlocks] | None] = {"row": None, "cluster_factor": FactorBlocks}


def checked_data(x: Array, y: Array, mask: Array | None, span: float | None, normalization: str) -> Prepared:
    """Factors, responses, mask and weights of the loss, from arrays that need no demeaning."""
    options = LossOptions(span=span, normalization=normalization)
    factors, responses = _table("x", x), _table("y", y)
    if len(factors) != len(responses):
        raise DataError(f"x has {len(factors)} rows and y {len(responses)}: give one row of each per date.")
    valid = ~np.isnan(responses) if mask is None else _mask(mask, responses)
    missing = np.argwhere(np.isnan(factors) & valid.any(axis=1, keepdims=True))
    if len(missing):
        row, column = missing[0]
        raise DataError(f"x is missing in row {row}, column {column}: fill it, as get_x_y_np does, or mask the row.")
    return prepared_arrays(factors, responses, valid, options.span, options.normalization)


def _table(name: str, values: Any) -> Array:
    """A copy as rows by columns, finite or NaN."""
    try:
        table = np.array(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds something that is not a number: {error}.") from error
    if table.ndim != 2 or not table.shape[1]:
        raise DataError(f"{name} has the shape {table.shape}: give rows by columns, at least one column.")
    if np.isinf(table).any():
        row, column = np.argwhere(np.isinf(table))[0]
        raise DataError(f"{name} is infinite in row {row}, column {column}: replace the value, or make it NaN.")
    return table


def _mask(mask: Any, y: Array) -> Array:
    """Booleans; a cell that counts must hold a number."""
    values = _cells("valid_mask", mask, y.shape, DataError)
    if not np.isin(values, (0, 1)).all():
        raise DataError("valid_mask holds something other than 0 and 1: give 1 where a response counts.")
    valid = values == 1
    contradictions = np.argwhere(valid & np.isnan(y))
    if len(contradictions):
        row, column = contradictions[0]
        raise DataError(f"valid_mask is 1 where y is missing, in row {row}, column {column}: make it 0 there.")
    return valid


def cell_shape(data: Prepared) -> tuple[int, int]:
    """(N, M)."""
    return data.y.shape[1], data.x.shape[1]


def _cells(name: str, given: Any, shape: tuple[int, ...], error: type[ValueError] = BeliefsError) -> Array:
    try:
        values = np.array(given, dtype=float)
    except (TypeError, ValueError) as reason:
        raise error(f"{name} holds something that is not a number: {reason}.") from reason
    if values.shape != shape:
        raise error(f"{name} has the shape {values.shape} where {shape} is needed: give one number per cell.")
    return values


def _per_response(name: str, given: Any, shape: tuple[int, int]) -> Array:
    """Cells, or one row that holds for every response."""
    row = np.shape(given) == shape[1:]
    return np.broadcast_to(_cells(name, given, shape[1:] if row else shape), shape)


def checked_prior(prior: Any, shape: tuple[int, int]) -> Array:
    """β⁰, (N, M), zero where nothing is held."""
    if prior is None:
        return np.zeros(shape)
    values = _per_response("factors_beta_prior", prior, shape)
    if np.isinf(values).any():
        raise BeliefsError("factors_beta_prior is infinite somewhere: give finite numbers, or NaN for no prior.")
    return np.nan_to_num(values, nan=0.0)


def checked_box(signs: Any, nonneg: bool, lower: Any, upper: Any, shape: tuple[int, int]) -> Box:
    """Everything that bounds a cell, intersected; a sign up to 1e-8 is a zero, as in the reference.

    The reference returns NaN for every response when one cell is left without a value; here that is an error.
    """
    check_flag("nonneg", nonneg)
    given = None if signs is None else _per_response("factors_beta_loading_signs", signs, shape)
    box = sign_box(None if given is None else np.where(np.abs(given) <= 1e-8, 0.0, given), nonneg, shape)
    if lower is None and upper is None:
        return box
    least, most = (_bounds(*side, shape) for side in (("beta_lower_bounds", lower), ("beta_upper_bounds", upper)))
    rule = np.where(np.isfinite(least) | np.isfinite(most), Rule.USER, box.rule)
    low, high = np.fmax(box.lower, least), np.fmin(box.upper, most)  # NaN says nothing
    empty = np.argwhere((low > high) | (low == np.inf) | (high == -np.inf))
    if len(empty):
        row, column = empty[0]
        raise BeliefsError(
            f"No loading of response {row} on factor {column} is inside its signs and bounds "
            f"(from {low[row, column]:g} to {high[row, column]:g}): widen one of them."
        )
    return Box(frozen(low), frozen(high), frozen(rule.astype(np.int8)))


def _bounds(name: str, given: Any, shape: tuple[int, int]) -> Array:
    return np.full(shape, np.nan) if given is None else _cells(name, given, shape)


def checked_weights(name: str, given: Any, shape: tuple[int, ...]) -> Array:
    """Multipliers of the penalty, 1 where none are given."""
    if given is None:
        return np.ones(shape)
    values = _cells(name, given, shape, DataError)
    if not (np.isfinite(values) & (values >= 0)).all():
        raise DataError(f"{name} holds something other than finite numbers >= 0: weights multiply the penalty.")
    return values


def membership(loadings: Any, data: Prepared) -> Array:
    """Which responses are in which groups, (N, G) of 0.0 and 1.0."""
    member, responses = np.array(loadings), data.y.shape[1]
    if member.ndim != 2 or len(member) != responses:
        raise DataError(f"group_loadings has the shape {member.shape}: give one row for each of {responses} responses.")
    if not np.isin(member, (0, 1)).all():
        raise DataError("group_loadings holds something other than 0 and 1: give 1 where a response is in a group.")
    return member.astype(float)


def block_kind(block_mode: str) -> type[FactorBlocks] | None:
    """Blocks of cluster by factor, or None for rows."""
    check_choice("block_mode", block_mode, tuple(BLOCKS))
    return BLOCKS[block_mode]


def cell_weights(cell: Any, shape: tuple[int, int]) -> AdaptiveWeights:
    """Weights of the L1 term alone."""
    return AdaptiveWeights(checked_weights("penalty_weights", cell, shape), np.ones(shape[0]), np.ones(shape))


def group_weights(member: Array, shape: tuple[int, int], cell: Any, row: Any, column: Any) -> AdaptiveWeights:
    """Weights of cells and rows, and of each cell's block: that of its group."""
    return AdaptiveWeights(
        checked_weights("penalty_weights", cell, shape),
        checked_weights("row_weights", row, shape[:1]),
        member @ checked_weights("col_weights", column, (member.shape[1], shape[1])),
    )


def blocks_penalty(
    options: PenaltyOptions, kind: type[FactorBlocks] | None, member: Array, weights: AdaptiveWeights
) -> Penalty:
    """Share α of λ on the cells, the rest on the blocks; a row pays for each of its groups."""
    groups = member.shape[1] if options.group_penalty == "normalized" else 1
    by_group = member @ np.sqrt(member.sum(axis=0) / groups)
    blocks = RowBlocks() if kind is None else kind(_units(member))
    return mixed_penalty(by_group, blocks, weights.block.shape, weights).at(options)


def _units(member: Array) -> Array:
    """The group of each response, (N,); one that is in none is alone."""
    count, groups = member.sum(axis=1), member.shape[1]
    if (count > 1).any():
        twice = int((count > 1).argmax())
        raise DataError(f"Response {twice} is in {count[twice]:g} groups: where responses share a norm, give it one.")
    alone = groups + np.arange(len(member))
    return np.where(count > 0, member.argmax(axis=1), alone) if groups else alone
