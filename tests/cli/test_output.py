"""Formats, files, diagnostics and exit codes, the same for every command."""

from __future__ import annotations

import json
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from ringfence.cli.output import (
    Output,
    exit_code,
    output_options,
    print_diagnostics,
    render_json,
    surface,
    write_file,
)
from ringfence.model.diagnostics import SourceError, error, warning
from ringfence.model.spans import Span


def run(*arguments: str) -> Result:
    @click.command()
    @output_options("text", "json")
    def command(output: Output) -> None:
        output.write({"text": lambda surface: f"text {surface.colour}\n", "json": lambda surface: render_json([1])})

    return CliRunner().invoke(command, arguments)


@pytest.mark.parametrize(
    ("arguments", "stdout"),
    [
        ([], "text False\n"),
        (["-q"], ""),
        (["-o", "json"], "[\n  1\n]\n"),
        (["-q", "-o", "json"], "[\n  1\n]\n"),
        (["-o", "json", "-q"], "[\n  1\n]\n"),
        (["-o", "json=-"], "[\n  1\n]\n"),
    ],
)
def test_stdout(arguments: list[str], stdout: str) -> None:
    result = run(*arguments)
    assert (result.stdout, result.stderr, result.exit_code) == (stdout, "", 0)


def test_several_formats_at_once(tmp_path: Path) -> None:
    result = run("-o", "text", "-o", f"json={tmp_path}/a=b.json")
    assert result.stdout == "text False\n"
    assert json.loads((tmp_path / "a=b.json").read_bytes()) == [1]
    assert os.listdir(tmp_path) == ["a=b.json"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-o", "yaml"], "unknown format 'yaml'; known are text, json"),
        (["-o", "=file"], "unknown format ''; known are text, json"),
        (["-o", "json="], "json= names no file"),
        (["-o", "json", "-o", "text"], "only one format can go to standard output"),
    ],
)
def test_usage_errors(arguments: list[str], message: str) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_file_keeps_its_mode_and_its_link(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.write_bytes(b"old")
    real.chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    write_file(tmp_path / "link", b"new")
    assert (real.read_bytes(), real.stat().st_mode & 0o777) == (b"new", 0o640)
    assert (tmp_path / "link").is_symlink()


def test_a_new_file_follows_the_umask(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        write_file(tmp_path / "new", b"")
    finally:
        os.umask(mask)
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o640


def test_what_is_no_regular_file_is_written_into() -> None:
    write_file(Path("/dev/null"), b"gone")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("name", ["missing/file", ".", "loop"])
def test_what_cannot_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(SourceError, match="cannot be written"):
        write_file(tmp_path / name, b"")


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (
            {"schema": "ringfence.x/1", "a": None, "b": []},
            '{\n  "schema": "ringfence.x/1",\n  "a": null,\n  "b": []\n}\n',
        ),
        ("größer", '"größer"\n'),
        ("\udcff", '"\\udcff"\n'),
    ],
)
def test_json(document: object, text: str) -> None:
    assert render_json(document).decode() == text


@pytest.mark.parametrize(("quiet", "count"), [(False, 4), (True, 2)])
def test_diagnostics_are_sorted_by_place(quiet: bool, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    places = [("b.yaml", 1), ("a.yaml", 10), ("a.yaml", 9)]
    mixed = [
        error("1", Span("b.yaml", "", 1)),
        warning("2", Span("a.yaml", "", 10)),
        error("\x1b", Span("a.yaml", "", 9)),
    ]
    print_diagnostics([*mixed, warning("nowhere")], quiet=quiet)
    shown = capsys.readouterr()
    lines = shown.err.splitlines()
    assert shown.out == ""
    assert len(lines) == count
    placed = [line.split(": ")[0] for line in lines if "nowhere" not in line]
    assert placed == [f"{file}:{line}" for file, line in sorted(places) if not quiet or (file, line) != ("a.yaml", 10)]
    assert "a.yaml:9: error: \\x1b" in lines


@pytest.mark.parametrize(
    ("diagnostics", "failed", "code"),
    [
        ([], False, 0),
        ([], True, 1),
        ([warning("w")], False, 0),
        ([warning("w")], True, 1),
        ([warning("w"), error("e")], False, 2),
        ([error("e")], True, 2),
    ],
)
def test_exit_codes(diagnostics: list[object], failed: bool, code: int) -> None:
    assert exit_code(diagnostics, failed=failed) == code  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("environment", "terminal", "colour"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_colour(environment: dict[str, str], terminal: bool, colour: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.stdout.isatty", lambda: terminal)
    assert surface().colour is colour
