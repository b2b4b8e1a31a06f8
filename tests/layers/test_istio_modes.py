"""Which mode each port of a pod is in, under any set of PeerAuthentications."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.istio_modes import DEFAULT, EVERY_PORT, Modes, by_age, oldest
from ringfence.resources.istio.authentication import MutualTlsMode, PeerAuthentication
from ringfence.resources.kubernetes import ObjectMeta

ROOT = "istio-system"
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"
UNSET, DISABLE, PERMISSIVE, STRICT = MutualTlsMode


def policy(name: str, mode: str = "UNSET", app: str = "", created: str = EARLY, **ports: str) -> PeerAuthentication:
    namespace, _, short = name.rpartition("/")
    level = tuple(sorted((int(port[1:]), MutualTlsMode(one)) for port, one in ports.items()))
    selector = (("app", app),) if app else ()
    metadata = ObjectMeta(short, namespace or "shop", creation_timestamp=created)
    return PeerAuthentication(metadata, MutualTlsMode(mode), selector, level)


def modes(*policies: PeerAuthentication, app: str = "web") -> dict[int, set[str]]:
    found = Modes(policies, ROOT).of("shop", {"app": app})
    return {port: {str(one) for one in choice.modes} for port, choice in found.items()}


@pytest.mark.parametrize(
    ("policies", "expected"),
    [
        ((), {0: {"PERMISSIVE"}}),
        ((policy(f"{ROOT}/m", "STRICT"),), {0: {"STRICT"}}),
        ((policy(f"{ROOT}/m", "STRICT"), policy("n", "DISABLE")), {0: {"DISABLE"}}),
        ((policy(f"{ROOT}/m", "STRICT"), policy("n")), {0: {"STRICT"}}),
        ((policy(f"{ROOT}/m"),), {0: {"PERMISSIVE"}}),
        ((policy(f"{ROOT}/m", "STRICT", "web"),), {0: {"PERMISSIVE"}}),  # a selector in the root namespace
        ((policy("n", "STRICT"), policy("w", "DISABLE", "web")), {0: {"DISABLE"}}),
        ((policy("n", "STRICT"), policy("w", "DISABLE", "db")), {0: {"STRICT"}}),
        ((policy("n", "STRICT"), policy("w", "UNSET", "web")), {0: {"STRICT"}}),
        ((policy("other/n", "STRICT"),), {0: {"PERMISSIVE"}}),
        ((policy("w", "STRICT", "web", p80="DISABLE"),), {0: {"STRICT"}, 80: {"DISABLE"}}),
        ((policy("w", "STRICT", "web", p80="UNSET"),), {0: {"STRICT"}, 80: {"STRICT"}}),
        ((policy("n", "STRICT"), policy("w", "UNSET", "web", p80="UNSET")), {0: {"STRICT"}, 80: {"STRICT"}}),
        # One policy a level: the oldest, then the first by name; port modes come from that one alone.
        ((policy("a", "STRICT", "web", LATE, p80="DISABLE"), policy("b", "DISABLE", "web")), {0: {"DISABLE"}}),
        ((policy("b", "STRICT"), policy("a", "DISABLE")), {0: {"DISABLE"}}),
        ((policy("a", "UNSET"), policy("b", "STRICT")), {0: {"PERMISSIVE"}}),
        # Ages that no file says leave it open.
        ((policy("a", "STRICT", created=""), policy("b", "DISABLE", created="")), {0: {"STRICT", "DISABLE"}}),
        ((policy("a", "STRICT"), policy("b", "DISABLE", created="")), {0: {"STRICT", "DISABLE"}}),
        ((policy("a", "STRICT", created=""),), {0: {"STRICT"}}),
        (
            (policy("a", "STRICT", "web", "", p80="DISABLE"), policy("b", "STRICT", "web", "")),
            {0: {"STRICT"}, 80: {"STRICT", "DISABLE"}},
        ),
    ],
)
def test_precedence(policies, expected):
    assert modes(*policies) == expected


def test_the_namespace_has_a_mode_of_its_own():
    found = Modes((policy(f"{ROOT}/m", "STRICT"), policy("n", "DISABLE"), policy("w", "STRICT", "web")), ROOT)
    assert [set(found.of_namespace(one).modes) for one in ("shop", "other")] == [{DISABLE}, {STRICT}]
    assert Modes((), ROOT).of_namespace("shop") == DEFAULT


def test_the_policy_that_says_so_is_kept():
    wide, narrow = policy("n", "STRICT"), policy("w", "UNSET", "web", p80="DISABLE", p90="UNSET")
    found = Modes((wide, narrow), ROOT).of("shop", {"app": "web"})
    assert [found[port].policies for port in (EVERY_PORT, 80, 90)] == [(wide,), (narrow,), (narrow,)]


POLICIES = st.builds(
    lambda number, place, mode, app, created, port: policy(
        f"{place}/p{number}", mode, app, created, **({"p80": port} if port and app else {})
    ),
    st.integers(0, 30),
    st.sampled_from((ROOT, "shop", "other")),
    st.sampled_from(tuple(MutualTlsMode)),
    st.sampled_from(("", "web", "db")),
    st.sampled_from((EARLY, LATE)),
    st.sampled_from(("", *MutualTlsMode)),
)


def unique(found: list[PeerAuthentication]) -> list[PeerAuthentication]:
    return list({one.metadata.qualified_name: one for one in found}.values())


@given(st.lists(POLICIES, max_size=8).map(unique), st.randoms())
def test_dated_policies_say_one_mode_in_any_order(found, random):
    shuffled = list(found)
    random.shuffle(shuffled)
    first, second = (Modes(one, ROOT).of("shop", {"app": "web"}) for one in (found, shuffled))
    assert first == second
    assert all(len(choice.modes) == 1 for choice in first.values())


@given(st.lists(POLICIES, max_size=8).map(unique))
def test_the_modes_are_those_of_the_rules_as_they_are_written(found):
    """The rules of the documentation, one policy at a time and without any index."""
    expected: str = PERMISSIVE
    workload = None
    for level in ("mesh", "namespace", "workload"):
        chosen = None
        for one in found:
            mine = {
                "mesh": one.metadata.namespace == ROOT and not one.selector,
                "namespace": one.metadata.namespace == "shop" and not one.selector,
                "workload": one.metadata.namespace == "shop" and one.selector == (("app", "web"),),
            }[level]
            age = one.metadata.creation_timestamp, one.metadata.name
            if mine and (chosen is None or age < (chosen.metadata.creation_timestamp, chosen.metadata.name)):
                chosen = one
        if chosen is not None and chosen.mode is not UNSET:
            expected = chosen.mode
        workload = chosen if level == "workload" else None
    at_port = workload.mode_at(80) if workload else None
    got = Modes(found, ROOT).of("shop", {"app": "web"})
    assert got[EVERY_PORT].modes == {expected}
    assert got.get(80, got[EVERY_PORT]).modes == {expected if at_port in (None, UNSET) else at_port}


@given(st.lists(POLICIES, max_size=6).map(unique))
def test_the_oldest_is_among_the_objects_by_age(found):
    assert oldest(found) == by_age(found)[:1]
