"""Texts with expressions inside: in quotes, as heredocs, or whole, as JSON files hold them.

Directives (`%{ if }`, `%{ for }`) are read and not evaluated: such a text is opaque. What reads the expressions inside
is handed in, because those hold texts again. Source: HCL native syntax specification, "Templates".
"""

from __future__ import annotations

from collections.abc import Callable

from ringfence.sources.terraform.scanner import Scanner
from ringfence.sources.terraform.syntax import Expression, Literal, Opaque, Template

DIRECTIVE = "a text with template directives is not evaluated"
Inside = Callable[[Scanner], Expression]


def template(text: str, expression: Inside, at: int = 0) -> Expression:
    """A whole text (no escapes but `$${` and `%%{`)."""
    scan = Scanner(text)
    parts = _parts(scan, lambda: scan.ended, expression, escapes=False)
    return _template(parts, at)


def quoted(scan: Scanner, expression: Inside) -> Expression:
    """A text in quotes, with escapes."""
    at = scan.at
    scan.expect('"')
    parts = _parts(scan, lambda: scan.text.startswith('"', scan.at), expression, escapes=True)
    scan.at += 1
    return _template(parts, at)


def heredoc(scan: Scanner, word: str, indented: bool, start: int, expression: Inside) -> Expression:
    """Lines up to one that has the word alone; `indented` takes off what all of them begin with."""
    at, lines, place = scan.at, [], start
    while True:
        end = scan.text.find("\n", place)
        line = scan.text[place : end if end >= 0 else len(scan.text)]
        if line.strip() == word:
            scan.at = place + len(line)
            break
        if end < 0:
            raise scan.fault(f"the text that ends with {word} has no end")
        lines.append(line.rstrip("\r"))
        place = end + 1
    if indented:
        margin = min((len(one) - len(one.lstrip(" ")) for one in lines if one.strip()), default=0)
        lines = [one[margin:] for one in lines]
    return template("".join(f"{one}\n" for one in lines), expression, at)


def _parts(scan: Scanner, ended: Callable[[], bool], expression: Inside, escapes: bool) -> list[Expression]:
    parts: list[Expression] = []
    plain = ""
    while not ended():
        if scan.ended or (escapes and scan.text[scan.at] == "\n"):
            raise scan.fault("this text has no end")
        if scan.text.startswith(("$${", "%%{"), scan.at):
            plain += scan.text[scan.at + 1 : scan.at + 3]
            scan.at += 3
        elif scan.text.startswith(("${", "%{"), scan.at):
            directive = scan.text[scan.at] == "%"
            parts.append(Literal(plain, scan.at))
            plain = ""
            value = _interpolation(scan, directive, expression)
            parts.append(value)
        elif escapes and scan.text[scan.at] == "\\":
            scan.at += 1
            plain += scan.escape()
        else:
            plain += scan.text[scan.at]
            scan.at += 1
    parts.append(Literal(plain, scan.at))
    return [one for one in parts if one != Literal("", one.at)]


def _interpolation(scan: Scanner, directive: bool, expression: Inside) -> Expression:
    at = scan.at
    scan.at += 2
    if scan.text.startswith("~", scan.at):
        scan.at += 1
        directive = True  # trimming blanks around is not worth having
    outer, scan.newlines = scan.newlines, True
    if directive:
        end = scan.text.find("}", scan.at)
        if end < 0:
            raise scan.fault("this text has no end")
        scan.at = end
        value: Expression = Opaque(DIRECTIVE, at)
    else:
        value = expression(scan)
    scan.blank()
    if scan.text.startswith("~", scan.at):
        scan.at += 1
        value = Opaque(DIRECTIVE, at)
    scan.close("}", outer)
    return value


def _template(parts: list[Expression], at: int) -> Expression:
    opaque = next((one for one in parts if isinstance(one, Opaque)), None)
    if opaque is not None:
        return Opaque(opaque.because, at)
    if not parts:
        return Literal("", at)
    if len(parts) == 1 and isinstance(parts[0], Literal):
        return Literal(parts[0].value, at)
    return Template(tuple(parts), at)
