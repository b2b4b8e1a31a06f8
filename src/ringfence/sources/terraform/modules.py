"""A module and what is in it, evaluated when somebody asks: variables, locals, resources, calls of other modules.

An instance of a module is a scope. Each name is evaluated once and remembered; a name that needs itself is an error.

    data sources   are read from AWS: unknown, all of them
    variables      the call's argument, else the default; in a root the input files; else unknown, with a warning
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error, warning
from ringfence.model.spans import Span
from ringfence.resources.aws import Unknown
from ringfence.sources.terraform.attributes import attributes
from ringfence.sources.terraform.conversions import EvaluationError, convert, describe, truth
from ringfence.sources.terraform.evaluation import evaluate
from ringfence.sources.terraform.folders import Folders
from ringfence.sources.terraform.instances import Instance, instances, together
from ringfence.sources.terraform.scopes import NOTHING, Members, Scope
from ringfence.sources.terraform.syntax import Block, Body, Literal, Name, Setting

DEEPEST = 30
"""Levels of modules that call modules."""


class Root:
    """What all modules of one root share."""

    def __init__(self, folders: Folders, folder: str) -> None:
        self.folders = folders
        self.folder = folder
        self.diagnostics: list[Diagnostic] = []
        self.unread: list[Unknown] = []

    def note(self, diagnostic: Diagnostic) -> None:
        """Keeps a diagnostic, once."""
        if diagnostic not in self.diagnostics:
            self.diagnostics.append(diagnostic)


class Module:
    """One instance of a module. `path` is its address (empty for a root), `calls` the names of the calls down to it.

    `prefix` stands before every address: which root it is, where there are several.
    """

    def __init__(
        self,
        root: Root,
        folder: str,
        path: str = "",
        calls: tuple[str, ...] = (),
        exists: Unknown | None = None,
        given: tuple[Body, Scope] | None = None,
        prefix: str = "",
    ) -> None:
        self.root, self.folder, self.path, self.calls, self.exists = root, folder, path, calls, exists
        self._given = given
        self.prefix = prefix
        self.body = root.folders.body(folder)
        self._inputs = {} if given else root.folders.inputs(folder)
        self._known: dict[tuple[str, str], Any] = {}
        self._busy: set[tuple[str, str]] = set()
        self._locals = {s.name: s for block in self.body.of_kind("locals") for s in block.body.settings}
        self._variables = self._named("variable")
        self._outputs = self._named("output")
        self._calls = self._named("module")
        self.resources = {b.labels: b for b in self._once_each("resource", 2)}

    @property
    def call(self) -> Body | None:
        """The body of the block that calls this module; None for a root."""
        return self._given[0] if self._given is not None else None

    def _named(self, kind: str) -> dict[str, Block]:
        return {block.labels[0]: block for block in self._once_each(kind, 1)}

    def _once_each(self, kind: str, labels: int) -> Iterator[Block]:
        """The blocks of a kind; Terraform refuses a name that is taken, and a block without its labels."""
        seen: dict[tuple[str, ...], Span] = {}
        for block in self.body.of_kind(kind):
            title = " ".join((kind, *block.labels))
            if len(block.labels) != labels:
                self.note(error(f"{title} needs {'two labels' if labels == 2 else 'a label'}", block.span))
            elif block.labels in seen:
                self.note(error(f"{title} stands at {seen[block.labels]} already", block.span))
            else:
                seen[block.labels] = block.span
                yield block

    def lookup(self, name: str) -> Any:
        """The root of a reference inside this module."""
        match name:
            case "var":
                return Members(lambda one: self._once("var", one, self._variable))
            case "local":
                return Members(lambda one: self._once("local", one, self._local))
            case "module":
                return Members(lambda one: self._once("module", one, self._call))
            case "data":
                return Unknown("data sources are read at the plan")
            case "path" | "terraform" | "self" | "ephemeral":
                return Unknown(f"{name} is not known from the files")
            case "each" | "count":
                raise EvaluationError(f"{name} is for blocks with {'for_each' if name == 'each' else 'count'}")
        return Members(lambda one: self._once(name, one, lambda label: self._resource(name, label)))

    def children(self) -> Iterator[Module]:
        """The instances of the modules that this one calls."""
        for name in self._calls:
            self.value(partial(self._once, "module", name, self._call), self._calls[name].span)
            yield from self._known.get(("instances", name), ())

    def note(self, diagnostic: Diagnostic) -> None:
        """Keeps a diagnostic, once."""
        self.root.note(diagnostic)

    def value(self, make: Callable[[], Any], span: Span) -> Any:
        """What `make` gives; an unknown and a diagnostic where Terraform would refuse it."""
        try:
            return make()
        except EvaluationError as fault:
            self.note(error(str(fault), span))
            return Unknown(str(fault))
        except RecursionError:
            self.note(error("this is nested too deeply", span))
            return Unknown("this is nested too deeply")

    def address(self, kind: str, name: str, suffix: str) -> str:
        """A resource instance's address."""
        return f"{self.prefix}{self.path}{'.' if self.path else ''}{kind}.{name}{suffix}"

    def _once(self, kind: str, name: str, make: Callable[[str], Any]) -> Any:
        key = (kind, name)
        if key not in self._known:
            if key in self._busy:
                raise EvaluationError(f"{kind}.{name} needs itself")
            self._busy.add(key)
            try:
                self._known[key] = make(name)
            finally:
                self._busy.discard(key)
        return self._known[key]

    def _local(self, name: str) -> Any:
        if name not in self._locals:
            raise EvaluationError(f"there is no local {name!r}")
        return evaluate(self._locals[name].value, self)

    def _variable(self, name: str) -> Any:
        if name not in self._variables:
            raise EvaluationError(f"there is no variable {name!r}")
        block = self._variables[name]
        body = block.body
        default, kind, nullable = body.setting("default"), body.setting("type"), body.setting("nullable")
        value: Any = None
        given = True
        if self._given is not None and (setting := self._given[0].setting(name)) is not None:
            value = evaluate(setting.value, self._given[1])
        elif name in self._inputs:
            value = evaluate(self._inputs[name].value, NOTHING)
        else:
            given = False
        refuses_null = nullable is not None and truth(evaluate(nullable.value, NOTHING)) is False
        if not given or (value is None and refuses_null):
            if default is None:
                self.note(warning(f"the variable {name!r} has no value", block.span, "give one in a .tfvars file"))
                return Unknown(f"the variable {name!r} has no value")
            value = evaluate(default.value, NOTHING)
        if kind is None:
            return value
        wanted = kind.value
        if isinstance(wanted, Literal):  # the form of old files, and of JSON
            simple = isinstance(wanted.value, str) and wanted.value.isalpha()
            wanted = Name(str(wanted.value)) if simple else Name("any")
        return convert(value, wanted)

    def _resource(self, kind: str, name: str) -> Any:
        block = self.resources.get((kind, name))
        if block is None:
            raise EvaluationError(f"there is no {kind}.{name}")
        found = instances(block, self)
        return together(block, found, [self._instance(block, one) for one in found])

    def _instance(self, block: Block, instance: Instance) -> Members:
        kind, name = block.labels
        address = self.address(kind, name, instance.suffix)

        def evaluated(setting: Setting) -> Any:
            return self._once(address, setting.name, lambda _: evaluate(setting.value, instance.scope))

        return attributes(block, address, evaluated)

    def _call(self, name: str) -> Any:
        block = self._calls.get(name)
        if block is None:
            raise EvaluationError(f"there is no module {name!r}")
        source = block.body.setting("source")
        wanted = source.value.value if source is not None and isinstance(source.value, Literal) else None
        calls = (*self.calls, name)
        folder = self.root.folders.resolve(self.root.folder, self.folder, wanted, calls)
        if folder is None or len(calls) > DEEPEST:
            why = Unknown(f"module.{name} is not at hand ({describe(wanted)})")
            self.note(warning(f"{why.because}: what it holds is unknown", block.span, "run terraform init"))
            self.root.unread.append(why)
            return why
        found = instances(block, self)
        path = f"{self.path}.module.{name}" if self.path else f"module.{name}"
        children = [
            Module(
                self.root,
                folder,
                path + one.suffix,
                calls,
                self.exists or one.exists,
                (block.body, one.scope),
                self.prefix,
            )
            for one in found
        ]
        self._known["instances", name] = children
        return together(block, found, [Members(child.output) for child in children])

    def output(self, name: str) -> Any:
        """The value of an output."""
        return self._once("output", name, self._output)

    def _output(self, name: str) -> Any:
        setting = self._outputs[name].body.setting("value") if name in self._outputs else None
        if setting is None:
            raise EvaluationError(f"the module has no output {name!r}")
        return evaluate(setting.value, self)
