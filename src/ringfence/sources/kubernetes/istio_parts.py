"""What Istio's kinds share: selectors of workloads, and the namespaces that an object is exported to.

The rules are those of istiod's admission webhook (`pkg/config/validation/validation.go`) and of the custom resource
definitions, which the API server checks first. Both must accept an object. Wildcards are refused in selectors, because
they would be taken literally.
"""

from __future__ import annotations

from ringfence.sources.kubernetes.parts import Part, shown

SECURITY, NETWORKING = "security.istio.io", "networking.istio.io"
TOP = ("apiVersion", "kind", "metadata", "spec", "status")

LONGEST_LABEL = 63
PRIVATE, PUBLIC, NOBODY = ".", "*", "~"


def workload_selector(part: Part, field: str = "matchLabels") -> tuple[tuple[str, str], ...] | None:
    """The labels of a selector, sorted by key; None where it is absent."""
    if not part.present:
        return None
    part.only(field)
    return selected_labels(part[field])


def selected_labels(part: Part) -> tuple[tuple[str, str], ...]:
    """Labels to select by, sorted by key: any texts without a star, the key not empty. The API server drops nulls."""
    found = {key: value for key, value in part.mapping_of_texts().items() if part[key].present}
    for key, value in found.items():
        if not key:
            part.refuse("has an empty label")
        elif "*" in key or "*" in value:
            part[key].refuse("there are no wildcards in a selector")
        elif len(value) > LONGEST_LABEL:
            part[key].refuse(f"{shown(value)} is longer than {LONGEST_LABEL}")
    return tuple(sorted(found.items()))


def export_to(part: Part, namespace: str, *, nobody: bool = False) -> tuple[str, ...]:
    """Whom an object is exported to, without doubles; `nobody`: whether `~` is a choice."""
    found: list[str] = []
    seen: set[str] = set()
    for item in part.items():
        text = item.text()
        place = namespace if text == PRIVATE else text
        if not text:
            item.refuse("is empty")
        elif text == NOBODY and not nobody:
            item.refuse("only a ServiceEntry can be exported to nobody")
        elif place in seen:
            item.refuse(f"{shown(text)} stands here twice")
        seen.add(place)
        found.append(text)
    if len(found) > 1 and {PUBLIC, NOBODY} & seen:
        part.refuse("holds everybody or nobody beside others")
    return tuple(found)
