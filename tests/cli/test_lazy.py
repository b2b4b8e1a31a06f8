"""Commands are found as modules, listed without being imported, and loaded when called."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from click.testing import CliRunner

from ringfence.cli.lazy import LazyGroup, docstring


@pytest.fixture
def group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> LazyGroup:
    """A package with one good command, one that cannot be imported, a helper and a group below."""
    package = f"shop_{abs(hash(request.node.name))}"
    files = {
        "__init__.py": '"""A shop."""',
        "buy_all.py": '"""Buy everything.\n\nMore."""\nimport click\n@click.command()\n'
        'def command(): click.echo("bought")',
        "broken.py": '"""Cannot be imported."""\nraise RuntimeError("imported")',
        "_helper.py": '"""No command."""',
        "import_.py": '"""Bring in."""\nimport click\n@click.command()\ndef command(): click.echo("brought")',
        "certs/__init__.py": '"""Certificates."""',
        "certs/renew.py": '"""Renew."""\nimport click\n@click.command()\ndef command(): click.echo("renewed")',
    }
    for file, text in files.items():
        place = tmp_path / package / file
        place.parent.mkdir(exist_ok=True, parents=True)
        place.write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return LazyGroup("shop", package=package)


def test_help_lists_commands_without_importing_them(group: LazyGroup) -> None:
    shown = CliRunner().invoke(group, ["--help"]).output
    commands = [line.strip() for line in shown.partition("Commands:\n")[2].splitlines()]
    assert commands == [
        "broken   Cannot be imported",
        "buy-all  Buy everything",
        "certs    Certificates",
        "import   Bring in",
    ]


@pytest.mark.parametrize(
    ("arguments", "output", "code"),
    [
        (["buy-all"], "bought\n", 0),
        (["import"], "brought\n", 0),
        (["certs", "renew"], "renewed\n", 0),
        (["buy_all"], None, 2),
        (["helper"], None, 2),
        (["_helper"], None, 2),
    ],
)
def test_calling(group: LazyGroup, arguments: list[str], output: str | None, code: int) -> None:
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == code
    assert output is None or result.output == output


def test_docstring_of_what_has_none() -> None:
    assert docstring("ringfence.no_such_module") == ""
    assert docstring("sys") == ""


def test_help_imports_neither_sources_nor_engine() -> None:
    code = """
        import sys
        from ringfence.cli.main import main
        main(["--help"])
        heavy = {"yaml", "msgspec", "boto3", "cryptography", "ringfence.engine", "ringfence.sources"}
        print(sorted(heavy & set(sys.modules)), file=sys.stderr)
    """
    ran = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True)
    assert ran.stderr == "[]\n"
