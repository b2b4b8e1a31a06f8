"""The posture file `ringfence.yaml`: what it may say, and reading it.

    version: 1
    sources: [k8s/]                                   # relative to the file; default: its folder
    options: {host_network: node, cni: calico}        # semantic options
    selections:
      web:      {workload: storefront/web}            # namespace/name[Kind]; * and ? are wildcards
      shop:     {namespace: [storefront]}
      data:     {labels: {tier: data}, may_be_empty: true}
      stores:   {tags: {tier: data}}                  # of the cloud's resources, by their own tags
      ledger:   aws_db_instance.ledger                # Terraform addresses are names; wildcards, too
      tenants:  {namespaceSelector: {matchExpressions: [{key: tenant, operator: Exists}]}}   # as in Kubernetes
      office:   {cidr: [198.18.0.0/24]}
      front:    {any: [web, shop], not: data}
    intents:
      - name: catalogue-data
        reason: the catalogue lives there
        allow: {from: web, to: data, ports: [tcp/5432]}

      - name: card-data-is-encrypted
        reason: the card audit
        encrypted: {from: orders, to: payment, ports: [tcp/8080]}
      - name: orders-are-placed
        reason: the front end calls nothing else
        allow: {from: web, to: orders, ports: [tcp/8080], http: {methods: [POST], paths: [/orders]}}
      - name: customers-get-in
        reason: the shop is open
        allow: {from: internet, to: controller, via: aws_lb.front, ports: [tcp/443]}   # the port that is dialled

An intent is one of `allow`, `deny`, `only` (these sources on these ports, and nobody else on anything), `isolate` (none
of these reaches another) or `encrypted` (whatever passes is mutual TLS of a mesh, and nothing can fall back to
plaintext). A flow may ask for an `identity` that the client proves (`*` at either end is a wildcard) and for `http`
requests: each method with each path. A side is the name of a selection, a selection written out, a name as in a
question (`storefront/web`, an address block, `internet`, `{ingress-controller}`), `everything`, or a list of such.

The types up to `Layout` are the schema: `posture.schema` publishes them, and msgspec reads documents by them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import Span

T = TypeVar("T")
Some = Annotated[list[T], msgspec.Meta(min_length=1)]
"""An empty list says nothing, and an intent about nothing would be proved by anything."""

Texts = str | Some[str]


class In(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="operator", tag="In"):
    """The label has one of the values."""

    key: str
    values: Some[str]


class NotIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="operator", tag="NotIn"):
    """The label has another value, or is missing."""

    key: str
    values: Some[str]


class Exists(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="operator", tag="Exists"):
    """The label is there."""

    key: str


class DoesNotExist(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="operator", tag="DoesNotExist"):
    """The label is missing."""

    key: str


class LabelSelector(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Kubernetes' label selector; empty: whatever the labels."""

    match_labels: dict[str, str] = {}
    match_expressions: list[In | NotIn | Exists | DoesNotExist] = []


class Selection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Endpoints by what they are; everything that is said must hold. A list holds alternatives."""

    workload: Texts | None = None
    namespace: Texts | None = None
    kind: Texts | None = None
    labels: dict[str, str] = {}
    namespace_labels: dict[str, str] = {}
    tags: dict[str, str] = {}
    pod_selector: LabelSelector | None = msgspec.field(default=None, name="podSelector")
    namespace_selector: LabelSelector | None = msgspec.field(default=None, name="namespaceSelector")
    cidr: Texts | None = None
    any: Some[Reference] | None = None
    all: Some[Reference] | None = None
    not_: References | None = msgspec.field(default=None, name="not")
    may_be_empty: bool = False


Reference = str | Selection
References = Reference | Some[Reference]


class Http(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Requests: each method with each path and host. What is left out, or has a `*`, may be anything."""

    methods: Some[str] | None = None
    paths: Some[str] | None = None
    hosts: Some[str] | None = None
    headers: dict[str, str] = {}
    claims: dict[str, str] = {}


class Flow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """From whom to whom, on which ports (`tcp/5432`, `udp/53`, `icmp`; default: any; of `encrypted`: any of TCP).

    `via` (of `allow`) is what the client dials on these ports: a balancer, a node, from where it must get to `to`.
    """

    to: References
    from_: References = msgspec.field(name="from")
    ports: Some[str | int] | None = None
    via: References | None = None
    identity: str | None = None
    http: Http | None = None


class Intent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that should be true of the network, and why."""

    name: str
    reason: str
    allow: Flow | None = None
    deny: Flow | None = None
    only: Flow | None = None
    isolate: Annotated[list[Reference], msgspec.Meta(min_length=2)] | None = None
    encrypted: Flow | None = None

    @property
    def kind(self) -> str:
        """Which of the kinds it is."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)


KINDS = ("allow", "deny", "only", "isolate", "encrypted")

Option = str | int | float | bool | list[str] | dict[str, Any]


class Layout(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a whole posture file may hold. The sections at the end belong to layers that read them for themselves."""

    version: Literal[1] = 1
    sources: list[str] = []
    options: dict[str, Option] = {}
    selections: dict[str, Reference] = {}
    intents: list[Intent] = []
    clusters: dict[str, Any] | None = None
    cloud: dict[str, Any] | None = None
    mesh: dict[str, Any] | None = None
    certificates: dict[str, Any] | None = None
    alerts: dict[str, Any] | None = None


SECTION_NAMES = Layout.__struct_fields__
SECTIONS = ("clusters", "cloud", "mesh", "certificates", "alerts")


@dataclass(frozen=True, slots=True)
class Posture:
    """What was read of a posture file. `places` are those of the intents in its list; `broken` of them are left out."""

    sources: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    selections: dict[str, Reference] = field(default_factory=dict)
    intents: tuple[Intent, ...] = ()
    places: tuple[int, ...] = ()
    sections: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    broken: int = 0


def read(document: Any, span: Span) -> tuple[Posture, list[Diagnostic]]:
    """The posture of a parsed document. What is wrong is a diagnostic at its place and left out; the rest stands.

    A section without content (`intents:` and nothing below it) is one that is not there.
    """
    found: list[Diagnostic] = []
    if not isinstance(document, Mapping):
        return Posture(), [error("a posture file is a mapping with sources, selections and intents", span)]
    document = {key: value for key, value in document.items() if value is not None or key not in SECTION_NAMES}
    for key in document:
        if key not in SECTION_NAMES:
            found.append(error(f"there is no section {key!r}", span.at(key), _near(key, SECTION_NAMES)))
    version = _part(document.get("version", 1), int, span.at("version"), found)
    if version not in (None, 1):
        found.append(error(f"version {version} is not known; this is version 1", span.at("version")))
    sources = _part(document.get("sources", []), list[str], span.at("sources"), found) or []
    options = _parts(document, "options", Option, span, found)
    selections = _parts(document, "selections", Reference, span, found)
    intents = _intents(document.get("intents", []), span.at("intents"), found)
    sections = {name: _mapping(document, name, span, found) for name in SECTIONS if name in document}
    listed = document.get("intents", [])
    broken = len(listed) - len(intents) if isinstance(listed, list) else 0
    return Posture(sources, options, selections, tuple(intents.values()), tuple(intents), sections, broken), found


def _intents(value: Any, span: Span, found: list[Diagnostic]) -> dict[int, Intent]:
    if not isinstance(value, list):
        found.append(error("intents is a list", span))
        return {}
    intents: dict[int, Intent] = {}
    for place, item in enumerate(value):
        intent = _part(item, Intent, span.at(place), found)
        if intent is None:
            continue
        kinds = [kind for kind in KINDS if getattr(intent, kind) is not None]
        if len(kinds) != 1:
            found.append(error(f"intent {intent.name!r} must be exactly one of {', '.join(KINDS)}", span.at(place)))
        elif kinds[0] in ("deny", "only", "encrypted") and getattr(intent, kinds[0]).via is not None:
            found.append(error(f"intent {intent.name!r}: via is for allow; a deny counts every way", span.at(place)))
        elif any(one.name == intent.name for one in intents.values()):
            found.append(error(f"there are two intents {intent.name!r}", span.at(place, "name"), "rename one"))
        elif not intent.reason.strip():
            found.append(error(f"intent {intent.name!r} has no reason", span.at(place, "reason"), "say why"))
        else:
            intents[place] = intent
    return intents


def _parts(document: Mapping[str, Any], key: str, kind: Any, span: Span, found: list[Diagnostic]) -> dict[str, Any]:
    """The entries of a section that fit their type."""
    entries = _mapping(document, key, span, found).items()
    read = ((name, _part(value, kind, span.at(key, name), found)) for name, value in entries)
    return {name: part for name, part in read if part is not None}


def _mapping(document: Mapping[str, Any], key: str, span: Span, found: list[Diagnostic]) -> Mapping[str, Any]:
    value = document.get(key, {})
    if isinstance(value, Mapping):
        return value
    found.append(error(f"{key} is a mapping", span.at(key)))
    return {}


def _part(value: Any, kind: Any, span: Span, found: list[Diagnostic]) -> Any:
    """The value by its type; None and a diagnostic at the exact place where it does not fit."""
    try:
        return msgspec.convert(value, kind)
    except RecursionError:
        found.append(error("is nested too deeply", span))
        return None
    except msgspec.ValidationError as wrong:
        message, _, path = str(wrong).partition(" - at `$")
        steps = [int(digits) if digits else name for name, digits in re.findall(r"\.([^.\[`]+)|\[(\d+)\]", path)]
        unknown = re.search(r"unknown field `(.+)`", message)
        if unknown:
            parts = (Selection, LabelSelector, In, Flow, Http, Intent)
            fields = {name for part in parts for name in part.__struct_encode_fields__}
            place = span.at(*steps, unknown[1])
            found.append(error(f"there is no field {unknown[1]!r} here", place, _near(unknown[1], fields)))
        else:
            found.append(error(message[:1].lower() + message[1:].replace("`", ""), span.at(*steps)))
        return None


def _near(word: str, words: Any) -> str:
    near = get_close_matches(str(word), sorted(words), 1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(words))}"
