"""The kinds of values that the inventory's models are made of, and what all models have in common."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
Id = Annotated[str, Field(pattern=ID_PATTERN)]
Amount = Annotated[float, Field(ge=0, le=1e15, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1e15, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]
AtLeastOne = Annotated[int, Field(ge=1)]
Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
Ids = Annotated[tuple[Id, ...], Field(strict=False)]
Words = Annotated[tuple[str, ...], Field(strict=False)]
Countries = Annotated[tuple[Country, ...], Field(strict=False)]
TwoEnds = Annotated[tuple[Id, Id], Field(strict=False)]
Point = Annotated[tuple[Amount, Amount], Field(strict=False)]
Provenance = Literal["datasheet", "quote", "measured", "paper", "derived", "illustrative"]


def is_id(text: str) -> bool:
    """Whether a text may be an id."""
    return re.fullmatch(ID_PATTERN, text) is not None and not text.endswith("\n")


class Model(BaseModel):
    """What every declared thing is: frozen, without unknown keys, without conversion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True)
