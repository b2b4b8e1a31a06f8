"""Which DestinationRule a client follows, how several are merged, and what a client then sends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.layers.istio_destination_rules import DestinationRules, Merged, Tls
from ringfence.resources.istio.mesh_config import MeshConfig
from ringfence.resources.istio.networking import DestinationRule, PortTraffic, Subset, TlsMode, TrafficPolicy
from ringfence.resources.kubernetes import ObjectMeta

HOST = "web.shop.svc.cluster.local"
DISABLE, SIMPLE, MUTUAL, ISTIO_MUTUAL = TlsMode
EARLY, LATE = "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"


def rule(
    name: str,
    host: str = HOST,
    policy: TrafficPolicy | TlsMode | None = None,
    subsets: tuple[Subset, ...] = (),
    to: tuple[str, ...] = (),
    app: str = "",
    created: str = EARLY,
) -> DestinationRule:
    namespace, _, short = name.rpartition("/")
    made = TrafficPolicy(policy) if isinstance(policy, TlsMode) else policy
    selector = (("app", app),) if app else None
    return DestinationRule(
        ObjectMeta(short, namespace or "shop", creation_timestamp=created), host, made, subsets, to, selector
    )


def followed(*rules: DestinationRule, client: str = "client") -> list[str | None]:
    """The names that the alternatives come to: those for workloads as `label:name`, then that of the rest."""
    found = []
    for alternative in DestinationRules(rules, MeshConfig()).followed(client, HOST, "shop"):
        for one in alternative:
            name = one.merged.rule.metadata.qualified_name if one.merged else None
            found.append(f"{one.labels[0][1]}:{name}" if one.labels else name)
    return found


@pytest.mark.parametrize(
    ("rules", "client", "expected"),
    [
        ((), "client", [None]),
        ((rule("client/a"), rule("shop/b"), rule("istio-system/c")), "client", ["client/a"]),
        ((rule("shop/b"), rule("istio-system/c")), "client", ["shop/b"]),
        ((rule("istio-system/c"),), "client", ["istio-system/c"]),
        ((rule("third/a"),), "client", [None]),
        # The host: short names are of the rule's own namespace, a dot makes a name complete, the longest wins.
        ((rule("shop/b", "web"),), "client", ["shop/b"]),
        ((rule("client/a", "web"),), "client", [None]),
        ((rule("shop/b", "web.shop"),), "client", [None]),
        ((rule("client/a", "*"), rule("client/b", "*.shop.svc.cluster.local")), "client", ["client/b"]),
        ((rule("client/a", "*"), rule("client/b")), "client", ["client/b"]),
        ((rule("client/a", "*"), rule("shop/b")), "client", ["client/a"]),  # the place goes before the host
        # exportTo
        ((rule("shop/b", to=(".",)), rule("istio-system/c")), "client", ["istio-system/c"]),
        ((rule("shop/b", to=(".",)),), "shop", ["shop/b"]),
        ((rule("shop/b", to=("client",)),), "client", ["shop/b"]),
        ((rule("shop/b", to=("client",)),), "shop", [None]),
        ((rule("shop/b", to=("client",)),), "third", [None]),
        ((rule("shop/b", to=("*",)),), "third", ["shop/b"]),
        # Clients of the root namespace: rules of their own that nobody else has, then the Service's.
        ((rule("istio-system/c", "*"), rule("shop/b")), "istio-system", ["shop/b"]),
        ((rule("istio-system/c", "*", to=(".",)), rule("shop/b")), "istio-system", ["istio-system/c"]),
        # Workloads
        ((rule("client/a", app="x"), rule("client/b")), "client", ["x:client/a", "client/b"]),
        ((rule("client/a", app="x"),), "client", ["x:client/a", None]),
        ((rule("shop/a", app="x"),), "client", [None]),
    ],
)
def test_which_rule_a_client_follows(rules, client, expected):
    assert followed(*rules, client=client) == expected


def test_the_mesh_may_export_nothing_by_default():
    config = MeshConfig(default_destination_rule_export_to=(".",))
    found = DestinationRules((rule("shop/b"),), config)
    assert [one.merged is None for one in found.followed("client", HOST, "shop")[0]] == [True]
    assert [one.merged is None for one in found.followed("shop", HOST, "shop")[0]] == [False]


def merged(*rules: DestinationRule) -> Merged:
    alternatives = DestinationRules(rules, MeshConfig()).followed("client", HOST, "shop")
    assert len(alternatives) == 1
    assert alternatives[0][-1].merged is not None
    return alternatives[0][-1].merged


def test_rules_of_one_host_are_merged_the_oldest_first():
    first = rule("a", subsets=(Subset("v1", (("v", "1"),)),))
    second = rule("b", policy=DISABLE, subsets=(Subset("v1"), Subset("v2")), created=LATE)
    third = rule("c", policy=ISTIO_MUTUAL, created="2026-01-03T00:00:00Z")
    for order in ((first, second, third), (third, second, first)):
        found = merged(*order)
        assert [(one.name, one.labels) for one in found.rule.subsets] == [("v1", (("v", "1"),)), ("v2", ())]
        assert (found.rule.metadata.name, found.rule.policy) == ("a", TrafficPolicy(DISABLE))


def test_ages_that_no_file_says_leave_the_order_open():
    rules = (rule("a", policy=DISABLE, created=""), rule("b", policy=ISTIO_MUTUAL, created=""))
    found = DestinationRules(rules, MeshConfig()).followed("client", HOST, "shop")
    assert {one[-1].merged.tls("", 80) for one in found if one[-1].merged} == {Tls.PLAINTEXT, Tls.MUTUAL}


def test_a_rule_for_workloads_takes_in_one_that_is_exported_alike():
    narrow, wide = rule("a", app="cart", created=LATE), rule("b", policy=DISABLE)
    assert followed(narrow, wide, client="shop") == ["cart:shop/a", "shop/b"]
    private = rule("b", policy=DISABLE, to=(".",))
    assert followed(narrow, private, client="shop") == ["cart:shop/a", None]
    one = DestinationRules((narrow, private), MeshConfig()).followed("shop", HOST, "shop")[0][0]
    assert one.merged is not None
    assert one.merged.tls("", 80) is Tls.PLAINTEXT
    other = rule("c", app="job", policy=ISTIO_MUTUAL)
    assert followed(narrow, private, other, client="shop") == ["job:shop/c", "cart:shop/a", None]


def test_a_default_export_is_to_the_own_namespace_or_to_all():
    given = (rule("shop/b"),)
    for default, expected in (((".",), None), (("x",), "shop/b"), (("*",), "shop/b"), (("x", "."), None)):
        found = DestinationRules(given, MeshConfig(default_destination_rule_export_to=default))
        merged = found.followed("client", HOST, "shop")[0][-1].merged
        assert (merged.rule.metadata.qualified_name if merged else None) == expected


def test_clients_of_the_root_namespace_do_not_follow_what_is_exported_to_it_and_others():
    assert followed(rule("istio-system/a", to=(".", "x")), client="istio-system") == [None]
    assert followed(rule("istio-system/a", to=("istio-system", "x")), client="istio-system") == ["istio-system/a"]
    assert followed(rule("istio-system/a", to=(".",)), client="istio-system") == ["istio-system/a"]


def test_rules_with_other_exports_stand_by_themselves_and_the_last_counts():
    first, second = rule("a", policy=DISABLE), rule("b", policy=ISTIO_MUTUAL, to=("*",), created=LATE)
    assert merged(first, second).rule.metadata.name == "b"


def sent(found: Merged, subset: str = "", port: int = 80) -> Tls:
    return found.tls(subset, port) or found.by_endpoint(subset, port)


TLS = {None: "auto", DISABLE: "plaintext", SIMPLE: "plaintext", MUTUAL: "custom", ISTIO_MUTUAL: "mutual"}


@pytest.mark.parametrize(("mode", "expected"), TLS.items())
def test_the_modes(mode, expected):
    assert sent(Merged(rule("a", policy=TrafficPolicy(mode)))) == expected


@pytest.mark.parametrize(
    ("policy", "subset", "port", "expected"),
    [
        # A port's settings go before the rule's, at this port alone; they inherit no tls for the cluster, but
        # endpoints are marked by the rule's own.
        (TrafficPolicy(DISABLE, (PortTraffic(80, ISTIO_MUTUAL),)), None, 80, "mutual"),
        (TrafficPolicy(DISABLE, (PortTraffic(80, ISTIO_MUTUAL),)), None, 81, "plaintext"),
        (TrafficPolicy(DISABLE, (PortTraffic(80),)), None, 80, "plaintext"),
        (TrafficPolicy(SIMPLE, (PortTraffic(80),)), None, 80, "plaintext"),
        (TrafficPolicy(ISTIO_MUTUAL, (PortTraffic(80),)), None, 80, "proxied"),
        (TrafficPolicy(None, (PortTraffic(80),)), None, 80, "auto"),
        # A subset's go before both; where it is silent, the rule's hold.
        (TrafficPolicy(DISABLE), TrafficPolicy(ISTIO_MUTUAL), 80, "mutual"),
        (TrafficPolicy(ISTIO_MUTUAL), TrafficPolicy(DISABLE), 80, "plaintext"),
        (TrafficPolicy(ISTIO_MUTUAL), TrafficPolicy(), 80, "mutual"),
        (TrafficPolicy(ISTIO_MUTUAL), None, 80, "mutual"),
        (TrafficPolicy(DISABLE, (PortTraffic(80, ISTIO_MUTUAL),)), TrafficPolicy(), 80, "mutual"),
        (TrafficPolicy(DISABLE, (PortTraffic(80, ISTIO_MUTUAL),)), TrafficPolicy(SIMPLE), 80, "plaintext"),
        (TrafficPolicy(DISABLE), TrafficPolicy(None, (PortTraffic(80, ISTIO_MUTUAL),)), 80, "mutual"),
        (TrafficPolicy(DISABLE), TrafficPolicy(ISTIO_MUTUAL, (PortTraffic(80),)), 80, "proxied"),
        (TrafficPolicy(DISABLE), TrafficPolicy(None, (PortTraffic(80),)), 80, "plaintext"),
        (TrafficPolicy(ISTIO_MUTUAL), TrafficPolicy(None, (PortTraffic(80),)), 80, "proxied"),
        (None, TrafficPolicy(None, (PortTraffic(80),)), 80, "auto"),
        (None, TrafficPolicy(ISTIO_MUTUAL), 80, "mutual"),
    ],
)
def test_ports_and_subsets(policy, subset, port, expected):
    subsets = (Subset("v1", (), subset),)
    by_subset = subset is not None
    assert sent(Merged(rule("a", policy=policy, subsets=subsets)), "v1" if by_subset else "", port) == expected


PASSING = TrafficPolicy(passthrough=True)
PASSING_PORT = TrafficPolicy(None, (PortTraffic(80, None, True),))


@pytest.mark.parametrize(
    ("policy", "subset", "kept", "alike"),
    [
        (None, None, False, False),
        (PASSING, None, True, True),
        (PASSING_PORT, None, True, False),
        (TrafficPolicy(None, (PortTraffic(80),), True), None, False, True),
        # A subset's cluster is made of the host's: what keeps the address in either is not undone in the other.
        (PASSING, TrafficPolicy(), True, False),
        (None, PASSING, True, True),
        (PASSING_PORT, TrafficPolicy(), True, False),
        (PASSING, TrafficPolicy(None, (PortTraffic(80),)), True, False),
        (TrafficPolicy(None, (PortTraffic(80),), True), TrafficPolicy(), False, False),
        (None, TrafficPolicy(None, (PortTraffic(80),), True), True, True),
        (None, PASSING_PORT, True, False),
    ],
)
def test_a_load_balancer_may_keep_the_address(policy, subset, kept, alike):
    found = Merged(rule("a", policy=policy, subsets=(Subset("v1", (), subset),)))
    name = "" if subset is None else "v1"
    assert (found.passthrough(name, 80), found.all_alike(name)) == (kept, alike)


RULES = st.builds(
    lambda number, place, host, mode, to, created: rule(f"{place}/r{number}", host, mode, to=to, created=created),
    st.integers(0, 40),
    st.sampled_from(("client", "shop", "istio-system", "third")),
    st.sampled_from((HOST, "*", "*.cluster.local", "web", "other.shop.svc.cluster.local")),
    st.sampled_from((None, *TlsMode)),
    st.sampled_from(((), (".",), ("*",), ("client",), ("third", "shop"))),
    st.sampled_from((EARLY, LATE)),
)


@given(st.lists(RULES, max_size=7), st.sampled_from(("client", "shop", "istio-system", "third", "")), st.randoms())
def test_what_is_followed_is_visible_and_independent_of_the_files_order(found, client, random):
    rules = list({one.metadata.qualified_name: one for one in found}.values())
    shuffled = list(rules)
    random.shuffle(shuffled)
    one, two = (DestinationRules(some, MeshConfig()).followed(client, HOST, "shop") for some in (rules, shuffled))
    assert one == two
    for alternative in one:
        for chosen in alternative:
            if chosen.merged is not None:
                made = chosen.merged.rule
                own = made.metadata.namespace
                exported = {own if name == "." else name for name in made.export_to or ("*",)}
                assert own in (client, "shop", "istio-system")
                assert exported & {"*", client}
                assert made.host != "other.shop.svc.cluster.local"


@given(st.lists(RULES, max_size=6))
def test_a_namespace_that_is_not_listed_follows_what_everybody_else_does(found):
    rules = DestinationRules({one.metadata.qualified_name: one for one in found}.values(), MeshConfig())
    assert "elsewhere" not in rules.namespaces(HOST)
    for one in {"client", "shop", "istio-system", "third"} - rules.namespaces(HOST):
        assert rules.followed(one, HOST, "shop") == rules.followed("", HOST, "shop")
    assert rules.followed("elsewhere", HOST, "shop") == rules.followed("", HOST, "shop")
