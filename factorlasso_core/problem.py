"""The mathematical statement every solver gets, and what a solver gives back.

minimise over β in the box:  ``Σ_k L_k(β_k) + Ω(β - β⁰)``, for all responses at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from factorlasso_core.arrays import Array
from factorlasso_core.guided import Guided
from factorlasso_core.moments import Moments
from factorlasso_core.penalty import Penalty
from factorlasso_core.prepare import Prepared
from factorlasso_core.signs import Box


@dataclass(frozen=True, eq=False)
class Problem:
    """Loss, penalty, prior and box.

    Attributes:
        data: Prepared arrays, or stage one of UniLasso, from which the auditable formulation is written.
        moments: The same loss as quadratics, from which the fast solver and the certificate work.
        penalty: Ω. prior: (N, M) β⁰. box: Bounds on β.
    """

    data: Prepared | Guided
    moments: Moments
    penalty: Penalty
    prior: Array
    box: Box

    def objective(self, beta: Array) -> Array:
        """Return the objective as the share of every response, (N,); they are separate where the penalty is."""
        return self.moments.loss(beta) + self.penalty.value(beta - self.prior)

    def take(self, responses: Array) -> Problem:
        """The problem of some responses, given by position in whole units, for solvers that need the moments only."""
        moments, penalty, box = self.moments.of(responses), self.penalty.take(responses), self.box.take(responses)
        return Problem(self.data, moments, penalty, self.prior[responses], box)

    @classmethod
    def joined(cls, parts: Sequence[Problem]) -> Problem:
        """Problems of one loss as one, the responses of one behind those of the other."""
        loss, n = parts[0].moments, len(parts[0].prior)
        return cls(
            parts[0].data,
            loss.of(np.tile(np.arange(n), len(parts))),
            Penalty.joined([part.penalty for part in parts]),
            np.concatenate([part.prior for part in parts]),
            Box.joined([part.box for part in parts]),
        )


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver returns.

    Attributes:
        beta: (N, M). converged: (N,) whether the solver met its own stopping rule.
        iterations: Work done, in the solver's own unit. solver: Its name.
    """

    beta: Array
    converged: Array
    iterations: int
    solver: str

    @property
    def status(self) -> str:
        """One sentence: converged, or what to do."""
        if self.converged.all():
            return "converged"
        left = int((~self.converged).sum())
        return (
            f"{left} of {len(self.converged)} responses stopped before the solver's tolerance; "
            "judge them by their duality gap, or raise λ."
        )
