"""Everything that paths hold, whatever its format: each file is read by the reader of its kind.

    .tf, .tf.json, .tfvars, .tfvars.json    Terraform, all folders together
    JSON of `terraform show -json`          a plan or a state
    JSON of AWS' describe calls             what an account holds; beside code or a plan, a network of its own
    all other YAML and JSON                 Kubernetes manifests

The posture file stands among the manifests and is none.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ringfence.model.diagnostics import Diagnostic, error
from ringfence.posture_file import POSTURE_FILE
from ringfence.resources.aws import AwsObjects
from ringfence.resources.kubernetes import KubernetesObjects
from ringfence.sources import aws_describe, json_documents, kubernetes, plan_json, terraform
from ringfence.sources import files as manifests
from ringfence.sources.files import STDIN, InputFile, Observer, gather
from ringfence.sources.terraform.completion import completed
from ringfence.sources.terraform.folders import ENDINGS as TERRAFORM
from ringfence.sources.yaml_documents import Document, documents
from ringfence.sources.yaml_scalars import MalformedError

PLAN_MARK = '"format_version"'
"""What a plan or state in JSON begins with; looked for near the start, so that large manifests are parsed once."""
MANIFEST_MARK = '"apiVersion"'
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
    given = _sorted(found)
    objects, wrong = kubernetes.from_documents(_documents(given.rest))
    diagnostics += wrong
    cloud, wrong = _cloud(given.code, given.plans)
    diagnostics += wrong
    if given.answers:
        described, wrong = aws_describe.read_files(given.answers)
        diagnostics += wrong
        cloud = described if cloud is None else cloud | described
    if not diagnostics and cloud is None and objects == KubernetesObjects():
        diagnostics.append(error("nothing was read: the input is empty", remedy="did what should write it fail?"))
    return Configuration(objects, cloud), diagnostics


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


@dataclass(frozen=True, slots=True)
class _Given:
    """Files by what they are: Terraform's own, plans, answers of describe calls, and all the rest."""

    code: list[InputFile]
    plans: list[InputFile]
    answers: list[InputFile]
    rest: list[InputFile]


def _sorted(found: Iterable[InputFile]) -> _Given:
    given = _Given([], [], [], [])
    for one in found:
        if one.name.endswith(TERRAFORM):
            given.code.append(one)
        elif _is_json(one) and PLAN_MARK in one.text[:NEAR]:
            given.plans.append(one)
        elif _is_json(one) and _is_answer(one.text):
            given.answers.append(one)
        elif Path(one.name).name != POSTURE_FILE:
            given.rest.append(one)
    return given


def _is_json(file: InputFile) -> bool:
    return file.name.endswith(".json") or (file.name == STDIN and file.text.lstrip().startswith("{"))


def _is_answer(text: str) -> bool:
    """Manifests say near the start what they are, so that they are not parsed for this."""
    if MANIFEST_MARK in text[:NEAR]:
        return False
    try:
        return aws_describe.is_describe(json_documents.read(text))
    except (MalformedError, json_documents.DuplicateKeyError):
        return False


def _documents(found: Iterable[InputFile]) -> Iterator[Document]:
    for one in found:
        yield from documents(one.text, one.name)
