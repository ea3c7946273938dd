"""What the server needs to know, from flags and SHIFTSCOPE_* variables. The command line shows these texts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shiftscope.recording.folder import DATA

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Unset:
    """What an empty setting stands for, in words."""

    words: str


class Settings(BaseSettings):
    """Server settings. A flag of `shiftscope serve` goes before its variable, a variable before the default."""

    model_config = SettingsConfigDict(env_prefix="SHIFTSCOPE_", frozen=True, extra="ignore")

    host: str = Field("127.0.0.1", description="address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    data: Path = Field(DATA, description="folder for recordings")
    datasets: Path = Field(Path("data/datasets"), description="folder for data sets")
    mirrors: Annotated[str, Unset("the known ones")] = Field(
        "", description="base URLs, with commas, to fetch data sets from"
    )
    workers: int = Field(2, ge=1, le=64, description="runs that train at the same time; more are queued")
    threads: int = Field(1, ge=1, le=256, description="torch threads of each worker")
    spare_worker: bool = Field(True, description="keep a worker process ready, so that Start moves at once")
    absence: int = Field(
        600, gt=0, description="seconds that a script may be without a connection until its run counts as interrupted"
    )
    webhook: Annotated[str, Unset("none")] = Field(
        "", pattern="^(https?://.+)?$", description="address to post what goes wrong in a run to, as JSON"
    )
    open_browser: bool = Field(True, description="open the page at start")
    allowed_hosts: Annotated[str, Unset("this machine's names")] = Field(
        "", description="host names, with commas, that browsers may use; any, when `--host` is not loopback"
    )

    @property
    def mirror_urls(self) -> tuple[str, ...]:
        """The mirrors that were named; empty for the known ones."""
        return tuple(url.strip() for url in self.mirrors.split(",") if url.strip())

    @property
    def hosts(self) -> frozenset[str] | None:
        """Host names that requests may be addressed to; None for any."""
        if self.allowed_hosts:
            return frozenset(host.strip() for host in self.allowed_hosts.split(",")) | LOOPBACK
        return LOOPBACK if self.host in LOOPBACK else None


def default_in_words(name: str) -> str:
    """Return the default of a setting as people read it."""
    field = Settings.model_fields[name]
    if isinstance(field.default, bool):
        return "yes" if field.default else "no"
    return next((mark.words for mark in field.metadata if isinstance(mark, Unset)), str(field.default))
