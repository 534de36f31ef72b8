"""The kinds of values that the inventory's models are made of, and what all models have in common."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
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
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")]
PRODUCT_PATTERN = "^(qkd_systems|encryptors|node_items|relay_items|services|fibres)[.][A-Za-z0-9][A-Za-z0-9_-]*$"
SPARE_PATTERN = "^(qkd_systems|node_items|relay_items)[.][A-Za-z0-9][A-Za-z0-9_-]*$"
Product = Annotated[str, Field(pattern=PRODUCT_PATTERN)]
Spare = Annotated[str, Field(pattern=SPARE_PATTERN)]
Month = Annotated[str, Field(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]


class Model(BaseModel):
    """What every declared thing is: frozen, without unknown keys, without conversion of types."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, use_attribute_docstrings=True, serialize_by_alias=True
    )
