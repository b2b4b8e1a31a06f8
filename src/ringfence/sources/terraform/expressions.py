"""Text to expressions: the expression half of the HCL native syntax, by recursive descent.

Source: HCL native syntax specification, "Expressions".
"""

from __future__ import annotations

from ringfence.sources.terraform import templates
from ringfence.sources.terraform.scanner import DEEPEST, HEREDOC, Scanner
from ringfence.sources.terraform.syntax import (
    Attribute,
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    Index,
    Literal,
    Name,
    Object,
    Splat,
    Tuple,
    Unary,
)

LEVELS = (("||",), ("&&",), ("==", "!="), ("<", ">", "<=", ">="), ("+", "-"), ("*", "/", "%"))
"""Binary operators, the weakest first."""
CONSTANTS = {"true": True, "false": False, "null": None}


def expression(scan: Scanner) -> Expression:
    """The expression that comes next. SyntaxFault where none does."""
    scan.depth += 1
    if scan.depth > DEEPEST:
        raise scan.fault(f"nested deeper than {DEEPEST} levels")
    at = scan.at
    value = _binary(scan, 0)
    if scan.take("?"):
        yes = expression(scan)
        scan.expect(":")
        value = Conditional(value, yes, expression(scan), at)
    scan.depth -= 1
    return value


def template(text: str) -> Expression:
    """A whole text, as JSON files hold it: expressions stand in `${}`."""
    return templates.template(text, expression)


def _binary(scan: Scanner, level: int) -> Expression:
    if level == len(LEVELS):
        return _unary(scan)
    at = scan.at
    left = _binary(scan, level + 1)
    while scan.peek() in LEVELS[level]:
        operator = scan.peek()
        scan.expect(operator)
        left = Binary(operator, left, _binary(scan, level + 1), at)
    return left


def _unary(scan: Scanner) -> Expression:
    signs = []
    while scan.peek() in ("!", "-"):
        signs.append((scan.peek(), scan.at))
        scan.at += 1
    value = _postfix(scan, _primary(scan))
    for sign, at in reversed(signs):
        value = Unary(sign, value, at)
    return value


def _postfix(scan: Scanner, value: Expression) -> Expression:
    while True:
        at = scan.at
        if scan.take("."):
            scan.blank()
            if scan.take("*"):
                each: Expression = Name("*", at)
                while scan.peek() == "." and not scan.text.startswith("...", scan.at):
                    scan.expect(".")
                    each = _member(scan, each, at)
                value = Splat(value, each, at)
            else:
                value = _member(scan, value, at)
        elif scan.peek() == "[":
            value = _bracket(scan, value, at)
        else:
            return value


def _member(scan: Scanner, value: Expression, at: int) -> Expression:
    """`.name` or the old `.0`."""
    name = scan.identifier()
    if name is not None:
        return Attribute(value, name, at)
    digits = ""
    while scan.text[scan.at : scan.at + 1].isdecimal() and len(digits) < 9:
        digits += scan.text[scan.at]
        scan.at += 1
    if not digits:
        raise scan.fault("a name is missing after the dot")
    return Index(value, Literal(int(digits), at), at)


def _bracket(scan: Scanner, value: Expression, at: int) -> Expression:
    outer = scan.open("[")
    if scan.take("*"):
        scan.close("]", outer)
        return Splat(value, _postfix(scan, Name("*", at)), at)
    key = expression(scan)
    scan.close("]", outer)
    return Index(value, key, at)


def _primary(scan: Scanner) -> Expression:
    scan.blank()
    at = scan.at
    sign = scan.peek()
    if sign == '"':
        return templates.quoted(scan, expression)
    if sign == "(":
        outer = scan.open("(")
        value = expression(scan)
        scan.close(")", outer)
        return value
    if sign == "[":
        return _list(scan, at)
    if sign == "{":
        return _object(scan, at)
    if found := HEREDOC.match(scan.text, scan.at):
        return templates.heredoc(scan, found[2], found[1] == "-", found.end(), expression)
    number = scan.number()
    if number is not None:
        return Literal(number, at)
    name = scan.identifier()
    if name is None:
        raise scan.fault("an expression is missing here")
    if name in CONSTANTS:
        return Literal(CONSTANTS[name], at)
    while scan.text.startswith("::", scan.at):
        scan.at += 2
        name += "::" + (scan.identifier() or "")
    return _call(scan, name, at) if scan.peek() == "(" else Name(name, at)


def _call(scan: Scanner, name: str, at: int) -> Expression:
    outer = scan.open("(")
    arguments: list[Expression] = []
    expand = False
    while scan.peek() != ")":
        arguments.append(expression(scan))
        if scan.take("..."):
            expand = True
            break
        if not scan.take(","):
            break
    scan.close(")", outer)
    return Call(name, tuple(arguments), expand, at)


def _list(scan: Scanner, at: int) -> Expression:
    outer = scan.open("[")
    if scan.word("for"):
        value = _for(scan, at, keyed=False)
    else:
        items: list[Expression] = []
        while scan.peek() != "]":
            items.append(expression(scan))
            if not scan.take(","):
                break
        value = Tuple(tuple(items), at)
    scan.close("]", outer)
    return value


def _object(scan: Scanner, at: int) -> Expression:
    outer = scan.open("{")
    if scan.word("for"):
        value = _for(scan, at, keyed=True)
        scan.close("}", outer)
        return value
    items: list[tuple[Expression, Expression]] = []
    while scan.peek() != "}":
        key = _key(scan)
        if not scan.take("=") and not scan.take(":"):
            raise scan.fault("'=' is missing here")
        scan.blank()
        scan.newlines = False
        items.append((key, expression(scan)))
        if not scan.take(",") and scan.peek() not in ("", "}"):
            raise scan.fault("the entries of an object stand on lines of their own, or have commas between them")
        scan.newlines = True
    scan.close("}", outer)
    return Object(tuple(items), at)


def _key(scan: Scanner) -> Expression:
    before = scan.at
    name = scan.identifier()
    if name is not None and scan.peek() in ("=", ":"):
        return Literal(name, before)
    scan.at = before
    return expression(scan)


def _for(scan: Scanner, at: int, keyed: bool) -> Expression:
    first = scan.identifier()
    second = scan.identifier() if scan.take(",") else None
    if first is None or not scan.word("in"):
        raise scan.fault("this is no 'for ... in'")
    of = expression(scan)
    scan.expect(":")
    value, key = expression(scan), None
    if keyed:
        scan.expect("=>")
        key, value = value, expression(scan)
    group = scan.take("...")
    when = expression(scan) if scan.word("if") else None
    return For(first if second else None, second or first, of, key, value, when, group, at)
