"""What the analyst holds about single cells, aligned to a panel."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from factorlasso_core.arrays import Array, frozen
from factorlasso_core.digest import array_bytes, canonical_json, digest, label_bytes
from factorlasso_core.errors import BeliefsError
from factorlasso_core.named import named_factors
from factorlasso_core.panel import Panel

NamedFactors = Mapping[Any, Any] | pd.Series


@dataclass(frozen=True, eq=False)
class Beliefs:
    """What the analyst holds about single cells, aligned to a panel.

    Attributes:
        signs: (N, M), > 0 loading >= 0, < 0 loading <= 0, 0 pinned to zero, NaN free; None: all free.
        prior: (N, M), NaN where nothing is held; None: nothing anywhere.
        groups: (N,) labels for GROUP_LASSO and the cooperative model; None: not given.
        clusters: (N,) labels found elsewhere, which take the place of the tree in HCGL and FCGL.
        excluded: (N, M) booleans, loadings that must be zero, whatever else is said; None: none.
        unsigned: (M,) booleans, factors whose signs are never derived; None: none.
        named: (N,) tuples of factor positions on which the OLS prior of a response rests; None: the best.
    """

    signs: Array | None = None
    prior: Array | None = None
    groups: Array | None = None
    clusters: Array | None = None
    excluded: Array | None = None
    unsigned: Array | None = None
    named: tuple[tuple[int, ...], ...] | None = None

    def __post_init__(self) -> None:
        for name in ("signs", "prior", "groups", "clusters", "excluded", "unsigned"):
            held = getattr(self, name)
            if held is not None and held.flags.writeable:  # the caller's own: the digest must stay true
                object.__setattr__(self, name, frozen(held.copy()))

    @classmethod
    def for_panel(
        cls,
        panel: Panel,
        *,
        signs: pd.DataFrame | None = None,
        prior: pd.DataFrame | None = None,
        groups: pd.Series | None = None,
        clusters: pd.Series | None = None,
        excluded: NamedFactors | None = None,
        unsigned: Iterable[Hashable] | None = None,
        named: NamedFactors | None = None,
    ) -> Beliefs:
        """Select by label what belongs to the panel; supersets and any order are fine.

        Args:
            signs, prior: Responses by factors. groups, clusters: Label by response.
            excluded, named: Factor or factors by response; responses not named are left alone.
            unsigned: Factors.

        Raises:
            BeliefsError: A response or factor has no entry, or an entry cannot be used.
        """
        held = cls(
            None if signs is None else frozen(_normal_signs(_aligned(signs, panel, "sign matrix"))),
            None if prior is None else frozen(_aligned(prior, panel, "prior")),
            None if groups is None else _group_labels(groups, panel),
            None if clusters is None else _group_labels(clusters, panel),
            None if excluded is None else _excluded(excluded, panel),
            None if unsigned is None else _unsigned(unsigned, panel),
            None if named is None else _named(named, panel, "factor_for_prior", most=2),
        )
        held._check_excluded(panel)
        return held

    def _check_excluded(self, panel: Panel) -> None:
        """A loading that must be zero cannot be drawn elsewhere."""
        if self.excluded is None or self.prior is None:
            return
        clash = np.argwhere(self.excluded & (np.nan_to_num(self.prior, nan=0.0) != 0))
        if len(clash):
            response, factor = panel.responses[clash[0, 0]], panel.factors[clash[0, 1]]
            raise BeliefsError(
                f"The factor {factor!r} is excluded for {response!r} and has a prior other than zero there: "
                "take one of the two away."
            )

    @cached_property
    def key(self) -> str:
        """Digest of everything held, for caches."""
        arrays = (self.signs, self.prior, self.excluded, self.unsigned)
        return digest(
            *(b"" if held is None else array_bytes(held) for held in arrays),
            *(b"" if held is None else _group_bytes(held) for held in (self.groups, self.clusters)),
            canonical_json(self.named),
        )

    def check_shape(self, panel: Panel) -> None:
        """Refuse beliefs made for a panel of another shape, which broadcasting would stretch in silence."""
        _, n, m = panel.shape
        needed = {
            "signs": (n, m),
            "prior": (n, m),
            "groups": (n,),
            "clusters": (n,),
            "excluded": (n, m),
            "unsigned": (m,),
        }
        for name, shape in needed.items():
            held = getattr(self, name)
            if held is not None and held.shape != shape:
                found = f"The {name} have shape {held.shape}, the panel needs {shape}"
                raise BeliefsError(f"{found}: use Beliefs.for_panel.")
        if self.named is not None and len(self.named) != n:
            raise BeliefsError(f"Factors are named for {len(self.named)} responses, the panel has {n}.")


def _aligned(frame: pd.DataFrame, panel: Panel, what: str) -> Array:
    if not isinstance(frame, pd.DataFrame):
        raise BeliefsError(f"The {what} must be a DataFrame of responses by factors, not {type(frame).__name__}.")
    for axis, have, need in (
        ("response", frame.index, panel.responses),
        ("factor", frame.columns, panel.factors),
    ):
        if not have.is_unique:
            raise BeliefsError(f"The {what} has the {axis} {have[have.duplicated()][0]!r} twice.")
        missing = need.difference(have, sort=False)
        if len(missing):
            raise BeliefsError(
                f"The {what} has no entry for the {axis} {missing[0]!r}"
                f"{f' and {len(missing) - 1} more' if len(missing) > 1 else ''}: add a row or column for it."
            )
    try:
        values = frame.loc[panel.responses, panel.factors].to_numpy(dtype=float, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise BeliefsError(f"The {what} holds something that is not a number: {error}.") from error
    if np.isinf(values).any():
        row, column = np.argwhere(np.isinf(values))[0]
        cell = f"({panel.responses[row]}, {panel.factors[column]})"
        raise BeliefsError(f"The {what} is infinite at {cell}: give a finite number or leave it empty.")
    return np.array(values)


def _normal_signs(values: Array) -> Array:
    """Signs as -1, 0, 1, NaN; a magnitude up to 1e-8 counts as zero, as in the reference."""
    return np.where(np.abs(values) <= 1e-8, 0.0, np.sign(values))


def _group_bytes(groups: Array) -> bytes:
    """The partition, its labels and their types: 1 and "1" read alike but are two groups."""
    typed = (f"{type(label).__name__}:{label}" for label in groups)
    return array_bytes(pd.factorize(groups)[0]) + label_bytes(typed)


def _group_labels(groups: pd.Series, panel: Panel) -> Array:
    if not isinstance(groups, pd.Series):
        raise BeliefsError(f"Groups must be a Series of labels by response, not {type(groups).__name__}.")
    if not groups.index.is_unique:
        raise BeliefsError(f"The groups name the response {groups.index[groups.index.duplicated()][0]!r} twice.")
    labels = groups.reindex(panel.responses)
    if labels.isna().any():
        orphan = panel.responses[labels.isna().to_numpy()][0]
        raise BeliefsError(f"The response {orphan!r} has no group: give it a label.")
    return frozen(np.array(labels, dtype=object))


def _places(panel: Panel) -> dict[Hashable, int]:
    """Position of every factor by its whole label; an index would also match parts of tuples."""
    return {label: place for place, label in enumerate(panel.factors.to_list())}


def _named(entries: NamedFactors, panel: Panel, what: str, most: int | None) -> tuple[tuple[int, ...], ...]:
    """Positions of the factors named for every response of the panel; others are passed over."""
    named, places = named_factors(entries, most, what), _places(panel)

    def positions(response: Hashable) -> tuple[int, ...]:
        for label in named.get(response, ()):
            if label not in places:
                raise BeliefsError(
                    f"{what} names the factor {label!r} for {response!r}, which the panel does not have."
                )
        return tuple(places[label] for label in named.get(response, ()))

    return tuple(positions(response) for response in panel.responses.to_list())


def _excluded(entries: NamedFactors, panel: Panel) -> Array | None:
    """Where a factor is excluded; None where nobody is named."""
    mask = np.zeros((len(panel.responses), len(panel.factors)), dtype=bool)
    for row, positions in enumerate(_named(entries, panel, "excluded_factors", most=None)):
        mask[row, list(positions)] = True
    return frozen(mask) if len(named_factors(entries, None, "excluded_factors")) else None


def _unsigned(names: Iterable[Hashable], panel: Panel) -> Array | None:
    """Factors left free; None where nobody is named."""
    if isinstance(names, str) or not isinstance(names, list | tuple | set | frozenset | pd.Index | np.ndarray):
        raise BeliefsError(f"auto_sign_excluded_factors must be a list of factors, not {names!r}.")
    chosen, places = set(names), _places(panel)
    for name in chosen:
        if name not in places:
            raise BeliefsError(f"auto_sign_excluded_factors names {name!r}, which the panel does not have.")
    return frozen(np.array([label in chosen for label in places])) if chosen else None
