"""Print what the server needs, as it is installed here, without torch: name==version, a line each."""

from __future__ import annotations

import tomllib
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from packaging.requirements import Requirement

PROJECT = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text())["project"]


def closure(wanted: list[str]) -> dict[str, str]:
    """Return all that these requirements need, by name, with the versions that are installed."""
    todo, found, seen = [Requirement(line) for line in wanted], {}, set()
    while todo:
        one = todo.pop()
        name, extras = one.name.lower().replace("_", "-"), one.extras or {""}
        if (name, *sorted(extras)) in seen:
            continue
        seen.add((name, *sorted(extras)))
        try:
            found[name] = version(one.name)
        except PackageNotFoundError:  # of another platform
            continue
        for line in requires(one.name) or []:
            needed = Requirement(line)
            if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in extras):
                todo.append(needed)
    return found


if __name__ == "__main__":
    needs = closure([*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["server"]])
    print("".join(f"{name}=={held}\n" for name, held in sorted(needs.items()) if name != "torch"), end="")
