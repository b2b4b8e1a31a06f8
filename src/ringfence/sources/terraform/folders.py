"""Folders of Terraform files: one folder is one module, its files read as one, overrides merged, inputs beside it.

    *.tf, *.tf.json                     one body, in the order of names
    override.tf, *_override.tf          laid over it: settings replace settings, nested blocks replace blocks of their
                                        kind, as Terraform merges them
    terraform.tfvars(.json), then *.auto.tfvars(.json) by name; the later value wins

A module's source is followed where it is a local path, or where `.terraform/modules/modules.json` of the root names a
folder that is there. Nothing is downloaded.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from ringfence.model.diagnostics import Diagnostic
from ringfence.sources import json_documents
from ringfence.sources.files import InputFile, gather
from ringfence.sources.terraform.parser import parse
from ringfence.sources.terraform.syntax import Block, Body, Literal, Setting
from ringfence.sources.yaml_scalars import MalformedError

CODE = (".tf", ".tf.json")
INPUTS = (".tfvars", ".tfvars.json")
ENDINGS = CODE + INPUTS
MANIFEST = os.path.join(".terraform", "modules", "modules.json")


class Folders:
    """The folders that were named and those that modules call, each parsed once. `diagnostics` grow as it reads."""

    def __init__(self, files: Iterable[InputFile], variable_files: Iterable[InputFile] = ()) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._files: dict[str, list[InputFile]] = {}
        self._bodies: dict[str, Body] = {}
        self._extra = [setting for file in variable_files for setting in self._settings(file)]
        for file in files:
            self._files.setdefault(os.path.normpath(os.path.dirname(file.name)), []).append(file)

    def named(self) -> list[str]:
        """The folders with code among what was named."""
        return sorted(folder for folder, files in self._files.items() if any(f.name.endswith(CODE) for f in files))

    def roots(self) -> list[str]:
        """The named folders that no other named folder calls as a module."""
        called = set()
        for folder in self.named():
            for block in self.body(folder).of_kind("module"):
                source = block.body.setting("source")
                if source is not None and isinstance(source.value, Literal) and _local(source.value.value):
                    called.add(os.path.normpath(os.path.join(folder, str(source.value.value))))
        return [folder for folder in self.named() if folder not in called] or self.named()[:1]

    def body(self, folder: str) -> Body:
        """All code of one folder as one body; what cannot be parsed is a diagnostic and left out."""
        if folder not in self._bodies:
            self._bodies[folder] = self._parse(folder)
        return self._bodies[folder]

    def inputs(self, folder: str) -> dict[str, Setting]:
        """The values given to the variables of a root."""
        files = sorted((one for one in self._here(folder) if one.name.endswith(INPUTS)), key=lambda one: one.name)
        chosen = [one for one in files if os.path.basename(one.name).startswith("terraform.tfvars")]
        chosen += [one for one in files if one.name.endswith((".auto.tfvars", ".auto.tfvars.json"))]
        found = [setting for file in chosen for setting in self._settings(file)]
        return {setting.name: setting for setting in found + self._extra}

    def resolve(self, root: str, folder: str, source: object, path: tuple[str, ...]) -> str | None:
        """The folder of a called module; None where it is not at hand. `path` are the names of the calls down to it."""
        if _local(source):
            place = os.path.normpath(os.path.join(folder, str(source)))
            return place if self._has_code(place) else None
        place = self._manifest(root).get(".".join(path), "")
        place = os.path.normpath(os.path.join(root, place)) if place else ""
        return place if place and self._has_code(place) else None

    def _has_code(self, folder: str) -> bool:
        return any(file.name.endswith(CODE) for file in self._here(folder))

    def _here(self, folder: str) -> list[InputFile]:
        """The files right in a folder, read when a module first asks for it."""
        if folder not in self._files:
            self._files[folder] = []
            if os.path.isdir(folder):
                names = sorted(name for name in os.listdir(folder) if name.endswith(ENDINGS))
                paths = [os.path.join(folder, name) for name in names]
                found, wrong = gather([path for path in paths if os.path.isfile(path)])
                self._files[folder] = found
                self.diagnostics.extend(wrong)
        return self._files[folder]

    def _manifest(self, root: str) -> dict[str, str]:
        place = os.path.join(root, MANIFEST)
        if not os.path.isfile(place):
            return {}
        found, _ = gather([place])
        try:
            listed = json_documents.read(found[0].text)["Modules"] if found else []
            return {str(one["Key"]): str(one["Dir"]) for one in listed}
        except (MalformedError, json_documents.DuplicateKeyError, TypeError, KeyError):
            return {}

    def _parse(self, folder: str) -> Body:
        plain: list[Body] = []
        over: list[Body] = []
        for file in sorted(self._here(folder), key=lambda one: one.name):
            if not file.name.endswith(CODE):
                continue
            body = parse(file.name, file.text)
            if isinstance(body, Diagnostic):
                self.diagnostics.append(body)
                continue
            stem = os.path.basename(file.name).removesuffix(".json").removesuffix(".tf")
            (over if stem == "override" or stem.endswith("_override") else plain).append(body)
        blocks = [block for body in plain for block in body.blocks]
        for body in over:
            blocks = _overridden(blocks, body.blocks)
        return Body((), tuple(blocks))

    def _settings(self, file: InputFile) -> tuple[Setting, ...]:
        body = parse(file.name, file.text)
        if isinstance(body, Diagnostic):
            if body not in self.diagnostics:
                self.diagnostics.append(body)
            return ()
        return body.settings


def _local(source: object) -> bool:
    return isinstance(source, str) and source.startswith(("./", "../", ".\\", "..\\"))


def _overridden(blocks: list[Block], over: Iterable[Block]) -> list[Block]:
    """Blocks with those of an override file laid over them."""
    out = list(blocks)
    for block in over:
        for place, one in enumerate(out):
            if (one.kind, one.labels) == (block.kind, block.labels) and _overlaps(one, block):
                out[place] = Block(
                    one.kind, one.labels, _merged(one.body, block.body, block.kind == "locals"), one.span
                )
                break
        else:
            out.append(block)
    return out


def _overlaps(one: Block, block: Block) -> bool:
    """Locals stand in many blocks: the one that holds a name is the one to change."""
    if block.kind != "locals":
        return True
    return bool({setting.name for setting in one.body.settings} & {setting.name for setting in block.body.settings})


def _merged(body: Body, over: Body, flat: bool) -> Body:
    settings = {one.name: one for one in body.settings} | {one.name: one for one in over.settings}
    if flat:
        return Body(tuple(settings.values()))
    replaced = {_kind(block) for block in over.blocks}
    kept = [block for block in body.blocks if _kind(block) not in replaced]
    return Body(tuple(settings.values()), (*kept, *over.blocks))


def _kind(block: Block) -> str:
    """A dynamic block counts as the kind that it makes."""
    return block.labels[0] if block.kind == "dynamic" and block.labels else block.kind
