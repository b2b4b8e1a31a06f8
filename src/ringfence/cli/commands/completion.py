"""Print the completion script for a shell.

ringfence completion bash > ~/.local/share/bash-completion/completions/ringfence
ringfence completion zsh  > "${fpath[1]}/_ringfence"
ringfence completion fish > ~/.config/fish/completions/ringfence.fish
"""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from ringfence.cli.text import help_text


@click.command(short_help="Print the completion script for a shell.", help=help_text(__doc__))
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the completion script for a shell."""
    completion = get_completion_class(shell)
    assert completion is not None, "click knows the shells that the argument offers"
    program = ctx.find_root().command
    click.echo(completion(program, {}, "ringfence", "_RINGFENCE_COMPLETE").source())
