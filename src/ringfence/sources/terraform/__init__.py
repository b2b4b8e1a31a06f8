"""Terraform folders in HCL or JSON syntax, read without Terraform, a provider or credentials.

`read` finds the roots among what was named, evaluates each with its modules, and makes AWS objects of the resources.
Evaluation is Ringfence's own (`modules`, `evaluation`), because what matters here is what is *not* known: every value
that the files do not decide stays an unknown with its reason, down to the element.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ringfence.model.diagnostics import Diagnostic
from ringfence.resources.aws import AwsObjects, Unknown
from ringfence.sources.files import InputFile, gather
from ringfence.sources.terraform.folders import ENDINGS, INPUTS, Folders
from ringfence.sources.terraform.mapping import collect
from ringfence.sources.terraform.modules import Module, Root
from ringfence.sources.terraform.records import ResourceRecord
from ringfence.sources.terraform.resources import records


def read(
    paths: Iterable[str | os.PathLike[str]], variable_files: Iterable[str | os.PathLike[str]] = ()
) -> tuple[AwsObjects, list[Diagnostic]]:
    """The AWS objects of all roots under the paths. `variable_files` hold for every root, after its own.

    With several roots, an address is preceded by the root's folder and `//`. Never raises for what the files say.
    """
    files, wrong = gather(paths, endings=ENDINGS)
    extra, unread = gather(variable_files, endings=INPUTS)
    objects, found = read_files(files, extra)
    return objects, [*wrong, *unread, *found]


def read_files(
    files: Iterable[InputFile], variable_files: Iterable[InputFile] = ()
) -> tuple[AwsObjects, list[Diagnostic]]:
    """The same for texts that were gathered already."""
    found, unread, diagnostics = _records(Folders(files, variable_files))
    objects, more = collect(found, unread)
    return objects, [*diagnostics, *more]


def _records(folders: Folders) -> tuple[list[ResourceRecord], list[Unknown], list[Diagnostic]]:
    out: list[ResourceRecord] = []
    unread: list[Unknown] = []
    diagnostics: list[Diagnostic] = []
    roots = folders.roots()
    for folder in roots:
        root = Root(folders, folder)
        module = Module(root, folder, prefix=f"{folder}//" if len(roots) > 1 else "")
        out += records(module)
        unread += root.unread
        diagnostics += root.diagnostics
    unread += [Unknown(f"{one.span} could not be read") for one in folders.diagnostics]
    return out, unread, [*folders.diagnostics, *diagnostics]
