"""Who is near whom in a tree: the merges a response goes through on its way to the top."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.clusters import Tree


@dataclass(frozen=True, eq=False)
class Merge:
    """One merge on the way up.

    Attributes:
        height: As the tree has it. reach: The lowest cut at which both sides are one cluster.
        joining: Positions of the responses that join here, in the order of the drawn tree.
    """

    height: float
    reach: float
    joining: Array


def merges_of(tree: Tree, response: int, most: int = 6) -> tuple[Merge, ...]:
    """Return the merges of a response, the nearest first.

    Args:
        response: Position in the panel. most: Merges at most.

    >>> from factorlasso_core.clusters import build_tree
    >>> tree = build_tree(np.array([[1, 0.9, 0.1], [0.9, 1, 0.2], [0.1, 0.2, 1]]))
    >>> [merge.joining.tolist() for merge in merges_of(tree, 0)]
    [[1], [2]]
    """
    n, children = len(tree.leaves), tree.linkage[:, :2].astype(int)
    parent = np.full(2 * n - 1, -1)
    parent[children.ravel()] = n + np.repeat(np.arange(len(children)), 2)
    place = np.argsort(tree.leaves)
    found: list[Merge] = []
    node = response
    while parent[node] >= 0 and len(found) < most:
        step = int(parent[node]) - n
        left, right = children[step]
        below = _leaves(children, n, int(right if left == node else left))
        joining = frozen(below[np.argsort(place[below])])
        found.append(Merge(float(tree.linkage[step, 2]), float(tree.reach[step]), joining))
        node = int(parent[node])
    return tuple(found)


def _leaves(children: Array, n: int, node: int) -> Array:
    """Responses below a node."""
    found, open_nodes = [], [node]
    while open_nodes:
        current = open_nodes.pop()
        if current < n:
            found.append(current)
        else:
            open_nodes += children[current - n].tolist()
    return np.array(found)
