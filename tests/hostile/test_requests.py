"""Whatever is asked of the API is answered in the form that its schema promises, and never with a 5xx of its own."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable

from tests.conftest import serve
from tests.waiting import PATIENCE

if TYPE_CHECKING:
    from schemathesis import Case

EXAMPLES = 10
REFUSALS = {
    "checks": {
        "negative_data_rejection": {"expected-statuses": [400, 401, 403, 404, 405, 409, 413, 414, 415, 422, 431]}
    }
}
"""What answers that what was asked is wrong, or too long."""


def test_every_answer_is_as_promised(tmp_path: Path) -> None:
    # It takes seconds to import, which each process that collects tests would spend.
    import schemathesis  # noqa: PLC0415
    from schemathesis.specs.openapi.checks import positive_data_acceptance  # noqa: PLC0415

    # A config of valid parts may be one that cannot be trained: a batch of more than all samples, say.
    beyond_the_schema = [positive_data_acceptance]
    refusals = schemathesis.Config.from_dict(REFUSALS)
    with serve(tmp_path / "runs", "--workers", "1", "--queued", "3") as server:
        schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json", config=refusals)
        operations = [found.ok() for found in schema.get_all_operations()]
        assert len(operations) > 15
        for operation in operations:
            for mode in schemathesis.GenerationMode:
                cases = operation.as_strategy(generation_mode=mode)

                @seed(1)
                @given(case=cases)
                @settings(
                    max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), phases=[Phase.generate],
                    database=None,
                )  # fmt: skip
                def answers(case: Case) -> None:
                    case.call_and_validate(excluded_checks=beyond_the_schema, timeout=PATIENCE)

                with suppress(Unsatisfiable):  # nothing can be wrong where nothing is asked
                    answers()
        assert server.client.get("/api/health").status_code == 200
