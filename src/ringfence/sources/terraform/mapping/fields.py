"""Arguments of Terraform resources as fields of AWS objects, with what is unknown or wrong in them.

A `Reading` is one pass over all records of a source. It knows which id each reference stands for: that of the object
behind `id` or `arn`; a VPC's three defaults; a group by its name where the provider takes names. What is of the wrong
type is an error and an unknown, never a default.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address, ip_network
from typing import Any, TypedDict

from ringfence.model.diagnostics import Diagnostic, error, warning
from ringfence.model.spans import Span
from ringfence.resources.aws import Flag, Id, Ids, MaybeId, Number, PartlyKnown, Tags, Unknown
from ringfence.sources.terraform.records import Arguments, ResourceRecord
from ringfence.sources.terraform.values import Reference, overlaid, vague

SELF_NAMES = ("id", "arn", "name", "key_name", "invoke_arn", "cluster_identifier", "autoscaling_group_name")
"""Attributes that stand for the object itself wherever another resource takes them."""
MAIN_TABLE = ("main_route_table_id", "default_route_table_id")


class Common(TypedDict):
    """The fields that all resources share."""

    id: str
    address: str
    tags: Tags
    exists: Unknown | None
    span: Span


class Reading:
    """All records of one source on their way to AWS objects."""

    def __init__(self, records: Iterable[ResourceRecord]) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._by_type: dict[str, list[ResourceRecord]] = {}
        self._ids: dict[str, str] = {}
        for record in records:
            self._by_type.setdefault(record.type, []).append(record)
            self._ids[record.address] = record.id or record.address

    def of(self, *types: str) -> Iterator[ResourceRecord]:
        """The records of these types, in the order of the types and then of reading."""
        for one in types:
            yield from self._by_type.get(one, ())

    @property
    def types(self) -> list[str]:
        """All types that occur."""
        return sorted(self._by_type)

    def alias(self, record: ResourceRecord, id: Id) -> None:
        """A resource that adopts an object (a VPC's default group): its address stands for that object."""
        if isinstance(id, str):
            self._ids[record.address] = id

    def common(self, record: ResourceRecord) -> Common:
        """Id, address, tags, existence and place."""
        return {
            "id": self._ids[record.address],
            "address": record.address,
            "tags": self.tags(_all_tags(record.arguments)),
            "exists": record.exists,
            "span": Span(record.span.file, record.address, record.span.line, record.span.column, record.span.locate),
        }

    def error(self, message: str, span: Span, remedy: str = "") -> Unknown:
        """Notes what is wrong; the unknown that takes the value's place."""
        self.diagnostics.append(error(message, span, remedy))
        return Unknown(message)

    def warn(self, message: str, span: Span) -> None:
        """Notes what the user should know."""
        self.diagnostics.append(warning(message, span))

    def maybe(self, value: Any, span: Span) -> MaybeId:
        """A text or an id; None where it is absent."""
        if isinstance(value, Reference):
            return self._referred(value)
        if value is None or isinstance(value, (str, Unknown)):
            return value
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        return self.error("a text is needed here", span)

    def id(self, arguments: Arguments, name: str, absent: str = "") -> Id:
        """An id that must be there; an unknown with the reason `absent` where it is not."""
        value = self.maybe(arguments.get(name), arguments.span)
        return Unknown(absent or f"{name} is not given") if value is None else value

    def ids(self, value: Any, span: Span) -> Ids:
        """A list of ids; empty where it is absent. A list in the list is taken apart, as `["${x.y.*.id}"]` once was."""
        if isinstance(value, Reference):
            return value.unknown
        if value is None or isinstance(value, Unknown):
            return () if value is None else value
        if not isinstance(value, list):
            return self.error("a list of texts is needed here", span)
        flat = (each for one in value for each in (one if isinstance(one, list) else (one,)))
        found = (self.maybe(one, span) for one in flat)
        return tuple(one for one in found if one is not None)

    def number(self, value: Any, span: Span) -> Number:
        """A whole number, which may be written as a text; None where it is absent."""
        if isinstance(value, Reference):
            return value.unknown
        if value is None or isinstance(value, Unknown):
            return value
        text = str(value).strip()
        if not isinstance(value, bool) and text.lstrip("-").isdecimal() and len(text) < 12:
            return int(text)
        return self.error(f"{text[:40]!r} is no whole number", span)

    def flag(self, value: Any, span: Span, default: bool = False) -> Flag:
        """True or false, which may be written as a text."""
        if isinstance(value, Reference):
            return value.unknown
        if value is None:
            return default
        if isinstance(value, (bool, Unknown)):
            return value
        if value in ("true", "false"):
            return bool(value == "true")
        return self.error("true or false is needed here", span)

    def cidr(self, value: Any, span: Span) -> MaybeId:
        """A block of either family; None where it is absent or empty."""
        found = self.maybe(value, span)
        if found is None or isinstance(found, Unknown) or found == "":
            return found or None
        try:
            if "/" in found:
                ip_network(found, strict=False)
                return found
            ip_address(found)
        except ValueError:
            pass
        return self.error(f"{found[:60]!r} is no CIDR block", span)

    def cidrs(self, value: Any, span: Span) -> Ids:
        """A list of blocks."""
        found = self.ids(value, span)
        if isinstance(found, Unknown):
            return found
        return tuple(one for one in (self.cidr(one, span) for one in found) if one is not None)

    def tags(self, value: Any) -> Tags:
        """Tags by key."""
        if isinstance(value, PartlyKnown):
            return PartlyKnown(value.because, _tags(value.known))
        if isinstance(value, Reference):
            return value.unknown
        if isinstance(value, Unknown):
            return value
        return _tags(value) if isinstance(value, dict) else {}

    def _referred(self, reference: Reference) -> Id:
        id = self._ids.get(reference.address)
        if id is None:
            return reference.unknown
        if reference.attribute in SELF_NAMES:
            return id
        if reference.attribute in MAIN_TABLE:
            return f"{id}.{MAIN_TABLE[0]}"
        if reference.identity or reference.attribute == "prefix_list_id":
            return f"{id}.{reference.attribute}"
        return reference.unknown


def _all_tags(arguments: Arguments) -> Any:
    """A resource's tags with its provider's; where those are not known, its own are all the same."""
    everything, own = arguments.get("tags_all"), arguments.get("tags")
    if vague(everything) is not None and isinstance(own, dict):
        return overlaid(everything, own)
    return everything or own


def _tags(found: Mapping[str, Any]) -> dict[str, str | Unknown]:
    return {key: one if isinstance(one, str) else _tag(one) for key, one in found.items() if one is not None}


def _tag(value: Any) -> str | Unknown:
    if isinstance(value, Reference):
        return value.unknown
    return value if isinstance(value, Unknown) else str(value).lower() if isinstance(value, bool) else str(value)


def joined(left: Ids, right: Ids) -> Ids:
    """Both, each id once; unknown where one of them is."""
    if isinstance(left, Unknown) or isinstance(right, Unknown):
        return left if isinstance(left, Unknown) else right
    return (*left, *(one for one in right if isinstance(one, Unknown) or one not in left))
