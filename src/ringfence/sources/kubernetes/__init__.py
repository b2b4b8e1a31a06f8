"""Kubernetes manifests: files, folders, `kubectl get -o yaml` dumps and lists of documents, read to typed objects.

    parts             a piece of a document with its place and its problems
    syntax            names, labels, ports, addresses
    metadata          metadata and label selectors
    network_policies, services, pods, controllers, ingresses, gateways, secrets     one reader per kind
    catalogue         kinds, API versions, scopes
    ownership         pods joined to workloads
    collection        documents to `KubernetesObjects`

What the API server would refuse is refused here, with a diagnostic for each thing that is wrong and a `RefusedObject`;
the rest is read all the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import BinaryIO

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources.files import Observer, gather
from ringfence.sources.kubernetes.collection import Collection
from ringfence.sources.yaml_documents import Document, documents

__all__ = ["from_documents", "read"]


def read(
    paths: Iterable[str | os.PathLike[str]], stdin: BinaryIO | None = None, progress: Observer | None = None
) -> tuple[KubernetesObjects, list[Diagnostic]]:
    """All objects of files and folders (`-`: standard input) and what is to be said about them. Never raises for them.

    `progress` is told how many files of how many are parsed.
    """
    files, diagnostics = gather(paths, stdin)
    parsed: list[Document] = []
    for done, file in enumerate(files):
        if progress:
            progress(done, len(files))
        parsed.extend(documents(file.text, file.name))
    objects, problems = from_documents(parsed)
    return objects, diagnostics + problems


def from_documents(parsed: Iterable[Document]) -> tuple[KubernetesObjects, list[Diagnostic]]:
    """All objects of documents, wherever they come from: objects, or lists of them, as plain data with their spans."""
    parsed = list(parsed)
    collection = Collection()
    collection.define(parsed)
    for document in parsed:
        collection.add(document)
    return collection.objects(), collection.diagnostics
