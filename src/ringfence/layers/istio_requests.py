r"""A request as a sidecar's rules see it: the path normalized, the token taken apart.

    path      without query, after normalization:
              NONE                      as sent
              BASE                      RFC 3986: dot segments resolved, `\` is `/`, escapes of unreserved characters
                                        decoded (and `%2e` counts as a dot)
              MERGE_SLASHES             then several slashes are one
              DECODE_AND_MERGE_SLASHES  before all of that, `%2f`, `%5c` (either case) are decoded
    host      as sent, port included
    header:*  `:method`, `:path` (with its query) and `:authority` are headers, too. Of several headers of one name,
              some releases of Envoy compare each and others all of them joined, so that they are not known
    forwarded the last address of `x-forwarded-for`; absent without one: then the connection's address counts
    token     see `istio_tokens`

A request is told whole: a header or claim that it does not name is absent. Only the names that somebody asks for
(`asked`) need to be said, because a mapping holds no infinity of absent ones. A path that Envoy refuses (it has an
escaped NUL, a fragment, a space or a letter beyond ASCII) is left out, and so not known; the claims of a valid token
that are not told, too.

Releases differ in one more thing: in newer ones a segment `..;x` goes up like `..`, and `.;x` is dropped. Here it is a
segment like others, as older ones have it.

Sources: istio `pilot/pkg/networking/core/listener_builder.go`; Envoy `source/common/http/path_utility.cc`,
`conn_manager_utility.cc`; Chromium's `url/url_canon_path.cc`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from ringfence.layers.istio_tokens import BEARER, CLAIM, NO_TOKEN, PLACE, TOKEN, VALID, WORDS, claim_name

PSEUDO = (":method", ":path", ":authority", ":scheme", "host")
HEADER, FORWARDED = "header:", "forwarded"
PROTOCOL, HTTP = "protocol", "http"

UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
KEPT = UNRESERVED | frozenset("!$&'()*+,/:;=@[]")
"""What stands in a canonical path as it is; other characters are escaped."""

SENDABLE = re.compile(r"[!\"$-~]*")
"""A path that a proxy takes: printable ASCII without `#`."""
ESCAPE = re.compile("[0-9a-fA-F]{2}")
STRAY = "\0"
"""Stands for a `%` that begins no escape, while a path is decoded."""
MADE = re.compile(f"{STRAY}[0-9a-fA-F]{{2}}")


def request_subjects(
    http: Mapping[str, Any], normalization: str = "BASE", asked: Iterable[str] = ()
) -> dict[str, tuple[str, ...]]:
    """The subjects of a request with `method`, `path`, `host`, `headers`, `sni`, `claims`, `token`, `token_in`.

    `asked`: subjects that rules ask for; those that the request lacks are absent. Unknown stays what it is silent about
    otherwise: without `path`, the path is not known.
    """
    found: dict[str, tuple[str, ...]] = {PROTOCOL: (HTTP,)}
    for name, pseudo in (("method", ":method"), ("host", ":authority")):
        if name in http:
            found[name] = found[f"{HEADER}{pseudo}"] = (http[name],)
    if "host" in http:
        found["header:host"] = (http["host"],)
    if "sni" in http:
        found["sni"] = (http["sni"],)
    if "path" in http:
        path = normalized(http["path"], normalization)
        if path is not None:
            found["header::path"] = (path,)
            found["path"] = (path.partition("?")[0],)
    headers = {name.lower(): _values(value) for name, value in http.get("headers", {}).items()}
    found |= {f"{HEADER}{name}": values for name, values in headers.items() if len(values) < 2}
    found[FORWARDED] = _forwarded(headers.get("x-forwarded-for", ()))
    found |= _token(http)
    told = [HEADER]
    told += [CLAIM, WORDS] if found[TOKEN] != (VALID,) or "claims" in http else []
    for subject in asked:
        if subject.startswith(tuple(told)) and subject.removeprefix(HEADER) not in (*headers, *PSEUDO):
            found.setdefault(subject, ())
    return found


def _values(value: str | Iterable[str]) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def _forwarded(header: tuple[str, ...]) -> tuple[str, ...]:
    text = ",".join(header).rpartition(",")[2].strip()
    try:
        return (str(ip_address(text)),)
    except ValueError:
        return ()


def _token(http: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    if "claims" not in http and "token" not in http:
        return {TOKEN: (NO_TOKEN,), PLACE: ()}
    found: dict[str, tuple[str, ...]] = {TOKEN: (http.get("token", VALID),), PLACE: (_place(http.get("token_in", {})),)}
    for path, values in _claims(http.get("claims", {}), ()):
        name = claim_name(path)
        found[CLAIM + name] = values
        found[WORDS + name] = tuple(word for value in values for word in value.split(" ") if word)
    return found


def _place(place: Mapping[str, Any]) -> str:
    for kind in ("param", "cookie"):
        if kind in place:
            return f"{kind} {place[kind]}"
    if "header" in place:
        return f"header {str(place['header']).lower()} {place.get('prefix', '')}"
    return f"header {BEARER.name.lower()} {BEARER.prefix}"


def _claims(claims: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Every claim that has texts, by its path. Numbers and truth values are no texts and match nothing."""
    for name, value in claims.items():
        path = (*above, str(name))
        if isinstance(value, Mapping):
            yield from _claims(value, path)
        elif isinstance(value, str):
            yield path, (value,)
        elif isinstance(value, list):
            yield path, tuple(one for one in value if isinstance(one, str))


def normalized(path: str, how: str) -> str | None:
    """The path as rules see it, its query kept; None where Envoy refuses it."""
    if not SENDABLE.fullmatch(path):
        return None
    bare, mark, query = path.partition("?")
    if how == "DECODE_AND_MERGE_SLASHES":
        for escape, plain in (("%2f", "/"), ("%2F", "/"), ("%5c", "\\"), ("%5C", "\\")):
            bare = bare.replace(escape, plain)
    if how != "NONE":
        canonical = _canonical(bare)
        if canonical is None:
            return None
        bare = canonical
    if how in ("MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES") and "//" in bare:
        inner = "/".join(one for one in bare.split("/") if one)
        bare = ("/" if bare.startswith("/") else "") + inner + ("/" if bare.endswith("/") else "")
    return bare + mark + query


def _canonical(path: str) -> str | None:
    r"""The path without dot segments, with `/` for `\`, unreserved characters decoded, others escaped."""
    text = _decoded(path.replace("\\", "/"))
    if text is None:
        return None
    segments = text.removeprefix("/").split("/")
    kept: list[str] = []
    for place, segment in enumerate(segments):
        last = place == len(segments) - 1
        if segment == "..":
            kept = kept[:-1]
        if segment in (".", ".."):
            kept += [""] if last else []
        else:
            kept.append(segment)
    return "/" + "/".join(kept)


def _decoded(path: str) -> str | None:
    """Escapes of unreserved characters decoded, other characters than a path's own escaped.

    None with an escaped NUL, and where decoding makes an escape of what was none (`%%300`).
    """
    out: list[str] = []
    rest = path
    while rest:
        one, rest = rest[0], rest[1:]
        if one == "%" and ESCAPE.match(rest):
            plain = chr(int(rest[:2], 16))
            if plain == "\0":
                return None
            out.append(plain if plain in UNRESERVED else f"%{rest[:2]}")
            rest = rest[2:]
        elif one == "%":
            out.append(STRAY)
        else:
            out.append(one if one in KEPT else f"%{ord(one):02X}")
    text = "".join(out)
    return None if MADE.search(text) else text.replace(STRAY, "%")
