"""What the expressions of a plan's configuration refer to, as far as that leaves one answer.

The configuration lists for each argument the names that its expression mentions, each with its prefixes
(`aws_vpc.main.id`, `aws_vpc.main`). A name that is an attribute of a single instance is followed; so is one with an
index that is written out (`aws_subnet.a[0].id`). `var.x` leads to the argument of the call, `module.m.x` to the output.
A list takes as many names as it has unknown elements, everything else takes one, and no other name may stand beside
them. An expression may do more than mention its names, so only arguments that hold ids are followed: whatever else it
does, the result must be ids of that kind. The blocks that a `dynamic` block makes are not in the configuration.

Source: Terraform's "JSON Output Format", "Expression Representation" and "Configuration Representation".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ringfence.sources.terraform.values import Reference

STEP = re.compile(r'\.?([^.\[\]"]+)|\[(\d+|"(?:[^"\\]|\\.)*")\]')
HOLDERS = re.compile(r"_(id|ids|arn|arns)$|^(subnets|security_groups|gateway_id|vpc_zone_identifier|default_action)$")
"""Arguments whose values are ids."""
LISTS = re.compile(r"(ids|arns|groups|subnets|identifier)$")
"""Those of them that are lists."""
OBJECTS = re.compile(r"^(id|arn|(default|main)_\w+_id)$")
"""Attributes of resources that are ids."""
DEEPEST = 40


class Configuration:
    """The `configuration` of a plan, and the instances that it will have."""

    def __init__(self, document: object, changes: Iterable[Mapping[str, Any]]) -> None:
        root = document.get("root_module") if isinstance(document, dict) else None
        self._root: Mapping[str, Any] = root if isinstance(root, dict) else {}
        self._instances: dict[str, list[str]] = {}
        for one in changes:
            address = one.get("address")
            if isinstance(address, str) and one.get("mode") == "managed":
                self._instances.setdefault(_without_key(address), []).append(address)

    def reference(self, entry: Mapping[str, Any], argument: str) -> Any:
        """What an unknown argument refers to: a `Reference`, a list or mapping of them as its blocks are; or None."""
        module = entry.get("module_address")
        path = module if isinstance(module, str) else ""
        here = self._module(path)
        address = f"{entry.get('type')}.{entry.get('name')}"
        for resource in _dicts(here.get("resources")):
            if resource.get("address") == address and isinstance(resource.get("expressions"), dict):
                return self._expression(resource["expressions"].get(argument), argument, path, 0)
        return None

    def _module(self, path: str) -> Mapping[str, Any]:
        """The configuration of the module with this address."""
        here = self._root
        for name in _calls(path):
            calls = here.get("module_calls")
            call = calls.get(name) if isinstance(calls, dict) else None
            module = call.get("module") if isinstance(call, dict) else None
            here = module if isinstance(module, dict) else {}
        return here

    def _expression(self, node: Any, argument: str, path: str, depth: int) -> Any:
        if depth > DEEPEST:
            return None
        if isinstance(node, list):
            found = [self._expression(one, argument, path, depth + 1) for one in node]
            return found if len(found) == 1 else None  # blocks are often sets: which is which is not said
        if not isinstance(node, dict):
            return None
        if "references" not in node and "constant_value" not in node:
            return {name: self._expression(one, name, path, depth + 1) for name, one in node.items()}
        if not HOLDERS.search(argument):
            return None
        mentioned = node.get("references")
        names = [one for one in mentioned if isinstance(one, str)] if isinstance(mentioned, list) else []
        longest = [one for one in names if not any(_begins(other, one) for other in names)]
        found = [self._follow(one, path, depth + 1) for one in longest]
        if None in found or not found:
            return None
        if LISTS.search(argument):
            return found
        return found[0] if len(found) == 1 else None

    def _follow(self, name: str, path: str, depth: int) -> Reference | None:
        steps: list[tuple[str, str]] = STEP.findall(name)
        words = [plain for plain, _ in steps]
        if depth > DEEPEST or len(steps) < 2:
            return None
        if words[0] == "var" and len(steps) == 2:
            return self._variable(words[1], path, depth)
        if words[0] == "module":
            return self._output(steps, path, depth)
        if words[0] in ("local", "data", "each", "count", "path", "self", "terraform"):
            return None
        base = f"{path}.{words[0]}.{words[1]}" if path else f"{words[0]}.{words[1]}"
        known = self._instances.get(_without_key(base), [])
        rest = steps[2:]
        if rest and rest[0][1]:
            wanted = f"{base}[{rest[0][1]}]"
            known, rest = [one for one in known if one == wanted], rest[1:]
        else:
            known = [one for one in known if one == base]
        if len(known) != 1 or len(rest) != 1 or not OBJECTS.match(rest[0][0]):
            return None
        return Reference(known[0], rest[0][0])

    def _variable(self, name: str, path: str, depth: int) -> Reference | None:
        """What the call of this module gives for a variable."""
        if not path:
            return None
        above, _, last = path.rpartition("module.")
        above = above.rstrip(".")
        if "[" in last:
            return None  # a call with count or for_each may give each instance another value
        calls = self._module(above).get("module_calls")
        call = calls.get(last) if isinstance(calls, dict) else None
        expressions = call.get("expressions") if isinstance(call, dict) else None
        node = expressions.get(name) if isinstance(expressions, dict) else None
        found = self._expression(node, "argument_id", above, depth + 1)
        return found if isinstance(found, Reference) else None

    def _output(self, steps: list[tuple[str, str]], path: str, depth: int) -> Reference | None:
        """What an output of a called module stands for."""
        name, rest = steps[1][0], steps[2:]
        suffix = ""
        if rest and rest[0][1]:
            suffix, rest = f"[{rest[0][1]}]", rest[1:]
        if len(rest) != 1:
            return None
        inner = (f"{path}.module.{name}" if path else f"module.{name}") + suffix
        outputs = self._module(inner).get("outputs")
        output = outputs.get(rest[0][0]) if isinstance(outputs, dict) else None
        node = output.get("expression") if isinstance(output, dict) else None
        found = self._expression(node, "output_id", inner, depth + 1)
        return found if isinstance(found, Reference) else None


def _calls(path: str) -> list[str]:
    """The names of the module calls in a module's address."""
    words = [plain for plain, _ in STEP.findall(path) if plain]
    return words[1::2]


def _without_key(address: str) -> str:
    """An address without the key of the resource's own instance."""
    if not address.endswith("]"):
        return address
    *_, last = STEP.finditer(address)
    return address[: last.start()]


def _begins(longer: str, shorter: str) -> bool:
    return longer != shorter and longer.startswith((f"{shorter}.", f"{shorter}["))


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
