"""What a Terraform file says, as a tree: bodies of attributes and blocks, and the expressions in them.

Every node carries the offset of its first character, from which a line is made when somebody asks. The tree is that of
the HCL native syntax specification; JSON files (`.tf.json`) become the same tree.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.model.spans import Span


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, true, false or null."""

    value: object
    at: int = 0


@dataclass(frozen=True, slots=True)
class Template:
    """A text with expressions in it. One expression alone keeps its type."""

    parts: tuple[Expression, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Opaque:
    """Something that is read and not evaluated; its value is unknown."""

    because: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """The root of a reference: `var`, `local`, `each`, a resource type, a name that a `for` binds."""

    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Attribute:
    """`of.name`."""

    of: Expression
    name: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """`of[key]`."""

    of: Expression
    key: Expression
    at: int = 0


@dataclass(frozen=True, slots=True)
class Splat:
    """`of[*]`, and what is asked of each element, as an expression on the name `*`."""

    of: Expression
    each: Expression
    at: int = 0


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; `expand` where the last argument is spread (`...`)."""

    name: str
    arguments: tuple[Expression, ...]
    expand: bool = False
    at: int = 0


@dataclass(frozen=True, slots=True)
class Unary:
    """`!` or `-`."""

    operator: str
    operand: Expression
    at: int = 0


@dataclass(frozen=True, slots=True)
class Binary:
    """Arithmetic, comparison, logic."""

    operator: str
    left: Expression
    right: Expression
    at: int = 0


@dataclass(frozen=True, slots=True)
class Conditional:
    """`condition ? yes : no`."""

    condition: Expression
    yes: Expression
    no: Expression
    at: int = 0


@dataclass(frozen=True, slots=True)
class Tuple:
    """`[...]`."""

    items: tuple[Expression, ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Object:
    """`{...}`; a bare name as key is a literal."""

    items: tuple[tuple[Expression, Expression], ...]
    at: int = 0


@dataclass(frozen=True, slots=True)
class For:
    """`[for k, v in of : value if when]`, or with `key` the object form; `group` where values are collected."""

    key_name: str | None
    value_name: str
    of: Expression
    key: Expression | None
    value: Expression
    when: Expression | None
    group: bool = False
    at: int = 0


Expression = (
    Literal
    | Template
    | Opaque
    | Name
    | Attribute
    | Index
    | Splat
    | Call
    | Unary
    | Binary
    | Conditional
    | Tuple
    | Object
    | For
)


@dataclass(frozen=True, slots=True)
class Setting:
    """`name = value` in a body."""

    name: str
    value: Expression
    span: Span


@dataclass(frozen=True, slots=True)
class Block:
    """`kind "label" ... { body }`."""

    kind: str
    labels: tuple[str, ...]
    body: Body
    span: Span


@dataclass(frozen=True, slots=True)
class Body:
    """What stands between braces, or in a whole file."""

    settings: tuple[Setting, ...] = ()
    blocks: tuple[Block, ...] = ()

    def setting(self, name: str) -> Setting | None:
        """The attribute of that name."""
        return next((one for one in self.settings if one.name == name), None)

    def of_kind(self, kind: str) -> list[Block]:
        """The blocks of one kind, in order."""
        return [one for one in self.blocks if one.kind == kind]
