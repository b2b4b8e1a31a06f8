"""Everything that paths hold, whatever its format: each file is read by the reader of its kind.

    .tf, .tf.json, .tfvars, .tfvars.json    Terraform, all folders together
    JSON of `terraform show -json`          a plan or a state
    all other YAML and JSON                 Kubernetes manifests

The posture file stands among the manifests and is none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ringfence.model.diagnostics import Diagnostic
from ringfence.posture_file import POSTURE_FILE
from ringfence.resources.aws import AwsObjects
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources import files as manifests
from ringfence.sources import kubernetes, plan_json, terraform
from ringfence.sources.files import InputFile, Observer, gather
from ringfence.sources.terraform.completion import completed
from ringfence.sources.terraform.folders import ENDINGS as TERRAFORM
from ringfence.sources.yaml_documents import Document, documents

PLAN_MARK = '"format_version"'
"""What a plan or state in JSON begins with; looked for near the start, so that large manifests are parsed once."""
NEAR = 400


@dataclass(frozen=True, slots=True)
class Configuration:
    """What was read. `cloud` None: nothing of AWS was among it."""

    cluster: KubernetesObjects
    cloud: AwsObjects | None


def read(
    paths: Iterable[str | os.PathLike[str]], stdin: BinaryIO | None = None, progress: Observer | None = None
) -> tuple[Configuration, list[Diagnostic]]:
    """All objects of all files. Never raises for what the user named; what is wrong is in the diagnostics."""
    found, diagnostics = gather(paths, stdin, progress, endings=(*manifests.ENDINGS, *TERRAFORM))
    code, plans, rest = _sorted(found)
    objects, wrong = kubernetes.from_documents(_documents(rest))
    diagnostics += wrong
    cloud, wrong = _cloud(code, plans)
    return Configuration(objects, cloud), [*diagnostics, *wrong]


def _cloud(code: list[InputFile], plans: list[InputFile]) -> tuple[AwsObjects | None, list[Diagnostic]]:
    """A plan goes before the code beside it, which only says what one plan of the same network leaves open."""
    if not plans:
        return terraform.read_files(code) if code else (None, [])
    planned, wrong = plan_json.read_files(plans)
    if len(plans) == 1 and code:
        given = plan_json.inputs(plans[0])
        written, _ = terraform.read_files(code, () if given is None else (given,))
        planned = completed(planned, written)
    return planned, wrong


def _sorted(found: Iterable[InputFile]) -> tuple[list[InputFile], list[InputFile], list[InputFile]]:
    """Terraform's own files, plans, and all the rest."""
    code, plans, rest = [], [], []
    for one in found:
        if one.name.endswith(TERRAFORM):
            code.append(one)
        elif one.name.endswith(".json") and PLAN_MARK in one.text[:NEAR]:
            plans.append(one)
        elif Path(one.name).name != POSTURE_FILE:
            rest.append(one)
    return code, plans, rest


def _documents(found: Iterable[InputFile]) -> Iterator[Document]:
    for one in found:
        yield from documents(one.text, one.name)
