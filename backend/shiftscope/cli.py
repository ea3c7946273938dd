"""The command line. The commands that need the extra `server` are in server_commands.py."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shiftscope import server_extra

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="See internal covariate shift."
)


@app.command()
def sync(
    files: Annotated[list[Path], typer.Argument(help="spool files, or recordings, each of which becomes a new run")],
    to: Annotated[
        str,
        typer.Option(
            help="the server's address or link [default: of a spool file, its own; else SHIFTSCOPE_URL, or "
            "http://127.0.0.1:8000]"
        ),
    ] = "",
) -> None:
    """Send to a server what a training could not send it, or recordings that were written without one."""
    from shiftscope.notices import NoticeError  # what they import is needed by this command alone
    from shiftscope.sinks.address import address_and_token
    from shiftscope.sinks.sync import sync as send

    failed = False
    url, token = address_and_token(to)
    for path in files:
        try:
            typer.echo(f"{path}: run {send(path, url, token=token)}")
        except (NoticeError, OSError) as error:
            failed = True
            typer.echo(str(error), err=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def report(
    file: Annotated[Path, typer.Argument(help="a recording")],
) -> None:
    """Print what happened in a run: the narrator's sentences, in the order of their steps."""
    from shiftscope.narration.recorded import recorded_sentences  # what they import is needed by this command alone
    from shiftscope.notices import NoticeError
    from shiftscope.recording.reader import open_recording

    try:
        with open_recording(file) as recording:
            name, found = recording.info.name, recorded_sentences(recording)
    except (NoticeError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    typer.echo(name)
    for event in found:
        typer.echo(f"step {event.step:,}: {event.message}")


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
