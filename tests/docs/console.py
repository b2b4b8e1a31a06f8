"""The commands that the README and the pages of `docs/` show: found, run in this process, and compared.

A block of the language `console` holds lines `$ ringfence ...`, each followed by what it prints (standard output, then
standard error). `...` stands for anything: alone on a line for any lines, inside a line for any text. `$ echo $?` after
a command is followed by its exit code.

    python -m tests.docs.console      # writes what is printed today into the pages, where it differs
"""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path

from ringfence.cli.main import main

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]

BLOCK = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROMPT, EXIT_CODE = "$ ringfence ", "$ echo $?"


@dataclass(frozen=True)
class Shown:
    """One command of a page, and the output that the page shows; `code` where it shows the exit code."""

    page: str
    command: str
    output: str
    code: int | None


def shown(page: Path) -> Iterator[Shown]:
    """The commands of a page, in order. A prompt with anything else raises ValueError: nobody would run it."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        commands = re.split(r"^(?=\$ )", block, flags=re.MULTILINE)
        if commands[0]:
            raise ValueError(f"{page.name}: a block of the language console begins without a prompt: {commands[0]}")
        for place, text in enumerate(commands[1:], 1):
            command, _, output = text.partition("\n")
            if command == EXIT_CODE:
                continue
            if not command.startswith(PROMPT):
                raise ValueError(f"{page.name}: {command} cannot be run; blocks of the language sh are not")
            after = commands[place + 1] if place + 1 < len(commands) else ""
            code = int(after.partition("\n")[2]) if after.startswith(EXIT_CODE) else None
            yield Shown(page.name, command, output, code)


def run(command: str) -> tuple[str, int]:
    """What a command prints, and its exit code. Paths count from the working directory."""
    printed, complained = BytesIO(), BytesIO()
    stdout, stderr = TextIOWrapper(printed, "utf-8"), TextIOWrapper(complained, "utf-8")
    with redirect_stdout(stdout), redirect_stderr(stderr):
        code = main(shlex.split(command.removeprefix(PROMPT)))
        stdout.flush()
        stderr.flush()
    return printed.getvalue().decode() + complained.getvalue().decode(), code


def fits(shown_output: str, output: str) -> bool:
    """Whether an output is the one that is shown. Space at the ends of lines and empty lines around do not count."""
    lines = []
    for line in _tidy(shown_output):
        text = ".*".join(map(re.escape, line.split("...")))
        lines.append(r"(?:.*\n)*" if line.strip() == "..." else f"{text}\n")
    return re.fullmatch("".join(lines), "".join(f"{line}\n" for line in _tidy(output))) is not None


def _tidy(text: str) -> list[str]:
    return [line.rstrip() for line in text.strip("\n").split("\n")]


def refresh(page: Path) -> bool:
    """Writes today's output into a page where it does not fit; whether anything changed."""
    text = page.read_text(encoding="utf-8")
    new = text
    for one in shown(page):
        output, code = run(one.command)
        if not fits(one.output, output):
            tidy = "".join(f"{line}\n" for line in _tidy(output))
            new = new.replace(f"{one.command}\n{one.output}", f"{one.command}\n{tidy}", 1)
        if one.code not in (None, code):
            sys.stderr.write(f"{page.name}: {one.command}: exit code {code}\n")
    page.write_text(new, encoding="utf-8")
    return new != text


if __name__ == "__main__":
    for one in PAGES:
        if refresh(one):
            print(one.name)
