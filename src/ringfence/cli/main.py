"""The program's entry: runs a command and turns however it ends into an exit code.

    0    proved, clean or answered
    1    an intent fails, or a finding is at or above the threshold
    2    the usage, the input or a source is at fault, or Ringfence itself
    130  interrupted by the user; 141: who read our output went away (both as a shell would say it)

What the user can do something about is one line on stderr. A traceback appears only when asked for, with `-v -v` or
`RINGFENCE_DEBUG=1`.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from typing import Any

import click

from ringfence.cli.lazy import LazyGroup
from ringfence.cli.output import PROVED, UNUSABLE, VERBOSITY, silence
from ringfence.cli.text import one_line
from ringfence.model.diagnostics import RingfenceError

INTERRUPTED, READER_GONE = 130, 141


class Program(LazyGroup):
    """The root of all commands: the one place where exceptions become exit codes."""

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the chosen command; ends with an exit code whatever the command raises."""
        try:
            return super().invoke(ctx)
        except RingfenceError as failure:
            ctx.exit(complain(str(failure), ctx))
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            ctx.exit(READER_GONE)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as failure:
            what = f"{type(failure).__name__}: {failure}"
            ctx.exit(complain(f"internal error: {what} (please report it; RINGFENCE_DEBUG=1 shows where)", ctx))


def complain(message: str, ctx: click.Context) -> int:
    """Says in one line on stderr why the run is unusable; returns the exit code for it."""
    if ctx.meta.get(VERBOSITY, 0) >= 2 or os.environ.get("RINGFENCE_DEBUG") not in (None, "", "0"):
        click.echo(traceback.format_exc(), err=True, nl=False)
    click.echo(f"ringfence: {one_line(message)}", err=True)
    return UNUSABLE


program = Program(
    "ringfence", package="ringfence.cli.commands", context_settings={"help_option_names": ["-h", "--help"]}
)
click.version_option(package_name="ringfence", prog_name="ringfence", message="%(prog)s %(version)s")(program)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line with `arguments` (those of the process, if None) and returns the exit code."""
    if sys.stderr is None:
        # Whoever closes it wants to hear nothing, and gets the results and the exit code all the same.
        sys.stderr = open(os.devnull, "w")  # noqa: SIM115
    try:
        result = program.main(arguments, prog_name="ringfence", standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except click.ClickException as failure:
        failure.show()
        return UNUSABLE
    except click.Abort:
        return INTERRUPTED
    except BrokenPipeError:
        result = READER_GONE
    except OSError as failure:
        # What click itself prints, such as --help, is written and flushed here.
        click.echo(f"ringfence: standard output cannot be written: {failure.strerror}", err=True)
        silence(sys.stdout)
        return UNUSABLE
    if result == READER_GONE:
        silence(sys.stdout)
    return result if isinstance(result, int) else PROVED
