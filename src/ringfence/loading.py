"""Reading configuration into a `Network`: files and folders, a posture file among them, options.

All the input of a question comes through here. Nothing raises for bad content: that is in the network's `diagnostics`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from ringfence.model.diagnostics import Diagnostic, InputError, error
from ringfence.model.spans import NOWHERE, Span
from ringfence.network import Network
from ringfence.posture.document import Posture
from ringfence.posture.document import read as read_posture
from ringfence.posture_file import POSTURE_FILE
from ringfence.sources import configuration
from ringfence.sources.files import InputFile, Observer, gather
from ringfence.sources.yaml_documents import documents
from ringfence.topology import aws
from ringfence.topology.bindings import Binding
from ringfence.topology.bindings import parse as bindings
from ringfence.topology.composition import compose
from ringfence.topology.kubernetes import build
from ringfence.topology.options import parse


def load(
    *paths: str | os.PathLike[str],
    options: Mapping[str, Any] | None = None,
    posture: str | os.PathLike[str] | None = None,
    stdin: BinaryIO | None = None,
    progress: Observer | None = None,
) -> Network:
    """Reads configuration from files and folders.

    Where `posture` is not given, a `ringfence.yaml` in one of the folders is it; its sources count as paths where no
    others are given beside its folder. `options` go before those of the posture file. Nothing raises for bad content:
    that is in `diagnostics`. Raises InputError where a posture file that is named is not there.
    """
    diagnostics: list[Diagnostic] = []
    chosen = _posture_file(paths, posture, diagnostics)
    document, span = Posture(), NOWHERE
    wanted = [os.fspath(path) for path in paths]
    if chosen is not None:
        document, span = _read_posture(chosen, diagnostics)
        if document.sources:
            beside = [path for path in wanted if Path(path).resolve() != chosen.parent.resolve()]
            wanted = [*beside, *(os.path.normpath(chosen.parent / source) for source in document.sources)]
        elif not wanted:
            wanted = [str(chosen.parent)]
    semantic, wrong = parse({**document.options, **(options or {})}, span.at("options"))
    found, unread = configuration.read(wanted, stdin, progress)
    topology = build(found.cluster, semantic)
    binding = _binding(document, span.at("clusters"), wrong)
    if found.cloud is not None:
        topology = compose(topology, aws.build(found.cloud), binding)
    everything = (*diagnostics, *wrong, *unread, *topology.diagnostics)
    return Network(topology, everything, None if chosen is None else document, span)


def _binding(document: Posture, span: Span, wrong: list[Diagnostic]) -> Binding | None:
    """Where the cluster of the manifests runs, if the posture file says so."""
    if "clusters" not in document.sections:
        return None
    found, complaints = bindings(document.sections["clusters"], span)
    wrong += complaints
    if len(found) > 1:
        wrong.append(error("the manifests are one cluster's, so one cluster has a place", found[1].span))
    return found[0] if len(found) == 1 else None


def _posture_file(
    paths: tuple[str | os.PathLike[str], ...], posture: str | os.PathLike[str] | None, diagnostics: list[Diagnostic]
) -> Path | None:
    """The one that is named, else that of the folders given. Intents of a second one would be lost: an error."""
    if posture is not None:
        return Path(posture)
    found: dict[str, Path] = {}
    for path in paths:
        one = Path(path) / POSTURE_FILE
        # os.path.isfile takes a path that no file can have (too long, a NUL) for one that is not there.
        if os.fspath(path) != "-" and os.path.isfile(one):
            found.setdefault(os.path.realpath(one), one)
    if not found:
        return None
    chosen, *others = found.values()
    for one in others:
        diagnostics.append(error(f"is not read: {chosen} is there, too", Span(str(one)), "name one with --posture"))
    return chosen


def _read_posture(path: Path, diagnostics: list[Diagnostic]) -> tuple[Posture, Span]:
    files, unread = gather([path])
    if unread or not files:
        raise InputError(unread[0] if unread else error("is empty", Span(str(path))))
    (file,) = files
    found = list(documents(file.text, file.name))
    broken = [one.problem for one in found if one.problem is not None]
    if broken or len(found) != 1:
        raise InputError(broken[0] if broken else _not_one(file, len(found)))
    posture, wrong = read_posture(found[0].value, found[0].span)
    diagnostics += wrong
    return posture, found[0].span


def _not_one(file: InputFile, count: int) -> Diagnostic:
    return error(f"holds {count or 'no'} documents; a posture file is one", Span(file.name))
