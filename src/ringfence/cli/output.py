"""What all commands share about their output.

Data goes to stdout or to files, everything else to stderr. `-o FORMAT[=FILE]` may be repeated: each asks for the same
result in one more format, and at most one of them for stdout. A command declares its formats, the first of which is
the default, and hands over one renderer for each; only those that were asked for are called.

    @click.command()
    @output_options("text", "json")
    def command(output: Output) -> int:
        ...
        print_diagnostics(diagnostics, quiet=output.quiet)
        output.write({"text": lambda surface: ..., "json": lambda surface: render_json(document)})
        return exit_code(diagnostics, failed=False)

A file is written beside its place and moved there, so that a reader sees the old content or the new, never a part.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, TypeVar

import click

from ringfence.cli.progress import Progress
from ringfence.cli.text import one_line
from ringfence.model.diagnostics import Diagnostic, Severity, SourceError, error
from ringfence.model.spans import Span

PROVED, FAILED, UNUSABLE = 0, 1, 2
"""The exit codes of a command; see `exit_code`."""

VERBOSITY = "ringfence.verbosity"
"""Where in a click context's `meta` the number of `-v` stands."""

DEFAULT_WIDTH = 100
"""Columns of text that goes to a file or a pipe."""


@dataclass(frozen=True, slots=True)
class Surface:
    """What a renderer writes on: whether it shows colour, and how many columns wide it is."""

    colour: bool
    width: int


Renderer = Callable[[Surface], str | bytes]
"""Makes the whole text of one format. Bytes are taken as they are, text is written as UTF-8."""


@dataclass(frozen=True, slots=True)
class Target:
    """One `-o`: the format, and the file; None is stdout."""

    format: str
    file: Path | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command's results go. Without `-o` that is the default format on stdout, or nowhere with `-q`."""

    targets: tuple[Target, ...]
    quiet: bool = False
    verbosity: int = 0

    def wants(self, format: str) -> bool:
        """Whether that format was asked for, so that what only it needs is worth computing."""
        return any(target.format == format for target in self.targets)

    def write(self, renderers: Mapping[str, Renderer]) -> None:
        """Renders and writes every target. Raises `SourceError` where a file cannot be written."""
        for target in self.targets:
            render = renderers[target.format]
            if target.file is None:
                write_stdout(_as_bytes(render(surface())))
            else:
                write_file(target.file, _as_bytes(render(Surface(colour=False, width=DEFAULT_WIDTH))))

    def progress(self, what: str) -> Progress:
        """A reporter for a step that may last: `with output.progress("solving") as progress: ...`."""
        return Progress(what, shown=not self.quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb")


Command = TypeVar("Command", bound=Callable[..., Any])


def output_options(*formats: str) -> Callable[[Command], Command]:
    """Adds `-o`, `-q` and `-v` to a command, which then takes an argument `output: Output`.

    `formats` are the names that `-o` takes; the first is the default.
    """

    def decorate(function: Command) -> Command:
        def gather(ctx: click.Context, _: click.Parameter, values: tuple[Target, ...]) -> Output:
            quiet, verbosity = ctx.params.pop("quiet", False), ctx.params.pop("verbose", 0)
            ctx.meta[VERBOSITY] = verbosity
            if sum(target.file is None for target in values) > 1:
                raise click.UsageError(
                    "only one format can go to standard output: give the others a file (-o json=FILE)"
                )
            return Output(values or (() if quiet else (Target(formats[0]),)), quiet, verbosity)

        options = (
            click.option("-q", "--quiet", is_flag=True, is_eager=True, help="Only errors and what -o asks for."),
            click.option("-v", "--verbose", count=True, is_eager=True, help="Say more; twice: tracebacks as well."),
            click.option(
                "-o",
                "--output",
                type=TargetType(formats),
                multiple=True,
                callback=gather,
                help=f"What to write and where to: {', '.join(formats)}. Repeatable.  [default: {formats[0]}]",
            ),
        )
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


class TargetType(click.ParamType[Target]):
    """The value of `-o`: `FORMAT`, `FORMAT=FILE`, or `FORMAT=-` for stdout."""

    name = "FORMAT[=FILE]"

    def __init__(self, formats: Iterable[str]) -> None:
        self.formats = tuple(formats)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """How `--help` names the value."""
        return self.name

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Target:
        """Reads one value; an unknown format is a usage error that names the known ones."""
        if isinstance(value, Target):
            return value
        format, separator, file = str(value).partition("=")
        if format not in self.formats:
            self.fail(f"unknown format {one_line(format)!r}; known are {', '.join(self.formats)}", param, ctx)
        if separator and not file:
            self.fail(f"{format}= names no file", param, ctx)
        return Target(format, Path(file) if file not in ("", "-") else None)


def surface() -> Surface:
    """What standard output shows: colour on a terminal unless `NO_COLOR` is set (see no-color.org), and its width."""
    terminal = sys.stdout is not None and sys.stdout.isatty()
    colour = terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return Surface(colour, shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns if terminal else DEFAULT_WIDTH)


def render_json(document: Any) -> bytes:
    """The document as indented JSON with a newline at its end.

    Keys stand in the order in which the document was built, so the same result is the same bytes. Takes dictionaries,
    lists, dataclasses, strings, numbers, booleans and None; sets have no order and are the caller's to sort.
    """
    import msgspec

    try:
        return msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
    except UnicodeEncodeError:
        # A file name that is not UTF-8 holds lone surrogates: JSON can escape them, msgspec refuses.
        import json

        return json.dumps(msgspec.to_builtins(document), indent=2).encode("ascii") + b"\n"


def print_diagnostics(diagnostics: Iterable[Diagnostic], *, quiet: bool = False) -> None:
    """Prints each diagnostic as one line on stderr, by file, line and column; warnings only when not `quiet`."""
    shown = [one for one in diagnostics if one.severity is Severity.ERROR or not quiet]
    placed = sorted(((one.span.file, one.span.position() or (0, 0), one) for one in shown), key=_place)
    for *_, one in placed:
        click.echo(one_line(str(one)), err=True)


def exit_code(diagnostics: Iterable[Diagnostic], *, failed: bool) -> int:
    """2 where an input was not read, else 1 where an intent or a finding `failed`, else 0."""
    if any(one.severity is Severity.ERROR for one in diagnostics):
        return UNUSABLE
    return FAILED if failed else PROVED


def write_stdout(content: bytes) -> None:
    """Writes to standard output as it is, and flushes: who reads a pipe sees each result when it is there.

    Raises `SourceError` where it is closed or takes no more; a reader that went away is a `BrokenPipeError`.
    """
    if sys.stdout is None:
        raise SourceError(error("standard output is closed", Span("-")))
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as failure:
        silence(sys.stdout)
        raise SourceError(error(f"cannot be written: {failure.strerror}", Span("-"))) from failure


def silence(stream: TextIO) -> None:
    """Sends what a stream still holds nowhere: Python flushes once more on its way out, and would complain again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_file(file: Path, content: bytes) -> None:
    """Replaces the file by the content in one step; follows links; writes straight into what is no regular file."""
    try:
        place = file.resolve()
        if place.exists() and not place.is_file():
            place.write_bytes(content)
            return
        mode = stat.S_IMODE(place.stat().st_mode) if place.exists() else 0o666 & ~_umask()
        handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{place.name}.")
        try:
            with open(handle, "wb") as stream:
                stream.write(content)
            os.chmod(temporary, mode)
            os.replace(temporary, place)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise
    except (OSError, RuntimeError) as failure:
        reason = getattr(failure, "strerror", None) or str(failure)
        raise SourceError(error(f"cannot be written: {reason}", Span(str(file)))) from failure


def _umask() -> int:
    """The process's mask for new files, which can only be read by setting it."""
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _as_bytes(content: str | bytes) -> bytes:
    return content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")


def _place(row: tuple[str, tuple[int, int | None], Diagnostic]) -> tuple[str, int, int]:
    file, (line, column), _ = row
    return file, line, column or 0
