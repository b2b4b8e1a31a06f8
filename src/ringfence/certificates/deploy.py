"""A pair put where a server reads it, in one step, and taken back where the server does not serve it.

`directory` is a symbolic link beside its generations:

    tls/web -> .web.3f2a...            what the server reads
    tls/.web.3f2a.../{privkey,cert,chain,fullchain}.pem
    tls/.web.91bc.../                  the previous one, kept for the way back

A generation is written whole under another name before it gets its own; then the link is replaced by a rename. So a
server that reads at any moment sees a key and a certificate that fit together. After that the reload command runs and
every endpoint must serve the new leaf within its time; otherwise the link goes back, the reload runs again, and the
previous one is looked for.

A crash anywhere leaves the old link or the new one. The record says "deployed" only after the proof, so the next run
does all of it again; each step does nothing where it was done.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from ringfence.certificates import files, keys, served
from ringfence.certificates.configuration import Deployment, Verification
from ringfence.certificates.served import Sighting
from ringfence.certificates.store import Pair, Reach, on
from ringfence.model.diagnostics import SourceError, error
from ringfence.model.spans import Span

Look = Callable[[x509.Certificate, Verification], Sighting]
"""Waits for an endpoint to serve a certificate, and says what it served in the end."""

OUTPUT_SHOWN = 300
"""Characters of a failed reload command's output that the reason quotes."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How a deployment ended."""

    deployed: bool
    proved: bool
    """Whether an endpoint was seen serving it; False also where there is none to ask."""
    because: str
    rolled_back: bool = False


def deploy(pair: Pair, deployment: Deployment, reach: Reach = on, look: Look = served.wait_for) -> Delivery:
    """Puts the pair in place, reloads, and proves it. SourceError where the folder cannot be written."""
    leaf = keys.chain(pair.fullchain)[0]
    before = current(deployment)
    generation = _generation(deployment, pair.identity)
    _write(pair, deployment, generation)
    reach("generation written")
    _swap(deployment, generation)
    reach("link swapped")
    problem = _reload(deployment)
    reach("reloaded")
    if not problem:
        problem = "; ".join(
            f"{sighting.endpoint} {sighting.problem}"
            for sighting in (look(leaf, verification) for verification in deployment.verify)
            if sighting.problem
        )
    if not problem:
        _clean(deployment, {generation.name, before.name if before else ""})
        seen = ", ".join(f"{one.host}:{one.port}" for one in deployment.verify)
        because = f"{seen} serves it" if seen else "it is in place; no endpoint is configured that could prove it"
        return Delivery(True, bool(seen), because)
    if before is None or before == generation:
        return Delivery(False, False, f"{problem}; there is no previous certificate to go back to")
    _swap(deployment, before)
    reach("link swapped back")
    back = _reload(deployment)
    previous = keys.chain(files.read(before / "fullchain.pem"), Span(str(before)))[0]
    if not back:
        back = "; ".join(
            sighting.problem
            for sighting in (look(previous, verification) for verification in deployment.verify)
            if sighting.problem
        )
    because = f"{problem}; the previous certificate is in place again" + (f", but {back}" if back else "")
    return Delivery(False, False, because, rolled_back=True)


def in_place(identity: str, deployment: Deployment) -> bool:
    """Whether the link names that pair now: somebody may have moved it, or the posture file another directory."""
    return current(deployment) == _generation(deployment, identity)


def preflight(deployment: Deployment) -> tuple[str, ...]:
    """What would keep a deployment from working, as far as that can be seen without deploying; empty is good."""
    problems = []
    try:
        current(deployment)
    except SourceError as failure:
        problems.append(str(failure))
    above = next(folder for folder in deployment.directory.absolute().parents if folder.exists())
    if not os.access(above, os.W_OK | os.X_OK):
        problems.append(f"{above} cannot be written")
    if deployment.reload and shutil.which(deployment.reload[0]) is None:
        problems.append(f"the reload command {deployment.reload[0]} is not to be found")
    for verification in deployment.verify:
        sighting = served.look(verification, verification.server_name)
        if sighting.problem:
            problems.append(f"{sighting.endpoint} cannot be asked what it serves: {sighting.problem}")
    return tuple(problems)


def current(deployment: Deployment) -> Path | None:
    """The generation that the link names now; None where nothing was deployed yet."""
    link = deployment.directory
    if link.is_symlink():
        target = link.parent / os.readlink(link)
        return target if (target / "fullchain.pem").exists() else None
    if link.exists():
        remedy = "move it away, or name another directory: it becomes a symbolic link to one folder per certificate"
        raise SourceError(error("is in the way: a deployment is a symbolic link", Span(str(link)), remedy))
    return None


def _generation(deployment: Deployment, identity: str) -> Path:
    return deployment.directory.parent / f".{deployment.directory.name}.{identity}"


def _write(pair: Pair, deployment: Deployment, generation: Path) -> None:
    if generation.is_dir():
        return
    partial = generation.with_name(f"{generation.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    files.make_folder(partial)
    blocks = [one.public_bytes(Encoding.PEM) for one in keys.chain(pair.fullchain)]
    files.write(partial / "privkey.pem", pair.key, deployment.key_mode)
    files.write(partial / "cert.pem", blocks[0], deployment.certificate_mode)
    files.write(partial / "chain.pem", b"".join(blocks[1:]), deployment.certificate_mode)
    files.write(partial / "fullchain.pem", b"".join(blocks), deployment.certificate_mode)
    try:
        partial.chmod(deployment.directory_mode)
    except OSError as failure:
        raise files.unwritable(partial, failure) from failure
    files.move(partial, generation)


def _swap(deployment: Deployment, generation: Path) -> None:
    link = deployment.directory
    partial = link.with_name(f".{link.name}.link")
    try:
        partial.unlink(missing_ok=True)
        partial.symlink_to(generation.name)
        os.replace(partial, link)
        files.flush_folder(link.parent)
    except OSError as failure:
        raise files.unwritable(link, failure) from failure


def _reload(deployment: Deployment) -> str:
    """Runs the reload command; why it failed, or empty."""
    if not deployment.reload:
        return ""
    command = " ".join(deployment.reload)
    try:
        seconds = deployment.reload_within.total_seconds()
        done = subprocess.run(deployment.reload, capture_output=True, timeout=seconds, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"`{command}` did not end within {deployment.reload_within}"
    except OSError as failure:
        return f"`{command}` cannot be run: {failure.strerror or failure}"
    if done.returncode == 0:
        return ""
    said = (done.stderr or done.stdout).decode(errors="replace").strip()[-OUTPUT_SHOWN:]
    return f"`{command}` ended with {done.returncode}" + (f": {said}" if said else "")


def _clean(deployment: Deployment, keep: set[str]) -> None:
    """Deletes generations that are neither in place nor the way back."""
    prefix = f".{deployment.directory.name}."
    for folder in deployment.directory.parent.glob(f"{prefix}*"):
        identity = folder.name.removeprefix(prefix).removesuffix(".part")
        if folder.name not in keep and folder.is_dir() and not folder.is_symlink() and len(identity) == 32:
            shutil.rmtree(folder, ignore_errors=True)
