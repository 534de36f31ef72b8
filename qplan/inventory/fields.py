"""The kinds of values that the inventory's models are made of, and what all models have in common."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from qplan.inventory.countries import COUNTRIES

ID_PATTERN = "^[A-Za-z0-9][A-Za-z0-9_-]*$"
COUNTRY_PATTERN = "^[A-Z]{2}$"
CURRENCY_PATTERN = "^[A-Z]{3}$"
DAY_PATTERN = "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
MONTH_PATTERN = "^[0-9]{4}-(0[1-9]|1[0-2])$"
LEAST_AMOUNT, MOST_AMOUNT = 1e-9, 1e15  # what can be planned with beside 0
MOST_COUNTED = 10**9
MOST_STRANDS = 10**5  # of one fibre; the largest cables hold 6912, and one system in so many still tells in a rate


def _check_size(number: float) -> float:
    if 0 < number < LEAST_AMOUNT:
        raise PydanticCustomError("too_near_zero", "neither 0 nor an amount")
    return number


def _check_country(code: str) -> str:
    if code not in COUNTRIES:
        raise PydanticCustomError("country", "no country of ISO 3166-1")
    return code


Id = Annotated[str, Field(pattern=ID_PATTERN)]
Amount = Annotated[float, Field(ge=0, le=MOST_AMOUNT, allow_inf_nan=False), AfterValidator(_check_size)]
Positive = Annotated[float, Field(gt=0, le=MOST_AMOUNT, allow_inf_nan=False), AfterValidator(_check_size)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False), AfterValidator(_check_size)]
Count = Annotated[int, Field(ge=0, le=MOST_COUNTED)]
Strands = Annotated[int, Field(ge=0, le=MOST_STRANDS)]
AtLeastOne = Annotated[int, Field(ge=1, le=MOST_COUNTED)]
Country = Annotated[str, Field(pattern=COUNTRY_PATTERN), AfterValidator(_check_country)]
Ids = Annotated[tuple[Id, ...], Field(strict=False)]
Words = Annotated[tuple[str, ...], Field(strict=False)]
Countries = Annotated[tuple[Country, ...], Field(strict=False)]
TwoEnds = Annotated[tuple[Id, Id], Field(strict=False)]
Point = Annotated[tuple[Amount, Amount], Field(strict=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Position = Annotated[tuple[Longitude, Latitude], Field(strict=False)]
Provenance = Literal["datasheet", "quote", "measured", "paper", "derived", "illustrative"]
Currency = Annotated[str, Field(pattern=CURRENCY_PATTERN)]
Day = Annotated[str, Field(pattern=DAY_PATTERN)]
PRODUCT_PATTERN = "^(qkd_systems|encryptors|node_items|relay_items|services|fibres)[.][A-Za-z0-9][A-Za-z0-9_-]*$"
SPARE_PATTERN = "^(qkd_systems|node_items|relay_items)[.][A-Za-z0-9][A-Za-z0-9_-]*$"
Product = Annotated[str, Field(pattern=PRODUCT_PATTERN)]
Spare = Annotated[str, Field(pattern=SPARE_PATTERN)]
Month = Annotated[str, Field(pattern=MONTH_PATTERN)]


def is_id(text: str) -> bool:
    """Whether a text may be an id."""
    return re.fullmatch(ID_PATTERN, text) is not None


class Model(BaseModel):
    """What every declared thing is: frozen, without unknown keys, without conversion of types."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, serialize_by_alias=True)
