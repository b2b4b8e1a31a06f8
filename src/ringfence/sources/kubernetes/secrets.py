"""What is kept of a Secret: its certificates, and nothing else that it holds.

A value keeps only its PEM certificate blocks; a value without one is dropped, keys and passwords with it. So is every
annotation, because `kubectl apply` leaves a copy of the whole Secret in one; cert-manager's say where a certificate
comes from and stay.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from typing import Any

from ringfence.sources.kubernetes.parts import Part

CERTIFICATE = re.compile(rb"-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----")
KEPT_ANNOTATIONS = "cert-manager.io/"
NOT_BASE64 = "must be base64 text"
STRING_DATA = "plain text goes into stringData"
KEPT_METADATA = ("name", "namespace", "labels", "creationTimestamp", "uid", "ownerReferences")


def without_secrets(part: Part) -> dict[str, Any]:
    """A Secret's document with `data` reduced to certificates (base64; `stringData` is part of it)."""
    metadata = part["metadata"].entries()
    kept = {key: metadata[key] for key in KEPT_METADATA if key in metadata}
    annotations = part["metadata"]["annotations"].entries()
    kept["annotations"] = {key: value for key, value in annotations.items() if key.startswith(KEPT_ANNOTATIONS)}
    data = {}
    for key, value in _values(part["data"]):
        content = _decoded(value)
        if content:
            data[key] = content
    for key, value in _values(part["stringData"]):
        content = _certificates(value.value.encode()) if isinstance(value.value, str) else ""
        data.pop(key, None)
        if content:
            data[key] = content
    return {
        "apiVersion": part["apiVersion"].value,
        "kind": part["kind"].value,
        "metadata": kept,
        "type": part["type"].value if isinstance(part["type"].value, str) else "Opaque",
        "data": data,
    }


def _values(part: Part) -> Iterable[tuple[str, Part]]:
    """The entries of a mapping; what is none is refused without showing it."""
    if part.present and not isinstance(part.value, dict):
        part.refuse("must be a mapping")
        return ()
    return part.parts()


def _decoded(part: Part) -> str:
    if not isinstance(part.value, str):
        if part.present:
            part.refuse(NOT_BASE64, STRING_DATA)
        return ""
    try:
        return _certificates(base64.b64decode("".join(part.value.split()), validate=True))
    except (binascii.Error, ValueError):
        part.refuse(NOT_BASE64, STRING_DATA)
        return ""


def _certificates(content: bytes) -> str:
    blocks = [block.replace(b"\r\n", b"\n") for block in CERTIFICATE.findall(content)]
    return base64.b64encode(b"\n".join(blocks) + b"\n").decode() if blocks else ""
