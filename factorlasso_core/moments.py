"""Sufficient statistics of the loss: one Gram matrix per missing-data pattern, nothing about λ.

With ``L_k(b) = (1/T) Σ_t ω_t v_tk (y_tk - x_t·b)²``:
``L_k(b) = c_k - g_k·b + ½ b'A_k b`` with ``A = (2/T) X'diag(ωv)X``, ``g = (2/T) X'diag(ωv)y`` and
``c = (1/T) y'diag(ωv)y``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from factorlasso_core.arrays import Array, blocks, frozen
from factorlasso_core.errors import DataError
from factorlasso_core.prepare import Prepared

LARGEST_GRAMS = 2**30  # bytes; a solve needs a small multiple of it
RANK_TOLERANCE = 1e-13  # of the largest eigenvalue: below it a direction counts as the null space


@dataclass(frozen=True, eq=False)
class Moments:
    """The loss of every response as a quadratic.

    Attributes:
        gram: (P, M, M), A of each missing-data pattern.
        pattern: (N,) which of the P patterns a response has.
        linear: (N, M), g. constant: (N,), c, the loss at zero loadings.
    """

    gram: Array
    pattern: Array
    linear: Array
    constant: Array

    def times_gram(self, b: Array) -> Array:
        """Return ``A_k b_k`` for every response, (N, M)."""
        return gram_times(self.gram, self.pattern, b)

    @cached_property
    def spectrum(self) -> tuple[Array, Array]:
        """Eigenvalues (P, M), ascending, and eigenvectors (P, M, M) of every Gram matrix."""
        values, vectors = np.linalg.eigh(self.gram)
        return frozen(values), frozen(vectors)

    @cached_property
    def inside_range(self) -> Array:
        """Which eigenvectors span the range of every Gram matrix, (P, M)."""
        values = self.spectrum[0]
        return frozen(values > RANK_TOLERANCE * values[:, -1:])

    def of(self, responses: Array) -> Moments:
        """Return the moments of some responses, given by position; the spectrum is not worked out again."""
        used, pattern = used_patterns(self.pattern[responses], len(self.gram))
        gram, spectrum = self.gram, self.spectrum
        if used is not None:
            gram, spectrum = gram[used], (spectrum[0][used], spectrum[1][used])
        part = Moments(gram, pattern, self.linear[responses], self.constant[responses])
        vars(part)["spectrum"] = spectrum  # where a cached property keeps its value
        return part

    def least_squares(self, h: Array) -> Array:
        """Return ``A_k⁺ h_k`` for every response, (N, M): the smallest minimiser of the bare loss."""
        values, vectors = self.spectrum
        inverse = np.divide(1.0, values, out=np.zeros_like(values), where=self.inside_range)
        coordinates = gram_times(vectors.transpose(0, 2, 1), self.pattern, h)
        return gram_times(vectors, self.pattern, inverse[self.pattern] * coordinates)

    def loss(self, b: Array, pulled: Array | None = None) -> Array:
        """Return ``L_k(b_k)`` for every response, (N,); ``pulled`` is ``A_k b_k`` where it is known."""
        pulled = self.times_gram(b) if pulled is None else pulled
        return self.constant - np.vecdot(self.linear, b) + 0.5 * np.vecdot(b, pulled)


def used_patterns(pattern: Array, count: int) -> tuple[Array | None, Array]:
    """Return which of ``count`` patterns are used, in order, and the pattern of each response among these.

    The first is None where that would leave none out.
    """
    if count == 1:
        return None, pattern
    used, inside = np.unique(pattern, return_inverse=True)
    return (None, pattern) if len(used) == count else (used, inside)


def gram_times(gram: Array, pattern: Array, b: Array) -> Array:
    """Return ``gram[pattern[k]] @ b[k]`` for every k, one product per pattern or one batch."""
    if len(gram) == 1:
        return b @ gram[0].T
    if 8 * len(gram) > len(b):
        own = gram if np.array_equal(pattern, np.arange(len(gram))) else gram[pattern]
        return (own @ b[:, :, None])[:, :, 0]
    out = np.empty_like(b)
    for p in range(len(gram)):
        members = pattern == p
        out[members] = b[members] @ gram[p].T
    return out


def moments(data: Prepared) -> Moments:
    """Compute the moments of prepared arrays; responses missing in the same rows share a Gram matrix."""
    cure = "use fewer factors, or responses with common gaps"
    check_grams(len(data.masks), data.x.shape[1], "different patterns of missing data", cure)
    gram = _grams(data.x, data.masks * data.weights)
    linear, constant = _products(data)
    if data.own_means:
        gram, linear, constant = _centre(data, gram, linear, constant)
    own = data.scale[data.pattern]
    gram *= 2.0 * data.scale[:, None, None]
    linear *= 2.0 * own[:, None]
    return Moments(frozen(gram), data.pattern, frozen(linear), frozen(constant * own))


def check_grams(count: int, factors: int, what: str, cure: str) -> None:
    """Refuse Gram matrices, one for each of ``what``, that would not fit into memory, before they are made."""
    size = 8 * count * factors**2
    if size > LARGEST_GRAMS:
        raise DataError(
            f"{count} {what} and {factors} factors need {size / 2**30:.1f} GiB of Gram "
            f"matrices, more than {LARGEST_GRAMS / 2**30:.0f}: {cure}."
        )


def _products(data: Prepared) -> tuple[Array, Array]:
    """``X'diag(ωv)y``, (N, M), and ``y'diag(ωv)y``, (N,); y is zero where it is not valid."""
    responses = data.y.shape[1]
    weighted = data.x * data.weights[:, None]
    linear, constant = np.empty((responses, data.x.shape[1])), np.empty(responses)
    for part in blocks(responses, data.rows):
        y = data.y[:, part]
        linear[part] = y.T @ weighted
        constant[part] = data.weights @ (y * y)
    return linear, constant


def _grams(x: Array, weights: Array) -> Array:
    """``X'diag(w_p)X`` for every pattern, (P, M, M)."""
    if len(weights) == 1:
        gram = x.T @ (x * weights[0][:, None])
        return (0.5 * (gram + gram.T))[None]
    upper = np.triu_indices(x.shape[1])
    cells = weights @ (x[:, upper[0]] * x[:, upper[1]])
    gram = np.empty((len(weights), x.shape[1], x.shape[1]))
    gram[:, upper[0], upper[1]] = cells
    gram[:, upper[1], upper[0]] = cells
    return gram


def _centre(data: Prepared, gram: Array, linear: Array, constant: Array) -> tuple[Array, Array, Array]:
    """Moments about each response's own weighted means: the loss minimised over a free intercept."""
    x_level, pattern = data.x_level, data.pattern
    mass = data.mass[pattern]
    before = np.einsum("pjj->pj", gram)
    gram = gram - x_level[:, :, None] * x_level[:, None, :] * data.mass[:, None, None]
    linear = linear - x_level[pattern] * (data.y_level * mass)[:, None]
    # A factor that does not move in a response's own rows must not leave rounding behind.
    moves = np.einsum("pjj->pj", gram) > 1e-13 * before
    gram = gram * (moves[:, :, None] & moves[:, None, :])
    return gram, linear * moves[pattern], np.maximum(constant - data.y_level**2 * mass, 0.0)
