"""However a command ends, the program ends with an exit code and at most a line on stderr."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest

from ringfence.cli import main as entry
from ringfence.model.diagnostics import InputError, error
from ringfence.model.spans import Span


def raising(failure: BaseException) -> click.Command:
    @click.command("probe")
    def command() -> None:
        raise failure

    return command


def run(command: click.Command, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setitem(entry.program.commands, "probe", command)
    return entry.main(["probe"])


@pytest.mark.parametrize(
    ("failure", "code", "stderr"),
    [
        (InputError(error("no such key", Span("a.yaml", "", 3, 4))), 2, "ringfence: a.yaml:3:4: error: no such key\n"),
        (InputError(error("evil \x1b[31m\nname")), 2, "ringfence: error: evil \\x1b[31m\\nname\n"),
        (click.UsageError("no"), 2, "no\n"),
        (click.FileError("f", "gone"), 2, "gone\n"),
        (click.exceptions.Exit(1), 1, ""),
        (click.Abort(), 130, ""),
        (KeyboardInterrupt(), 130, ""),
        (
            ZeroDivisionError("by zero"),
            2,
            "ZeroDivisionError: by zero (please report it; RINGFENCE_DEBUG=1 shows where)\n",
        ),
        (MemoryError(), 2, ""),
        (RecursionError("deep"), 2, ""),
    ],
    ids=repr,
)
def test_endings(
    failure: BaseException,
    code: int,
    stderr: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("RINGFENCE_DEBUG", raising=False)
    assert run(raising(failure), monkeypatch) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.endswith(stderr)
    assert "Traceback" not in shown.err


def test_a_traceback_when_asked_for(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("RINGFENCE_DEBUG", "1")
    assert run(raising(ZeroDivisionError("by zero")), monkeypatch) == 2
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize(("value", "code"), [(0, 0), (1, 1), (2, 2), (None, 0)])
def test_a_command_returns_its_exit_code(value: int | None, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(click.Command("probe", callback=lambda: value), monkeypatch) == code


@pytest.mark.parametrize(
    ("arguments", "code"), [(["--help"], 0), (["-h"], 0), (["--version"], 0), (["nope"], 2), (["--nope"], 2), ([], 2)]
)
def test_arguments(arguments: list[str], code: int) -> None:
    assert entry.main(arguments) == code


def test_a_reader_that_went_away_is_no_error() -> None:
    code = "import sys; from ringfence.cli.main import main; sys.exit(main(['completion', 'fish']))"
    ran = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert ran.stdout is not None
    assert ran.stderr is not None
    ran.stdout.close()
    assert (ran.wait(timeout=60), ran.stderr.read()) == (141, b"")
    ran.stderr.close()


PROGRAM = "import sys; from ringfence.cli.main import main; sys.exit(main(sys.argv[1:]))"
NOTHING = """{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "a"}}"""


@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        (">/dev/full", 2, "ringfence: -: error: cannot be written: No space left on device\n"),
        (">&-", 2, "ringfence: -: error: standard output is closed\n"),
        (">/dev/null 2>&-", 0, ""),
        (">&- 2>&-", 2, ""),
    ],
)
def test_a_stream_that_takes_nothing_is_said_and_no_verdict(redirection: str, code: int, said: str) -> None:
    line = f'"$0" -c "$1" verify - {redirection}'
    ran = subprocess.run(
        ["/bin/sh", "-c", line, sys.executable, PROGRAM], input=NOTHING, capture_output=True, text=True, timeout=60
    )
    assert (ran.returncode, ran.stderr) == (code, said)


def test_help_that_cannot_be_written_is_said() -> None:
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [sys.executable, "-c", PROGRAM, "--help"], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60
        )
    assert (ran.returncode, ran.stderr) == (
        2,
        "ringfence: standard output cannot be written: No space left on device\n",
    )


def test_module_runs_as_program() -> None:
    ran = subprocess.run([sys.executable, "-m", "ringfence", "--version"], capture_output=True, text=True, check=True)
    assert ran.stdout.startswith("ringfence 0.")
