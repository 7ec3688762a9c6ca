"""The penalties a model can have, under the names of both generations of the reference."""

from __future__ import annotations

from enum import Enum


class LassoModelType(Enum):
    """Which penalty couples the loadings. Serialise by name: the reference renumbered its values."""

    LASSO = 1
    UNILASSO = 2
    GROUP_LASSO = 3
    GROUP_LASSO_CLUSTERS = 4
    HIERARCHICAL_CLUSTER_GROUP_LASSO = 4  # noqa: PIE796 - an alias: the name of the reference from 0.5.4 on
    FACTOR_CLUSTER_GROUP_LASSO = 5
    COOPERATIVE_GROUP_LASSO = 6
    COOPERATIVE_CLUSTER_GROUP_LASSO = 7

    @property
    def clusters_responses(self) -> bool:
        """Whether the groups are discovered by clustering the responses."""
        return self in _CLUSTERED

    @property
    def needs_groups(self) -> bool:
        """Whether the analyst must give the groups."""
        return self in (LassoModelType.GROUP_LASSO, LassoModelType.COOPERATIVE_GROUP_LASSO)

    @property
    def couples_responses(self) -> bool:
        """Whether the penalty ties the responses of a group together, so that they are solved together."""
        return self is LassoModelType.FACTOR_CLUSTER_GROUP_LASSO or self.is_cooperative

    @property
    def is_cooperative(self) -> bool:
        """Whether positive and negative loadings of a block have a norm each."""
        return self in (LassoModelType.COOPERATIVE_GROUP_LASSO, LassoModelType.COOPERATIVE_CLUSTER_GROUP_LASSO)

    @property
    def takes_signs(self) -> bool:
        """Whether bounds on loadings have a place in the model, given or derived."""
        return self is not LassoModelType.UNILASSO and not self.is_cooperative

    @property
    def takes_prior(self) -> bool:
        """Whether a prior has a place in the model."""
        return self is not LassoModelType.UNILASSO

    @property
    def is_lasso(self) -> bool:
        """Whether the penalty is on single cells only."""
        return self in (LassoModelType.LASSO, LassoModelType.UNILASSO)

    def for_responses(self, count: int) -> LassoModelType:
        """Return the model that is fitted to ``count`` responses: one response alone is plain LASSO.

        The cooperative modes keep their norms, as in the reference.
        """
        alone = count == 1 and not self.is_cooperative and self is not LassoModelType.UNILASSO
        return LassoModelType.LASSO if alone else self


_CLUSTERED = (
    LassoModelType.GROUP_LASSO_CLUSTERS,
    LassoModelType.FACTOR_CLUSTER_GROUP_LASSO,
    LassoModelType.COOPERATIVE_CLUSTER_GROUP_LASSO,
)
