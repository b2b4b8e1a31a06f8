"""The options of an installation: by name, each silent until it is said."""

from __future__ import annotations

from dataclasses import fields

from ringfence.layers.linkerd_options import DEFAULT_POLICIES, LinkerdOptions
from ringfence.topology.options import parse

SAID = {
    "linkerd_default_policy": "deny",
    "linkerd_cluster_networks": ["10.0.0.0/8"],
    "linkerd_probe_networks": "10.0.0.0/8",
    "linkerd_outbound_transport_mode": "transparent",
}


def test_nothing_is_said_by_default() -> None:
    assert {getattr(LinkerdOptions(), one.name) for one in fields(LinkerdOptions)} == {None}


def test_every_option_has_its_name() -> None:
    options, wrong = parse(SAID)
    assert wrong == []
    assert {f"linkerd_{one.name}" for one in fields(LinkerdOptions)} == set(SAID)
    assert None not in (getattr(options.linkerd, one.name) for one in fields(LinkerdOptions))


def test_every_default_policy_can_be_chosen() -> None:
    for policy in DEFAULT_POLICIES:
        options, wrong = parse({"linkerd_default_policy": policy})
        assert (options.linkerd.default_policy, wrong) == (policy, [])
    assert len(parse({"linkerd_default_policy": "open"})[1]) == 1
