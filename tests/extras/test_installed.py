"""Where all the libraries were asked for, none is left out."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.extras

LIBRARIES = ("accelerate", "keras", "lightning", "pandas", "timm", "torch_geometric", "transformers")


def test_where_all_were_asked_for_none_is_left_out() -> None:
    missing = [library for library in LIBRARIES if find_spec(library) is None]
    if missing and os.environ.get("SHIFTSCOPE_TEST_EXTRAS") != "1":
        pytest.skip(f"not installed, and not asked for: {', '.join(missing)}")
    assert missing == []
