"""What the JSON documents of drills and availability have in common: kinds of figures, and how they are rounded.

Times in s to a millionth, bits to a thousandth, shares to twelve digits; what has no end is null.
"""

from __future__ import annotations

import math
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict


def _finite(value: float | None) -> float | None:
    return None if value is not None and math.isinf(value) else value


Time = Annotated[float, AfterValidator(lambda value: round(value, 6))]
MaybeTime = Annotated[Time | None, BeforeValidator(_finite)]
Bits = Annotated[float, AfterValidator(lambda value: round(value, 3))]
Share = Annotated[float, AfterValidator(lambda value: round(value, 12))]
Minutes = Annotated[float, AfterValidator(lambda value: round(value, 6))]
Rate = Minutes


class Document(BaseModel):
    model_config = ConfigDict(frozen=True)
