"""Where the branches of a cut tree lie, and which colour each cluster has. No Plotly here.

Colours depend on the tree alone: going down from the root, at every merge the larger branch keeps its
colour number and the smaller takes the next one. So k clusters have the numbers 0..k-1, and a cut that
splits one cluster more changes the colour of that one branch only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.clusters import Tree

PRESSED = 0.5  # share of the width a factor e in height gets above the reach of the cutoff


class Path(NamedTuple):
    """Points of broken lines, NaN between two lines: drawn heights and positions along the leaves."""

    height: Array
    place: Array


@dataclass(frozen=True, eq=False)
class Drawing:
    """A tree laid out.

    Attributes:
        place: (2N-1,) position of every node along the leaves; leaves first, 0 at the top.
        height: (2N-1,) drawn height of every node; leaves at 0.
        number: (N,) colour number of the cluster of every response.
        above: Lines above the cut. below: Lines at or below it, by colour number modulo ``colours``.
    """

    place: Array
    height: Array
    number: Array
    above: Path
    below: dict[int, Path]


def draw_tree(tree: Tree, cutoff: float, colours: int) -> Drawing:
    """Lay out a tree cut at an absolute height, leaves at 0, 1, ... in the order of ``tree.leaves``."""
    n = len(tree.leaves)
    height = drawn_height(np.concatenate([np.zeros(n), tree.linkage[:, 2]]), tree.largest_distance)
    level = float(drawn_height(np.array(cutoff), tree.largest_distance))
    place = _places(tree)
    number = _cluster_numbers(tree, cutoff)
    children = tree.linkage[:, :2].astype(int)
    cut = tree.reach > cutoff
    above = _forks(children[cut], np.flatnonzero(cut) + n, np.maximum(height, level), place)
    lower = np.flatnonzero(~cut)
    forks = _forks(children[lower], lower + n, height, place)
    tops = children[cut].ravel()
    whole = np.concatenate([np.ones(n, dtype=bool), ~cut])
    tops = tops[whole[tops]]  # the clusters themselves: their stems reach up to the cut
    lines = _joined(forks, _stems(tops, level, height, place))
    owner = np.concatenate([np.repeat(number[lower + n], 5), np.repeat(number[tops], 3)]) % colours
    below = {int(c): Path(lines.height[owner == c], lines.place[owner == c]) for c in np.unique(owner)}
    return Drawing(place, height, number[:n], above, below)


def drawn_height(height: Array, reach: float) -> Array:
    """Return where a height is drawn: where it is up to the reach of the cutoff, pressed together above.

    Ward heights go to many times the largest distance a cutoff can reach; drawn as they are, the part
    that can be cut would be a sliver. Above the reach they are drawn on a logarithmic scale.
    """
    ratio = height / reach if reach > 0 else np.ones_like(height)
    return np.where(ratio > 1, reach * (1.0 + PRESSED * np.log(np.maximum(ratio, 1.0))), height)


def _places(tree: Tree) -> Array:
    """Position of every node: leaves in drawn order, merges halfway between their branches."""
    n = len(tree.leaves)
    place = np.empty(2 * n - 1)
    place[tree.leaves] = np.arange(n)
    positions: list[float] = place.tolist()
    for i, (left, right) in enumerate(tree.linkage[:, :2].astype(int).tolist()):
        positions[n + i] = 0.5 * (positions[left] + positions[right])
    return np.array(positions)


def _cluster_numbers(tree: Tree, cutoff: float) -> Array:
    """Colour number of every node: its own above the cut, that of its cluster at or below."""
    n = len(tree.leaves)
    size = [1] * n + tree.linkage[:, 3].astype(int).tolist()
    number = [0] * (2 * n - 1)
    following = 1
    merges = tree.linkage[:, :2].astype(int).tolist()
    splits = (tree.reach > cutoff).tolist()
    for i in range(n - 2, -1, -1):
        left, right = merges[i]
        large, small = (left, right) if size[left] >= size[right] else (right, left)
        number[large] = number[small] = number[n + i]
        if splits[i]:
            number[small] = following
            following += 1
    return np.array(number)


def _forks(children: Array, parents: Array, height: Array, place: Array) -> Path:
    """The bracket of each merge, five points: down the one branch, across, down the other, break."""
    left, right = children[:, 0], children[:, 1]
    gap = np.full(len(parents), np.nan)
    top = height[parents]
    heights = np.stack([height[left], top, top, height[right], gap], axis=1)
    places = np.stack([place[left], place[left], place[right], place[right], gap], axis=1)
    return Path(heights.ravel(), places.ravel())


def _stems(nodes: Array, level: float, height: Array, place: Array) -> Path:
    """A line from each node up to the cut, three points."""
    gap = np.full(len(nodes), np.nan)
    heights = np.stack([height[nodes], np.full(len(nodes), level), gap], axis=1)
    places = np.stack([place[nodes], place[nodes], gap], axis=1)
    return Path(heights.ravel(), places.ravel())


def _joined(first: Path, second: Path) -> Path:
    return Path(*(np.concatenate(parts) for parts in zip(first, second, strict=True)))
