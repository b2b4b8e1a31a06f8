"""The semantic options: what specifications leave open, as named choices with a default (design, section 5).

They come from the posture file or as `--option name=value`. Options of layers that are not asked here are accepted, so
that one posture file serves all commands; a name that nobody knows is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from ringfence.layers.istio_options import DECISIONS, NORMALIZATIONS, PROTOCOLS, Authorizer, IstioOptions
from ringfence.layers.linkerd_options import DEFAULT_POLICIES, TRANSPORT_MODES, LinkerdOptions
from ringfence.model.addresses import NO_ADDRESS, AddressSet
from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import NOWHERE, Span
from ringfence.topology.plugins import DAEMONS, ENFORCING

OF_OTHER_LAYERS = frozenset(
    {
        "l7_allow_counts_as_allowed",
    }
)
"""Options that a layer to come reads."""

PLUGINS = (*ENFORCING, *DAEMONS)

TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True)
class Options:
    """The choices that Kubernetes' own layers and the meshes (`istio`, `linkerd`) ask for.

    `ipblock_matches_pods` and `network_policy_enforced` None: as the network plugin suggests. `cni` empty: found in the
    manifests. `pod_cidrs` empty: pods may have any address. `calico_staged_as_enforced`: staged policies count.
    `cilium_cidr_matches_nodes`: with Cilium, address blocks also mean nodes.
    """

    ipblock_matches_pods: bool | None = None
    host_network: str = "node"
    undefined_protocols: str = "deny"
    baseline_per_direction: bool = True
    cni: str = ""
    network_policy_enforced: bool | None = None
    pod_cidrs: AddressSet = NO_ADDRESS
    dns: tuple[tuple[str, AddressSet], ...] = ()
    calico_staged_as_enforced: bool = False
    cilium_cidr_matches_nodes: bool = False
    istio: IstioOptions = field(default_factory=IstioOptions)
    linkerd: LinkerdOptions = field(default_factory=LinkerdOptions)


def parse(values: Mapping[str, Any], span: Span = NOWHERE) -> tuple[Options, list[Diagnostic]]:
    """Options from names and values (text, or plain YAML values). What is wrong is a diagnostic and left out."""
    options, found = Options(), []
    for name, value in values.items():
        try:
            options = _with(options, name, value)
        except ValueError as wrong:
            found.append(error(f"option {name}: {wrong}", span.at(name)))
    return options, found


def _with(options: Options, name: str, value: Any) -> Options:
    match name:
        case "ipblock_matches_pods":
            return replace(options, ipblock_matches_pods=_truth(value, "auto"))
        case "network_policy_enforced":
            return replace(options, network_policy_enforced=_truth(value, "auto"))
        case "host_network":
            return replace(options, host_network=_one_of(value, ("node", "pod")))
        case "undefined_protocols":
            return replace(options, undefined_protocols=_one_of(value, ("allow", "deny")))
        case "calico_staged_as_enforced":
            return replace(options, calico_staged_as_enforced=_truth(value) is True)
        case "baseline_per_direction":
            return replace(options, baseline_per_direction=bool(_truth(value, "")))
        case "cilium_cidr_matches_nodes":
            return replace(options, cilium_cidr_matches_nodes=_truth(value) is True)
        case "cni":
            return replace(options, cni=_plugin(_text(value).lower()))
        case "pod_cidrs":
            return replace(options, pod_cidrs=AddressSet.of(*_texts(value)))
        case "dns":
            return replace(options, dns=_resolutions(value))
    mesh, _, of_mesh = name.partition("_")
    if mesh == "istio" and of_mesh in IstioOptions.__dataclass_fields__:
        return replace(options, istio=_with_istio(options.istio, of_mesh, value))
    if mesh == "linkerd" and of_mesh in LinkerdOptions.__dataclass_fields__:
        return replace(options, linkerd=_with_linkerd(options.linkerd, of_mesh, value))
    if name in OF_OTHER_LAYERS:
        return options
    known = [one for one in Options.__dataclass_fields__ if one not in ("istio", "linkerd")]
    known += [f"istio_{one}" for one in IstioOptions.__dataclass_fields__]
    known += [f"linkerd_{one}" for one in LinkerdOptions.__dataclass_fields__]
    known += sorted(OF_OTHER_LAYERS)
    near = get_close_matches(name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}"
    raise ValueError(f"there is no such option; {hint}")


def _plugin(name: str) -> str:
    """A network plugin's name. Others than those that are known here exist; one that is nearly one of them is none."""
    near = get_close_matches(name, PLUGINS, 1, 0.8)
    if name not in PLUGINS and near:
        raise ValueError(f"no network plugin {name!r} is known; did you mean {near[0]}?")
    return name


def _with_istio(options: IstioOptions, name: str, value: Any) -> IstioOptions:
    match name:
        case "root_namespace":
            return replace(options, root_namespace=_text(value))
        case "trust_domain":
            return replace(options, trust_domain=_text(value))
        case "trust_domain_aliases":
            return replace(options, trust_domain_aliases=_texts(value))
        case "path_normalization":
            return replace(options, path_normalization=_one_of(value, NORMALIZATIONS))
        case "ext_authz":
            return replace(options, ext_authz=_authorizers(value))
    return replace(options, multiple_custom_providers=_truth(value) is True)


def _with_linkerd(options: LinkerdOptions, name: str, value: Any) -> LinkerdOptions:
    match name:
        case "default_policy":
            return replace(options, default_policy=_one_of(value, DEFAULT_POLICIES))
        case "cluster_networks":
            return replace(options, cluster_networks=AddressSet.of(*_texts(value)))
        case "outbound_transport_mode":
            return replace(options, outbound_transport_mode=_one_of(value, TRANSPORT_MODES))
    return replace(options, probe_networks=AddressSet.of(*_texts(value)))


def _authorizers(value: Any) -> tuple[tuple[str, Authorizer], ...]:
    if not isinstance(value, Mapping) or not all(isinstance(one, Mapping) for one in value.values()):
        raise ValueError("is a mapping of provider names to {protocol: grpc | http, decision: allow | deny}")
    return tuple(
        (
            str(name),
            Authorizer(
                _one_of(one.get("protocol"), PROTOCOLS),
                _one_of(one["decision"], DECISIONS) if "decision" in one else "",
            ),
        )
        for name, one in value.items()
    )


def _resolutions(value: Any) -> tuple[tuple[str, AddressSet], ...]:
    if not isinstance(value, Mapping):
        raise ValueError("is a mapping of names to addresses")
    return tuple(
        (str(name), AddressSet.of(*(map(str, one) if isinstance(one, list) else [str(one)])))
        for name, one in value.items()
    )


def _truth(value: Any, open_word: str = "") -> bool | None:
    text = str(value).lower()
    if open_word and text == open_word:
        return None
    if text not in TRUTHS:
        raise ValueError(f"{value!r} is not one of {', '.join((*TRUTHS, open_word) if open_word else TRUTHS)}")
    return TRUTHS[text]


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no text")
    return value.strip()


def _texts(value: Any) -> tuple[str, ...]:
    """A list of texts, or one text with commas."""
    return tuple(map(_text, value if isinstance(value, list) else _text(value).split(",")))


def _one_of(value: Any, words: tuple[str, ...]) -> str:
    if value not in words:
        raise ValueError(f"{value!r} is not one of {', '.join(words)}")
    return str(value)
