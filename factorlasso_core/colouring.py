"""Colour numbers for clusters that stay with them from one partition to the next."""

from __future__ import annotations

from itertools import count

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen


def match_colours(labels: Array, counted: Array, before: Array | None = None) -> Array:
    """Return a colour number for every response, (N,) int, -1 for those that do not count; read-only.

    Of all pairs of a cluster and a colour number before, the one that shares most responses is matched first,
    and each cluster and number once; ties go to the smaller number, then to the cluster that occurs first.
    What is left takes the smallest free numbers in the order of first occurrence. So the same partition keeps
    its colours, a split colours one branch anew, and a merge keeps the colour of its larger part.

    Args:
        labels: (N,) cluster of every response. counted: (N,) booleans, which of them belong to a cluster.
        before: (N,) colour numbers of the partition before, negative where there was none; None at first.

    >>> first = match_colours(np.array([4, 4, 4, 7]), np.ones(4, dtype=bool))
    >>> first.tolist(), match_colours(np.array([1, 2, 2, 3]), np.ones(4, dtype=bool), first).tolist()
    ([0, 0, 0, 1], [2, 0, 0, 1])
    """
    codes = np.full(len(labels), -1)
    codes[counted] = pd.factorize(labels[counted])[0]
    colours = _kept(codes, np.full(len(labels), -1) if before is None else before)
    taken = set(colours.values())
    free = (number for number in count() if number not in taken)
    numbers = [colours[code] if code in colours else next(free) for code in range(codes.max(initial=-1) + 1)]
    return frozen(np.array([*numbers, -1], dtype=np.int32)[codes])


def bounded(colours: Array, plain: int) -> Array:
    """Return colour numbers that do not grow while a cut moves to and fro; read-only.

    Of ``G`` clusters, those numbered from ``max(plain, G)`` on get the smallest free numbers, in their order.

    Args:
        colours: What :func:`match_colours` returned. plain: Number of colours to prefer to all others.

    >>> bounded(np.array([39, 1, 12, -1, 39]), 12).tolist(), bounded(np.array([0, 2, 3]), 2).tolist()
    ([2, 1, 0, -1, 2], [0, 2, 1])
    """
    used = np.unique(colours[colours >= 0])
    free = np.setdiff1d(np.arange(len(used)), used)
    over = used[used >= max(plain, len(used))]
    numbers = dict(zip(over.tolist(), free.tolist(), strict=False))
    return frozen(np.array([numbers.get(number, number) for number in colours.tolist()], dtype=np.int32))


def _kept(codes: Array, before: Array) -> dict[int, int]:
    """Colour number by cluster for the clusters that keep one, largest overlap first."""
    both = (codes >= 0) & (before >= 0)
    pairs, sizes = np.unique(np.stack([before[both], codes[both]], axis=1), axis=0, return_counts=True)
    kept: dict[int, int] = {}
    taken: set[int] = set()
    for place in np.lexsort((pairs[:, 1], pairs[:, 0], -sizes)).tolist():
        number, code = pairs[place].tolist()
        if code not in kept and number not in taken:
            kept[code] = number
            taken.add(number)
    return kept
