"""The command line. The commands that need the extra `server` are in server_commands.py."""

from __future__ import annotations

import typer

from shiftscope import server_extra

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="See internal covariate shift."
)


def _refuse(name: str) -> None:
    """Register a command that only names what it lacks, whatever it is given."""

    @app.command(
        name,
        help='Needs the extra "server", which is not installed.',
        add_help_option=False,
        context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
    )
    def refused() -> None:
        typer.echo(server_extra.lacking(f"shiftscope {name}"), err=True)
        raise typer.Exit(1)


if server_extra.is_installed():
    from shiftscope.server_commands import COMMANDS

    for command in COMMANDS:
        app.command()(command)
else:
    for command_name in server_extra.COMMANDS:
        _refuse(command_name)


if __name__ == "__main__":
    app()
