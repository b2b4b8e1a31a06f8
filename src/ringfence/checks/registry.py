"""Finds the checks: every module of this package that has a `CHECK`, by id."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module

import ringfence.checks
from ringfence.checks.finding import Check, Finding, View

Run = Callable[[View], Iterator[Finding]]


@lru_cache(maxsize=1)
def registered() -> tuple[tuple[Check, Run, str], ...]:
    """Each check with its function and its documentation, in the order of ids."""
    found = []
    for module in pkgutil.iter_modules(ringfence.checks.__path__):
        loaded = import_module(f"{ringfence.checks.__name__}.{module.name}")
        check = getattr(loaded, "CHECK", None)
        if isinstance(check, Check):
            found.append((check, loaded.run, loaded.__doc__ or ""))
    return tuple(sorted(found, key=lambda one: one[0].id))


def run(view: View) -> list[Finding]:
    """All findings, the worst first; among equals in the order of ids and of the files."""
    found = [finding for _, check, _ in registered() for finding in check(view)]
    return sorted(found, key=lambda one: -one.severity)
