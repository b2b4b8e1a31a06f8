"""The resource instances of a root and of all modules below it, with their bodies evaluated.

Every setting is evaluated by itself: one that Terraform would refuse is a diagnostic and an unknown, the others are
read all the same. A `dynamic` block whose `for_each` is unknown leaves its kind open.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from ringfence.model.diagnostics import error
from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.accesses import pairs
from ringfence.sources.terraform.conversions import EvaluationError
from ringfence.sources.terraform.default_tags import Providers, providers, tagged
from ringfence.sources.terraform.evaluation import evaluate
from ringfence.sources.terraform.instances import instances
from ringfence.sources.terraform.modules import Module
from ringfence.sources.terraform.records import Arguments, ResourceRecord
from ringfence.sources.terraform.scopes import Inner, Scope
from ringfence.sources.terraform.syntax import Block, Body, Literal, Name, Tuple
from ringfence.sources.terraform.values import vague

LEFT = frozenset(("ingress", "egress", "route", "entry"))
"""The nested blocks that matter where changes to them are ignored."""
NONE: Providers = {}
META = frozenset(("count", "for_each", "provider", "depends_on", "lifecycle", "connection", "provisioner", "timeouts"))


def records(module: Module, prefix: str = "aws_", callers: Providers = NONE) -> Iterator[ResourceRecord]:
    """All instances of resources whose type begins with the prefix, this module's first.

    `callers` are the providers of the module that calls this one.
    """
    known = providers(module, callers)
    for (kind, name), block in module.resources.items():
        if not kind.startswith(prefix):
            continue
        for instance in instances(block, module):
            address = module.address(kind, name, instance.suffix)
            arguments = _body(module, block.body, instance.scope, block)
            arguments = _tagged(arguments, tagged(arguments.get("tags"), block, known))
            exists = module.exists or instance.exists
            record = ResourceRecord(kind, address, arguments, exists, span=block.span)
            yield _let_go(record, block)
    for child in module.children():
        yield from records(child, prefix, known)


def _tagged(arguments: Arguments, tags: Any) -> Arguments:
    """With all tags where a plan has them, too."""
    if tags is None or tags is arguments.get("tags"):
        return arguments
    return replace(arguments, values={"tags_all": tags, **arguments.values})


def _let_go(record: ResourceRecord, block: Block) -> ResourceRecord:
    """Rules and routes that `ignore_changes` leaves to others: what is written may have gone, and more may be there."""
    named: set[str] = set()
    for lifecycle in block.body.of_kind("lifecycle"):
        ignored = lifecycle.body.setting("ignore_changes")
        for one in (ignored.value.items if isinstance(ignored.value, Tuple) else (ignored.value,)) if ignored else ():
            named |= (
                {str(one.name)} if isinstance(one, Name) else {str(one.value)} if isinstance(one, Literal) else set()
            )
    held = LEFT if "all" in named else LEFT & named
    if not held:
        return record
    doubt = Unknown("others may change this: it stands in ignore_changes")
    arguments = replace(record.arguments, open={**record.arguments.open, **dict.fromkeys(held, doubt)})
    return replace(record, arguments=arguments, fading=doubt)


def _body(module: Module, body: Body, scope: Scope, block: Block) -> Arguments:
    values = {
        one.name: module.value(partial(evaluate, one.value, scope), one.span)
        for one in body.settings
        if one.name not in META
    }
    blocks: dict[str, tuple[Arguments, ...]] = {}
    unknown: dict[str, Unknown] = {}
    for one in body.blocks:
        if one.kind in META:
            continue
        if one.kind != "dynamic":
            blocks[one.kind] = (*blocks.get(one.kind, ()), _body(module, one.body, scope, one))
            continue
        kind = one.labels[0] if one.labels else ""
        found = module.value(partial(_dynamic, module, one, kind, scope), one.span)
        if isinstance(found, Unknown):
            unknown[kind] = found
        else:
            blocks[kind] = (*blocks.get(kind, ()), *found)
    return Arguments(values, blocks, unknown, block.span)


def _dynamic(module: Module, block: Block, kind: str, scope: Scope) -> Any:
    """The blocks that a dynamic block makes; unknown where their number is."""
    each, content = block.body.setting("for_each"), block.body.of_kind("content")
    iterator = block.body.setting("iterator")
    if each is None or not content:
        raise EvaluationError("a dynamic block has for_each and content")
    name = kind
    if iterator is not None:
        named = iterator.value
        name = named.name if isinstance(named, Name) else str(named.value) if isinstance(named, Literal) else kind
    source = evaluate(each.value, scope)
    if (unknown := vague(source)) is not None:
        return unknown
    if source is None:
        module.root.note(error("a dynamic block over null", each.span))
        return Unknown("a dynamic block over null")
    return tuple(
        _body(module, content[0].body, Inner(scope, {name: {"key": key, "value": value}}), content[0])
        for key, value in pairs(source)
    )
