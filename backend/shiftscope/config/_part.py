"""What every part of a configuration has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

from shiftscope.notices import Value, notice


class Part(BaseModel):
    """Frozen; refuses unknown fields, infinity and NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def refusal(code: str, **values: Value) -> PydanticCustomError:
    """Return the error that refuses a config: its type is the notice's code, its context the values."""
    said = notice(code, **values)
    return PydanticCustomError(code, said.text, dict(said.values))
