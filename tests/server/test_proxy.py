"""Behind a proxy: below a path, with TLS in front; a real nginx where there is one."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import torch
from pydantic import ValidationError
from websockets.exceptions import InvalidStatus

import shiftscope
from shiftscope.server.links import LinkFile, Links
from shiftscope.server.settings import Settings
from tests.conftest import LiveServer, serve
from tests.waiting import PATIENCE, eventually
from tests.websocket import connect

CONFIGURATION = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  map $http_upgrade $connection_upgrade {{ default upgrade; '' close; }}
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{tls} ssl;
    ssl_certificate {folder}/cert.pem; ssl_certificate_key {folder}/key.pem;
    location /scope/ {{
      proxy_pass http://127.0.0.1:{port}/;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
      proxy_set_header X-Forwarded-Proto $scheme;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }}
  }}
}}
"""


@dataclass
class Proxied:
    """A shared server, and where nginx serves it."""

    server: LiveServer
    links: Links
    tls: str
    plain: str


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def certify(folder: Path) -> None:
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"]
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject, *files]
    subprocess.run(command, check=True, capture_output=True)


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if nginx is None or shutil.which("openssl") is None:
        pytest.skip("no nginx with openssl beside it was found: the server is not tried behind a proxy")
    folder = tmp_path_factory.mktemp("proxied")
    plain, tls = free_port(), free_port()
    public = f"https://127.0.0.1:{tls}/scope"
    flags = ("--root-path", "/scope", "--trusted-proxies", "127.0.0.1", "--public-url", public)
    with serve(folder / "runs", "--share", "--embed-origins", "https://lab.example", *flags) as server:
        certify(folder)
        conf = folder / "nginx.conf"
        conf.write_text(CONFIGURATION.format(folder=folder, plain=plain, tls=tls, port=server.port))
        process = subprocess.Popen([nginx, "-p", str(folder), "-c", str(conf)], stderr=subprocess.PIPE)
        try:
            eventually(lambda: answers(plain) or process.poll() is not None, "nginx to answer")
            assert process.poll() is None, process.stderr.read() if process.stderr else ""
            links = LinkFile(server.data).current()
            yield Proxied(server, links, public, f"http://127.0.0.1:{plain}/scope")
        finally:
            process.terminate()
            process.wait(PATIENCE)


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


def test_the_page_and_its_runs_are_reached_below_a_path_and_by_tls(proxied: Proxied) -> None:
    links, origin = proxied.links, proxied.tls.removesuffix("/scope")
    assert links.address == proxied.tls
    with httpx.Client(base_url=proxied.tls, verify=False, timeout=PATIENCE, trust_env=False) as client:
        assert client.get("/").status_code == client.get("/static/boot.js").status_code == 401
        answer = client.get("/", params={"token": links.control})
        assert (answer.status_code, answer.headers["location"]) == (303, "./")
        for part in ("Path=/scope/", "Secure", "SameSite=None; Partitioned"):
            assert part in answer.headers["set-cookie"]
        page = client.get("/")
        assert "<title>Shiftscope" in page.text
        assert "frame-ancestors 'self' https://lab.example" in page.headers["content-security-policy"]
        assert client.get("/static/boot.js").status_code == 200
        short = {"duration": {"kind": "steps", "steps": 5}}
        assert client.post("/api/runs", json={}, headers={"origin": "https://evil.example"}).status_code == 403
        run = client.post("/api/runs", json={"config": short}, headers={"origin": origin}).json()
        trusting = ssl.create_default_context(cafile=proxied.server.data.parent / "cert.pem")
        cookie = {"cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}
        stream = f"{proxied.tls}/api/runs/{run['id']}/stream"
        with connect(stream, ssl=trusting, additional_headers=cookie, origin=origin) as socket:
            assert run["id"] in str(socket.recv(PATIENCE))


def test_a_page_that_came_without_tls_may_change_nothing_of_one_that_has_it(proxied: Proxied) -> None:
    tls = proxied.tls.removesuffix("/scope")
    bearer, plain = {"authorization": f"Bearer {proxied.links.control}"}, tls.replace("https", "http")
    trusting = ssl.create_default_context(cafile=proxied.server.data.parent / "cert.pem")
    for origin, status in ((tls, 404), (plain, 403), ("null", 403)):
        answer = httpx.post(
            f"{proxied.tls}/api/runs/none/stop", headers=bearer | {"origin": origin}, verify=trusting,
            timeout=PATIENCE, trust_env=False,
        )  # fmt: skip
        assert answer.status_code == status, origin
    for origin in (plain, "null", "https://evil.example"):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{proxied.tls}/api/audience", ssl=trusting, additional_headers=bearer, origin=origin)
        assert refused.value.response.status_code == 403


ESCAPES = (
    "/scope/../api/runs", "/scope/..%2fapi/runs", "/scope/%2e%2e/api/runs", "/scope//api/runs", "/scope/./api/runs",
    "/scope/scope/api/runs", "/scope/%61pi/runs", "/scope/api/runs/", "/scope/api/health/..%2fruns", "/api/runs",
    "/scope/static/..%2f..%2fpyproject.toml", "/scope/static/%2e%2e/%2e%2e/pyproject.toml", "/scope/API/runs",
    "/scope/static//etc/passwd", "/scope/static/..%5c..%5cpyproject.toml", "/scope/api/runs%00", "/scope/api/runs;x",
    "/scope/api/health/../runs", "/scopeful/api/runs", "/scope%2fapi/runs",
)  # fmt: skip


@pytest.mark.parametrize("trusted", [True, False], ids=["by nginx", "straight"])
@pytest.mark.parametrize("path", ESCAPES)
def test_no_spelling_of_an_address_lets_a_stranger_in(proxied: Proxied, path: str, *, trusted: bool) -> None:
    port = int(proxied.plain.rpartition(":")[2].partition("/")[0]) if trusted else proxied.server.port
    for method in ("GET", "HEAD", "POST", "DELETE", "get", "OPTIONS", "PROPFIND"):
        asked = f"{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nx-original-url: /api/health\r\n"
        status = status_of(port, f"{asked}x-rewrite-url: /api/health\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        assert status in {400, 401, 403, 404, 405}, (method, path)


def status_of(port: int, request: str) -> int:
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as asking:
        asking.sendall(request.encode())
        with asking.makefile("rb") as answer:
            return int(answer.readline().split()[1])


def test_what_nobody_trusted_forwards_is_not_believed(tmp_path: Path) -> None:
    forwarded = {"x-forwarded-proto": "https", "x-forwarded-for": "10.0.0.1", "forwarded": "proto=https;host=evil"}
    for flags in ((), ("--trusted-proxies", "10.0.0.0/8")):
        with serve(tmp_path / f"runs{len(flags)}", "--share", *flags) as server:
            token = LinkFile(server.data).current().control
            answer = server.client.get("/", params={"token": token}, headers=forwarded)
            assert (answer.status_code, answer.headers["location"]) == (303, "./")
            assert "Secure" not in answer.headers["set-cookie"], "it believed that it was asked by TLS"


def test_a_script_records_through_a_proxy(proxied: Proxied) -> None:
    scope = shiftscope.watch(
        torch.nn.Linear(2, 2), name="proxied", to=f"{proxied.plain}/?token={proxied.links.control}"
    )
    scope.close()
    bearer = {"authorization": f"Bearer {proxied.links.view}"}
    answer = httpx.get(f"{proxied.plain}/api/runs", headers=bearer, timeout=PATIENCE, trust_env=False)
    assert "proxied" in [run["name"] for run in answer.json()]


def test_a_path_is_taken_off_by_the_proxy_or_by_the_server(proxied: Proxied) -> None:
    for path in ("/api/health", "/scope/api/health"):
        assert proxied.server.client.get(path).json()["program"] == "shiftscope"
    there = proxied.server.client.get("/scope")
    assert (there.status_code, there.headers["location"]) == (307, "/scope/")
    link = proxied.server.client.get("/scope", params={"token": proxied.links.view, "run": "a b"})
    assert link.headers["location"] == f"/scope/?token={proxied.links.view}&run=a+b"
    strange = proxied.server.client.get("/scope?a=//evil.example/%0d%0aset-cookie:x")
    assert strange.headers["location"] == "/scope/?a=//evil.example/%0d%0aset-cookie:x"
    # What is forwarded is the host of the request, and nobody else's.
    strange = proxied.server.client.get(
        "/api/health", headers={"host": "evil.example", "x-forwarded-host": "localhost"}
    )
    assert strange.status_code == 403


@pytest.mark.parametrize("wrong", [{"trusted_proxies": "localhost"}, {"trusted_proxies": "*"}, {"root_path": "scope/"}])
def test_what_is_no_proxy_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        Settings(**wrong)
