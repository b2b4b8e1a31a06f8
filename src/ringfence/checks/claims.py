"""Who a named service account or namespace is in the files, and why nobody proves it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from ringfence.checks.finding import View
from ringfence.checks.mesh import Pods, control_plane, named, plural, pods
from ringfence.model.spans import Span

Reason = tuple[str, Span]


@dataclass(frozen=True, slots=True)
class Unproved:
    """Something that can never hold, with its place and the reasons."""

    message: str
    span: Span
    because: tuple[Reason, ...] = ()


@lru_cache(maxsize=2)
def _by_namespace(view: View) -> Mapping[str, tuple[Pods, ...]]:
    found: dict[str, list[Pods]] = {}
    for one in pods(view):
        found.setdefault(one.namespace, []).append(one)
    return {name: tuple(members) for name, members in found.items()}


def of_account(view: View, namespace: str, account: str) -> tuple[str, tuple[Reason, ...]] | None:
    """Why no pod of a service account proves it (empty `account`: none of a namespace); None where one may.

    A namespace without workloads in the files may have some elsewhere, and so may one of a control plane.
    """
    here = _by_namespace(view).get(namespace, ())
    users = [one for one in here if account in ("", one.template.service_account_name)]
    if any(one.member is not None for one in users) or not here:
        return None
    if users:
        whose = f"{named(one.title for one in users)} {plural(users, 'has', 'have')} no proxy"
        return whose, _places(users)
    if namespace in control_plane(view):
        return None
    return f"no pod uses service account {namespace}/{account}", ()


def _places(users: Iterable[Pods]) -> tuple[Reason, ...]:
    return tuple((f"{one.title} has no proxy", one.template.span) for one in users)[:1]
