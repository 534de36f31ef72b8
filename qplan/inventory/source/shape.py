"""Which keys the models know at an address: for addresses of overrides and for suggestions."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, NamedTuple, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from qplan.inventory.model import InventoryFile
from qplan.inventory.source.source_map import Path


class Shape(NamedTuple):
    """What stands at an address: a model's fields, entries by id or in a list, values by id, a free mapping, or a plain
    value."""

    kind: str  # "model" | "entries" | "list" | "values" | "free" | "plain"
    model: type[BaseModel] | None = None

    @property
    def keys(self) -> tuple[str, ...]:
        """The known keys of a model; empty elsewhere."""
        return tuple(_fields(self.model)) if self.kind == "model" and self.model else ()

    def below(self, key: str | int) -> Shape | None:
        """The shape of an entry; None where the models know none of that name."""
        if self.kind == "model" and self.model:
            return _field_shape(self.model, str(key))
        if self.kind == "entries" or (self.kind == "list" and isinstance(key, int)):
            return Shape("model", self.model)
        return self if self.kind in ("values", "free") else None


FILE = Shape("model", InventoryFile)
FREE, VALUES = Shape("free"), Shape("values")


def _fields(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the keys under which they stand in a file."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


@cache
def _field_shape(model: type[BaseModel], key: str) -> Shape | None:
    field = _fields(model).get(key)
    return None if field is None else _shape(field.annotation)


def _shape(annotation: object) -> Shape:
    options = [annotation]
    while get_origin(options[0]) in (Annotated, Union, UnionType):
        arguments = get_args(options[0])
        options = list(arguments[:1]) if get_origin(options[0]) is Annotated else _without_none(arguments)
    for option in options:
        if isinstance(option, type) and issubclass(option, BaseModel):
            return Shape("model", option)
        if get_origin(option) is dict:
            item = get_args(option)[1]
            if isinstance(item, type) and issubclass(item, BaseModel):
                return Shape("entries", item)
            return FREE if item is object or len(options) > 1 else VALUES
        if get_origin(option) is tuple:
            item = get_args(option)[0]
            if isinstance(item, type) and issubclass(item, BaseModel):
                return Shape("list", item)
    return Shape("plain")


def _without_none(options: Iterable[object]) -> list[object]:
    return [option for option in options if option is not NoneType]


def shape_at(path: Path) -> Shape | None:
    """The shape at a path of the inventory; None where the models know none."""
    shape: Shape | None = FILE
    for step in path:
        shape = shape and shape.below(step)
    return shape
