"""What the server needs to know, from flags and SHIFTSCOPE_* variables. The command line shows these texts."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shiftscope.recording.folder import DATA
from shiftscope.server.hostnames import canonical, is_loopback, is_wildcard, own_address


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
    launcher: Literal["local", "ray"] = Field(
        "local", description="where runs are trained: processes of this machine, or a Ray cluster's nodes"
    )
    ray_address: str = Field(
        "auto", description="the Ray cluster: auto finds one, local starts one here; host:port or ray://host:port"
    )
    worker_url: Annotated[str, Unset("this machine's address")] = Field(
        "",
        pattern="^(https?://[^\\s?#]+)?$",
        description="address under which a cluster's nodes reach the server, where that is another",
    )
    threads: int = Field(1, ge=1, le=256, description="torch threads of each worker")
    spare_worker: bool = Field(True, description="keep a worker process ready, so that Start moves at once")
    absence: int = Field(
        600, gt=0, description="seconds that a script may be without a connection until its run counts as interrupted"
    )
    request_seconds: int = Field(
        10, gt=0, le=3600, description="seconds that a request, or a socket's first message, may take to come"
    )
    unread_seconds: int = Field(
        60, gt=0, le=3600, description="seconds that somebody who takes nothing of what they are sent is waited for"
    )
    sockets: int = Field(
        4096,
        ge=4,
        description="websockets that may be open at a time; three quarters of them with the link to look",
    )
    queued: int = Field(100, ge=0, description="runs that may wait for a place; more are refused")
    producers: int = Field(200, ge=1, description="scripts that may send at the same time, of those with one link")
    run_gib: float = Field(16, gt=0, description="GiB that the recording of one run may take")
    total_gib: float = Field(256, gt=0, description="GiB that the folder of recordings may hold")
    webhook: Annotated[str, Unset("none")] = Field(
        "", pattern="^(https?://.+)?$", description="address to post what goes wrong in a run to, as JSON"
    )
    open_browser: bool = Field(True, description="open the page at start")
    allowed_hosts: Annotated[str, Unset("this machine's names")] = Field(
        "", description="host names, with commas, that browsers may use; any, when `--host` is not loopback"
    )
    share: bool = Field(
        False, description="let in who has one of two links, one to look and one to control, and nobody else"
    )
    students: Annotated[str, Unset("none")] = Field(
        "",
        max_length=100,
        description="name of a class: who has the link to look starts runs too, in a group of this name",
    )
    print_links: bool = Field(
        True, description="print the links of a shared server at start; `shiftscope links` does at any time"
    )
    public_url: Annotated[str, Unset("this machine's addresses")] = Field(
        "",
        pattern="^(https?://[^\\s?#]+)?$",
        description="address under which people reach a shared server, for its links",
    )
    published: Annotated[str, Unset("itself")] = Field(
        "",
        pattern=r"^([^\s/]+:\d+)?$",
        description="address and port at which a container is published; where that is loopback, it needs no links",
    )
    root_path: Annotated[str, Unset("none")] = Field(
        "", pattern=r"^(/[\w.~-]+)*$", description="path below which a proxy in front serves the page: /shiftscope"
    )
    trusted_proxies: Annotated[str, Unset("none")] = Field(
        "", description="addresses or networks, with commas, of proxies whose X-Forwarded-For and -Proto are believed"
    )
    embed_origins: Annotated[str, Unset("none")] = Field(
        "",
        pattern=r"^(https?://[\w.:\[\]*-]+(\s*,\s*|$))*$",
        description="origins, with commas, whose pages may show this one in a frame: https://example.org",
    )

    @property
    def mirror_urls(self) -> tuple[str, ...]:
        """The mirrors that were named; empty for the known ones."""
        return tuple(url.strip() for url in self.mirrors.split(",") if url.strip())

    @field_validator("trusted_proxies")
    @classmethod
    def _are_addresses(cls, given: str) -> str:
        for one in filter(None, map(str.strip, given.split(","))):
            ip_network(one)  # names are not looked up
        return given

    @property
    def embedders(self) -> tuple[str, ...]:
        """The origins whose pages may embed the page."""
        return tuple(origin.strip() for origin in self.embed_origins.split(",") if origin.strip())

    @property
    def outside(self) -> tuple[str, int]:
        """The address and port under which the server is reached from elsewhere, where it is."""
        if not self.published:
            return self.host, self.port
        host, _, port = self.published.rpartition(":")
        return host.strip("[]"), int(port)

    @property
    def exposed(self) -> str:
        """Under which name others than this machine reach the server; "" where they cannot."""
        names = (self.outside[0], *self._named)
        return next((name for name in names if not is_loopback(name)), "")

    def answers_to(self, name: str) -> bool:
        """Whether requests may be addressed to a host name, in its canonical form."""
        if is_loopback(name):
            return True
        if not self.allowed_hosts and not is_loopback(self.outside[0]):
            return bool(name)
        known = {self.host, self.outside[0], *self._named}
        if self.launcher == "ray":
            known.add(urlsplit(self.workers_url).hostname or "")
        return name != "" and name in {canonical(host) for host in known}

    @property
    def own_url(self) -> str:
        """The address at which the server's own workers reach it."""
        host = self.host
        if is_wildcard(host):  # that is no address to connect to
            host = "::1" if ":" in host else "127.0.0.1"
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"

    @property
    def workers_url(self) -> str:
        """The address at which workers on the nodes of a cluster reach the server."""
        if self.worker_url:
            return self.worker_url
        if not is_wildcard(self.host):
            return self.own_url
        return f"http://{own_address()}:{self.port}"

    @property
    def _named(self) -> tuple[str, ...]:
        named = [host.strip() for host in self.allowed_hosts.split(",") if host.strip()]
        public = urlsplit(self.public_url).hostname
        return (*named, public) if public else tuple(named)


def default_in_words(name: str) -> str:
    """Return the default of a setting as people read it."""
    field = Settings.model_fields[name]
    if isinstance(field.default, bool):
        return "yes" if field.default else "no"
    return next((mark.words for mark in field.metadata if isinstance(mark, Unset)), str(field.default))
