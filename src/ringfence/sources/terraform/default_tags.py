"""The tags that a provider block gives to every resource: `default_tags`, and which provider a resource has.

    provider "aws"                      the provider `aws`; with an alias, `aws.<alias>`
    provider = aws.west                 a resource's choice; else it is `aws`
    providers = { aws = aws.west }      what a called module knows under its own names
    neither                             a called module has its caller's `aws`; aliases are never handed down

A resource's own tag goes before the provider's of the same key, so it is known where the provider's are not.
`aws_autoscaling_group` takes none.

Source: Terraform's pages on provider configuration within modules; the AWS provider's guide on resource tagging.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.evaluation import evaluate
from ringfence.sources.terraform.modules import Module
from ringfence.sources.terraform.syntax import Attribute, Block, Expression, Literal, Name, Object
from ringfence.sources.terraform.values import overlaid, vague

AWS = "aws"
UNTAGGED = frozenset(("aws_autoscaling_group",))

Providers = Mapping[str, Any]
"""The default tags of each provider by the name that a module has for it: a mapping, or an unknown."""


def providers(module: Module, callers: Providers) -> dict[str, Any]:
    """The providers of a module: those of its own blocks, and those that its caller hands down."""
    found = _handed_down(module, callers)
    for block in module.body.of_kind("provider"):
        if block.labels != (AWS,):
            continue
        alias = block.body.setting("alias")
        name = f"{AWS}.{alias.value.value}" if alias is not None and isinstance(alias.value, Literal) else AWS
        found[name] = _tags(module, block)
    return found


def tagged(own: Any, block: Block, known: Providers) -> Any:
    """A resource's tags together with those of its provider; None where there are neither."""
    chosen = block.body.setting("provider")
    given = known.get(_name(chosen.value) if chosen is not None else AWS)
    if block.labels[0] in UNTAGGED or given is None:
        return own
    return overlaid(given, own if isinstance(own, dict) or vague(own) is not None else {})


def _handed_down(module: Module, callers: Providers) -> dict[str, Any]:
    given = module.call.setting("providers") if module.call is not None else None
    if given is None:
        return {AWS: callers[AWS]} if AWS in callers else {}
    if not isinstance(given.value, Object):
        return {}
    named = {_name(inner): _name(outer) for inner, outer in given.value.items}
    return {inner: callers[outer] for inner, outer in named.items() if outer in callers}


def _tags(module: Module, block: Block) -> Any:
    """The tags of a provider block; None where it has none."""
    for inner in block.body.of_kind("default_tags"):
        setting = inner.body.setting("tags")
        if setting is not None:
            found = module.value(partial(evaluate, setting.value, module), setting.span)
            return found if vague(found) is not None or isinstance(found, dict) else None
    if any(one.kind == "dynamic" and one.labels == ("default_tags",) for one in block.body.blocks):
        return Unknown("the provider's default_tags stand in a dynamic block")
    return None


def _name(expression: Expression) -> str:
    """The name of a provider as code has it: `aws`, `aws.west`, or either in quotation marks."""
    match expression:
        case Attribute(Name(name), alias):
            return f"{name}.{alias}"
        case Name(name):
            return name
        case Literal(str() as text):
            return text
    return ""
