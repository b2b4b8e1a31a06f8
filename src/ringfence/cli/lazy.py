"""Command groups that load a command only when it is called.

A group is a Python package; each of its modules is one command and holds it under the name `command`; each package
below it is a group of its own (`commands/certs/renew.py` is `ringfence certs renew`). A new command is therefore one
new file and nothing else. Modules whose name begins with an underscore are no commands.

Importing every command to print `ringfence --help` would import the whole program. The line that help shows is
instead the first line of the module's docstring, read from the source text without running it. Hence a rule for
commands: the module opens with its docstring, in triple double quotes, and the first line is a whole sentence.
"""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import click
from click.shell_completion import CompletionItem


class LazyGroup(click.Group):
    """The commands of one package, loaded on demand.

    `package` is its dotted name. Module names become command names with `-` for `_`; a trailing `_`, which keeps a
    module name clear of Python's keywords, is left out.
    """

    def __init__(self, name: str | None = None, *, package: str, **attributes: Any) -> None:
        attributes.setdefault("help", docstring(package))
        super().__init__(name, **attributes)
        self.package = package

    @cached_property
    def _modules(self) -> Mapping[str, pkgutil.ModuleInfo]:
        """The modules of the package under their command names, sorted."""
        spec = importlib.util.find_spec(self.package)
        places = spec.submodule_search_locations if spec else None
        found = (module for module in pkgutil.iter_modules(places or []) if not module.name.startswith("_"))
        return dict(sorted((module.name.rstrip("_").replace("_", "-"), module) for module in found))

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, sorted, without loading any."""
        return sorted({*self.commands, *self._modules})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, loaded now; None where there is none."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        module = self._modules.get(cmd_name)
        if module is None:
            return None
        dotted = f"{self.package}.{module.name}"
        if module.ispkg:
            command: click.Command = LazyGroup(cmd_name, package=dotted)
        else:
            command = importlib.import_module(dotted).command
            command.name = cmd_name
        self.add_command(command, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the list of commands for `--help`, still without loading any."""
        rows = [(name, self._summary(name)) for name in self.list_commands(ctx)]
        if rows:
            with formatter.section("Commands"):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offers commands by name and summary, and the group's own options."""
        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        return [
            *(CompletionItem(name, help=self._summary(name)) for name in names),
            *click.Command.shell_complete(self, ctx, incomplete),
        ]

    def _summary(self, name: str) -> str:
        module = self._modules.get(name)
        if module is None:
            return self.commands[name].get_short_help_str(limit=100)
        return docstring(f"{self.package}.{module.name}").partition("\n")[0].rstrip(".")


def docstring(dotted: str) -> str:
    """A module's docstring, read from its source without importing the module (its parents are imported).

    Empty where the module has no source at hand or does not open with a docstring.
    """
    spec = importlib.util.find_spec(dotted)
    source = getattr(spec.loader, "get_source", lambda _: None)(dotted) if spec else None
    if not source or not source.lstrip().startswith('"""'):
        return ""
    return inspect.cleandoc(source.lstrip()[3:].partition('"""')[0])
