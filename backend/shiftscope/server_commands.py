"""The commands that need `shiftscope[server]`: serve, links, train, verify."""

from __future__ import annotations

import inspect
import logging
import os
import signal
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, Optional

import typer
from pydantic import ValidationError

from shiftscope.server.settings import Settings, default_in_words

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from filelock import FileLock

    from shiftscope.config import RunConfig


def _option(name: str) -> inspect.Parameter:
    """Return a setting as an option of the command line, which is None where it is not given."""
    field = Settings.model_fields[name]
    option = typer.Option(help=str(field.description).replace("`", ""), show_default=default_in_words(name))
    kind = Annotated[Optional[field.annotation], option]  # type: ignore[name-defined]  # noqa: UP045
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)


_Datasets = Annotated[Path | None, _option("datasets").annotation.__metadata__[0]]


def serve(**flags: Any) -> None:  # noqa: ANN401  the options are those of Settings
    """Serve the page. Each option can be set by a variable too: SHIFTSCOPE_PORT=9000, SHIFTSCOPE_OPEN_BROWSER=0, ..."""
    settings = _settings({name: value for name, value in flags.items() if value is not None})
    if settings.exposed and not settings.share:
        _give_up(_OPEN_DOOR.format(name=settings.exposed))
    if settings.launcher == "ray":
        _needs_ray("--launcher ray")
    listening = _listen(settings.host, settings.port)
    settings = settings.model_copy(update={"port": listening.getsockname()[1]})
    _serve(settings, listening)


def _needs_ray(what: str) -> None:
    from shiftscope.launchers.ray import INSTALL, is_installed

    if not is_installed():
        _give_up(f"{what} needs Ray, which is not installed here: {INSTALL}")


_OPEN_DOOR = (
    "everybody who can reach {name} could start and delete runs here: add --share (or SHIFTSCOPE_SHARE=1), which "
    "prints a link to look and a link to control and lets in nobody else; or serve this machine alone, without --host "
    "and --allowed-hosts"
)

_options = [_option(name) for name in Settings.model_fields]
serve.__signature__ = inspect.Signature(_options)  # type: ignore[attr-defined]
serve.__annotations__ = {option.name: option.annotation for option in _options}


def _settings(flags: dict[str, Any]) -> Settings:
    try:
        return Settings(**flags)
    except ValidationError as error:
        for item in error.errors():
            name = str(item["loc"][0])
            typer.echo(f"--{name.replace('_', '-')} (or SHIFTSCOPE_{name.upper()}): {item['msg']}", err=True)
        raise typer.Exit(2) from None


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.getaddrinfo(host, port, family)
        return socket.create_server((host, port), family=family, backlog=2048)
    except socket.gaierror as error:
        _give_up(
            f"there is no address {host} ({error.strerror}): --host (or SHIFTSCOPE_HOST) names one of this machine's"
        )
    except OSError as error:
        _give_up(
            f"port {port} of {host} cannot be listened on ({error.strerror}): take another with --port "
            "(or SHIFTSCOPE_PORT); 0 finds a free one"
        )


def _claim(folder: Path) -> FileLock:
    """Make the folder of recordings and hold it: two servers would each take the other's runs for dead."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder / ".lock")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        _give_up(
            f"another server keeps its recordings in {folder}: name another folder with --data (or SHIFTSCOPE_DATA)"
        )
    except OSError as error:
        _give_up(
            f"recordings cannot be kept in {folder} ({error}): name another folder with --data (or SHIFTSCOPE_DATA)"
        )
    return lock


def _give_up(reason: str) -> NoReturn:
    typer.echo(reason, err=True)
    raise typer.Exit(1)


def _serve(settings: Settings, listening: socket.socket) -> None:
    import uvicorn

    from shiftscope.server.app import create_app
    from shiftscope.server.connections import http_connection
    from shiftscope.server.discretion import log_discreetly
    from shiftscope.server.viewer_thread import FrontProtocol

    handler = logging.StreamHandler()
    log_discreetly(handler)
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    lock = _claim(settings.data)
    _allow_many_files()
    # Frames do not compress, and compressing them for a hundred viewers would take the whole core.
    config = uvicorn.Config(
        create_app(settings), http=http_connection(settings.request_seconds), ws=FrontProtocol,
        ws_per_message_deflate=False,
        proxy_headers=bool(settings.trusted_proxies), forwarded_allow_ips=settings.trusted_proxies,
        log_config=None, access_log=False, timeout_graceful_shutdown=3,
    )  # fmt: skip
    url = settings.own_url
    invited = _links_of(settings) if settings.share else None  # first: who reads the address may ask for them at once
    typer.echo(f"Shiftscope: {url} (recordings in {settings.data}; Ctrl-C ends it)")
    if invited is not None:
        typer.echo(invited)
    _send_spools(url, settings.data)
    if settings.open_browser and not settings.share:
        threading.Timer(0.5, _open_browser, [url]).start()
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        lock.release()


def _links_of(settings: Settings) -> str:
    """Return what is printed at the start of a shared server, whose links are made where there are none yet."""
    from shiftscope.server.invitation import address_for_people, invitation
    from shiftscope.server.links import LinkFile, LinksError

    try:
        links = LinkFile(settings.data).keep(address_for_people(settings))
    except LinksError as error:
        _give_up(str(error))
    printed = invitation(links, sys.stdout.encoding) if settings.print_links else ""
    return f"{printed}`shiftscope links --data {settings.data}` prints the links; with --rotate it makes new ones"


def links(
    data: Annotated[Path | None, _option("data").annotation.__metadata__[0]] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="make new links: the old ones let in nobody any more")
    ] = False,
) -> None:
    """Print the links of a shared server, or make new ones, also while it runs."""
    from shiftscope.server.invitation import invitation
    from shiftscope.server.links import LinkFile, LinksError

    settings = _settings({} if data is None else {"data": data})
    file = LinkFile(settings.data)
    if not file.path.exists():
        _give_up(f"no shared server has kept recordings in {settings.data}: `shiftscope serve --share` makes the links")
    try:
        typer.echo(invitation(file.rotate() if rotate else file.current(), sys.stdout.encoding))
    except LinksError as error:
        _give_up(str(error))


def _send_spools(url: str, data: Path) -> None:
    """Send to this server, once it answers, what workers and scripts of its runs could not send to one before it."""
    from shiftscope.recording.folder import SPOOL
    from shiftscope.sinks.sync import send_spools_of

    threading.Thread(target=send_spools_of, args=(url, data, data / SPOOL), name="shiftscope-sync", daemon=True).start()


def _allow_many_files() -> None:
    """Raise this process' own limit of open files as far as it may: each run under way or queued holds three."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _open_browser(url: str) -> None:
    try:
        browser = webbrowser.get()
    except webbrowser.Error:
        return  # a machine without one: the address is printed
    if sys.stdout.isatty() or not isinstance(browser, webbrowser.GenericBrowser):
        browser.open(url)


def train(
    to: Annotated[Path, typer.Option(help="the recording to write")],
    config: Annotated[Path | None, typer.Argument(help="a RunConfig as JSON; the default run when left out")] = None,
    datasets: _Datasets = None,
) -> None:
    """Train a run without a server or a page, into a recording."""
    from shiftscope.config import RunConfig
    from shiftscope.config.keys import meant_instead
    from shiftscope.recording.documents import RecordingError

    settings = _settings({} if datasets is None else {"datasets": datasets})
    try:
        chosen = RunConfig.model_validate_json(config.read_text(encoding="utf-8")) if config else RunConfig()
        _train(chosen, to, settings)
    except ValidationError as error:
        for item in error.errors():
            said = f"{item['msg']}; {meant_instead(item['loc'])}" if item["type"] == "extra_forbidden" else item["msg"]
            typer.echo(f"{config}: {'.'.join(map(str, item['loc'])) or 'config'}: {said}", err=True)
        raise typer.Exit(2) from None
    except UnicodeDecodeError as error:
        typer.echo(f"{config}: not UTF-8 text: {error}", err=True)
        raise typer.Exit(2) from None
    except (OSError, RecordingError) as error:
        _give_up(str(error))


def _train(config: RunConfig, to: Path, settings: Settings) -> None:
    from shiftscope.runs.controls import Controls
    from shiftscope.runs.outcome import run_to_end
    from shiftscope.sinks.file import open_file

    if config.checkpoint_every is not None:
        typer.echo("checkpoint_every: no checkpoint is kept, for nobody goes on from it; `shiftscope serve` keeps them")
    sink = open_file(to, config=config)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: with the recording closed
    outcome = run_to_end(
        config,
        sink,
        datasets=settings.datasets,
        mirrors=settings.mirror_urls,
        controls=Controls(config.pace),
        waiting=lambda message, _: typer.echo(message.text),
    )
    if outcome.state == "failed":
        _give_up(outcome.reason.text)
    if outcome.reason.code == "end.interrupted":
        _give_up(f"{outcome.reason}; {to} holds what was recorded")
    typer.echo(f"{to}: {outcome.reason.text or f'{config.total_steps} steps'}")


def verify(
    names: Annotated[list[str] | None, typer.Argument(help="experiments, by id or number; all when left out")] = None,
    list_only: Annotated[bool, typer.Option("--list", help="list the experiments and end")] = False,
    seeds: Annotated[int | None, typer.Option(min=1, max=100, help="seeds of each run [default: its own]")] = None,
    quick: Annotated[bool, typer.Option(help="fewer steps, one seed")] = False,
    jobs: Annotated[int | None, typer.Option(min=1, max=256, help="runs at a time here [default: one a core]")] = None,
    json: Annotated[bool, typer.Option("--json", help="print an object a line")] = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="print the document docs/claims.md")] = False,
    datasets: _Datasets = None,
    launcher: Annotated[str | None, _option("launcher").annotation.__metadata__[0]] = None,
    ray_address: Annotated[str | None, _option("ray_address").annotation.__metadata__[0]] = None,
) -> None:
    """Do the experiments without a page, and say what was found about each claim."""
    from shiftscope.experiments.catalogue import CLAIMS, UnknownExperiment, find
    from shiftscope.runs.verify import line, markdown
    from shiftscope.runs.verify import verify as verify_claims

    try:
        claims = [find(name) for name in names] if names else list(CLAIMS)
    except UnknownExperiment as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from None
    if list_only:
        for claim in claims:
            typer.echo(f"{claim.experiment.claim:2d} {claim.experiment.id}: {claim.experiment.question}")
        return
    flags = {"datasets": datasets, "launcher": launcher, "ray_address": ray_address}
    settings = _settings({name: value for name, value in flags.items() if value is not None})
    findings = []
    for finding in verify_claims(
        claims,
        datasets=settings.datasets,
        mirrors=settings.mirror_urls,
        quick=quick,
        seeds=seeds,
        jobs=jobs or os.cpu_count() or 1,
        pool=_cluster(settings) if settings.launcher == "ray" else None,
    ):
        findings.append(finding)
        if not as_markdown:
            typer.echo(finding.model_dump_json() if json else line(finding))
    if as_markdown:
        typer.echo(markdown(findings, f"shiftscope {' '.join(sys.argv[1:])}"))
    if any(finding.verdict is None for finding in findings):
        raise typer.Exit(1)


def _cluster(settings: Settings) -> Executor:
    """Return a pool that is a Ray cluster."""
    _needs_ray("--launcher ray")
    from shiftscope.launchers.ray_calls import RayExecutor

    try:
        return RayExecutor(settings.ray_address)
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        _give_up(f"there is no Ray cluster at {settings.ray_address}: {error}")


COMMANDS = (serve, links, train, verify)
