"""Text to bodies: the structural half of the HCL native syntax, and its JSON form.

In JSON a nested mapping may be a block or a value, and only the provider's schema knows which. The types of Terraform's
own blocks are known here (`STRUCTURE`); below them everything is a value, and whoever reads a nested block accepts
either form.

Source: HCL native syntax specification, "Structural elements"; Terraform's "JSON Configuration Syntax".
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Any

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.model.spans import Span
from ringfence.sources import json_documents
from ringfence.sources.terraform.expressions import expression, template
from ringfence.sources.terraform.scanner import DEEPEST, Scanner, SyntaxFault
from ringfence.sources.terraform.syntax import Block, Body, Expression, Literal, Object, Setting, Tuple
from ringfence.sources.yaml_scalars import MalformedError

STRUCTURE = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1, "locals": 0}
"""Terraform's own blocks and how many labels each has."""
LITERAL_SETTINGS = frozenset(("type", "description", "source", "version"))
"""Settings of JSON files that are no templates."""


def parse(name: str, text: str) -> Body | Diagnostic:
    """A file of either form; what is wrong with it where it cannot be read."""
    starts = [0]
    try:
        if name.endswith(".json"):
            return _from_json(name, text)
        for place, letter in enumerate(text):
            if letter == "\n":
                starts.append(place + 1)
        return _body(Scanner(text), name, starts, top=True)
    except SyntaxFault as fault:
        line = bisect_right(starts, fault.at)
        column = fault.at - starts[line - 1] + 1
        return error(fault.message, Span(name, "", line, column))
    except json_documents.DuplicateKeyError:
        return error("a key stands twice", Span(name))
    except MalformedError as fault:
        return error(str(fault), Span(name))
    except RecursionError:
        return error("nested too deeply", Span(name))


def _body(scan: Scanner, file: str, starts: list[int], top: bool = False) -> Body:
    scan.depth += 1
    if scan.depth > DEEPEST:
        raise scan.fault(f"nested deeper than {DEEPEST} levels")
    settings: dict[str, Setting] = {}
    blocks: list[Block] = []
    while True:
        scan.lines()
        if scan.ended and top:
            break
        if not top and scan.text.startswith("}", scan.at):
            break
        span = _span(scan, file, starts)
        name = scan.identifier()
        if name is None:
            raise scan.fault("a name is missing here")
        if scan.take("="):
            scan.blank()
            if name in settings:
                raise scan.fault(f"{name!r} is set twice")
            settings[name] = Setting(name, expression(scan), span)
            if scan.peek() not in ("", "}"):
                raise scan.fault("a line end is missing here")
        else:
            blocks.append(_block(scan, name, span, file, starts))
    scan.depth -= 1
    return Body(tuple(settings.values()), tuple(blocks))


def _block(scan: Scanner, kind: str, span: Span, file: str, starts: list[int]) -> Block:
    labels: list[str] = []
    while (sign := scan.peek()) != "{":
        label = expression(scan) if sign == '"' else Literal(scan.identifier())
        if not isinstance(label, Literal) or not isinstance(label.value, str):
            raise scan.fault("this is neither a setting nor a block")
        labels.append(label.value)
    scan.expect("{")
    body = _body(scan, file, starts)
    scan.expect("}")
    return Block(kind, tuple(labels), body, span)


def _span(scan: Scanner, file: str, starts: list[int]) -> Span:
    return Span(file, "", bisect_right(starts, scan.at))


def _from_json(name: str, text: str) -> Body:
    document = json_documents.read(text)

    def locate(pointer: str) -> tuple[int, int | None]:
        line, column = json_documents.position(text, pointer)
        return line + 1, column + 1

    span = Span(name, "", locate=locate)
    if not isinstance(document, dict):
        raise MalformedError("the document is no object")
    if name.endswith(".tfvars.json"):
        return Body(tuple(Setting(key, _value(one), span.at(key)) for key, one in document.items()))
    blocks: list[Block] = []
    for kind, content in document.items():
        if kind in STRUCTURE:
            blocks.extend(_json_blocks(kind, STRUCTURE[kind], content, span.at(kind), ()))
    return Body((), tuple(blocks))


def _json_blocks(kind: str, missing: int, content: Any, span: Span, labels: tuple[str, ...]) -> Iterator[Block]:
    """Blocks behind their labels; a list stands for several."""
    if isinstance(content, list):
        for place, one in enumerate(content):
            yield from _json_blocks(kind, missing, one, span.at(place), labels)
    elif isinstance(content, dict) and missing:
        for label, one in content.items():
            yield from _json_blocks(kind, missing - 1, one, span.at(label), (*labels, label))
    elif isinstance(content, dict):
        plain = kind == "variable"
        settings = tuple(
            Setting(key, Literal(one) if plain and not _nested(one) else _value(one, key), span.at(key))
            for key, one in content.items()
            if key not in ("//", "dynamic")
        )
        dynamic = tuple(_json_dynamic(content.get("dynamic"), span.at("dynamic"), ""))
        yield Block(kind, labels, Body(settings, dynamic), span)
    elif content is not None:
        raise MalformedError(f"{kind} is no object")


def _json_dynamic(content: Any, span: Span, label: str) -> Iterator[Block]:
    """The dynamic blocks of a body; what they make is a body like any other."""
    if isinstance(content, list):
        for place, one in enumerate(content):
            yield from _json_dynamic(one, span.at(place), label)
    elif isinstance(content, dict) and not label:
        for name, one in content.items():
            yield from _json_dynamic(one, span.at(name), name)
    elif isinstance(content, dict):
        settings = tuple(
            Setting(key, _value(one, key), span.at(key)) for key, one in content.items() if key != "content"
        )
        made = tuple(_json_blocks("content", 0, content.get("content"), span.at("content"), ()))
        yield Block("dynamic", (label,), Body(settings, made), span)
    elif content is not None:
        raise MalformedError("dynamic is no object")


def _nested(value: Any) -> bool:
    return isinstance(value, (dict, list))


def _value(value: Any, name: str = "") -> Expression:
    if isinstance(value, str):
        return Literal(value) if name in LITERAL_SETTINGS else template(value)
    if isinstance(value, list):
        return Tuple(tuple(_value(one) for one in value))
    if isinstance(value, dict):
        return Object(tuple((template(key), _value(one)) for key, one in value.items()))
    return Literal(value)
