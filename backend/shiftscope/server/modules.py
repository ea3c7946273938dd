"""Which modules the page needs before it can run: a browser finds them only one behind the other."""

from __future__ import annotations

import re
from pathlib import Path

_IMPORT = re.compile(r"""^(?:import|export)\b[^"';]*["'](\.{1,2}/[^"']+\.js)["'];$""", re.MULTILINE)


def imported(folder: Path, first: str) -> list[str]:
    """Return what a module imports, and what that imports, as paths below the folder, nearest first.

    Only what is imported when the module is loaded; a module that is not there is left to the browser to miss.
    """
    root = folder.resolve()
    found: dict[Path, None] = {}
    waiting = [root / first]
    while waiting:
        path = waiting.pop(0)
        for name in _IMPORT.findall(path.read_text(encoding="utf-8")):
            module = (path.parent / name).resolve()
            if module not in found and module.is_relative_to(root) and module.is_file():
                found[module] = None
                waiting.append(module)
    return [module.relative_to(root).as_posix() for module in found if module != root / first]
