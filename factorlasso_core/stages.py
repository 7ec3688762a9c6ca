"""A cache that computing goes through, stage by stage, and that counts what it saved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(eq=False)
class Stages:
    """Looks stages up in a cache before computing them, and counts both.

    Attributes:
        cache: Any mutable mapping; one that cannot take a value (a bounded cache) may raise ValueError.
        hits, misses: How often each stage was found or computed.
    """

    cache: MutableMapping[str, Any] = field(default_factory=dict)
    hits: Counter[str] = field(default_factory=Counter)
    misses: Counter[str] = field(default_factory=Counter)

    def held(self, stage: str, key: str) -> Any:
        """Return the value of a stage that the cache holds, None where it holds none; nothing is counted."""
        return self.cache.get(_name(stage, key))

    def get(self, stage: str, key: str, compute: Callable[[], T]) -> T:
        """Return the cached value of a stage, computing and storing it on a miss."""
        name = _name(stage, key)
        value: T | None = self.cache.get(name)
        if value is not None:
            self.hits[stage] += 1
            return value
        self.misses[stage] += 1
        value = compute()
        with suppress(ValueError):  # larger than the whole cache: it is used once and forgotten
            self.cache[name] = value
        return value


def _name(stage: str, key: str) -> str:
    return f"{stage}:{key}"
