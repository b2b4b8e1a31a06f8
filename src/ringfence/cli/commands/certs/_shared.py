"""What the commands that issue share: their options, the posture file's section, and how outcomes are shown.

The libraries behind it are imported when a command runs, so that help is there without them, and their absence is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ringfence.cli.certificates import require_library
from ringfence.cli.moment import MomentType
from ringfence.cli.output import FAILED, PROVED, Output, render_json
from ringfence.model.diagnostics import InputError, Severity, error
from ringfence.model.spans import Span
from ringfence.posture_file import POSTURE_FILE, nearest

if TYPE_CHECKING:
    from ringfence.certificates.configuration import Configuration
    from ringfence.certificates.runner import Outcome, Runner

Command = TypeVar("Command", bound=Callable[..., Any])


def issuing_options(function: Command) -> Command:
    """Adds `--posture` and `--at`, which arrive as `posture` (a path or None) and `at` (a time or None)."""
    posture = click.option(
        "--posture",
        type=click.Path(dir_okay=False, path_type=Path),
        help=f"The posture file.  [default: {POSTURE_FILE} in this folder or above]",
    )
    at = click.option("--at", type=MomentType(), help="The time to go by instead of the clock's (RFC 3339).")
    return posture(at(function))


def clock() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


def configured(posture: Path | None) -> Configuration:
    """The certificates section of the posture file.

    Raises InputError with the first complaint where something is wrong: issuing by half a section would leave out
    certificates without anybody noticing.
    """
    require_library()
    from ringfence.certificates.configuration import Configuration
    from ringfence.certificates.reading import read
    from ringfence.sources.files import gather
    from ringfence.sources.yaml_documents import documents

    file = posture or nearest()
    if file is None:
        message = f"there is no {POSTURE_FILE} in this folder or above"
        raise InputError(error(message, remedy="name it with --posture"))
    found, problems = gather([str(file)])
    complaints = list(problems)
    section, span = None, Span(str(file))
    for file_read in found:
        for written in documents(file_read.text, str(file)):
            complaints += [written.problem] if written.problem else []
            if isinstance(written.value, dict) and written.value.get("certificates") is not None:
                section, span = written.value["certificates"], written.span.at("certificates")
    if section is None and not complaints:
        raise InputError(error("has no `certificates` section", span, "say there what is to be issued"))
    configuration, wrong = read(section, span, file.parent) if not complaints else (Configuration(), [])
    errors = [one for one in (*complaints, *wrong) if one.severity is Severity.ERROR]
    for one in errors[1:]:
        click.echo(str(one), err=True)
    if errors:
        raise InputError(errors[0])
    return configuration


def runner(configuration: Configuration) -> Runner:
    """What makes passes over the configuration."""
    from ringfence.certificates.issuers import factory
    from ringfence.certificates.runner import Runner
    from ringfence.certificates.store import Store

    store = Store(configuration.state, factory.passphrase(configuration))
    return Runner(configuration, store, factory.build(configuration))


def chosen(configuration: Configuration, names: Sequence[str]) -> Sequence[str]:
    """The names, which must be certificates of the posture file."""
    for name in names:
        if name not in configuration.wanted:
            known = ", ".join(sorted(configuration.wanted)) or "none"
            raise InputError(error(f"the posture file issues no certificate {name!r}; it issues {known}"))
    return names


def work(made: Runner, names: Sequence[str], at: datetime | None, output: Output, **how: Any) -> int:
    """One pass under the lock, shown; the exit code."""
    from ringfence.certificates.service import LOCK_PATIENCE

    with made.store.lock(LOCK_PATIENCE), output.progress("issuing"):
        outcomes = made.run(at or clock(), names, **how)
    return show(outcomes, output)


def show(outcomes: Sequence[Outcome], output: Output) -> int:
    """Writes what came of a pass; the exit code: 1 where somebody has to do something."""
    from ringfence.certificates.service import document

    output.write({"text": lambda _: text(outcomes), "json": lambda _: render_json(document(outcomes))})
    return PROVED if all(one.good for one in outcomes) else FAILED


def text(outcomes: Sequence[Outcome]) -> str:
    """One paragraph per certificate."""
    rows = []
    for one in outcomes:
        origin = one.record.origin
        rows.append(f"{one.name}: {one.state}" + (f", valid until {origin.not_after:%Y-%m-%d %H:%M}" if origin else ""))
        rows += [f"  {step}" for step in one.because]
        rows.append(f"  next look {one.next:%Y-%m-%d %H:%M}")
    return "\n".join(rows) + "\n" if rows else "The posture file issues no certificates.\n"
