"""Plans and states as `terraform show -json` (or `tofu show -json`) writes them: exact values, unknowns marked.

    plan       `resource_changes`: what will be (`after`), what is not known yet (`after_unknown`); what is to go is
               left out
    state      `values`, everything known

A plan marks the id of a resource that is yet to be made as unknown wherever it is used. The `configuration` says which
names an expression mentions, not what it does with them, and says nothing of locals. So a reference is followed where
there is one answer only: the expression mentions one attribute of one instance, straight, through a module's variable
or through an output. Everything else stays unknown (the HCL of the same network often says more).

Source: Terraform's "JSON Output Format".
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import Span
from ringfence.resources.aws import AwsObjects, Unknown
from ringfence.sources import json_documents
from ringfence.sources.files import InputFile
from ringfence.sources.plan_references import Configuration
from ringfence.sources.terraform.mapping import collect
from ringfence.sources.terraform.records import Arguments, ResourceRecord
from ringfence.sources.terraform.values import Reference
from ringfence.sources.yaml_scalars import MalformedError

DEEPEST = 60
"""Levels of modules, and of values."""


def read_files(files: Iterable[InputFile]) -> tuple[AwsObjects, list[Diagnostic]]:
    """The AWS objects of plans and states. Never raises for what the files say.

    With several files, an address is preceded by the file's name and `//`.
    """
    given = list(files)
    records: list[ResourceRecord] = []
    unread: list[Unknown] = []
    diagnostics: list[Diagnostic] = []
    for file in given:
        document = _parse(file)
        if isinstance(document, Diagnostic):
            diagnostics.append(document)
            unread.append(Unknown(f"{file.name} could not be read"))
            continue
        prefix = f"{file.name}//" if len(given) > 1 else ""
        records += _records(document, file.name, prefix)
        if document.get("errored") is True or document.get("deferred_changes"):
            unread.append(Unknown(f"the plan in {file.name} is not complete"))
    objects, more = collect(records, unread)
    return objects, [*diagnostics, *more]


def inputs(file: InputFile) -> InputFile | None:
    """The values of the variables that a plan was made with, as a file of inputs; None where it says none."""
    document = _parse(file)
    given = document.get("variables") if isinstance(document, dict) else None
    if not isinstance(given, dict):
        return None
    values = {name: one["value"] for name, one in given.items() if isinstance(one, dict) and "value" in one}
    return InputFile(f"{file.name}#variables.tfvars.json", json.dumps(values))


def is_plan(document: object) -> bool:
    """Whether a JSON document is such a plan or state."""
    return isinstance(document, dict) and ("resource_changes" in document or _root(document) is not None)


def _parse(file: InputFile) -> dict[str, Any] | Diagnostic:
    span = Span(file.name)
    try:
        document = json_documents.read(file.text)
    except MalformedError as fault:
        return error(str(fault), span)
    except json_documents.DuplicateKeyError:
        return error("a key stands twice", span)
    if not is_plan(document):
        return error("this is neither a plan nor a state", span, "make it with terraform show -json")
    return document  # type: ignore[no-any-return]


def _root(document: Mapping[str, Any]) -> Mapping[str, Any] | None:
    values = document.get("values")
    root = values.get("root_module") if isinstance(values, dict) else None
    return root if isinstance(root, dict) else None


def _records(document: Mapping[str, Any], file: str, prefix: str) -> Iterator[ResourceRecord]:
    changes = document.get("resource_changes")
    if not isinstance(changes, list):
        root = _root(document)
        for one in _state(root, 0) if root is not None else ():
            if (record := _record(one, one.get("values"), {}, None, file, prefix)) is not None:
                yield record
        return
    wanted = _dicts(changes)
    fading = _fading(wanted)
    configuration = Configuration(document.get("configuration"), wanted)
    for one in wanted:
        change = one.get("change")
        if not isinstance(change, dict) or not isinstance(change.get("after"), dict):
            continue
        record = _record(one, change["after"], change.get("after_unknown"), configuration, file, prefix)
        if record is not None:
            yield replace(record, fading=fading.get(record.id)) if record.id in fading else record


def _fading(changes: list[dict[str, Any]]) -> dict[str | None, Unknown]:
    """The groups, ACLs and tables that lose a rule which stands beside them, by id."""
    found: dict[str | None, Unknown] = {}
    for one in changes:
        change = one.get("change")
        before = change.get("before") if isinstance(change, dict) else None
        if not isinstance(change, dict) or not isinstance(before, dict):
            continue
        if "delete" not in _texts(change.get("actions")):
            continue
        for name in ("security_group_id", "network_acl_id", "route_table_id"):
            if isinstance(before.get(name), str):
                found[before[name]] = Unknown(f"{one.get('address')} is taken away by the plan")
    return found


def _state(module: Mapping[str, Any], depth: int) -> Iterator[Mapping[str, Any]]:
    """The resources of a module and of those in it."""
    yield from _dicts(module.get("resources"))
    for child in _dicts(module.get("child_modules")) if depth < DEEPEST else ():
        yield from _state(child, depth + 1)


def _texts(value: object) -> list[str]:
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _record(
    entry: Mapping[str, Any],
    values: object,
    unknown: object,
    configuration: Configuration | None,
    file: str,
    prefix: str,
) -> ResourceRecord | None:
    kind, address = entry.get("type"), entry.get("address")
    if not isinstance(kind, str) or not isinstance(address, str) or not isinstance(values, dict):
        return None
    if entry.get("mode") != "managed" or not kind.startswith("aws_"):
        return None
    span = Span(file, address)
    marks = unknown if isinstance(unknown, dict) else {}
    merged: dict[str, Any] = {}
    for name in {**values, **marks}:
        found = configuration.reference(entry, name) if configuration is not None and marks.get(name) else None
        merged[name] = _merge(values.get(name), marks.get(name), found, 0)
    id = values.get("id")
    arguments = Arguments({name: value for name, value in merged.items() if name != "timeouts"}, span=span)
    if prefix:
        arguments = Arguments(_prefixed(arguments.values, prefix), span=span)
    known = id if isinstance(id, str) and id else None
    return ResourceRecord(kind, prefix + address, arguments, None, known, False, None, span)


def _merge(value: Any, marks: Any, found: Any, depth: int) -> Any:
    """A value with what is not known yet put where the marks are."""
    if marks is True:
        known = isinstance(found, Reference) or _references(found)
        return found if known else Unknown("known after the apply")
    if depth > DEEPEST:
        return Unknown("nested too deeply")
    if isinstance(marks, dict) and isinstance(value, dict):
        names = {**value, **marks}
        return {name: _merge(value.get(name), marks.get(name), _part(found, name), depth + 1) for name in names}
    if isinstance(marks, list) and isinstance(value, list):
        longest = max(len(value), len(marks))
        padded = [*value, *[None] * (longest - len(value))]
        flags = [*marks, *[None] * (longest - len(marks))]
        waiting = _elements(found, flags)
        return [
            _merge(one, flag, waiting.pop(0) if flag is True or isinstance(flag, dict) else None, depth + 1)
            for one, flag in zip(padded, flags, strict=True)
        ]
    return value


def _part(found: Any, name: str) -> Any:
    if isinstance(found, dict):
        return found.get(name)
    return None


def _references(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(one, Reference) for one in found)


def _elements(found: Any, flags: list[Any]) -> list[Any]:
    """What stands for each element in question: known where there are as many answers as questions."""
    asked = [one for one in flags if one is True or isinstance(one, dict)]
    answers = found if isinstance(found, list) else [found]
    if len(answers) == len(asked) and all(isinstance(one, (Reference, dict)) for one in answers):
        return list(answers)
    return [Unknown("known after the apply")] * len(asked)


def _prefixed(values: Any, prefix: str) -> Any:
    """References carry their file's prefix, as the addresses do."""
    if isinstance(values, Reference):
        return Reference(prefix + values.address, values.attribute)
    if isinstance(values, dict):
        return {name: _prefixed(one, prefix) for name, one in values.items()}
    return [_prefixed(one, prefix) for one in values] if isinstance(values, list) else values
