import pytest

pytest.register_assert_rewrite("tests.real.trail", "tests.real.checks")
