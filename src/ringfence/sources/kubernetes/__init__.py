"""Kubernetes manifests: files, folders and standard input, YAML and JSON, as `KubernetesObjects`.

syntax      what is a name, a label, a port, an address block
fields      typed access to an object's fields, collecting what is wrong
metadata, policies, workloads, services, ingresses   one module per family of kinds
owners      pods and controllers put together
objects     documents dispatched to them
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import BinaryIO

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources.files import InputFile, Observer, gather
from ringfence.sources.kubernetes.objects import collect
from ringfence.sources.yaml_documents import Document, documents


def read(
    paths: Iterable[str | os.PathLike[str]], stdin: BinaryIO | None = None, progress: Observer | None = None
) -> tuple[KubernetesObjects, list[Diagnostic]]:
    """Everything that the paths hold. `stdin` is what the path `-` stands for; None: the process's own."""
    files, diagnostics = gather(paths, stdin, progress)
    objects, found = from_files(files)
    return objects, [*diagnostics, *found]


def from_files(files: Iterable[InputFile]) -> tuple[KubernetesObjects, list[Diagnostic]]:
    """The same from texts."""
    diagnostics: list[Diagnostic] = []

    def found() -> Iterator[Document]:
        for file in files:
            for document in documents(file.text, file.name):
                if document.problem is None:
                    yield document
                else:
                    diagnostics.append(document.problem)

    return collect(found(), diagnostics), diagnostics
