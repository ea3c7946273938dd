"""The walls of the house: which room may import which (CONTRIBUTING.md, "The house"). The page has its own twin."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

BACKEND = REPOSITORY / "backend"
ROOT = "shiftscope"

WALLS: dict[str, set[str]] = {
    "notices": set(),
    "telling": set(),
    "translations": set(),
    "config.defaults": set(),
    "config": {"config.defaults", "notices"},
    "wire": {"config", "notices"},
    "recording": {"wire", "config", "notices"},
    "narration": {"config", "wire", "notices"},
    "narration.recorded": {"recording", "config", "wire", "notices", "narration"},
    "sinks.base": {"wire", "notices"},
    "sinks": {"telling", "sinks.base", "narration", "recording", "wire", "config", "notices"},
    "kernels": set(),
    "tracing": {"wire"},
    "engine": {"telling", "config.defaults", "kernels", "tracing", "wire", "sinks.base", "notices"},
    "probes": {"engine", "kernels", "tracing"},
    "scope": {
        "telling", "probes", "engine", "tracing", "sinks", "sinks.base", "recording", "wire", "config", "notices",
        "integrations.notebook",
    },
    "integrations": {"scope", "tracing", "notices"},
    "integrations.notebook": {"integrations.replay"},
    "integrations.replay": {"recording"},
    "probe": {"engine", "kernels", "tracing"},
    "testing": {"scope", "engine", "sinks.base", "wire", "notices"},
    "lab": {"config", "notices"},
    "experiments": {"config", "recording.documents", "notices"},
    "runs": {
        "scope", "probes", "engine", "sinks", "sinks.base", "recording", "wire", "config", "lab", "experiments",
        "notices",
    },
    "launchers": {"sinks", "wire", "config", "notices"},
    "server": {
        "launchers", "narration", "narration.recorded", "wire", "recording", "experiments", "translations", "config",
        "notices", "",
    },
    "server_extra": set(),
    "server_commands": {"server", "launchers", "runs", "experiments", "recording", "sinks", "config", "notices"},
    "cli": {"server_commands", "server_extra", "narration.recorded", "recording", "sinks", "config", "notices", ""},
}  # fmt: skip
"""What each room may import besides itself. "" is the package: its version. A room's file may have a row of its own."""

CROSSING: list[str] = []
"""What crosses a wall: nothing, and nothing may."""

OWNERS: dict[str, set[str]] = {
    "torch": {"kernels", "tracing", "engine", "probes", "scope", "testing", "lab", "runs", "integrations"},
    "lightning": {"integrations.lightning"},
    "transformers": {"integrations.transformers"},
    "keras": {"integrations.keras"},
    "numba": {"kernels"},
    "sklearn": {"config.datasets"},
    "pooch": {"lab"},
    "sqlite3": {"recording"},
    "websockets": {"sinks", "server.live_edge", "server.viewer_thread"},
    "fastapi": {"server"},
    "starlette": {"server"},
    "uvicorn": {"server", "server_commands"},
    "plotly": {"server"},
    "prometheus_client": {"server"},
    "segno": {"server"},
    "pydantic_settings": {"server"},
    "ray": {"launchers.ray_broker", "launchers.ray_calls", "launchers.ray_cluster", "launchers.ray_node"},
    "filelock": {"server_commands", "sinks"},
    "typer": {"cli", "server_commands"},
}
"""The rooms that know a library."""


def modules() -> dict[str, Path]:
    """Return every module of the product by its name below the package ("" for the package itself)."""
    found = {}
    for path in sorted((BACKEND / ROOT).rglob("*.py")):
        parts = path.relative_to(BACKEND / ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports_of(path: Path) -> Iterator[str]:
    """Yield the full name of each module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import in line {node.lineno}"
            for alias in node.names:
                below = f"{node.module}.{alias.name}".removeprefix(f"{ROOT}.")
                yield f"{node.module}.{alias.name}" if below in MODULES else str(node.module)


def inside(module: str, rooms: set[str]) -> bool:
    return any(module == room or (room and module.startswith(f"{room}.")) for room in rooms)


def row_of(module: str) -> str:
    """The row of the table that a module lives in: the longest that holds it."""
    return max((room for room in WALLS if inside(module, {room})), key=len)


def product_imports() -> Iterator[tuple[str, str]]:
    for name, path in MODULES.items():
        for imported in imports_of(path) if name else ():
            if imported == ROOT or imported.startswith(f"{ROOT}."):
                yield name, imported.removeprefix(ROOT).removeprefix(".")


def test_every_module_lives_in_a_room() -> None:
    assert [name for name in MODULES if name and not inside(name, set(WALLS))] == []


def test_no_import_crosses_a_wall() -> None:
    crossing = set()
    for name, imported in product_imports():
        row = row_of(name)
        home = row_of(imported) if imported else ""
        if home != row and not inside(imported, WALLS[row]):
            crossing.add(f"{name} imports {imported or ROOT}")
    assert sorted(crossing) == CROSSING


def test_no_room_is_above_itself() -> None:
    """The table has an order: what a room may import never leads back to it."""

    def reach(room: str, seen: tuple[str, ...] = ()) -> None:
        assert room not in seen, " -> ".join((*seen, room))
        for below in WALLS.get(room, set()):
            reach(below, (*seen, room))

    for room in WALLS:
        reach(room)


def test_no_import_goes_round() -> None:
    edges: dict[str, set[str]] = {}
    for name, imported in product_imports():
        edges.setdefault(name, set()).add(imported)
    done: set[str] = set()

    def visit(name: str, trail: tuple[str, ...]) -> None:
        assert name not in trail, " -> ".join((*trail, name))
        if name in done:
            return
        for imported in sorted(edges.get(name, ())):
            visit(imported, (*trail, name))
        done.add(name)

    for name in MODULES:
        visit(name, ())


def test_no_probe_knows_another() -> None:
    assert [
        f"{name} imports {imported}"
        for name, imported in product_imports()
        if name.startswith("probes.") and imported.startswith("probes.") and name != "probes.registry"
    ] == []


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_known_in_its_rooms_alone(library: str) -> None:
    assert [
        name
        for name, path in MODULES.items()
        if any(imported.split(".")[0] == library for imported in imports_of(path)) and not inside(name, OWNERS[library])
    ] == []


def test_what_the_packages_initialize_is_nothing() -> None:
    """Importing a room's package loads nothing of the product but what its walls allow: the lazy one is the public."""
    public = ast.parse(MODULES[""].read_text(encoding="utf-8"))
    loaded = [node for node in public.body if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ROOT)]
    assert loaded == []
